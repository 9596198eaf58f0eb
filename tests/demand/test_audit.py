import numpy as np
import pandas as pd
import pytest

from demand.audit import Finding, FindingKind, audit
from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey

START = pd.Timestamp("2025-01-06", tz="UTC")
HOURS = 26 * 168


def panel(values: FloatArray, granularity: Granularity = Granularity.HOUR) -> Panel:
    table = np.atleast_2d(np.asarray(values, dtype=float))
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(table)))
    return Panel(keys, ("accelerators",) * len(table), granularity, START, table)


def seasonal(count: int, *, memory: float, steps: int = HOURS, seasons: tuple[float, ...] = (24, 168)) -> FloatArray:
    """Stationary series: seasons of three tenths of the level, and noise with memory of about a tenth."""
    rng = np.random.default_rng(11)
    noise = rng.normal(size=(count, steps))
    for step in range(1, steps):
        noise[:, step] = memory * noise[:, step - 1] + np.sqrt(1 - memory**2) * noise[:, step]
    waves = sum(0.3 * np.sin(2 * np.pi * np.arange(steps) / season) for season in seasons)
    return np.maximum(100 * (1 + waves + 0.1 * noise), 1.0)


def found(values: FloatArray, kind: FindingKind) -> list[Finding]:
    return [finding for finding in audit(panel(values)) if finding.kind is kind]


def hour_of(finding: Finding) -> int:
    return int((finding.start - START) / pd.Timedelta(hours=1))


def test_gaps_inside_the_history_are_named_with_their_length() -> None:
    values = seasonal(1, memory=0.5)[0]
    values[:30] = np.nan
    values[100:107] = np.nan
    values[500] = np.nan
    values[-20:] = np.nan

    gaps = found(values, FindingKind.GAP)

    assert [(hour_of(gap), gap.buckets, gap.detail) for gap in gaps] == [
        (100, 7, "7 hours in a row are missing"),
        (500, 1, "one hour is missing"),
    ]


def test_a_run_of_zeros_is_named_where_zeros_are_unusual() -> None:
    values = seasonal(1, memory=0.5)[0]
    values[300:309] = 0
    (run,) = found(values, FindingKind.ZERO_RUN)
    assert (hour_of(run), run.buckets, run.detail) == (300, 9, "9 hours in a row are zero")


def test_zeros_before_the_first_demand_are_no_finding() -> None:
    values = seasonal(1, memory=0.5)[0]
    values[:400] = 0
    assert found(values, FindingKind.ZERO_RUN) == []


def test_idle_nights_are_usual_and_an_idle_week_is_not() -> None:
    values = seasonal(1, memory=0.5)[0]
    values[np.arange(HOURS) % 24 >= 16] = 0
    assert found(values, FindingKind.ZERO_RUN) == []
    values[1680:1848] = 0
    (run,) = found(values, FindingKind.ZERO_RUN)
    assert run.buckets >= 168


def test_a_meter_that_is_stuck_is_named_with_its_value() -> None:
    values = seasonal(1, memory=0.5)[0]
    values[700:740] = 123.5
    (run,) = found(values, FindingKind.STUCK)
    assert (hour_of(run), run.buckets) == (700, 40)
    assert run.detail == "40 hours in a row are exactly 123.5 accelerators"


def test_demand_that_moves_in_steps_or_never_is_not_stuck() -> None:
    rng = np.random.default_rng(5)
    steps = np.repeat(rng.integers(10, 99, 400), rng.integers(6, 36, 400))[:HOURS]
    assert found(steps, FindingKind.STUCK) == []
    assert audit(panel(np.full(HOURS, 8.0))) == ()


@pytest.mark.parametrize("factor", [0.5, 1.5, 3.0])
def test_a_planted_level_break_is_found_within_a_day(factor: float) -> None:
    values = seasonal(20, memory=0.8)
    values[:, 2000:] *= factor
    breaks = found(values, FindingKind.LEVEL_BREAK)
    near = [finding for finding in breaks if abs(hour_of(finding) - 2000) <= 24]
    assert len({finding.key for finding in near}) >= 18
    assert len(breaks) - len(near) <= 2
    assert all(("rises" if factor > 1 else "falls") in finding.detail for finding in near)


@pytest.mark.parametrize("memory", [0.0, 0.8, 0.97])
def test_stationary_seasonal_series_raise_hardly_an_alarm(memory: float) -> None:
    findings = audit(panel(seasonal(100, memory=memory)))
    assert len({finding.key for finding in findings}) <= 3


def test_steady_growth_is_no_level_break() -> None:
    growth = np.linspace(1, 3, HOURS)
    assert found(seasonal(20, memory=0.8) * growth, FindingKind.LEVEL_BREAK) == []


def test_a_yearly_season_of_daily_values_is_no_level_break() -> None:
    values = seasonal(50, memory=0.5, steps=1100, seasons=(7, 365.25))
    assert audit(panel(values, Granularity.DAY)) == ()


def test_a_short_history_is_not_searched_for_breaks() -> None:
    values = np.concatenate([np.full(100, 5.0), np.full(100, 50.0)]) + seasonal(1, memory=0.1, steps=200)[0]
    assert found(values, FindingKind.LEVEL_BREAK) == []


def test_findings_are_told_by_series_and_then_by_time() -> None:
    values = seasonal(3, memory=0.5)
    values[2, 50:60] = 0
    values[0, 900:910] = 0
    values[0, 20:25] = np.nan
    told = [(finding.key.tenant, finding.kind) for finding in audit(panel(values))]
    assert told == [("0", "gap"), ("0", "zero_run"), ("2", "zero_run")]


def test_series_without_any_observation_have_no_findings() -> None:
    assert audit(panel(np.full((2, 50), np.nan))) == ()
