"""Training runs: their life, from the request to the publication, and the progress on the way."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select, tuple_, update

from service.store.instants import to_micros
from service.store.publications import PublicationRepository
from service.store.run import (
    PartitionState,
    PlannedPartition,
    Run,
    RunEnded,
    RunNotFound,
    RunRequest,
    RunSeries,
    RunState,
    SeriesOutcome,
    SeriesState,
)
from service.store.run_rows import as_planned, as_run, as_run_series, partition_row
from service.store.tables import PARTITION, RUN, RUN_SERIES, SERIES
from service.store.upserts import upsert
from training.ports import Partition
from training.recipe import Recipe


class RunRepository:
    """The training runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, request: RunRequest, at: datetime) -> Run:
        """Store a new run, queued."""
        row = {
            "id": str(uuid4()),
            "kind": request.kind.value,
            "state": RunState.QUEUED.value,
            "granularity": request.granularity.value,
            "horizon": request.horizon,
            "seed": request.seed,
            "preset": request.preset.value,
            "selection": asdict(request.selection),
            "created_at": to_micros(at),
            "phase": "",
            "error": "",
        }
        self._connection.execute(insert(RUN).values(row))
        return self.get(str(row["id"]))

    def get(self, run_id: str) -> Run:
        """One run.

        Raises:
            RunNotFound: there is no run of this id.
        """
        row = self._connection.execute(select(RUN).where(RUN.c.id == run_id)).one_or_none()
        if row is None:
            raise RunNotFound(run_id)
        return as_run(row)

    def page(self, *, limit: int, after: str | None = None) -> list[Run]:
        """Runs, the newest first.

        Args:
            limit: how many at most.
            after: the id of the last run of the page before.

        Raises:
            RunNotFound: there is no run `after` which to go on.
        """
        statement = select(RUN).order_by(RUN.c.created_at.desc(), RUN.c.id.desc()).limit(limit)
        if after is not None:
            last = self.get(after)
            statement = statement.where(tuple_(RUN.c.created_at, RUN.c.id) < (to_micros(last.created_at), last.id))
        return [as_run(row) for row in self._connection.execute(statement)]

    def queued(self) -> list[Run]:
        """Runs that nobody has started, the oldest first."""
        return self._in_state(RunState.QUEUED)

    def running(self) -> list[Run]:
        """Runs that were started and have not ended, the oldest first."""
        return self._in_state(RunState.RUNNING)

    def start(self, run_id: str, *, as_of: datetime | None, at: datetime) -> Run:
        """Move a queued run to running and pin the state of history that it reads.

        A run that was started before, by a worker that has gone, goes on as it is: its first `as_of` stays.

        Raises:
            RunNotFound: there is no run of this id.
            RunEnded: it has ended already.
        """
        run = self._unfinished(run_id)
        if run.state is RunState.RUNNING:
            return run
        pinned = None if as_of is None else to_micros(as_of)
        self._set(run_id, state=RunState.RUNNING.value, started_at=to_micros(at), as_of=pinned)
        return self.get(run_id)

    def enter(self, run_id: str, phase: str) -> None:
        """Say what the run does now."""
        self._set(run_id, phase=phase)

    def plan(self, run_id: str, partitions: Sequence[Partition]) -> list[PlannedPartition]:
        """Store the partitions of a run, numbered from zero, with their series as waiting.

        A run that has a plan keeps it.

        Returns:
            The plan that holds from now on.
        """
        self._unfinished(run_id)
        present = self.partitions(run_id)
        if present:
            return present
        waiting = {"state": SeriesState.WAITING.value, "reason": "", "choice": None}
        numbered = list(enumerate(partitions))
        upsert(self._connection, PARTITION, [partition_row(run_id, number, part) for number, part in numbered])
        rows = [
            {"run_id": run_id, "series_id": series_id, "partition": number, **waiting}
            for number, partition in numbered
            for series_id in partition.series_ids
        ]
        upsert(self._connection, RUN_SERIES, rows, ["partition"])
        return self.partitions(run_id)

    def partitions(self, run_id: str) -> list[PlannedPartition]:
        """The plan of a run and how far each partition is; empty before there is one."""
        statement = select(PARTITION).where(PARTITION.c.run_id == run_id).order_by(PARTITION.c.number)
        return [as_planned(row) for row in self._connection.execute(statement)]

    def progress(self, run_id: str, number: int, phase: str, done: int, total: int) -> None:
        """Note that `done` of `total` pieces of a phase of one partition are finished.

        Raises:
            RunNotFound: there is no run of this id.
            RunEnded: it has ended meanwhile, so that there is nothing to go on with.
        """
        run = self.get(run_id)
        if run.state.is_final:
            raise RunEnded(run_id, run.state)
        self._set_partition(run_id, number, state=PartitionState.RUNNING.value, phase=phase, done=done, total=total)

    def complete(self, run_id: str, number: int) -> None:
        """Note that one partition is finished."""
        self._set_partition(run_id, number, state=PartitionState.DONE.value)

    def save_series(self, run_id: str, outcomes: Sequence[SeriesOutcome]) -> None:
        """Keep what became of these series; saving the same again changes nothing."""
        rows = [
            {
                "run_id": run_id,
                "series_id": outcome.series_id,
                "partition": None,
                "state": outcome.state.value,
                "reason": outcome.reason,
                "choice": None if outcome.choice is None else outcome.choice.to_json(),
            }
            for outcome in outcomes
        ]
        upsert(self._connection, RUN_SERIES, rows, ["state", "reason", "choice"])

    def outcomes(self, run_id: str, *, limit: int | None = None, after: int | None = None) -> list[RunSeries]:
        """What became of each series, by ascending series id; `after` is the last id of the page before.

        Raises:
            RunNotFound: there is no run of this id.
        """
        self.get(run_id)
        result = RUN_SERIES.c.partition, RUN_SERIES.c.state, RUN_SERIES.c.reason, RUN_SERIES.c.choice
        statement = select(SERIES, *result).join(RUN_SERIES, RUN_SERIES.c.series_id == SERIES.c.id)
        statement = statement.where(RUN_SERIES.c.run_id == run_id).order_by(SERIES.c.id).limit(limit)
        if after is not None:
            statement = statement.where(SERIES.c.id > after)
        return [as_run_series(row) for row in self._connection.execute(statement)]

    def publish(self, run_id: str, recipe: Recipe, at: datetime) -> None:
        """Serve the forecasts of this run from now on; publishing a run again changes nothing.

        A series that is served by a run which read a newer state of history stays with that one.

        Raises:
            RunNotFound: there is no run of this id.
            RunEnded: it has failed or been cancelled.
        """
        if self._ended_as(run_id, RunState.SUCCEEDED):
            return
        PublicationRepository(self._connection).publish(run_id, recipe.granularity, at)
        self._end(run_id, RunState.SUCCEEDED, at, recipe=recipe.to_json())

    def fail(self, run_id: str, error: str, at: datetime) -> None:
        """End a run that cannot go on; what was served before is served on.

        Raises:
            RunNotFound: there is no run of this id.
            RunEnded: it has succeeded or been cancelled.
        """
        if not self._ended_as(run_id, RunState.FAILED):
            self._end(run_id, RunState.FAILED, at, error=error)

    def cancel(self, run_id: str, at: datetime) -> None:
        """End a run that nobody wants any more; cancelling it again changes nothing.

        Raises:
            RunNotFound: there is no run of this id.
            RunEnded: it has succeeded or failed.
        """
        if not self._ended_as(run_id, RunState.CANCELLED):
            self._end(run_id, RunState.CANCELLED, at)

    def _in_state(self, state: RunState) -> list[Run]:
        statement = select(RUN).where(RUN.c.state == state.value).order_by(RUN.c.created_at, RUN.c.id)
        return [as_run(row) for row in self._connection.execute(statement)]

    def _unfinished(self, run_id: str) -> Run:
        """The run, locked until the end of the transaction so that only one caller changes its state."""
        row = self._connection.execute(select(RUN).where(RUN.c.id == run_id).with_for_update()).one_or_none()
        if row is None:
            raise RunNotFound(run_id)
        run = as_run(row)
        if run.state.is_final:
            raise RunEnded(run_id, run.state)
        return run

    def _ended_as(self, run_id: str, state: RunState) -> bool:
        try:
            self._unfinished(run_id)
        except RunEnded as ended:
            if ended.state is state:
                return True
            raise
        return False

    def _end(self, run_id: str, state: RunState, at: datetime, **values: Any) -> None:
        self._set(run_id, state=state.value, finished_at=to_micros(at), phase="", **values)

    def _set(self, run_id: str, **values: Any) -> None:
        if self._connection.execute(update(RUN).where(RUN.c.id == run_id).values(**values)).rowcount == 0:
            raise RunNotFound(run_id)

    def _set_partition(self, run_id: str, number: int, **values: Any) -> None:
        this = (PARTITION.c.run_id == run_id) & (PARTITION.c.number == number)
        self._connection.execute(update(PARTITION).where(this).values(**values))
