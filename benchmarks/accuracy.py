"""How accurate forecasts are on real series: one results file per method.

Run it with `python -m benchmarks.accuracy --data FOLDER [METHOD ...]`, where a method is named `kind/name` as in
`benchmarks.methods`, and a kind alone means all of its methods. Every method is given the same windows, one process
per method and set, each on one core. `python -m benchmarks.report` writes the page about what is found.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib
import pandas as pd
from rich.console import Console

from benchmarks.exchange import MethodUnavailable
from benchmarks.methods import SEED, Method, methods
from benchmarks.scoring import score
from benchmarks.totals import score_total
from benchmarks.windows import DATA, HERE, Task, tasks, windows

RESULTS = HERE / "results"


def score_task(method: Method, task: Task, data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results of one method on one set: per series and origin, and per total and origin where it has joint paths."""
    cut = list(windows(task, data))
    answers = method.forecast(cut)
    scored = [score(window, answer) for window, answer in zip(cut, answers, strict=True)]
    totals = [
        score_total(window, answer.paths, SEED)
        for window, answer in zip(cut, answers, strict=True)
        if answer.paths is not None
    ]
    return pd.concat(scored, ignore_index=True), pd.DataFrame(totals)


def run(chosen: Sequence[Method], data: Path, jobs: int, console: Console) -> None:
    """Score methods on every set of their granularities and write what is found; one that fails is named."""
    work = [(method, task) for method in chosen for task in tasks() if task.granularity in method.granularities]
    found: dict[Method, list[tuple[pd.DataFrame, pd.DataFrame]]] = {}
    failed: set[Method] = set()
    on = joblib.Parallel(n_jobs=jobs, backend="threading", return_as="generator")
    for (method, task), result in zip(work, on(joblib.delayed(_attempt)(*each, data) for each in work), strict=True):
        if isinstance(result, str):
            console.print(f"{method} on {task.name} is left out: {result}", highlight=False)
            failed.add(method)
        else:
            console.print(f"{method} on {task.name} is done", highlight=False)
            found.setdefault(method, []).append(result)
    for method in chosen:
        if method not in failed:
            write(method, found[method])


def write(method: Method, found: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> None:
    """Keep the results of a method, and those of its totals."""
    rows, totals = (pd.concat(parts, ignore_index=True) for parts in zip(*found, strict=True))
    for folder, kept in ((RESULTS / method.kind, rows), (RESULTS / "totals", totals)):
        if len(kept):
            folder.mkdir(parents=True, exist_ok=True)
            kept.to_csv(folder / f"{method.name}.csv", index=False, float_format="%.6g")


def _attempt(method: Method, task: Task, data: Path) -> tuple[pd.DataFrame, pd.DataFrame] | str:
    try:
        return score_task(method, task, data)
    except MethodUnavailable as error:
        return str(error)


def main() -> None:
    """Score the methods that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", help="kinds, or kind/name; all of them if none is named")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--jobs", type=int, default=-1)
    options = parser.parse_args()
    named = {name for each in methods() for name in (each.kind, str(each))}
    if unknown := set(options.methods) - named:
        parser.error(f"there is no method {', '.join(sorted(unknown))}; there are {', '.join(sorted(named))}")
    wanted = set(options.methods) or named
    run([each for each in methods() if {each.kind, str(each)} & wanted], options.data, options.jobs, Console())


if __name__ == "__main__":
    main()
