import pytest

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.events import check_days, check_positive, check_share, told
from tests.planning.scenarios.making import ALL_TRAINING, known, moment


def test_an_event_knows_which_of_its_numbers_are_uncertain() -> None:
    event = TenantLeaves(
        name="x", selection=ALL_TRAINING, at=moment("2026-05-01", -1, 0, 2), share=Estimate(0.1, 0.2, 0.3)
    )
    assert event.uncertain == {"at": Estimate(-1, 0, 2), "share": Estimate(0.1, 0.2, 0.3)}
    assert list(event.moments) == ["at"]
    assert TenantLeaves(name="x", selection=ALL_TRAINING, at=moment("2026-05-01")).uncertain == {}


def test_an_event_has_a_name() -> None:
    with pytest.raises(Invalid, match="an event has no name"):
        TenantLeaves(name="", selection=ALL_TRAINING, at=moment("2026-05-01"))


def test_estimates_are_told_in_words() -> None:
    assert told(known(2)) == "2"
    assert told(Estimate(1, 2, 3)) == "1 to 3, about 2"


def test_sizes_are_checked() -> None:
    check_share("x", "it", Estimate(0, 0.5, 1))
    check_positive("x", "it", known(0))
    check_days("x", "it", 0)
    with pytest.raises(Invalid, match="give a share between 0 and 1"):
        check_share("x", "it", known(1.1))
    with pytest.raises(Invalid, match="not negative"):
        check_positive("x", "it", Estimate(-1, 0, 1))
    with pytest.raises(Invalid, match="it is inf"):
        check_days("x", "it", float("inf"))
