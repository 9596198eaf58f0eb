"""What the steps of a run do to the store."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from demand.calendar import Granularity
from demand.errors import Invalid, Unavailable
from demand.series import Selection
from forecasting.quantiles import GRID
from service.covariates import StoredCovariates
from service.jobs.limits import StoredLimits
from service.jobs.ports import PublishedForecasts, Report, StoredForecasts, StoredHistory
from service.jobs.versions import library_versions
from service.jobs.workflows import Stopping, reason_of
from service.settings import Settings
from service.store.engine import Store
from service.store.run import Run, RunEnded, RunKind, SeriesOutcome, SeriesState
from service.store.series import StoredSeries
from service.store.unit_of_work import UnitOfWork
from training.fitting import Workers
from training.partitions import partitions
from training.pipeline import Ports, TrainingSettings, refresh, retrain
from training.ports import Partition
from training.recipe import Recipe

logger = logging.getLogger(__name__)


class Execution:
    """Carries out the steps of runs; each may be repeated, and several threads may be at it.

    Args:
        store: where runs, history and forecasts are kept.
        settings: say how training is done.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._under_way = 0
        self._workers = Workers(settings.cores)

    @property
    def is_busy(self) -> bool:
        """Whether a step is under way."""
        with self._lock:
            return self._under_way > 0

    def stop(self) -> None:
        """Let training end at the next occasion, to be done elsewhere."""
        self._stopping.set()
        self._workers.close()

    def plan(self, run_id: str) -> int:
        """Split the series of the run into partitions, and return how many; none if the run has ended.

        Raises:
            Invalid: there is nothing to forecast.
        """
        with self._busy(), self._store.begin() as unit:
            if unit.runs.get(run_id).state.is_final:
                return 0
            run = unit.runs.start(run_id, as_of=unit.observations.newest_recorded_at(), at=datetime.now(UTC))
            unit.runs.enter(run_id, "planning")
            found = unit.series.find(run.request.selection)
            planned = self._partitions(unit, run, found)
            left_out = _left_out(found, planned, run)
            if not planned:
                raise Invalid(_nothing_to_do(unit, run, left_out))
            unit.runs.save_series(run_id, left_out)
            count = len(unit.runs.plan(run_id, planned))
            unit.runs.enter(run_id, "training")
            return count

    def train(self, run_id: str, number: int) -> str:
        """Carry out one partition, and return the fingerprint of the history that was read.

        A failure ends the whole run with its reason; a series that a model cannot do never is one. Once the run has
        ended, because it was cancelled or another partition failed, this ends at its next progress, with no result.

        Raises:
            Unavailable: the store is away, so that not even the failure can be noted.
        """
        with self._busy():
            try:
                return self._train(run_id, number)
            except Unavailable:
                raise
            except RunEnded as ended:
                logger.info("partition %d is given up: %s", number, ended)
                return ""
            except Exception as error:
                if self._stopping.is_set():
                    # What fails while the process ends, such as its pool of helpers, says nothing about the run.
                    raise Stopping from error
                logger.exception("partition %d of run %s has failed", number, run_id)
                self.fail(run_id, f"partition {number}: {reason_of(error)}")
                return ""

    def publish(self, run_id: str, fingerprints: Sequence[str]) -> None:
        """Serve the forecasts of the run from now on, unless it has ended meanwhile."""
        with self._busy(), self._store.begin() as unit:
            run = unit.runs.get(run_id)
            if not run.state.is_final:
                recipe = self._recipe(run, self._models(unit, run), fingerprints)
                unit.runs.publish(run_id, recipe, datetime.now(UTC))

    def fail(self, run_id: str, reason: str) -> None:
        """End the run without publishing anything, unless it has ended already."""
        try:
            with self._store.begin() as unit:
                unit.runs.fail(run_id, reason, datetime.now(UTC))
        except RunEnded as ended:
            logger.info("%s", ended)

    def pause(self, seconds: float) -> None:
        """Wait a moment.

        Raises:
            Stopping: the worker is to stop.
        """
        if self._stopping.wait(seconds):
            raise Stopping

    def _partitions(self, unit: UnitOfWork, run: Run, found: Sequence[StoredSeries]) -> tuple[Partition, ...]:
        extents = unit.observations.extents([series.id for series in found], as_of=run.as_of)
        keys = {series.id: series.key for series in found}
        return partitions(extents, run.request.granularity, self._settings.partition_size, keys)

    def _train(self, run_id: str, number: int) -> str:
        with self._store.read() as unit:
            run = unit.runs.get(run_id)
            partition = unit.runs.partitions(run_id)[number].partition
        if run.state.is_final:
            return ""
        ports = Ports(
            StoredHistory(self._store, run.as_of),
            StoredForecasts(self._store, run_id),
            PublishedForecasts(self._store),
            StoredCovariates(self._store, run.started_at or run.created_at),
            StoredLimits(self._store, run.as_of),
        )

        def tell(phase: str, done: int, total: int) -> None:
            with self._store.begin() as unit:
                unit.runs.progress(run_id, number, phase, done, total)

        report = Report(tell, self._stopping)
        report("reading", 0, len(partition.series_ids))
        verb = retrain if run.request.kind is RunKind.RETRAIN else refresh
        fingerprint = verb(partition, ports, self._training(run), report, self._workers)
        with self._store.begin() as unit:
            unit.runs.complete(run_id, number)
        return fingerprint

    def _training(self, run: Run) -> TrainingSettings:
        return TrainingSettings(
            horizon=run.request.horizon,
            seed=run.request.seed,
            preset=run.request.preset,
            models=self._settings.models,
            n_jobs=self._settings.cores,
        )

    def _models(self, unit: UnitOfWork, run: Run) -> tuple[str, ...]:
        """The models that were tried: the catalogue, or in a refresh what had been chosen before."""
        if run.request.kind is RunKind.RETRAIN:
            return tuple(model.name for model in self._training(run).catalogue(run.request.granularity))
        choices = (series.outcome.choice for series in unit.runs.outcomes(run.id))
        return tuple(sorted({name for choice in choices if choice is not None for name in choice.weights}))

    def _recipe(self, run: Run, models: tuple[str, ...], fingerprints: Sequence[str]) -> Recipe:
        request = run.request
        return Recipe(
            granularity=request.granularity,
            horizon=request.horizon,
            levels=GRID,
            seed=request.seed,
            as_of=None if run.as_of is None else run.as_of.isoformat(),
            models=models,
            fingerprint=tuple(fingerprints),
            versions=library_versions(),
            preset=request.preset.value,
        )

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1


def _left_out(found: Sequence[StoredSeries], planned: Sequence[Partition], run: Run) -> list[SeriesOutcome]:
    """The selected series that are in no partition, with the reason."""
    wanted = run.request.granularity
    kept = {series_id for partition in planned for series_id in partition.series_ids}
    return [
        SeriesOutcome(series.id, SeriesState.SKIPPED, reason=_why_left_out(series.granularity, wanted))
        for series in found
        if series.id not in kept
    ]


def _why_left_out(own: Granularity, wanted: Granularity) -> str:
    order = list(Granularity).index
    if order(own) > order(wanted):
        return f"it is known by the {own} only; start a run with granularity {own}"
    return f"its history holds no whole {wanted} yet"


def _nothing_to_do(unit: UnitOfWork, run: Run, left_out: Sequence[SeriesOutcome]) -> str:
    request = run.request
    if left_out:
        return (
            f"none of the {len(left_out)} selected series has a history by the {request.granularity}: "
            f"{left_out[0].reason}"
        )
    if unit.series.find(Selection(), limit=1):
        return f"no stored series matches the selection ({request.selection}); list what is stored with GET /v1/series"
    return "no history is stored; send some with POST /v1/observations or `computecast ingest FILE`, then start a run"
