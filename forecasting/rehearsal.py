"""How a rule for young series would have erred on their kin, had those been as young."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from demand.history import FloatArray
from demand.series import Workload
from forecasting.family import Family, View

SPANS = (1, 3, 12, 24, 72, 168)
"""Numbers of last buckets whose median may stand for the level; what erred least on kin is used."""

TAIL = 5.0
"""Degrees of freedom of the errors."""

BAND = 0.8
"""Share of errors by which their size is told."""

MOMENTS = 6
"""Moments per kin at which its youth is rehearsed."""

MOST_REHEARSED = 24
"""Kin that are rehearsed on at most."""

BEGUN, LAUNCHED = 4.0, 20.0
"""How much more the youth that kin really had counts than one that is rehearsed later: where only its records begin in
view, and where demand was zero before."""

UNREST_BELIEF = 12.0
"""Observations before a series' own restlessness counts as much as that of its kin."""

UNSURE = 0.5
"""Size of an error, as a logarithm, where there is nobody to learn from; it grows with the root of the doublings of
the lead."""


@dataclass(frozen=True)
class Rule:
    """The rule for one age, with its errors.

    Attributes:
        span: how many last buckets make the level.
        drift: typical error, which is the growth that kin had, at each lead, shape (n_leads,).
        size: error around it, in units of the restlessness that a history shows, shape (n_leads,).
        usual: restlessness of kin of that age.
    """

    span: int
    drift: FloatArray
    size: FloatArray
    usual: float

    def unrest(self, view: View) -> float:
        """How restless a history is, leaning on what is usual while it is short; never wholly at rest."""
        known = len(view.rest)
        mixed = (known * view.unrest**2 + UNREST_BELIEF * self.usual**2) / (known + UNREST_BELIEF)
        return float(max(np.sqrt(mixed), 1e-9))


def level_of(rest: FloatArray, span: int) -> float:
    """The level where a history without its shape ends: the median of its last known values."""
    return float(np.median(rest[-span:]))


@dataclass(frozen=True)
class Youth:
    """What kind of young series a rule is for: its workload, its age in buckets, whether it is alone in its region."""

    workload: Workload
    age: int
    alone: bool


def rehearse(family: Family, youth: Youth) -> Rule:
    """The rule for one kind of young series, tried on settled ones of the workload, or on all if it has none."""
    same = [row for row in family.settled.tolist() if family.history.keys[row].workload is youth.workload]
    pool = same or family.settled.tolist()
    age = youth.age
    spans = [span for span in SPANS if span <= age]
    views, weights = [], []
    errors: dict[int, list[FloatArray]] = {span: [] for span in spans}
    for row in pool[:: -(-len(pool) // MOST_REHEARSED) or 1]:
        lent = family.kin_but_itself(row, elsewhere=youth.alone)
        for stop, weight in _moments(family, row, age):
            end = min(stop + family.reach, family.history.n_steps)
            view = family.view(row, (stop - age, stop), lent, end)
            views.append(view)
            weights.append(weight)
            for span in spans:
                error = np.full(family.reach, np.nan)
                error[: end - stop] = family.values[row, stop:end] - view.ahead - level_of(view.rest, span)
                errors[span].append(error)
    if not views:
        return unrehearsed(family.reach)
    return _learn({span: np.array(each) for span, each in errors.items()}, views, np.array(weights))


def unrehearsed(leads: int) -> Rule:
    """The rule when there are no kin: the last level with a wide band."""
    doublings = np.log2(np.arange(1, leads + 1)) + 1
    return Rule(SPANS[1], np.zeros(leads), np.sqrt(doublings), UNSURE)


def _moments(family: Family, row: int, age: int) -> Iterator[tuple[int, float]]:
    """Where a series is cut off to be young again, and how much that counts."""
    first, last = int(family.first[row]), int(family.last[row])
    lead = max(1, min(family.reach, (last - first) // 4))
    if last - first < age + lead:
        return
    stops = np.unique(np.linspace(first + age, last + 1 - lead, MOMENTS).astype(int))
    launched = first > 0 and family.history.values[row, first - 1] == 0
    for stop in stops:
        if np.isfinite(family.values[row, stop - age : stop]).sum() > age / 2:
            real = first > 0 and stop == first + age
            yield int(stop), (LAUNCHED if launched else BEGUN) if real else 1.0


def _learn(errors: Mapping[int, FloatArray], views: list[View], weights: FloatArray) -> Rule:
    """The rule with the span that erred least, and its errors by lead."""
    usual = max(float(np.median([view.unrest for view in views])), 1e-9)
    rules = []
    for span, each in errors.items():
        rule = Rule(span, np.zeros(0), np.zeros(0), usual)
        unrest = np.array([rule.unrest(view) for view in views])
        rules.append(Rule(span, *_by_lead(each, unrest, weights), usual))
    return min(rules, key=lambda rule: float(rule.size.mean()))


def _by_lead(errors: FloatArray, unrest: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Drift and size from the errors at nearby leads together; beyond the last known lead sizes grow with its root."""
    leads = np.arange(1, errors.shape[1] + 1)
    edges = np.unique(np.round(1.5 ** np.arange(np.log(leads[-1]) / np.log(1.5) + 1)).astype(int))
    edges = edges[edges <= leads[-1]]
    found = []
    for first, stop in zip(edges, [*edges[1:], leads[-1] + 1], strict=True):
        part = errors[:, first - 1 : stop - 1]
        here = np.isfinite(part)
        if here.sum() >= 2:
            each, unit = (np.broadcast_to(of[:, None], part.shape)[here] for of in (weights, unrest))
            drift = _drift(part[here], each, int(here.any(axis=1).sum()))
            size = _quantile(np.abs(part[here] - drift) / unit, each, BAND) / stdtrit(TAIL, (1 + BAND) / 2)
            found.append((np.sqrt(first * (stop - 1)), drift, size))
    if not found:
        rule = unrehearsed(len(leads))
        return rule.drift, rule.size
    centres, drifts, sizes = np.array(found).T
    where = (np.log(leads), np.log(centres))
    return np.interp(*where, drifts), np.interp(*where, sizes) * np.sqrt(np.maximum(leads / centres[-1], 1.0))


def _drift(errors: FloatArray, weights: FloatArray, rehearsals: int) -> float:
    """The typical error, as far as it is larger than chance makes it (James and Stein, 1961)."""
    middle = _quantile(errors, weights, 0.5)
    chance = np.average((errors - middle) ** 2, weights=weights) / rehearsals
    return middle * max(0.0, 1 - chance / middle**2) if middle else 0.0


def _quantile(values: FloatArray, weights: FloatArray, level: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(level * weights.sum(), reached, values[order]))
