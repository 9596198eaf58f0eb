from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from demand.calendar import Granularity
from demand.covariates import NO_COVARIATES, Covariates, Effect, Operation, Treatment
from demand.history import FloatArray
from demand.series import Selection
from forecasting.adjustment import adjust
from forecasting.quantiles import DECILES, QuantileForecast
from forecasting.seasonal_naive import SeasonalNaive
from tests.forecasting.simulated_effects import HORIZON, STEPS, days_off, event, plain, regressor
from tests.training.panels import panel

PAST = STEPS - HORIZON
FIVE_DAYS = (9, 20, 29, 38, 45)


def flat(level: float = 100.0, rows: int = 1, spread: float = 0.1) -> QuantileForecast:
    """A Gaussian forecast that is the same at every step."""
    values = level * (1 + spread * ndtri(np.array(DECILES)))
    return QuantileForecast(DECILES, np.tile(values, (rows, HORIZON, 1)))


def both(values: FloatArray) -> FloatArray:
    return np.stack([values, values])


def test_without_covariates_nothing_changes() -> None:
    history = panel(plain(1)[None, :PAST])
    adjusted = adjust(history, NO_COVARIATES, HORIZON)
    np.testing.assert_array_equal(adjusted.panel.values, history.values)
    assert adjusted.restore(flat()).values.tobytes() == flat().values.tobytes()
    assert adjusted.notes == ((),)


def test_caps_stay_whatever_is_taken_out() -> None:
    column = days_off(*FIVE_DAYS, 58)
    values = both((plain(3) * np.exp(0.5 * column))[:PAST])
    history = replace(panel(values), caps=np.array([900.0, np.nan]))
    adjusted = adjust(history, Covariates((regressor(column),)), HORIZON)
    assert (adjusted.panel.values != values).any()
    np.testing.assert_array_equal(adjusted.panel.caps, [900, np.nan])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [-0.6, 0.5])
def test_a_known_effect_is_recovered_and_put_back(seed: int, size: float) -> None:
    column = days_off(*FIVE_DAYS, 58)
    without = plain(seed)
    adjusted = adjust(panel((without * np.exp(size * column))[None, :PAST]), Covariates((regressor(column),)), HORIZON)
    np.testing.assert_allclose(adjusted.panel.values[0], without[:PAST], rtol=0.15)
    ahead = adjusted.restore(flat()).at([0.5])[0, :, 0]
    np.testing.assert_allclose(ahead[column[PAST:] == 1], 100 * np.exp(size), rtol=0.1)
    np.testing.assert_array_equal(ahead[column[PAST:] == 0], 100.0)


def test_what_was_learned_is_told_for_every_covariate_that_was_seen() -> None:
    sale, fair, never = days_off(*FIVE_DAYS, 58), days_off(13, 24, 33, 59), days_off(60)
    covariates = Covariates((regressor(sale, "sale"), regressor(fair, "fair"), regressor(never, "never")))
    history = panel((plain(21) * np.exp(0.5 * sale - 0.4 * fair))[None, :PAST])
    told = adjust(history, covariates, HORIZON).effects[0].learned
    assert [each.name for each in told] == ["regressor sale", "regressor fair"]
    for each, size in zip(told, (0.5, -0.4), strict=True):
        assert each.factor == pytest.approx(np.exp(size), rel=0.1)
        assert each.low < each.factor < each.high


def test_a_regressor_that_does_nothing_gets_hardly_any_effect() -> None:
    column = days_off(*FIVE_DAYS, 58)
    ahead = [
        adjust(panel(plain(seed)[None, :PAST]), Covariates((regressor(column),)), HORIZON)
        .restore(flat())
        .at([0.5])
        .max()
        for seed in range(10)
    ]
    assert max(ahead) < 110


def test_the_uncertainty_of_an_effect_covers_the_truth_as_often_as_it_says() -> None:
    column = days_off(12, 41, 58)
    at = int(np.flatnonzero(column[PAST:])[0])
    scores = []
    for seed in range(60):
        history = panel((plain(seed) * np.exp(0.5 * column))[None, :PAST])
        effects = adjust(history, Covariates((regressor(column),)), HORIZON).effects[0]
        middle = effects.space.back(effects.space.forward(np.array([[100.0]])) + effects.shift[at])[0, 0]
        scores.append((np.log(middle / 100) - 0.5) / np.sqrt(effects.variance[at]))
    assert 0.6 < np.std(scores) < 1.5
    assert abs(np.mean(scores)) < 0.5


