"""The outlook as a tidy table: a row per pool or class of demand, degree of commitment and bucket."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
import pandas as pd

from planning.ledger import Commitment
from planning.outlook import Outlook
from planning.spread import Spread
from service.outlooks import Prospect


class OutlookTable(StrEnum):
    """What has a row of its own in each bucket."""

    POOLS = "pools"
    CLASSES = "classes"


def outlook_table(prospect: Prospect, levels: Sequence[float], of: OutlookTable = OutlookTable.POOLS) -> pd.DataFrame:
    """What is told of each pool, or of each class of demand, at each degree of commitment, in each bucket.

    Units are part of the names of columns: that of supply, that of demand, or the currency. Chances, and utilization,
    are between 0 and 1. Costs are of the whole bucket, and empty where no price is known. Demand and target do not
    depend on commitment, and are repeated.

    Args:
        prospect: the outlook.
        levels: those of its quantiles; the quantile at 0.1 has the name p10.
        of: what has a row; columns of both tables that say the same have the same name.
    """
    rows = _rows if of is OutlookTable.POOLS else _class_rows
    told = prospect.rows if of is OutlookTable.POOLS else _classes(prospect)
    parts = [rows(prospect, counted, row, levels) for row in told for counted in prospect.outlooks]
    table = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    return table.astype({name: np.float64 for name in table.columns if name not in KEYS})


KEYS = ("pool", "class", "workload", "commitment", "timestamp")


def level_name(level: float) -> str:
    """The name of a quantile: p10 for 0.1."""
    return f"p{level * 100:.10g}"


def money_unit(currency: str) -> str:
    """What amounts are counted in, as it stands in the names of columns."""
    return currency.lower() or "money"


def _rows(prospect: Prospect, counted: Commitment, row: int, levels: Sequence[float]) -> Mapping[str, object]:
    found, demand = prospect.outlooks[counted], prospect.demand
    unit, supply_unit = prospect.unit, prospect.supply_unit
    return {
        "pool": prospect.topology.pools[row].name,
        "commitment": str(counted),
        "timestamp": demand.view.index,
        "hours": demand.hours,
        **_told(f"demand_{unit}", prospect.pool_demand, row, levels),
        f"supply_{supply_unit}_mean": found.pools.supply[row],
        f"target_{supply_unit}": prospect.target.supply[row],
        "chance_short": found.pools.chance_short[row],
        "chance_breached_by_then": found.pools.first_breach.chance_by()[row],
        **_told(f"unmet_{unit}", found.pools.unmet, row, levels),
        **_told(f"idle_{supply_unit}", found.pools.idle, row, levels),
        "utilization": found.pools.utilization[row],
        f"headroom_{supply_unit}": found.pools.headroom[row],
        **_costs(prospect, found, row, levels),
    }


def _classes(prospect: Prospect) -> list[int]:
    """The classes whose home is worth telling."""
    homes = {prospect.topology.pools[row].name for row in prospect.rows}
    return [at for at, each in enumerate(prospect.topology.classes) if each.home in homes]


def _class_rows(prospect: Prospect, counted: Commitment, at: int, levels: Sequence[float]) -> Mapping[str, object]:
    found, demand, each = prospect.outlooks[counted].classes, prospect.demand, prospect.topology.classes[at]
    money = _told(f"cost_short_{money_unit(prospect.supply.currency)}", found.cost_short, at, levels)
    return {
        "pool": each.home,
        "class": each.name,
        "workload": str(each.workload),
        "commitment": str(counted),
        "timestamp": demand.view.index,
        "hours": demand.hours,
        f"demand_{prospect.unit}_mean": found.demand[at],
        "chance_short": found.chance_short[at],
        "chance_breached_by_then": found.first_breach.chance_by()[at],
        **_told(f"unmet_{prospect.unit}", found.unmet, at, levels),
        **_if_known(money, known=prospect.short_is_priced),
    }


def _costs(prospect: Prospect, found: Outlook, row: int, levels: Sequence[float]) -> dict[str, object]:
    money = money_unit(prospect.supply.currency)
    short = _told(f"cost_short_{money}", found.pools.cost_short, row, levels)
    idle = _told(f"cost_idle_{money}", found.pools.cost_idle, row, levels)
    return _if_known(short, known=prospect.short_is_priced) | _if_known(idle, known=prospect.idle_is_priced)


def _if_known(columns: dict[str, object], *, known: bool) -> dict[str, object]:
    return columns if known else dict.fromkeys(columns, np.nan)


def _told(name: str, spread: Spread, row: int, levels: Sequence[float]) -> dict[str, object]:
    quantiles = {f"{name}_{level_name(level)}": spread.quantiles[row, :, at] for at, level in enumerate(levels)}
    return {f"{name}_mean": spread.mean[row], **quantiles}
