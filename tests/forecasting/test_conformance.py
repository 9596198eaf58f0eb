"""What holds for every model of every catalogue, whatever the history."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.catalogue import catalogue, model
from forecasting.quantiles import QuantileForecast
from forecasting.seasonal_naive import SeasonalNaive

HORIZON = {Granularity.HOUR: 36, Granularity.DAY: 10, Granularity.WEEK: 6, Granularity.MONTH: 6}
LENGTH = {Granularity.HOUR: 400, Granularity.DAY: 120, Granularity.WEEK: 130, Granularity.MONTH: 60}
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.975)
EVERY = [(granularity, each.name) for granularity in Granularity for each in catalogue(granularity)]
every_model = pytest.mark.parametrize(
    ("granularity", "name"), EVERY, ids=[f"{granularity}-{name}" for granularity, name in EVERY]
)


def ordinary(n_steps: int, season: int, seed: int = 11) -> FloatArray:
    noise = np.random.default_rng(seed).gamma(4.0, 2.0, n_steps)
    return 40 + 15 * np.sin(2 * np.pi * np.arange(n_steps) / season) + noise


def histories(granularity: Granularity) -> dict[str, FloatArray]:
    n_steps, season = LENGTH[granularity], granularity.rhythm.whole_seasons[0]
    usual = ordinary(n_steps, season)
    return {
        "ordinary": usual,
        "another": 10 * ordinary(n_steps, season, seed=12),
        "short": np.where(np.arange(n_steps) < n_steps - 5, np.nan, usual),
        "one observation": np.where(np.arange(n_steps) < n_steps - 1, np.nan, usual),
        "none": np.full(n_steps, np.nan),
        "constant": np.full(n_steps, 7.25),
        "zeros": np.zeros(n_steps),
        "gaps": np.where((np.arange(n_steps) % 29 < 9) & (np.arange(n_steps) > 2), np.nan, usual),
        "NaN at the end": np.where(np.arange(n_steps) >= n_steps - 7, np.nan, usual),
        "huge": usual * 1e12,
        "tiny": usual * 1e-12,
        "one spike": np.where(np.arange(n_steps) == n_steps - 20, 1e7, usual),
    }


def panel_of(granularity: Granularity, rows: list[FloatArray]) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(rows)))
    start = pd.Timestamp("2022-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(rows), granularity, start, np.stack(rows))


@lru_cache
def forecast(granularity: Granularity, name: str) -> tuple[Panel, QuantileForecast]:
    panel = panel_of(granularity, list(histories(granularity).values()))
    fitted = model(name, granularity).fit(panel, seed=7)
    return panel, fitted.predict(HORIZON[granularity], LEVELS)


def row_of(granularity: Granularity, name: str, case: str) -> FloatArray:
    return forecast(granularity, name)[1].values[list(histories(granularity)).index(case)]


@pytest.fixture(autouse=True, scope="module")
def _forget() -> Iterator[None]:
    yield
    forecast.cache_clear()


@every_model
def test_a_forecast_has_the_shape_and_levels_that_were_asked_for(granularity: Granularity, name: str) -> None:
    panel, result = forecast(granularity, name)
    assert result.levels == LEVELS
    assert result.values.shape == (panel.n_series, HORIZON[granularity], len(LEVELS))


@every_model
def test_a_model_says_what_it_does_and_what_it_may_take(granularity: Granularity, name: str) -> None:
    chosen = model(name, granularity)
    assert len(chosen.description) > 20
    assert chosen.budget_seconds is None or 0 < chosen.budget_seconds <= 60
    assert chosen.minimum_history(forecast(granularity, name)[0]) >= 1


@every_model
def test_a_series_is_forecast_in_full_or_named_with_a_reason(granularity: Granularity, name: str) -> None:
    _, result = forecast(granularity, name)
    for row, values in enumerate(result.values):
        if row in result.failures:
            assert np.isnan(values).all()
            assert len(result.failures[row]) > 10
        else:
            assert np.isfinite(values).all()


@every_model
def test_quantiles_never_cross_and_are_never_below_zero(granularity: Granularity, name: str) -> None:
    _, result = forecast(granularity, name)
    done = result.values[[row for row in range(len(result.values)) if row not in result.failures]]
    assert (done >= 0).all()
    assert (np.diff(done, axis=-1) >= 0).all()


@every_model
@pytest.mark.parametrize("case", ["ordinary", "gaps", "NaN at the end", "huge", "tiny", "one spike"])
def test_a_series_with_enough_history_is_forecast(granularity: Granularity, name: str, case: str) -> None:
    panel, result = forecast(granularity, name)
    row = list(histories(granularity)).index(case)
    observed = int((~np.isnan(panel.values[row])).sum())
    if observed < model(name, granularity).minimum_history(panel):
        pytest.skip(f"{name} needs more history at this granularity")
    assert row not in result.failures


@every_model
def test_ordinary_demand_is_forecast_near_its_level(granularity: Granularity, name: str) -> None:
    panel, result = forecast(granularity, name)
    if 0 in result.failures:
        assert LENGTH[granularity] < model(name, granularity).minimum_history(panel)
        return
    usual = panel.values[0]
    assert usual.min() * 0.5 < np.median(result.values[0, :, 2]) < usual.max() * 1.5
    assert (result.values[0, :, 3] > result.values[0, :, 1]).mean() > 0.9


@every_model
@pytest.mark.parametrize("case", ["constant", "zeros"])
def test_what_never_varied_goes_on_or_is_left_to_the_naive(granularity: Granularity, name: str, case: str) -> None:
    values = row_of(granularity, name, case)
    level = histories(granularity)[case][0]
    if model(name, granularity).minimum_history(forecast(granularity, name)[0]) > LENGTH[granularity]:
        pytest.skip(f"{name} needs more history at this granularity")
    if not np.isnan(values).any():
        np.testing.assert_allclose(values, level, atol=0.02)


@every_model
@pytest.mark.parametrize("size", ["huge", "tiny"])
def test_size_changes_nothing_but_the_size(granularity: Granularity, name: str, size: str) -> None:
    if model(name, granularity).across_series:
        pytest.skip("series learn from each other, and no two are sampled alike")
    factor = {"huge": 1e12, "tiny": 1e-12}[size]
    values, expected = row_of(granularity, name, size), factor * row_of(granularity, name, "ordinary")
    if np.isnan(expected).all():
        pytest.skip(f"{name} needs more history at this granularity")
    # optimisers stop where rounding takes them, so a few parts in a hundred are allowed
    np.testing.assert_allclose(values, expected, rtol=0.05, atol=0.05 * np.nanmax(np.nan_to_num(expected)))


@every_model
def test_the_same_seed_gives_the_same_forecast_bit_for_bit(granularity: Granularity, name: str) -> None:
    panel, _ = forecast(granularity, name)
    few = panel.select([0, 7, 8])
    np.random.seed(1)  # noqa: NPY002 - the global generator must not matter, whatever state it is in
    once = model(name, granularity).fit(few, seed=3).predict(HORIZON[granularity], LEVELS)
    np.random.seed(2)  # noqa: NPY002
    again = model(name, granularity).fit(few, seed=3).predict(HORIZON[granularity], LEVELS)
    np.testing.assert_array_equal(once.values, again.values)
    assert once.failures == again.failures


@every_model
def test_global_state_is_left_as_it_was(granularity: Granularity, name: str) -> None:
    panel, _ = forecast(granularity, name)
    before = np.random.get_state()[1].copy()  # type: ignore[index, union-attr] # noqa: NPY002
    errors, levels = np.geterr(), [logging.getLogger(each).disabled for each in ("prophet", "cmdstanpy")]
    model(name, granularity).fit(panel.select([0]), seed=3).predict(HORIZON[granularity], LEVELS)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # type: ignore[index] # noqa: NPY002
    assert np.geterr() == errors
    assert [logging.getLogger(each).disabled for each in ("prophet", "cmdstanpy")] == levels


@every_model
def test_a_local_model_gives_a_series_the_same_alone_as_among_others(granularity: Granularity, name: str) -> None:
    panel, among = forecast(granularity, name)
    chosen = model(name, granularity)
    if chosen.across_series:
        pytest.skip("series learn from each other on purpose")
    for row in (1, 7):
        alone = chosen.fit(panel.select([row]), seed=7).predict(HORIZON[granularity], LEVELS)
        np.testing.assert_array_equal(alone.values[0], among.values[row])


@every_model
def test_missing_values_at_the_end_are_forecast_over(granularity: Granularity, name: str) -> None:
    panel, _ = forecast(granularity, name)
    row = list(histories(granularity)).index("NaN at the end")
    ends = panel.select([row]).between(0, panel.n_steps - 7)
    chosen = model(name, granularity)
    if chosen.across_series:
        pytest.skip("the leads that it learns differ")
    if chosen.minimum_history(panel) > ends.n_steps:
        pytest.skip(f"{name} needs more history at this granularity")
    longer = chosen.fit(ends, seed=7).predict(HORIZON[granularity] + 7, LEVELS)
    late = row_of(granularity, name, "NaN at the end")
    if isinstance(chosen, SeasonalNaive):
        season = chosen.season or granularity.rhythm.naive_season
        known = {step: value for step, value in enumerate(panel.values[row]) if not np.isnan(value)}
        sources = [
            next(step for step in range(panel.n_steps + ahead, -1, -season) if step in known)
            for ahead in range(HORIZON[granularity])
        ]
        np.testing.assert_allclose(late[:, LEVELS.index(0.5)], [known[step] for step in sources])
    else:
        np.testing.assert_array_equal(late, longer.values[0, 7:])


CAPPED = [(granularity, name) for granularity, name in EVERY if name in ("growth", "prophet")]


@pytest.mark.parametrize(("granularity", "name"), CAPPED, ids=[f"{width}-{name}" for width, name in CAPPED])
def test_caps_a_little_above_any_history_fail_nothing_and_are_kept_to(granularity: Granularity, name: str) -> None:
    panel, free = forecast(granularity, name)
    highest = np.array([np.nanmax(row, initial=0.0) for row in panel.values])
    caps = np.where(highest > 0, 1.1 * highest, 1.0)
    capped = model(name, granularity).fit(replace(panel, caps=caps), seed=7).predict(HORIZON[granularity], LEVELS)
    assert capped.failures.keys() == free.failures.keys()
    done = [row for row in range(panel.n_series) if row not in capped.failures]
    assert (capped.values[done] <= 1.0201 * caps[done, None, None]).all()
    assert (capped.values[done] >= 0).all()
