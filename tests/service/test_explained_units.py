from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy.special import ndtri

from demand.calendar import Granularity
from forecasting.quantiles import GRID
from service.store.engine import Store
from tests.service.api.fleet import MIXED, send
from tests.service.explaining import publish_forecast
from training.recipe import PastErrors

H100_MEGAWATTS = 700 * 1e-6
"""Of the chip alone, as its maker specifies it."""


@pytest.fixture
def explained(client: TestClient, store: Store) -> TestClient:
    """A client of one series of H100s that is forecast by the month, by two models of which one says twice as much."""
    months = pd.date_range("2023-01-01", periods=24, freq="MS", tz="UTC")
    lines = [f"{month.isoformat()},H100,100" for month in months]
    send(client, "\n".join(["timestamp,accelerator,value", *lines]), query="granularity=month")
    quantiles = np.linspace(100, 130, 6)[:, None] * (1 + 0.1 * ndtri(np.array(GRID)))
    members = {"ets": np.full((6, 3), 90.0), "theta": np.full((6, 3), 180.0)}
    ends = Granularity.MONTH.rhythm.stretches
    choice = replace(MIXED, errors=(PastErrors(ends[0], 9, 2.0, -30.0, 40.0),))
    publish_forecast(store, choice, quantiles, members, granularity=Granularity.MONTH)
    return client


def ask(client: TestClient, query: str = "") -> dict:
    answer = client.get(f"/v1/forecasts/explain?series_id=1&granularity=month{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def levels(told: dict) -> list[list[float]]:
    """All that an explanation says of levels, in one order."""
    parts = told["parts"]
    members = [each["quantiles"][level] for each in told["members"] for level in each["quantiles"]]
    return [*told["quantiles"].values(), parts["trend"], *parts["seasonal"].values(), parts["remainder"], *members]


def test_all_levels_are_told_by_the_middle_of_each_figure(explained: TestClient) -> None:
    stored, told = ask(explained), ask(explained, "&unit=megawatts")
    assert (stored["unit"], stored["catalogue"], told["unit"]) == ("accelerators", None, "megawatts")
    known = explained.get("/v1/accelerators/H100").json()
    default = explained.get("/v1/accelerators/default").json()
    assert known["power_watts"]["mid"] * 1e-6 == H100_MEGAWATTS
    factor = H100_MEGAWATTS * (1 + default["host_overhead"]["mid"]) * default["pue"]["mid"]
    np.testing.assert_allclose(levels(told), np.array(levels(stored)) * factor, atol=1e-12)
    assert "at its middle" in told["untold"][-1]
    assert told["stretches"][0]["weights"] == stored["stretches"][0]["weights"]
    assert told["scores"] == stored["scores"]


def test_parts_still_add_up_where_buckets_differ_in_length(explained: TestClient) -> None:
    told = ask(explained, "&unit=accelerator_hours")
    parts = told["parts"]
    total = np.sum([parts["trend"], *parts["seasonal"].values(), parts["remainder"]], axis=0)
    np.testing.assert_allclose(total, told["quantiles"]["0.5"])
    hours = 24 * np.array([31, 28, 31, 30, 31, 30])
    np.testing.assert_allclose(told["quantiles"]["0.5"], np.linspace(100, 130, 6) * hours, rtol=1e-6)
    first = told["stretches"][0]
    usual = hours[first["first"] - 1 : first["last"]].mean()
    assert [first["past_errors"][name] for name in ("bias", "low", "high", "count")] == pytest.approx(
        [2 * usual, -30 * usual, 40 * usual, 9]
    )


def test_what_does_not_convert_is_refused_by_name(explained: TestClient) -> None:
    answer = explained.get("/v1/forecasts/explain?series_id=1&granularity=month&unit=tokens_per_second&model_class=8b")
    assert answer.status_code == 422
    assert "series 1 (accelerator=H100" in answer.json()["detail"]
    assert "no throughput" in answer.json()["detail"]
