"""`computecast pools`: what can serve what, and who comes first when it is short."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from demand.errors import Invalid
from planning.pools import Topology
from service.api.pool_schemas import PoolsOrder
from service.capacity import topology_in_force
from service.cli.files import open_file
from service.cli.progress import console
from service.cli.store import open_store
from service.connectors.covariate_files import moment
from service.store.capacity_blocks import Signature
from service.store.topologies import StoredTopology, topology_document

pools = typer.Typer(
    help="Pools of supply and classes of demand: what can serve what, and who comes first when it is short.",
    no_args_is_help=True,
)


@pools.command()
def show(
    as_of: Annotated[str, typer.Option(help="As it was at this instant, with an offset.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as the JSON that set takes.")] = False,
) -> None:
    """Show the pools and classes in force, or those that follow from demand and supply where none are stored."""
    with open_store() as store, store.read() as unit:
        found = topology_in_force(unit, as_of=moment(as_of).to_pydatetime() if as_of else None)
    topology = found.topology if isinstance(found, StoredTopology) else found
    if as_json:
        console.print(Text(json.dumps(topology_document(topology), indent=2)), soft_wrap=True)
        return
    console.print(_pools(topology))
    console.print(_classes(topology))
    console.print(Text(_origin(found)), soft_wrap=True)


@pools.command(name="set")
def set_pools(
    file: Annotated[Path, typer.Argument(help="JSON as PUT /v1/pools takes it, and as show --json prints it.")],
    expected_version: Annotated[
        int | None, typer.Option(min=0, help="Refuse if the version is another by now, so that no change is lost.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who does this, kept with the change.", envvar="USER")] = "unknown",
    note: Annotated[str, typer.Option(help="Why, kept with the change.")] = "",
) -> None:
    """Store a new version of all pools and classes; earlier ones are kept."""
    topology = _read(file)
    with open_store() as store, store.begin() as unit:
        stored = unit.topologies.replace(topology, Signature(by, note), expected_version=expected_version)
    console.print(Text(_origin(stored)), soft_wrap=True)


def _read(file: Path) -> Topology:
    with open_file(file) as source:
        text = source.read()
    try:
        return PoolsOrder.model_validate_json(text).topology()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise Invalid(f"{file}: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def _pools(topology: Topology) -> Table:
    table = Table("pool", "regions", "accelerators", "rate", "cost when idle", title=f"pools, in {topology.unit}")
    for each in topology.pools:
        idle = topology.cost_idle.get(each.name)
        regions, accelerators = (", ".join(names) or "all" for names in (each.regions, each.accelerators))
        table.add_row(*map(Text, (each.name, regions, accelerators, f"{each.rate:g}", _price(idle))))
    return table


def _classes(topology: Topology) -> Table:
    table = Table("class", "home", "workload", "elsewhere", "priority", "cost when short", title="classes of demand")
    for each in topology.classes:
        elsewhere, cost = ", ".join(each.elsewhere), _price(each.cost_short or None)
        table.add_row(*map(Text, (each.name, each.home, each.workload, elsewhere, str(each.priority), cost)))
    return table


def _price(cost: float | None) -> str:
    return "-" if cost is None else f"{cost:,g} an hour"


def _origin(found: StoredTopology | Topology) -> str:
    if not isinstance(found, StoredTopology):
        return "none are stored: these follow from demand and supply; change what show --json prints and set it"
    note = f": {found.signature.note}" if found.signature.note else ""
    many = f"{len(found.topology.pools)} pools and {len(found.topology.classes)} classes"
    changed_at = found.changed_at.isoformat(timespec="seconds")
    return f"{many} are in force in version {found.version}, set by {found.signature.by} at {changed_at}{note}"
