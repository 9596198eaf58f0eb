import numpy as np
import pytest

from demand.calendar import Granularity
from forecasting.seasonal_basis import basis


@pytest.mark.parametrize("granularity", list(Granularity))
def test_any_level_and_slope_can_be_told(granularity: Granularity) -> None:
    steps = 60
    inputs = basis(granularity, steps).inputs
    line = 3.0 + 0.1 * np.arange(steps)
    coefficients = np.linalg.lstsq(inputs, line, rcond=None)[0]
    np.testing.assert_allclose(inputs @ coefficients, line, atol=1e-6)


def test_a_wave_of_the_day_can_be_told() -> None:
    inputs = basis(Granularity.HOUR, 336).inputs
    wave = np.cos(2 * np.pi * 3 * (np.arange(336) - 5) / 24)
    coefficients = np.linalg.lstsq(inputs, wave, rcond=None)[0]
    np.testing.assert_allclose(inputs @ coefficients, wave, atol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 1000])
def test_what_is_expected_is_a_proper_covariance_at_any_length(steps: int) -> None:
    made = basis(Granularity.DAY, steps)
    assert made.inputs.shape == (steps, len(made.precision))
    assert (np.linalg.eigvalsh(made.precision) > 0).all()
