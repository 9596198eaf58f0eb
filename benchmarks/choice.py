"""How to choose a model per series: rules compared on windows that end before those that the accuracy benchmark scores.

Run it with `python -m benchmarks.choice --data FOLDER`. At each window the catalogue is backtested on the history
given, each rule picks a model per series, and the picked models' losses on what came next are compared. One row per
set, series, window and rule is written to `choice.csv`; the table shows geometric means relative to the seasonal naive.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.methods import SEED
from benchmarks.scoring import PERFECT
from benchmarks.windows import DATA, HERE, Window, panels, tasks
from demand.history import FloatArray
from forecasting.catalogue import catalogue
from forecasting.metrics import scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from training.backtest import Backtest, Windows, backtest
from training.choosing import relative_losses
from training.fitting import fits, pool, run
from training.pipeline import silent

ORIGINS = 3
"""Windows per set where the history allows it, the newest ending where the first scored one begins."""

SHORTEST = 150
OWN_WEIGHTS = {"own loss alone": 1.0, "three quarters own": 0.75, "half and half": 0.5, "fleet's loss alone": 0.0}


def windows(data: Path) -> Iterator[Window]:
    """Windows before the scored ones; of the large sets every other series, for the time it takes."""
    for task in tasks():
        for panel in (panel for file in task.files for panel in panels(data / f"{file}.csv.gz", task.granularity)):
            few = panel.select(range(0, panel.n_series, 1 if panel.n_series < 20 else 2))
            for origin in range(1, ORIGINS + 1):
                stop = panel.n_steps - task.horizon * (task.origins + origin)
                if stop >= SHORTEST and (task.context or origin == 1):
                    history = few.between(stop - (task.context or stop), stop)
                    yield Window(task, history, few.values[:, stop : stop + task.horizon])


def compare(window: Window) -> pd.DataFrame:
    """One row per series and rule, with the loss relative to the naive of the model that the rule picks."""
    panel, horizon = window.history, window.task.horizon
    models = catalogue(panel.granularity)
    trials = dict.fromkeys(models, range(panel.n_series))
    ahead = np.full((len(models), panel.n_series, horizon, len(DECILES)), np.nan)
    with pool(1) as on:
        past = backtest(trials, panel, Windows.over(panel.n_steps, horizon, 4), SEED, on, silent)
    work = [fit for model in models for fit in fits(model, panel, range(panel.n_series), horizon, DECILES)]
    with pool(1) as on:
        for fit, values, _ in run(work, SEED, on):
            ahead[past.models.index(fit.model.name), list(fit.rows)] = values
    scale = seasonal_scale(panel.values, window.task.season)
    losses = np.stack([scaled_quantile_loss(window.actual, each, DECILES, scale) for each in ahead])
    outcome = np.maximum(losses / np.where(losses[0] > 0, losses[0], np.nan), PERFECT)
    rules: dict[str, Callable[[], FloatArray]] = {
        rule: lambda weight=weight: picked(past, weight) for rule, weight in OWN_WEIGHTS.items()
    } | {"best in hindsight": lambda: outcome}
    rows = np.arange(panel.n_series)
    return pd.concat(
        pd.DataFrame({"set": window.task.name, "series": [str(key) for key in panel.keys], "origin": panel.end}).assign(
            rule=rule, rel_sql=outcome[np.nanargmin(np.where(np.isnan(ranking()), np.inf, ranking()), axis=0), rows]
        )
        for rule, ranking in rules.items()
    )


def picked(past: Backtest, own_weight: float) -> FloatArray:
    """What a rule ranks models by, lowest first, shape (n_models, n_series)."""
    ratios = relative_losses(past)
    logarithms = np.log(np.maximum(np.where(np.isfinite(ratios), ratios, np.nan), PERFECT))
    fleet = np.nanmean(logarithms, axis=1, keepdims=True)
    return own_weight * logarithms + (1 - own_weight) * fleet


def main() -> None:
    """Compare the rules, write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--jobs", type=int, default=-1)
    arguments = parser.parse_args()
    work = (joblib.delayed(compare)(window) for window in windows(arguments.data))
    results = pd.concat(joblib.Parallel(n_jobs=arguments.jobs)(work))
    results.to_csv(HERE / "choice.csv", index=False, float_format="%.6g")
    means = np.exp(np.log(results["rel_sql"]).groupby([results["rule"], results["set"]]).mean()).unstack()
    table = Table("rule", *means.columns, title="loss of the chosen model relative to the seasonal naive")
    for rule in [*OWN_WEIGHTS, "best in hindsight"]:
        table.add_row(rule, *(f"{value:.3f}" for value in means.loc[rule]))
    Console().print(table)


if __name__ == "__main__":
    main()
