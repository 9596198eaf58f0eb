"""From history to published forecasts: backtest, learn, fit, combine, publish."""

import hashlib
import zlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from demand.calendar import Granularity
from demand.covariates import NO_COVARIATES, Covariates
from demand.errors import Invalid
from demand.history import Panel
from forecasting.adjustment import adjust
from forecasting.catalogue import PRIOR, Preset, catalogue, model
from forecasting.forecaster import Forecaster
from forecasting.seasonal_naive import SeasonalNaive
from training.assembly import PanelForecast, Plan, assemble
from training.backtest import Windows, backtest
from training.coldstart import KIN, borrow
from training.covariates import NOTHING_BESIDE, restored
from training.fitting import Workers
from training.following import brought_up, remembered
from training.implication import implications
from training.knowledge import telling
from training.learning import learn, unlearned
from training.measure import DemandHistory, read_demand
from training.ports import (
    Champions,
    CovariateSource,
    ForecastSink,
    HistorySource,
    Known,
    LimitSource,
    NoLimits,
    Partition,
    Progress,
    SeriesForecast,
)

NAIVE = SeasonalNaive().name


@dataclass(frozen=True)
class TrainingSettings:
    """How training is done.

    Attributes:
        horizon: buckets ahead.
        seed: seed of every draw.
        preset: which part of the catalogue is tried.
        models: names of the models to try instead of the preset's; the seasonal naive, which everything is measured
            against, always takes part.
        origins: rolling origins to learn from, at most.
        n_jobs: processes that third-party models are fitted in.
    """

    horizon: int
    seed: int = 0
    preset: Preset = Preset.BALANCED
    models: tuple[str, ...] | None = None
    origins: int = 4
    n_jobs: int = 1

    def catalogue(self, granularity: Granularity) -> tuple[Forecaster, ...]:
        """The models to try, the seasonal naive first."""
        if self.models is None:
            return catalogue(granularity, self.preset)
        return tuple(model(name, granularity) for name in dict.fromkeys((NAIVE, *self.models)))


@dataclass(frozen=True)
class Ports:
    """The world, as the pipeline sees it."""

    history: HistorySource
    sink: ForecastSink
    champions: Champions
    beside: CovariateSource = NOTHING_BESIDE
    limits: LimitSource = field(default_factory=NoLimits)


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


def forecast(
    panel: Panel,
    settings: TrainingSettings,
    progress: Progress = silent,
    *,
    covariates: Covariates = NO_COVARIATES,
    workers: Workers | None = None,
) -> PanelForecast:
    """Try the catalogue on the recent past, learn weights and widths from it, and forecast.

    Args:
        panel: history; the longer it reaches beyond the context of its granularity, the better the comparison.
        settings: how to do it.
        progress: told how far the work is.
        covariates: what is known beside the history.
        workers: where third-party models are fitted; processes for this call only where none are given.
    """
    check_horizon(settings.horizon, panel.granularity)
    adjusted = adjust(panel, covariates, settings.horizon)
    with nullcontext(workers) if workers else Workers(settings.n_jobs) as at_work:
        plan = _learned(adjusted.panel, settings, progress, at_work)
        made = assemble(adjusted.panel, plan, settings.horizon, settings.seed, at_work, progress)
    return telling(restored(adjusted, made, panel))


def reforecast(
    panel: Panel,
    known: Sequence[Known | None],
    settings: TrainingSettings,
    progress: Progress = silent,
    *,
    covariates: Covariates = NO_COVARIATES,
    workers: Workers | None = None,
) -> PanelForecast:
    """Forecast with the weights that were learned before, and widths that have followed what came true since.

    A series that is new since then gets the fleet's weights and wider intervals, and says so.
    """
    check_horizon(settings.horizon, panel.granularity)
    adjusted = adjust(panel, covariates, settings.horizon)
    listed = (*catalogue(panel.granularity), *settings.catalogue(panel.granularity))
    models = tuple({each.name: each for each in listed}.values())
    choices, memories = brought_up(adjusted.seen, known, [each.name for each in models])
    if any(each.name == KIN for each in settings.catalogue(panel.granularity)):
        choices = borrow(choices, adjusted.panel)
    plan = Plan(models, choices, memories)
    with nullcontext(workers) if workers else Workers(settings.n_jobs) as at_work:
        made = assemble(adjusted.panel, plan, settings.horizon, settings.seed, at_work, progress)
    return telling(restored(adjusted, made, panel))


