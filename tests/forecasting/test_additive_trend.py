import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import Panel
from demand.series import SeriesKey
from forecasting.additive_trend import AdditiveTrend
from forecasting.metrics import scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from forecasting.stable_space import HEADROOM
from tests.forecasting.simulated_saturation import saturating_fleet

ROOT = Path(__file__).parents[2]


def panel(granularity: Granularity = Granularity.HOUR, n_steps: int = 400) -> Panel:
    season = granularity.rhythm.whole_seasons[0]
    noise = np.random.default_rng(4).normal(0, 1, n_steps)
    values = 50 + 20 * np.sin(2 * np.pi * np.arange(n_steps) / season) + noise
    start = pd.Timestamp("2020-01-06", tz="UTC")
    return Panel((SeriesKey(),), ("accelerators",), granularity, start, values[None])


@pytest.mark.parametrize("granularity", [Granularity.HOUR, Granularity.DAY, Granularity.MONTH])
def test_a_clean_season_is_continued(granularity: Granularity) -> None:
    history = panel(granularity)
    season = granularity.rhythm.whole_seasons[0]
    result = AdditiveTrend().fit(history.between(0, 400 - season), seed=1).predict(season, [0.1, 0.5, 0.9])
    assert np.abs(result.values[0, :, 1] - history.values[0, -season:]).mean() < 4


def test_a_process_leaves_no_temporary_file_and_says_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, 'tests/forecasting')\n"
        "from test_additive_trend import AdditiveTrend, Path, panel\n"
        "print(AdditiveTrend().fit(panel(), seed=1).predict(24, [0.5]).failures)\n"
        f"print([str(path) for path in Path({str(tmp_path)!r}).rglob('*') if path.is_file()])\n"
        f"print(sum(1 for path in Path({str(tmp_path)!r}).rglob('*')))\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    # the library keeps one empty folder per process, and removes it when the process ends
    assert done.stdout == "{}\n[]\n1\n"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_loggers_are_silenced_only_for_the_call(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("cmdstanpy")
    before = logger.disabled
    with caplog.at_level(logging.DEBUG):
        AdditiveTrend().fit(panel(), seed=1).predict(24, [0.5])
    assert [record for record in caplog.records if record.name.startswith(("prophet", "cmdstanpy"))] == []
    assert logger.disabled == before


def test_another_seed_gives_other_draws_of_the_same_forecast() -> None:
    one, other = (AdditiveTrend().fit(panel(), seed=seed).predict(24, [0.1, 0.9]).values for seed in (1, 2))
    assert (one != other).any()
    np.testing.assert_allclose(one, other, rtol=0.15)


def test_falling_demand_is_never_forecast_below_zero() -> None:
    history = panel()
    falling = Panel(history.keys, history.units, history.granularity, history.start, np.linspace(400, 1, 400)[None])
    result = AdditiveTrend().fit(falling, seed=1).predict(168, [0.01, 0.5])
    assert (result.values >= 0).all()
    assert (result.values[0, -1] == 0).all()


def test_where_logistic_growth_ends_is_worth_knowing_at_long_horizons() -> None:
    history, actual = saturating_fleet(seed=7, horizon=180, size=6)
    late = slice(90, 180)
    scale = seasonal_scale(history.values, 1)
    free, capped = (
        AdditiveTrend().fit(replace(history, caps=caps), seed=1).predict(180, DECILES).values
        for caps in (None, history.caps)
    )
    losses = [
        np.mean(scaled_quantile_loss(actual[:, late], made[:, late], DECILES, scale)).item() for made in (free, capped)
    ]
    assert losses[1] < 0.85 * losses[0]
    assert history.caps is not None
    assert (capped <= history.caps[:, None, None] * (1 + HEADROOM)).all()


@pytest.mark.parametrize("level", [0.0, 7.25])
def test_a_constant_below_its_cap_stays_where_it_is(level: float) -> None:
    still = replace(panel(), values=np.full((1, 400), level), caps=np.array([10.0]))
    result = AdditiveTrend().fit(still, seed=1).predict(48, [0.1, 0.5, 0.9])
    assert result.failures == {}
    np.testing.assert_allclose(result.values, level, atol=0.5)


def test_a_series_at_its_cap_does_not_leave_it() -> None:
    there = replace(panel(), caps=np.array([70.0]))
    result = AdditiveTrend().fit(there, seed=1).predict(48, [0.1, 0.5, 0.9])
    assert np.abs(result.values[0, :, 1] - panel(n_steps=448).values[0, -48:]).mean() < 6
    assert result.values.max() <= 70 * (1 + HEADROOM)
