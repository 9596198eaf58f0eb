"""What each part of the ensemble gains, on windows that end before those that the accuracy benchmark scores.

Run it with `python -m benchmarks.ablation --data FOLDER`. At each window the models of the preset `balanced` are
backtested on the history given and fitted once, and the same forecasts are combined in several ways: each model alone,
the one with the least loss in the backtest, equal weights, the prior's weights, learned weights, and those with
calibrated widths, which is what the product does. One row per set, series, window and way is written to `ablation.csv`.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.exchange import Answer
from benchmarks.methods import SEED
from benchmarks.scoring import score
from benchmarks.windows import DATA, HERE, Window, panels, tasks
from demand.history import FloatArray
from forecasting.calibration import Calibration, Outcomes, calibrate
from forecasting.catalogue import PRIOR, Preset, catalogue
from forecasting.ensemble import combine, learn
from forecasting.quantiles import DECILES, GRID, proper
from training.backtest import Windows, backtest, stretches
from training.coldstart import KIN
from training.fitting import Workers, fits
from training.learning import kinds_of
from training.pipeline import silent

ORIGINS = {"pai+helios": 13, "openb+dlrm": 5}
"""Windows of the sets that have many, before the scored ones; one of the others."""

SHORTEST = 150


def windows(data: Path) -> Iterator[Window]:
    """Windows that end where the first scored one begins, or one or more horizons before."""
    for task in tasks():
        for file in task.files:
            for panel in panels(data / f"{file}.csv.gz", task.granularity):
                for origin in range(1, ORIGINS.get(task.name, 1) + 1):
                    stop = panel.n_steps - task.horizon * (task.origins + origin)
                    if stop >= SHORTEST:
                        history = panel.between(stop - (task.context or stop), stop)
                        yield Window(task, history, panel.values[:, stop : stop + task.horizon], file)


def compare(window: Window) -> pd.DataFrame:
    """One row per series and way of combining."""
    scored = [score(window, Answer(proper(values))).assign(way=way) for way, values in combined(window).items()]
    return pd.concat(scored, ignore_index=True)


def combined(window: Window) -> dict[str, FloatArray]:
    """Deciles of the window by each way of combining, shape (n_series, horizon, 9)."""
    panel, horizon = window.history, window.task.horizon
    models = [each for each in catalogue(panel.granularity, Preset.BALANCED) if each.name != KIN]
    names = [each.name for each in models]
    prior = np.array([PRIOR[name] for name in names])
    with Workers(1) as workers:
        past = backtest(models, panel, Windows.over(panel.n_steps, horizon, 4), SEED, workers, silent)
        ahead = np.full((len(models), panel.n_series, horizon, len(GRID)), np.nan)
        work = [fit for each in models for fit in fits(each, panel, range(panel.n_series), horizon, GRID)]
        for made in workers.run(work, SEED):
            ahead[names.index(made.fit.model.name), list(made.fit.rows)] = made.values
    everything = np.ones((len(models), panel.n_series, 1))
    trials, stretch = past.trials(), stretches(panel.granularity, horizon)
    learned = learn(trials, prior, kinds_of(panel))
    outcomes = Outcomes.of(proper(learned.blind), DECILES, trials.actual, trials.stretch)
    best = np.nanmean(past.losses, axis=2)
    chosen = np.where(np.isnan(best), np.inf, best).argmin(axis=0) == np.arange(len(models))[:, None]
    ways = {
        f"{name} alone": everything * (np.arange(len(models)) == at)[:, None, None] for at, name in enumerate(names)
    }
    ways |= {"best in backtest": chosen[..., None].astype(float), "equal weights": everything}
    ways |= {"prior": everything * prior[:, None, None], "learned weights": learned.weights}
    plain = {way: combine(weights, ahead, stretch) for way, weights in ways.items()}
    widths: Calibration = calibrate(outcomes, trials.origins)
    plain["learned and calibrated"] = widths.applied(proper(plain["learned weights"]), GRID, stretch)
    return {way: values[..., [GRID.index(level) for level in DECILES]] for way, values in plain.items()}


def table(results: pd.DataFrame) -> Table:
    """Relative loss and, in brackets, coverage, one line per way."""
    names = list(dict.fromkeys(results["set"]))
    shown = Table("way", *names, title="loss relative to the seasonal naive (cover80), before the scored windows")
    for way, rows in results.groupby("way", sort=False):
        by_set = rows.groupby("set")
        losses = by_set["rel_sql"].apply(lambda values: float(np.exp(np.log(values.dropna()).mean())))
        covered = by_set["cover80"].mean()
        cells = [f"{losses[name]:.3f} ({covered[name]:.2f})" if name in losses.index else "-" for name in names]
        shown.add_row(str(way), *cells)
    return shown


def main() -> None:
    """Compare, write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    work = (joblib.delayed(compare)(window) for window in windows(options.data))
    results = pd.concat(joblib.Parallel(n_jobs=options.jobs)(work), ignore_index=True)
    kept = results[["set", "series", "origin", "way", "rel_sql", "cover80"]]
    kept.to_csv(HERE / "ablation.csv", index=False, float_format="%.4g")
    Console(width=120).print(table(results))


if __name__ == "__main__":
    main()
