from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from demand.accelerators import published as catalogue
from forecasting.dependence import SHARED_SEED
from planning.conversion import Converter
from service.store.engine import Store
from tests.service.api.fleet import publish, send

MEANS = {("H100", "training"): 100.0, ("H100", "inference"): 300.0, ("mi300x", "inference"): 50.0}


def rows(accelerators: dict[tuple[str, str], float], unit: str = "accelerators") -> str:
    lines = ["timestamp,accelerator,workload,unit,value"]
    for hour in pd.date_range(end="2025-01-06T23:00Z", periods=48, freq="h"):
        lines += [f"{hour.isoformat()},{','.join(key)},{unit},{mean}" for key, mean in accelerators.items()]
    return "\n".join(lines) + "\n"


@pytest.fixture
def fleet(client: TestClient, store: Store) -> TestClient:
    """Forecasts of two series of H100 and one of MI300X, each of a mean of 1."""
    send(client, rows(MEANS))
    publish(store)
    return client


def ask(client: TestClient, query: str, what: str = "forecasts") -> dict[str, Any]:
    answer = client.get(f"/v1/{what}?horizon=12&{query}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def paths(client: TestClient, query: str) -> np.ndarray:
    document = ask(client, f"paths=100&{query}", "forecasts/paths")
    return np.array(document["groups"][0]["workloads"]["total"])


def test_the_catalogue_is_listed_with_sources_and_version(client: TestClient) -> None:
    document = client.get("/v1/accelerators").json()
    assert document["version"] == catalogue().version
    assert [each["name"] for each in document["accelerators"]] == [each.name for each in catalogue().accelerators]
    found = client.get("/v1/accelerators/nvidia-h100-80gb").json()
    assert found in document["accelerators"]
    assert (found["power_watts"]["mid"], found["overridden"]) == (700, False)
    assert found["power_watts"]["source"]["url"].startswith("https://")
    assert client.get("/v1/accelerators/TPU-v5e").json()["power_watts"] is None
    assert document["default"]["pue"]["high"] == 1.54


def test_figures_are_set_and_taken_back_and_who_did_it_is_kept(client: TestClient) -> None:
    order = {"power_watts": {"low": 600, "mid": 640, "high": 700}, "by": "ops", "note": "cap", "source": "meters"}
    made = client.put("/v1/accelerators/h100", json=order).json()
    assert (made["name"], made["overridden"]) == ("H100-SXM5-80GB", True)
    assert made["power_watts"]["source"]["title"] == "meters"
    assert made["memory_gb"]["mid"] == 80
    assert client.get("/v1/accelerators/H100").json() == made
    assert client.get("/v1/accelerators").json()["version"] == f"{catalogue().version}+1"
    gone = client.delete("/v1/accelerators/H100?by=boss&note=back").json()
    assert gone["power_watts"] == made["power_watts"]
    assert client.get("/v1/accelerators/H100").json()["power_watts"]["mid"] == 700
    changes = client.get("/v1/accelerators/H100/changes").json()
    assert [(each["changed_by"], each["note"], each["override"] is None) for each in changes] == [
        ("ops", "cap", False),
        ("boss", "back", True),
    ]
    page = client.get("/v1/accelerators/H100/changes?limit=1")
    assert client.get(page.links["next"]["url"]).json() == changes[1:]


@pytest.mark.parametrize(
    ("name", "order", "status", "said"),
    [
        ("H100", {"power_watts": 0}, 422, "above 0"),
        ("H100", {"power_watts": {"low": 3, "mid": 2, "high": 1}}, 422, "ascending"),
        ("H100", {"pue": 0.5}, 422, "from 1"),
        ("H100", {"power": 5}, 422, "power"),
        ("---", {"power_watts": 5}, 422, "no letter"),
        ("L4", {"aliases": ["H100"]}, 409, "leave the alias to one"),
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, name: str, order: dict, status: int, said: str) -> None:
    answer = client.put(f"/v1/accelerators/{name}", json=order)
    assert answer.status_code == status, answer.text
    assert said in answer.text
    assert client.get("/v1/accelerators").json()["version"] == catalogue().version


def test_what_is_not_known_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/accelerators/abacus").status_code == 404
    assert client.delete("/v1/accelerators/H100").status_code == 404
    assert client.delete("/v1/accelerators/abacus").status_code == 404


def test_demand_is_told_in_accelerator_hours(fleet: TestClient) -> None:
    plain, hours = (
        paths(fleet, f"accelerator=H100&granularity=hour{more}") for more in ("", "&unit=accelerator_hours")
    )
    np.testing.assert_allclose(hours, plain)
    answer = ask(fleet, "unit=accelerator_hours")
    assert (answer["groups"][0]["unit"], answer["catalogue"]) == ("accelerator_hours", catalogue().version)
    assert ask(fleet, "")["catalogue"] is None


def test_demand_is_told_in_megawatts_converted_series_by_series_before_it_is_summed(fleet: TestClient) -> None:
    converted = paths(fleet, "unit=megawatts")
    into = Converter(catalogue(), "megawatts", np.ones(12), seed=SHARED_SEED)
    parts = [into.convert(paths(fleet, f"accelerator={name}"), "accelerators", name) for name in ("H100", "mi300x")]
    np.testing.assert_allclose(converted, parts[0] + parts[1])
    assert 3 * 700 / 1e6 < converted.mean() < 3 * 750 * 2.5 / 1e6


def test_in_megawatts_workloads_add_up_path_by_path(fleet: TestClient) -> None:
    workloads = ask(fleet, "paths=20&unit=megawatts", "forecasts/paths")["groups"][0]["workloads"]
    total = np.add(workloads["training"], workloads["inference"])
    np.testing.assert_allclose(total, workloads["total"])


def test_a_sure_override_makes_megawatts_a_multiple_of_accelerators(fleet: TestClient) -> None:
    for name, order in (("H100", {"power_watts": 500, "host_overhead": 0.5, "pue": 1.2}),):
        assert fleet.put(f"/v1/accelerators/{name}", json=order).status_code == 200
    plain, megawatts = (ask(fleet, f"accelerator=H100{more}")["groups"][0]["total"] for more in ("", "&unit=megawatts"))
    for level in ("0.1", "0.5", "0.9"):
        np.testing.assert_allclose(
            megawatts["quantiles"][level], np.array(plain["quantiles"][level]) * 500 * 1.5 * 1.2 / 1e6
        )


def test_demand_is_told_in_tokens_per_second_of_a_class_of_models(fleet: TestClient) -> None:
    fleet.put("/v1/accelerators/H100", json={"tokens_per_second": {"8B": 10_000}})
    plain = paths(fleet, "accelerator=H100")
    tokens = paths(fleet, "accelerator=H100&unit=tokens_per_second&model_class=8b")
    np.testing.assert_allclose(tokens, plain * 10_000)


def test_series_in_different_units_are_summed_when_they_are_turned_into_one(client: TestClient, store: Store) -> None:
    client.put("/v1/accelerators/H100", json={"power_watts": 1000, "host_overhead": 0, "pue": 1})
    send(
        client, rows({("H100", "training"): 100.0}) + rows({("H100", "inference"): 2.0}, "megawatts").split("\n", 1)[1]
    )
    publish(store)
    groups = ask(client, "unit=accelerators")["groups"]
    (group,) = groups
    assert group["training"]["mean"][0] == pytest.approx(1, rel=0.01)
    assert group["inference"]["mean"][0] == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("unit=furlongs", "accelerator_hours"),
        ("unit=tokens_per_second", "model_class=70b"),
        ("unit=tokens_per_second&model_class=8b", "no throughput of 'H100-SXM5-80GB' is known"),
    ],
)
def test_a_unit_that_cannot_be_had_is_refused_with_what_is_missing(fleet: TestClient, query: str, said: str) -> None:
    answer = fleet.get(f"/v1/forecasts?{query}")
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize(
    ("accelerator", "said"),
    [
        ("TPU-v5e", "the power of 'TPU-v5e' is not known"),
        ("abacus", "PUT /v1/accelerators/abacus"),
        ("", "no accelerator"),
    ],
)
def test_an_accelerator_without_what_it_takes_is_refused_by_the_name_of_its_series(
    client: TestClient, store: Store, accelerator: str, said: str
) -> None:
    send(client, rows({(accelerator, "training"): 10.0}))
    publish(store)
    answer = client.get("/v1/forecasts?unit=megawatts")
    assert answer.status_code == 422
    assert "series 1" in answer.text
    assert said in answer.text
    assert ask(client, "unit=accelerator_hours")["groups"][0]["unit"] == "accelerator_hours"
