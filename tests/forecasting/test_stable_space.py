import numpy as np

from forecasting.stable_space import HEADROOM, stable_space

DEMAND = np.array([[0.0, 3.0, 40.0, np.nan, 90.0], [0.0, 0.0, 0.0, 0.0, 0.0], [1e12, 2e12, 3e12, 4e12, 5e12]])


def test_there_and_back_changes_nothing() -> None:
    for caps in (None, np.array([100.0, np.nan, 6e12])):
        space = stable_space(DEMAND, caps)
        np.testing.assert_allclose(space.back(space.into(DEMAND)), DEMAND, atol=1e-9)


def test_the_size_of_demand_does_not_matter() -> None:
    np.testing.assert_allclose(stable_space(DEMAND).into(DEMAND), stable_space(7 * DEMAND).into(7 * DEMAND))


def test_nothing_exceeds_a_cap_by_more_than_its_headroom() -> None:
    space = stable_space(DEMAND, np.array([100.0, np.inf, 6e12]))
    highest = space.back(np.full((3, 1), 1e3))[:, 0]
    np.testing.assert_allclose(highest[[0, 2]], [(1 + HEADROOM) * 100, (1 + HEADROOM) * 6e12])
    assert np.isfinite(highest).all()


def test_logistic_growth_is_a_line_below_a_cap() -> None:
    steps = np.arange(40)
    demand = (102 / (1 + np.exp(4 - 0.2 * steps)))[None]
    line = stable_space(demand, np.array([100.0])).into(np.minimum(demand, 99.9))[0]
    assert np.abs(np.diff(line[10:35], 2)).max() < 0.02


def test_a_slope_is_turned_into_relative_growth() -> None:
    demand = np.array([[100.0, 101.0]])
    space = stable_space(demand)
    values = space.into(demand)
    np.testing.assert_allclose((values[0, 1] - values[0, 0]) * space.relative_growth(values[:, 0]), 0.01, rtol=0.01)
