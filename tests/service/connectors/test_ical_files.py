from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from demand.errors import Invalid
from service.connectors import ical_files
from service.connectors.ical_files import Occurrence, read_ical

FIRST, LAST = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2031-01-01", tz="UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def calendar(*events: str) -> bytes:
    """A calendar of these events, each given by its lines but for those that all have."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN"]
    for number, event in enumerate(events):
        own = [line.strip() for line in event.strip().splitlines()]
        uid = [] if any(line.startswith("UID") for line in own) else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", "DTSTAMP:20250101T000000Z", *uid, *own, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events: str, zone: ZoneInfo = BERLIN) -> tuple[Occurrence, ...]:
    return read_ical(calendar(*events), zone, FIRST, LAST)


def spans(*events: str) -> list[tuple[str, str]]:
    return [(f"{each.start:%Y-%m-%dT%H:%M}", f"{each.end:%Y-%m-%dT%H:%M}") for each in read(*events)]


def test_a_whole_day_lasts_from_midnight_to_midnight_in_the_zone_asked_for() -> None:
    (fair,) = read("DTSTART;VALUE=DATE:20250701\nDTEND;VALUE=DATE:20250703\nSUMMARY:Fair\nDESCRIPTION:of books")
    assert fair == Occurrence("Fair", pd.Timestamp("2025-06-30T22:00Z"), pd.Timestamp("2025-07-02T22:00Z"), "of books")


@pytest.mark.parametrize(("day", "hours"), [("20250330", 23), ("20251026", 25), ("20250331", 24)])
def test_a_whole_day_on_which_the_clocks_change_is_as_long_as_it_is(day: str, hours: int) -> None:
    (one,) = read(f"DTSTART;VALUE=DATE:{day}\nSUMMARY:Day")
    assert one.end - one.start == pd.Timedelta(hours=hours)


@pytest.mark.parametrize(
    ("event", "span"),
    [
        ("DTSTART:20250701T120000Z\nDTEND:20250701T130000Z", ("2025-07-01T12:00", "2025-07-01T13:00")),
        (
            "DTSTART;TZID=America/New_York:20250701T120000\nDURATION:PT90M",
            ("2025-07-01T16:00", "2025-07-01T17:30"),
        ),
        (
            "DTSTART;TZID=America/New_York:20250701T120000\nDTEND;TZID=Europe/Berlin:20250701T200000",
            ("2025-07-01T16:00", "2025-07-01T18:00"),
        ),
        ("DTSTART:20250701T120000\nDURATION:PT1H", ("2025-07-01T10:00", "2025-07-01T11:00")),
        ("DTSTART:20250701T120000Z", ("2025-07-01T12:00", "2025-07-01T13:00")),
    ],
)
def test_times_are_read_in_their_own_zones(event: str, span: tuple[str, str]) -> None:
    assert spans(event) == [span]


def test_a_week_later_is_the_same_hour_on_the_wall_whatever_the_clocks_did() -> None:
    found = spans("DTSTART;TZID=America/New_York:20250302T090000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=2")
    assert found == [("2025-03-02T14:00", "2025-03-02T16:00"), ("2025-03-09T13:00", "2025-03-09T15:00")]


def test_yearly_events_go_on_as_far_as_is_asked() -> None:
    days = [start[:10] for start, _ in spans("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY")]
    assert days == [f"{year}-12-24" for year in range(2024, 2031)]


def test_a_rule_may_name_the_fourth_thursday_and_end() -> None:
    found = spans("DTSTART;VALUE=DATE:20241128\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20261231")
    assert [start[:10] for start, _ in found] == ["2024-11-27", "2025-11-26", "2026-11-25"]


def test_exceptions_additions_moves_and_cancellations_are_heeded() -> None:
    weekly = """UID:w
        DTSTART;TZID=Europe/Berlin:20250701T090000
        DURATION:PT1H
        RRULE:FREQ=WEEKLY;COUNT=4
        EXDATE;TZID=Europe/Berlin:20250708T090000
        RDATE;TZID=Europe/Berlin:20250703T090000"""
    moved = """UID:w
        RECURRENCE-ID;TZID=Europe/Berlin:20250715T090000
        DTSTART;TZID=Europe/Berlin:20250716T110000
        DURATION:PT1H"""
    off = "DTSTART:20250701T120000Z\nSTATUS:CANCELLED"
    starts = [start for start, _ in spans(weekly, moved, off)]
    assert starts == ["2025-07-01T07:00", "2025-07-03T07:00", "2025-07-16T09:00", "2025-07-22T07:00"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"hello", "no calendar in the format of RFC 5545"),
        (b"", "no calendar"),
        (b"\xff\xfe", "no calendar"),
        (calendar("SUMMARY:Fair"), "event Fair"),
        (calendar("SUMMARY:Tick\nDTSTART:20250101T000000Z\nRRULE:FREQ=SECONDLY"), "event Tick.*by the hour"),
        (calendar("SUMMARY:Zero\nDTSTART:20250101T000000Z\nRRULE:FREQ=DAILY;INTERVAL=0"), "without an interval"),
        (calendar("SUMMARY:Old\nDTSTART:01010101T000000Z\nRRULE:FREQ=DAILY"), "since before 1900"),
        (calendar("SUMMARY:Much\nDTSTART:20250101T000000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8"), "more than"),
        (calendar("SUMMARY:Never\nDTSTART:20250101T000000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "never comes"),
        (calendar(*["DTSTART:20250101T000000Z"] * 2001), "has 2,001 events"),
        (calendar("SUMMARY:Odd\nDTSTART:20250101T000000Z\nRRULE:FREQ=OFTEN"), "Odd"),
    ],
)
def test_what_is_no_calendar_is_refused(text: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read_ical(text, BERLIN, FIRST, LAST)


def test_more_occurrences_than_anyone_plans_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ical_files, "MOST_OCCURRENCES", 10)
    with pytest.raises(Invalid, match="more than 10 occurrences"):
        read("DTSTART;VALUE=DATE:20250101\nRRULE:FREQ=DAILY")
