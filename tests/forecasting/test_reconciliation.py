import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.history import FloatArray
from forecasting.quantiles import GRID
from forecasting.reconciliation import Cover, Implied, blended, bucket_means, coarser_share, fitted_into, implied

HOUR, DAY, WEEK, MONTH = Granularity
MORNING = pd.Timestamp("2025-01-06T09:00", tz="UTC")


def hour_paths(n_steps: int, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.gamma(3, 10, (40, 1)) * rng.gamma(4, 1, (40, n_steps))


def frame(paths: FloatArray, start: pd.Timestamp, granularity: Granularity) -> pd.DataFrame:
    return pd.DataFrame(paths.T, index=buckets(start, paths.shape[1], granularity))


@pytest.mark.parametrize(
    ("start", "n_steps", "fine", "coarse", "expected"),
    [
        ("2025-01-06T09:00", 72, HOUR, DAY, ["2025-01-07", "2025-01-08"]),
        ("2025-01-06T00:00", 48, HOUR, DAY, ["2025-01-06", "2025-01-07"]),
        ("2025-01-06T09:00", 38, HOUR, DAY, []),
        ("2025-01-15", 80, DAY, MONTH, ["2025-02-01", "2025-03-01"]),
        ("2025-02-01", 27, DAY, MONTH, []),
        ("2025-02-01", 28, DAY, MONTH, ["2025-02-01"]),
        ("2025-01-07", 20, DAY, WEEK, ["2025-01-13", "2025-01-20"]),
    ],
)
def test_only_buckets_that_are_covered_in_whole_count(
    start: str, n_steps: int, fine: Granularity, coarse: Granularity, expected: list[str]
) -> None:
    cover = Cover.of(pd.Timestamp(start, tz="UTC"), n_steps, fine, coarse)
    assert cover.count == len(expected)
    if expected:
        assert [str(day.date()) for day in buckets(cover.start, cover.count, coarse)] == expected
        first = buckets(pd.Timestamp(start, tz="UTC"), n_steps + 1, fine)[cover.bounds]
        assert list(first[:-1]) == [pd.Timestamp(day, tz="UTC") for day in expected]


def test_implied_quantiles_are_those_of_the_means_of_paths() -> None:
    paths = hour_paths(24 * 40)
    told = implied(paths, MORNING, HOUR, DAY, (0.1, 0.5, 0.9))
    days = frame(paths, MORNING, HOUR).resample("D").mean().iloc[1:-1]
    assert told.start == days.index[0]
    for level, row in zip((0.1, 0.5, 0.9), told.quantiles.T, strict=True):
        np.testing.assert_allclose(row, days.apply(np.quantile, axis=1, q=level, method="hazen"))


def test_nothing_is_implied_of_buckets_that_are_not_covered() -> None:
    assert implied(hour_paths(20), MORNING, HOUR, DAY, GRID).quantiles.shape == (0, len(GRID))


def test_the_coarser_forecast_counts_nothing_where_the_finer_was_tested_and_all_at_its_limit() -> None:
    ends = buckets(MORNING, 29, DAY)[1:]
    share = coarser_share(ends, MORNING, HOUR)
    np.testing.assert_allclose(share[:7], 0)
    np.testing.assert_allclose(share[[17 - 1, 28 - 1]], [10 / 21, 1])
    assert (np.diff(share) >= 0).all()


def test_quantiles_are_averaged_where_both_know_a_bucket() -> None:
    start, later = pd.Timestamp("2025-01-06", tz="UTC"), pd.Timestamp("2025-01-08", tz="UTC")
    own = np.tile(np.arange(23.0), (40, 1))
    hint = Implied(later, np.full((30, 23), 100.0))
    result = blended(own, start, DAY, hint, later)
    np.testing.assert_allclose(result[:2], own[:2])
    np.testing.assert_allclose(result[2:9], 100)
    share = (20 * 24 - 168) / (672 - 168)
    np.testing.assert_allclose(result[2 + 19], share * own[0] + (1 - share) * 100)
    np.testing.assert_allclose(result[32:], own[32:])


def test_what_is_implied_of_other_buckets_changes_nothing() -> None:
    own = np.ones((5, 23))
    hint = Implied(pd.Timestamp("2025-02-06", tz="UTC"), np.full((30, 23), 100.0))
    assert (blended(own, pd.Timestamp("2025-01-06", tz="UTC"), DAY, hint, hint.start) == own).all()


def test_hours_average_to_the_day_in_every_path_and_are_never_below_zero() -> None:
    paths = hour_paths(100)
    cover = Cover.of(MORNING, 100, HOUR, DAY)
    days = np.random.default_rng(1).gamma(2, 30, (40, cover.count))
    fitted = fitted_into(paths, cover.bounds, days)
    means = frame(fitted, MORNING, HOUR).resample("D").mean().iloc[1:-1]
    np.testing.assert_allclose(means.to_numpy().T, days, rtol=1e-12)
    assert (fitted >= 0).all()
    np.testing.assert_array_equal(fitted[:, :15], paths[:, :15])
    np.testing.assert_array_equal(fitted[:, 15 + 72 :], paths[:, 15 + 72 :])


def test_the_path_with_the_lowest_mean_goes_where_the_day_is_lowest() -> None:
    paths, days = hour_paths(24), np.random.default_rng(2).gamma(2, 30, (40, 1))
    fitted = fitted_into(paths, np.array([0, 24]), days)
    for rank in range(40):
        path = paths[np.argsort(paths.mean(axis=1))[rank]]
        place = np.argsort(days[:, 0])[rank]
        np.testing.assert_allclose(fitted[place] / fitted[place].mean(), path / path.mean())


def test_days_that_are_distributed_like_the_means_leave_the_marginals_of_hours_alone() -> None:
    paths = hour_paths(24)
    days = np.random.default_rng(3).permutation(paths.mean(axis=1))[:, None]
    fitted = fitted_into(paths, np.array([0, 24]), days)
    np.testing.assert_allclose(np.sort(fitted, axis=0), np.sort(paths, axis=0))


@pytest.mark.parametrize("level", [0.0, 1e-300])
def test_paths_of_nothing_are_raised_evenly(level: float) -> None:
    paths = np.full((3, 24), level)
    days = np.array([[0.0], [5.0], [7.0]])
    fitted = fitted_into(paths, np.array([0, 24]), days)
    np.testing.assert_allclose(fitted, np.repeat(days, 24, axis=1), atol=1e-200)


def test_months_of_unequal_length_are_means_of_their_days() -> None:
    paths, start = hour_paths(100), pd.Timestamp("2025-01-20", tz="UTC")
    cover = Cover.of(start, 100, DAY, MONTH)
    expected = frame(paths, start, DAY).resample("MS").mean().iloc[1:-1]
    np.testing.assert_allclose(bucket_means(paths, cover.bounds), expected.to_numpy().T)
