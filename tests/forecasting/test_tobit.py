import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from demand.calendar import Granularity
from forecasting.seasonal_basis import Basis, basis
from forecasting.tobit import fit_tobit

STEPS = 1344
SHAPE = basis(Granularity.HOUR, STEPS)


def hourly(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 1.0 + 0.3 * np.sin(2 * np.pi * np.arange(STEPS) / 24) + rng.normal(0, 0.1, STEPS)


def test_without_censoring_it_is_ridge_regression() -> None:
    values = hourly(1)
    learned = fit_tobit(values[None], np.zeros((1, STEPS), dtype=bool), SHAPE)
    spread, carried = learned.deviation[0], learned.persistence[0]
    weight = (1 - carried) / (1 + carried) / spread**2
    ridge = np.linalg.solve(weight * SHAPE.inputs.T @ SHAPE.inputs + SHAPE.precision, weight * SHAPE.inputs.T @ values)
    np.testing.assert_allclose(SHAPE.inputs @ learned.coefficients[0], SHAPE.inputs @ ridge, atol=1e-3)
    np.testing.assert_allclose(spread, 0.1, rtol=0.1)


def test_a_censored_mean_is_the_likeliest_one() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(5.0, 1.0, 4000)
    seen, hidden = np.minimum(truth, 5.2), truth >= 5.2

    def loss(parameters: np.ndarray) -> float:
        mean, spread = parameters[0], np.exp(parameters[1])
        known = norm.logpdf(seen[~hidden], mean, spread).sum()
        return float(-known - norm.logsf(seen[hidden], mean, spread).sum())

    best = minimize(loss, np.array([4.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}).x
    constant = Basis(np.ones((4000, 1)), np.array([[1e-9]]))
    learned = fit_tobit(seen[None], hidden[None], constant)
    np.testing.assert_allclose(learned.coefficients[0, 0], best[0], atol=0.01)
    np.testing.assert_allclose(learned.deviation[0], np.exp(best[1]), atol=0.02)


def test_what_is_cut_off_leaves_the_shape_about_where_it_was() -> None:
    values = hourly(3)
    hidden = values >= 1.15
    learned = fit_tobit(np.minimum(values, 1.15)[None], hidden[None], SHAPE)
    truth = 1.0 + 0.3 * np.sin(2 * np.pi * np.arange(STEPS) / 24)
    fit = SHAPE.inputs @ learned.coefficients[0]
    assert np.abs(fit - truth).mean() < 0.03


def test_less_is_known_of_hours_that_are_always_hidden() -> None:
    values = hourly(4)
    open_fit = fit_tobit(values[None], np.zeros((1, STEPS), dtype=bool), SHAPE)
    cut_fit = fit_tobit(np.minimum(values, 1.0)[None], (values >= 1.0)[None], SHAPE)
    peak = SHAPE.inputs[6]
    spreads = [np.linalg.norm(peak @ each.roots[0]) for each in (open_fit, cut_fit)]
    assert spreads[1] > 1.2 * spreads[0]


def test_gaps_and_constants_are_taken() -> None:
    values = np.stack([np.full(STEPS, 0.7), hourly(5)])
    values[1, 100:300] = np.nan
    learned = fit_tobit(values, np.zeros(values.shape, dtype=bool), SHAPE)
    assert np.isfinite(learned.coefficients).all()
    np.testing.assert_allclose(SHAPE.inputs @ learned.coefficients[0], 0.7, atol=1e-3)
