"""The catalogue, and models that go wrong from the run that meets them to the answer that names them."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from demand.calendar import Granularity
from forecasting.catalogue import PRIOR, Preset, catalogue
from service.jobs.execution import Execution
from service.settings import Settings
from service.store.engine import Store
from service.store.run import RunKind, RunState, SeriesState
from tests.service.api.fleet import publish, rows, send
from tests.service.jobs.fleet import ask, ingest, look
from tests.training.models import Boundless, Crashing, Dying, Hanging

on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

FAULTS = tuple(
    kind(name, budget_seconds=0.2, minimum=1150)  # which seven weeks hold at the last of four origins only
    for name, kind in {"crashing": Crashing, "hanging": Hanging, "dying": Dying, "boundless": Boundless}.items()
)


@pytest.fixture
def execution(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Execution]:
    """Carries out runs that try the profile, and every model that goes wrong."""
    known = {each.name: each for each in (*catalogue(Granularity.HOUR), *FAULTS)}
    monkeypatch.setattr("training.pipeline.catalogue", lambda *_: tuple(known.values()))
    monkeypatch.setattr("training.pipeline.model", lambda name, _: known[name])
    monkeypatch.setattr("training.fitting.START_SECONDS", 0.3)
    for each in FAULTS:
        monkeypatch.setitem(PRIOR, each.name, 0.5)
    names = ("profile", *(each.name for each in FAULTS))
    execution = Execution(store, settings.model_copy(update={"models": names}))
    yield execution
    execution.stop()


def carry_out(execution: Execution, store: Store, kind: RunKind = RunKind.RETRAIN) -> str:
    run = ask(store, kind)
    execution.publish(run.id, [execution.train(run.id, number) for number in range(execution.plan(run.id))])
    assert (look(store, run.id).state, look(store, run.id).error) == (RunState.SUCCEEDED, "")
    return run.id


def test_the_catalogue_has_every_model_of_every_preset(client: TestClient) -> None:
    told = [(model["granularity"], model["name"]) for model in client.get("/v1/models").json()]
    assert told == [(width.value, each.name) for width in Granularity for each in catalogue(width, Preset.BEST)]
    assert all(
        (width.value, each.name) in told
        for width in Granularity
        for preset in Preset
        for each in catalogue(width, preset)
    )


def test_the_catalogue_tells_how_many_series_each_model_forecasts(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store)
    models = {(model["granularity"], model["name"]): model for model in client.get("/v1/models").json()}
    assert models["hour", "theta"]["champion_of"] == 4
    assert models["hour", "seasonal_naive"]["champion_of"] == 0
    assert models["day", "theta"]["champion_of"] == 0
    descriptions = [model["description"] for (width, _), model in models.items() if width == "hour"]
    assert len(set(descriptions)) == len(descriptions)


@on_sqlite
def test_models_that_crash_hang_die_or_say_nonsense_are_named_in_the_answer_and_the_others_serve(
    execution: Execution, store: Store, client: TestClient
) -> None:
    ingest(store, 1)
    run_id = carry_out(execution, store)
    (source,) = client.get("/v1/forecasts").json()["sources"]
    assert source["model"] == "ensemble"
    assert set(source["weights"]) <= {"profile", "seasonal_naive"}
    assert [warning.split(":")[0] for warning in source["warnings"]] == [f"{each.name} was left out" for each in FAULTS]
    (result,) = client.get(f"/v1/training-runs/{run_id}/series").json()
    assert result["state"] == SeriesState.DONE
    assert "longer than its 0.2 s" in result["reason"]
    assert "exit code 7" in result["reason"]


@on_sqlite
def test_where_every_model_fails_the_naive_is_served_with_a_warning_and_no_question_is_answered_500(
    execution: Execution, store: Store, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(store, 1)
    monkeypatch.setattr("training.pipeline.model", lambda name, _: Crashing(name))
    monkeypatch.setattr("training.pipeline.catalogue", lambda *_: (Crashing("seasonal_naive"), Crashing("profile")))
    run_id = carry_out(execution, store)
    for path in ("/v1/forecasts", "/v1/forecasts/paths", "/v1/models", f"/v1/training-runs/{run_id}/series"):
        assert client.get(path).status_code == 200
    (result,) = client.get(f"/v1/training-runs/{run_id}/series").json()
    assert result["state"] == SeriesState.FALLBACK
    assert "seasonal_naive in place of ensemble" in result["reason"]
    (source,) = client.get("/v1/forecasts").json()["sources"]
    assert (source["model"], source["weights"], source["coverage_80"]) == ("seasonal_naive", {}, None)
    assert any("seasonal_naive in place of ensemble" in warning for warning in source["warnings"])
    carry_out(execution, store, RunKind.REFRESH)
    (source,) = client.get("/v1/forecasts").json()["sources"]
    assert source["model"] == "seasonal_naive"
