"""How good joint sample paths are: the coverage of a total, and multivariate scores against independent marginals.

Both scores are lower for better paths and are taken over all series and buckets of a window at once, each series
divided by its seasonal scale, so that none counts for more because it is larger.
"""

import numpy as np
import pandas as pd

from benchmarks.windows import Window
from demand.history import FloatArray
from forecasting.metrics import coverage, seasonal_scale
from forecasting.quantiles import DECILES

ORDER = 0.5
"""Order of the variogram score, as its authors recommend."""

COLUMNS = ["group", "origin", "cover80"]
COLUMNS += [f"{score}_{kind}" for kind in ("joint", "independent", "apart") for score in ("energy", "variogram")]


def score_total(window: Window, paths: FloatArray, seed: int) -> dict[str, object]:
    """One row of results for a window whose series make a total.

    Beside the paths as they are stand two comparisons with the same marginals: `independent` paths, drawn anew at
    every series and bucket, and paths of series `apart`, each keeping its course along time but not its company.

    Args:
        window: what was forecast.
        paths: shape (n_series, n_paths, horizon).
        seed: of the shuffles.
    """
    total = np.quantile(paths.sum(axis=0), (DECILES[0], DECILES[-1]), axis=0)
    rng = np.random.default_rng(seed)
    scale = seasonal_scale(window.history.values, window.task.season)[:, None]
    actual = (window.actual / scale).ravel()
    kinds = {
        "joint": paths,
        "independent": rng.permuted(paths, axis=1),
        "apart": np.stack([rng.permutation(each) for each in paths]),
    }
    row: dict[str, object] = {
        "group": window.file,
        "origin": window.origin,
        "cover80": float(coverage(window.actual.sum(axis=0)[None], total[:1], total[1:])[0]),
    }
    for kind, drawn in kinds.items():
        flat = np.moveaxis(drawn / scale[:, None], 1, 0).reshape(drawn.shape[1], -1)
        row |= {f"energy_{kind}": energy_score(flat, actual), f"variogram_{kind}": variogram_score(flat, actual)}
    return row


def energy_score(paths: FloatArray, actual: FloatArray) -> float:
    """Mean distance to what happened less half the mean distance among paths (Gneiting and Raftery, 2007).

    Args:
        paths: shape (n_paths, n_dimensions).
        actual: shape (n_dimensions,).
    """
    to_actual = np.sqrt(((paths - actual) ** 2).sum(axis=1)).mean()
    lengths = (paths**2).sum(axis=1)
    squares = lengths[:, None] + lengths - 2 * paths @ paths.T
    return float(to_actual - 0.5 * np.sqrt(np.maximum(squares, 0.0)).mean())


def variogram_score(paths: FloatArray, actual: FloatArray) -> float:
    """Mean square of observed less expected |x_i - x_j|^p over all pairs (Scheuerer and Hamill, 2015), unweighted.

    Args:
        paths: shape (n_paths, n_dimensions).
        actual: shape (n_dimensions,).
    """
    total = 0.0
    for i in range(len(actual) - 1):
        observed = np.abs(actual[i] - actual[i + 1 :]) ** ORDER
        expected = (np.abs(paths[:, i, None] - paths[:, i + 1 :]) ** ORDER).mean(axis=0)
        total += float(((observed - expected) ** 2).sum())
    return total / (len(actual) * (len(actual) - 1) / 2)


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """One row per group: means over its origins."""
    return results.drop(columns="origin").groupby("group", sort=False).mean()
