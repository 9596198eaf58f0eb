"""What is carried from one forecast to the next: widths that follow what came true, and errors that are remembered."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from demand.calendar import number
from demand.history import FloatArray, Panel
from forecasting.calibration import UNCHECKED, Calibration, Outcomes, followed
from forecasting.dependence import ErrorMemory, error_memory, normal_scores
from forecasting.quantiles import GRID
from forecasting.seasonal_naive import SeasonalNaive
from training.backtest import stretches
from training.ports import IssuedForecast, Known
from training.recipe import Choice


def remembered(errors: FloatArray, panel: Panel) -> tuple[ErrorMemory, ...]:
    """The memory of each series of its errors in the backtest, which ends where the panel ends."""
    rhythm, end = panel.granularity.rhythm, number(panel.end, panel.granularity)
    return tuple(error_memory(row, end, rhythm.memory, rhythm.whole_seasons[0]) for row in errors)


def brought_up(
    panel: Panel, known: Sequence[Known | None], models: Sequence[str]
) -> tuple[tuple[Choice, ...], tuple[ErrorMemory, ...]]:
    """Choices and memories that know what has come true since they were made.

    Args:
        panel: the newest history.
        known: per series, None for one that is new.
        models: those that can be fitted; weights of others are shared among them.
    """
    usable = [_usable(each.choice, models) if each else None for each in known]
    fleet = _fleet_weights([choice for choice in usable if choice is not None])
    choices, memories = [], []
    for row, (each, choice) in enumerate(zip(known, usable, strict=True)):
        if each is None or choice is None:
            choices.append(_newcomer(fleet, None if each is None else each.choice))
            memories.append(each.memory if each else remembered(np.full((1, 0), np.nan), panel)[0])
            continue
        choices.append(_followed(choice, each.issued, panel, row))
        memories.append(_extended(each, panel, row))
    return tuple(choices), tuple(memories)


def _usable(choice: Choice, models: Sequence[str]) -> Choice | None:
    """The choice without models that are no longer there and without what was said of the last forecast."""
    kept = {name: weights for name, weights in choice.weights.items() if name in models}
    if not kept:
        return None
    gone = [name for name in choice.weights if name not in kept]
    warnings = [f"{name} is no longer in the catalogue, so its weight is shared by the others" for name in gone]
    warnings = list(dict.fromkeys([*choice.warnings, *warnings]))
    return replace(
        choice, weights=kept, warnings=tuple(warnings), remarks=(), latent=None, served_by=None, fallback_reason=""
    )


def _fleet_weights(choices: Sequence[Choice]) -> dict[str, tuple[float, ...]]:
    """The mean weights of the series that have some, the seasonal naive alone if none has."""
    if not choices:
        return {SeasonalNaive().name: (1.0,)}
    total: dict[str, float] = {}
    for choice in choices:
        for name, share in choice.mean_weights().items():
            total[name] = total.get(name, 0.0) + share / len(choices)
    return {name: (share,) for name, share in total.items()}


def _newcomer(weights: dict[str, tuple[float, ...]], before: Choice | None) -> Choice:
    cause = "it is new since the last retraining"
    if before is not None:
        cause = f"{', '.join(before.weights) or before.model} is no longer in the catalogue"
    alone = len(weights) == 1
    return Choice(
        model=next(iter(weights)) if alone else "ensemble",
        warnings=(f"{cause}, so the weights of the fleet and wider intervals are used unchecked",),
        weights=weights,
        widths={"lower": (UNCHECKED,), "upper": (UNCHECKED,)},
    )


def _followed(choice: Choice, issued: Sequence[IssuedForecast], panel: Panel, row: int) -> Choice:
    """Widths moved by the outcomes since the newest issued forecast."""
    if not issued or not choice.widths:
        return choice
    widths = Calibration(*(np.array([choice.widths[side]]) for side in ("lower", "upper")))
    for forecast in issued:
        steps, actual = _since(issued[0].start, forecast, panel, row)
        if len(steps):
            stretch = stretches(panel.granularity, len(forecast.quantiles))[steps]
            widths = followed(widths, Outcomes.of(forecast.quantiles[None, steps], GRID, actual[None], stretch))
    return replace(choice, widths={"lower": tuple(widths.lower[0].tolist()), "upper": tuple(widths.upper[0].tolist())})


def _extended(known: Known, panel: Panel, row: int) -> ErrorMemory:
    """The memory with the outcomes since the newest issued forecast written over the oldest errors."""
    if not known.issued:
        return known.memory
    newest = known.issued[0]
    steps, actual = _since(newest.start, newest, panel, row)
    scores = known.memory.scores.copy()
    places = (number(newest.start, panel.granularity) + steps) % len(scores)
    scores[places] = normal_scores(actual, newest.quantiles[steps], GRID)
    return ErrorMemory(scores, known.memory.persistence)


def _since(start: pd.Timestamp, forecast: IssuedForecast, panel: Panel, row: int) -> tuple[np.ndarray, FloatArray]:
    """Steps of a forecast whose outcomes became known at or after an instant, and those outcomes."""
    own, first = number(forecast.start, panel.granularity), number(start, panel.granularity)
    end = number(panel.end, panel.granularity)
    begin = end - panel.n_steps
    buckets = np.arange(max(first, begin, own), min(end, own + len(forecast.quantiles)))
    actual = panel.values[row, buckets - begin]
    seen = ~np.isnan(actual)
    return (buckets - own)[seen], actual[seen]
