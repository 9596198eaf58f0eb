import math

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from planning.occurrence import Occurrence
from service.report import wording

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (0.01, "<0.1"),
        (-0.01, f"{MINUS}<0.1"),
        (7.04, "7"),
        (7.25, "7.2"),
        (-1234.5, f"{MINUS}1,234"),
        (math.nan, DASH),
    ],
)
def test_amounts_are_told_to_what_matters(value: float, told: str) -> None:
    assert wording.amount(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0 USD"),
        (999.0, "999 USD"),
        (1234.0, "1.23k USD"),
        (-4.56e7, f"{MINUS}45.6M USD"),
        (1.2e9, "1.20bn USD"),
        (3e13, "30.0T USD"),
        (math.inf, f"{DASH} USD"),
    ],
)
def test_money_is_told_in_three_digits(value: float, told: str) -> None:
    assert wording.priced(value, "USD") == told
    assert wording.priced(value, "") == told.removesuffix(" USD")


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1.0, "100%"), (math.nan, DASH)],
)
def test_what_may_happen_is_never_said_to_be_impossible_or_certain(value: float, told: str) -> None:
    assert wording.chance(value) == told


@pytest.mark.parametrize(
    ("granularity", "told"),
    [
        (Granularity.MONTH, "Mar 2026"),
        (Granularity.WEEK, "1 Mar 2026"),
        (Granularity.DAY, "1 Mar 2026"),
        (Granularity.HOUR, "1 Mar 2026, 05:00"),
    ],
)
def test_dates_are_as_fine_as_the_buckets(granularity: Granularity, told: str) -> None:
    assert wording.date(pd.Timestamp("2026-03-01T05:00Z"), granularity) == told


def test_a_date_that_never_comes_is_a_dash() -> None:
    index = pd.date_range("2026-01-01", periods=2, freq="MS", tz="UTC")
    found = Occurrence(np.array([[0, 1, 2, 2]]), 2)
    assert wording.dates(found, 0, index, Granularity.MONTH, (0.25, 0.5, 0.75)) == ["Jan 2026", "Feb 2026", DASH]


def test_one_thing_is_singular() -> None:
    assert [wording.plural(count, "pool") for count in (0, 1, 1200)] == ["0 pools", "1 pool", "1,200 pools"]
