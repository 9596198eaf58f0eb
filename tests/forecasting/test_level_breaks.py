import numpy as np
import pytest

from demand.calendar import Granularity
from demand.covariates import NO_COVARIATES, Covariates
from demand.history import FloatArray
from forecasting.adjustment import adjust
from forecasting.level_breaks import level_break
from tests.forecasting.simulated_effects import event, noise
from tests.training.panels import START, panel

HOURS = np.arange(8 * 168)
RHYTHM = 0.4 * np.sin(2 * np.pi * HOURS / 24) - 0.4 * ((HOURS // 24) % 7 >= 5)


def ordinary(seed: int, stickiness: float = 0.9, deviation: float = 0.1) -> FloatArray:
    """Eight weeks with quiet nights and weekends, and nothing lasting."""
    return np.asarray(100 * np.exp(RHYTHM + noise(seed, len(HOURS), stickiness, deviation)))


def found_in(values: FloatArray) -> bool:
    return level_break(values, Granularity.HOUR) is not None


@pytest.mark.parametrize("stickiness", [0.0, 0.9, 0.97, 0.995])
@pytest.mark.parametrize("deviation", [0.1, 0.3])
def test_stationary_series_have_a_break_in_at_most_one_of_a_hundred(stickiness: float, deviation: float) -> None:
    alarms = sum(found_in(ordinary(seed, stickiness, deviation)) for seed in range(100))
    assert alarms <= 1


@pytest.mark.parametrize("factor", [0.4, 0.5, 2.0, 4.0])
@pytest.mark.parametrize("place", [15 * 24, 777, len(HOURS) - 8 * 24])
def test_a_lasting_step_is_found_where_it_is_and_as_large_as_it_is(factor: float, place: int) -> None:
    for seed in range(3):
        values = ordinary(seed)
        values[place:] *= factor
        found = level_break(values, Granularity.HOUR)
        assert found is not None
        assert abs(found.step - place) <= 48
        assert found.factor == pytest.approx(factor, rel=0.2)


def trend(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    return values * np.exp(rng.uniform(-0.002, 0.002) * HOURS)


def bursts(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    for first in rng.integers(0, len(values) - 72, size=5):
        values[first : first + rng.integers(6, 72)] *= rng.uniform(2, 6)
    return values


def intermittent(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    return values * (rng.random(len(values)) < 0.4)


def launch(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    values[: rng.integers(100, 900)] = 0.0
    return values


def late_start(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    values[: rng.integers(100, 900)] = np.nan
    return values


def outage(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    first = rng.integers(0, 1000)
    values[first : first + 100] *= 0.1
    return values


@pytest.mark.parametrize("happening", [trend, bursts, intermittent, launch, late_start, outage])
def test_what_is_no_level_break_is_not_taken_for_one(happening: object) -> None:
    assert callable(happening)
    alarms = sum(found_in(happening(ordinary(seed), np.random.default_rng(seed))) for seed in range(40))
    assert alarms == 0


@pytest.mark.parametrize("granularity", list(Granularity))
def test_a_step_is_found_at_every_granularity(granularity: Granularity) -> None:
    rng = np.random.default_rng(4)
    values = 100 * np.exp(rng.normal(0, 0.1, 1000))
    values[600:] *= 2
    found = level_break(values, granularity)
    assert found is not None
    assert abs(found.step - 600) <= 2


@pytest.mark.parametrize(
    "values", [np.zeros(2000), np.full(2000, np.nan), np.full(2000, 3.0), np.ones(10), np.empty(0)]
)
def test_odd_series_have_none(values: FloatArray) -> None:
    assert not found_in(values)


def test_a_series_with_a_break_is_adjusted_to_its_new_level_and_says_so() -> None:
    values = ordinary(7)
    values[888:] *= 2
    adjusted = adjust(panel(values[None]), NO_COVARIATES, 24)
    np.testing.assert_array_equal(adjusted.panel.values[0, 888:], values[888:])
    ratio = adjusted.panel.values[0, :888] / values[:888]
    np.testing.assert_allclose(ratio, ratio[0])
    assert ratio[0] == pytest.approx(2, rel=0.1)
    (note,) = adjusted.notes[0]
    assert note.startswith(
        f"level break at {(START + np.timedelta64(888, 'h')).isoformat()}; earlier history rescaled by"
    )


def test_an_event_that_is_masked_makes_no_break() -> None:
    values = ordinary(8)
    values[-9 * 24 :] *= 3
    masked = Covariates(events=(event(len(values) - 9 * 24, len(values)),))
    assert adjust(panel(values[None]), NO_COVARIATES, 24).notes[0]
    assert not adjust(panel(values[None]), masked, 24).notes[0]
