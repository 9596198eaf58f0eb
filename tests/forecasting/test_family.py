import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from forecasting.family import Family, enough, family_of, since_launch

NAN = np.nan
DAYS = np.arange(70)
WEEK = 1 + 0.4 * (DAYS % 7 >= 5)


def family(values: FloatArray, regions: str) -> Family:
    keys = tuple(
        SeriesKey(region=name, tenant=str(row), workload=Workload.INFERENCE) for row, name in enumerate(regions)
    )
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return family_of(Panel(keys, ("accelerators",) * len(keys), Granularity.DAY, start, values), 14)


def test_zeros_before_a_launch_are_not_demand() -> None:
    demand = np.array([[0.0, 0.0, 3.0, 0.0], [NAN, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    expected = np.array([[NAN, NAN, 3.0, 0.0], [NAN, NAN, NAN, 1.0], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(since_launch(demand), expected)


def test_without_a_borrowed_shape_a_young_history_is_flat() -> None:
    young = np.where(DAYS < 62, NAN, 5 * WEEK)
    made = family_of_three(young)
    view = made.view(0, (62, 70), made.kin(0), 84)
    assert view.rest.shape == (8,)
    assert np.ptp(view.rest) < 0.06 < 0.5 * np.ptp(made.values[0, 62:])
    assert view.ahead.shape == (14,)
    assert view.ahead[5] > view.ahead[0] + 0.1
    np.testing.assert_allclose(view.shares.sum(), 1)


def family_of_three(young: FloatArray) -> Family:
    noise = np.exp(np.random.default_rng(1).normal(0, 0.01, (2, 70)))
    return family(np.stack([young, *(100 * WEEK * noise)]), "aab")


def test_who_may_lend_and_who_is_alone() -> None:
    made = family_of_three(np.where(DAYS < 62, NAN, 5 * WEEK))
    assert made.settled.tolist() == [1, 2]
    assert not made.alone_in_its_region(0)
    assert made.kin(1)[0].tolist() == [1, 2]
    assert made.kin_but_itself(1, elsewhere=False)[0].tolist() == [2]
    assert made.kin_but_itself(0, elsewhere=True)[0].tolist() == [2]


def test_the_longest_lead_begins_at_the_earliest_end() -> None:
    made = family_of_three(np.where((DAYS < 60) | (DAYS > 65), NAN, 5 * WEEK))
    assert made.reach == 14 + 4


def test_two_of_the_longest_short_seasons_are_enough() -> None:
    assert {each: enough(each) for each in Granularity} == {
        Granularity.HOUR: 336,
        Granularity.DAY: 14,
        Granularity.WEEK: 8,
        Granularity.MONTH: 8,
    }
