"""The stored scenarios, in all their versions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from demand.errors import Conflict, Invalid, NotFound
from planning.scenarios.scenario import Scenario, all_events
from service.store.capacity_blocks import UNSIGNED, Signature
from service.store.instants import from_micros, to_micros
from service.store.locks import SCENARIO_LOCK, take_lock
from service.store.scenario_documents import to_document, to_scenario
from service.store.scenario_tables import SCENARIO, SCENARIO_VERSION


@dataclass(frozen=True)
class StoredScenario:
    """A version of a scenario.

    Attributes:
        scenario: what it says.
        recorded_at: when this version was stored.
        signature: by whom and why.
        archived_at: when the scenario was archived, None if it was not.
    """

    scenario: Scenario
    recorded_at: datetime
    signature: Signature
    archived_at: datetime | None


class ScenarioNotFound(NotFound):
    """No scenario of this name is stored, or it has no such version."""

    def __init__(self, name: str, version: int | None = None) -> None:
        what = f"scenario {name!r} is not stored" if version is None else f"scenario {name!r} has no version {version}"
        super().__init__(f"{what}; list what is with GET /v1/scenarios")


class ScenarioExists(Conflict):
    """A scenario of this name is stored already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a scenario {name!r} already; store a new version with PUT /v1/scenarios/{name}")


class OutdatedScenario(Conflict):
    """The scenario has changed since it was read by who changes it now."""

    def __init__(self, name: str, present: int, expected: int) -> None:
        super().__init__(
            f"scenario {name!r} has version {present} and not {expected} any more: somebody changed it; read it again "
            "and repeat your change on what it is now"
        )


