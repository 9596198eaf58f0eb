from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, number
from demand.errors import Invalid, NotFound
from demand.history import Panel
from forecasting.catalogue import PRIOR, Preset, catalogue
from forecasting.forecaster import Forecaster
from forecasting.quantiles import GRID
from forecasting.seasonal_naive import SeasonalNaive
from tests.training.models import Boundless, Crashing, Dying, Hanging
from tests.training.panels import START, daily_shape, panel
from training.fitting import Workers
from training.pipeline import Ports, TrainingSettings, fingerprint, forecast, reforecast, refresh, retrain, silent
from training.ports import IssuedForecast, Known, Partition, SeriesForecast

QUICK = ("seasonal_naive", "profile")


@dataclass
class Memory:
    """History, forecasts and what is known of earlier ones, in memory."""

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

    def known(self, partition: Partition) -> dict[int, Known]:
        return {
            series_id: Known(each.choice, each.memory, (IssuedForecast(each.start, each.quantiles),))
            for series_id, each in self.saved.items()
            if series_id in partition.series_ids
        }


def ports(memory: Memory) -> Ports:
    return Ports(memory, memory, memory)


def partition(memory: Memory) -> Partition:
    ids = tuple(range(11, 11 + memory.history.n_series))
    return Partition(ids, Granularity.HOUR, memory.history.index[-1])


