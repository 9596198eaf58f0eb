"""The ledger of supply: what was committed, how far it is, and which ways lead out of it."""

from collections import Counter
from dataclasses import fields
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from demand.errors import Conflict, Invalid, NotFound, TooLarge, UnsupportedFormat
from demand.tidy import LONGEST_NAME, printable
from planning.ledger import Phase
from planning.states import CommitmentState
from service.api import capacity_examples as examples
from service.api.bodies import Stalled, Unreadable, spool
from service.api.capacity_schemas import BlockEntry, BlockOrder, BlockPatch, ChangeEntry
from service.api.dependencies import StoreDep, UnitDep
from service.api.negotiation import CSV, prefers
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, Name, Names, StrictQuery, split_commas
from service.api.signatures import ActorHeader, EditQuery, SignedQuery
from service.capacity import Outcome, export_blocks, import_blocks
from service.connectors.files import Format
from service.store.capacity_blocks import BlockFilter

router = APIRouter(prefix="/v1/capacity", tags=["capacity"])

IMPORT_PATH = f"{router.prefix}/import"
LARGEST_IMPORT_BYTES = 8 << 20
"""Of a file of blocks: some ten thousand."""

BLOCKS_PER_PAGE = 1000

BlockName = Annotated[Name, Path(max_length=LONGEST_NAME, description="The name of a block.", examples=[examples.NAME])]
AsOf = Annotated[
    AwareDatetime | None,
    Field(description="The ledger as it was at this instant.", examples=["2100-01-01T00:00:00Z"]),
]
_CHANGED = problems(NotFound, Conflict, Invalid, Stalled, TooLarge, Unreadable)


class MomentQuery(StrictQuery):
    """As of when."""

    as_of: AsOf = None


class BlockListQuery(MomentQuery):
    """A part of the ledger; several values of one field are alternatives."""

    provider: Names = Field(default=[], description="Providers, comma-separated or repeated.", examples=[["acme"]])
    region: Names = Field(default=[], description="Regions.", examples=[["eu-west", "us-east"]])
    accelerator: Names = Field(default=[], description="Accelerators.", examples=[["H100"]])
    phase: Annotated[list[Phase], BeforeValidator(split_commas)] = Field(
        default=[], description="Phases.", max_length=100, examples=[["shell", "power"]]
    )
    state: Annotated[list[CommitmentState], BeforeValidator(split_commas)] = Field(
        default=[], description="States of the commitment.", max_length=100, examples=[["active"]]
    )
    limit: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Blocks per page; 1000 if not given, and as CSV all of them.",
        examples=[100],
    )
    after: Name | None = Field(
        default=None, max_length=LONGEST_NAME, description="Cursor: names behind this one.", examples=["a"]
    )

    def part(self) -> BlockFilter:
        """The part of the ledger that is asked for."""
        return BlockFilter(**{each.name: tuple(getattr(self, each.name)) for each in fields(BlockFilter)})


class ChangeListQuery(StrictQuery):
    """A page of changes."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Changes per page.", examples=[100])
    after: int | None = Field(
        default=None, ge=0, le=LARGEST_ID, description="Cursor: changes with a higher id.", examples=[0]
    )


class ImportQuery(SignedQuery):
    """How a file of blocks is taken."""

    dry_run: bool = Field(
        default=False, description="Only say what would become of the lines; nothing is stored.", examples=[True]
    )


class ImportedLine(BaseModel):
    """What became of a line, or would."""

    model_config = ConfigDict(from_attributes=True)

    line: int = Field(description="The line that it begins on, the header being line 1.")
    name: str
    outcome: Outcome
    fields: list[str] = Field(description="What has become another, for one that is changed.")


class ImportAnswer(BaseModel):
    """What became of the lines, or would."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.IMPORT]})

    dry_run: bool
    created: int
    changed: int
    unchanged: int
    blocks: list[ImportedLine]


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(Conflict, Invalid, TooLarge, Unreadable))
def create_block(
    order: BlockOrder,
    query: Annotated[SignedQuery, Query()],
    response: Response,
    store: StoreDep,
    actor: ActorHeader = "",
) -> BlockEntry:
    """Enter a block; what it waits for must be in the ledger, and its amounts in the currency of the others."""
    with store.begin() as unit:
        stored = unit.capacity.create(order.block(), query.signature(actor))
    response.headers["Location"] = f"{router.prefix}/{quote(stored.block.name, safe='')}"
    return BlockEntry.of(stored, store.now())


