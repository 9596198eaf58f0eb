import numpy as np
import pytest

from forecasting.calibration import UNCHECKED
from forecasting.ensemble import combine
from forecasting.forecaster import Forecaster
from forecasting.quantiles import GRID
from forecasting.seasonal_naive import SeasonalNaive
from tests.training.models import Boundless, Constant, Crashing, Faulty
from tests.training.panels import daily_shape, panel
from training.assembly import MEMBER_LEVELS, PanelForecast, Plan, assemble
from training.fitting import NOT_FINITE, Workers
from training.following import remembered
from training.pipeline import silent
from training.recipe import Choice

NAIVE = SeasonalNaive()
LOW, HIGH = Constant("low", 90.0, 10.0), Constant("high", 110.0, 20.0)
HALVES = Choice("ensemble", weights={"low": (0.5,), "high": (0.5,)})
HISTORY = panel(daily_shape(2, days=20, seed=1))


def made(*choices: Choice, models: tuple[Forecaster, ...] = (NAIVE, LOW, HIGH), horizon: int = 48) -> PanelForecast:
    """The forecast of the first series of a small history, one per choice."""
    history = HISTORY.select(range(len(choices)))
    plan = Plan(models, choices, remembered(np.full((len(choices), 0), np.nan), history))
    with Workers(1) as workers:
        return assemble(history, plan, horizon, 0, workers, silent)


