"""Coverage of totals on windows that end before those that the accuracy benchmark scores.

Run it with `python -m benchmarks.total_coverage --data FOLDER`. The scored windows of a total are three or four, which
says little; the windows before them are more. One row per group and window is written to `total_coverage.csv`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.ablation import windows
from benchmarks.methods import SEED
from benchmarks.product import joint_paths
from benchmarks.windows import DATA, HERE, Window
from forecasting.catalogue import Preset
from training.pipeline import TrainingSettings, forecast

PATHS = 500


def covered(window: Window) -> dict[str, object]:
    """Share of actuals inside the 80 % band of each series, and of true totals inside that of the total."""
    made = forecast(window.history, TrainingSettings(window.task.horizon, SEED, preset=Preset.BALANCED))
    of_series = _share(window.actual, np.moveaxis(made.quantiles.at((0.1, 0.9)), -1, 0))
    paths = joint_paths(made, PATHS, SEED).sum(axis=0)
    of_total = _share(window.actual.sum(axis=0), np.quantile(paths, (0.1, 0.9), axis=0))
    return {"group": window.file, "origin": window.origin, "series": of_series, "total": of_total}


def _share(actual: np.ndarray, band: np.ndarray) -> float:
    return float(((actual >= band[0]) & (actual <= band[1])).mean())


def main() -> None:
    """Forecast the windows, write what was covered and print its means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    found = pd.DataFrame(covered(window) for window in windows(parser.parse_args().data) if window.makes_total)
    found.to_csv(HERE / "total_coverage.csv", index=False, float_format="%.4g")
    means = found.groupby("group", sort=False).agg(
        series=("series", "mean"), total=("total", "mean"), n=("total", "size")
    )
    Console(width=120).print(means.round(3).to_string())


if __name__ == "__main__":
    main()
