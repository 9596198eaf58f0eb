"""Parts that answers about demand and supply have in common; lists run along `timestamps`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from demand.history import FloatArray
from planning.occurrence import Occurrence
from planning.spread import Spread


class Spreads(BaseModel):
    """A number that is not known exactly."""

    mean: list[float] = Field(description="Expected value.")
    quantiles: dict[str, list[float]] = Field(description="Per asked level, the quantile at each step.")

    @classmethod
    def of(cls, spread: Spread, row: int, levels: Sequence[float]) -> Self:
        """One row of a spread."""
        quantiles = {repr(level): spread.quantiles[row, :, at].tolist() for at, level in enumerate(levels)}
        return cls(mean=spread.mean[row].tolist(), quantiles=quantiles)


class Total(BaseModel):
    """A number for the whole horizon."""

    mean: float
    quantiles: dict[str, float]

    @classmethod
    def of(cls, totals: FloatArray, levels: Sequence[float]) -> Self:
        """The total of each path, shape (n_paths,)."""
        quantiles = np.quantile(totals, list(levels), method="hazen")
        told = {repr(level): float(at) for level, at in zip(levels, quantiles, strict=True)}
        return cls(mean=float(totals.mean()), quantiles=told)


class FirstDate(BaseModel):
    """When something happens for the first time."""

    never: float = Field(description="The chance that it does not happen within the horizon.")
    already: float = Field(description="The chance that it has happened in the first bucket.")
    chance_by: list[float] = Field(description="The chance that it has happened by each bucket, that bucket included.")
    quantiles: dict[str, datetime | None] = Field(
        description="Per asked level, the first bucket by which the chance is that large; null where it never is."
    )

    @classmethod
    def of(cls, occurrence: Occurrence, row: int, index: pd.DatetimeIndex, levels: Sequence[float]) -> Self:
        """One row of an occurrence."""
        steps = occurrence.quantiles(levels)[row]
        dates = {
            repr(level): index[step].to_pydatetime() if step < len(index) else None
            for level, step in zip(levels, steps, strict=True)
        }
        return cls(
            never=occurrence.never[row],
            already=occurrence.already[row],
            chance_by=occurrence.chance_by()[row].tolist(),
            quantiles=dates,
        )


def numbers_or_none(values: FloatArray) -> list[float | None]:
    """Numbers, with none where there is nothing to be told."""
    return [None if np.isnan(value) else float(value) for value in values]
