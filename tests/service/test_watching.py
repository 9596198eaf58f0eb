"""Published forecasts are scored with what came true."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from demand.calendar import Granularity, buckets
from demand.history import Panel
from demand.limits import Limit
from demand.series import Selection, SeriesKey
from forecasting.dependence import ErrorMemory
from forecasting.metrics import pinball_loss, seasonal_scale
from forecasting.quantiles import DECILES, GRID
from forecasting.seasonal_naive import SeasonalNaive
from service.settings import Settings
from service.store.engine import Store
from service.store.run import RunKind, RunRequest
from service.store.score_tables import SCORE, UNSCORED
from service.watching import score_waiting
from service.worker import Worker
from tests.service.jobs.waiting import until
from tests.service.store.conftest import batch_of, hourly, ingest  # noqa: F401 - fixtures
from training.latent import Evidence, Latent
from training.ports import Partition, SeriesForecast
from training.recipe import Choice, Recipe
from training.watching import span_starts

HOUR, DAY = Granularity.HOUR, Granularity.DAY
FIRST = pd.Timestamp("2025-01-06", tz="UTC")
CUT_OFF = pd.Timestamp("2025-01-20T09:00", tz="UTC")
HISTORY = 14 * 24 + 10
RNG = np.random.default_rng(8)
LEVELS = 100 + 30 * np.sin(np.arange(60 * 24) / 24 * 2 * np.pi) + RNG.normal(0, 8, 60 * 24)
CHOICE = Choice("ensemble", weights={"theta": (0.3, 0.5), "ets": (0.7, 0.3), "boosting": (0.0, 0.2)})

Send = Callable[..., None]


@pytest.fixture
def send(store: Store, ingest: Callable[..., object]) -> Send:  # noqa: F811
    """Store hours of the levels, from one position to another, of a tenant."""

    def rows(first: int, stop: int, tenant: str = "a", change: float = 0.0) -> None:
        hours = pd.date_range(FIRST, periods=stop, freq="h")[first:]
        values = LEVELS[first:stop] + change
        ingest(
            store,
            [
                {"timestamp": hour.isoformat(), "tenant": tenant, "value": float(value)}
                for hour, value in zip(hours, values, strict=True)
            ],
        )

    return rows


def publish(
    store: Store,
    ids: tuple[int, ...] = (1,),
    *,
    cut_off: pd.Timestamp = CUT_OFF,
    horizon: int = 100,
    granularity: Granularity = HOUR,
    choice: Choice = CHOICE,
    seed: int = 0,
    is_served: bool = True,
) -> np.ndarray:
    """Publish random quantiles of some series, all the same; what they are."""
    start = buckets(cut_off, 2, granularity)[-1]
    rng = np.random.default_rng(seed)
    quantiles = (rng.normal(100, 15, (horizon, 1)) + 12 * ndtri(np.array(GRID))).clip(0)
    memory = ErrorMemory(np.zeros(granularity.rhythm.memory, dtype=np.float32), 0.3)
    with store.begin() as unit:
        run = unit.runs.create(RunRequest(RunKind.RETRAIN, granularity, horizon, 1), datetime.now(UTC))
        unit.runs.start(run.id, as_of=unit.observations.newest_recorded_at(), at=datetime.now(UTC))
        unit.runs.plan(run.id, [Partition(ids, granularity, cut_off)])
        made = [SeriesForecast(series_id, start, quantiles, memory, choice) for series_id in ids]
        unit.forecasts.save(run.id, made)
        if is_served:
            recipe = Recipe(granularity, horizon, GRID, 1, None, ("theta",), ("f00d",), {})
            unit.runs.publish(run.id, recipe, datetime.now(UTC))
    return quantiles.astype(np.float32).astype(np.float64)


def scores(store: Store) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        rows = connection.execute(SCORE.select().order_by(*SCORE.primary_key.columns))
        return [dict(row._mapping) for row in rows]


def waiting(store: Store) -> int:
    with store.engine.connect() as connection:
        return len(connection.execute(UNSCORED.select()).all())


def expected(
    issued: list[tuple[np.ndarray, pd.Timestamp]], actual: dict[pd.Timestamp, float], granularity: Granularity = HOUR
) -> dict[tuple[int, int], dict[str, float]]:
    """Scores by span and stretch, step by step, each forecast against a naive fitted to the history before it."""
    found: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for quantiles, cut_off in issued:
        history = _history(actual, cut_off, granularity)
        naive = SeasonalNaive().fit(history, seed=1).predict(len(quantiles), DECILES).values[0]
        scale = seasonal_scale(history.values, granularity.rhythm.naive_season)[0]
        seen = set()
        for step, bucket in enumerate(buckets(cut_off, len(quantiles) + 1, granularity)[1:]):
            if bucket not in actual:
                continue
            stretch = sum(step + 1 > end for end in granularity.rhythm.stretches)
            span = span_starts(pd.DatetimeIndex([bucket]), granularity)[0]
            place = (span.value // 3_600_000_000_000, stretch)
            outcome = np.array([actual[bucket]])
            deciles = np.array([np.interp(DECILES, GRID, quantiles[step])])
            sums = found[place]
            sums["loss"] += 2 * pinball_loss(outcome, deciles, DECILES).mean() / scale
            sums["naive_loss"] += 2 * pinball_loss(outcome, naive[step][None], DECILES).mean() / scale
            sums["error"] += actual[bucket] - quantiles[step, GRID.index(0.5)]
            sums["actual"] += actual[bucket]
            sums["covered"] += quantiles[step, GRID.index(0.1)] <= actual[bucket] <= quantiles[step, GRID.index(0.9)]
            sums["n"] += 1
            sums["forecasts"] += place not in seen
            seen.add(place)
    return found


def _history(actual: dict[pd.Timestamp, float], cut_off: pd.Timestamp, granularity: Granularity) -> Panel:
    known = sorted(bucket for bucket in actual if bucket <= cut_off)
    values = np.array([[actual[bucket] for bucket in known]])
    return Panel((SeriesKey(),), ("accelerators",), granularity, known[0], values)


def hours(first: int, stop: int) -> dict[pd.Timestamp, float]:
    return dict(zip(pd.date_range(FIRST, periods=stop, freq="h")[first:], LEVELS[first:stop], strict=True))


def agree(found: list[dict[str, Any]], told: dict[tuple[int, int], dict[str, float]]) -> None:
    assert {(row["start_hour"], row["stretch"]) for row in found} == set(told)
    for row in found:
        for name, value in told[row["start_hour"], row["stretch"]].items():
            np.testing.assert_allclose(row[name], value, rtol=1e-5, err_msg=f"{name} of {row}")


def test_every_published_forecast_is_scored_step_by_step_against_the_naive_of_its_time(
    store: Store, send: Send
) -> None:
    send(0, HISTORY)
    first = publish(store, seed=1)
    send(HISTORY, HISTORY + 30)
    second = publish(store, seed=2, cut_off=CUT_OFF + pd.Timedelta(hours=30))
    publish(store, seed=3, is_served=False)
    send(HISTORY + 30, HISTORY + 90)
    assert score_waiting(store) == 1
    issued = [(first, CUT_OFF), (second, CUT_OFF + pd.Timedelta(hours=30))]
    agree(scores(store), expected(issued, hours(0, HISTORY + 90)))
    assert {row["model"] for row in scores(store)} == {"ets"}
    assert (waiting(store), score_waiting(store)) == (0, 0)


def test_scores_grow_as_outcomes_come_and_are_the_same_as_if_they_had_come_at_once(store: Store, send: Send) -> None:
    send(0, HISTORY)
    quantiles = publish(store)
    for first in range(HISTORY, HISTORY + 60, 7):
        send(first, first + 7)
        assert score_waiting(store) == 1
    agree(scores(store), expected([(quantiles, CUT_OFF)], hours(0, HISTORY + 63)))


def test_a_late_correction_scores_its_hours_again_and_no_others(store: Store, send: Send) -> None:
    send(0, HISTORY)
    quantiles = publish(store)
    send(HISTORY, HISTORY + 80)
    score_waiting(store)
    before = scores(store)
    send(HISTORY + 20, HISTORY + 23, change=40.0)
    send(0, HISTORY - 50, change=1.0)  # history that the forecast knew otherwise changes nothing
    assert score_waiting(store) == 1
    actual = hours(0, HISTORY + 80)
    told = expected([(quantiles, CUT_OFF)], actual)
    for hour in pd.date_range(CUT_OFF, periods=24, freq="h")[21:24]:
        actual[hour] += 40.0
    again = expected([(quantiles, CUT_OFF)], actual)
    agree(scores(store), again)
    changed = {place for place in told if told[place] != again[place]}
    same = [row for row in before if (row["start_hour"], row["stretch"]) not in changed]
    assert 0 < len(changed) < len(before)
    assert all(row in scores(store) for row in same)


def test_what_is_sent_again_unchanged_is_not_scored_again(store: Store, send: Send) -> None:
    send(0, HISTORY)
    publish(store)
    send(HISTORY, HISTORY + 10)
    score_waiting(store)
    send(0, HISTORY + 10)
    assert waiting(store) == 0


def test_gaps_are_not_scored_until_they_are_filled(store: Store, send: Send) -> None:
    send(0, HISTORY)
    quantiles = publish(store)
    send(HISTORY + 10, HISTORY + 40)
    score_waiting(store)
    agree(scores(store), expected([(quantiles, CUT_OFF)], hours(0, HISTORY) | hours(HISTORY + 10, HISTORY + 40)))
    send(HISTORY, HISTORY + 10)
    score_waiting(store)
    agree(scores(store), expected([(quantiles, CUT_OFF)], hours(0, HISTORY + 40)))


def test_a_forecast_that_is_published_after_its_outcomes_came_is_scored_too(store: Store, send: Send) -> None:
    send(0, HISTORY + 30)
    quantiles = publish(store)
    assert waiting(store) == 1
    score_waiting(store)
    found = scores(store)
    assert sum(row["n"] for row in found) == 30
    # its naive may have known more than the forecast did, which is scored alike
    told = expected([(quantiles, CUT_OFF)], hours(0, HISTORY + 30))
    for row in found:
        np.testing.assert_allclose(row["loss"], told[row["start_hour"], row["stretch"]]["loss"], rtol=1e-5)


def test_days_are_scored_once_they_have_passed_in_whole(store: Store, send: Send) -> None:
    send(0, 14 * 24)
    cut_off = pd.Timestamp("2025-01-19", tz="UTC")
    quantiles = publish(store, cut_off=cut_off, granularity=DAY, horizon=40)
    send(14 * 24, 24 * 24 + 20)
    score_waiting(store)
    days = {FIRST + pd.Timedelta(days=day): float(LEVELS[24 * day : 24 * day + 24].mean()) for day in range(24)}
    agree(scores(store), expected([(quantiles, cut_off)], days, DAY))


def test_series_are_scored_apart_and_those_never_forecast_do_not_wait(store: Store, send: Send) -> None:
    for tenant in "abc":
        send(0, HISTORY, tenant)
    publish(store, (1, 2))
    for tenant in "abc":
        send(HISTORY, HISTORY + 12, tenant)
    assert waiting(store) == 2
    assert score_waiting(store) == 2
    assert {row["series_id"] for row in scores(store)} == {1, 2}


def test_the_time_of_a_round_is_kept_and_the_next_goes_on(store: Store, send: Send) -> None:
    for tenant in "abc":
        send(0, HISTORY, tenant)
    publish(store, (1, 2, 3))
    for tenant in "abc":
        send(HISTORY, HISTORY + 12, tenant)
    ticks: Iterator[float] = iter([0, 0, 0, 5, 5])
    assert score_waiting(store, seconds=4, clock=lambda: next(ticks)) == 2
    assert waiting(store) == 1
    assert score_waiting(store) == 1


def test_what_comes_while_a_series_is_scored_is_not_forgotten(store: Store, send: Send) -> None:
    send(0, HISTORY)
    publish(store)
    send(HISTORY, HISTORY + 5)
    with store.read() as unit:
        read = unit.unscored.longest_waiting(5)
    send(HISTORY + 5, HISTORY + 6)
    with store.begin() as unit:
        unit.unscored.done(read)
    assert waiting(store) == 1


def test_scores_of_forecasts_that_are_no_longer_stored_stay(store: Store, send: Send) -> None:
    send(0, HISTORY)
    publish(store, seed=1)
    publish(store, seed=2)
    send(HISTORY, HISTORY + 10)
    score_waiting(store)
    before = scores(store)
    assert {row["forecasts"] for row in before} == {2}
    with store.engine.begin() as connection:
        (first,) = connection.exec_driver_sql("SELECT run_id FROM issue ORDER BY id LIMIT 1").scalars()
        for table in ("issue", "forecast"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE run_id = '{first}'")
        left = connection.exec_driver_sql("SELECT COUNT(*) FROM baseline").scalar_one()
    assert left == 1
    send(HISTORY, HISTORY + 10, change=3.0)
    score_waiting(store)
    assert scores(store) == before


def test_use_at_a_limit_says_nothing_of_demand_and_what_queued_is_demand(store: Store, send: Send) -> None:
    send(0, HISTORY)
    quantiles = publish(store)
    level = float(np.sort(LEVELS[HISTORY : HISTORY + 20])[-5])
    with store.begin() as unit:
        unit.limits.create(Limit(Selection(), level * 1.0001, CUT_OFF))
    send(HISTORY, HISTORY + 20)
    score_waiting(store)
    open_hours = {
        hour: value for hour, value in hours(0, HISTORY + 20).items() if hour <= CUT_OFF or value < 0.995 * level
    }
    assert len(open_hours) == HISTORY + 15
    agree(scores(store), expected([(quantiles, CUT_OFF)], open_hours))


def test_use_at_a_ceiling_that_the_data_shows_is_not_scored(store: Store, send: Send) -> None:
    send(0, HISTORY)
    level = float(np.sort(LEVELS[HISTORY : HISTORY + 20])[-3])
    latent = Latent(Evidence.DATA, 0.1, 0.1, level, 0)
    publish(store, choice=Choice("ensemble", weights={"theta": (1.0,)}, latent=latent))
    send(HISTORY, HISTORY + 20)
    score_waiting(store)
    assert sum(row["n"] for row in scores(store)) == int((LEVELS[HISTORY : HISTORY + 20] < level * 0.995).sum())


def test_the_model_is_the_one_that_made_it_where_the_chosen_ones_failed(store: Store, send: Send) -> None:
    send(0, HISTORY)
    fallen = Choice("ensemble", weights={"theta": (1.0,)}, served_by="seasonal_naive", fallback_reason="it failed")
    publish(store, choice=fallen)
    send(HISTORY, HISTORY + 3)
    score_waiting(store)
    assert {row["model"] for row in scores(store)} == {"seasonal_naive"}


def test_weeks_that_begin_on_any_day_are_scored(store: Store, ingest: Callable[..., object]) -> None:  # noqa: F811
    week = Granularity.WEEK
    starts = pd.date_range("2023-01-04", periods=60, freq="7D", tz="UTC")
    values = np.random.default_rng(4).normal(100, 10, 60)
    rows = [
        {"timestamp": at.isoformat(), "tenant": "a", "value": float(value)}
        for at, value in zip(starts, values, strict=True)
    ]
    ingest(store, rows[:50], granularity=week)
    quantiles = publish(store, cut_off=starts[49], granularity=week, horizon=20)
    for row in rows[50:]:
        ingest(store, [row])
        score_waiting(store)
    agree(scores(store), expected([(quantiles, starts[49])], dict(zip(starts, values, strict=True)), week))


def test_a_worker_scores_what_has_come_true(store: Store, settings: Settings, send: Send) -> None:
    send(0, HISTORY)
    publish(store)
    send(HISTORY, HISTORY + 12)
    with Worker(settings):
        until(lambda: waiting(store) == 0, "the outcomes are scored")
    assert sum(row["n"] for row in scores(store)) == 12
