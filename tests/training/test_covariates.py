import numpy as np

from demand.calendar import Granularity
from demand.covariates import Covariates, Effect, Operation, Treatment
from demand.history import FloatArray
from tests.forecasting.simulated_effects import HORIZON, STEPS, days_off, event, plain, regressor
from tests.training.panels import panel
from tests.training.test_pipeline import Memory
from training.covariates import GivenCovariates
from training.pipeline import PanelForecast, Ports, TrainingSettings, forecast, reforecast, refresh, retrain, silent
from training.ports import Known, Partition

PAST = STEPS - HORIZON
SETTINGS = TrainingSettings(horizon=HORIZON, models=("theta",), origins=2)
OFF = days_off(9, 20, 29, 38, 45, 57, 59)


def loss(made: PanelForecast, actual: FloatArray) -> float:
    return float(np.abs(made.quantiles.at([0.5])[0, :, 0] - actual).mean())


def test_a_forecast_that_knows_a_regressor_beats_one_that_does_not_by_a_clear_margin() -> None:
    seen = plain(2) * np.exp(-0.8 * OFF)
    known = Covariates((regressor(OFF, "holidays"),))
    history, actual = panel(seen[None, :PAST]), seen[PAST:]
    without = forecast(history, SETTINGS)
    with_it = forecast(history, SETTINGS, covariates=known)
    learned = Known(with_it.choices[0], with_it.memories[0], ())
    again = reforecast(history, [learned], SETTINGS, covariates=known)
    for made in (with_it, again):
        assert loss(made, actual) < 0.7 * loss(without, actual)
    np.testing.assert_array_equal(with_it.panel.values[0], history.last(with_it.panel.n_steps).values[0])


def test_an_outage_that_is_masked_leaves_the_forecast_as_if_its_hours_were_missing() -> None:
    broken = plain(3)[:PAST]
    gap = broken.copy()
    broken[1200:1212], gap[1200:1212] = 0.0, np.nan
    masked = forecast(panel(broken[None]), SETTINGS, covariates=Covariates(events=(event(1200, 1212),)))
    np.testing.assert_array_equal(masked.quantiles.values, forecast(panel(gap[None]), SETTINGS).quantiles.values)


def test_a_large_launch_is_believed_though_nothing_like_it_was_ever_seen() -> None:
    launch = event(PAST + 24, None, Treatment.MODEL, Effect(Operation.ADD, 5000.0), "launch")
    made = forecast(panel(plain(4)[None, :PAST]), SETTINGS, covariates=Covariates(events=(launch,)))
    middle = made.quantiles.at([0.5])[0, :, 0]
    assert middle[:24].max() < 1000
    assert middle[24:].min() > 5000
    assert made.choices[0].served_by is None


def test_what_a_reader_should_know_is_among_the_warnings_of_the_choice() -> None:
    never = Covariates((regressor(days_off(58), "sale"),))
    made = forecast(panel(plain(5)[None, :PAST]), SETTINGS, covariates=never)
    assert any("regressor sale was never seen" in note for note in made.choices[0].notes)


def test_retraining_and_refreshing_ask_what_is_known_beside_the_history_and_note_that_they_read_it() -> None:
    seen = plain(6) * np.exp(-0.8 * OFF)
    memory = Memory(panel(seen[None, :PAST]))
    partition = Partition((5,), Granularity.HOUR, memory.history.index[-1])
    known = GivenCovariates(Covariates((regressor(OFF, "holidays"),)))
    medians, prints = [], set()
    for verb in (retrain, refresh):
        for ports in (Ports(memory, memory, memory), Ports(memory, memory, memory, known)):
            prints.add(verb(partition, ports, SETTINGS, silent))
            medians.append(memory.saved[5].quantiles[:, 11])
    off = OFF[PAST:] == 1
    for without, with_it in (medians[:2], medians[2:]):
        assert with_it[off].mean() < 0.7 * without[off].mean()
    assert len(prints) == 2