@router.post(
    "/import",
    responses=problems(Invalid, Stalled, TooLarge, UnsupportedFormat),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {CSV: {"schema": {"type": "string"}, "example": examples.CSV}},
        }
    },
)
async def import_ledger(
    query: Annotated[ImportQuery, Query()], request: Request, store: StoreDep, actor: ActorHeader = ""
) -> ImportAnswer:
    """Enter or change the blocks of a CSV file, all of them or none; a refusal lists every line that is at fault.

    A block that is in the ledger keeps what the file has no column for; an empty cell means that nothing is known.
    With a column `version`, as exported, lines that would change a block that somebody else changed are refused.
    """
    declared = request.headers.get("content-type", "")
    if Format.of(declared) is not Format.CSV:
        raise UnsupportedFormat(f"blocks are imported as CSV, not as {printable(declared)!r}; send {CSV}")
    with await spool(request) as body:
        signature = query.signature(actor)
        lines = await run_in_threadpool(import_blocks, store, body, signature, dry_run=query.dry_run)
    count = Counter(line.outcome for line in lines)
    return ImportAnswer(
        dry_run=query.dry_run,
        created=count[Outcome.CREATED],
        changed=count[Outcome.CHANGED],
        unchanged=count[Outcome.UNCHANGED],
        blocks=[ImportedLine.model_validate(line) for line in lines],
    )


@router.get(
    "",
    response_model=list[BlockEntry],
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **problems(Invalid)},
)
def list_blocks(
    query: Annotated[BlockListQuery, Query()],
    request: Request,
    response: Response,
    unit: UnitDep,
    store: StoreDep,
) -> list[BlockEntry] | Response:
    """The ledger by name, now or as it was; with `Accept: text/csv` as a file that can be imported again."""
    response.headers["Vary"] = "Accept"
    as_csv = prefers(request.headers.get("accept", ""), CSV)
    limit = query.limit or (None if as_csv else BLOCKS_PER_PAGE)
    found = unit.capacity.find(query.part(), as_of=query.as_of, limit=limit, after=query.after)
    if len(found) == limit:
        link_next(request, response, found[-1].block.name)
    if as_csv:
        return Response(export_blocks(found), headers=dict(response.headers), media_type=CSV)
    return [BlockEntry.of(stored, query.as_of or store.now()) for stored in found]


@router.get("/{block_name}", responses=problems(NotFound, Invalid))
def read_block(
    block_name: BlockName, query: Annotated[MomentQuery, Query()], unit: UnitDep, store: StoreDep
) -> BlockEntry:
    """One block, now or as it was."""
    return BlockEntry.of(unit.capacity.get(block_name, as_of=query.as_of), query.as_of or store.now())


@router.put("/{block_name}", responses=_CHANGED)
def replace_block(
    block_name: BlockName,
    order: BlockOrder,
    query: Annotated[EditQuery, Query()],
    store: StoreDep,
    actor: ActorHeader = "",
) -> BlockEntry:
    """Change a block to what is sent; states follow each other as allowed, and phases go back with a note only."""
    signature, block = query.signature(actor), order.block()
    with store.begin() as unit:
        stored = unit.capacity.replace(block_name, block, signature, expected_version=query.expected_version)
    return BlockEntry.of(stored, store.now())


@router.patch("/{block_name}", responses=_CHANGED)
def amend_block(
    block_name: BlockName,
    patch: BlockPatch,
    query: Annotated[EditQuery, Query()],
    store: StoreDep,
    actor: ActorHeader = "",
) -> BlockEntry:
    """Change some fields of a block, such as its state; those that are not sent stay."""
    signature = query.signature(actor)
    with store.begin() as unit:
        stored = unit.capacity.amend(block_name, patch.fields(), signature, expected_version=query.expected_version)
    return BlockEntry.of(stored, store.now())


@router.delete("/{block_name}", responses=problems(NotFound, Conflict, Invalid))
def remove_block(
    block_name: BlockName, query: Annotated[EditQuery, Query()], store: StoreDep, actor: ActorHeader = ""
) -> BlockEntry:
    """Take out a proposal that was entered by mistake; what was committed is ended by its state and not removed.

    The answer is what it was. Its changes are kept and can still be read.
    """
    with store.begin() as unit:
        signature = query.signature(actor)
        removed = unit.capacity.remove(block_name, signature, expected_version=query.expected_version)
    return BlockEntry.of(removed, store.now())


@router.get("/{block_name}/changes", responses=problems(NotFound, Invalid))
def list_changes(
    block_name: BlockName,
    query: Annotated[ChangeListQuery, Query()],
    request: Request,
    response: Response,
    unit: UnitDep,
) -> list[ChangeEntry]:
    """Every change of a block, the oldest first: who made it, when, why, and what was before and after."""
    found = unit.capacity.changes(block_name, limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return [ChangeEntry.of(change) for change in found]
