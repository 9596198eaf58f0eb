"""Writes what the results say into docs/accuracy.md: `python -m benchmarks.report`.

The page is written by hand but for its tables, each of which stands between two marks, `<!-- table: NAME -->` and
`<!-- end -->`. The command puts what it finds in `results/` there, and draws the figures anew.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from benchmarks import totals
from benchmarks.accuracy import RESULTS
from benchmarks.figures import members_against_ensemble, reliability_diagram
from benchmarks.methods import methods
from benchmarks.scoring import summary
from benchmarks.windows import HERE, tasks

PAGE = HERE.parent / "docs" / "accuracy.md"
FIGURES = PAGE.parent / "figures"

CONTRAST = ("peers/prophet", "peers/fracast")
"""Peers whose reliability is shown beside ours: the best known one and the pretrained one."""

Results = Mapping[str, pd.DataFrame]
"""Per method, named `kind/name`, its rows."""


def results(folder: Path = RESULTS) -> Results:
    """What is kept of every method, in the order in which they are listed."""
    found = {str(method): folder / method.kind / f"{method.name}.csv" for method in methods()}
    return {name: pd.read_csv(path) for name, path in found.items() if path.exists()}


def kind(found: Results, *kinds: str) -> Results:
    """The methods of some kinds."""
    return {name: rows for name, rows in found.items() if name.split("/")[0] in kinds}


def accuracy_table(found: Results) -> str:
    """Relative loss and, in brackets, coverage of the 80 % band per set; the lowest loss of a set in bold."""
    said = {name: summary(rows) for name, rows in found.items()}
    best = {task.name: min(each.rel_sql.get(task.name, float("inf")) for each in said.values()) for task in tasks()}
    lines = []
    for name, each in said.items():
        cells = []
        for task in tasks():
            loss = each.rel_sql.get(task.name)
            shown = "-" if loss is None else f"{loss:.3f}"
            bold = f"**{shown}**" if loss is not None and loss == best[task.name] else shown
            cells.append(bold if loss is None else f"{bold} ({_share(each.cover80[task.name])})")
        left_out = int(found[name]["left_out"].sum())
        lines.append([name, *cells, str(left_out or "-")])
    return _table(["method", *(task.name for task in tasks()), "left out"], lines)


def floored_table(found: Results) -> str:
    """Relative loss per set with every quantile below zero raised to it."""
    said = {name: summary(rows)["rel_sql_floored"] for name, rows in found.items()}
    sets = [task.name for task in tasks()]
    lines = [[name, *(f"{loss[each]:.3f}" if each in loss else "-" for each in sets)] for name, loss in said.items()]
    return _table(["method", *sets], lines)


def cost_table(found: Results) -> str:
    """Processor seconds per series and origin, and the peak of memory, per set."""
    said = {name: summary(rows) for name, rows in found.items()}
    lines = [[name, *(_cost(each, task.name) for task in tasks())] for name, each in said.items()]
    return _table(["method", *(task.name for task in tasks())], lines)


def speed_table(speed: pd.DataFrame) -> str:
    """Processor seconds per series, alone and in a batch."""
    sizes = sorted(speed["series"].unique())
    known = speed.set_index(["method", "series"])
    lines = []
    for name in (str(method) for method in methods()):
        at = {size: known.loc[(name, size)] for size in sizes if (name, size) in known.index}
        if at:
            lines.append(
                [name, *(f"{at[n].cpu_seconds:.4f} s, {at[n].peak_mb:.0f} MB" if n in at else "-" for n in sizes)]
            )
    return _table(["method", *(f"{size:,} series" if size > 1 else "one series" for size in sizes)], lines)


def totals_table(found: Results) -> str:
    """Coverage of totals, and joint scores relative to those of independent draws from the same marginals."""
    lines = []
    for name, rows in found.items():
        for group, mean in totals.summary(rows).iterrows():
            ratios = (
                f"{mean[f'{score}_joint'] / mean[f'{score}_{other}']:.3f}"
                for score in ("energy", "variogram")
                for other in ("independent", "apart")
            )
            lines.append([name, str(group), _share(mean["cover80"]), *ratios])
    compared = [f"{score} / {other}" for score in ("energy", "variogram") for other in ("independent", "apart")]
    return _table(["method", "total of", "cover80", *compared], lines)


def tables(folder: Path = RESULTS) -> Mapping[str, str]:
    """Every table by its name."""
    found = results(folder)
    joint = {
        str(method): pd.read_csv(path)
        for method in methods()
        if method.kind == "computecast" and (path := folder / "totals" / f"{method.name}.csv").exists()
    }
    speed = folder / "speed.csv"
    return {
        "accuracy": accuracy_table(kind(found, "computecast", "peers")),
        "floored": floored_table(kind(found, "computecast", "peers")),
        "members": accuracy_table(kind(found, "computecast", "members")),
        "totals": totals_table(joint),
        "cost": cost_table(kind(found, "computecast", "peers")),
        "speed": speed_table(pd.read_csv(speed)) if speed.exists() else "",
    }


def filled(page: str, said: Mapping[str, str]) -> str:
    """The page with these tables between their marks.

    Raises:
        KeyError: the page has a mark for a table that there is not.
    """
    put: Callable[[re.Match[str]], str] = lambda mark: f"{mark[1]}\n{said[mark[2]]}\n{mark[3]}"  # noqa: E731
    return re.sub(r"(<!-- table: (\w+) -->).*?(<!-- end -->)", put, page, flags=re.DOTALL)


def draw(found: Results, folder: Path = FIGURES) -> None:
    """Draw the figures of the page."""
    presets, members = kind(found, "computecast"), kind(found, "members")
    contrast = {name: rows for name, rows in found.items() if name in CONTRAST}
    reliability_diagram({**presets, **contrast}, folder / "reliability.svg")
    members_against_ensemble(presets, members, folder / "members.svg")


def _share(share: float) -> str:
    return f"{share:.2f}".removeprefix("0")


def _cost(said: pd.DataFrame, name: str) -> str:
    return f"{said.cpu_seconds[name]:.3f} s, {said.peak_mb[name]:.0f} MB" if name in said.index else "-"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Write the tables and draw the figures."""
    PAGE.write_text(filled(PAGE.read_text(), tables()))
    draw(results())


if __name__ == "__main__":
    main()
