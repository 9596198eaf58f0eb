"""A scenario: a named list of events, which may build on other scenarios."""

from collections.abc import Mapping
from dataclasses import dataclass

from demand.errors import Invalid, NotFound
from planning.scenarios.contradictions import check_events
from planning.scenarios.events import Event


@dataclass(frozen=True)
class Scenario:
    """What may happen, told as events.

    Attributes:
        name: what it is called.
        events: in the order in which they are applied; the order matters where demand is added and multiplied.
        description: what it is about, in words.
        based_on: names of scenarios whose events come before its own.
        version: of what it says; every change is a new one.
    """

    name: str
    events: tuple[Event, ...] = ()
    description: str = ""
    based_on: tuple[str, ...] = ()
    version: int = 1

    def __post_init__(self) -> None:
        if not self.name:
            raise Invalid("a scenario has no name; give one")
        check_events(self.events)


def all_events(scenario: Scenario, others: Mapping[str, Scenario]) -> tuple[Event, ...]:
    """The events of a scenario and of those that it builds on, which come first; each scenario counts once.

    Args:
        scenario: whose.
        others: scenarios by name, of which those that it builds on are taken.

    Raises:
        NotFound: it builds on one that is not there.
        Invalid: it builds on itself by a circle of others, or its events and theirs contradict each other.
    """
    ordered: dict[str, Scenario] = {}
    _collect(scenario, others, (), ordered)
    events = tuple(event for each in ordered.values() for event in each.events)
    check_events(events)
    return events


def _collect(
    scenario: Scenario, others: Mapping[str, Scenario], above: tuple[str, ...], ordered: dict[str, Scenario]
) -> None:
    if scenario.name in above:
        circle = " -> ".join([*above[above.index(scenario.name) :], scenario.name])
        raise Invalid(f"scenarios are based on each other in a circle: {circle}; correct `based_on`")
    for name in scenario.based_on:
        if name not in others and name != scenario.name:
            known = ", ".join(sorted(others)) or "none"
            raise NotFound(f"scenario {scenario.name!r} is based on {name!r}, which is not there; there are: {known}")
        if name not in ordered:
            following = scenario if name == scenario.name else others[name]
            _collect(following, others, (*above, scenario.name), ordered)
    ordered[scenario.name] = scenario
