"""How forecasts are scored: a row of results per series and origin, and what a set comes to.

Losses are relative to the seasonal naive with its standard Gaussian intervals as they are published, which may go
below zero; our own is cut off there, and so can be below one. So that this does not decide between methods, losses
with all quantiles raised to zero, `floored`, stand beside those with what each method says. A series that a method
leaves out is given our naive, so that every score is over the same series.
"""

import numpy as np
import pandas as pd
from scipy import special

from benchmarks.exchange import Answer
from benchmarks.windows import Window
from demand.history import FloatArray
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive

BELOW = [f"below{round(100 * level)}" for level in DECILES]
COLUMNS = ["set", "series", "origin", "sql", "naive_sql", "rel_sql", "rel_sql_floored", "cover80", *BELOW, "left_out"]
COLUMNS += ["cpu_seconds", "peak_mb"]
PERFECT = 1e-3
"""Least relative loss that counts, so that one series without any loss does not make a geometric mean zero."""


def score(window: Window, answer: Answer) -> pd.DataFrame:
    """One row of results per series of a window."""
    task, panel = window.task, window.history
    naive = SeasonalNaive().fit(panel, seed=0)
    left_out = np.isnan(answer.quantiles).any(axis=(1, 2))
    said = np.where(left_out[:, None, None], naive.predict(task.horizon, DECILES).values, answer.quantiles)
    middle, spread = naive.gaussian(task.horizon)
    gaussian = middle[..., None] + spread[..., None] * special.ndtri(DECILES)
    scale = seasonal_scale(panel.values, task.season)
    sql = scaled_quantile_loss(window.actual, said, DECILES, scale)
    floored_sql = scaled_quantile_loss(window.actual, np.maximum(said, 0.0), DECILES, scale)
    naive_sql = scaled_quantile_loss(window.actual, gaussian, DECILES, scale)
    below = (window.actual[..., None] <= said).mean(axis=1)
    rows: dict[str, object] = {
        "set": task.name,
        "series": [str(key) for key in panel.keys],
        "origin": window.origin,
        "sql": sql,
        "naive_sql": naive_sql,
        "rel_sql": relative(sql, naive_sql),
        "rel_sql_floored": relative(floored_sql, naive_sql),
        "cover80": coverage(window.actual, said[..., 0], said[..., -1]),
        "left_out": left_out.astype(int),
        "cpu_seconds": answer.cpu_seconds / panel.n_series,
        "peak_mb": answer.peak_megabytes,
    }
    return pd.DataFrame(rows | dict(zip(BELOW, below.T, strict=True)), columns=COLUMNS)


def relative(sql: FloatArray, naive_sql: FloatArray) -> FloatArray:
    """Loss as a share of the naive's, not below `PERFECT`; NaN where the naive has none."""
    share = np.divide(sql, naive_sql, out=np.full_like(sql, np.nan), where=naive_sql > 0)
    return np.maximum(share, PERFECT)


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """One row per set: geometric means of the relative losses, means of coverage and cost, the peak of memory."""
    known = results[results["rel_sql"].notna()]
    sets = results.groupby("set")
    losses = ["rel_sql", "rel_sql_floored"]
    return pd.DataFrame(
        {
            **np.exp(np.log(known[losses]).groupby(known["set"]).mean()),
            "cover80": sets["cover80"].mean(),
            "cpu_seconds": sets["cpu_seconds"].mean(),
            "peak_mb": sets["peak_mb"].max(),
        }
    )


def reliability(results: pd.DataFrame) -> pd.DataFrame:
    """Observed share of actuals at or below each decile; one row per set, one column per decile."""
    return results.groupby("set", sort=False)[BELOW].mean().set_axis(list(DECILES), axis=1)
