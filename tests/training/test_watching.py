"""How published forecasts turned out."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from demand.calendar import Granularity
from demand.history import Panel
from demand.series import SeriesKey
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES, GRID
from forecasting.seasonal_naive import SeasonalNaive
from training.watching import Tally, baselines, span_starts, step_scores

START = pd.Timestamp("2025-01-06", tz="UTC")


def panel(values: np.ndarray, granularity: Granularity = Granularity.HOUR) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    return Panel(keys, ("accelerators",) * len(values), granularity, START, values)


@pytest.mark.parametrize("granularity", list(Granularity))
def test_a_baseline_says_what_the_seasonal_naive_would_have_said(granularity: Granularity) -> None:
    rng = np.random.default_rng(3)
    values = rng.gamma(20, 5, (4, 100))
    values[1, rng.random(100) < 0.5] = np.nan
    values[2, -30:] = np.nan
    values[3, 2:] = np.nan
    history = panel(values, granularity)
    expected = SeasonalNaive().fit(history, seed=1).predict(60, DECILES).values
    for row, baseline in enumerate(baselines(history)):
        assert baseline is not None
        np.testing.assert_allclose(baseline.deciles(0, 60), expected[row], rtol=1e-12)
        np.testing.assert_allclose(baseline.deciles(37, 5), expected[row, 37:42], rtol=1e-12)


def test_a_series_without_observations_has_no_baseline_and_losses_are_scaled_by_what_it_differs() -> None:
    values = np.vstack([np.full(72, np.nan), 10 + np.arange(72.0)])
    nothing, ramp = baselines(panel(values))
    assert nothing is None
    assert ramp is not None
    assert ramp.scale == seasonal_scale(values[1:], 24)[0] == 24


def test_scores_are_those_of_the_metrics() -> None:
    rng = np.random.default_rng(5)
    history, actual = rng.gamma(20, 5, (1, 240)), rng.gamma(20, 5, (3, 48))
    actual[1, 7:20] = np.nan
    quantiles = norm.ppf(GRID)[None, None] * 12 + rng.gamma(20, 5, (3, 48, 1))
    (baseline,) = baselines(panel(history))
    assert baseline is not None
    naive = np.broadcast_to(baseline.deciles(0, 48), (3, 48, 9))
    scale = np.full(3, baseline.scale)
    scores = step_scores(actual, quantiles, naive, scale)
    deciles = quantiles[..., [GRID.index(level) for level in DECILES]]
    np.testing.assert_allclose(np.nanmean(scores.loss, axis=1), scaled_quantile_loss(actual, deciles, DECILES, scale))
    np.testing.assert_allclose(
        np.nanmean(scores.naive_loss, axis=1), scaled_quantile_loss(actual, naive, DECILES, scale)
    )
    inside = coverage(actual, quantiles[..., GRID.index(0.1)], quantiles[..., GRID.index(0.9)])
    np.testing.assert_allclose(np.nanmean(scores.covered, axis=1), inside)
    np.testing.assert_allclose(scores.error, actual - quantiles[..., GRID.index(0.5)])
    assert np.isnan(scores.covered[1, 7:20]).all()


def test_spans_are_days_of_hours_and_weeks_of_days() -> None:
    hours = pd.date_range("2025-01-08T22:00", periods=3, freq="h", tz="UTC")
    assert [f"{each:%m-%d %H}" for each in span_starts(hours, Granularity.HOUR)] == ["01-08 00", "01-08 00", "01-09 00"]
    days = pd.date_range("2025-01-11", periods=3, freq="D", tz="UTC")
    assert [f"{each:%m-%d}" for each in span_starts(days, Granularity.DAY)] == ["01-06", "01-06", "01-13"]
    for granularity in (Granularity.WEEK, Granularity.MONTH):
        assert list(span_starts(days, granularity)) == list(days)


def tally(covered: np.ndarray, n: np.ndarray) -> Tally:
    sums = (n**2).sum(), (n * covered).sum(), (covered**2).sum()
    return Tally(len(n), int(n.sum()), float(covered.sum()), *map(float, sums))


def test_the_interval_of_coverage_holds_the_truth_as_often_as_it_says_although_outcomes_err_together() -> None:
    rng, held, widths = np.random.default_rng(11), 0, []
    for _ in range(2000):
        # of a day either nearly all or about half of the outcomes are covered: 80 % in the long run
        share = np.where(rng.random(30) < 0.6, 0.98, 0.53)
        interval = tally(rng.binomial(24, share).astype(float), np.full(30, 24.0)).interval()
        assert interval is not None
        held += interval[0] <= 0.6 * 0.98 + 0.4 * 0.53 <= interval[1]
        widths.append(interval[1] - interval[0])
    assert 0.93 <= held / 2000 <= 0.975
    independent = 2 * 1.96 * np.sqrt(0.8 * 0.2 / 720)
    assert np.mean(widths) > 2 * independent


def test_one_span_says_nothing_of_others_and_bounds_stay_within_nothing_and_all() -> None:
    assert tally(np.array([20.0]), np.array([24.0])).interval() is None
    low, high = tally(np.full(5, 24.0), np.full(5, 24.0)).interval() or (0, 0)
    assert 0.3 < low < 0.9
    assert high == 1
    assert tally(np.zeros(5), np.full(5, 24.0)).interval() == pytest.approx((0, 1 - low))


def test_as_many_independent_outcomes_as_there_are_give_the_interval_of_wilson() -> None:
    rng = np.random.default_rng(2)
    covered = rng.binomial(1, 0.8, 4000).astype(float)
    found = tally(covered, np.ones(4000)).interval()
    share, z, n = covered.mean(), 1.9605, 4000
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    assert found == pytest.approx((middle - half, middle + half), rel=1e-3)
