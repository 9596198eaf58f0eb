import pandas as pd
import pytest

from planning.ledger import MEGAWATTS, Block, FirstRefusal, Phase
from planning.scenarios.library import library
from planning.scenarios.scenario import Scenario
from tests.planning.scenarios.blocks import supply_of
from tests.planning.scenarios.making import START, day, happening, noisy

EXAMPLES = library(START)
LEDGER = (
    Block(
        *("leases", 3000, day("2026-06-01")),
        unit=MEGAWATTS,
        phase=Phase.LEASE,
        first_refusal=FirstRefusal(200, day("2026-12-01")),
    ),
    Block("talks", 1000, day("2027-01-01"), unit=MEGAWATTS),
)


def test_examples_are_told_apart_by_name() -> None:
    assert len({each.name for each in EXAMPLES}) == len(EXAMPLES) == 8


@pytest.mark.parametrize("scenario", EXAMPLES, ids=lambda each: each.name)
def test_every_example_changes_the_future_and_says_where_it_is_from(scenario: Scenario) -> None:
    before, after = (happening(noisy(), *events, blocks=LEDGER) for events in ((), scenario.events))
    same_demand = after.demand.values.shape == before.demand.values.shape and (
        (after.demand.values == before.demand.values).all()
    )
    same_supply = len(after.blocks) == len(before.blocks) and (supply_of(after) == supply_of(before)).all()
    assert not (same_demand and same_supply)
    assert after.remarks == ()
    assert scenario.description.endswith(".")
    assert all(event.provenance.text.endswith(".") for event in scenario.events)


def test_examples_begin_when_they_are_asked_to() -> None:
    later = library(START + pd.Timedelta(days=100))
    for early, late in zip(EXAMPLES, later, strict=True):
        for one, other in zip(early.events, late.events, strict=True):
            for name, moment in one.moments.items():
                assert other.moments[name].date - moment.date == pd.Timedelta(days=100)
