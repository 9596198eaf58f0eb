from collections.abc import Sequence

import pytest

from demand.errors import Invalid
from demand.series import Selection
from planning.scenarios.contradictions import check_events
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.events import Event
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.growth import GrowthOverride
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.selecting import BlockSelection
from tests.planning.scenarios.making import ALL_INFERENCE, ALL_TRAINING, day, known, moment


def grow(name: str, selection: Selection, begins: str, ends: str | None = None) -> GrowthOverride:
    end = None if ends is None else moment(ends)
    return GrowthOverride(name=name, selection=selection, begins=moment(begins), ends=end, annual_growth=known(0.1))


def leave(name: str, selection: Selection, share: float = 1) -> TenantLeaves:
    return TenantLeaves(name=name, selection=selection, at=moment("2026-05-01"), share=known(share))


def cancel(name: str, *names: str, share: float = 1) -> LeaseCancelled:
    return LeaseCancelled(name=name, blocks=BlockSelection(names=names), at=moment("2026-05-01"), share=known(share))


EU_INFERENCE = Selection(region=("eu",), workload=("inference",))
ACME = Selection(tenant=("acme",))


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([leave("x", ALL_TRAINING), grow("x", ALL_TRAINING, "2026-01-01")], "two events 'x'"),
        ([grow("x", ALL_INFERENCE, "2026-01-01"), grow("y", EU_INFERENCE, "2027-01-01")], "state the growth"),
        ([leave("x", ACME, 0.3), leave("y", ACME, 0.3)], "leaves twice"),
        ([leave("x", ACME), leave("y", ALL_TRAINING)], "leaves twice"),
        ([cancel("x", "a", "b"), cancel("y", "b", "c")], r"blocks with name in \['b'\] are cancelled twice"),
        ([cancel("x", "a", share=0.5), cancel("y", "a", share=0.5)], "are cancelled twice"),
        (
            [FirstRefusalExercised(name=name, blocks=BlockSelection(), at=day("2026-05-01")) for name in "xy"],
            "exercised twice",
        ),
    ],
)
def test_events_that_contradict_each_other_are_refused(events: Sequence[Event], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check_events(events)


@pytest.mark.parametrize(
    "events",
    [
        [grow("x", ALL_INFERENCE, "2026-01-01", "2027-01-01"), grow("y", EU_INFERENCE, "2027-01-01")],
        [grow("x", ALL_INFERENCE, "2026-01-01"), grow("y", ALL_TRAINING, "2026-01-01")],
        [leave("x", ACME, 0.3), leave("y", ALL_TRAINING, 0.3)],
        [leave("x", ALL_INFERENCE), leave("y", ALL_TRAINING)],
        [cancel("x", "a"), cancel("y", "b")],
        [cancel("x", "a", "b", share=0.5), cancel("y", "b", share=0.5)],
    ],
)
def test_events_that_can_all_happen_are_taken(events: Sequence[Event]) -> None:
    check_events(events)
