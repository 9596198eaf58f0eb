"""From history to published forecasts: backtest, learn, fit, combine, publish."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.history import Panel
from forecasting.catalogue import PRIOR, Preset, catalogue, model
from forecasting.forecaster import Forecaster
from forecasting.seasonal_naive import SeasonalNaive
from training.assembly import PanelForecast, Plan, assemble
from training.backtest import Windows, backtest
from training.coldstart import KIN, borrow
from training.fitting import Workers
from training.following import brought_up, remembered
from training.implication import implications
from training.knowledge import telling
from training.learning import learn, unlearned
from training.ports import Champions, ForecastSink, HistorySource, Known, Partition, Progress, SeriesForecast

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
    panel: Panel, settings: TrainingSettings, progress: Progress = silent, workers: Workers | None = None
) -> PanelForecast:
    """Try the catalogue on the recent past, learn weights and widths from it, and forecast.

    Args:
        panel: history; the longer it reaches beyond the context of its granularity, the better the comparison.
        settings: how to do it.
        progress: told how far the work is.
        workers: where third-party models are fitted; processes for this call only where none are given.
    """
    check_horizon(settings.horizon, panel.granularity)
    if workers is None:
        with Workers(settings.n_jobs) as own:
            return forecast(panel, settings, progress, own)
    listed = settings.catalogue(panel.granularity)
    models = tuple(each for each in listed if each.name != KIN)
    prior = np.array([PRIOR[each.name] for each in models])
    horizon = min(settings.horizon, panel.granularity.rhythm.backtest_horizon)
    past = backtest(
        models, panel, Windows.over(panel.n_steps, horizon, settings.origins), settings.seed, workers, progress
    )
    if past.windows.steps:
        lesson = learn(past, prior, panel)
        choices, memories = lesson.choices, remembered(lesson.errors, panel)
    else:
        choices = unlearned(past.models, prior, panel)
        memories = remembered(np.full((panel.n_series, 0), np.nan), panel)
    if len(listed) > len(models):
        choices = borrow(choices, panel)
    plan = Plan(listed, choices, memories)
    return telling(assemble(panel, plan, settings.horizon, settings.seed, workers, progress))


def reforecast(
    panel: Panel,
    known: Sequence[Known | None],
    settings: TrainingSettings,
    progress: Progress = silent,
    workers: Workers | None = None,
) -> PanelForecast:
    """Forecast with the weights that were learned before, and widths that have followed what came true since.

    A series that is new since then gets the fleet's weights and wider intervals, and says so.
    """
    check_horizon(settings.horizon, panel.granularity)
    if workers is None:
        with Workers(settings.n_jobs) as own:
            return reforecast(panel, known, settings, progress, own)
    models = tuple(
        {each.name: each for each in (*catalogue(panel.granularity), *settings.catalogue(panel.granularity))}.values()
    )
    choices, memories = brought_up(panel, known, [each.name for each in models])
    choices = borrow(choices, panel)
    plan = Plan(models, choices, memories)
    return telling(assemble(panel, plan, settings.horizon, settings.seed, workers, progress))


def retrain(
    partition: Partition, ports: Ports, settings: TrainingSettings, progress: Progress, workers: Workers | None = None
) -> str:
    """Train one partition anew and save its forecasts.

    Returns:
        The fingerprint of the history that was read.
    """
    panel = ports.history.panel(partition, history_length(partition.granularity, settings))
    _save(forecast(panel, settings, progress, workers), partition, ports.sink)
    return fingerprint(panel)


def refresh(
    partition: Partition, ports: Ports, settings: TrainingSettings, progress: Progress, workers: Workers | None = None
) -> str:
    """Forecast one partition anew with what was learned before, and save the forecasts.

    Returns:
        The fingerprint of the history that was read.
    """
    panel = ports.history.panel(partition, partition.granularity.rhythm.context)
    known = ports.champions.known(partition)
    made = reforecast(panel, [known.get(series_id) for series_id in partition.series_ids], settings, progress, workers)
    _save(made, partition, ports.sink)
    return fingerprint(panel)


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
