"""Coverage counted on draws that were not looked at, and factors found by brute force."""

import numpy as np
import pytest
from scipy.special import ndtri

from demand.history import FloatArray
from forecasting.calibration import (
    FLEET_WINDOWS,
    FOLLOWING,
    LIMITS,
    OUTER,
    OWN_ORIGINS,
    SHARED_ORIGINS,
    UNCHECKED,
    Calibration,
    Outcomes,
    calibrate,
    followed,
)
from forecasting.quantiles import DECILES

SCORES = ndtri(np.array(DECILES))


def gaussian(shape: tuple[int, ...], spread: float, middle: float = 100.0) -> FloatArray:
    return middle + spread * np.broadcast_to(SCORES, (*shape, len(DECILES)))


def outcomes(errors: FloatArray, spread: float, stretches: int = 1) -> Outcomes:
    """Forecasts of 100 with Gaussian quantiles of this spread, and what came of them."""
    stretch = np.arange(errors.shape[1]) % stretches
    return Outcomes.of(gaussian(errors.shape, spread), DECILES, 100 + errors, stretch)


def noise(n_series: int, n_steps: int, seed: int = 3) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(n_series, n_steps))


def covered(calibration: Calibration, spread: float, fresh: FloatArray) -> FloatArray:
    """Share of fresh draws inside the 80 % band, per series."""
    band = calibration.applied(gaussian(fresh.shape, spread), DECILES, np.zeros(fresh.shape[1], dtype=np.int64))
    actual = 100 + fresh
    return ((actual >= band[..., 0]) & (actual <= band[..., -1])).mean(axis=1)


@pytest.mark.parametrize("spread", [0.5, 0.8, 1.0, 2.0])
def test_bands_that_are_too_narrow_or_too_wide_cover_as_asked_where_evidence_is_plentiful(spread: float) -> None:
    calibration = calibrate(outcomes(noise(40, 720), spread), origins=360)
    assert calibration.lower.mean() == pytest.approx(1 / spread, rel=0.05)
    assert np.mean(covered(calibration, spread, noise(40, 2000, seed=4))) == pytest.approx(0.8, abs=0.02)


def test_little_changes_where_evidence_is_scarce() -> None:
    calibration = calibrate(outcomes(noise(2, 24), spread=0.5), origins=1)
    for side in (calibration.lower, calibration.upper):
        assert (side >= 1.0).all()
        assert (side < 1.05).all()


def test_more_origins_correct_more() -> None:
    factors = [calibrate(outcomes(noise(10, 12 * n), 0.5), origins=n).upper.mean() for n in (1, 2, 4, 16, 64)]
    assert (np.diff(factors) > 0).all()


def test_sides_are_corrected_apart() -> None:
    errors = noise(30, 600)
    errors = np.where(errors > 0, 3 * errors, errors)
    calibration = calibrate(outcomes(errors, spread=1.0), origins=300)
    assert calibration.lower.mean() == pytest.approx(1.0, rel=0.05)
    assert calibration.upper.mean() == pytest.approx(3.0, rel=0.08)


def test_stretches_are_corrected_apart() -> None:
    errors = noise(30, 600)
    errors[:, 1::2] *= 2
    calibration = calibrate(outcomes(errors, spread=1.0, stretches=2), origins=300)
    assert calibration.upper[:, 0].mean() == pytest.approx(1.0, rel=0.05)
    assert calibration.upper[:, 1].mean() == pytest.approx(2.0, rel=0.08)


def test_a_series_unlike_the_others_gets_a_factor_of_its_own_as_its_origins_grow() -> None:
    errors = noise(30, 720)
    errors[0] *= 3
    few, many = (calibrate(outcomes(errors[:, : 12 * n], 1.0), origins=n).upper[:, 0] for n in (2, 60))
    assert few[0] < 1.5
    assert many[0] > 2.0
    assert (many[1:] < 1.4).all()


