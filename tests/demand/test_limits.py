import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.history import Panel
from demand.limits import Limit, LimitKind, check_against_use, is_full, is_over, shares_left
from demand.series import Selection, SeriesKey, Workload

START = pd.Timestamp("2025-01-06", tz="UTC")
EVERYTHING = Selection()


def at(hour: int) -> pd.Timestamp:
    return START + pd.Timedelta(hours=hour)


def panel(*rows: list[float], units: tuple[str, ...] = ("accelerators",) * 2) -> Panel:
    keys = (SeriesKey("acme", workload=Workload.TRAINING), SeriesKey("acme", workload=Workload.INFERENCE))
    return Panel(keys[: len(rows)], units[: len(rows)], Granularity.HOUR, START, np.array(rows))


def test_a_limit_holds_from_its_start_up_to_its_end() -> None:
    limit = Limit(EVERYTHING, 10, at(1), at(3))
    np.testing.assert_array_equal(limit.levels(panel([0.0] * 4).index), [np.inf, 10, 10, np.inf])


def test_a_limit_without_an_end_goes_on() -> None:
    np.testing.assert_array_equal(Limit(EVERYTHING, 10, at(1)).levels(panel([0.0] * 3).index), [np.inf, 10, 10])


def test_series_that_share_a_limit_are_full_together_when_their_sum_meets_it() -> None:
    full = is_full(panel([6.0, 6.0, 2.0], [4.0, 3.0, 8.0]), [Limit(EVERYTHING, 10, at(0))])
    np.testing.assert_array_equal(full, [[True, False, True], [True, False, True]])


def test_a_series_outside_the_selection_or_in_another_unit_is_not_limited() -> None:
    training = Limit(Selection(workload=("training",)), 5, at(0))
    np.testing.assert_array_equal(is_full(panel([5.0], [5.0]), [training]), [[True], [False]])
    other = panel([5.0], [5.0], units=("accelerators", "megawatts"))
    np.testing.assert_array_equal(is_full(other, [Limit(EVERYTHING, 5, at(0))]), [[True], [False]])


def test_use_just_below_a_limit_is_at_it_and_just_above_it_is_not_over() -> None:
    limit = [Limit(EVERYTHING, 1000, at(0))]
    used = panel([994.0, 996.0, 1004.0, 1006.0])
    np.testing.assert_array_equal(is_full(used, limit), [[False, True, True, True]])
    np.testing.assert_array_equal(is_over(used, limit), [[False, False, False, True]])


def test_an_hour_of_which_nothing_is_known_is_not_full() -> None:
    full = is_full(panel([np.nan, 10.0], [10.0, np.nan]), [Limit(EVERYTHING, 10, at(0))])
    np.testing.assert_array_equal(full, [[False, True], [True, False]])


def test_everybody_gets_the_same_share_of_what_a_limit_leaves_and_no_more_than_asked() -> None:
    np.testing.assert_allclose(shares_left(np.array([[20.0, 5.0, 0.0]]), np.array([10.0, 10.0, 10.0])), [[0.5, 1, 1]])


def test_nothing_is_ever_full_at_a_saturation() -> None:
    used = panel([6.0, 9.0], [4.0, 8.0])
    ends = [Limit(EVERYTHING, 10, at(0), kind=LimitKind.SATURATION)]
    assert not is_full(used, ends).any()
    assert not is_over(used, ends).any()
    assert [Limit(EVERYTHING, 10, at(0), kind=kind).holds_use_down for kind in LimitKind] == [True, True, False]


def test_a_saturation_below_the_last_value_is_refused_too() -> None:
    below = Limit(EVERYTHING, 100, at(0), kind=LimitKind.SATURATION)
    with pytest.raises(Invalid, match=r"saturation of 100 accelerators is below the last value.*correct the level"):
        check_against_use(below, panel([50.0, 240.0]))


def test_a_limit_below_the_last_value_is_refused_with_what_to_do() -> None:
    with pytest.raises(Invalid, match=r"100 accelerators is below the last value.*240.*correct the level"):
        check_against_use(Limit(EVERYTHING, 100, at(0)), panel([50.0, 240.0]))
    with pytest.raises(Invalid, match="had 110 in use"):
        check_against_use(Limit(EVERYTHING, 100, at(0)), panel([55.0], [55.0]))


def test_a_limit_that_begins_later_may_lie_below_the_last_value() -> None:
    check_against_use(Limit(EVERYTHING, 100, at(5)), panel([50.0, 240.0]))
    check_against_use(Limit(EVERYTHING, 300, at(0)), panel([50.0, 240.0]))


@pytest.mark.parametrize("level", [0.0, -1.0, np.inf, np.nan])
def test_a_level_that_limits_nothing_sensibly_is_refused(level: float) -> None:
    with pytest.raises(Invalid, match="above zero"):
        Limit(EVERYTHING, level, at(0), kind=LimitKind.QUOTA)


def test_a_limit_that_ends_before_it_starts_or_has_no_offset_is_refused() -> None:
    with pytest.raises(Invalid, match="not after its start"):
        Limit(EVERYTHING, 1, at(1), at(1))
    with pytest.raises(Invalid, match="UTC offsets"):
        Limit(EVERYTHING, 1, pd.Timestamp("2025-01-06"))
