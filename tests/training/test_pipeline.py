from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid, NotFound
from demand.history import Panel
from forecasting.quantiles import GRID
from forecasting.seasonal_naive import SeasonalNaive
from tests.training.models import Crashing
from tests.training.panels import START, daily_shape, panel
from training.pipeline import Ports, TrainingSettings, fingerprint, forecast, reforecast, refresh, retrain, silent
from training.ports import Partition, SeriesForecast
from training.recipe import Choice

QUICK = ("seasonal_naive", "theta")


@dataclass
class Memory:
    """History, forecasts and choices in memory."""

    history: Panel
    asked: list[int] = field(default_factory=list)
    saved: dict[int, SeriesForecast] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)

    def panel(self, partition: Partition, context: int) -> Panel:
        self.asked.append(context)
        return self.history.last(context)

    def save(self, forecasts: Sequence[SeriesForecast], left_out: Mapping[int, str]) -> None:
        self.saved |= {forecast.series_id: forecast for forecast in forecasts}
        self.left_out |= left_out

    def choices(self, series_ids: Sequence[int], granularity: Granularity) -> dict[int, Choice]:
        return {series_id: self.saved[series_id].choice for series_id in series_ids if series_id in self.saved}


def ports(memory: Memory) -> Ports:
    return Ports(memory, memory, memory)


def settings(horizon: int = 24, seed: int = 3) -> TrainingSettings:
    return TrainingSettings(horizon=horizon, seed=seed, models=QUICK, origins=2)


def test_the_forecast_follows_a_shape_that_repeats() -> None:
    made = forecast(panel(daily_shape(2, days=20, seed=1)), settings())
    hours = np.arange(24)
    shape = 100 + 20 * np.arange(2)[:, None] + 30 * np.sin(2 * np.pi * hours / 24)
    np.testing.assert_allclose(made.quantiles.at([0.5])[..., 0], shape, atol=8)
    assert made.panel.end == START + pd.Timedelta(days=20)


def test_every_choice_is_among_the_models_and_scored_against_the_naive() -> None:
    made = forecast(panel(daily_shape(2, days=20, seed=2)), settings())
    for choice in made.choices:
        assert set(choice.scores) == set(QUICK)
        assert choice.model in choice.scores
        assert choice.naive_score is not None
        assert choice.coverage_80 is not None


def test_the_same_history_and_seed_give_the_same_bytes() -> None:
    history = panel(daily_shape(2, days=20, seed=3))
    first, second = forecast(history, settings()), forecast(history, settings())
    assert first.quantiles.values.tobytes() == second.quantiles.values.tobytes()
    assert [memory.scores.tobytes() for memory in first.memories] == [m.scores.tobytes() for m in second.memories]


def test_a_history_too_short_to_compare_models_is_forecast_by_the_naive_with_the_reason() -> None:
    made = forecast(panel(np.array([[5.0, 6.0, 7.0]])), settings(horizon=6))
    assert made.choices[0].model == "seasonal_naive"
    assert "too short" in made.choices[0].warnings[0]
    assert np.isfinite(made.quantiles.values).all()


def test_one_young_series_does_not_keep_the_others_from_being_compared() -> None:
    values = daily_shape(2, days=20, seed=4)
    values[1, :-5] = np.nan
    made = forecast(panel(values), settings())
    assert made.choices[0].scores
    assert made.choices[1].model == "seasonal_naive"
    assert np.isfinite(made.quantiles.values).all()


def test_a_series_without_any_value_gets_no_forecast_and_the_sink_is_told_why() -> None:
    values = daily_shape(2, days=20, seed=5)
    values[1] = np.nan
    memory = Memory(panel(values))
    retrain(Partition((11, 12), Granularity.HOUR, memory.history.index[-1]), ports(memory), settings(), silent)
    assert sorted(memory.saved) == [11]
    assert np.isfinite(memory.saved[11].quantiles).all()
    assert "no observation" in memory.left_out[12]