def test_an_effect_that_is_not_sure_widens_the_forecast_where_it_applies_and_nowhere_else() -> None:
    column = days_off(20, 58)
    history = panel((plain(3) * np.exp(0.5 * column))[None, :PAST])
    adjusted = adjust(history, Covariates((regressor(column),)), HORIZON)
    effects, forecast = adjusted.effects[0], flat(spread=0.01)
    sure = replace(adjusted, effects={0: replace(effects, variance=np.zeros(HORIZON))}).restore(forecast)
    unsure = adjusted.restore(forecast)
    width, sure_width = (np.diff(made.at([0.1, 0.9])[0], axis=1)[:, 0] for made in (unsure, sure))
    applies = column[PAST:] == 1
    assert (width[applies] > 1.2 * sure_width[applies]).all()
    np.testing.assert_array_equal(unsure.values[0, ~applies], forecast.values[0, ~applies])
    assert (np.diff(unsure.values, axis=-1) >= 0).all()
    assert "seen once" in adjusted.notes[0][0]


def test_a_regressor_never_seen_in_the_history_has_no_effect_and_is_named() -> None:
    adjusted = adjust(panel(plain(4)[None, :PAST]), Covariates((regressor(days_off(58)),)), HORIZON)
    np.testing.assert_array_equal(adjusted.restore(flat()).values, flat().values)
    assert "regressor promotion was never seen" in adjusted.notes[0][0]


