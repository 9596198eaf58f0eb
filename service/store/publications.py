"""What is served, what was served at any instant before, and the one way in which that changes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    FromClause,
    ScalarSelect,
    String,
    func,
    insert,
    literal,
    literal_column,
    select,
)

from demand.calendar import Granularity
from demand.series import Selection
from service.store.ids import among
from service.store.instants import first_hour, from_micros, to_hour, to_micros
from service.store.locks import PUBLICATION_LOCK, take_lock
from service.store.publication_tables import ISSUE
from service.store.series import selected
from service.store.tables import FORECAST, PUBLICATION, RUN, SERIES
from service.store.unscored import note_published
from service.store.upserts import insert_for

LONGEST_HOURS = {Granularity.HOUR: 1, Granularity.DAY: 24, Granularity.WEEK: 168, Granularity.MONTH: 31 * 24}
_NAMES = ["series_id", "granularity", "run_id", "published_at"]


class PublicationRepository:
    """Which forecasts are served and were served."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def publish(
        self,
        run_id: str,
        granularity: Granularity,
        at: datetime,
        *,
        series_ids: Sequence[int] | None = None,
        even_older: bool = False,
    ) -> int:
        """Serve the forecasts of a run from now on, and note that they came to be served.

        A series that is served by this run already stays as it is.

        Args:
            run_id: the run, with its recipe.
            granularity: of its forecasts.
            at: the present instant; what is noted is later than all that was noted before, even if the clock went back.
            series_ids: only these; all that the run has forecast if not given.
            even_older: also where the forecast that is served comes from a run that read a newer state of history,
                which stays otherwise.

        Returns:
            How many series are served by this run that were not before.
        """
        take_lock(self._connection, PUBLICATION_LOCK)
        moment = self._next(at)
        made = select(FORECAST.c.series_id, literal(granularity.value), FORECAST.c.run_id, literal(moment, BigInteger))
        made = made.where(FORECAST.c.run_id == run_id)
        if series_ids is not None:
            made = made.where(among(FORECAST.c.series_id, series_ids, self._connection.dialect))
        # In one order, or two transactions that touch the same rows would wait for each other.
        statement = insert_for(self._connection, PUBLICATION).from_select(_NAMES, made.order_by(FORECAST.c.series_id))
        changes = PUBLICATION.c.run_id != statement.excluded.run_id
        if not even_older:
            changes &= _known_until("excluded.run_id") >= _known_until("publication.run_id")
        new = {name: statement.excluded[name] for name in ("run_id", "published_at")}
        self._connection.execute(statement.on_conflict_do_update(index_elements=_NAMES[:2], set_=new, where=changes))
        same = (FORECAST.c.run_id == PUBLICATION.c.run_id) & (FORECAST.c.series_id == PUBLICATION.c.series_id)
        moved = select(*(PUBLICATION.c[name] for name in _NAMES), FORECAST.c.start_hour).join(FORECAST, same)
        moved = moved.where(PUBLICATION.c.run_id == run_id, PUBLICATION.c.published_at == moment)
        noted = insert(ISSUE).from_select([*_NAMES, "start_hour"], moved.order_by(PUBLICATION.c.series_id))
        count = self._connection.execute(noted, execution_options={"preserve_rowcount": True}).rowcount
        note_published(self._connection, moment)
        return count

    def first_at(self, selection: Selection, granularity: Granularity) -> datetime | None:
        """When a forecast of any of the selected series was published for the first time; None if none ever was."""
        first = select(func.min(ISSUE.c.published_at)).join(SERIES, SERIES.c.id == ISSUE.c.series_id)
        first = first.where(ISSUE.c.granularity == granularity.value, *selected(selection))
        found = self._connection.execute(first).scalar()
        return None if found is None else from_micros(found)

    def instants(
        self, selection: Selection, granularity: Granularity, about: tuple[datetime, datetime]
    ) -> list[datetime]:
        """When forecasts of any of the selected series were published that may cover some stretch, the latest first.

        Args:
            selection: the part of the fleet.
            granularity: of the forecasts.
            about: the first moment of the stretch and the moment after its last.
        """
        longest = LONGEST_HOURS[granularity]
        statement = (
            select(ISSUE.c.published_at)
            .distinct()
            .join(SERIES, SERIES.c.id == ISSUE.c.series_id)
            .join(FORECAST, (FORECAST.c.run_id == ISSUE.c.run_id) & (FORECAST.c.series_id == ISSUE.c.series_id))
            .where(ISSUE.c.granularity == granularity.value, *selected(selection))
            .where(ISSUE.c.start_hour < first_hour(about[1]))
            .where(FORECAST.c.start_hour + FORECAST.c.n_steps * longest > to_hour(about[0]))
            .order_by(ISSUE.c.published_at.desc())
        )
        return [from_micros(moment) for moment in self._connection.execute(statement).scalars()]

    def _next(self, at: datetime) -> int:
        newest = select(ISSUE.c.published_at).order_by(ISSUE.c.id.desc()).limit(1)
        found = self._connection.execute(newest).scalar()
        return to_micros(at) if found is None else max(to_micros(at), found + 1)


def served(as_of: datetime | None = None) -> FromClause:
    """What is served, or was at an instant, of every series and granularity.

    Returns:
        Rows of series_id, granularity, run_id and published_at.
    """
    if as_of is None:
        return PUBLICATION
    issued = ISSUE.alias("issued")
    newest = (
        select(issued.c.id)
        .where(issued.c.series_id == PUBLICATION.c.series_id, issued.c.granularity == PUBLICATION.c.granularity)
        .where(issued.c.published_at <= to_micros(as_of))
        .order_by(issued.c.published_at.desc(), issued.c.id.desc())
        .limit(1)
        .correlate(PUBLICATION)
        .scalar_subquery()
    )
    # From each pointer one step into the index of the log, however long that is: whatever was ever served has one.
    statement = select(*(ISSUE.c[name] for name in _NAMES)).join_from(PUBLICATION, ISSUE, ISSUE.c.id == newest)
    return statement.subquery("was_served")


def _known_until(run_id: str) -> ScalarSelect[int]:
    """The instant whose state of history a run has read, before all others where nothing was stored.

    Args:
        run_id: where its id stands in a conflict between rows, which is no FROM that SQLAlchemy would know.
    """
    known = select(func.coalesce(RUN.c.as_of, 0)).where(RUN.c.id == literal_column(run_id, String))
    return known.scalar_subquery()
