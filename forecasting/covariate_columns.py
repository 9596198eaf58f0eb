"""Covariates on the grid of a panel: one column per regressor or kind of event, past and ahead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.calendar import buckets
from demand.covariates import Covariates, Effect, Event, Regressor, Treatment, lacks_future
from demand.history import FloatArray, Panel

REACH = 2.0
"""How far beyond the largest swing in the history a learned effect is carried; what goes further ends there."""

MASKING_SHARE = 0.5
"""The least share of a bucket that a masked event covers to mask it: what is left is less than half known."""

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """One covariate along the buckets of a panel and of the forecast after it.

    Attributes:
        name: `regressor ...` or `event ...`.
        rows: the series that it concerns, shape (n_series,).
        past: shape (n_steps,), NaN where it is not known.
        ahead: shape (horizon,), complete.
        effect: what it does, None where that is to be learned.
    """

    name: str
    rows: BoolArray
    past: FloatArray
    ahead: FloatArray
    effect: Effect | None


@dataclass(frozen=True)
class Grid:
    """The buckets of a panel and of the forecast after it."""

    panel: Panel
    horizon: int

    def accepted(self, covariate: Regressor | Event) -> BoolArray:
        """Which series the covariate concerns."""
        return np.array([covariate.selection.accepts(key) for key in self.panel.keys], dtype=bool)

    def split(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The part over the history and the part ahead."""
        return values[: self.panel.n_steps], values[self.panel.n_steps :]

    @property
    def steps(self) -> int:
        """How many buckets there are."""
        return self.panel.n_steps + self.horizon


class Notes:
    """What a reader should know, by series.

    Args:
        n_series: how many series there are.
    """

    def __init__(self, n_series: int) -> None:
        self.n_series = n_series
        self._notes: list[list[str]] = [[] for _ in range(n_series)]

    def add(self, rows: BoolArray, note: str) -> None:
        """Note this of the series that are true."""
        for row in np.flatnonzero(rows):
            self._notes[row].append(note)

    def all(self) -> tuple[tuple[str, ...], ...]:
        """The notes of each series."""
        return tuple(tuple(dict.fromkeys(notes)) for notes in self._notes)


def masked(grid: Grid, events: Sequence[Event], notes: Notes) -> BoolArray:
    """Which buckets of the history the masked events take out, shape (n_series, n_steps)."""
    mask = np.zeros(grid.panel.values.shape, dtype=bool)
    for event in events:
        if event.treatment is not Treatment.MASK:
            continue
        rows = grid.accepted(event)
        share = event.share(grid.panel.start, grid.panel.n_steps, grid.panel.granularity)
        hidden = share >= MASKING_SHARE
        if not share.any():
            notes.add(rows, _outside(grid, event))
        elif not hidden.any():
            notes.add(
                rows,
                f"event {event.name} covers less than half of any {grid.panel.granularity}, so nothing is masked; "
                "send demand in finer buckets to have it left out",
            )
        mask |= rows[:, None] & hidden
    return mask


def columns(grid: Grid, covariates: Covariates, notes: Notes) -> list[Column]:
    """The columns of every regressor and of every kind of event that is not masked."""
    return [*_regressors(grid, covariates.regressors, notes), *_events(grid, covariates.events, notes)]


def _regressors(grid: Grid, regressors: Sequence[Regressor], notes: Notes) -> Iterator[Column]:
    end = buckets(grid.panel.end, grid.horizon + 1, grid.panel.granularity)[-1]
    for regressor in regressors:
        rows = grid.accepted(regressor)
        past, ahead = grid.split(regressor.over(grid.panel.start, grid.steps, grid.panel.granularity))
        if np.isnan(ahead).any():
            notes.add(rows, f"{lacks_future(regressor, end)}; it is left out")
            continue
        if regressor.effect is None:
            if np.isnan(past).all():
                notes.add(rows, f"regressor {regressor.name} is not known for any of the history; it is left out")
                continue
            past, ahead = _centred(past, ahead)
            ahead = _within_reach(past, ahead, rows, regressor.name, notes)
        yield Column(f"regressor {regressor.name}", rows, past, ahead, regressor.effect)


def _events(grid: Grid, events: Sequence[Event], notes: Notes) -> Iterator[Column]:
    """Events that are learned share a column if they have a name and a selection in common."""
    modelled = [event for event in events if event.treatment is Treatment.MODEL]
    for kind in dict.fromkeys((event.name, event.selection, event.effect) for event in modelled):
        name, _, effect = kind
        alike = [event for event in modelled if (event.name, event.selection, event.effect) == kind]
        rows = grid.accepted(alike[0])
        shares = [event.share(grid.panel.start, grid.steps, grid.panel.granularity) for event in alike]
        for event, share in zip(alike, shares, strict=True):
            if not share.any():
                notes.add(rows, _outside(grid, event))
        past, ahead = grid.split(np.minimum(np.sum(shares, axis=0), 1.0))
        if past.any() or ahead.any():
            yield Column(f"event {name}", rows, past, ahead, effect)


def _centred(past: FloatArray, ahead: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Measured from what is usual: the value of most buckets if there is one, or else the mean."""
    known = past[~np.isnan(past)]
    values, counts = np.unique(known, return_counts=True)
    usual = values[counts.argmax()] if 2 * counts.max() > len(known) else known.mean()
    return past - usual, ahead - usual


def _within_reach(past: FloatArray, ahead: FloatArray, rows: BoolArray, name: str, notes: Notes) -> FloatArray:
    largest = float(np.nanmax(np.abs(past)))
    if largest == 0 or np.abs(ahead).max() <= REACH * largest:
        return ahead
    notes.add(
        rows,
        f"regressor {name} goes further ahead than it ever did in the history; beyond {REACH:g} times its largest "
        "swing its effect is taken to grow no more",
    )
    return np.clip(ahead, -REACH * largest, REACH * largest)


def _outside(grid: Grid, event: Event) -> str:
    return (
        f"event {event.name} at {event.start.isoformat()} lies outside the history, which is from "
        f"{grid.panel.start.isoformat()} to {grid.panel.end.isoformat()}; it changes nothing"
    )
