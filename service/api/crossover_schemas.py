"""What answers about inference passing training look like; lists run along `timestamps`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.limits import Measure
from demand.series import Workload
from service.api import outlook_examples
from service.api.forecast_schemas import LeftOut
from service.api.planning_schemas import FirstDate, numbers_or_none
from service.crossovers import Crossing


class Share(BaseModel):
    """Inference over training and inference; null where there is neither."""

    mean: list[float | None]
    quantiles: dict[str, list[float | None]] = Field(description="Per asked level, the quantile at each step.")


class GroupCrossover(BaseModel):
    """When inference passes training in one group of series."""

    group: dict[str, str] = Field(description="The values of the dimensions in `group_by`.")
    series: dict[Workload, int] = Field(description="How many series there are of each workload.")
    passes: FirstDate = Field(description="The first bucket from which inference is above training to the end.")
    ahead: list[float] = Field(description="The chance that inference is above training.")
    share: Share = Field(description="The share of inference.")


class CrossoverAnswer(BaseModel):
    """When inference demand passes training demand."""

    model_config = ConfigDict(json_schema_extra={"examples": [outlook_examples.CROSSOVER]})

    granularity: Granularity
    start: datetime = Field(description="The first bucket: the one after the newest data.")
    timestamps: list[datetime] = Field(description="The starts of all buckets, UTC.")
    measure: Measure
    unit: str = Field(description="What demand is compared in.")
    catalogue: str | None = Field(
        default=None, description="The version of what was known of accelerators, where units were converted."
    )
    paths: int = Field(description="How many joint sample paths everything is computed from.")
    quantiles: list[float]
    groups: list[GroupCrossover]
    left_out: list[LeftOut] = Field(description="Selected series that are no part of the answer.")

    @classmethod
    def of(cls, crossing: Crossing, group_by: Sequence[str], levels: Sequence[float], measure: Measure) -> Self:
        """The crossing as it is shown."""
        view = crossing.demand.view
        return cls(
            granularity=view.granularity,
            start=view.start,
            timestamps=list(view.index),
            measure=measure,
            unit=crossing.demand.unit,
            catalogue=crossing.demand.catalogue,
            paths=crossing.demand.paths.values.shape[1],
            quantiles=list(levels),
            groups=[_group(crossing, row, group_by, levels) for row in range(len(crossing.groups))],
            left_out=[LeftOut.of(left) for left in view.left_out],
        )


def _group(crossing: Crossing, row: int, group_by: Sequence[str], levels: Sequence[float]) -> GroupCrossover:
    found = crossing.found
    return GroupCrossover(
        group=dict(zip(group_by, crossing.groups[row], strict=True)),
        series=crossing.series[row],
        passes=FirstDate.of(found.passes, row, crossing.demand.view.index, levels),
        ahead=found.ahead[row].tolist(),
        share=Share(
            mean=numbers_or_none(found.share[row]),
            quantiles={
                repr(level): numbers_or_none(found.share_quantiles[row, :, at]) for at, level in enumerate(levels)
            },
        ),
    )
