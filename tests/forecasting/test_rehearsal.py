import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from forecasting.family import Family, View, family_of
from forecasting.rehearsal import UNSURE, Youth, level_of, rehearse, unrehearsed

STEPS = np.arange(60)


def family(values: FloatArray, workload: Workload = Workload.INFERENCE) -> Family:
    keys = tuple(SeriesKey(tenant=str(row), workload=workload) for row in range(len(values)))
    start = pd.Timestamp("2020-01-06", tz="UTC")
    return family_of(Panel(keys, ("accelerators",) * len(keys), Granularity.WEEK, start, values), 8)


def noisy(level: FloatArray, size: float, seed: int = 1) -> FloatArray:
    return np.asarray(level * np.exp(np.random.default_rng(seed).normal(0, size, (10, len(level)))))


def test_the_drift_is_the_growth_that_kin_had() -> None:
    rule = rehearse(family(noisy(1000 * np.exp(0.03 * STEPS), 0.01)), Youth(Workload.INFERENCE, 3, alone=False))
    # the space of kin is a little flatter than a logarithm where demand is small
    np.testing.assert_allclose(np.diff(rule.drift[[0, 7]]), 7 * 0.03, rtol=0.25)


def test_without_growth_there_is_no_drift_and_many_observations_make_the_level() -> None:
    rule = rehearse(family(noisy(np.full(60, 1000.0), 0.2)), Youth(Workload.INFERENCE, 12, alone=False))
    assert np.abs(rule.drift).max() < 0.06
    assert rule.span == 12


def test_a_walk_is_continued_from_its_last_values() -> None:
    walks = 1000 * np.exp(np.random.default_rng(2).normal(0, 0.1, (10, 60)).cumsum(axis=1))
    rule = rehearse(family(walks), Youth(Workload.INFERENCE, 12, alone=False))
    assert rule.span == 1
    assert rule.size[7] > 1.5 * rule.size[0]


def test_kin_that_were_launched_lend_their_ramp() -> None:
    ramp = 1000 * (1 - np.exp(-(np.arange(40) + 1) / 6))
    values = np.concatenate([np.zeros((10, 20)), noisy(ramp, 0.02)], axis=1)
    young, grown = (rehearse(family(values), Youth(Workload.INFERENCE, age, alone=False)).drift[5] for age in (3, 24))
    assert young > 0.15
    assert grown < 0.1


def test_another_workload_is_rehearsed_on_where_there_is_none_of_the_same() -> None:
    made = family(noisy(np.full(60, 1000.0), 0.2), Workload.TRAINING)
    assert rehearse(made, Youth(Workload.INFERENCE, 3, alone=False)).usual > 0


def test_without_anybody_the_band_is_wide_and_widens() -> None:
    rule = rehearse(family(np.full((1, 3), 7.0)), Youth(Workload.INFERENCE, 3, alone=False))
    expected = unrehearsed(8)
    np.testing.assert_array_equal(rule.size, expected.size)
    assert (np.diff(rule.size * UNSURE) > 0).all()


def test_restlessness_leans_on_kin_while_a_history_is_short() -> None:
    rule = unrehearsed(3)
    few, many = (rule.unrest(View(np.zeros(count), np.zeros(0), 0.1, np.zeros(0))) for count in (1, 10_000))
    assert 0.9 * UNSURE < few < UNSURE
    np.testing.assert_allclose(many, 0.1, rtol=0.05)


def test_the_level_is_a_median_of_the_last_values() -> None:
    assert level_of(np.array([9.0, 1.0, 2.0, 50.0]), 3) == 2.0
    assert level_of(np.array([9.0]), 24) == 9.0
