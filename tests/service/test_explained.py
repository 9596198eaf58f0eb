from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.errors import Invalid, NotFound
from demand.series import Selection
from demand.tidy import Batch, OnError
from forecasting.quantiles import GRID
from service.explained import Explanation, explain_stored
from service.store.engine import Store
from tests.service.explaining import HORIZON, MODELS, publish_forecast, train
from tests.service.jobs.fleet import EVERYTHING, START, ingest
from training.recipe import Choice, PastErrors

MEDIAN = GRID.index(0.5)


@pytest.fixture
def trained(store: Store) -> Store:
    """A store with seven weeks of two series with a daily wave of eight, trained by the pipeline itself."""
    ingest(store, 2)
    train(store)
    return store


def explained(
    store: Store,
    series_id: int | None = 1,
    horizon: int | None = None,
    *,
    selection: Selection = EVERYTHING,
    granularity: Granularity = Granularity.HOUR,
) -> Explanation:
    with store.read() as unit:
        return explain_stored(unit, selection, series_id, granularity, horizon)


def by_step(made: Explanation, name: str) -> np.ndarray:
    """The weight of a model at each step."""
    return np.concatenate([np.full(each.leads, each.weights.get(name, 0.0)) for each in made.stretches])


def test_the_weights_times_the_medians_of_the_members_are_the_published_median(trained: Store) -> None:
    for series_id in (1, 2):
        made = explained(trained, series_id)
        assert len(made.members) > 1
        mixed = sum(by_step(made, member.name) * member.quantiles[:, 1] for member in made.members)
        np.testing.assert_allclose(mixed, made.forecast.quantiles[:, MEDIAN], rtol=1e-6)
        np.testing.assert_allclose(made.quantiles[:, 1], made.forecast.quantiles[:, MEDIAN], rtol=1e-12)


def test_weights_and_factors_give_the_outer_quantiles_too(trained: Store) -> None:
    made = explained(trained)
    mixed = sum(by_step(made, member.name)[:, None] * member.quantiles for member in made.members)
    lower, upper = (
        np.concatenate([np.full(each.leads, getattr(each, side)) for each in made.stretches])
        for side in ("lower", "upper")
    )
    np.testing.assert_allclose(mixed[:, 1] - lower * (mixed[:, 1] - mixed[:, 0]), made.quantiles[:, 0], rtol=1e-5)
    np.testing.assert_allclose(mixed[:, 1] + upper * (mixed[:, 2] - mixed[:, 1]), made.quantiles[:, 2], rtol=1e-5)


def test_the_parts_add_up_and_the_daily_wave_is_in_the_daily_part(trained: Store) -> None:
    made = explained(trained)
    total = made.parts.trend + sum(made.parts.seasonal.values()) + made.parts.remainder
    np.testing.assert_allclose(total, made.quantiles[:, 1], rtol=1e-12)
    np.testing.assert_allclose(made.parts.seasonal["daily"], 8 * np.sin(np.arange(HORIZON) * 2 * np.pi / 24), atol=1)
    np.testing.assert_allclose(made.parts.trend, 20, atol=1)
    assert np.abs(made.parts.remainder).mean() < 0.7


def test_a_shorter_explanation_is_the_beginning_of_a_longer_one(trained: Store) -> None:
    long, short = explained(trained), explained(trained, horizon=30)
    assert list(short.index) == list(long.index[:30])
    np.testing.assert_array_equal(short.parts.trend, long.parts.trend[:30])
    np.testing.assert_array_equal(short.parts.seasonal["weekly"], long.parts.seasonal["weekly"][:30])
    np.testing.assert_array_equal(short.members[0].quantiles, long.members[0].quantiles[:30])
    assert short.stretches[0] == long.stretches[0]


def test_what_is_learned_after_the_run_does_not_change_its_explanation(trained: Store) -> None:
    before = explained(trained)
    with trained.staging() as unit:
        when = buckets(START + timedelta(weeks=7) - timedelta(hours=2), 30, Granularity.HOUR)
        rows = pd.DataFrame({"timestamp": when, "value": 900.0, "unit": "accelerators"}).assign(
            provider="", region="here", accelerator="a00", workload="inference", stage="", tenant="", line=range(30)
        )
        unit.observations.ingest([Batch(rows, ())], source="later", on_error=OnError.ABORT)
    np.testing.assert_array_equal(explained(trained).parts.trend, before.parts.trend)


def test_scores_skill_and_past_errors_come_from_the_backtest(trained: Store) -> None:
    made = explained(trained)
    choice = made.forecast.choice
    assert made.skill == pytest.approx(1 - choice.scores["ensemble"] / choice.scores["seasonal_naive"])
    assert set(choice.scores) == {*MODELS, "ensemble"}
    assert {member.name: member.score for member in made.members} == {
        name: choice.scores[name] for name in (member.name for member in made.members)
    }
    first = made.stretches[0].errors
    assert first is not None
    assert first.low < 0 < first.high
    assert {*(member.name for member in made.members), *made.absent} == set(MODELS)