def line(level: float, half_width: float) -> np.ndarray:
    return level + half_width * (2 * np.array(GRID) - 1)


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members as far apart as those of this file would not count in full."""
    monkeypatch.setattr("forecasting.ensemble.REACH", 1e9)


@pytest.mark.usefixtures("unbounded")
def test_quantiles_of_members_are_averaged_by_weight() -> None:
    quarter = Choice("ensemble", weights={"low": (0.25,), "high": (0.75,)})
    forecast = made(HALVES, quarter).quantiles.values
    np.testing.assert_allclose(forecast[0], np.tile(line(100.0, 15.0), (48, 1)))
    np.testing.assert_allclose(forecast[1], np.tile(line(105.0, 17.5), (48, 1)))


def test_each_stretch_has_its_own_weights_and_the_last_goes_on() -> None:
    stretched = Choice("ensemble", weights={"low": (1.0, 0.0), "high": (0.0, 1.0)})
    forecast = made(stretched, horizon=200).quantiles.values[0]
    np.testing.assert_allclose(forecast[:24], np.tile(line(90.0, 10.0), (24, 1)))
    np.testing.assert_allclose(forecast[24:], np.tile(line(110.0, 20.0), (176, 1)))


def test_a_member_that_is_far_off_keeps_only_a_share_of_its_weight_and_the_choice_says_which() -> None:
    told = made(HALVES)
    assert told.choices[0].influence.keys() <= {"low", "high"}
    (share,) = told.choices[0].influence.values()
    assert 0 < share < 1
    middle = told.quantiles.at([0.5])[0, 0, 0]
    (bounded,) = told.choices[0].influence
    low, high = (share, 1.0) if bounded == "low" else (1.0, share)
    assert middle == pytest.approx((90 * low + 110 * high) / (low + high))


@pytest.mark.usefixtures("unbounded")
def test_widths_are_corrected_on_each_side_of_the_median_and_stretch() -> None:
    widened = Choice("ensemble", weights=HALVES.weights, widths={"lower": (1.0, UNCHECKED), "upper": (2.0, UNCHECKED)})
    forecast = made(widened).quantiles
    np.testing.assert_allclose(forecast.at((0.1, 0.5, 0.9))[0, 0], [88.0, 100.0, 124.0])
    np.testing.assert_allclose(forecast.at((0.1, 0.5, 0.9))[0, 30], [85.0, 100.0, 115.0])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Crashing("high"), "RuntimeError: the matrix is singular"),
        (Boundless("high", level=np.nan), NOT_FINITE),
        (Boundless("high", level=np.inf), NOT_FINITE),
        (Boundless("high", level=1e9), "far above all of the history"),
    ],
)
def test_a_member_that_fails_is_dropped_by_name_and_the_others_share_its_weight(model: Faulty, reason: str) -> None:
    forecast = made(HALVES, models=(NAIVE, LOW, model))
    np.testing.assert_allclose(forecast.quantiles.values[0], np.tile(line(90.0, 10.0), (48, 1)))
    (choice,) = forecast.choices
    assert len(choice.notes) == 1
    assert choice.notes[0].startswith("high was dropped from this forecast: ")
    assert reason in choice.notes[0]
    assert (choice.maker, choice.weights) == ("ensemble", HALVES.weights)
    assert list(forecast.members_of(0)) == ["low"]


def test_where_only_the_dropped_member_had_a_weight_the_others_have_that_of_the_other_stretches() -> None:
    stretched = Choice("ensemble", weights={"low": (0.0, 1.0), "high": (1.0, 0.0)})
    (choice,) = made(stretched, models=(NAIVE, LOW, Crashing("high"))).choices
    assert choice.maker == "ensemble"
    weights = np.array([[[0.0, 1.0]], [[0.0, 3.0]], [[1.0, 0.0]]])
    quantiles = np.array([[[[8.0], [8.0]]], [[[4.0], [4.0]]], [[[np.nan], [np.nan]]]])
    np.testing.assert_allclose(combine(weights, quantiles, np.array([0, 1])), [[[5.0], [5.0]]])


def test_a_member_is_dropped_only_where_it_fails() -> None:
    levels = HISTORY.values[:, -1]
    forecast = made(HALVES, HALVES, models=(NAIVE, LOW, Crashing("high", above=float(levels.mean()))))
    assert [bool(choice.notes) for choice in forecast.choices] == (levels > levels.mean()).tolist()


def test_where_all_members_fail_the_naive_is_served_with_every_reason() -> None:
    models = NAIVE, Crashing("low"), Boundless("high", level=np.nan)
    forecast = made(HALVES, models=models)
    expected = NAIVE.fit(HISTORY.select([0]), seed=0).predict(48, GRID)
    np.testing.assert_array_equal(forecast.quantiles.values, expected.values)
    (choice,) = forecast.choices
    assert (choice.maker, choice.model) == ("seasonal_naive", "ensemble")
    (note,) = choice.notes
    assert note.startswith("seasonal_naive in place of ensemble: high was dropped")
    assert "the matrix is singular" in note
    assert NOT_FINITE in note


def test_an_ensemble_whose_widths_leave_any_plausible_range_is_cut_off_and_says_so() -> None:
    wild = Choice("ensemble", weights=HALVES.weights, widths={"lower": (1.0,), "upper": (1e4,)})
    cut, plain = made(wild), made(HALVES)
    (choice,) = cut.choices
    assert choice.served_by is None
    assert any("exploded and are cut off" in note for note in choice.notes)
    assert cut.quantiles.values.max() < 1e4
    np.testing.assert_allclose(cut.quantiles.at([0.5]), plain.quantiles.at([0.5]))


def test_members_keep_their_own_quantiles_and_those_without_weight_are_not_fitted() -> None:
    forecast = made(HALVES, Choice("low", weights={"low": (1.0,)}), models=(NAIVE, LOW, HIGH, Crashing("never")))
    assert forecast.members.keys() == {"low", "high"}
    np.testing.assert_allclose(forecast.members_of(0)["high"][5], [94.0, 110.0, 126.0])
    assert MEMBER_LEVELS == (0.1, 0.5, 0.9)
    assert forecast.members_of(1).keys() == {"low"}


def test_remarks_are_in_one_order_whatever_is_done_first() -> None:
    thirds = Choice("ensemble", weights={"high": (0.3,), "low": (0.3,), "flat": (0.4,)})
    models = NAIVE, Constant("flat", 100.0), Crashing("low"), Crashing("high", budget_seconds=9.0)
    notes = made(thirds, models=models).choices[0].notes
    assert [note.split()[0] for note in notes] == ["high", "low"]
