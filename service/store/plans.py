"""The plans that were kept."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from demand.errors import NotFound
from planning.pacing.plan import Plan
from service.store.capacity_blocks import UNSIGNED, Signature
from service.store.instants import from_micros, to_micros
from service.store.plan_documents import to_document, to_plan
from service.store.plan_tables import PLAN


@dataclass(frozen=True)
class Grounds:
    """What a plan was made from, beside the facts that it keeps itself.

    Attributes:
        ledger_at: the instant at which the ledger, the pools and the forecasts were read.
        run_ids: the training runs whose forecasts were planned with.
        catalogue: the version of what is known of accelerators.
        granularity: width of the steps.
        start: of the first step, ISO 8601.
        end: of the last step, exclusive, ISO 8601.
        n_paths: how many joint paths.
        currency: of all amounts.
        unit: what demand is counted in.
        pools_version: of the pools in force; 0 where others are used.
        scenario: that happens, None for none.
        scenario_version: of it.
        uncounted: blocks that could not be counted, with the reason.
        left_out: selected series that are no part of the demand, with the reason.
        remarks: what else should be known.
    """

    ledger_at: datetime
    run_ids: tuple[str, ...]
    catalogue: str
    granularity: str
    start: str
    end: str
    n_paths: int
    currency: str
    unit: str
    pools_version: int = 0
    scenario: str | None = None
    scenario_version: int | None = None
    uncounted: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptPlan:
    """A plan to be kept.

    Attributes:
        order: what was asked, as JSON.
        plan: the answer.
        grounds: what it was made from.
        signature: by whom and why.
        based_on: the id of the plan that it follows on; None if it follows on none.
    """

    order: Mapping[str, Any]
    plan: Plan
    grounds: Grounds
    signature: Signature = UNSIGNED
    based_on: int | None = None


@dataclass(frozen=True)
class StoredPlan:
    """A plan of the store, with its number and when it was made."""

    id: int
    made_at: datetime
    kept: KeptPlan


class PlanNotFound(NotFound):
    """No plan of this number is kept."""

    def __init__(self, plan_id: int) -> None:
        super().__init__(f"plan {plan_id} is not kept; list what is with GET /v1/plans")
        self.plan_id = plan_id


_IN_COLUMNS = ("ledger_at", "run_ids", "catalogue")


class PlanRepository:
    """The plans that were kept, which are never altered."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, kept: KeptPlan) -> StoredPlan:
        """Keep a plan."""
        grounds = asdict(kept.grounds)
        row = {
            "made_at": to_micros(self._clock()),
            "made_by": kept.signature.by,
            "note": kept.signature.note,
            "based_on": kept.based_on,
            "order": dict(kept.order),
            "result": to_document(kept.plan),
            "grounds": {name: value for name, value in grounds.items() if name not in _IN_COLUMNS},
            "ledger_at": to_micros(kept.grounds.ledger_at),
            "run_ids": list(kept.grounds.run_ids),
            "catalogue": kept.grounds.catalogue,
        }
        number = self._connection.execute(insert(PLAN).values(row).returning(PLAN.c.id)).scalar_one()
        return self.get(number)

    def page(self, *, limit: int | None = None, after: int | None = None) -> list[StoredPlan]:
        """The plans, the newest first, `limit` at most, only those older than `after`."""
        statement = select(PLAN).order_by(PLAN.c.id.desc()).limit(limit)
        if after is not None:
            statement = statement.where(PLAN.c.id < after)
        return [_stored(row) for row in self._connection.execute(statement)]

    def get(self, plan_id: int) -> StoredPlan:
        """One plan.

        Raises:
            PlanNotFound: none of this id is kept.
        """
        row = self._connection.execute(select(PLAN).where(PLAN.c.id == plan_id)).one_or_none()
        if row is None:
            raise PlanNotFound(plan_id)
        return _stored(row)

    def remove(self, plan_id: int) -> StoredPlan:
        """Forget a plan, and return what it was.

        Raises:
            PlanNotFound: none of this id is kept.
        """
        stored = self.get(plan_id)
        self._connection.execute(delete(PLAN).where(PLAN.c.id == plan_id))
        return stored


def _stored(row: Row[Any]) -> StoredPlan:
    told = dict(row.grounds)
    for name in ("uncounted", "left_out"):
        told[name] = tuple((what, reason) for what, reason in told[name])
    told["remarks"] = tuple(told["remarks"])
    grounds = Grounds(ledger_at=from_micros(row.ledger_at), run_ids=tuple(row.run_ids), catalogue=row.catalogue, **told)
    signature = Signature(row.made_by, row.note)
    kept = KeptPlan(row.order, to_plan(row.result), grounds, signature, row.based_on)
    return StoredPlan(row.id, from_micros(row.made_at), kept)
