"""From history to published forecasts: backtest, choose, fit, publish."""

import hashlib
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from demand.calendar import Granularity, number
from demand.errors import Invalid
from demand.history import Panel
from forecasting.catalogue import catalogue, model
from forecasting.dependence import ErrorMemory, error_memory
from forecasting.forecaster import Forecaster
from forecasting.guards import guarded
from forecasting.quantiles import GRID, QuantileForecast
from forecasting.seasonal_naive import SeasonalNaive
from training.backtest import Backtest, Windows, backtest
from training.choosing import choose
from training.fitting import Fit, fits, pool, run
from training.measure import DemandHistory, read_demand
from training.ports import (
    Champions,
    ForecastSink,
    HistorySource,
    LimitSource,
    NoLimits,
    Partition,
    Progress,
    SeriesForecast,
)
from training.recipe import Choice

NAIVE = SeasonalNaive().name


@dataclass(frozen=True)
class TrainingSettings:
    """How training is done.

    Attributes:
        horizon: buckets ahead.
        seed: seed of every draw.
        models: names of the models to try, None for the whole catalogue of the granularity; the seasonal naive, which
            everything is measured against, always takes part.
        origins: rolling origins to compare models on, at most.
        n_jobs: processes to spread the work over.
    """

    horizon: int
    seed: int = 0
    models: tuple[str, ...] | None = None
    origins: int = 4
    n_jobs: int = 1

    def catalogue(self, granularity: Granularity) -> tuple[Forecaster, ...]:
        """The models to try."""
        if self.models is None:
            return catalogue(granularity)
        return tuple(model(name, granularity) for name in dict.fromkeys((NAIVE, *self.models)))


@dataclass(frozen=True)
class Ports:
    """The world, as the pipeline sees it."""

    history: HistorySource
    sink: ForecastSink
    champions: Champions
    limits: LimitSource = field(default_factory=NoLimits)


@dataclass(frozen=True)
class PanelForecast:
    """The forecast of a panel.

    Attributes:
        panel: the history that it continues.
        quantiles: at `GRID`, for every series; one that nothing is known of is among the failures.
        memories: past errors per series, for joint paths.
        choices: model and reasons per series.
    """

    panel: Panel
    quantiles: QuantileForecast
    memories: tuple[ErrorMemory, ...]
    choices: tuple[Choice, ...]


