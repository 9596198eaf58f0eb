from dataclasses import replace

import pytest

from demand.errors import Conflict, Invalid, NotFound
from demand.series import Selection
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.scenario import Scenario
from service.store.capacity_blocks import Signature
from service.store.engine import Store
from service.store.scenarios import OutdatedScenario, ScenarioExists, ScenarioNotFound, StoredScenario
from tests.planning.scenarios.making import known, moment

ANNA = Signature("anna", "she knows")


def leaves(name: str, region: str = "eu", share: float = 0.5) -> TenantLeaves:
    return TenantLeaves(name=name, selection=Selection(region=(region,)), at=moment("2026-05-01"), share=known(share))


ONE = Scenario("one", (leaves("a"),), "the first")


def create(store: Store, scenario: Scenario) -> StoredScenario:
    with store.begin() as unit:
        return unit.scenarios.create(scenario, ANNA)


def change(store: Store, scenario: Scenario, **more: int) -> StoredScenario:
    with store.begin() as unit:
        return unit.scenarios.replace(scenario, **more)


def read(store: Store, name: str, version: int | None = None) -> StoredScenario:
    with store.read() as unit:
        return unit.scenarios.get(name, version)


def names(store: Store, **part: object) -> list[str]:
    with store.read() as unit:
        return [stored.scenario.name for stored in unit.scenarios.find(**part)]  # type: ignore[arg-type]


def test_a_scenario_is_read_as_it_was_stored(store: Store) -> None:
    stored = create(store, ONE)
    assert stored == read(store, "one")
    assert stored.scenario == ONE
    assert (stored.signature, stored.archived_at) == (ANNA, None)


def test_a_change_is_a_new_version_and_the_old_one_can_be_read(store: Store) -> None:
    create(store, ONE)
    other = replace(ONE, description="the second", events=(leaves("a", share=0.7),))
    changed = change(store, other, expected_version=1)
    assert changed.scenario == replace(other, version=2)
    assert read(store, "one").scenario.version == 2
    assert read(store, "one", 1).scenario == ONE
    with store.read() as unit:
        assert [each.scenario.version for each in unit.scenarios.versions("one")] == [1, 2]


def test_to_say_the_same_again_is_no_change(store: Store) -> None:
    create(store, ONE)
    assert change(store, ONE).scenario.version == 1


def test_a_change_on_old_grounds_is_refused(store: Store) -> None:
    create(store, ONE)
    change(store, replace(ONE, description="else"))
    with pytest.raises(OutdatedScenario, match="has version 2 and not 1 any more"):
        change(store, ONE, expected_version=1)


def test_a_name_is_given_once_and_again_after_it_was_archived(store: Store) -> None:
    create(store, ONE)
    with pytest.raises(ScenarioExists, match="PUT /v1/scenarios/one"):
        create(store, ONE)
    with store.begin() as unit:
        assert unit.scenarios.archive("one", expected_version=1).archived_at is not None
    assert names(store) == []
    assert names(store, with_archived=True) == ["one"]
    assert read(store, "one").scenario == ONE
    with pytest.raises(ScenarioNotFound), store.begin() as unit:
        unit.scenarios.archive("one")
    with pytest.raises(ScenarioNotFound):
        change(store, ONE)
    assert create(store, ONE).scenario.version == 2
    assert names(store) == ["one"]


def test_scenarios_are_listed_by_name_page_by_page(store: Store) -> None:
    for name in "bca":
        create(store, replace(ONE, name=name))
    assert names(store) == ["a", "b", "c"]
    assert names(store, limit=1, after="a") == ["b"]


def test_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(ScenarioNotFound, match="scenario 'x' is not stored"):
        read(store, "x")
    create(store, ONE)
    with pytest.raises(ScenarioNotFound, match="has no version 7"):
        read(store, "one", 7)
    with pytest.raises(ScenarioNotFound), store.read() as unit:
        unit.scenarios.versions("x")


def test_scenarios_build_on_stored_ones_and_not_on_themselves(store: Store) -> None:
    with pytest.raises(NotFound, match="based on 'one', which is not there"):
        create(store, Scenario("two", (leaves("b", "us"),), based_on=("one",)))
    create(store, ONE)
    create(store, Scenario("two", (leaves("b", "us"),), based_on=("one",)))
    with pytest.raises(Invalid, match="in a circle: one -> two -> one"):
        change(store, replace(ONE, based_on=("two",)))
    with pytest.raises(Conflict, match="is what two is based on"), store.begin() as unit:
        unit.scenarios.archive("one")


def test_a_change_that_would_break_what_is_built_on_it_is_refused(store: Store) -> None:
    create(store, ONE)
    create(store, Scenario("two", (leaves("b", "us"),), based_on=("one",)))
    with pytest.raises(Invalid, match="scenario 'two' is based on 'one' and would no longer hold"):
        change(store, replace(ONE, events=(leaves("a"), leaves("c", "us"))))
    assert read(store, "one").scenario.version == 1