@pytest.mark.parametrize("origins", [1, 5, 40])
def test_factors_are_those_of_brute_force(origins: int) -> None:
    errors = noise(6, 12 * origins, seed=5) * np.array([[1, 1, 2, 3, 0.2, 1]]).T
    errors[1, ::3] = np.nan
    errors[5] = np.nan
    known = [row[~np.isnan(row)] for row in errors]
    everyone = np.concatenate(known)
    own_share, windows = origins / (origins + OWN_ORIGINS), 5 * origins
    trust = windows / (windows + FLEET_WINDOWS) * origins / (origins + SHARED_ORIGINS)
    expected = []
    for own in known:
        share = own_share if len(own) else 0.0
        reached = [
            (share * (own <= each).mean() if len(own) else 0.0) + (1 - share) * (everyone <= each).mean()
            for each in np.sort(everyone)
        ]
        quantile = np.sort(everyone)[np.argmax(np.array(reached) >= 1 - OUTER - 1e-9)]
        expected.append(np.clip(quantile / SCORES[-1], *LIMITS) ** trust)
    made = calibrate(outcomes(errors, spread=1.0), origins)
    np.testing.assert_allclose(made.upper[:, 0], expected)
    np.testing.assert_allclose(calibrate(outcomes(-errors, 1.0), origins).lower[:, 0], expected, rtol=1e-6)


def test_nothing_known_corrects_nothing() -> None:
    calibration = calibrate(outcomes(np.full((3, 24), np.nan), spread=1.0), origins=2)
    np.testing.assert_array_equal(calibration.lower, 1.0)
    np.testing.assert_array_equal(calibration.upper, 1.0)


