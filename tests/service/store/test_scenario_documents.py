import json
from dataclasses import fields, replace

import pytest

from demand.errors import Invalid
from demand.series import Selection
from planning.estimates import Estimate
from planning.ledger import Phase
from planning.scenarios.additions import Launch, TenantArrives
from planning.scenarios.delays import ConversionChange, Slip
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.dice import Moment
from planning.scenarios.efficiency import EfficiencyGain
from planning.scenarios.events import Event
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.growth import GrowthOverride
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.power import PowerCap
from planning.scenarios.prices import PriceChange
from planning.scenarios.provenance import Confidence, Provenance
from planning.scenarios.scenario import Scenario
from planning.scenarios.selecting import BlockSelection
from planning.scenarios.takeovers import CapacityReleased, CapacityTaken
from service.api.scenario_schemas import ScenarioOrder
from service.store.scenario_documents import EVENT_TYPES, event_document, to_document, to_event, to_scenario
from tests.planning.scenarios.making import INFERENCE, day, moment
from tests.service.ledgers import FULL

SIZE = Estimate(0.1, 0.25, 0.5)
WHEN = moment("2026-05-01", -10, 0, 30)
SERIES = Selection(region=("eu", "us"), workload=("training",))
BLOCKS = BlockSelection(names=("a",), provider=("acme",), region=("eu",), phase=(Phase.LAND,), unit=("megawatts",))
SOURCE = Provenance("they said so", "https://example.org", Confidence.HIGH)
NAMED = {"name": "x", "provenance": SOURCE}

EVENTS: tuple[Event, ...] = (
    TenantLeaves(**NAMED, selection=SERIES, at=WHEN, share=SIZE, ramp_days=30.5),
    TenantArrives(**NAMED, tenant="new", at=WHEN, share=SIZE, selection=SERIES, ramp_days=1.0),
    Launch(**NAMED, at=WHEN, level=Estimate(1, 2, 3), key=INFERENCE),
    EfficiencyGain(
        **NAMED, selection=SERIES, middle=WHEN, factor=Estimate(1, 2, 3), adoption_days=9.0, reach=SIZE, rebound=SIZE
    ),
    PriceChange(
        **NAMED, selection=SERIES, at=WHEN, change_of_price=Estimate(-0.5, 0, 1), elasticity=Estimate(-2, -1, 0)
    ),
    GrowthOverride(**NAMED, selection=SERIES, begins=WHEN, annual_growth=SIZE, ends=moment("2027-05-01")),
    LeaseCancelled(**NAMED, blocks=BLOCKS, at=WHEN, amount=Estimate(1, 2, 3)),
    Slip(**NAMED, blocks=BLOCKS, days=Estimate(-10, 0, 90)),
    ConversionChange(**NAMED, blocks=BLOCKS, chance=SIZE),
    CapacityReleased(**NAMED, block=FULL, quantity=Estimate(1, 2, 3)),
    CapacityTaken(**NAMED, blocks=BLOCKS, at=WHEN, share=SIZE),
    FirstRefusalExercised(**NAMED, blocks=BLOCKS, at=day("2026-05-01")),
    PowerCap(
        **NAMED,
        at=WHEN,
        megawatts=Estimate(1, 2, 3),
        regions=("eu",),
        megawatts_per_accelerator={"H100": 0.0014},
        until=moment("2028-05-01", 0, 0, 90),
    ),
)


def test_every_type_of_event_is_tried_here() -> None:
    assert {type(event) for event in EVENTS} == set(EVENT_TYPES.values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_read_back_as_it_was_written(event: Event) -> None:
    assert to_event(json.loads(json.dumps(event_document(event)))) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_that_is_sent_and_shown_is_what_it_was(event: Event) -> None:
    scenario = Scenario("some", (event,), "what it is about", ("other",))
    assert ScenarioOrder.of(scenario).scenario() == scenario


def test_what_is_certain_or_usual_is_written_short() -> None:
    event = TenantLeaves(name="x", selection=SERIES, at=moment("2026-05-01"), share=Estimate.certain(0.5))
    assert event_document(event) == {
        "type": "tenant_leaves",
        "name": "x",
        "selection": {"region": ["eu", "us"], "workload": ["training"]},
        "at": "2026-05-01T00:00:00Z",
        "share": 0.5,
    }


def test_the_fields_of_documents_are_those_of_classes() -> None:
    for event in EVENTS:
        assert set(event_document(event)) - {"type"} <= {each.name for each in fields(event)}


def test_instants_are_told_in_utc() -> None:
    event = to_event(
        {"type": "slip", "name": "x", "blocks": {}, "days": 3},
    )
    assert event == Slip(name="x", blocks=BlockSelection(), days=Estimate.certain(3))
    document = event_document(replace(EVENTS[0], at=Moment(day("2026-05-01").tz_convert("Asia/Tokyo"))))
    assert document["at"] == "2026-05-01T00:00:00Z"


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(Invalid, match="no event of type 'meteor'; there are tenant_leaves"):
        to_event({"type": "meteor", "name": "x"})
    with pytest.raises(Invalid, match="event 'x' lacks selection and at; state it"):
        to_event({"type": "tenant_leaves", "name": "x"})


def test_a_scenario_is_read_back_with_its_version() -> None:
    scenario = Scenario("some", EVENTS[:1], "text", ("other",), version=3)
    assert to_scenario(to_document(scenario), 3) == scenario
