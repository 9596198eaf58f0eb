import multiprocessing
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import Selection
from demand.tidy import OnError, check_rows
from forecasting.catalogue import Preset, catalogue
from service.jobs.execution import Execution
from service.jobs.workflows import Stopping
from service.runs import cancel
from service.settings import Settings
from service.store.engine import Store
from service.store.forecasts import PublishedForecast
from service.store.run import PartitionState, RunKind, RunState, SeriesState
from tests.service.jobs.fleet import START, ask, ingest, look
from tests.service.jobs.waiting import until
from training.ports import Progress


@pytest.fixture
def execution(store: Store, settings: Settings) -> Iterator[Execution]:
    execution = Execution(store, settings)
    yield execution
    execution.stop()


def carry_out(execution: Execution, run_id: str) -> None:
    count = execution.plan(run_id)
    execution.publish(run_id, [execution.train(run_id, number) for number in range(count)])


def served(store: Store, granularity: Granularity = Granularity.HOUR) -> dict[int, str]:
    with store.read() as unit:
        return {each.series.id: each.run_id for each in unit.forecasts.published(Selection(), granularity)}


def published(store: Store, granularity: Granularity = Granularity.HOUR) -> list[PublishedForecast]:
    with store.read() as unit:
        return unit.forecasts.published(Selection(), granularity, members=True)


def test_a_run_forecasts_every_series_and_says_how(execution: Execution, store: Store) -> None:
    ingest(store, 5)
    run = ask(store)
    carry_out(execution, run.id)

    with store.read() as unit:
        forecasts = unit.forecasts.published(Selection(), Granularity.HOUR)
        planned = unit.runs.partitions(run.id)
    assert [len(part.partition.series_ids) for part in planned] == [2, 2, 1]
    assert {part.state for part in planned} == {PartitionState.DONE}
    assert {forecast.start for forecast in forecasts} == {START + pd.Timedelta(hours=7 * 168)}
    assert all(forecast.quantiles.shape == (24, 23) and (forecast.quantiles > 0).any() for forecast in forecasts)
    done = look(store, run.id)
    assert done.state is RunState.SUCCEEDED
    assert done.recipe is not None
    assert done.recipe.models == ("seasonal_naive",)
    assert done.recipe.as_of == done.as_of.isoformat() if done.as_of else False
    assert len(set(done.recipe.fingerprint)) == 3


def test_steps_that_are_repeated_change_nothing(execution: Execution, store: Store) -> None:
    ingest(store, 3)
    run = ask(store)
    count = execution.plan(run.id)
    assert execution.plan(run.id) == count
    prints = [execution.train(run.id, number) for number in range(count)]
    assert [execution.train(run.id, number) for number in range(count)] == prints
    execution.publish(run.id, prints)
    with store.read() as unit:
        first = unit.forecasts.published(Selection(), Granularity.HOUR)
    execution.publish(run.id, prints)
    assert execution.plan(run.id) == 0
    with store.read() as unit:
        again = unit.forecasts.published(Selection(), Granularity.HOUR)
    assert [each.published_at for each in first] == [each.published_at for each in again]
    np.testing.assert_array_equal([each.quantiles for each in first], [each.quantiles for each in again])


def test_nothing_is_served_before_all_partitions_are_done(execution: Execution, store: Store) -> None:
    ingest(store, 3)
    run = ask(store)
    for number in range(execution.plan(run.id)):
        execution.train(run.id, number)
        assert served(store) == {}
    assert look(store, run.id).state is RunState.RUNNING


def test_a_run_reads_history_as_it_was_when_it_began(execution: Execution, store: Store) -> None:
    ingest(store, 2)
    run = ask(store)
    execution.plan(run.id)
    expected = execution.train(run.id, 0)
    with store.begin() as unit:
        unit.runs.get(run.id)
    ingest(store, 3)
    assert execution.train(run.id, 0) == expected


def test_a_failing_partition_ends_the_run_with_its_reason_and_leaves_what_was_served(
    execution: Execution, store: Store, settings: Settings
) -> None:
    ingest(store, 3)
    good, bad = ask(store), ask(store)
    carry_out(execution, good.id)
    broken = Execution(store, settings.model_copy(update={"models": ("no_such_model",)}))
    carry_out(broken, bad.id)
    failed = look(store, bad.id)
    assert failed.state is RunState.FAILED
    assert failed.error.startswith("partition 0: ")
    assert "no_such_model" in failed.error
    assert set(served(store).values()) == {good.id}


def test_a_run_that_has_ended_is_left_alone(execution: Execution, store: Store) -> None:
    ingest(store, 2)
    run = ask(store)
    execution.plan(run.id)
    execution.fail(run.id, "the first reason")
    assert execution.train(run.id, 0) == ""
    execution.publish(run.id, [""])
    execution.fail(run.id, "another reason")
    assert look(store, run.id).error == "the first reason"
    assert served(store) == {}


