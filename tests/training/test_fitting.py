import numpy as np

from tests.training.models import Constant, Crashing, FleetMean
from tests.training.panels import daily_shape, panel
from training.fitting import CHUNK, fits, pool, run


def test_local_models_are_given_series_in_chunks_and_every_series_once() -> None:
    history = panel(daily_shape(2 * CHUNK + 1, days=2, seed=1))
    work = list(fits(Constant("flat", 1.0), history, range(history.n_series), 5, (0.5,)))
    assert [fit.history.n_series for fit in work] == [CHUNK, CHUNK, 1]
    assert [row for fit in work for row in fit.rows] == list(range(history.n_series))


def test_a_model_across_series_sees_all_of_them_and_forecasts_those_asked_for() -> None:
    values = daily_shape(3, days=2, seed=2)
    work = list(fits(FleetMean(), panel(values), [2], 5, (0.5,)))
    with pool(1) as on:
        ((fit, forecast, failures),) = list(run(work, 0, on))
    assert fit.rows == (2,)
    np.testing.assert_allclose(forecast, np.full((1, 5, 1), values.mean()))
    assert failures == {}


def test_no_rows_are_no_work() -> None:
    history = panel(daily_shape(2, days=2, seed=3))
    assert list(fits(FleetMean(), history, [], 5, (0.5,))) == []
    assert list(fits(Constant("flat", 1.0), history, [], 5, (0.5,))) == []


def test_a_crash_costs_the_series_of_that_piece_of_work_only_and_is_named() -> None:
    history = panel(daily_shape(2, days=2, seed=4))
    work = [*fits(Crashing(), history, [1], 5, (0.5,)), *fits(Constant("flat", 7.0), history, [0], 5, (0.5,))]
    with pool(1) as on:
        results = {fit.model.name: (values, failures) for fit, values, failures in run(work, 0, on)}
    assert results["crashing"][1] == {1: "RuntimeError: the matrix is singular"}
    assert np.isnan(results["crashing"][0]).all()
    assert (results["flat"][0] == 7.0).all()


def test_processes_give_the_same_as_one() -> None:
    history = panel(daily_shape(CHUNK + 1, days=2, seed=5))
    work = list(fits(FleetMean(), history, [0, 1], 3, (0.5,))) + list(
        fits(Constant("flat", 7.0), history, range(CHUNK + 1), 3, (0.1, 0.9))
    )
    outcomes = []
    for jobs in (1, 2):
        with pool(jobs) as on:
            outcomes.append({(fit.model.name, fit.rows): values.tobytes() for fit, values, _ in run(work, 0, on)})
    assert outcomes[0] == outcomes[1]
