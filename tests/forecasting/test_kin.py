import numpy as np

from demand.series import SeriesKey, Workload
from forecasting.kin import MOST_KIN, nearest_kin, nearness, told

YOUNG = SeriesKey("north", "oslo", "H100", Workload.INFERENCE)
KEYS = (
    YOUNG,
    SeriesKey("north", "oslo", "H100", Workload.TRAINING),
    SeriesKey("north", "rome", "H100", Workload.INFERENCE),
    SeriesKey("north", "oslo", "B200", Workload.INFERENCE),
    SeriesKey("west", "lima", "B200", Workload.INFERENCE),
)


def test_the_workload_must_match_and_the_nearest_come_first() -> None:
    kin, weights = nearest_kin(0, KEYS, np.ones(5), np.arange(1, 5))
    assert kin.tolist() == [3, 2, 4]
    assert (np.diff(weights) < 0).all()


def test_another_workload_serves_where_no_kin_has_the_same() -> None:
    kin, _ = nearest_kin(0, KEYS, np.ones(5), np.array([1]))
    assert kin.tolist() == [1]


def test_more_history_counts_more() -> None:
    keys = (YOUNG, *[SeriesKey("north", "rome", "H100", Workload.INFERENCE, tenant=name) for name in "ab"])
    kin, weights = nearest_kin(0, keys, np.array([0.0, 1.0, 9.0]), np.array([1, 2]))
    assert kin.tolist() == [2, 1]
    np.testing.assert_allclose(np.exp(weights[0] - weights[1]), 0.9 / 0.5)


def test_a_shared_dimension_multiplies_by_its_power_of_two() -> None:
    moved = SeriesKey("north", "rome", "H100", Workload.INFERENCE)
    np.testing.assert_allclose(np.exp(nearness(YOUNG, YOUNG) - nearness(YOUNG, moved)), 2**4)


def test_only_the_nearest_are_asked() -> None:
    keys = tuple(SeriesKey(tenant=str(number)) for number in range(100))
    assert len(nearest_kin(0, keys, np.ones(100), np.arange(1, 100))[0]) == MOST_KIN


def test_the_reason_names_those_that_most_is_from() -> None:
    reason = told(KEYS, np.array([2, 3, 4]), np.array([0.2, 0.75, 0.05]))
    assert reason.index("accelerator=B200") < reason.index("region=rome")
    assert "lima" not in reason
    assert "a nameless series" in told((SeriesKey(workload=""),), np.array([0]), np.ones(1))  # type: ignore[arg-type]
