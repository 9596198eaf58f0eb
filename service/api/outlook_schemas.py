"""What answers about demand against supply look like; lists run along `timestamps`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.limits import Measure
from demand.series import Workload
from planning.ledger import Commitment
from planning.outlook import Outlook
from planning.spread import Spread
from planning.supply import Uncounted
from service.api import outlook_examples
from service.api.forecast_schemas import LeftOut, Series
from service.api.planning_schemas import FirstDate, Spreads, Total, numbers_or_none
from service.outlooks import Prospect, SupplyQuestion


class ClassOutlook(BaseModel):
    """What becomes of the demand of one class."""

    name: str = Field(description="Of the class.")
    workload: Workload
    demand: list[float] = Field(description="Expected demand.")
    chance_short: list[float] = Field(description="The chance that some of it is not served.")
    unmet: Spreads = Field(description="Demand that is not served.")
    cost_short: Spreads | None = Field(description="Money that this costs; null where no price is known.")
    first_breach: FirstDate = Field(description="When some of it is not served for the first time.")


class SupplyOutlook(BaseModel):
    """What the supply of a pool meets, if it is counted to one degree."""

    supply: list[float] = Field(description="Expected supply.")
    chance_short: list[float] = Field(description="The chance that demand exceeds supply.")
    unmet: Spreads = Field(description="Demand that is not served.")
    idle: Spreads = Field(description="Supply that nothing uses.")
    utilization: list[float | None] = Field(description="Expected use over expected supply; null without supply.")
    headroom: list[float] = Field(
        description="Supply by which demand could grow and still be met with the chance `service_level`; below zero, "
        "what must be added."
    )
    cost_short: Spreads | None = Field(description="Money that the missing ones cost; null where no price is known.")
    cost_idle: Spreads | None = Field(description="Money that the idle ones cost; null where no price is known.")
    total_cost: Total | None = Field(description="Both over the whole horizon; null unless both are known.")
    first_breach: FirstDate = Field(description="When demand exceeds supply for the first time.")
    classes: list[ClassOutlook]


class Target(BaseModel):
    """The supply of least expected cost of shortage and idleness for each step.

    Where the classes of the pool cost the same when short, it is the quantile cost_short / (cost_short + cost_idle).
    """

    supply: list[float] = Field(description="In the unit of supply.")
    cost: list[float] = Field(description="What shortage and idleness are expected to cost with it.")


class PoolOutlook(BaseModel):
    """Demand and supply of one pool."""

    pool: str
    regions: list[str] = Field(description="Whose capacity and demand it holds; all if none is named.")
    accelerators: list[str] = Field(description="Which it holds; all if none is named.")
    demand: Spreads
    target: Target | None = Field(description="Null unless it is known what shortage and idleness cost there.")
    live: SupplyOutlook = Field(description="With what serves now.")
    committed: SupplyOutlook = Field(description="With what is signed too.")
    everything: SupplyOutlook = Field(description="With what is only proposed too.")


class UncountedBlock(BaseModel):
    """A block of the ledger that could not be counted."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    reason: str


