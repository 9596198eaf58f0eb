"""Real demand, through the real server, from rows to forecasts that beat the naive on a week nobody has shown them."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsforecast.models import SeasonalNaive

from tests.acceptance.conftest import Server

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HELD_BACK_HOURS = 168
DECILES = np.arange(1, 10) / 10

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="real demand is not at hand: no folder ../shared/data")


@pytest.fixture
def split() -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Per data set, the rows up to a week before its end and those of its last week."""
    parts = {}
    for name in ("openb-split", "pai-gpu-demand"):
        rows = pd.read_csv(DATA / f"{name}.csv.gz", parse_dates=["timestamp"], keep_default_na=False)
        border = rows["timestamp"].max() - pd.Timedelta(hours=HELD_BACK_HOURS)
        parts[name] = rows[rows["timestamp"] <= border], rows[rows["timestamp"] > border]
    return parts


def as_csv(rows: pd.DataFrame) -> bytes:
    buffer = io.StringIO()
    rows.to_csv(buffer, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return gzip.compress(buffer.getvalue().encode())


def ask(server: Server, path: str, **query: Any) -> dict[str, Any]:
    answer = server.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def loss(actual: np.ndarray, deciles: np.ndarray, history: np.ndarray) -> float:
    """Scaled quantile loss, by its definition."""
    miss = actual[:, None] - deciles
    scale = np.abs(history[24:] - history[:-24]).mean()
    return float(2 * np.where(miss >= 0, DECILES * miss, (DECILES - 1) * miss).mean() / scale)


def naive_deciles(history: np.ndarray) -> np.ndarray:
    """The seasonal naive with Gaussian intervals, as a library makes it."""
    made = SeasonalNaive(24).forecast(y=history, h=HELD_BACK_HOURS, level=[20, 40, 60, 80])
    lower = [made[f"lo-{level}"] for level in (80, 60, 40, 20)]
    return np.maximum(np.column_stack([*lower, made["mean"], *(made[f"hi-{level}"] for level in (20, 40, 60, 80))]), 0)


@needs_data
@pytest.mark.timeout(900)
def test_chosen_models_beat_the_seasonal_naive_on_real_demand_and_everything_adds_up(
    serve: Callable[..., Server], split: dict[str, tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    server = serve()
    for known, _ in split.values():
        assert server.ingest(as_csv(known))["inserted"] == len(known)
    server.finish(server.start_run(horizon=HELD_BACK_HOURS))

    (group,) = ask(server, "/v1/forecasts", provider="alibaba-openb")["groups"]
    np.testing.assert_allclose(
        np.add(group["training"]["mean"], group["inference"]["mean"]), group["total"]["mean"], rtol=1e-12
    )
    paths = ask(server, "/v1/forecasts/paths", provider="alibaba-openb", paths=200)["groups"][0]["workloads"]
    assert np.shape(paths["total"]) == (200, HELD_BACK_HOURS)
    np.testing.assert_allclose(np.add(paths["training"], paths["inference"]), paths["total"], rtol=1e-12)

    ratios = []
    for known, held_back in split.values():
        for (provider, accelerator, workload), actual in held_back.groupby(["provider", "accelerator", "workload"]):
            history = known[(known["accelerator"] == accelerator) & (known["workload"] == workload)]["value"].to_numpy()
            filters = {"provider": provider, "workload": workload} | (
                {"accelerator": accelerator} if accelerator else {}
            )
            (group,) = ask(server, "/v1/forecasts", quantiles=",".join(map(str, DECILES)), **filters)["groups"]
            deciles = np.column_stack([group["total"]["quantiles"][f"{level:g}"] for level in DECILES])
            values = actual["value"].to_numpy()
            ratios.append(loss(values, deciles, history) / loss(values, naive_deciles(history), history))
    assert len(ratios) == 5
    assert np.exp(np.mean(np.log(ratios))) < 1, ratios
