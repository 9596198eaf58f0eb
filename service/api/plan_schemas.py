"""What plans look like when they are shown; amounts are in the currency of `grounds`."""

from datetime import datetime
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from planning.ledger import Exit
from planning.pacing.actions import Action, Move
from planning.pacing.plan import Advice, Costs
from planning.pacing.prices import Price
from planning.pacing.regret import Alternative
from planning.pacing.worth import PerfectInformation
from service.api.outlook_schemas import UncountedBlock
from service.store.plans import Grounds

SHOWN = ConfigDict(from_attributes=True)


class ActionAnswer(BaseModel):
    """What is done about a block."""

    move: Move
    months: int = Field(description="Of a delay or a pause; 0 otherwise.")
    words: str

    @classmethod
    def of(cls, action: Action) -> Self:
        """The action as it is shown."""
        return cls(move=action.move, months=action.months, words=str(action))


class AlternativeAnswer(BaseModel):
    """Another action than the planned one."""

    action: ActionAnswer
    regret: float | None = Field(description="What the objective would rise by; null where it would break a limit.")
    breaks_limit: bool
    payments: float = Field(description="What expected payments would rise by, with all other blocks as planned.")
    shortage: float = Field(description="What the expected cost of shortage would rise by, so too.")
    idleness: float = Field(description="What the expected cost of idleness would rise by, so too.")
    others_replanned: bool = Field(description="Whether the regret lets the other blocks adapt.")
    near_tie: bool = Field(description="Whether the difference is too small to count.")

    @classmethod
    def of(cls, other: Alternative) -> Self:
        """The alternative as it is shown."""
        return cls(
            action=ActionAnswer.of(other.action),
            regret=finite(other.regret),
            breaks_limit=not np.isfinite(other.regret),
            payments=other.payments,
            shortage=other.shortage,
            idleness=other.idleness,
            others_replanned=other.others_replanned,
            near_tie=other.near_tie,
        )


class WaitingAnswer(BaseModel):
    """Deciding now against deciding at the deadline."""

    deadline: datetime | None = Field(description="When the last way out closes.")
    value: float | None = Field(description="What waiting saves; below zero where it costs more than it tells.")
    steps_seen: int = Field(description="Steps of demand that end by the deadline.")
    reason: str = Field(description="Why there is no value, where there is none.")


class ReviewAnswer(BaseModel):
    """What is due before plans are made again, and what it is worth that the rest can follow what is seen."""

    model_config = SHOWN

    at: datetime = Field(description="When plans are made again.")
    due: list[str] = Field(description="Blocks of which a way out closes before.")
    objective: float | None = Field(
        description="Of what is due as it is planned, when the rest follows what is seen; null where nothing is due "
        "or nothing is learnt."
    )
    at_once: float = Field(description="The least objective that was found if all were decided now.")
    reason: str = Field(description="Why the rest does not follow, where it does not.")


class AdviceAnswer(BaseModel):
    """What to do about one block."""

    block: str
    action: ActionAnswer
    decide_by: datetime | None = Field(
        description="The last moment of the way out that is taken; to proceed, the earliest at which one closes."
    )
    value: float | None = Field(
        description="What it saves against the best alternative; null where all others break a limit."
    )
    alternatives: list[AlternativeAnswer]
    waiting: WaitingAnswer
    near_tie: bool = Field(description="Whether an alternative is as good, as far as can be told.")
    why: str
    due: bool = Field(
        description="Whether it has to be decided before the next review; if not, this is how it stands now."
    )

    @classmethod
    def of(cls, advice: Advice) -> Self:
        """The advice as it is shown."""
        waiting = advice.waiting
        return cls(
            block=advice.block,
            action=ActionAnswer.of(advice.action),
            decide_by=advice.decide_by,
            value=finite(advice.value),
            alternatives=[AlternativeAnswer.of(each) for each in advice.alternatives],
            waiting=WaitingAnswer(
                deadline=waiting.deadline, value=waiting.value, steps_seen=waiting.n_steps_seen, reason=waiting.reason
            ),
            near_tie=advice.near_tie,
            why=advice.why,
            due=advice.due,
        )


class CostsAnswer(BaseModel):
    """What a plan costs, discounted."""

    expected: float
    cvar: float = Field(description="On average over the dearest paths.")
    payments: float = Field(description="Expected, for blocks.")
    recourse: float = Field(description="Expected, for shortage and idleness.")
    quantiles: dict[str, float] = Field(description="Of the cost over the paths.")

    @classmethod
    def of(cls, costs: Costs) -> Self:
        """The costs as they are shown."""
        return cls(
            expected=costs.expected,
            cvar=costs.cvar,
            payments=costs.payments,
            recourse=costs.recourse,
            quantiles=dict(zip(("0.1", "0.5", "0.9"), costs.quantiles, strict=True)),
        )


class PriceAnswer(BaseModel):
    """What one unit more of a limit would save, at the margin."""

    model_config = SHOWN

    limit: str
    kind: str
    saved: float = Field(description="Per unit of money, per MW, or per accelerator-hour less to be served.")

    @classmethod
    def of(cls, price: Price) -> Self:
        """The price as it is shown."""
        return cls.model_validate(price)


class ClosedWay(BaseModel):
    """A way out that is not available."""

    model_config = SHOWN

    block: str
    kind: Exit
    reason: str


class StochasticAnswer(BaseModel):
    """What planning for all paths saves against planning for their mean."""

    model_config = SHOWN

    value: float | None
    reason: str = Field(description="Why there is no value, where there is none.")


class InformationAnswer(BaseModel):
    """What it would save to know the path before deciding."""

    value: float = Field(description="With the best plan that was found for each path.")
    at_most: float = Field(description="The same, if each path had a plan as cheap as is not yet ruled out.")
    paths: int = Field(description="How many paths it was found from.")
    standard_error: float

    @classmethod
    def of(cls, found: PerfectInformation) -> Self:
        """The worth as it is shown."""
        return cls(value=found.value, at_most=found.at_most, paths=found.n_paths, standard_error=found.standard_error)


class LeftOutSeries(BaseModel):
    """A selected series that is no part of the demand."""

    series: str
    reason: str


class GroundsAnswer(BaseModel):
    """What a plan was made from."""

    ledger_at: datetime = Field(description="When ledger, pools and forecasts were read.")
    run_ids: list[str] = Field(description="The training runs whose forecasts were planned with.")
    catalogue: str = Field(description="The version of what is known of accelerators.")
    granularity: Granularity
    start: datetime = Field(description="Of the first step.")
    end: datetime = Field(description="Of the last step, exclusive.")
    paths: int
    currency: str
    unit: str = Field(description="What demand is counted in.")
    pools_version: int = Field(description="Of the pools in force; 0 where others are used.")
    scenario: str | None
    scenario_version: int | None
    uncounted: list[UncountedBlock] = Field(description="Blocks that could not be counted.")
    left_out: list[LeftOutSeries]
    remarks: list[str]

    @classmethod
    def of(cls, grounds: Grounds) -> Self:
        """The grounds as they are shown."""
        plain = {name: getattr(grounds, name) for name in cls.model_fields if name not in _DERIVED}
        return cls(
            **plain,
            paths=grounds.n_paths,
            uncounted=[UncountedBlock(name=name, reason=reason) for name, reason in grounds.uncounted],
            left_out=[LeftOutSeries(series=series, reason=reason) for series, reason in grounds.left_out],
        )


_DERIVED = frozenset({"paths", "uncounted", "left_out"})


def finite(value: float) -> float | None:
    """The number, or None where it is without end."""
    return float(value) if np.isfinite(value) else None