def silent(phase: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
    del phase, done, total


def check_horizon(horizon: int, granularity: Granularity) -> None:
    """Refuse horizons that are not positive or beyond the limit of the granularity.

    Raises:
        Invalid: with the limit.
    """
    limit = granularity.rhythm.horizon_limit
    if not 1 <= horizon <= limit:
        raise Invalid(
            f"a horizon of {horizon} is outside 1 to {limit}, which is how far forecasts by the {granularity} go; "
            "ask for fewer steps, or for a coarser granularity"
        )


def forecast(panel: Panel, settings: TrainingSettings, progress: Progress = silent) -> PanelForecast:
    """Compare the catalogue on the recent past, choose per series, and forecast.

    Args:
        panel: history; the longer it reaches beyond the context of its granularity, the better the comparison.
        settings: how to do it.
        progress: told how far the work is.
    """
    check_horizon(settings.horizon, panel.granularity)
    models = settings.catalogue(panel.granularity)
    past = _backtest(dict.fromkeys(models, range(panel.n_series)), panel, settings, progress)
    return _continue(panel, choose(past, fallback=NAIVE), past, settings, progress)


def reforecast(
    panel: Panel, known: Sequence[Choice | None], settings: TrainingSettings, progress: Progress = silent
) -> PanelForecast:
    """Forecast with the models that were chosen before; a series without one gets the simplest model, and says so."""
    check_horizon(settings.horizon, panel.granularity)
    listed = {candidate.name: candidate for candidate in catalogue(panel.granularity)}
    choices = [_known_choice(choice, listed) for choice in known]
    trials: dict[Forecaster, Collection[int]] = {
        listed[name]: [row for row, choice in enumerate(choices) if choice.model == name]
        for name in dict.fromkeys(choice.model for choice in choices)
    }
    past = _backtest(trials | {listed[NAIVE]: range(panel.n_series)}, panel, settings, progress)
    return _continue(panel, choices, past, settings, progress)


def retrain(partition: Partition, ports: Ports, settings: TrainingSettings, progress: Progress) -> str:
    """Train one partition anew and save its forecasts.

    Returns:
        The fingerprint of the history that was read.
    """
    asked = _read_demand(partition, ports, settings)
    _save(_measured(forecast(asked.panel, settings, progress), asked), partition, ports.sink)
    return fingerprint(asked.panel)


def refresh(partition: Partition, ports: Ports, settings: TrainingSettings, progress: Progress) -> str:
    """Forecast one partition anew with the models chosen before, and save the forecasts.

    Returns:
        The fingerprint of the history that was read.
    """
    asked = _read_demand(partition, ports, settings)
    known = ports.champions.choices(partition.series_ids, partition.granularity)
    choices = [known.get(series_id) for series_id in partition.series_ids]
    _save(_measured(reforecast(asked.panel, choices, settings, progress), asked), partition, ports.sink)
    return fingerprint(asked.panel)


def history_length(granularity: Granularity, settings: TrainingSettings) -> int:
    """Buckets to read: the context of the models before each of the windows they are compared on."""
    rhythm = granularity.rhythm
    return rhythm.context + settings.origins * min(settings.horizon, rhythm.backtest_horizon)


def fingerprint(panel: Panel) -> str:
    """SHA-256 over what was read: identities, units, grid and values."""
    digest = hashlib.sha256()
    for part in (*map(repr, panel.keys), *panel.units, panel.granularity, panel.start.isoformat()):
        digest.update(part.encode() + b"\0")
    digest.update(np.ascontiguousarray(panel.values, dtype="<f8").tobytes())
    return digest.hexdigest()


def own_seed(key: object) -> int:
    """A number that is the same for the same series everywhere."""
    return zlib.crc32(str(key).encode())


def _read_demand(partition: Partition, ports: Ports, settings: TrainingSettings) -> DemandHistory:
    context = history_length(partition.granularity, settings)
    return read_demand(partition, ports.history, ports.limits, context, settings.seed)


def _measured(made: PanelForecast, asked: DemandHistory) -> PanelForecast:
    return replace(made, quantiles=asked.widened(made.quantiles), choices=asked.noted(made.choices))


def _known_choice(choice: Choice | None, listed: Collection[str]) -> Choice:
    """A choice to forecast with again; what went wrong in an earlier forecast does not matter any more."""
    if choice is not None and choice.model in listed:
        return replace(choice, served_by=None, fallback_reason="", latent=None)
    cause = "new since the last retraining" if choice is None else f"{choice.model} is no longer in the catalogue"
    return Choice(NAIVE, warnings=(f"{cause}, so the {NAIVE} is used unchecked",))


def _backtest(
    trials: Mapping[Forecaster, Collection[int]], panel: Panel, settings: TrainingSettings, progress: Progress
) -> Backtest:
    horizon = min(settings.horizon, panel.granularity.rhythm.backtest_horizon)
    windows = Windows.over(panel.n_steps, horizon, settings.origins)
    with pool(settings.n_jobs) as on:
        return backtest(trials, panel, windows, settings.seed, on, progress)


def _continue(
    whole: Panel, choices: Sequence[Choice], past: Backtest, settings: TrainingSettings, progress: Progress
) -> PanelForecast:
    """Fit the chosen models to the newest history; what fails or is implausible is replaced by the seasonal naive."""
    panel = whole.last(whole.granularity.rhythm.context)
    naive = SeasonalNaive().fit(panel, seed=settings.seed).predict(settings.horizon, GRID)
    values = np.full_like(naive.values, np.nan)
    failures: dict[int, str] = {}
    work = list(_final_work(panel, choices, settings.horizon))
    progress("forecast", 0, len(work))
    with pool(settings.n_jobs) as on:
        for done, (fit, predicted, failed) in enumerate(run(work, settings.seed, on), start=1):
            values[list(fit.rows)] = predicted
            failures |= failed
            progress("forecast", done, len(work))
    safe, replaced = guarded(QuantileForecast(GRID, values, failures), panel, naive)
    final = tuple(_after_guard(choice, replaced.get(row)) for row, choice in enumerate(choices))
    memories = tuple(_memory(past, row, choice.maker, panel) for row, choice in enumerate(final))
    return PanelForecast(panel, safe, memories, final)


def _final_work(panel: Panel, choices: Sequence[Choice], horizon: int) -> Iterator[Fit]:
    for name in dict.fromkeys(choice.model for choice in choices):
        rows = [row for row, choice in enumerate(choices) if choice.model == name]
        yield from fits(model(name, panel.granularity), panel, rows, horizon, GRID)


def _after_guard(choice: Choice, reason: str | None) -> Choice:
    if reason is None:
        return choice
    return replace(choice, served_by=NAIVE, fallback_reason=reason)


def _memory(past: Backtest, row: int, maker: str, panel: Panel) -> ErrorMemory:
    errors = past.errors[past.models.index(maker), row]
    return error_memory(errors, number(panel.end, panel.granularity), panel.granularity.rhythm.memory)


def _save(made: PanelForecast, partition: Partition, sink: ForecastSink) -> None:
    """Save what was forecast; a series of which nothing is known has no forecast, and the sink is told why."""
    failures = made.quantiles.failures
    forecasts = [
        SeriesForecast(series_id, made.panel.end, made.quantiles.values[row], made.memories[row], made.choices[row])
        for row, series_id in enumerate(partition.series_ids)
        if row not in failures
    ]
    sink.save(forecasts, {partition.series_ids[row]: reason for row, reason in failures.items()})