def test_a_band_without_any_width_teaches_nothing() -> None:
    errors = noise(12, 600)
    usual = calibrate(outcomes(errors, spread=1.0), origins=50)
    quantiles = np.concatenate([gaussian((12, 600), 1.0), np.full((12, 600, 9), 1e6)])
    quantiles[12:] += 1e-7 * SCORES  # rounding, of a constant series
    actual = np.concatenate([100 + errors, np.full((12, 600), 1e6 + 1e-5)])
    among = calibrate(Outcomes.of(quantiles, DECILES, actual, np.zeros(600, dtype=np.int64)), origins=50)
    np.testing.assert_allclose(among.upper[:12], usual.upper, rtol=1e-6)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_the_unit_of_demand_does_not_matter(factor: float) -> None:
    made = [
        calibrate(
            Outcomes.of(size * gaussian((5, 120), 0.5), DECILES, size * (100 + noise(5, 120)), np.arange(120) // 60), 10
        )
        for size in (1.0, factor)
    ]
    np.testing.assert_allclose(made[0].upper, made[1].upper)


def test_one_step_without_width_does_not_decide() -> None:
    quantiles = gaussian((1, 120), 1.0).copy()
    quantiles[:, 0] = 100.0
    errors = noise(1, 120)
    made = calibrate(Outcomes.of(quantiles, DECILES, 100 + errors, np.zeros(120, dtype=np.int64)), origins=10)
    usual = calibrate(outcomes(errors, spread=1.0), origins=10)
    np.testing.assert_allclose(made.upper, usual.upper, rtol=0.1)


def test_factors_stay_within_their_limits() -> None:
    wide, narrow = (calibrate(outcomes(noise(60, 3000) * size, 1.0), origins=3000) for size in (100.0, 0.001))
    assert LIMITS[1] * 0.9 < wide.upper.min() <= wide.upper.max() <= LIMITS[1]
    assert LIMITS[0] <= narrow.upper.min() <= narrow.upper.max() < 1.1 * LIMITS[0]


def test_applied_moves_both_sides_of_the_median_and_not_the_median() -> None:
    calibration = Calibration(np.array([[2.0, 3.0]]), np.array([[0.5, 1.0]]))
    made = calibration.applied(gaussian((1, 3), 1.0), DECILES, np.array([0, 1, 2]))[0]
    np.testing.assert_allclose(made[:, 4], 100.0)
    np.testing.assert_allclose(made[:, 0], 100 + SCORES[0] * np.array([2, 3, 3]))
    np.testing.assert_allclose(made[:, -1], 100 + SCORES[-1] * np.array([0.5, 1, 1]))
    assert (np.diff(made, axis=-1) > 0).all()


def test_applied_is_never_below_zero_and_passes_what_is_unknown() -> None:
    quantiles = np.stack([gaussian((4,), 1.0, middle=1.5), np.full((4, 9), np.nan)])
    made = Calibration.unchecked(2, 1).applied(np.maximum(quantiles, 0), DECILES, np.zeros(4, dtype=np.int64))
    assert (made[0] >= 0).all()
    assert np.isnan(made[1]).all()


def test_what_was_never_checked_is_wider() -> None:
    unchecked = Calibration.unchecked(2, 3)
    assert unchecked.lower.shape == unchecked.upper.shape == (2, 3)
    assert (unchecked.lower == UNCHECKED).all()
    assert UNCHECKED > 1


def stream(steps: int, seed: int) -> FloatArray:
    """Errors whose spread and middle change again and again, by a factor of up to four."""
    generator = np.random.default_rng(seed)
    regime = np.arange(steps) // 250
    size = np.array([0.6, 2.0, 1.0, 2.4])[regime % 4]
    return np.asarray(size * generator.normal(size=steps) + 0.4 * np.sin(regime))


def missed(errors: FloatArray, spread: float) -> tuple[FloatArray, list[float]]:
    """Share of a stream beyond either side when factors follow it step by step, and the factors above."""
    known, counts, upper = Calibration(np.ones((1, 1)), np.ones((1, 1))), np.zeros(2), []
    at = np.zeros(1, dtype=np.int64)
    for error in errors:
        band = known.applied(gaussian((1, 1), spread), DECILES, at)
        now = Outcomes.of(band, DECILES, np.array([[100 + error]]), at)
        counts += [now.actual[0, 0] < now.lower[0, 0], now.actual[0, 0] > now.upper[0, 0]]
        known = followed(known, now)
        upper.append(float(known.upper[0, 0]))
    return counts / len(errors), upper


def test_followed_widths_miss_a_tenth_on_either_side_in_the_long_run_whatever_happens() -> None:
    shares, factors = missed(stream(8000, seed=6), spread=1.0)
    farthest = np.log(LIMITS[1]) / (FOLLOWING * 8000)  # as long as no limit is met, whatever came
    np.testing.assert_allclose(shares, OUTER, atol=farthest)
    assert shares[1] - OUTER == pytest.approx(np.log(factors[-1]) / (FOLLOWING * 8000))
    assert min(factors) > LIMITS[0]
    assert max(factors) < LIMITS[1]


def test_without_following_the_same_stream_is_missed_far_more_often() -> None:
    errors = stream(6000, seed=6)
    assert (errors > SCORES[-1]).mean() > 0.15


def test_followed_moves_only_by_what_is_known_and_only_its_stretch() -> None:
    known = Calibration(np.ones((1, 2)), np.ones((1, 2)))
    errors = np.array([[np.nan, 9.0, np.nan, 0.0, 9.0]])
    now = Outcomes.of(gaussian((1, 5), 1.0), DECILES, 100 + errors, np.array([0, 1, 0, 1, 2]))
    moved = followed(known, now)
    assert moved.lower[0, 0] == moved.upper[0, 0] == 1.0
    np.testing.assert_allclose(np.log(moved.upper[0, 1]), 0.01 * (2 - 0.1 * 3))
    np.testing.assert_allclose(np.log(moved.lower[0, 1]), 0.01 * (0 - 0.1 * 3))
    assert (known.upper == 1.0).all()


def test_followed_widths_stay_within_their_limits() -> None:
    now = outcomes(np.full((1, 2000), 50.0), spread=1.0)
    moved = followed(Calibration(np.ones((1, 1)), np.ones((1, 1))), now)
    assert moved.upper[0, 0] == pytest.approx(LIMITS[1])
    assert moved.lower[0, 0] == pytest.approx(LIMITS[0])
