from dataclasses import dataclass, replace

import numpy as np
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.saturation import Saturation
from forecasting.quantiles import GRID, QuantileForecast
from forecasting.simulated_shortage import Shortage, simulate_shortage
from training.latent import Evidence
from training.measure import demand_history, read_demand
from training.pipeline import TrainingSettings, forecast
from training.ports import Bounds, Partition
from training.recipe import Choice

HORIZON = 72
HOURS = 1344 + 4 * HORIZON


def known_limits(used: Panel, capacity: FloatArray) -> Bounds:
    full = used.values >= capacity * 0.995
    return replace(Bounds.none(used), limited=np.ones(used.n_series, dtype=bool), full=full)


@pytest.fixture(scope="module")
def fleet() -> Shortage:
    return simulate_shortage(seed=1, n_series=24, hours=HOURS + HORIZON, tightness=(0.35, 0.8))


def test_where_the_queue_was_counted_demand_is_exact() -> None:
    shortage = simulate_shortage(seed=2, n_series=2, hours=504)
    used = shortage.utilization
    turned_away = shortage.demand.values - used.values
    made = demand_history(used, replace(known_limits(used, shortage.capacity), queued=turned_away), seed=1)
    np.testing.assert_allclose(made.panel.values, shortage.demand.values)
    assert [latent.evidence for latent in made.latents if latent] == [Evidence.QUEUE] * 2
    assert [latent.censored_share for latent in made.latents if latent] == [0.0, 0.0]


def test_hours_at_a_known_limit_are_drawn_and_all_others_are_what_was_in_use() -> None:
    shortage = simulate_shortage(seed=3, n_series=3, hours=504)
    used = shortage.utilization
    bounds = known_limits(used, shortage.capacity)
    made = demand_history(used, bounds, seed=1)
    assert (made.panel.values == used.values)[~bounds.full].mean() > 0.98  # some were at a ceiling the data shows
    assert (made.panel.values[bounds.full] >= used.values[bounds.full]).all()
    for row, latent in enumerate(made.latents):
        assert latent is not None
        assert latent.evidence is Evidence.LIMIT
        assert latent.censored_share == pytest.approx(bounds.full[row].mean(), abs=0.02)


def test_a_ceiling_that_nobody_told_is_found_and_told_with_its_level(fleet: Shortage) -> None:
    used = fleet.utilization.between(0, HOURS)
    made = demand_history(used, Bounds.none(used), seed=1)
    told = [latent for latent in made.latents if latent is not None]
    assert len(told) > 0.8 * used.n_series
    assert {latent.evidence for latent in told} == {Evidence.DATA}
    for row, latent in enumerate(made.latents):
        if latent is not None and latent.ceiling is not None:
            assert latent.ceiling == pytest.approx(fleet.capacity[row, HOURS - 1], rel=0.01)


def test_history_without_any_ceiling_is_left_as_it_is() -> None:
    free = simulate_shortage(seed=4, n_series=4, hours=504).demand
    made = demand_history(free, Bounds.none(free), seed=1)
    np.testing.assert_array_equal(made.panel.values, free.values)
    assert made.latents == (None,) * 4


def test_upper_quantiles_of_a_series_that_was_nearly_always_full_are_widened() -> None:
    shortage = simulate_shortage(seed=5, n_series=1, hours=504, tightness=(0.05, 0.1))
    made = demand_history(shortage.utilization, known_limits(shortage.utilization, shortage.capacity), seed=1)
    (latent,) = made.latents
    assert latent is not None
    assert latent.recent_share > 0.6
    plain = QuantileForecast(GRID, np.tile(np.arange(float(len(GRID))), (1, 2, 1)))
    wide = made.widened(plain)
    middle = GRID.index(0.5)
    np.testing.assert_array_equal(wide.values[..., : middle + 1], plain.values[..., : middle + 1])
    assert (wide.values[..., middle + 1 :] > 1.5 * (plain.values[..., middle + 1 :] - middle) + middle).all()
    (choice,) = made.noted([Choice("theta")])
    assert "widened" in choice.notes[0]