class ScenarioRepository:
    """Scenarios by name; a change is a new version, and what is archived can still be read."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def find(
        self, *, limit: int | None = None, after: str | None = None, with_archived: bool = False
    ) -> list[StoredScenario]:
        """The newest version of each scenario, by name, `limit` at most, only names behind `after`."""
        rows = self._connection.execute(_joined().where(SCENARIO.c.version == SCENARIO_VERSION.c.version))
        found = [_stored(row) for row in rows if with_archived or row.archived_at is None]
        found.sort(key=lambda stored: stored.scenario.name)
        return [stored for stored in found if after is None or stored.scenario.name > after][:limit]

    def get(self, name: str, version: int | None = None) -> StoredScenario:
        """One version of a scenario, the newest if not said otherwise.

        Raises:
            ScenarioNotFound: there is none.
        """
        wanted = SCENARIO.c.version if version is None else version
        statement = _joined().where(SCENARIO.c.name == name, SCENARIO_VERSION.c.version == wanted)
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise ScenarioNotFound(name, version if version is not None and self._present(name) is not None else None)
        return _stored(row)

    def versions(self, name: str) -> list[StoredScenario]:
        """All versions of a scenario, the oldest first.

        Raises:
            ScenarioNotFound: there is none of this name.
        """
        statement = _joined().where(SCENARIO.c.name == name).order_by(SCENARIO_VERSION.c.version)
        found = [_stored(row) for row in self._connection.execute(statement)]
        if not found:
            raise ScenarioNotFound(name)
        return found

    def create(self, scenario: Scenario, signature: Signature = UNSIGNED) -> StoredScenario:
        """Store a scenario; one of the name of an archived one follows on its versions.

        Raises:
            ScenarioExists: there is one of this name.
            NotFound: it is based on one that is not there.
            Invalid: it is based on itself, or contradicts what it is based on.
        """
        take_lock(self._connection, SCENARIO_LOCK)
        present = self._present(scenario.name)
        if present is not None and present.archived_at is None:
            raise ScenarioExists(scenario.name)
        self._check(scenario)
        if present is None:
            self._connection.execute(insert(SCENARIO).values(name=scenario.name, version=0, archived_at=None))
        return self._add_version(scenario, 0 if present is None else present.version, signature)

    def replace(
        self, scenario: Scenario, signature: Signature = UNSIGNED, *, expected_version: int | None = None
    ) -> StoredScenario:
        """Store a new version of a scenario; where it says the same already, nothing is changed.

        Raises:
            ScenarioNotFound: there is none of this name, or it is archived.
            OutdatedScenario: its version is not the expected one.
            NotFound: it is based on one that is not there.
            Invalid: it is based on itself, or contradicts what it is based on, or what is based on it.
        """
        take_lock(self._connection, SCENARIO_LOCK)
        present = self._living(scenario.name, expected_version)
        if to_document(present.scenario) == to_document(scenario):
            return present
        self._check(scenario)
        return self._add_version(scenario, present.scenario.version, signature)

    def archive(self, name: str, *, expected_version: int | None = None) -> StoredScenario:
        """Take a scenario out of the list; its versions can still be read.

        Raises:
            ScenarioNotFound: there is none of this name, or it is archived.
            OutdatedScenario: its version is not the expected one.
            Conflict: another is based on it.
        """
        take_lock(self._connection, SCENARIO_LOCK)
        self._living(name, expected_version)
        users = [stored.scenario.name for stored in self.find() if name in stored.scenario.based_on]
        if users:
            raise Conflict(f"scenario {name!r} is what {', '.join(users)} is based on; change that first")
        now = to_micros(self._clock())
        self._connection.execute(update(SCENARIO).where(SCENARIO.c.name == name).values(archived_at=now))
        return self.get(name)

    def by_name(self) -> dict[str, Scenario]:
        """The newest versions of all scenarios that are not archived."""
        return {stored.scenario.name: stored.scenario for stored in self.find()}

    def _check(self, scenario: Scenario) -> None:
        others = {**self.by_name(), scenario.name: scenario}
        all_events(scenario, others)
        for name, other in others.items():
            if name == scenario.name or scenario.name not in _below(other, others):
                continue
            try:
                all_events(other, others)
            except Invalid as error:
                raise Invalid(
                    f"scenario {name!r} is based on {scenario.name!r} and would no longer hold: {error}"
                ) from error

    def _present(self, name: str) -> Row[Any] | None:
        return self._connection.execute(select(SCENARIO).where(SCENARIO.c.name == name)).one_or_none()

    def _living(self, name: str, expected: int | None) -> StoredScenario:
        stored = self.get(name)
        if stored.archived_at is not None:
            raise ScenarioNotFound(name)
        if expected is not None and stored.scenario.version != expected:
            raise OutdatedScenario(name, stored.scenario.version, expected)
        return stored

    def _add_version(self, scenario: Scenario, present: int, signature: Signature) -> StoredScenario:
        row = {
            "name": scenario.name,
            "version": present + 1,
            "document": to_document(scenario),
            "recorded_at": to_micros(self._clock()),
            "recorded_by": signature.by,
            "note": signature.note,
        }
        self._connection.execute(insert(SCENARIO_VERSION).values(row))
        newest = update(SCENARIO).where(SCENARIO.c.name == scenario.name)
        self._connection.execute(newest.values(version=present + 1, archived_at=None))
        return self.get(scenario.name)


def _below(scenario: Scenario, others: dict[str, Scenario]) -> set[str]:
    """The names of all that a scenario is based on, through others too."""
    below: set[str] = set()
    waiting = list(scenario.based_on)
    while waiting:
        name = waiting.pop()
        if name not in below:
            below.add(name)
            waiting.extend(others[name].based_on if name in others else ())
    return below


def _joined() -> Select[Any]:
    return select(SCENARIO_VERSION, SCENARIO.c.archived_at).join(SCENARIO, SCENARIO.c.name == SCENARIO_VERSION.c.name)


def _stored(row: Row[Any]) -> StoredScenario:
    archived_at = None if row.archived_at is None else from_micros(row.archived_at)
    scenario = to_scenario(row.document, row.version)
    return StoredScenario(scenario, from_micros(row.recorded_at), Signature(row.recorded_by, row.note), archived_at)