FLAT = np.tile(np.linspace(50.0, 150.0, len(GRID)), (HORIZON, 1))
publish_flat = partial(publish_forecast, quantiles=FLAT)


def test_a_forecast_from_before_members_were_kept_says_so_and_is_explained_otherwise(store: Store) -> None:
    ingest(store, 1)
    publish_flat(store, Choice("theta", {"theta": 0.6}, naive_score=1.0, coverage_80=0.8), members={})
    made = explained(store)
    assert (made.members, made.absent) == ((), {})
    assert "older than such explanations" in made.untold[0]
    assert [each.weights for each in made.stretches] == [{"theta": 1.0}] * 3
    assert made.skill == pytest.approx(0.4)
    np.testing.assert_allclose(made.parts.trend + sum(made.parts.seasonal.values()) + made.parts.remainder, 100)


def test_why_a_model_is_absent_is_told(store: Store) -> None:
    ingest(store, 1)
    choice = Choice(
        "ensemble",
        {"ensemble": 0.5, "profile": 0.6, "seasonal_naive": 1.0},
        weights={"profile": (0.7,), "theta": (0.3,)},
        warnings=("mstl was left out: it took more than 2 s",),
        remarks=("theta was dropped from this forecast: it is not finite",),
    )
    publish_flat(store, choice, members={"profile": FLAT[:, :3]})
    made = explained(store)
    assert made.absent == {
        "theta": "was dropped from this forecast: it is not finite",
        "seasonal_naive": "earned no weight: past forecasts were better without it",
        "weekly_naive": "was not tried: the history is too short for it, or long enough to do without it",
    }
    assert made.remarks == choice.remarks
    assert [(member.name, member.weight) for member in made.members] == [("profile", 1.0)]


def test_a_forecast_of_which_all_members_failed_names_what_they_failed_of(store: Store) -> None:
    ingest(store, 1)
    choice = Choice(
        "ensemble",
        {"ensemble": 0.5, "seasonal_naive": 1.0},
        naive_score=1.0,
        coverage_80=0.8,
        weights={"profile": (1.0,)},
        errors=(PastErrors(24, 5, 0.0, -1.0, 1.0),),
        served_by="seasonal_naive",
        fallback_reason="profile was dropped from this forecast: it crashed",
    )
    publish_flat(store, choice, members={})
    made = explained(store)
    assert "none of the models" in made.untold[0]
    assert made.absent["profile"] == "was dropped from this forecast: it crashed"
    assert made.stretches[0].weights == {"seasonal_naive": 1.0}
    assert (made.skill, made.coverage_80) == (0.0, None)
    assert "seasonal_naive in place of ensemble" in made.remarks[0]


def test_a_model_that_has_left_the_catalogue_is_still_shown(store: Store) -> None:
    ingest(store, 1)
    publish_flat(store, Choice("ensemble", weights={"oracle": (1.0,)}), members={"oracle": FLAT[:, :3]})
    assert explained(store).members[0].description == "A model that is no longer in the catalogue."


def test_days_are_taken_apart_from_hours(store: Store) -> None:
    ingest(store, 1)
    days = np.tile(20.0 + np.array([3.0, 1, 0, 0, 0, -2, -2]), 8)[:50]
    flat = np.repeat(days[:, None], len(GRID), axis=1)
    publish_forecast(store, Choice("theta"), flat, {}, granularity=Granularity.DAY)
    made = explained(store, granularity=Granularity.DAY)
    assert list(made.parts.seasonal) == ["weekly"]
    assert made.index[0] == START + pd.Timedelta(weeks=7)


def test_one_series_is_found_by_id_or_by_filters_and_else_it_is_said_what_to_do(store: Store) -> None:
    ingest(store, 7)
    publish_flat(store, Choice("theta"), members={})
    one = Selection(accelerator=("a02",))
    assert explained(store, None, selection=one).forecast.series.key.accelerator == "a02"
    assert explained(store, 3, selection=one).forecast.series.id == 3
    for asked, error, said in (
        ({"series_id": 99}, NotFound, "series 99 is not stored"),
        ({"series_id": 1, "selection": one}, NotFound, "is not in accelerator in"),
        ({"series_id": None, "selection": Selection(region=("mars",))}, NotFound, "no series is stored for region"),
        ({"series_id": None}, Invalid, "5 (region=here, accelerator=a04, workload=inference); and more; name one"),
        ({"granularity": Granularity.DAY}, NotFound, "no day forecast of series 1"),
        ({"horizon": HORIZON + 1}, Invalid, "at most 100"),
    ):
        with pytest.raises(error) as refusal:
            explained(store, **asked)
        assert said in str(refusal.value)