def test_a_level_that_changes_often_is_learned_too() -> None:
    rng = np.random.default_rng(5)
    price = np.repeat(rng.uniform(8, 12, STEPS // 48 + 1), 48)[:STEPS]
    history = panel((plain(5) * np.exp(-0.1 * (price - 10)))[None, :PAST])
    adjusted = adjust(history, Covariates((regressor(price, "price"),)), HORIZON)
    ahead = adjusted.restore(flat()).at([0.5])[0, :, 0]
    slope = np.polyfit(price[PAST:], np.log(ahead), 1)[0]
    assert slope == pytest.approx(-0.1, abs=0.02)


def test_masked_hours_change_nothing_compared_with_a_history_without_them() -> None:
    broken = plain(6)[:PAST]
    gap = broken.copy()
    broken[500:530], gap[500:530] = 0.0, np.nan
    masked = adjust(panel(broken[None]), Covariates(events=(event(500, 530),)), HORIZON).panel
    without = adjust(panel(gap[None]), NO_COVARIATES, HORIZON).panel
    np.testing.assert_array_equal(masked.values, without.values)


def test_only_the_selected_series_are_touched() -> None:
    values = both(plain(7)[:PAST])
    part = Selection(tenant=("t1",))
    covariates = Covariates((regressor(days_off(*FIVE_DAYS, 58), selection=part),), (event(300, 310, selection=part),))
    adjusted = adjust(panel(values), covariates, HORIZON)
    np.testing.assert_array_equal(adjusted.panel.values[0], values[0])
    assert np.isnan(adjusted.panel.values[1, 300:310]).all()
    assert list(adjusted.effects) == [1]


@pytest.mark.parametrize(
    ("effect", "expected"), [(Effect(Operation.ADD, 300.0), 400.0), (Effect(Operation.MULTIPLY, 1.5), 150.0)]
)
def test_a_launch_of_a_stated_size_changes_demand_from_its_start_on_and_for_good(
    effect: Effect, expected: float
) -> None:
    launch = event(PAST + 50, None, Treatment.MODEL, effect, "launch")
    adjusted = adjust(panel(plain(8)[None, :PAST]), Covariates(events=(launch,)), HORIZON)
    np.testing.assert_array_equal(adjusted.panel.values[0], plain(8)[:PAST])
    ahead = adjusted.restore(flat()).at([0.5])[0, :, 0]
    np.testing.assert_allclose(ahead, np.where(np.arange(HORIZON) < 50, 100.0, expected))


def test_a_stated_effect_that_has_begun_is_taken_out_of_the_history_and_put_back() -> None:
    without = plain(9)
    launch = event(PAST - 100, None, Treatment.MODEL, Effect(Operation.ADD, 300.0), "launch")
    seen = np.where(np.arange(PAST) >= PAST - 100, without[:PAST] + 300, without[:PAST])
    adjusted = adjust(panel(seen[None]), Covariates(events=(launch,)), HORIZON)
    np.testing.assert_allclose(adjusted.panel.values[0], without[:PAST])
    np.testing.assert_allclose(adjusted.restore(flat()).values, flat().values + 300)


def test_a_past_event_that_is_modelled_keeps_its_hours_without_its_effect() -> None:
    without = plain(10)[:PAST]
    seen = without.copy()
    seen[700:748] *= 0.4
    surge = event(700, 748, Treatment.MODEL, name="migration")
    adjusted = adjust(panel(seen[None]), Covariates(events=(surge,)), HORIZON)
    assert adjusted.panel.values[0, 700:748].mean() == pytest.approx(without[700:748].mean(), rel=0.15)
    np.testing.assert_array_equal(adjusted.panel.values[0, :700], without[:700])


def test_an_event_yet_to_come_has_the_effect_of_those_of_its_name() -> None:
    without = plain(11)
    spans = [(400, 424), (640, 664), (1000, 1024), (PAST + 24, PAST + 48)]
    seen = without.copy()
    for first, stop in spans:
        seen[first:stop] *= 1.6
    events = tuple(event(first, stop, Treatment.MODEL, name="release") for first, stop in spans)
    ahead = adjust(panel(seen[None, :PAST]), Covariates(events=events), HORIZON).restore(flat()).at([0.5])[0, :, 0]
    np.testing.assert_allclose(ahead[24:48], 160, rtol=0.1)
    np.testing.assert_array_equal(ahead[:24], 100.0)


def test_a_regressor_known_too_short_ahead_is_left_out_and_named() -> None:
    short = regressor(days_off(*FIVE_DAYS)[: PAST + 10])
    adjusted = adjust(panel(plain(12)[None, :PAST]), Covariates((short,)), HORIZON)
    assert "lacks future values" in adjusted.notes[0][0]
    assert adjusted.effects == {}


@pytest.mark.parametrize("treatment", list(Treatment))
def test_an_event_outside_the_history_changes_nothing_and_is_named(treatment: Treatment) -> None:
    before = event(-100, -90, treatment)
    history = panel(plain(13)[None, :PAST])
    adjusted = adjust(history, Covariates(events=(before,)), HORIZON)
    np.testing.assert_array_equal(adjusted.panel.values, history.values)
    assert "event outage at 2025-01-01T20:00:00+00:00 lies outside the history" in adjusted.notes[0][0]


def test_a_masked_event_finer_than_the_buckets_is_told() -> None:
    daily = panel(plain(14)[None, :PAST:24], Granularity.DAY)
    adjusted = adjust(daily, Covariates(events=(event(30, 33),)), 28)
    np.testing.assert_array_equal(adjusted.panel.values, daily.values)
    assert "covers less than half of any day" in adjusted.notes[0][0]


def test_what_goes_far_beyond_the_past_is_held_back_and_told() -> None:
    column = days_off(*FIVE_DAYS, 58)
    column[PAST:] *= 50
    history = panel((plain(15) * np.exp(0.3 * np.minimum(column, 1)))[None, :PAST])
    adjusted = adjust(history, Covariates((regressor(column),)), HORIZON)
    assert adjusted.restore(flat()).at([0.5]).max() < 100 * np.exp(2 * 0.4)
    assert any("further ahead than it ever did" in note for note in adjusted.notes[0])


def test_a_short_history_learns_nothing_and_says_so() -> None:
    column = days_off(1, 58)
    adjusted = adjust(panel(plain(16)[None, :40]), Covariates((regressor(column),)), HORIZON)
    assert any("too short to learn an effect" in note for note in adjusted.notes[0])
    assert np.isfinite(adjusted.restore(flat()).values).all()


@pytest.mark.parametrize("values", [np.zeros(PAST), np.full(PAST, np.nan), np.full(PAST, 7.0), 1e14 * plain(17)[:PAST]])
def test_odd_histories_stay_finite_and_not_negative(values: FloatArray) -> None:
    column = days_off(*FIVE_DAYS, 58)
    launch = event(PAST - 30, None, Treatment.MODEL, Effect(Operation.ADD, -50.0), "leaving")
    adjusted = adjust(panel(values[None]), Covariates((regressor(column),), (launch, event(100, 130))), HORIZON)
    known = adjusted.panel.values[~np.isnan(adjusted.panel.values)]
    assert (known >= 0).all()
    restored = adjusted.restore(flat(level=max(float(np.nan_to_num(values).mean()), 1.0))).values
    assert np.isfinite(restored).all()
    assert (restored >= 0).all()
    assert (np.diff(restored, axis=-1) >= 0).all()


def test_a_forecast_that_knows_the_regressor_beats_one_that_does_not() -> None:
    column = days_off(*FIVE_DAYS, 57, 59)
    losses = []
    for covariates in (NO_COVARIATES, Covariates((regressor(column),))):
        total = 0.0
        for seed in range(5):
            seen = plain(seed) * np.exp(0.7 * column)
            adjusted = adjust(panel(seen[None, :PAST]), covariates, HORIZON)
            naive = SeasonalNaive(season=168).fit(adjusted.panel, seed=0).predict(HORIZON, DECILES)
            quantiles, actual = adjusted.restore(naive).values[0], seen[PAST:, None]
            levels = np.array(DECILES)
            total += np.maximum(levels * (actual - quantiles), (levels - 1) * (actual - quantiles)).mean()
        losses.append(total)
    assert losses[1] < 0.75 * losses[0]
