"""The figures of docs/accuracy.md, as SVG files that are the same whenever the results are."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.scoring import reliability, summary

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Told apart by colour-blind readers too (Okabe and Ito, 2008)."""

MARKERS = ("o", "s", "^", "D", "v", "P")
_STYLE = {
    "svg.hashsalt": "computecast",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
}


def reliability_diagram(methods: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Observed share at or below each decile against what was asked, a panel per method and a line per set."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(3.2 * len(methods), 3.4), layout="constrained")
        axes = figure.subplots(1, len(methods), sharey=True, squeeze=False)[0]
        for axis, (name, results) in zip(axes, methods.items(), strict=True):
            axis.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
            for (label, row), colour, marker in zip(reliability(results).iterrows(), COLOURS, MARKERS, strict=False):
                axis.plot(row.index, row, color=colour, marker=marker, markersize=4, linewidth=1.2, label=label)
            axis.set(title=name, xlabel="share asked", xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes[0].set_ylabel("share observed at or below")
        axes[0].legend(frameon=False, loc="upper left", fontsize=8)
        _save(figure, path)


def members_against_ensemble(
    presets: Mapping[str, pd.DataFrame], members: Mapping[str, pd.DataFrame], path: Path
) -> None:
    """Relative loss of every member and preset, a panel per set; the best is the shortest bar."""
    losses = {name: summary(results)["rel_sql"] for name, results in (*presets.items(), *members.items())}
    sets = dict.fromkeys(name for results in (*presets.values(), *members.values()) for name in results["set"])
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 0.9 + 0.22 * len(losses)), layout="constrained")
        axes = figure.subplots(1, len(sets), sharey=True, squeeze=False)[0]
        for axis, name in zip(axes, sets, strict=True):
            _bars(axis, {method: loss.get(name) for method, loss in losses.items()}, set(presets))
            axis.set_title(name)
        axes[0].invert_yaxis()
        figure.supxlabel("loss relative to the seasonal naive", fontsize=9)
        _save(figure, path)


def _bars(axis: Axes, losses: Mapping[str, float | None], presets: set[str]) -> None:
    known = {method: loss for method, loss in losses.items() if loss is not None}
    colours = [COLOURS[0] if method in presets else "#BBBBBB" for method in losses]
    bars = axis.barh([*losses], [known.get(method, 0.0) for method in losses], color=colours)
    axis.bar_label(
        bars, [f"{known[method]:.2f}" if method in known else "-" for method in losses], padding=2, fontsize=8
    )
    axis.axvline(1, color="#999999", linewidth=1, linestyle="--")
    axis.set_xlim(0, 1.25 * max(known.values()))


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
