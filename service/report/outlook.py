"""The outlook as a part of a report: where supply falls short, when, by how much, and what that costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.series import SeriesKey, Workload
from planning.crossover import Crossover, crossover
from planning.ledger import Commitment
from planning.occurrence import Occurrence
from planning.outlook import OutlookQuestion
from service.outlooks import Prospect
from service.report import wording
from service.report.figures import Fan, fan, strip
from service.report.markup import Markup, element, joined, table
from service.report.page import Part

MOST_POOLS = 12
"""Pools that fit on a page; the table has all."""
LEVELS = (0.1, 0.5, 0.9)
"""Of dates and costs."""

DEGREES = {Commitment.LIVE: "live", Commitment.COMMITTED: "+ signed", Commitment.EVERYTHING: "+ proposed"}


@dataclass(frozen=True)
class OutlookView:
    """An outlook, and how it is looked at.

    Attributes:
        prospect: the outlook.
        told: what was asked of it.
        counted: the degree of commitment that numbers are told for.
    """

    prospect: Prospect
    told: OutlookQuestion
    counted: Commitment = Commitment.COMMITTED

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return self.prospect.demand.view.index

    @property
    def granularity(self) -> Granularity:
        """The width of the buckets."""
        return self.prospect.demand.view.granularity

    @property
    def priced(self) -> bool:
        """Whether anything is known of costs."""
        return self.prospect.short_is_priced or self.prospect.idle_is_priced

    def when(self, found: Occurrence, row: int = 0) -> list[str]:
        """The dates by which it has happened with chances of 10, 50 and 90 percent."""
        return wording.dates(found, row, self.index, self.granularity, LEVELS)


def outlook_part(view: OutlookView) -> Part:
    """The outlook, pools that miss most first."""
    prospect = view.prospect
    first, last = (wording.date(view.index[at], view.granularity) for at in (0, -1))
    about = (
        f"{first} to {last} by the {view.granularity} (UTC), from {prospect.demand.paths.values.shape[1]:,} joint "
        f"paths of demand and supply; demand in {prospect.supply.unit.replace('_', ' ')}"
    )
    body = joined(_lead(view), _tiles(view), _pools(view), _crossing(view), _notes(view))
    return Part("Capacity outlook", about, body)


def _anywhere(view: OutlookView) -> Occurrence:
    """The first breach of any pool, path by path."""
    found = view.prospect.outlooks[view.counted].pools.first_breach
    return Occurrence(found.first.min(axis=0, keepdims=True), found.n_steps)


def _lead(view: OutlookView) -> Markup:
    found = view.prospect.outlooks[view.counted].pools
    pools, chance = view.prospect.topology.pools, 1 - found.first_breach.never
    likely = [at for at in np.argsort(found.first_breach.quantiles((0.5,))[:, 0], kind="stable") if chance[at] >= 0.5]
    counting = f"With what is {_SAID[view.counted]}, "
    if not likely:
        at = int(chance.argmax())
        told = f"no pool is more likely than not to fall short; the closest is {pools[at].name}, with a chance of "
        return element("p", counting, told, f"{wording.chance(chance[at])}.", class_="lead")
    at = int(likely[0])
    told = (
        f"{len(likely)} of {wording.plural(len(pools), 'pool')} {'is' if len(likely) == 1 else 'are'} more likely "
        "than not to fall short within the horizon; first "
    )
    date = view.when(found.first_breach, at)[1]
    rest = f", with even odds by {date} and a chance of {wording.chance(chance[at])} by the end."
    return element("p", counting, told, element("strong", pools[at].name), rest, class_="lead")


_SAID = {
    Commitment.LIVE: "live",
    Commitment.COMMITTED: "live or signed",
    Commitment.EVERYTHING: "live, signed or proposed",
}


def _tiles(view: OutlookView) -> Markup:
    found, prospect = view.prospect.outlooks[view.counted].pools, view.prospect
    anywhere, currency = _anywhere(view), prospect.supply.currency
    early, even, late = view.when(anywhere)
    never = f"10% by {early}, 90% by {late}; never {wording.chance(anywhere.never[0])}"
    tiles = [_tile("First shortage anywhere, even odds", even, never)]
    if prospect.short_is_priced:
        cost = float(found.cost_short.mean.sum())
        tiles.append(_tile("Cost of shortage, expected", wording.priced(cost, currency), "over the whole horizon"))
    if prospect.idle_is_priced:
        cost = float(found.cost_idle.mean.sum())
        tiles.append(_tile("Cost of idle supply, expected", wording.priced(cost, currency), "over the whole horizon"))
    if prospect.short_is_priced and prospect.idle_is_priced:
        low, mid, high = np.quantile(found.cost.sum(axis=0), LEVELS, method="hazen")
        told = f"{wording.short_money(low)} to {wording.short_money(high)} with a chance of 80%"
        tiles.append(_tile("Both together, median", wording.priced(mid, currency), told))
    if not view.priced:
        worst = float(found.unmet.mean.sum(axis=0).max())
        unit = prospect.supply.unit.replace("_", " ")
        tiles.append(_tile("Missing in the worst bucket, expected", f"{wording.amount(worst)} {unit}", "in all pools"))
    return element("div", tiles, class_="tiles")


def _tile(name: str, value: str, more: str) -> Markup:
    return element("div", element("small", name), element("b", value), element("small", more), class_="tile")


def _pools(view: OutlookView) -> Markup:
    found, prospect = view.prospect.outlooks[view.counted].pools, view.prospect
    hours = prospect.demand.hours
    missing = found.unmet.mean @ hours
    order = np.lexsort((-(1 - found.first_breach.never), -missing))
    head = [
        "Pool",
        "Demand and supply",
        joined("Chance of shortage", _axis(view)),
        "Highest",
        "First shortage",
        f"Headroom at {100 * view.told.service_level:.6g}%",
    ]
    currency = f", {prospect.supply.currency}" if prospect.supply.currency else ""
    head += [f"Cost short{currency}"] if prospect.short_is_priced else []
    head += [f"Cost idle{currency}"] if prospect.idle_is_priced else []
    rows = [_row(view, int(row)) for row in order[:MOST_POOLS]]
    told = table(head, rows, [3, *range(5, len(head))])
    more = len(order) - MOST_POOLS
    rest = f"{wording.plural(more, 'more pool')} that miss less are in the table of this outlook (CSV or Parquet)."
    return joined(
        element("div", told, class_="wide"), _key(view), element("p", rest, class_="soft") if more > 0 else ""
    )


def _row(view: OutlookView, row: int) -> list[Markup | str]:
    prospect, found = view.prospect, view.prospect.outlooks[view.counted].pools
    name = prospect.topology.pools[row].name
    worst = int(found.chance_short[row].argmax())
    least = int(found.headroom[row].argmin())
    cells: list[Markup | str] = [
        element("span", name, class_="name"),
        _demand(view, row),
        _strips(view, row),
        _with_date(wording.chance(found.chance_short[row, worst]), view, worst)
        if found.chance_short[row, worst] > 0
        else "0%",
        _breach(view, row),
        _with_date(wording.amount(found.headroom[row, least]), view, least),
    ]
    if prospect.short_is_priced:
        cells.append(wording.short_money(float(found.cost_short.mean[row].sum())))
    if prospect.idle_is_priced:
        cells.append(wording.short_money(float(found.cost_idle.mean[row].sum())))
    return cells


def _with_date(told: str, view: OutlookView, step: int) -> Markup:
    return joined(told, element("small", wording.date(view.index[step], view.granularity)))


def _demand(view: OutlookView, row: int) -> Markup:
    demand, outlooks = view.prospect.pool_demand, view.prospect.outlooks
    supply, all_supply = (outlooks[each].pools.supply[row] for each in (view.counted, Commitment.EVERYTHING))
    bounds = np.sort(demand.quantiles[row], axis=1) if view.told.levels else demand.mean[row][:, None]
    mean = demand.mean[row]
    said = " → ".join(wording.amount(mean[at]) for at in (0, -1))
    there = " → ".join(wording.amount(supply[at]) for at in (0, -1))
    drawing = fan(Fan(bounds[:, 0], bounds[:, -1], mean, supply, all_supply), f"Demand {said}; supply {there}")
    return joined(drawing, *(element("small", each, class_="level") for each in (f"demand {said}", f"supply {there}")))


def _strips(view: OutlookView, row: int) -> Markup:
    parts = []
    for counted, name in DEGREES.items():
        chances = view.prospect.outlooks[counted].pools.chance_short[row]
        said = (
            f"Chance of shortage, {name}: {wording.chance(chances[0])} at first, {wording.chance(chances[-1])} at last"
        )
        parts += [element("small", name), strip(chances, said)]
    return element("div", parts, class_="strips")


def _axis(view: OutlookView) -> Markup:
    ends = [element("span", wording.date(view.index[at], view.granularity)) for at in (0, -1)]
    return element("div", ends, class_="axis")


def _breach(view: OutlookView, row: int) -> Markup:
    found = view.prospect.outlooks[view.counted].pools.first_breach
    if found.never[row] == 1:
        return joined("not within the horizon")
    early, even, late = view.when(found, row)
    others = [f"{level} {when}" for level, when in (("10%", early), ("90%", late)) if when != wording.NOTHING]
    return joined(
        element("span", f"50% by {even}" if even != wording.NOTHING else "less than even odds", class_="date"),
        element("small", ", ".join(others), class_="date") if others else "",
        element("small", f"never {wording.chance(found.never[row])}", class_="date"),
    )


def _key(view: OutlookView) -> Markup:
    keys = [
        joined(element("span", class_="key band"), "demand, "),
        f"{wording.chance(min(view.told.levels))} to {wording.chance(max(view.told.levels))} of paths and mean",
        joined(element("span", class_="key supply"), f"expected supply, {_SAID[view.counted]}"),
        joined(element("span", class_="key proposed"), "with what is proposed"),
        joined(element("span", class_="key bar"), "chance of shortage: full height is 100%. "),
        f"Numbers count what is {_SAID[view.counted]}. Headroom: by how much demand could grow and still be met with a "
        f"chance of {wording.chance(view.told.service_level)}, where that is least; below zero, what must be added.",
    ]
    return element("p", element("small", keys))


def _crossing(view: OutlookView) -> Markup:
    found = _crossover(view)
    if found is None:
        return joined()
    early, even, late = view.when(found.passes)
    first, last = (wording.chance(found.share[0, at]) for at in (0, -1))
    told = (
        f"Inference passes training to stay above: 10% by {early}, 50% by {even}, 90% by {late}; above from the start "
        f"with a chance of {wording.chance(found.passes.already[0])}, not for good within the horizon with "
        f"{wording.chance(found.passes.never[0])}. Its share of both is {first} at first and {last} at last."
    )
    return joined(element("h3", "Crossover"), element("p", told))


def _crossover(view: OutlookView) -> Crossover | None:
    """When inference passes training in all that is selected; None where one of them has no demand."""
    paths = view.prospect.demand.paths
    levels = {}
    for workload in (Workload.TRAINING, Workload.INFERENCE):
        rows = [
            at for at, label in enumerate(paths.labels) if isinstance(label, SeriesKey) and label.workload is workload
        ]
        levels[workload] = paths.values[rows].sum(axis=0, keepdims=True)
    training, inference = levels[Workload.TRAINING], levels[Workload.INFERENCE]
    return crossover(training, inference, LEVELS) if training.any() and inference.any() else None


def _notes(view: OutlookView) -> Markup:
    prospect, view_of = view.prospect, view.prospect.demand.view
    notes = list(prospect.remarks)
    notes += [f"Block {each.name!r} is not counted: {each.reason}." for each in prospect.uncounted[view.counted]]
    if prospect.unplaced:
        notes.append(f"{wording.plural(len(prospect.unplaced), 'demand')} belong to no pool and are not counted.")
    if view_of.left_out:
        left = view_of.left_out
        notes.append(
            f"{wording.plural(len(left), 'series', 'series')} left out; the first: {left[0].key}: {left[0].reason}."
        )
    if not notes:
        return joined()
    more = [f"and {len(notes) - MOST_NOTES} more, in the answer in JSON"] if len(notes) > MOST_NOTES else []
    return joined(element("h3", "Notes"), element("ul", [element("li", note) for note in notes[:MOST_NOTES] + more]))


MOST_NOTES = 6