def settings(horizon: int = 24, seed: int = 3, models: tuple[str, ...] = QUICK) -> TrainingSettings:
    return TrainingSettings(horizon=horizon, seed=seed, models=models, origins=2)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The names of models that go wrong in every way there is, and are in the catalogue for now."""
    kinds = {"crashing": Crashing, "hanging": Hanging, "dying": Dying, "boundless": Boundless}
    # Twenty days hold as much at the last of two origins only.
    models = [kind(name, budget_seconds=0.2, minimum=450) for name, kind in kinds.items()]
    put_in(monkeypatch, *models)
    monkeypatch.setattr("training.fitting.START_SECONDS", 0.3)
    return tuple(each.name for each in models)


def put_in(monkeypatch: pytest.MonkeyPatch, *models: Forecaster) -> None:
    """Let the catalogue have these models too."""
    known = {each.name: each for each in (*catalogue(Granularity.HOUR), *models)}
    monkeypatch.setattr("training.pipeline.catalogue", lambda *_: tuple(known.values()))
    monkeypatch.setattr("training.pipeline.model", lambda name, _: known[name])
    for each in models:
        monkeypatch.setitem(PRIOR, each.name, 0.5)


def test_the_forecast_follows_a_shape_that_repeats() -> None:
    made = forecast(panel(daily_shape(2, days=20, seed=1)), settings())
    hours = np.arange(24)
    shape = 100 + 20 * np.arange(2)[:, None] + 30 * np.sin(2 * np.pi * hours / 24)
    np.testing.assert_allclose(made.quantiles.at([0.5])[..., 0], shape, atol=8)
    assert made.panel.end == START + pd.Timedelta(days=20)


def test_every_model_is_scored_against_the_naive_and_weights_are_shares() -> None:
    made = forecast(panel(daily_shape(2, days=20, seed=2)), settings())
    for row, choice in enumerate(made.choices):
        assert choice.model == "ensemble"
        assert set(choice.scores) == {*QUICK, "ensemble"}
        assert choice.naive_score == choice.scores["seasonal_naive"]
        assert choice.coverage_80 is not None
        assert sum(choice.mean_weights().values()) == pytest.approx(1.0)
        assert made.members_of(row).keys() == choice.weights.keys()


def test_the_same_history_and_seed_give_the_same_bytes(faulty: tuple[str, ...]) -> None:
    history = panel(daily_shape(2, days=20, seed=3))
    first, second = (
        forecast(history, replace(settings(models=(*QUICK, "crashing", "boundless")), n_jobs=jobs)) for jobs in (1, 2)
    )
    assert first.quantiles.values.tobytes() == second.quantiles.values.tobytes()
    assert [memory.scores.tobytes() for memory in first.memories] == [m.scores.tobytes() for m in second.memories]
    assert [str(choice.to_json()) for choice in first.choices] == [str(c.to_json()) for c in second.choices]


def test_models_that_go_wrong_in_training_are_left_out_by_name_and_hardly_change_anything(
    faulty: tuple[str, ...],
) -> None:
    history = panel(daily_shape(2, days=20, seed=4))
    made = forecast(history, settings(models=(*QUICK, *faulty)))
    for choice in made.choices:
        assert choice.warnings == (
            "crashing was left out: RuntimeError: the matrix is singular",
            "hanging was left out: it took longer than its 0.2 s",
            "dying was left out: its process died with exit code 7",
            "boundless was left out: its forecast is not finite",
        )
        assert set(choice.weights) <= set(QUICK)
    np.testing.assert_allclose(made.quantiles.values, forecast(history, settings()).quantiles.values, rtol=1e-3)


def test_where_all_models_go_wrong_the_naive_is_served_with_a_warning(
    faulty: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = panel(daily_shape(1, days=20, seed=5))
    trained = forecast(history, settings())
    choice = replace(trained.choices[0], weights=dict.fromkeys(faulty, (0.25,)))
    learned = Known(choice, trained.memories[0], ())
    made = reforecast(history, [learned], settings())
    (choice,) = made.choices
    assert choice.maker == "seasonal_naive"
    (note,) = choice.notes
    for reason in ("boundless was dropped", "singular", "longer than its 0.2 s", "exit code 7"):
        assert reason in note
    assert np.isfinite(made.quantiles.values).all()


def test_the_naive_itself_may_be_the_one_that_is_left_over_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, Crashing("seasonal_naive"), Crashing("profile"))
    made = forecast(panel(daily_shape(1, days=20, seed=5)), settings())
    assert made.choices[0].maker == "seasonal_naive"
    assert "the matrix is singular" in " ".join(made.choices[0].notes)
    assert np.isfinite(made.quantiles.values).all()


def test_a_history_too_short_to_compare_models_has_the_usual_weights_and_wider_intervals_and_says_so() -> None:
    made = forecast(panel(np.array([[5.0, 6.0, 7.0]])), settings(horizon=6))
    (choice,) = made.choices
    assert choice.weights["profile"][0] == pytest.approx(
        PRIOR["profile"] / (PRIOR["profile"] + PRIOR["seasonal_naive"])
    )
    assert "too short" in choice.warnings[0]
    assert "profile was dropped from this forecast: 3 observed values are fewer than" in choice.notes[1]
    naive = SeasonalNaive().fit(made.panel, seed=3).predict(6, GRID).at((0.1, 0.5, 0.9))[0]
    own = made.quantiles.at((0.1, 0.5, 0.9))[0]
    np.testing.assert_allclose((own[:, 2] - own[:, 1]) / (naive[:, 2] - naive[:, 1]), 1.25)


@pytest.mark.parametrize("values", [[5.0], [0.0], [5.0, np.nan, 0.0]])
@pytest.mark.parametrize("preset", [Preset.FAST, Preset.BALANCED])
def test_a_history_too_short_for_every_model_is_forecast_all_the_same(values: list[float], preset: Preset) -> None:
    made = forecast(panel(np.array([values])), TrainingSettings(horizon=6, preset=preset))
    assert np.isfinite(made.quantiles.values).all()
    assert made.choices[0].notes


def test_outcomes_that_nothing_could_be_compared_with_do_not_pass_for_a_backtest() -> None:
    values = np.full((1, 480), np.nan)
    values[0, -2:] = 6.0
    made = forecast(panel(values), settings())
    assert "too short to compare models" in made.choices[0].warnings[0]
    assert made.choices[0].widths["upper"] == (1.25,)


def test_one_young_series_does_not_keep_the_others_from_being_compared() -> None:
    values = daily_shape(2, days=20, seed=4)
    values[1, :-5] = np.nan
    made = forecast(panel(values), settings())
    assert made.choices[0].scores
    assert "nothing of the series' own past could be compared" in made.choices[1].warnings[0]
    assert made.choices[1].weights == {"seasonal_naive": (1.0,)}
    assert np.isfinite(made.quantiles.values).all()


def test_a_young_series_borrows_from_kin_where_the_preset_has_it_and_less_as_it_grows_up() -> None:
    values = daily_shape(4, days=20, seed=4)
    shares = []
    for age in (5, 100, 250, 400):
        values[3, :-age] = np.nan
        made = forecast(panel(values), TrainingSettings(horizon=24, preset=Preset.FAST, origins=2))
        shares.append(made.choices[3].mean_weights().get("kin", 0.0))
        assert "kin" not in made.choices[0].weights
        values = daily_shape(4, days=20, seed=4)
    assert shares[0] > 0.9
    assert (np.diff(shares) < 0).all()
    assert shares[-1] == 0.0


def test_a_refresh_borrows_less_from_kin_than_the_training_did_and_nothing_for_a_series_that_has_grown_up() -> None:
    whole = daily_shape(4, days=40, seed=4)
    fast = TrainingSettings(horizon=24, preset=Preset.FAST, origins=2)
    young = whole[:, : 20 * 24].copy()
    young[3, :-100] = np.nan
    memory = Memory(panel(young))
    retrain(partition(memory), ports(memory), fast, silent)
    shares = [memory.saved[14].choice.mean_weights()["kin"]]
    for days in (24, 40):
        later = whole[:, : days * 24].copy()
        later[3, : 20 * 24 - 100] = np.nan
        memory.history = panel(later)
        refresh(partition(memory), ports(memory), fast, silent)
        weights = memory.saved[14].choice.mean_weights()
        assert sum(weights.values()) == pytest.approx(1.0)
        shares.append(weights.get("kin", 0.0))
    assert shares == [pytest.approx(1 - 99 / 336), pytest.approx(1 - 195 / 336), 0.0]


def test_a_series_without_any_value_gets_no_forecast_and_the_sink_is_told_why() -> None:
    values = daily_shape(2, days=20, seed=5)
    values[1] = np.nan
    memory = Memory(panel(values))
    retrain(partition(memory), ports(memory), settings(), silent)
    assert sorted(memory.saved) == [11]
    assert np.isfinite(memory.saved[11].quantiles).all()
    assert "no observation" in memory.left_out[12]


def test_constant_series_and_series_of_zeros_are_compared_and_forecast() -> None:
    values = daily_shape(3, days=20, seed=5)
    values[1], values[2] = 7.0, 0.0
    made = forecast(panel(values), settings())
    np.testing.assert_allclose(made.quantiles.at([0.5])[1:, :, 0], [[7.0] * 24, [0.0] * 24], atol=1e-6)


def test_a_member_that_fails_in_a_refresh_is_dropped_there_and_back_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = panel(daily_shape(1, days=20, seed=13))
    trained = forecast(history, settings())
    known = Known(trained.choices[0], trained.memories[0], ())
    put_in(monkeypatch, Crashing("profile"))
    (failed,) = reforecast(history, [known], settings()).choices
    assert "profile was dropped from this forecast: RuntimeError: the matrix is singular" in failed.notes
    monkeypatch.undo()
    (recovered,) = reforecast(history, [replace(known, choice=failed)], settings()).choices
    assert recovered == trained.choices[0]


def test_the_naive_takes_part_whatever_models_are_named() -> None:
    made = forecast(panel(daily_shape(1, days=20, seed=15)), TrainingSettings(horizon=24, models=()))
    assert made.choices[0].weights.keys() == {"seasonal_naive"}
    assert made.choices[0].naive_score is not None


@pytest.mark.parametrize("horizon", [0, -1, 28 * 24 + 1])
def test_a_horizon_outside_the_limit_is_refused_with_the_limit(horizon: int) -> None:
    with pytest.raises(Invalid, match="672"):
        forecast(panel(daily_shape(1, days=20, seed=6)), settings(horizon=horizon))
    with pytest.raises(Invalid, match="672"):
        reforecast(panel(daily_shape(1, days=20, seed=6)), [None], settings(horizon=horizon))


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="oracle"):
        forecast(panel(daily_shape(1, days=20, seed=7)), TrainingSettings(horizon=24, models=("oracle",)))


def test_each_preset_tries_more_than_the_one_before() -> None:
    for granularity in Granularity:
        fast, balanced, best = (
            {each.name for each in TrainingSettings(horizon=1, preset=preset).catalogue(granularity)}
            for preset in Preset
        )
        assert fast < balanced < best
        assert all(each.budget_seconds is None for each in catalogue(granularity, Preset.FAST))
    assert TrainingSettings(horizon=1).preset is Preset.BALANCED


def test_refreshing_keeps_the_weights_that_retraining_learned() -> None:
    memory = Memory(panel(daily_shape(2, days=20, seed=8)))
    retrain(partition(memory), ports(memory), settings(), silent)
    chosen = {series_id: kept.choice for series_id, kept in memory.saved.items()}
    refresh(partition(memory), ports(memory), settings(), silent)
    assert {series_id: kept.choice for series_id, kept in memory.saved.items()} == chosen


def test_refreshing_moves_widths_by_what_came_true_and_remembers_it() -> None:
    whole = daily_shape(1, days=21, seed=8)
    whole[0, 20 * 24 :] = 1000.0  # above everything that was thought possible
    memory = Memory(panel(whole[:, : 20 * 24]))
    retrain(partition(memory), ports(memory), settings(horizon=48), silent)
    before = memory.saved[11]
    memory.history = panel(whole)
    refresh(partition(memory), ports(memory), settings(horizon=48), silent)
    after = memory.saved[11]
    ratio = np.array(after.choice.widths["upper"]) / before.choice.widths["upper"]
    assert ratio[0] == pytest.approx(np.exp(0.01 * (24 - 0.1 * 24)))
    assert ratio[1:] == pytest.approx(1.0)
    assert (after.choice.weights, after.choice.scores) == (before.choice.weights, before.choice.scores)
    places = (number(before.start, Granularity.HOUR) + np.arange(24)) % len(after.memory.scores)
    np.testing.assert_allclose(after.memory.scores[places], 2.3263479, atol=1e-5)


def test_refreshing_a_series_that_was_never_trained_uses_the_naive_and_says_so() -> None:
    made = reforecast(panel(daily_shape(1, days=20, seed=9)), [None], settings())
    assert made.choices[0].model == "seasonal_naive"
    assert "new since the last retraining" in made.choices[0].warnings[0]


def test_what_is_saved_begins_where_the_history_ends_and_holds_the_stored_levels() -> None:
    memory = Memory(panel(daily_shape(2, days=20, seed=10)))
    read = retrain(partition(memory), ports(memory), settings(), silent)
    assert sorted(memory.saved) == [11, 12]
    assert {kept.start for kept in memory.saved.values()} == {memory.history.end}
    assert memory.saved[11].quantiles.shape == (24, len(GRID))
    assert {values.shape for values in memory.saved[11].members.values()} == {(24, 3)}
    assert read == fingerprint(memory.history)


def test_history_is_read_for_the_context_before_every_origin() -> None:
    memory = Memory(panel(daily_shape(1, days=20, seed=11)))
    retrain(partition(memory), ports(memory), settings(), silent)
    assert memory.asked == [Granularity.HOUR.rhythm.context + 2 * 24]


def test_workers_that_are_given_are_used_and_left_open(faulty: tuple[str, ...]) -> None:
    with Workers(1) as workers:
        for _ in range(2):
            history, tried = panel(daily_shape(1, days=20, seed=5)), settings(models=(*QUICK, "crashing"))
            made = forecast(history, tried, workers=workers)
            assert "crashing was left out" in made.choices[0].notes[0]


def test_a_fingerprint_changes_with_any_value_and_with_any_identity() -> None:
    values = daily_shape(2, days=3, seed=12)
    changed = values.copy()
    changed[1, 7] += 1e-9
    history = panel(values)
    prints = {fingerprint(history), fingerprint(panel(changed)), fingerprint(history.select([1, 0]))}
    assert len(prints) == 3
