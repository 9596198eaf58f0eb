"""The outlook as a part of a report: where supply falls short, when, by how much, and what that costs."""

import numpy as np

from demand.series import SeriesKey, Workload
from planning.crossover import Crossover, crossover
from planning.occurrence import Occurrence
from service.outlooks import Prospect
from service.report import wording
from service.report.markup import Markup, element, joined
from service.report.outlook_view import LEVELS, SAID, OutlookView
from service.report.page import Part, listed, tiles
from service.report.pools import pool_rows


def outlook_part(view: OutlookView) -> Part:
    """The outlook, pools that miss most first."""
    prospect = view.prospect
    first, last = (wording.date(view.index[at], view.granularity) for at in (0, -1))
    about = (
        f"{first} to {last} by the {view.granularity} (UTC), from {prospect.demand.paths.values.shape[1]:,} joint "
        f"paths of demand and supply; {_units(prospect)}"
    )
    body = joined(_lead(view), _tiles(view), pool_rows(view), _crossing(view), _notes(view))
    return Part("Capacity outlook", about, body)


def _units(prospect: Prospect) -> str:
    demand, supply = (unit.replace("_", " ") for unit in (prospect.unit, prospect.supply_unit))
    told = f"demand and supply in {demand}" if demand == supply else f"demand in {demand}, supply in {supply}"
    return told if prospect.catalogue is None else f"{told}, by catalogue {prospect.catalogue}"


def _anywhere(view: OutlookView) -> Occurrence:
    """The first breach of any pool, path by path."""
    found = view.prospect.outlooks[view.counted].pools.first_breach
    return Occurrence(found.first.min(axis=0, keepdims=True), found.n_steps)


def _lead(view: OutlookView) -> Markup:
    found = view.prospect.outlooks[view.counted].pools
    pools, chance = view.prospect.topology.pools, 1 - found.first_breach.never
    likely = [at for at in np.argsort(found.first_breach.quantiles((0.5,))[:, 0], kind="stable") if chance[at] >= 0.5]
    counting = f"With what is {SAID[view.counted]}, "
    if not likely:
        at = int(chance.argmax())
        told = f"no pool is more likely than not to fall short; the closest is {pools[at].name}, with a chance of "
        return element("p", counting, told, f"{wording.chance(chance[at])}.", class_="lead")
    at = int(likely[0])
    known = wording.plural(len(view.prospect.rows), "pool")
    told = (
        f"{len(likely)} of {known} {'is' if len(likely) == 1 else 'are'} more "
        "likely than not to fall short within the horizon; first "
    )
    date = view.when(found.first_breach, at)[1]
    rest = f", with even odds by {date} and a chance of {wording.chance(chance[at])} by the end."
    return element("p", counting, told, element("strong", pools[at].name), rest, class_="lead")


def _tiles(view: OutlookView) -> Markup:
    found, prospect = view.prospect.outlooks[view.counted].pools, view.prospect
    anywhere, currency = _anywhere(view), prospect.supply.currency
    early, even, late = view.when(anywhere)
    told = [f"{level} by {date}" for level, date in (("10%", early), ("90%", late)) if date != wording.NOTHING]
    told.append(f"never {wording.chance(anywhere.never[0])}")
    found_out = [("First shortage anywhere, even odds", even, ", ".join(told))]
    costs = [("Cost of shortage, expected", found.cost_short)] if prospect.short_is_priced else []
    costs += [("Cost of idle supply, expected", found.cost_idle)] if prospect.idle_is_priced else []
    for name, cost in costs:
        found_out.append((name, wording.priced(float(cost.mean.sum()), currency), "over the whole horizon"))
    if len(costs) > 1:
        low, mid, high = np.quantile(found.cost.sum(axis=0), LEVELS, method="hazen")
        between = f"{wording.short_money(low)} to {wording.short_money(high)} with a chance of 80%"
        found_out.append(("Both together, median", wording.priced(mid, currency), between))
    if not costs:
        worst = wording.amount(float(found.unmet.mean.sum(axis=0).max()))
        unit = prospect.unit.replace("_", " ")
        found_out.append(("Missing in the worst bucket, expected", f"{worst} {unit}", "in all pools"))
    return tiles(found_out)


def _crossing(view: OutlookView) -> Markup:
    found = _crossover(view)
    if found is None:
        return joined()
    dates = zip(("10%", "50%", "90%"), view.when(found.passes), strict=True)
    by = ", ".join(f"{level} by {date}" for level, date in dates if date != wording.NOTHING)
    first, last = (wording.chance(found.share[0, at]) for at in (0, -1))
    told = (
        f"Inference passes training to stay above{': ' + by if by else ''}; above from the start with a chance of "
        f"{wording.chance(found.passes.already[0])}, not for good within the horizon with "
        f"{wording.chance(found.passes.never[0])}. Its share of both is {first} at first and {last} at last."
    )
    return joined(element("h3", "Crossover"), element("p", told))


def _crossover(view: OutlookView) -> Crossover | None:
    """When inference passes training in all that is selected; None where one of them has no demand."""
    paths = view.prospect.placed_demand
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
    return listed("Notes", notes)
