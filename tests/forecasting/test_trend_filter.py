import numpy as np
import pytest

from demand.history import FloatArray
from forecasting.trend_filter import DIFFUSE, GRID, Belief, beliefs, moments, run_filter

VAGUE = 1e5


def joint_covariance(cell: int, n_steps: int) -> FloatArray:
    """Of (level, slope, observation) at every step, written out as one linear map of independent draws."""
    shock, noise, bend, phi = GRID.shock[cell], GRID.noise[cell], GRID.bend[cell], GRID.damping[cell]
    variances = [VAGUE, DIFFUSE, *[shock] * n_steps, *[bend] * n_steps, *[noise] * n_steps]
    level, slope = np.eye(len(variances))[0], np.eye(len(variances))[1]
    rows = []
    for step in range(n_steps):
        if step:
            level = level + phi * slope + np.eye(len(variances))[2 + step]
            slope = phi * slope + np.eye(len(variances))[2 + n_steps + step]
        rows.append([level, slope, level + np.eye(len(variances))[2 + 2 * n_steps + step]])
    maps = np.array(rows).transpose(1, 0, 2).reshape(3 * n_steps, -1)
    return np.asarray(maps @ np.diag(variances) @ maps.T)


@pytest.mark.parametrize("cell", range(0, len(GRID.shock), 17))
def test_what_is_known_is_what_conditioning_on_the_history_gives(cell: int) -> None:
    values = np.array([1.0, 1.4, np.nan, 1.2, 2.0, 2.1, np.nan, 2.6])
    n_steps, ahead = len(values), 5
    covariance = joint_covariance(cell, n_steps + ahead)
    known = 2 * (n_steps + ahead) + np.flatnonzero(np.isfinite(values))
    wanted = 2 * (n_steps + ahead) + np.arange(n_steps, n_steps + ahead)
    gain = covariance[np.ix_(wanted, known)] @ np.linalg.inv(covariance[np.ix_(known, known)])
    middle = gain @ values[np.isfinite(values)]
    variance = np.diag(covariance[np.ix_(wanted, wanted)] - gain @ covariance[np.ix_(known, wanted)])
    filtered = run_filter(values[None], np.array([np.inf]))
    only = np.zeros((1, len(GRID.shock)))
    only[0, cell] = 1.0
    result = moments(filtered.trend, Belief(only, np.array([4.0])), np.arange(1, ahead + 1))
    np.testing.assert_allclose(result[0][0], middle, rtol=1e-4)
    np.testing.assert_allclose(result[1][0], 4.0 * variance, rtol=1e-3)


def test_a_history_chooses_the_dynamics_that_made_it() -> None:
    rng = np.random.default_rng(3)
    walks = rng.normal(size=(5, 300)).cumsum(axis=1)
    noise = rng.normal(size=(5, 300))
    lasting = [
        (beliefs(run_filter(values, np.full(5, 1.0)), [0] * 5) * GRID.shock).sum(axis=1) for values in (walks, noise)
    ]
    assert lasting[0].min() > 0.85
    assert lasting[1].max() < 0.1


def test_a_spike_does_not_carry_the_level_away() -> None:
    values = np.random.default_rng(4).normal(10, 0.1, (1, 200))
    spiked = values.copy()
    spiked[0, 190] = 1000
    usual = np.array([0.1])
    levels = []
    for each in (values, spiked):
        filtered = run_filter(each, usual)
        belief = Belief(beliefs(filtered, [0]), np.ones(1))
        levels.append(moments(filtered.trend, belief, np.array([1]))[0].item())
    assert abs(levels[1] - levels[0]) < 0.1


def test_being_told_a_slope_moves_it_as_far_as_it_is_unknown() -> None:
    trend = run_filter(np.arange(6.0)[None], np.array([np.inf])).trend
    told = trend.told_slope(np.array([[5.0]]), trend.slope_variance)
    np.testing.assert_allclose(told.slope, (trend.slope + 5.0) / 2)
    unmoved = trend.told_slope(np.array([[5.0]]), np.array([[np.inf]]))
    np.testing.assert_allclose(unmoved.slope, trend.slope)