def retrain(
    partition: Partition, ports: Ports, settings: TrainingSettings, progress: Progress, workers: Workers | None = None
) -> str:
    """Train one partition anew and save its forecasts.

    Returns:
        The fingerprint of the history that was read.
    """
    context = history_length(partition.granularity, settings)
    asked = read_demand(partition, ports.history, ports.limits, context, settings.seed)
    beside = ports.beside.covariates(partition).concerning(asked.panel.keys)
    made = forecast(asked.panel, settings, progress, covariates=beside, workers=workers)
    _save(_measured(made, asked), partition, ports.sink)
    return fingerprint(asked.panel, beside)


def refresh(
    partition: Partition, ports: Ports, settings: TrainingSettings, progress: Progress, workers: Workers | None = None
) -> str:
    """Forecast one partition anew with what was learned before, and save the forecasts.

    Returns:
        The fingerprint of the history that was read.
    """
    context = partition.granularity.rhythm.context
    asked = read_demand(partition, ports.history, ports.limits, context, settings.seed)
    beside = ports.beside.covariates(partition).concerning(asked.panel.keys)
    by_id = ports.champions.known(partition)
    known = [by_id.get(series_id) for series_id in partition.series_ids]
    made = reforecast(asked.panel, known, settings, progress, covariates=beside, workers=workers)
    _save(_measured(made, asked), partition, ports.sink)
    return fingerprint(asked.panel, beside)


def history_length(granularity: Granularity, settings: TrainingSettings) -> int:
    """Buckets to read: the context of the models before each of the windows they are compared on."""
    rhythm = granularity.rhythm
    return rhythm.context + settings.origins * min(settings.horizon, rhythm.backtest_horizon)


def fingerprint(panel: Panel, beside: Covariates = NO_COVARIATES) -> str:
    """SHA-256 over what was read: identities, units, grid and values, and caps and covariates if there are any."""
    digest = hashlib.sha256()
    for part in (*map(repr, panel.keys), *panel.units, panel.granularity, panel.start.isoformat()):
        digest.update(part.encode() + b"\0")
    digest.update(np.ascontiguousarray(panel.values, dtype="<f8").tobytes())
    if panel.caps is not None:
        digest.update(np.ascontiguousarray(panel.caps, dtype="<f8").tobytes())
    for covariate in beside.identity():
        digest.update(covariate)
    return digest.hexdigest()


def own_seed(key: object) -> int:
    """A number that is the same for the same series everywhere."""
    return zlib.crc32(str(key).encode())


def _measured(made: PanelForecast, asked: DemandHistory) -> PanelForecast:
    return replace(made, quantiles=asked.widened(made.quantiles), choices=asked.noted(made.choices))


def _learned(panel: Panel, settings: TrainingSettings, progress: Progress, workers: Workers) -> Plan:
    """What the recent past teaches about each series."""
    listed = settings.catalogue(panel.granularity)
    models = tuple(each for each in listed if each.name != KIN)
    prior = np.array([PRIOR[each.name] for each in models])
    horizon = min(settings.horizon, panel.granularity.rhythm.backtest_horizon)
    windows = Windows.over(panel.n_steps, horizon, settings.origins)
    past = backtest(models, panel, windows, settings.seed, workers, progress)
    if np.isfinite(past.outcomes).any():
        lesson = learn(past, prior, panel)
        choices, errors = lesson.choices, lesson.errors
    else:
        choices = unlearned([each.name for each in models], prior, panel)
        errors = np.full((panel.n_series, 0), np.nan)
    if len(listed) > len(models):
        choices = borrow(choices, panel)
    return Plan(listed, choices, remembered(errors, panel))


def _save(made: PanelForecast, partition: Partition, sink: ForecastSink) -> None:
    """Save what was forecast; a series of which nothing is known has no forecast, and the sink is told why."""
    failures = made.quantiles.failures
    implied = implications(made, [own_seed(key) for key in made.panel.keys])
    forecasts = [
        SeriesForecast(
            series_id,
            made.panel.end,
            made.quantiles.values[row],
            made.memories[row],
            made.choices[row],
            made.members_of(row),
            implied[row],
        )
        for row, series_id in enumerate(partition.series_ids)
        if row not in failures
    ]
    sink.save(forecasts, {partition.series_ids[row]: reason for row, reason in failures.items()})
