from dataclasses import replace

import pytest

from demand.errors import Invalid, NotFound
from demand.series import Selection
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.scenario import Scenario, all_events
from tests.planning.scenarios.making import ALL_TRAINING, known, moment


def event(name: str, at: str = "2026-05-01") -> TenantLeaves:
    return TenantLeaves(name=name, selection=ALL_TRAINING, at=moment(at), share=known(0.1))


def scenario(name: str, *based_on: str, events: tuple[TenantLeaves, ...] = ()) -> Scenario:
    return Scenario(name, events, based_on=based_on)


def test_what_a_scenario_builds_on_comes_first_and_once() -> None:
    others = {
        each.name: each
        for each in (
            scenario("root", events=(event("r"),)),
            scenario("left", "root"),
            scenario("right", "root"),
        )
    }
    top = scenario("top", "left", "right")
    assert [each.name for each in all_events(top, others)] == ["r"]


def test_events_keep_their_order() -> None:
    regions = [Selection(region=(name,)) for name in "abc"]
    named = [replace(event(name), selection=region) for name, region in zip("abc", regions, strict=True)]
    others = {"one": Scenario("one", (named[2],)), "two": Scenario("two", (named[0],), based_on=("one",))}
    events = all_events(Scenario("three", (named[1],), based_on=("two",)), others)
    assert [each.name for each in events] == ["c", "a", "b"]


def test_events_of_a_scenario_may_not_contradict_those_that_it_builds_on() -> None:
    with pytest.raises(Invalid, match="leaves twice"):
        all_events(Scenario("two", (event("b"),), based_on=("one",)), {"one": Scenario("one", (event("a"),))})


def test_circles_are_refused_by_their_names() -> None:
    others = {each.name: each for each in (scenario("b", "c"), scenario("c", "a"), scenario("a", "b"))}
    with pytest.raises(Invalid, match="in a circle: a -> b -> c -> a; correct `based_on`"):
        all_events(others["a"], others)
    with pytest.raises(Invalid, match="in a circle: x -> x"):
        all_events(scenario("x", "x"), {})


def test_what_is_built_on_must_be_there() -> None:
    with pytest.raises(NotFound, match="based on 'b', which is not there; there are: c"):
        all_events(scenario("a", "b"), {"c": scenario("c")})


def test_a_scenario_has_a_name_and_no_contradiction() -> None:
    with pytest.raises(Invalid, match="no name"):
        Scenario("")
    with pytest.raises(Invalid, match="two events"):
        Scenario("a", (event("x"), event("x")))