def test_true_demand_is_covered_as_asked_by_its_forecast_and_not_by_that_of_use(
    fleet: Shortage,
) -> None:
    """The promise of latent demand: 80 % bands, held against demand that the record never shows."""
    used = fleet.utilization.between(0, HOURS)
    histories = {
        "use": used,
        "demand": demand_history(used, known_limits(used, fleet.capacity[:, :HOURS]), seed=1).panel,
    }
    truth = fleet.demand.values[:, HOURS:]
    short = truth > fleet.capacity[:, HOURS:]
    settings = TrainingSettings(HORIZON, seed=1, models=("boosting",))
    bands = {name: forecast(history, settings).quantiles.at([0.1, 0.9]) for name, history in histories.items()}
    inside = {name: (truth >= band[..., 0]) & (truth <= band[..., 1]) for name, band in bands.items()}
    whole = {name: within.mean() for name, within in inside.items()}
    full = {name: within[short].mean() for name, within in inside.items()}
    assert 0.72 < whole["demand"] < 0.88
    assert whole["use"] < whole["demand"] - 0.06
    assert full["demand"] > 0.55
    assert full["use"] < 0.25


@dataclass(frozen=True)
class ByTheHour:
    """History and limits of one fleet by the hour, averaged where wider buckets are asked for."""

    used: Panel
    capacity: FloatArray

    def panel(self, partition: Partition, context: int) -> Panel:
        return self.used.coarser(partition.granularity).last(context)

    def bounds(self, partition: Partition, panel: Panel) -> Bounds:
        assert panel.granularity is Granularity.HOUR
        return known_limits(panel, self.capacity[:, -panel.n_steps :])


def test_days_that_were_full_for_some_hours_are_lifted_towards_demand() -> None:
    shortage = simulate_shortage(seed=6, n_series=6, hours=1344)
    source = ByTheHour(shortage.utilization, shortage.capacity)
    days = shortage.utilization.coarser(Granularity.DAY)
    partition = Partition(tuple(range(6)), Granularity.DAY, days.index[-1])
    made = read_demand(partition, source, source, context=40, seed=1).panel
    truth, used = (panel.coarser(Granularity.DAY).last(40).values for panel in (shortage.demand, shortage.utilization))
    assert made.granularity is Granularity.DAY
    assert made.index.equals(days.last(40).index)
    assert np.abs(made.values - truth).sum() < 0.5 * np.abs(used - truth).sum()


def test_what_is_known_by_the_day_only_is_censored_by_the_day() -> None:
    days = replace(simulate_shortage(seed=7, n_series=2, hours=200).demand, granularity=Granularity.DAY)
    capacity = np.quantile(days.values, 0.7, axis=1, keepdims=True) * np.ones(days.values.shape)
    used = replace(days, values=np.minimum(days.values, capacity))

    class ByTheDay(ByTheHour):
        def bounds(self, partition: Partition, panel: Panel) -> Bounds:
            return known_limits(self.used, self.capacity)

    source = ByTheDay(used, capacity)
    made = read_demand(Partition((0, 1), Granularity.DAY, days.index[-1]), source, source, context=200, seed=1)
    assert [latent is not None and latent.censored_share > 0.2 for latent in made.latents] == [True, True]


def test_a_saturation_changes_no_history_and_reaches_models_as_a_cap_with_a_remark() -> None:
    free = simulate_shortage(seed=4, n_series=3, hours=504).demand
    ends = Saturation(np.array([9e5, np.nan, np.nan]), np.array([np.nan, 2.0, np.nan]))
    made = demand_history(free, replace(Bounds.none(free), saturation=ends), seed=1)
    np.testing.assert_array_equal(made.panel.values, free.values)
    np.testing.assert_array_equal(made.panel.caps, ends.caps)
    assert made.latents == (None,) * 3
    remarks = [choice.remarks for choice in made.noted([Choice("growth")] * 3)]
    assert [len(each) for each in remarks] == [1, 1, 0]
    assert remarks[0][0] == "growth saturates at 900000 in growth"


def test_a_history_without_saturation_has_no_caps() -> None:
    free = simulate_shortage(seed=4, n_series=1, hours=504).demand
    assert demand_history(free, Bounds.none(free), seed=1).panel.caps is None


def test_a_cap_that_is_known_by_the_hour_bounds_days_too() -> None:
    shortage = simulate_shortage(seed=6, n_series=2, hours=1344)

    class Saturating(ByTheHour):
        def bounds(self, partition: Partition, panel: Panel) -> Bounds:
            ends = Saturation(np.array([500.0, np.nan]), np.full(2, np.nan))
            return replace(Bounds.none(panel), saturation=ends)

    source = Saturating(shortage.demand, shortage.capacity)
    partition = Partition((0, 1), Granularity.DAY, shortage.demand.coarser(Granularity.DAY).index[-1])
    made = read_demand(partition, source, source, context=40, seed=1)
    assert made.panel.granularity is Granularity.DAY
    np.testing.assert_array_equal(made.panel.caps, [500, np.nan])
