"""How accurate forecasts are on real series: one results file per method, and a table of all of them.

Run it with `python -m benchmarks.accuracy --data FOLDER [METHOD ...]`; methods are the names of models and whatever
else `METHODS` lists. Every method is given the same windows. A method that leaves a series out is given the seasonal
naive there, so that every score is over the same series. Losses are relative to the seasonal naive with its standard
Gaussian intervals as they are published, which may go below zero; our own is cut off there and so can be below one.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import yaml
from rich.console import Console
from rich.table import Column, Table
from scipy import special

from demand.calendar import Granularity
from demand.history import FloatArray, Panel, panel_from_long
from demand.series import SeriesKey, Workload
from forecasting.catalogue import catalogue, model
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES, QuantileForecast
from forecasting.seasonal_naive import SeasonalNaive
from training import pipeline

HERE = Path(__file__).parent
RESULTS = HERE / "results"
COLUMNS = ["set", "series", "origin", "sql", "naive_sql", "rel_sql", "cover80", "seconds"]
SEED = 1
PERFECT = 1e-3
"""Least relative loss that counts, so that one series without any loss does not make a geometric mean zero."""

Method = Callable[[Panel, int, Sequence[float], int], QuantileForecast]
"""Forecasts a panel, given the horizon in buckets, the quantile levels and a seed."""


def computecast(panel: Panel, horizon: int, levels: Sequence[float], seed: int) -> QuantileForecast:
    """What the product does by default: compare the catalogue on the given history, and choose per series."""
    made = pipeline.forecast(panel, pipeline.TrainingSettings(horizon=horizon, seed=seed)).quantiles
    return QuantileForecast(tuple(levels), made.at(levels))


METHODS: dict[str, Method] = {"computecast": computecast}
"""Methods that are not single models; what is not listed here is the name of a model."""


@dataclass(frozen=True)
class Task:
    """One set of series and how it is forecast; lengths are numbers of buckets."""

    name: str
    files: tuple[str, ...]
    granularity: Granularity
    season: int
    horizon: int
    origins: int
    context: int | None = None


@dataclass(frozen=True)
class Window:
    """One panel at one origin, with what came after it: shape (n_series, horizon)."""

    task: Task
    history: Panel
    actual: FloatArray


def tasks(path: Path = HERE / "tasks.yaml") -> list[Task]:
    """The tasks as they are written down."""
    listed = yaml.safe_load(path.read_text())["tasks"]
    return [
        Task(**{**task, "files": tuple(task["files"]), "granularity": Granularity(task["granularity"])})
        for task in listed
    ]


def panels(path: Path, granularity: Granularity) -> Iterator[Panel]:
    """The series of a tidy file, one panel per last bucket: series that end together are forecast together."""
    frame = pd.read_csv(path, parse_dates=["timestamp"], keep_default_na=False, na_values={"value": [""]})
    names = ["provider", "region", "accelerator", "workload", "tenant"]
    frame["last"] = frame.groupby(names)["timestamp"].transform("max")
    for _, together in frame.groupby("last", sort=False):
        rows, labels = pd.factorize(pd.MultiIndex.from_frame(together[names]))
        keys = [SeriesKey(p, r, a, Workload(w), tenant=t) for p, r, a, w, t in labels]
        timestamps = pd.DatetimeIndex(together["timestamp"])
        values = together["value"].to_numpy(float)
        units = [str(together["unit"].iloc[0])] * len(keys)
        yield panel_from_long(keys, units, granularity, (rows, timestamps, values))


def windows(task: Task, data: Path) -> Iterator[Window]:
    """What a method is given for a task, newest origin first."""
    for file in task.files:
        for panel in panels(data / f"{file}.csv.gz", task.granularity):
            for origin in range(1, task.origins + 1):
                stop = panel.n_steps - task.horizon * origin
                history = panel.between(stop - (task.context or stop), stop)
                yield Window(task, history, panel.values[:, stop : stop + task.horizon])


def forecast(name: str, window: Window) -> QuantileForecast:
    """What a method says about a window, with the seasonal naive for what it leaves out."""
    panel, horizon = window.history, window.task.horizon
    if name in METHODS:
        made = METHODS[name](panel, horizon, DECILES, SEED)
    else:
        made = model(name, panel.granularity).fit(panel, seed=SEED).predict(horizon, DECILES)
    naive = SeasonalNaive().fit(panel, seed=SEED).predict(horizon, DECILES)
    left_out = np.isnan(made.values).any(axis=(1, 2), keepdims=True)
    return QuantileForecast(made.levels, np.where(left_out, naive.values, made.values))


def score(name: str, window: Window) -> pd.DataFrame:
    """One row of results per series of a window."""
    task, panel = window.task, window.history
    started = time.perf_counter()
    made = forecast(name, window)
    seconds = (time.perf_counter() - started) / panel.n_series
    middle, spread = SeasonalNaive().fit(panel, seed=SEED).gaussian(task.horizon)
    naive = middle[..., None] + spread[..., None] * special.ndtri(DECILES)
    scale = seasonal_scale(panel.values, task.season)
    sql = scaled_quantile_loss(window.actual, made.values, DECILES, scale)
    naive_sql = scaled_quantile_loss(window.actual, naive, DECILES, scale)
    inside = coverage(window.actual, made.values[..., 0], made.values[..., -1])
    return pd.DataFrame(
        {
            "set": task.name,
            "series": [str(key) for key in panel.keys],
            "origin": panel.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sql": sql,
            "naive_sql": naive_sql,
            "rel_sql": relative(sql, naive_sql),
            "cover80": inside,
            "seconds": seconds,
        },
        columns=COLUMNS,
    )


def relative(sql: FloatArray, naive_sql: FloatArray) -> FloatArray:
    """Loss as a share of the naive's, not below `PERFECT`; NaN where the naive has none."""
    share = np.divide(sql, naive_sql, out=np.full_like(sql, np.nan), where=naive_sql > 0)
    return np.maximum(share, PERFECT)


