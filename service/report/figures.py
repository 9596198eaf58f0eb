"""Small drawings in SVG that need neither scripts nor anything from outside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from service.report.markup import Markup, element

MOST_BARS = 120
"""Bars that can be told apart in one strip."""


def strip(chances: FloatArray, said: str, kind: str = "bar") -> Markup:
    """Chances over time as bars, as high and as dark as they are large.

    Where there are more steps than bars, a bar stands for several steps and shows the largest of their chances.

    Args:
        chances: in [0, 1], shape (n_steps,).
        said: what it shows, for readers who do not see it.
        kind: the class of the bars in the style sheet.
    """
    told = _largest(np.asarray(chances))
    bars = [
        element(
            "rect",
            class_=kind,
            x=at,
            y=f"{1 - value:.3f}",
            width=0.94 if len(told) <= MOST_BARS / 2 else 1,
            height=f"{value:.3f}",
            fill_opacity=f"{0.35 + 0.65 * value:.2f}",
        )
        for at, value in enumerate(told)
        if value > 0
    ]
    return _drawing(bars, f"0 0 {len(told)} 1", said, "strip")


@dataclass(frozen=True)
class Fan:
    """Demand and supply over time, each of shape (n_steps,).

    Attributes:
        low: the lowest quantile of demand that is told.
        high: the highest.
        mean: of demand.
        supply: expected.
        proposed: expected with all that is only proposed.
    """

    low: FloatArray
    high: FloatArray
    mean: FloatArray
    supply: FloatArray
    proposed: FloatArray


def fan(shown: Fan, said: str) -> Markup:
    """Demand as a band with its mean, and supply as lines, from zero up to the largest of them."""
    top = max(float(np.max(values)) for values in (shown.high, shown.mean, shown.supply, shown.proposed)) or 1.0
    width = max(len(shown.mean) - 1, 1)
    band = [*_points(shown.high, top), *reversed(_points(shown.low, top))]
    parts = [element("polygon", class_="band", points=" ".join(band))]
    for values, kind in ((shown.proposed, "proposed"), (shown.supply, "supply"), (shown.mean, "demand")):
        parts.append(element("polyline", class_=kind, points=" ".join(_points(values, top))))
    return _drawing(parts, f"0 0 {width} 100", said, "fan")


def _points(values: FloatArray, top: float) -> list[str]:
    told = values if len(values) > 1 else np.repeat(values, 2)
    return [f"{step},{100 - 100 * value / top:.1f}" for step, value in enumerate(told)]


def _largest(values: FloatArray) -> FloatArray:
    if len(values) <= MOST_BARS:
        return values
    return np.array([part.max() for part in np.array_split(values, MOST_BARS)])


def _drawing(parts: Sequence[Markup], box: str, said: str, kind: str) -> Markup:
    return element(
        "svg", element("title", said), parts, class_=kind, viewBox=box, preserveAspectRatio="none", role="img"
    )
