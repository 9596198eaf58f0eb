"""The unit of work: one transaction over all repositories."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

import psycopg
from sqlalchemy import Connection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from demand.errors import Invalid, Unavailable
from service.store.accelerators import AcceleratorRepository
from service.store.accuracy import AccuracyRepository
from service.store.capacity import CapacityRepository
from service.store.covariates import CovariateRepository
from service.store.duties import DutyRepository
from service.store.forecasts import ForecastRepository
from service.store.limits import LimitRepository
from service.store.observations import ObservationRepository
from service.store.plans import PlanRepository
from service.store.publications import PublicationRepository
from service.store.queues import QueueRepository
from service.store.runs import RunRepository
from service.store.scenarios import ScenarioRepository
from service.store.scores import ScoreRepository
from service.store.series import SeriesRepository
from service.store.topologies import TopologyRepository
from service.store.unscored import UnscoredRepository
from service.store.workers import WorkerRepository


class StoreUnavailable(Unavailable):
    """The database cannot be reached, or cannot do what is asked of it now.

    Args:
        store: where the database is, without its password.
        reason: what the database or its driver said.
    """

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"the store {store} is not available: {reason}; check that it is up and try again")


class UnitOfWork:
    """The repositories, all in one transaction that `Store` begins and ends.

    Args:
        connection: the connection of the transaction.
        clock: the present instant.
    """

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def now(self) -> datetime:
        """The present instant."""
        return self._clock()

    @cached_property
    def observations(self) -> ObservationRepository:
        """History."""
        return ObservationRepository(self._connection, self._clock)

    @cached_property
    def series(self) -> SeriesRepository:
        """What history is stored of."""
        return SeriesRepository(self._connection)

    @cached_property
    def covariates(self) -> CovariateRepository:
        """Regressors and events."""
        return CovariateRepository(self._connection)

    @cached_property
    def runs(self) -> RunRepository:
        """Training runs."""
        return RunRepository(self._connection)

    @cached_property
    def forecasts(self) -> ForecastRepository:
        """Forecasts and which of them are served."""
        return ForecastRepository(self._connection)

    @cached_property
    def publications(self) -> PublicationRepository:
        """Which forecasts are served, and were."""
        return PublicationRepository(self._connection)

    @cached_property
    def scores(self) -> ScoreRepository:
        """How published forecasts turned out."""
        return ScoreRepository(self._connection)

    @cached_property
    def accuracy(self) -> AccuracyRepository:
        """Scores of groups of forecasts."""
        return AccuracyRepository(self._connection)

    @cached_property
    def unscored(self) -> UnscoredRepository:
        """Series whose forecasts are to be scored."""
        return UnscoredRepository(self._connection)

    @cached_property
    def limits(self) -> LimitRepository:
        """Capacities, quotas and saturations."""
        return LimitRepository(self._connection, self._clock)

    @cached_property
    def accelerators(self) -> AcceleratorRepository:
        """What is known of accelerators."""
        return AcceleratorRepository(self._connection, self._clock)

    @cached_property
    def queues(self) -> QueueRepository:
        """What waited beside what was in use."""
        return QueueRepository(self._connection)

    @cached_property
    def capacity(self) -> CapacityRepository:
        """The ledger of supply."""
        return CapacityRepository(self._connection, self._clock)

    @cached_property
    def topologies(self) -> TopologyRepository:
        """Pools of supply and classes of demand."""
        return TopologyRepository(self._connection, self._clock)

    @cached_property
    def scenarios(self) -> ScenarioRepository:
        """What may happen."""
        return ScenarioRepository(self._connection, self._clock)

    @cached_property
    def plans(self) -> PlanRepository:
        """Plans that were kept."""
        return PlanRepository(self._connection, self._clock)

    @cached_property
    def workers(self) -> WorkerRepository:
        """Processes that take work."""
        return WorkerRepository(self._connection)

    @cached_property
    def duties(self) -> DutyRepository:
        """What is done by the clock."""
        return DutyRepository(self._connection)


@contextmanager
def database_errors(store: str) -> Iterator[None]:
    """Turn the database's own errors: about its state into `StoreUnavailable`, about a value into `Invalid`."""
    try:
        yield
    except (OperationalError, PoolTimeout, psycopg.OperationalError, sqlite3.OperationalError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error
        raise StoreUnavailable(store, str(reason).strip()) from error
    except (DataError, psycopg.DataError) as error:
        raise _unfit(error.orig if isinstance(error, DataError) else error) from error


def refuse_unfit(context: ExceptionContext) -> None:
    """Turn what a driver says of a value before the database has seen it, in words of Python, into `Invalid`."""
    if isinstance(context.original_exception, (OverflowError, UnicodeEncodeError)):
        raise _unfit(context.original_exception) from context.original_exception


def _unfit(reason: BaseException | None) -> Invalid:
    told = str(reason).strip().partition("\n")[0]
    return Invalid(
        f"a value cannot be stored or looked for: {told}; use texts of printable characters and numbers in their range"
    )
