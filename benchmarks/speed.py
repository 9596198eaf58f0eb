"""What a forecast costs: processor time and memory on one core, for one series and for a batch of a thousand.

Run it with `python -m benchmarks.speed [METHOD ...]`. Every series has 1,344 simulated hours and is forecast 168 hours
ahead. What a method does only once, such as loading, does not count. Results go into `results/speed.csv`; methods
that are not named keep the rows they had.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.accuracy import RESULTS
from benchmarks.exchange import MethodUnavailable, Question, ask
from benchmarks.methods import SEED, Method, methods
from demand.calendar import Granularity
from demand.history import FloatArray
from forecasting.quantiles import DECILES

HOURS, HORIZON = 1344, 168
COLUMNS = ["method", "series", "cpu_seconds", "peak_mb"]
BATCH = 1000
BATCHED = ("members/profile", "computecast/fast", "peers/flair")
"""Methods that are asked for a batch too; the others would take an hour or more."""

REPEATS = 5
"""How many single series are timed; the median counts."""


def history(n_series: int, seed: int) -> FloatArray:
    """Hours with a level that drifts, a shape of the day and of the week, and noise; shape (n_series, HOURS)."""
    rng = np.random.default_rng(seed)
    hours = np.arange(HOURS)
    level = 100 * np.exp(0.01 * rng.standard_normal((n_series, HOURS)).cumsum(axis=1))
    day = 1 + rng.uniform(0.1, 0.4, (n_series, 1)) * np.sin(2 * np.pi * (hours / 24 + rng.uniform(size=(n_series, 1))))
    week = np.where(hours % 168 < 120, 1.0, rng.uniform(0.6, 1.0, (n_series, 1)))
    return np.asarray(level * day * week * np.exp(0.1 * rng.standard_normal((n_series, HOURS))))


def questions(n_series: int, repeats: int) -> list[Question]:
    """As many questions about so many series."""
    about = tuple(
        {"provider": "simulated", "tenant": str(row), "unit": "accelerators", "workload": "unattributed"}
        for row in range(n_series)
    )
    return [
        Question(
            granularity="hour",
            start="2025-01-06T00:00:00+00:00",
            season=24,
            horizon=HORIZON,
            levels=DECILES,
            seed=SEED,
            series=about,
            values=history(n_series, seed),
        )
        for seed in range(repeats)
    ]


def measure(method: Method, n_series: int, repeats: int) -> dict[str, object]:
    """One row of results: median over the repeats of the time per series, and the most memory.

    Raises:
        MethodUnavailable: the method is not installed, or failed.
    """
    answers = ask(method.program, questions(n_series, repeats))
    seconds = float(np.median([answer.cpu_seconds for answer in answers])) / n_series
    peak = max(answer.peak_megabytes for answer in answers)
    return dict(zip(COLUMNS, (str(method), n_series, seconds, peak), strict=True))


def keep(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Write the rows in place of those of the same methods and sizes."""
    path = RESULTS / "speed.csv"
    before = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=COLUMNS)
    measured = pd.DataFrame(rows, columns=COLUMNS)
    everything = pd.concat([before, measured]) if len(before) else measured
    kept = everything.drop_duplicates(["method", "series"], keep="last").sort_values(["series", "method"])
    kept.to_csv(path, index=False, float_format="%.4g")
    return kept


def main() -> None:
    """Measure the methods that are named, or all of them, one after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", help="kind/name; all that forecast hours if none is named")
    options = parser.parse_args()
    console, rows = Console(), []
    for method in methods():
        if Granularity.HOUR in method.granularities and str(method) in (options.methods or [str(method)]):
            for n_series, repeats in ((1, REPEATS), *([(BATCH, 1)] if str(method) in BATCHED else [])):
                try:
                    rows.append(measure(method, n_series, repeats))
                    console.print(f"{method}, {n_series} series: {rows[-1]['cpu_seconds']:.4f} s each", highlight=False)
                except MethodUnavailable as error:
                    console.print(f"{method} is left out: {error}", highlight=False)
    keep(rows)


if __name__ == "__main__":
    main()
