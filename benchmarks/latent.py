"""Whether true demand is forecast where capacity hid it: simulated fleets whose demand is known.

Run it with `python -m benchmarks.latent`. Every fleet is recorded as its capacity left it, and forecast three times:
from that record as it is, from demand drawn where the record lies at the ceilings that the data shows, and from the
true demand, which nobody has: the best that the models can do. One row per fleet and history goes to `latent.csv`.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from demand.history import FloatArray, Panel
from forecasting.simulated_shortage import Shortage, simulate_shortage
from training.measure import demand_history
from training.pipeline import TrainingSettings, forecast
from training.ports import Bounds

HERE = Path(__file__).parent
HISTORY_HOURS = 2016
HORIZON = 168
N_SERIES = 40
SEED = 0

TIGHTNESS = {"loose": (0.8, 0.98), "tight": (0.6, 0.95), "starved": (0.3, 0.8)}
"""How tight capacity is: the range of quantiles of demand that it is laid out for."""


def from_use(shortage: Shortage) -> Panel:
    """The record as it is."""
    return shortage.utilization.between(0, HISTORY_HOURS)


def from_demand(shortage: Shortage) -> Panel:
    """Demand as it may have been, ceilings found in the data."""
    used = from_use(shortage)
    return demand_history(used, Bounds.none(used), SEED).panel


def from_truth(shortage: Shortage) -> Panel:
    """What was asked for."""
    return shortage.demand.between(0, HISTORY_HOURS)


HISTORIES: dict[str, Callable[[Shortage], Panel]] = {"use": from_use, "demand": from_demand, "truth": from_truth}


def score(shortage: Shortage, history: Panel, models: tuple[str, ...] | None) -> dict[str, float]:
    """How a forecast of one fleet compares with its true demand."""
    made = forecast(history, TrainingSettings(horizon=HORIZON, seed=SEED, models=models))
    low, middle, high = np.moveaxis(made.quantiles.at([0.1, 0.5, 0.9]), -1, 0)
    truth = shortage.demand.values[:, HISTORY_HOURS:]
    short = truth > shortage.capacity[:, HISTORY_HOURS:]
    inside = (truth >= low) & (truth <= high)
    return {
        "cover80": float(inside.mean()),
        "cover80_short": _mean_where(inside, short),
        "above_q90": float((truth > high).mean()),
        "bias": float((middle - truth).sum() / truth.sum()),
        "short_hours": float(short.mean()),
    }


def _mean_where(values: np.ndarray, where: np.ndarray) -> float:
    chosen: FloatArray = values[where].astype(float)
    return float(chosen.mean()) if len(chosen) else float("nan")


def main() -> None:
    """Forecast every fleet, write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fleets", type=int, default=2, help="fleets per tightness")
    parser.add_argument("--models", default="", help="comma-separated; the whole catalogue if not given")
    arguments = parser.parse_args()
    models = tuple(arguments.models.split(",")) if arguments.models else None
    rows = []
    for name, tightness in TIGHTNESS.items():
        for seed in range(1, arguments.fleets + 1):
            shortage = simulate_shortage(
                seed=seed, n_series=N_SERIES, hours=HISTORY_HOURS + HORIZON, tightness=tightness
            )
            for history, taken in HISTORIES.items():
                scores = score(shortage, taken(shortage), models)
                rows.append({"capacity": name, "fleet": seed, "history": history, **scores})
    results = pd.DataFrame(rows)
    results.to_csv(HERE / "latent.csv", index=False, float_format="%.4f")
    means = results.drop(columns="fleet").groupby(["capacity", "history"], sort=False).mean()
    table = Table("capacity", "history", *means.columns, title="forecasts held against true demand")
    for labels, values in means.iterrows():
        table.add_row(*map(str, labels), *(f"{value:.3f}" for value in values))
    Console().print(table)


if __name__ == "__main__":
    main()
