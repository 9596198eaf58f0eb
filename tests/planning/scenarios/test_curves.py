from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from demand.calendar import Granularity
from planning.scenarios.curves import edges_of, logistic, ramp, step, to_days
from tests.planning.scenarios.making import edges, level

EDGES = np.array([0.0, 31.0, 59.0, 90.0, 120.0, 151.0])


def average(curve, low: float, high: float, *breaks: float) -> float:
    inside = [point for point in breaks if low < point < high]
    return float(quad(curve, low, high, points=inside or None)[0] / (high - low))


def test_days_are_counted_from_1970() -> None:
    assert to_days(pd.Timestamp("1970-01-02T12:00", tz="UTC")) == 1.5
    np.testing.assert_allclose(edges_of(level(n_steps=5)), edges(5))
    by_hour = level(n_steps=3, by=Granularity.HOUR)
    np.testing.assert_allclose(np.diff(edges_of(by_hour)), 1 / 24, rtol=1e-6)


@pytest.mark.parametrize(("at", "expected"), [(-5, [1, 1, 1, 1, 1]), (45, [0, 0.5, 1, 1, 1]), (500, [0, 0, 0, 0, 0])])
def test_a_step_counts_in_part_in_its_bucket(at: float, expected: list[float]) -> None:
    np.testing.assert_allclose(step(EDGES, np.array([at]))[0], expected)


@pytest.mark.parametrize("days", [0.0, 7.0, 45.0, 400.0])
@pytest.mark.parametrize("at", [-30.0, 10.0, 59.0, 133.3])
def test_a_ramp_is_averaged_over_buckets(at: float, days: float) -> None:
    def curve(t: float) -> float:
        return float(t >= at) if days == 0 else min(max((t - at) / days, 0), 1)

    expected = [average(curve, low, high, at, at + days) for low, high in pairwise(EDGES)]
    np.testing.assert_allclose(ramp(EDGES, np.array([at]), days)[0], expected, atol=1e-6)


@pytest.mark.parametrize("days", [5.0, 60.0, 900.0])
def test_an_adoption_is_averaged_over_buckets(days: float) -> None:
    middle = 70.0

    def curve(t: float) -> float:
        return 1 / (1 + 81 ** (-(t - middle) / days))

    assert curve(middle - days / 2) == pytest.approx(0.1)
    assert curve(middle + days / 2) == pytest.approx(0.9)
    expected = [average(curve, low, high, middle) for low, high in pairwise(EDGES)]
    np.testing.assert_allclose(logistic(EDGES, np.array([middle]), days)[0], expected, atol=1e-6)


def test_an_adoption_in_no_time_is_a_step() -> None:
    at = np.array([45.0, 100.0])
    np.testing.assert_allclose(logistic(EDGES, at, 0), step(EDGES, at))


def test_an_adoption_far_away_is_none_or_all() -> None:
    assert logistic(EDGES, np.array([1e6]), 10).max() == 0
    assert logistic(EDGES, np.array([-1e6]), 10).min() == 1
