import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.paths import DemandPaths

MIDNIGHT = pd.Timestamp("2025-01-06", tz="UTC")


def draw(n_series: int, n_paths: int, n_steps: int, start: pd.Timestamp = MIDNIGHT) -> DemandPaths:
    values = np.random.default_rng(n_steps).gamma(2, 10, (n_series, n_paths, n_steps))
    return DemandPaths(tuple(range(n_series)), Granularity.HOUR, start, values)


@pytest.mark.parametrize("value", [-0.5, np.nan, np.inf])
def test_paths_are_finite_and_never_below_zero(value: float) -> None:
    with pytest.raises(Invalid, match="finite and never below zero"):
        DemandPaths(("a",), Granularity.HOUR, MIDNIGHT, np.full((1, 2, 3), value))


def test_paths_refuse_labels_that_do_not_fit() -> None:
    with pytest.raises(Invalid, match=r"2 labels do not fit paths of shape \(1, 2, 3\)"):
        DemandPaths(("a", "b"), Granularity.HOUR, MIDNIGHT, np.ones((1, 2, 3)))


def test_the_mean_is_taken_over_paths() -> None:
    paths = DemandPaths(("a",), Granularity.HOUR, MIDNIGHT, np.array([[[1.0, 2.0], [3.0, 6.0]]]))
    assert paths.mean().tolist() == [[2.0, 4.0]]


def test_quantiles_put_each_path_in_the_middle_of_its_share() -> None:
    values = np.arange(10, dtype=float).reshape(1, 10, 1)
    quantiles = DemandPaths(("a",), Granularity.HOUR, MIDNIGHT, values).quantiles([0.05, 0.15, 0.5])
    assert quantiles.shape == (1, 1, 3)
    np.testing.assert_allclose(quantiles[0, 0], [0.0, 1.0, 4.5])


@given(groups=st.lists(st.sampled_from(["training", "inference", ""]), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_sums_add_path_by_path_and_sums_of_sums_are_the_total(groups: list[str]) -> None:
    paths = draw(len(groups), 7, 5)
    sums = paths.sums(groups)
    assert sums.labels == tuple(dict.fromkeys(groups))
    for label, row in zip(sums.labels, sums.values, strict=True):
        members = [values for values, group in zip(paths.values, groups, strict=True) if group == label]
        np.testing.assert_allclose(row, sum(members))
    total = sums.sums(["total"] * len(sums.labels))
    np.testing.assert_allclose(total.values[0], paths.values.sum(axis=0))


@given(first=st.integers(0, 40), hours=st.integers(48, 400), granularity=st.sampled_from(["day", "week"]))
@settings(max_examples=40, deadline=None)
def test_coarser_paths_are_means_of_whole_buckets(first: int, hours: int, granularity: str) -> None:
    paths = draw(2, 3, hours, MIDNIGHT + pd.Timedelta(hours=first))
    width = {"day": 24, "week": 168}[granularity]
    skipped = -first % width
    count = (hours - skipped) // width
    if count <= 0:
        with pytest.raises(Invalid, match=f"cover no whole {granularity}"):
            paths.coarser(Granularity(granularity))
        return

    result = paths.coarser(Granularity(granularity))

    kept = paths.values[:, :, skipped : skipped + count * width]
    np.testing.assert_allclose(result.values, kept.reshape(2, 3, count, width).mean(axis=3))
    assert result.start == paths.start + pd.Timedelta(hours=skipped)


def test_months_are_averaged_over_their_own_days() -> None:
    paths = draw(1, 2, 24 * 70, pd.Timestamp("2025-01-25", tz="UTC"))
    months = paths.coarser(Granularity.MONTH)
    assert months.index.strftime("%Y-%m").tolist() == ["2025-02", "2025-03"]
    february = paths.values[:, :, 7 * 24 : 35 * 24].mean(axis=2)
    np.testing.assert_allclose(months.values[:, :, 0], february)


def test_sums_and_coarser_buckets_commute() -> None:
    paths = draw(4, 5, 96)
    groups = ["a", "b", "a", "b"]
    one = paths.sums(groups).coarser(Granularity.DAY)
    other = paths.coarser(Granularity.DAY).sums(groups)
    np.testing.assert_allclose(one.values, other.values)


def test_paths_are_never_told_in_finer_buckets() -> None:
    with pytest.raises(Invalid, match="values per day cannot be told per hour"):
        draw(1, 2, 48).coarser(Granularity.DAY).coarser(Granularity.HOUR)
