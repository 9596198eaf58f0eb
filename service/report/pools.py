"""The pools of an outlook as the rows of a table with small drawings, those that miss most first."""

import numpy as np

from planning.ledger import Commitment
from service.report import wording
from service.report.figures import Fan, fan, strip
from service.report.markup import Markup, element, joined, table
from service.report.outlook_view import SAID, OutlookView

MOST_POOLS = 10
"""Pools that fit on a page; the table has all."""

_DEGREES = {Commitment.LIVE: "live", Commitment.COMMITTED: "+ signed", Commitment.EVERYTHING: "+ proposed"}


def pool_rows(view: OutlookView) -> Markup:
    """A row per pool, with what the drawings mean below."""
    found, prospect = view.prospect.outlooks[view.counted].pools, view.prospect
    hours = prospect.demand.hours
    missing = found.unmet.mean @ hours
    worst_first = np.lexsort((-(1 - found.first_breach.never), -missing))
    order = [row for row in worst_first if row in prospect.rows]
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
    for counted, name in _DEGREES.items():
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
        joined(element("span", class_="key supply"), f"expected supply, {SAID[view.counted]}"),
        joined(element("span", class_="key proposed"), "with what is proposed"),
        joined(element("span", class_="key bar"), "chance of shortage: full height is 100%. "),
        f"Numbers count what is {SAID[view.counted]}. Headroom: by how much demand could grow and still be met with a "
        f"chance of {wording.chance(view.told.service_level)}, where that is least; below zero, what must be added.",
    ]
    return element("p", element("small", keys))
