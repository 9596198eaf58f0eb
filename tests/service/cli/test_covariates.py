from pathlib import Path

import pytest

from service.store.covariates import HolidayOrder
from service.store.engine import Store
from tests.service.cli.conftest import Command

REGRESSORS = "name,timestamp,value,until,region\nprice,2025-01-06T00:00:00Z,2,2026-01-01T00:00:00Z,eu\n"
REGRESSORS += "price,2025-02-06T00:00:00Z,3,,eu\n"
EVENTS = "name,start,end\noutage,2025-01-06T00:00:00Z,2025-01-06T05:00:00Z\n"


def test_regressors_and_holidays_are_added_listed_and_removed(
    computecast: Command, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "price.csv").write_text(REGRESSORS)
    added = computecast("regressors", "add", "price.csv", "--holidays", "DE-BY:Europe/Berlin")
    assert added.returncode == 0, added.stderr
    with store.read() as unit:
        holidays, price = unit.covariates.regressors()
    assert isinstance(holidays.content, HolidayOrder)
    assert holidays.content.calendar == "DE-BY:Europe/Berlin"
    assert price.content.name == "price"
    listed = computecast("regressors", "list").stdout
    assert "price" in listed
    assert "DE-BY:Europe/Berlin" in listed
    assert computecast("regressors", "remove", holidays.id).returncode == 0
    with store.read() as unit:
        assert [each.id for each in unit.covariates.regressors()] == [price.id]
    store.close()


def test_events_are_added_listed_and_removed(computecast: Command, store: Store, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    added = computecast("events", "add", "events.csv")
    assert added.returncode == 0, added.stderr
    assert "stored event 1: outage" in added.stdout
    assert "2025-01-06T05:00:00+00:00" in computecast("events", "list").stdout
    assert computecast("events", "remove", 1).returncode == 0
    again = computecast("events", "remove", 1)
    assert again.returncode == 1
    assert "event 1 is not stored" in again.stderr
    with store.read() as unit:
        assert unit.covariates.events() == []
    store.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("regressors", "add"), "there is nothing to add"),
        (("regressors", "add", "events.csv"), "missing column 'timestamp'"),
        (("regressors", "add", "--holidays", "US"), "write a country and a time zone"),
        (("events", "add", "missing.csv"), "there is no file missing.csv"),
        (("events", "add", "empty.csv"), "holds no event"),
    ],
)
def test_what_cannot_be_added_is_told_in_a_sentence(
    computecast: Command, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "empty.csv").write_text("name,start,end\n")
    done = computecast(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
