"""Fitting many models to many series: our own here, third-party ones in processes of their own that can be ended."""

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import numpy as np
from pebble import ProcessExpired, ProcessPool

from demand.history import FloatArray, Panel
from forecasting.forecaster import Forecaster
from forecasting.quantiles import QuantileForecast

CHUNK = 8
"""How many series a model that learns from each one alone is given per piece of work."""

START_SECONDS = 20.0
"""What a process may take, beside the budget of its work, to import what the model needs."""

IMPORTED_ONCE = ("training.fitting", "forecasting.catalogue", "statsforecast.models")
"""What the process imports that all others are forked from, so that none of them takes seconds for it again."""

LOOK_SECONDS = 0.5
"""How often whoever waits for processes looks whether they are still there."""


ENDED = "the processes that models are fitted in have been ended, so this work is not done"
NOT_FINITE = "its forecast is not finite"


@runtime_checkable
class Rolling(Protocol):
    """A model that can learn once and then forecast from several later stops."""

    def roll(
        self, history: Panel, stops: Sequence[int], horizon: int, levels: Sequence[float], *, seed: int
    ) -> list[QuantileForecast]:
        """Learn from what lies before the first stop, and forecast from each stop with the history up to it."""
        ...


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
        stops: where in the history forecasts start; more than one only for a rolling model.
        first: where the result belongs along the caller's time axis.
    """

    model: Forecaster
    history: Panel
    keep: tuple[int, ...]
    rows: tuple[int, ...]
    horizon: int
    levels: tuple[float, ...]
    stops: tuple[int, ...]
    first: int = 0

    @property
    def budget_seconds(self) -> float | None:
        """What all of it may take; None where nobody needs to watch."""
        budget = self.model.budget_seconds
        return None if budget is None else budget * len(self.keep)

    def singles(self) -> list["Fit"]:
        """The same work, one series at a time."""
        return [
            replace(self, history=self.history.select([kept]), keep=(0,), rows=(row,))
            for kept, row in zip(self.keep, self.rows, strict=True)
        ]


@dataclass(frozen=True)
class Fitted:
    """What came of a piece of work.

    Attributes:
        fit: the work.
        values: quantiles, one stop after the other; shape (n_rows, n_stops * horizon, n_levels).
        failures: why, per row of the panel that the model could not forecast.
        notes: what a reader of the forecast should know, per row of the panel.
    """

    fit: Fit
    values: FloatArray
    failures: dict[int, str]
    notes: dict[int, str]


def fits(
    model: Forecaster, panel: Panel, rows: Sequence[int], horizon: int, levels: tuple[float, ...]
) -> Iterator[Fit]:
    """The pieces of work that forecast these rows from the end of the panel.

    A model of our own is given all rows at once, one across series all of the panel, and others a few series a piece.
    """
    stops = (panel.n_steps,)
    if model.across_series and rows:
        yield Fit(model, panel, tuple(rows), tuple(rows), horizon, levels, stops)
        return
    size = CHUNK if model.budget_seconds is not None else max(len(rows), 1)
    for start in range(0, len(rows), size):
        chunk = tuple(rows[start : start + size])
        yield Fit(model, panel.select(chunk), tuple(range(len(chunk))), chunk, horizon, levels, stops)


def forecasts_in(work: Iterable[Fit]) -> int:
    """How many forecasts of one series the work makes; a piece that is done in several counts as much as before."""
    return sum(len(fit.rows) * len(fit.stops) for fit in work)


class Workers:
    """Where fits are carried out. Third-party models run in processes that are ended when their time is over.

    Several threads may use it at once.

    Args:
        n_jobs: how many processes, -1 for one per core; they start with the first work that needs one, and stay for
            the next.
    """

    def __init__(self, n_jobs: int) -> None:
        self._n_jobs = cores(n_jobs)
        self._lock = threading.Lock()
        self._closed = False
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, whatever they are at; work that is waited for ends with `CancelledError`."""
        with self._lock:
            self._closed = True
            _end(self._pool)
            self._pool = None

    def run(self, work: Iterable[Fit], seed: int) -> Iterator[Fitted]:
        """Carry out the work in any order; a failure costs the series of its piece only, and is named.

        Raises:
            CancelledError: the processes were ended meanwhile.
        """
        waiting: dict[Future[Fitted], Fit] = {}
        here = []
        for fit in work:
            if fit.budget_seconds is None:
                here.append(fit)
            else:
                waiting[self._start(fit, seed)] = fit
        try:
            yield from (carry_out(fit, seed) for fit in here)
            while waiting:
                for future in self._finished(waiting):
                    fit = waiting.pop(future)
                    reason = _ended_badly(future, fit)
                    if reason is None:
                        yield future.result()
                    elif self._closed:
                        raise CancelledError(ENDED)
                    elif len(fit.rows) > 1:
                        waiting |= {self._start(single, seed): single for single in fit.singles()}
                    else:
                        yield _failed(fit, reason)
        finally:
            for future in waiting:
                future.cancel()

    def _finished(self, waiting: Iterable["Future[Fitted]"]) -> "set[Future[Fitted]]":
        # A pool that is stopped, or has lost all processes at once, forgets its futures, so they are looked after here.
        while True:
            done, _ = wait(waiting, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if done:
                return done
            pool = self._pool
            if pool is None or not pool.active:
                raise CancelledError(ENDED)

    def _start(self, fit: Fit, seed: int) -> "Future[Fitted]":
        budget = (fit.budget_seconds or 0.0) + START_SECONDS
        with self._lock:
            if self._closed:
                raise CancelledError(ENDED)
            if self._pool is not None and not self._pool.active:
                _end(self._pool)
                self._pool = None
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(list(IMPORTED_ONCE))
                self._pool = ProcessPool(max_workers=self._n_jobs, context=context, initializer=_end_with_parent)
            started: Future[Fitted] = self._pool.schedule(carry_out, args=(fit, seed), timeout=budget)
            return started


def cores(n_jobs: int) -> int:
    """How many processes to use, where -1 stands for one per core of this machine."""
    if n_jobs > 0:
        return n_jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _end(pool: ProcessPool | None) -> None:
    if pool is not None:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _end_with_parent() -> None:
    """Let this process end when the one that gives it work does, even if it was killed and a fit never returns."""
    threading.Thread(target=_await_parent, name="parent", daemon=True).start()


def _await_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def carry_out(fit: Fit, seed: int) -> Fitted:
    """Fit and forecast, whatever the model raises; where series do not learn from each other, one by one if need be."""
    try:
        made = _forecasts(fit, seed)
    except Exception as error:  # noqa: BLE001 - whatever third-party mathematics raises costs its own series only
        if len(fit.rows) > 1 and not fit.model.across_series:
            return _together(fit, [carry_out(single, seed) for single in fit.singles()])
        return _failed(fit, f"{type(error).__name__}: {error}")
    values = np.concatenate([forecast.values for forecast in made], axis=1)[list(fit.keep)]
    failures: dict[int, str] = {}
    notes: dict[int, str] = {}
    for forecast in made:
        failures |= {
            row: forecast.failures[k] for k, row in zip(fit.keep, fit.rows, strict=True) if k in forecast.failures
        }
        notes |= {row: forecast.notes[k] for k, row in zip(fit.keep, fit.rows, strict=True) if k in forecast.notes}
    finite = np.isfinite(values).all(axis=(1, 2))
    failures = {row: NOT_FINITE for row, good in zip(fit.rows, finite, strict=True) if not good} | failures
    values[~finite] = np.nan
    return Fitted(fit, values, failures, notes)


def _forecasts(fit: Fit, seed: int) -> list[QuantileForecast]:
    if isinstance(fit.model, Rolling):
        return fit.model.roll(fit.history, fit.stops, fit.horizon, fit.levels, seed=seed)
    (stop,) = fit.stops
    return [fit.model.fit(fit.history.between(0, stop), seed=seed).predict(fit.horizon, fit.levels)]


def _together(fit: Fit, made: Sequence[Fitted]) -> Fitted:
    failures = {row: reason for each in made for row, reason in each.failures.items()}
    notes = {row: note for each in made for row, note in each.notes.items()}
    return Fitted(fit, np.concatenate([each.values for each in made]), failures, notes)


def _ended_badly(future: "Future[Fitted]", fit: Fit) -> str | None:
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, TookTooLong):
        return f"it took longer than its {fit.budget_seconds:g} s"
    if isinstance(error, ProcessExpired):
        return f"its process died with exit code {error.exitcode}"
    return f"{type(error).__name__}: {error}"


def _failed(fit: Fit, reason: str) -> Fitted:
    values = np.full((len(fit.keep), len(fit.stops) * fit.horizon, len(fit.levels)), np.nan)
    return Fitted(fit, values, dict.fromkeys(fit.rows, reason), {})
