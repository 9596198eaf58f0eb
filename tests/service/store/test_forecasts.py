from collections.abc import Callable
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from demand.calendar import Granularity
from demand.series import Selection
from forecasting.catalogue import Preset
from forecasting.dependence import ErrorMemory
from service.store import schema
from service.store.engine import Store
from service.store.forecasts import PublishedForecast
from service.store.run import RunKind, RunRequest
from training.ports import Partition, SeriesForecast
from training.recipe import Choice, Recipe

CUT_OFF = pd.Timestamp("2025-01-06T02:00:00Z")
LEVELS = (0.1, 0.5, 0.9)
MEMBERS = {"profile": np.arange(72.0).reshape(24, 3), "boosting": np.arange(72.0).reshape(24, 3) / 3}


def publish(store: Store, series_id: int, at: datetime, members: dict[str, np.ndarray], preset: Preset) -> str:
    with store.begin() as unit:
        run = unit.runs.create(RunRequest(RunKind.RETRAIN, Granularity.HOUR, 24, 1, preset=preset), at)
        unit.runs.start(run.id, as_of=at, at=at)
        unit.runs.plan(run.id, [Partition((series_id,), Granularity.HOUR, CUT_OFF)])
        memory = ErrorMemory(np.zeros(48, dtype=np.float32), 0.25)
        start = CUT_OFF + pd.Timedelta(hours=1)
        made = SeriesForecast(series_id, start, np.ones((24, 3)), memory, Choice("ensemble"), members)
        unit.forecasts.save(run.id, [made])
        recipe = Recipe(Granularity.HOUR, 24, LEVELS, 1, None, ("profile",), ("f00d",), {}, preset.value)
        unit.runs.publish(run.id, recipe, at)
    return run.id


def served(store: Store, *, members: bool = True, steps: int | None = None) -> PublishedForecast:
    with store.read() as unit:
        (found,) = unit.forecasts.published(Selection(), Granularity.HOUR, members=members, steps=steps)
    return found


def test_members_come_back_as_they_were_saved_and_in_their_order(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    publish(store, hourly(store, "a", [1, 2, 3]), noon, MEMBERS, Preset.FAST)
    for found in (served(store), served(store, steps=5)):
        assert list(found.members) == ["profile", "boosting"]
        for name, values in MEMBERS.items():
            np.testing.assert_array_equal(found.members[name], values.astype(np.float32))


def test_members_are_read_only_where_they_are_asked_for(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    publish(store, hourly(store, "a", [1, 2, 3]), noon, MEMBERS, Preset.FAST)
    assert served(store, members=False).members == {}


def test_a_forecast_without_members_has_none(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    publish(store, hourly(store, "a", [1, 2, 3]), noon, {}, Preset.FAST)
    assert served(store).members == {}


@pytest.mark.parametrize("preset", list(Preset))
def test_a_run_and_its_recipe_know_their_preset(
    store: Store, hourly: Callable[..., int], noon: datetime, preset: Preset
) -> None:
    run_id = publish(store, hourly(store, "a", [1]), noon, {}, preset)
    with store.read() as unit:
        run = unit.runs.get(run_id)
    assert run.request.preset is preset
    assert run.recipe is not None
    assert run.recipe.preset == preset.value


def test_what_was_stored_before_there_were_members_and_presets_is_still_served(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    run_id = publish(store, hourly(store, "a", [1, 2, 3]), noon, MEMBERS, Preset.FAST)
    config = schema._config()
    before = ScriptDirectory.from_config(config).get_revision("0004").down_revision
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, str(before))
        present = {column["name"] for column in sa.inspect(connection).get_columns("forecast")}
        assert not present & {"members", "member_names"}
    store.migrate()
    found = served(store)
    assert found.members == {}
    np.testing.assert_array_equal(found.quantiles, np.ones((24, 3)))
    with store.read() as unit:
        assert unit.runs.get(run_id).request.preset is Preset.BEST
