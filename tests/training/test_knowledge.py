import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from forecasting.catalogue import Preset
from forecasting.quantiles import GRID
from forecasting.simulator import simulate_fleet
from training.knowledge import compared
from training.pipeline import TrainingSettings, forecast, reforecast
from training.ports import Known

MONTH = Granularity.MONTH
FAST = Preset.FAST


def months(values: FloatArray, granularity: Granularity = MONTH) -> Panel:
    keys = tuple(SeriesKey(workload=Workload.TRAINING, tenant=f"t{row}") for row in range(len(values)))
    return Panel(keys, ("accelerators",) * len(values), granularity, pd.Timestamp("2024-01-01", tz="UTC"), values)


def growing(n_series: int, n_steps: int) -> FloatArray:
    rng = np.random.default_rng(n_series)
    return np.asarray(100 * np.exp(np.cumsum(rng.normal(0.05, 0.05, (n_series, n_steps)), axis=1)))


def test_six_months_say_what_they_cannot_know() -> None:
    made = forecast(months(growing(6, 6)), TrainingSettings(12, preset=FAST))
    for choice in made.choices:
        assert choice.notes == (
            "6 months of history were known: beyond 1 month ahead nothing could be compared with the past; the growth "
            "rate is more the fleet's than its own; no season of the year is known",
        )


def test_a_series_alone_cannot_lean_on_a_fleet() -> None:
    (choice,) = forecast(months(growing(1, 6)), TrainingSettings(12, preset=FAST)).choices
    assert "growth is a guess" in choice.notes[-1]


def test_each_series_speaks_for_its_own_history() -> None:
    values = growing(6, 60)
    values[2, :55] = np.nan
    values[3, :30] = np.nan
    made = forecast(months(values), TrainingSettings(12, preset=FAST))
    assert any(note.startswith("5 months of history were known") for note in made.choices[2].notes)
    half = "30 months of history were known: beyond 6 months ahead nothing could be compared with the past"
    assert made.choices[3].notes[-1] == half
    assert all("of history" not in note for choice in made.choices[4:] for note in choice.notes)


def test_a_refreshed_forecast_says_what_is_known_now() -> None:
    made = forecast(months(growing(6, 6)), TrainingSettings(12, preset=FAST))
    known = [Known(choice, memory, ()) for choice, memory in zip(made.choices, made.memories, strict=True)]
    again = reforecast(months(growing(6, 7)), known, TrainingSettings(12, preset=FAST))
    for choice in again.choices:
        assert [note.partition(" ")[0] for note in choice.notes] == ["7"]


@pytest.mark.parametrize(("known", "lead"), [(0, 0), (4, 0), (6, 1), (24, 4), (60, 12), (240, 12)])
def test_two_fifths_of_the_history_are_there_to_compare_two_forecasts(known: int, lead: int) -> None:
    assert compared(known, 60, MONTH) == lead


def test_hours_and_long_histories_are_silent() -> None:
    long = forecast(months(growing(4, 80)), TrainingSettings(12, preset=FAST))
    hours = forecast(months(growing(4, 80), Granularity.HOUR), TrainingSettings(48, models=()))
    assert not any("of history" in note for made in (long, hours) for choice in made.choices for note in choice.notes)


def test_six_months_of_hours_cover_the_next_six_months() -> None:
    inside, far = [], []
    for seed in range(1, 7):
        end = pd.Timestamp("2025-07-01", tz="UTC") + pd.DateOffset(days=7 * seed)
        fleet = simulate_fleet(seed=seed, end=end + pd.Timedelta(days=200), hours=(26 * 7 + 200) * 24).panel
        known = fleet.between(0, 26 * 168).coarser(MONTH)
        made = forecast(known, TrainingSettings(6, preset=FAST))
        whole = fleet.coarser(MONTH)
        first = list(whole.index).index(made.panel.end)
        actual = whole.values[:, first : first + 6]
        quantiles = made.quantiles.values
        low, high = quantiles[..., GRID.index(0.1)], quantiles[..., GRID.index(0.9)]
        covered = np.where(np.isnan(actual + low), np.nan, (actual >= low) & (actual <= high))
        inside.append(covered)
        far.append(covered[:, 3:])
    for part in (inside, far):
        assert 0.70 <= np.nanmean(np.concatenate(part)) <= 0.92
