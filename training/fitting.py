"""Fitting many models to many series, spread over processes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import joblib
import numpy as np

from demand.history import FloatArray, Panel
from forecasting.forecaster import Forecaster
from forecasting.quantiles import QuantileForecast

CHUNK = 8
"""How many series a model that learns from each one alone is given per piece of work."""


@dataclass(frozen=True)
class Fit:
    """One piece of work: fit a model to a history and forecast some of its series.

    Attributes:
        model: what to fit.
        history: what to fit it to.
        keep: positions in the history of the series to forecast.
        rows: the same series' positions in the panel that the history was cut from.
        horizon: buckets ahead.
        levels: quantile levels.
        first: where the result belongs along the caller's time axis.
    """

    model: Forecaster
    history: Panel
    keep: tuple[int, ...]
    rows: tuple[int, ...]
    horizon: int
    levels: tuple[float, ...]
    first: int = 0


def fits(
    model: Forecaster, panel: Panel, rows: Sequence[int], horizon: int, levels: tuple[float, ...], first: int = 0
) -> Iterator[Fit]:
    """The pieces of work that forecast these rows of the panel; a model across series is given all of the panel."""
    if model.across_series and rows:
        yield Fit(model, panel, tuple(rows), tuple(rows), horizon, levels, first)
        return
    for start in range(0, len(rows), CHUNK):
        chunk = tuple(rows[start : start + CHUNK])
        yield Fit(model, panel.select(chunk), tuple(range(len(chunk))), chunk, horizon, levels, first)


def pool(n_jobs: int) -> joblib.Parallel:
    """Processes to run fits on; with one job they run here."""
    backend = "sequential" if n_jobs == 1 else "loky"
    return joblib.Parallel(n_jobs=n_jobs, backend=backend, return_as="generator_unordered")


def run(work: Iterable[Fit], seed: int, on: joblib.Parallel) -> Iterator[tuple[Fit, FloatArray, dict[int, str]]]:
    """Carry out the work in any order.

    Yields:
        A piece of work, its quantiles of shape (n_rows, horizon, n_levels) and, per row of the panel that the model
        could not forecast, why.
    """
    work = list(work)
    for position, values, failures in on(joblib.delayed(_carry_out)(at, fit, seed) for at, fit in enumerate(work)):
        yield work[position], values, failures


def _carry_out(position: int, fit: Fit, seed: int) -> tuple[int, FloatArray, dict[int, str]]:
    try:
        forecast = fit.model.fit(fit.history, seed=seed).predict(fit.horizon, fit.levels)
    except Exception as error:  # noqa: BLE001 - whatever third-party mathematics raises costs its own series only
        forecast = _failed(fit, f"{type(error).__name__}: {error}")
    failures = {
        row: forecast.failures[kept] for row, kept in zip(fit.rows, fit.keep, strict=True) if kept in forecast.failures
    }
    return position, forecast.values[list(fit.keep)], failures


def _failed(fit: Fit, reason: str) -> QuantileForecast:
    values = np.full((fit.history.n_series, fit.horizon, len(fit.levels)), np.nan)
    return QuantileForecast(fit.levels, values, dict.fromkeys(range(fit.history.n_series), reason))