def run(name: str, data: Path, jobs: int) -> pd.DataFrame:
    """Score a method on every task that has its granularity."""
    known = {granularity: {each.name for each in catalogue(granularity)} for granularity in Granularity}
    mine = [task for task in tasks() if name in METHODS or name in known[task.granularity]]
    work = (window for task in mine for window in windows(task, data))
    scored = joblib.Parallel(n_jobs=jobs)(joblib.delayed(score)(name, window) for window in work)
    return pd.DataFrame(pd.concat(scored, ignore_index=True))


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Per set the geometric mean of the relative loss, the mean coverage and the seconds per series and origin."""
    known = results[results["rel_sql"].notna()]
    return pd.DataFrame(
        {
            "rel_sql": np.exp(np.log(known["rel_sql"]).groupby(known["set"]).mean()),
            "cover80": results.groupby("set")["cover80"].mean(),
            "seconds": results.groupby("set")["seconds"].mean(),
        }
    )


def table(folder: Path = RESULTS) -> Table:
    """All results that are kept, one line per method: relative loss and, in brackets, coverage."""
    names = [task.name for task in tasks()]
    method = Column("method", no_wrap=True)
    shown = Table(method, *names, "s per series", title="scaled quantile loss relative to the naive (cover80)")
    for path in sorted(folder.glob("*.csv")):
        rows = summary(pd.read_csv(path))
        cells = [f"{rows.rel_sql[n]:.3f} ({rows.cover80[n]:.2f})" if n in rows.index else "-" for n in names]
        shown.add_row(path.stem, *cells, f"{rows.seconds.min():.3f}-{rows.seconds.max():.3f}")
    return shown


def main() -> None:
    """Score the methods that are named, or all of them, and print everything that is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", help="names of models and methods; all of them if none is named")
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "shared" / "data")
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    console = Console()
    everything = dict.fromkeys([*(each.name for g in Granularity for each in catalogue(g)), *METHODS])
    RESULTS.mkdir(exist_ok=True)
    for name in options.methods or everything:
        with console.status(f"scoring {name}"):
            results = run(name, options.data, options.jobs)
        results.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")
    console.print(table())


if __name__ == "__main__":
    main()
