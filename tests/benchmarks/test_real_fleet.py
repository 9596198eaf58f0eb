from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import real_fleet
from benchmarks.real_fleet import FLEET, HISTORY_DAYS, HORIZON_DAYS, PAGE
from benchmarks.windows import DATA
from demand.calendar import Granularity
from demand.history import Panel
from demand.series import SeriesKey

KEPT = Path(real_fleet.__file__).parent
START = pd.Timestamp("2025-01-01", tz="UTC")

needs_data = pytest.mark.skipif(not (DATA / real_fleet.FILE).is_file(), reason=f"no {DATA / real_fleet.FILE}")


def kept(name: str) -> pd.DataFrame:
    return pd.read_csv(KEPT / f"real_fleet_{name}.csv")


def happened(event: str) -> dict[str, str]:
    rows = kept("dates")
    return dict(rows[rows["event"] == event][["accelerator", "happened"]].itertuples(index=False, name=None))


@pytest.fixture
def days() -> pd.DataFrame:
    """Average demand of each whole day, straight from the file."""
    rows = pd.read_csv(DATA / real_fleet.FILE, parse_dates=["timestamp"])
    hours = rows.pivot_table(index="timestamp", columns="accelerator", values="value")
    return hours.resample("D").mean()[hours.resample("D").size() == 24]


def test_demand_meets_the_fleet_of_its_own_accelerator_whatever_their_order() -> None:
    names = sorted(FLEET, reverse=True)
    sizes = np.array([FLEET[name] for name in names], dtype=float)
    keys = tuple(SeriesKey(accelerator=name) for name in names)
    panel = Panel(keys, ("accelerators",) * 3, Granularity.DAY, START, np.tile(sizes[:, None], (1, 3)))
    met = real_fleet.meet(panel, sizes[:, None, None] + np.array([[[-1.0, 0.0, 1.0]], [[1, 1, 1]], [[-1, -1, -1]]]))
    short = dict(zip(met.accelerators, met.short[:, 0].tolist(), strict=True))
    assert [short[name] for name in names] == [[False, False, True], [True, True, True], [False, False, False]]


def test_a_table_takes_its_place_on_the_page() -> None:
    page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
    assert real_fleet.with_table(page, "x", "new") == "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n"


def test_the_page_shows_the_tables_that_are_kept() -> None:
    page = PAGE.read_text()
    written = real_fleet.with_table(page, "weeks", real_fleet.week_table(kept("weeks")))
    assert real_fleet.with_table(written, "dates", real_fleet.date_table(kept("dates"))) == page


def test_the_page_says_of_coverage_what_the_tables_say() -> None:
    weeks = kept("weeks")
    inside = weeks["demand"].between(weeks["demand_p10"], weeks["demand_p90"])
    counts = inside.groupby(weeks["accelerator"]).sum()
    page = " ".join(PAGE.read_text().split())
    told = (
        f"{counts['A100-SXM4-80GB']} of 9 weeks for A100-SXM4-80GB, {counts['GPU-series-1']} of 9 for GPU-series-1 "
        f"and {counts['A10']} of 9 for A10: {inside.sum()} of {len(weeks)}"
    )
    assert told in page


def test_the_page_says_of_dates_and_chances_what_the_tables_say() -> None:
    page = " ".join(PAGE.read_text().split())
    rows = kept("dates").set_index(["accelerator", "event"])
    a10, a100, series = "A10", "A100-SXM4-80GB", "GPU-series-1"
    day, week, enough = real_fleet.EVENTS

    def told(date: str) -> str:
        return f"{pd.Timestamp(date):%-d %B}"

    def chance(accelerator: str, event: str) -> str:
        return f"{100 * rows.loc[accelerator, event]['chance']:.1f} %"

    short = kept("weeks").groupby("accelerator")["days_short"].sum()
    sentences = [
        f"it did for {short[a10]} of the {HORIZON_DAYS} days",
        f"had a chance of {chance(a10, enough)}, and began on {told(happened(enough)[a10])}",
        f"a chance of {chance(a100, day)} of a short day, and half of the paths had one by "
        f"{told(rows.loc[a100, day]['p50'])}. The first was {told(happened(day)[a100])}.",
        f"gave {chance(a100, week)}, did not come: {short[a100]} days were short",
        f"had a short day by {told(rows.loc[series, day]['p50'])}, and nine in ten by "
        f"{told(rows.loc[series, day]['p90'])}. The first was {told(happened(day)[series])}, and only "
        f"{short[series]} days were short; a week on end, at {chance(series, week)}, did not come",
    ]
    assert [sentence for sentence in sentences if sentence not in page] == []
    assert happened(week) == {a10: "2025-05-07", a100: "never", series: "never"}


@needs_data
def test_what_is_said_to_have_happened_did(days: pd.DataFrame) -> None:
    after = days.iloc[HISTORY_DAYS : HISTORY_DAYS + HORIZON_DAYS]
    short = after.gt(pd.Series(FLEET))
    weeks = kept("weeks")
    assert weeks.groupby("accelerator")["days_short"].sum().to_dict() == short.sum().to_dict()
    assert (days.iloc[:HISTORY_DAYS]["A10"] > FLEET["A10"]).all()
    for accelerator in FLEET:
        first = short.index[short[accelerator]][0]
        assert happened("short for a day")[accelerator] == f"{first:%Y-%m-%d}"
    runs = short.rolling(7).sum()
    assert (runs.max() == 7).to_dict() == {"A10": True, "A100-SXM4-80GB": False, "GPU-series-1": False}
    recovered = runs.index[runs["A10"] == 0][0] - pd.Timedelta(days=6)
    assert happened("enough for a week on end")["A10"] == f"{recovered:%Y-%m-%d}"
    a100 = short["A100-SXM4-80GB"]
    assert not (a100 & a100.shift(1) & a100.shift(2)).any()


@needs_data
def test_what_is_kept_of_the_forecast_is_what_it_says_today() -> None:
    panel = real_fleet.daily(DATA)
    foreseen, real = real_fleet.foresee(panel), real_fleet.happened(panel)
    start = panel.index[HISTORY_DAYS]
    by_week, by_event = real_fleet.weeks(foreseen, real, start), real_fleet.dates(foreseen, real, start)
    # Other builds of the libraries fit the models a little differently.
    pd.testing.assert_series_equal(by_event["chance"], kept("dates")["chance"], atol=0.03, rtol=0)
    pd.testing.assert_series_equal(
        by_week["days_short_expected"], kept("weeks")["days_short_expected"], atol=0.3, rtol=0
    )
    for name in ("demand_p10", "demand_p50", "demand_p90"):
        pd.testing.assert_series_equal(by_week[name], kept("weeks")[name], rtol=0.02)
    pd.testing.assert_frame_equal(by_week[["days_short", "demand"]], kept("weeks")[["days_short", "demand"]])