def test_a_model_that_fails_at_the_end_is_replaced_with_the_reason_and_stays_the_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = [Choice("oracle", {"oracle": 0.1, "seasonal_naive": 1.0}, 1.0, 0.8)]
    monkeypatch.setattr("training.pipeline.catalogue", lambda _: (SeasonalNaive(), Crashing("oracle")))
    monkeypatch.setattr("training.pipeline.model", lambda name, _: Crashing(name))
    (choice,) = reforecast(panel(daily_shape(1, days=20, seed=13)), known, settings()).choices
    assert (choice.model, choice.served_by, choice.score) == ("oracle", "seasonal_naive", 1.0)
    assert "the matrix is singular" in choice.notes[0]
    monkeypatch.undo()
    again = replace(choice, model="theta")
    (recovered,) = reforecast(panel(daily_shape(1, days=20, seed=13)), [again], settings()).choices
    assert (recovered.served_by, recovered.notes) == (None, ())


def test_a_model_that_left_the_catalogue_is_replaced_by_the_naive_with_the_reason() -> None:
    (choice,) = reforecast(panel(daily_shape(1, days=20, seed=14)), [Choice("oracle")], settings()).choices
    assert choice.model == "seasonal_naive"
    assert "oracle is no longer in the catalogue" in choice.warnings[0]


def test_the_naive_takes_part_whatever_models_are_named() -> None:
    made = forecast(panel(daily_shape(1, days=20, seed=15)), TrainingSettings(horizon=24, models=()))
    assert made.choices[0].model == "seasonal_naive"
    assert made.choices[0].naive_score == pytest.approx(made.choices[0].score)


@pytest.mark.parametrize("horizon", [0, -1, 28 * 24 + 1])
def test_a_horizon_outside_the_limit_is_refused_with_the_limit(horizon: int) -> None:
    with pytest.raises(Invalid, match="672"):
        forecast(panel(daily_shape(1, days=20, seed=6)), settings(horizon=horizon))


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="oracle"):
        forecast(panel(daily_shape(1, days=20, seed=7)), TrainingSettings(horizon=24, models=("oracle",)))


def test_refreshing_uses_the_models_that_retraining_chose() -> None:
    memory = Memory(panel(daily_shape(2, days=20, seed=8)))
    partition = Partition((11, 12), Granularity.HOUR, memory.history.index[-1])
    retrain(partition, ports(memory), settings(), silent)
    chosen = {series_id: kept.choice for series_id, kept in memory.saved.items()}
    refresh(partition, ports(memory), settings(), silent)
    assert {series_id: kept.choice for series_id, kept in memory.saved.items()} == chosen


def test_refreshing_a_series_that_was_never_trained_uses_the_naive_and_says_so() -> None:
    made = reforecast(panel(daily_shape(1, days=20, seed=9)), [None], settings())
    assert made.choices[0].model == "seasonal_naive"
    assert "new since the last retraining" in made.choices[0].warnings[0]


def test_what_is_saved_begins_where_the_history_ends_and_holds_the_stored_levels() -> None:
    memory = Memory(panel(daily_shape(2, days=20, seed=10)))
    partition = Partition((11, 12), Granularity.HOUR, memory.history.index[-1])
    read = retrain(partition, ports(memory), settings(), silent)
    assert sorted(memory.saved) == [11, 12]
    assert {kept.start for kept in memory.saved.values()} == {memory.history.end}
    assert memory.saved[11].quantiles.shape == (24, len(GRID))
    assert read == fingerprint(memory.history)


def test_history_is_read_for_the_context_before_every_origin() -> None:
    memory = Memory(panel(daily_shape(1, days=20, seed=11)))
    retrain(Partition((1,), Granularity.HOUR, memory.history.index[-1]), ports(memory), settings(), silent)
    assert memory.asked == [Granularity.HOUR.rhythm.context + 2 * 24]


def test_a_fingerprint_changes_with_any_value_and_with_any_identity() -> None:
    values = daily_shape(2, days=3, seed=12)
    changed = values.copy()
    changed[1, 7] += 1e-9
    history = panel(values)
    prints = {fingerprint(history), fingerprint(panel(changed)), fingerprint(history.select([1, 0]))}
    assert len(prints) == 3
