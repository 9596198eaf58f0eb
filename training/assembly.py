"""One forecast from many: members fitted to the newest history, guarded, averaged, and corrected in width."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from demand.history import FloatArray, Panel
from forecasting.calibration import Calibration
from forecasting.dependence import ErrorMemory
from forecasting.ensemble import IntArray, combine, influence
from forecasting.forecaster import Forecaster
from forecasting.guards import guarded
from forecasting.quantiles import GRID, QuantileForecast, proper
from forecasting.seasonal_naive import SeasonalNaive
from training.backtest import stretches
from training.fitting import Fit, Workers, fits, forecasts_in
from training.ports import Progress
from training.recipe import Choice

MEMBER_LEVELS = (0.1, 0.5, 0.9)
"""Levels at which members' own forecasts are kept, for explanations."""


@dataclass(frozen=True)
class Plan:
    """How a panel is to be forecast.

    Attributes:
        models: those that may have a weight, the seasonal naive first.
        choices: weights and widths per series.
        memories: past errors per series.
    """

    models: tuple[Forecaster, ...]
    choices: tuple[Choice, ...]
    memories: tuple[ErrorMemory, ...]

    def weights(self) -> FloatArray:
        """Weights of the models, shape (n_models, n_series, n_stretches)."""
        most = max((len(each) for choice in self.choices for each in choice.weights.values()), default=1)
        weights = np.zeros((len(self.models), len(self.choices), most))
        for at, model in enumerate(self.models):
            for row, choice in enumerate(self.choices):
                weights[at, row] = _padded(choice.weights.get(model.name, (0.0,)), most)
        return weights

    def calibration(self) -> Calibration:
        """The factors on the widths of all series."""
        most = max((len(each) for choice in self.choices for each in choice.widths.values()), default=1)
        lower, upper = (
            np.array([_padded(choice.widths.get(side, (1.0,)), most) for choice in self.choices])
            for side in ("lower", "upper")
        )
        return Calibration(lower, upper)


@dataclass(frozen=True)
class PanelForecast:
    """The forecast of a panel.

    Attributes:
        panel: the history that it continues.
        quantiles: at `GRID`, for every series; one that nothing is known of is among the failures.
        memories: past errors per series, for joint paths.
        choices: what was learned per series, with remarks on this forecast.
        members: per model with a weight its own quantiles at `MEMBER_LEVELS`, shape (n_series, n_steps, 3); NaN where
            it has no part in the forecast of a series.
    """

    panel: Panel
    quantiles: QuantileForecast
    memories: tuple[ErrorMemory, ...]
    choices: tuple[Choice, ...]
    members: Mapping[str, FloatArray]

    def members_of(self, row: int) -> dict[str, FloatArray]:
        """The members of one series with their own quantiles, shape (n_steps, 3) each."""
        return {name: values[row] for name, values in self.members.items() if not np.isnan(values[row]).any()}


def assemble(whole: Panel, plan: Plan, horizon: int, seed: int, workers: Workers, progress: Progress) -> PanelForecast:
    """Fit every member that has a weight to the newest history, and combine them.

    A member that fails, or forecasts what cannot be believed, is dropped where it does, and named. A series whose
    members all fail is forecast by the seasonal naive, and says so.
    """
    panel = whole.last(whole.granularity.rhythm.context)
    weights, stretch = plan.weights(), stretches(panel.granularity, horizon)
    naive = SeasonalNaive().fit(panel, seed=seed).predict(horizon, GRID)
    members, dropped, notes = _members(panel, plan.models, weights, (horizon, seed), workers, progress)
    for at, model in enumerate(plan.models):
        forecast = QuantileForecast(GRID, members[at])
        checked, replaced = guarded(forecast, panel, naive)
        for row in np.flatnonzero(weights[at].any(axis=1)).tolist():
            members[at, row] = np.nan if row in replaced else checked.values[row]
            if row in replaced:
                dropped.setdefault((model.name, row), replaced[row])
            elif row in checked.notes:
                notes[row] = _joined(notes.get(row), f"{model.name}: {checked.notes[row]}")
    kept = influence(weights, members)
    mixed = combine(weights * kept[..., None], members, stretch)
    corrected = plan.calibration().applied(proper(mixed), GRID, stretch)
    safe, fallbacks = guarded(QuantileForecast(GRID, corrected), panel, naive)
    notes |= {row: _joined(notes.get(row), note) for row, note in safe.notes.items()}
    dropped = dict(sorted(dropped.items()))
    choices = tuple(
        _remarked(choice, row, dropped, notes, fallbacks.get(row)) for row, choice in enumerate(plan.choices)
    )
    choices = tuple(_influenced(choice, plan.models, kept[:, row]) for row, choice in enumerate(choices))
    own = {
        model.name: members[at][..., [GRID.index(level) for level in MEMBER_LEVELS]]
        for at, model in enumerate(plan.models)
        if weights[at].any()
    }
    return PanelForecast(panel, safe, plan.memories, choices, own)


def _members(
    panel: Panel,
    models: Sequence[Forecaster],
    weights: FloatArray,
    ahead: tuple[int, int],
    workers: Workers,
    progress: Progress,
) -> tuple[FloatArray, dict[tuple[str, int], str], dict[int, str]]:
    """Quantiles of every model at `GRID`, NaN where it has no weight or fails; why it failed; and what it notes."""
    horizon, seed = ahead
    values = np.full((len(models), panel.n_series, horizon, len(GRID)), np.nan)
    failed: dict[tuple[str, int], str] = {}
    notes: dict[int, str] = {}
    work = list(_work(panel, models, weights, horizon))
    done, total = 0, forecasts_in(work)
    progress("forecast", done, total)
    names = [model.name for model in models]
    for made in workers.run(work, seed):
        name = made.fit.model.name
        values[names.index(name), list(made.fit.rows)] = made.values
        failed |= {(name, row): reason for row, reason in made.failures.items()}
        notes |= made.notes
        done += forecasts_in([made.fit])
        progress("forecast", done, total)
    return values, failed, notes


def _work(panel: Panel, models: Sequence[Forecaster], weights: FloatArray, horizon: int) -> Iterator[Fit]:
    for at, model in enumerate(models):
        rows: IntArray = np.flatnonzero(weights[at].any(axis=1))
        yield from fits(model, panel, rows.tolist(), horizon, GRID)


def _remarked(
    choice: Choice,
    row: int,
    dropped: Mapping[tuple[str, int], str],
    notes: Mapping[int, str],
    fallback: str | None,
) -> Choice:
    """The choice with what is to be said of this forecast."""
    remarks = [f"{name} was dropped from this forecast: {why}" for (name, at), why in dropped.items() if at == row]
    remarks += [notes[row]] if row in notes else []
    if fallback is None:
        return replace(choice, remarks=tuple(remarks))
    reason = "; ".join(remarks) or fallback
    return replace(choice, remarks=(), served_by=SeasonalNaive().name, fallback_reason=reason)


def _influenced(choice: Choice, models: Sequence[Forecaster], kept: FloatArray) -> Choice:
    shares = {model.name: float(share) for model, share in zip(models, kept, strict=True) if share < 1}
    return replace(choice, influence={name: share for name, share in shares.items() if name in choice.weights})


def _joined(before: str | None, note: str) -> str:
    return f"{before}; {note}" if before else note


def _padded(values: Sequence[float], length: int) -> list[float]:
    return [*values, *[values[-1]] * (length - len(values))]
