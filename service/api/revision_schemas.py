"""What answers about changes of view look like."""

from datetime import datetime
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.history import FloatArray
from demand.limits import Measure
from service import revisions
from service.api.revision_examples import REVISIONS

Numbers = list[float | None]
"""Along the buckets; null where nothing was told."""


class Change(BaseModel):
    """How much a view is above the one published before it."""

    mean: list[Numbers]
    quantiles: dict[str, list[Numbers]]


class RevisedDemand(BaseModel):
    """How one workload of one group was seen: a list per publication, which runs along `timestamps`."""

    mean: list[Numbers] = Field(description="Expected level; null where the publication told nothing of the bucket.")
    quantiles: dict[str, list[Numbers]] = Field(description="Per asked level.")
    change: Change = Field(description="Against the publication before; null where there was none.")
    actual: Numbers | None = Field(description="What came true as it is known now, if it was asked for.")

    @classmethod
    def of(cls, revised: revisions.Revised, levels: list[float]) -> Self:
        """The changes as they are shown."""
        return cls(
            mean=_lists(revised.mean),
            quantiles=_by_level(revised.quantiles, levels),
            change=Change(mean=_lists(revised.mean_change), quantiles=_by_level(revised.quantile_change, levels)),
            actual=None if revised.actual is None else _lists(revised.actual[None])[0],
        )


class RevisedGroup(BaseModel):
    """How one group of series that share a unit was seen."""

    group: dict[str, str] = Field(description="The values of the dimensions in `group_by`.")
    unit: str = Field(description="The unit of all numbers of the group.", examples=["accelerators"])
    training: RevisedDemand | None = None
    inference: RevisedDemand | None = None
    unattributed: RevisedDemand | None = None
    total: RevisedDemand


class IssuedView(BaseModel):
    """What was served from one instant on."""

    model_config = ConfigDict(from_attributes=True)

    issued_at: datetime = Field(description="From when on; give it as `as_of` to GET /v1/forecasts for all of it.")
    start: datetime = Field(description="The first bucket that was ahead then.")
    data_cut_off: datetime = Field(
        description="The last bucket of history that any of its forecasts knew.", validation_alias="cut_off"
    )
    run_ids: list[str] = Field(description="The runs that made its forecasts.")
    series: int = Field(description="How many series it is made of.")


class ForecastRevisions(BaseModel):
    """How the view of the same buckets changed, the oldest publication first."""

    model_config = ConfigDict(json_schema_extra={"examples": [REVISIONS]})

    granularity: Granularity
    timestamps: list[datetime] = Field(description="The starts of the buckets that are told of.")
    measure: Measure
    quantiles: list[float]
    issues: list[IssuedView]
    groups: list[RevisedGroup]

    @classmethod
    def of(cls, found: revisions.Revisions) -> Self:
        """The answer as it is shown."""
        asked = found.question
        levels = list(asked.levels)
        groups = []
        for label, workloads in found.groups.items():
            named = dict(zip(asked.group_by, label[:-1], strict=True))
            told = {workload: RevisedDemand.of(revised, levels) for workload, revised in workloads.items()}
            groups.append(RevisedGroup(group=named, unit=label[-1], **told))
        return cls(
            granularity=asked.granularity,
            timestamps=list(found.index),
            measure=asked.measure,
            quantiles=levels,
            issues=[IssuedView.model_validate(issue) for issue in found.issues],
            groups=groups,
        )


def _lists(table: FloatArray) -> list[Numbers]:
    return [[None if np.isnan(number) else float(number) for number in row] for row in table]


def _by_level(table: FloatArray, levels: list[float]) -> dict[str, list[Numbers]]:
    return {repr(level): _lists(table[:, :, at]) for at, level in enumerate(levels)}