def test_a_run_that_is_cancelled_while_it_waits_does_nothing(execution: Execution, store: Store) -> None:
    ingest(store, 1)
    run = ask(store)
    cancel(store, run.id)
    carry_out(execution, run.id)
    assert look(store, run.id).state is RunState.CANCELLED
    assert served(store) == {}


def test_a_run_that_is_cancelled_begins_no_further_partition_and_publishes_nothing(
    execution: Execution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(store, 3)
    run = ask(store)
    assert execution.plan(run.id) == 2
    first = execution.train(run.id, 0)
    cancel(store, run.id)
    monkeypatch.setattr("service.jobs.execution.retrain", None)
    assert execution.train(run.id, 1) == ""
    execution.publish(run.id, [first, ""])
    with store.read() as unit:
        states = [part.state for part in unit.runs.partitions(run.id)]
    assert states == [PartitionState.DONE, PartitionState.WAITING]
    assert (look(store, run.id).state, look(store, run.id).recipe) == (RunState.CANCELLED, None)
    assert served(store) == {}


def test_a_partition_under_way_ends_at_its_next_progress_when_its_run_is_cancelled(
    execution: Execution, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reported = []

    def endless(_partition: object, _ports: object, _settings: object, progress: Progress, _workers: object) -> str:
        cancel(store, run.id)
        until(lambda: reported.append(progress("backtest", 1, 2)), "the work is stopped")  # type: ignore[func-returns-value]
        return "never"

    ingest(store, 1)
    run = ask(store)
    execution.plan(run.id)
    monkeypatch.setattr("service.jobs.execution.retrain", endless)
    assert execution.train(run.id, 0) == ""
    assert (look(store, run.id).state, look(store, run.id).error) == (RunState.CANCELLED, "")
    assert "has failed" not in caplog.text
    with store.read() as unit:
        assert unit.runs.partitions(run.id)[0].state is PartitionState.RUNNING


def test_a_run_over_an_empty_store_says_how_to_fill_it(execution: Execution, store: Store) -> None:
    with pytest.raises(Invalid, match="computecast ingest FILE"):
        execution.plan(ask(store).id)


def test_a_run_whose_selection_matches_nothing_says_what_was_selected(execution: Execution, store: Store) -> None:
    ingest(store, 1)
    with pytest.raises(Invalid, match=r"region in \['moon'\].*GET /v1/series"):
        execution.plan(ask(store, selection=Selection(region=("moon",))).id)


def test_series_on_a_coarser_grid_are_skipped_with_the_reason(execution: Execution, store: Store) -> None:
    ingest(store, 1)
    ingest(store, 1, granularity=Granularity.DAY, region="there")
    run = ask(store)
    carry_out(execution, run.id)
    with store.read() as unit:
        states = {each.outcome.state: each.outcome.reason for each in unit.runs.outcomes(run.id)}
    assert states.keys() == {SeriesState.DONE, SeriesState.SKIPPED}
    assert "granularity day" in states[SeriesState.SKIPPED]


def test_a_series_without_a_whole_day_is_skipped_in_a_daily_run_and_the_others_are_not(
    execution: Execution, store: Store
) -> None:
    ingest(store, 1)
    young = pd.DataFrame({"timestamp": pd.date_range(START, periods=5, freq="h"), "value": 1.0, "tenant": "young"})
    batch = check_rows(young.assign(line=range(5)), now=START + pd.Timedelta(days=300))
    with store.staging() as unit:
        unit.observations.ingest([batch], source="test", on_error=OnError.ABORT, granularity=Granularity.HOUR)
    run = ask(store, granularity=Granularity.DAY, horizon=2)
    carry_out(execution, run.id)
    with store.read() as unit:
        outcomes = {each.series.key.tenant: each.outcome for each in unit.runs.outcomes(run.id)}
    assert outcomes["young"].state is SeriesState.SKIPPED
    assert outcomes["young"].reason == "its history holds no whole day yet"
    assert len(served(store, Granularity.DAY)) == 1


def test_a_run_over_coarser_series_alone_says_which_granularity_to_ask_for(execution: Execution, store: Store) -> None:
    ingest(store, 2, granularity=Granularity.DAY)
    with pytest.raises(Invalid, match=r"none of the 2 selected series.*granularity day"):
        execution.plan(ask(store).id)


def test_a_refresh_uses_what_was_chosen_before(execution: Execution, store: Store, settings: Settings) -> None:
    ingest(store, 2)
    carry_out(execution, ask(store).id)
    run = ask(store, RunKind.REFRESH)
    everything = Execution(store, settings.model_copy(update={"models": None}))
    carry_out(everything, run.id)
    done = look(store, run.id)
    assert (done.state, done.error) == (RunState.SUCCEEDED, "")
    assert done.recipe is not None
    assert done.recipe.models == ("seasonal_naive",)
    assert set(served(store).values()) == {run.id}


def ingest_more(store: Store, value: float) -> None:
    """A day after the seven weeks of the first series."""
    when = pd.date_range(START + pd.Timedelta(weeks=7), periods=24, freq="h")
    rows = pd.DataFrame({"timestamp": when, "value": value, "region": "here", "accelerator": "a00"})
    batch = check_rows(rows.assign(workload="inference", line=range(24)), now=START + pd.Timedelta(days=300))
    with store.staging() as unit:
        unit.observations.ingest([batch], source="test", on_error=OnError.ABORT, granularity=Granularity.HOUR)


def test_a_refresh_moves_widths_by_what_came_true_and_keeps_weights_and_scores(
    execution: Execution, store: Store
) -> None:
    ingest(store, 1)
    carry_out(execution, ask(store).id)
    carry_out(execution, ask(store, RunKind.REFRESH).id)  # nothing came true meanwhile
    (before,) = published(store)
    ingest_more(store, 5000.0)
    carry_out(execution, ask(store, RunKind.REFRESH).id)
    (after,) = published(store)
    assert (after.choice.weights, after.choice.scores) == (before.choice.weights, before.choice.scores)
    upper, lower = (np.divide(after.choice.widths[side], before.choice.widths[side]) for side in ("upper", "lower"))
    assert upper[0] == pytest.approx(np.exp(0.01 * (24 - 2.4)))
    assert lower[0] == pytest.approx(np.exp(0.01 * -2.4))
    assert after.start == before.start + pd.Timedelta(days=1)
    assert (after.memory.scores != before.memory.scores).any()


def test_a_series_that_is_new_in_a_refresh_is_forecast_like_the_fleet_and_says_so(
    execution: Execution, store: Store
) -> None:
    ingest(store, 1)
    carry_out(execution, ask(store).id)
    ingest(store, 1, region="new")
    carry_out(execution, ask(store, RunKind.REFRESH).id)
    old, new = published(store)
    assert (old.choice.notes, new.choice.weights) == ((), {"seasonal_naive": (1.0,)})
    assert "new since the last retraining" in new.choice.notes[0]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_run_tries_the_models_of_its_preset(store: Store, settings: Settings) -> None:
    ingest(store, 1, granularity=Granularity.DAY)
    run = ask(store, granularity=Granularity.DAY, horizon=7, preset=Preset.FAST)
    execution = Execution(store, settings.model_copy(update={"models": None}))
    carry_out(execution, run.id)
    recipe = look(store, run.id).recipe
    assert recipe is not None
    assert recipe.preset == "fast"
    assert recipe.models == tuple(each.name for each in catalogue(Granularity.DAY, Preset.FAST))
    (served_now,) = published(store, Granularity.DAY)
    assert set(served_now.members) == {name for name, each in served_now.choice.weights.items() if any(each)}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_processes_stay_for_the_next_partition_and_end_when_training_stops(store: Store, settings: Settings) -> None:
    ingest(store, 2, granularity=Granularity.DAY)
    execution = Execution(store, settings.model_copy(update={"models": ("theta",), "partition_size": 1}))
    run = ask(store, granularity=Granularity.DAY, horizon=2)
    assert execution.plan(run.id) == 2
    execution.train(run.id, 0)
    (first,) = fitting_processes()
    execution.train(run.id, 1)
    assert fitting_processes() == [first]
    execution.stop()
    assert fitting_processes() == []


def fitting_processes() -> list[int | None]:
    return [child.pid for child in multiprocessing.active_children() if child.name == "pebble_pool_worker"]


def test_a_series_that_is_new_since_the_retraining_is_forecast_and_says_so(execution: Execution, store: Store) -> None:
    ingest(store, 1)
    run = ask(store, RunKind.REFRESH)
    carry_out(execution, run.id)
    with store.read() as unit:
        (outcome,) = (each.outcome for each in unit.runs.outcomes(run.id))
    assert outcome.state is SeriesState.DONE
    assert "new since the last retraining" in outcome.reason


def test_training_ends_soon_when_it_is_told_to_stop(execution: Execution, store: Store) -> None:
    ingest(store, 1)
    run = ask(store)
    execution.plan(run.id)
    execution.stop()
    with pytest.raises(Stopping):
        execution.train(run.id, 0)
    assert not execution.is_busy
    assert look(store, run.id).state is RunState.RUNNING


def test_what_fails_while_the_worker_stops_does_not_fail_the_run(
    execution: Execution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn_down(*_: object) -> str:
        execution.stop()
        raise RuntimeError("cannot schedule new futures after shutdown")

    ingest(store, 1)
    run = ask(store)
    execution.plan(run.id)
    monkeypatch.setattr("service.jobs.execution.retrain", torn_down)
    with pytest.raises(Stopping):
        execution.train(run.id, 0)
    assert look(store, run.id).state is RunState.RUNNING