class OutlookAnswer(BaseModel):
    """What demand ahead meets of supply."""

    model_config = ConfigDict(json_schema_extra={"examples": [outlook_examples.OUTLOOK]})

    granularity: Granularity
    start: datetime = Field(description="The first bucket: the one after the newest data.")
    timestamps: list[datetime] = Field(description="The starts of all buckets, UTC.")
    measure: Measure
    unit: str = Field(description="What demand, and what is missing of it, is told in.")
    supply_unit: str = Field(description="What supply, what idles of it, headroom and targets are told in.")
    catalogue: str | None = Field(
        default=None, description="The version of what was known of accelerators, where `unit` is asked for."
    )
    as_of: datetime | None = Field(
        default=None, description="Of the ledger and the pools, as `remarks` say too; null for now."
    )
    currency: str = Field(description="The currency of the ledger; empty if it holds no block.")
    pools_version: int = Field(description="Of the pools in force, as GET /v1/pools tells; 0 where others are used.")
    paths: int = Field(description="How many joint sample paths everything is computed from.")
    quantiles: list[float]
    service_level: float
    sustained: int
    pools: list[PoolOutlook]
    uncounted: dict[Commitment, list[UncountedBlock]] = Field(
        description="Per degree of commitment, the blocks that could not be counted, with the reason."
    )
    unplaced: list[Series] = Field(description="Demand that belongs to no pool.")
    left_out: list[LeftOut] = Field(description="Selected series that are no part of the demand.")
    remarks: list[str] = Field(description="What else should be known about the answer.")

    @classmethod
    def of(cls, prospect: Prospect, asked: SupplyQuestion, measure: Measure) -> Self:
        """The prospect as it is shown."""
        view, paths = prospect.demand.view, prospect.demand.paths
        return cls(
            granularity=view.granularity,
            start=view.start,
            timestamps=list(view.index),
            measure=measure,
            unit=prospect.unit,
            supply_unit=prospect.supply_unit,
            catalogue=prospect.catalogue,
            as_of=asked.as_of,
            currency=prospect.supply.currency,
            pools_version=0 if prospect.supply.pools is None else prospect.supply.pools.version,
            paths=paths.values.shape[1],
            quantiles=list(asked.told.levels),
            service_level=asked.told.service_level,
            sustained=asked.told.sustained,
            pools=[_pool(prospect, asked, row) for row in prospect.rows],
            uncounted={counted: _uncounted(blocks) for counted, blocks in prospect.uncounted.items()},
            unplaced=[Series.model_validate(key, from_attributes=True) for key in prospect.unplaced],
            left_out=[LeftOut.of(left) for left in view.left_out],
            remarks=list(prospect.remarks),
        )


def _pool(prospect: Prospect, asked: SupplyQuestion, row: int) -> PoolOutlook:
    pool = prospect.topology.pools[row]
    supplies = {str(counted): _supply(prospect, asked, found, row) for counted, found in prospect.outlooks.items()}
    return PoolOutlook(
        pool=pool.name,
        regions=list(pool.regions),
        accelerators=list(pool.accelerators),
        demand=Spreads.of(prospect.pool_demand, row, asked.told.levels),
        target=_target(prospect, row),
        **supplies,
    )


def _target(prospect: Prospect, row: int) -> Target | None:
    found = prospect.target
    if prospect.topology.pools[row].name in found.unknown:
        return None
    return Target(supply=found.supply[row].tolist(), cost=found.cost[row].tolist())


def _supply(prospect: Prospect, asked: SupplyQuestion, found: Outlook, row: int) -> SupplyOutlook:
    levels, pools = asked.told.levels, found.pools
    index = prospect.demand.view.index
    return SupplyOutlook(
        supply=pools.supply[row].tolist(),
        chance_short=pools.chance_short[row].tolist(),
        unmet=Spreads.of(pools.unmet, row, levels),
        idle=Spreads.of(pools.idle, row, levels),
        utilization=numbers_or_none(pools.utilization[row]),
        headroom=pools.headroom[row].tolist(),
        cost_short=_money(pools.cost_short, row, levels, known=prospect.short_is_priced),
        cost_idle=_money(pools.cost_idle, row, levels, known=prospect.idle_is_priced),
        total_cost=Total.of(pools.cost[row], levels) if prospect.short_is_priced and prospect.idle_is_priced else None,
        first_breach=FirstDate.of(pools.first_breach, row, index, levels),
        classes=[
            ClassOutlook(
                name=each.name,
                workload=each.workload,
                demand=found.classes.demand[at].tolist(),
                chance_short=found.classes.chance_short[at].tolist(),
                unmet=Spreads.of(found.classes.unmet, at, levels),
                cost_short=_money(found.classes.cost_short, at, levels, known=prospect.short_is_priced),
                first_breach=FirstDate.of(found.classes.first_breach, at, index, levels),
            )
            for at, each in enumerate(prospect.topology.classes)
            if each.home == prospect.topology.pools[row].name
        ],
    )


def _money(spread: Spread, row: int, levels: Sequence[float], *, known: bool) -> Spreads | None:
    return Spreads.of(spread, row, levels) if known else None


def _uncounted(blocks: Sequence[Uncounted]) -> list[UncountedBlock]:
    return [UncountedBlock.model_validate(block) for block in blocks]
