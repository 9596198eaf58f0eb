from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from demand.calendar import Granularity
from planning.ledger import Commitment
from planning.supply import Uncounted
from service.outlooks import Prices
from service.report.outlook import outlook_part
from service.report.outlook_view import OutlookView
from service.report.page import report
from service.report.pools import MOST_POOLS
from tests.service.report.fleets import EVIL, START, TOLD, demand, prospect, tags, view, words

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def read(looked: OutlookView) -> str:
    return words(report(outlook_part(looked), None, MADE))


def test_the_page_says_when_supply_first_falls_short() -> None:
    looked = view("eu", "us")
    short = looked.prospect.outlooks[Commitment.COMMITTED].pools.first_breach
    first = np.sort(short.first.min(axis=0))[49]
    told = read(looked)
    assert f"First shortage anywhere, even odds {looked.index[first]:%b %Y}" in told
    assert "Jan 2026 to Dec 2026 by the month (UTC), from 100 joint paths" in told
    assert "With what is live or signed, 2 of 2 pools are more likely than not to fall short" in told


def test_money_is_told_where_prices_are_known() -> None:
    found = prospect("eu", prices=Prices(9.0, 2.0))
    pools = found.outlooks[Commitment.COMMITTED].pools
    low, mid, high = np.quantile(pools.cost[0], (0.1, 0.5, 0.9), method="hazen") / 1e6
    told = read(OutlookView(found, TOLD))
    assert f"Both together, median {mid:.2f}M USD {low:.2f}M to {high:.2f}M with a chance of 80%" in told
    assert f"Cost of shortage, expected {pools.cost_short.mean.sum() / 1e6:.2f}M USD" in told
    assert "Cost" not in read(view("eu")).replace("Cost of", "Cost")
    assert "Missing in the worst bucket" in read(view("eu"))


def test_a_safe_fleet_is_said_to_be_safe() -> None:
    found = prospect("eu", ahead=replace(demand("eu"), paths=replace(demand("eu").paths, values=np.ones((2, 100, 12)))))
    told = read(OutlookView(found, TOLD))
    assert "no pool is more likely than not to fall short; the closest is eu, with a chance of 0%." in told
    assert "not within the horizon" in told
    assert "not for good within the horizon with 100%" in told


def test_the_crossover_is_told_where_both_workloads_are() -> None:
    training, inference = demand("eu").paths.values
    above = (inference > training)[:, ::-1]
    passed = 12 - np.logical_and.accumulate(above, axis=1).sum(axis=1)
    told = read(view("eu"))
    assert f"50% by {demand('eu').view.index[np.sort(passed)[49]]:%b %Y}" in told.partition("Crossover")[2]
    alone = demand("eu")
    alone = replace(alone, paths=replace(alone.paths, labels=alone.paths.labels[:1], values=alone.paths.values[:1]))
    assert "Crossover" not in read(OutlookView(prospect("eu", ahead=alone), TOLD))


def test_names_cannot_break_the_page() -> None:
    page = report(outlook_part(view(EVIL)), None, MADE)
    assert "script" not in tags(page)
    assert "<script" not in page
    assert EVIL in words(page)


def test_remarks_and_blocks_that_are_not_counted_are_told() -> None:
    uncounted = {Commitment.COMMITTED: (Uncounted("dark hall", "it waits for 'power', which is not counted"),)}
    found = replace(prospect("eu"), remarks=("so it is",), uncounted=uncounted, unplaced=demand("eu").paths.labels)
    told = read(OutlookView(found, TOLD))
    assert "Notes so it is Block 'dark hall' is not counted: it waits for 'power'" in told
    assert "2 demands belong to no pool" in told


def test_pools_that_miss_most_come_first_and_the_rest_is_counted() -> None:
    regions = [f"r{at}" for at in range(MOST_POOLS + 3)]
    looked = view(*regions)
    missing = looked.prospect.outlooks[Commitment.COMMITTED].pools.unmet.mean @ looked.prospect.demand.hours
    order = [looked.prospect.topology.pools[at].name for at in np.argsort(-missing)]
    told = [each for each in read(looked).partition("Cost")[0].split() if each in regions]
    assert told[1:] == order[:MOST_POOLS]
    assert "3 more pools that miss less are in the table" in read(looked)


def test_hours_are_told_as_hours() -> None:
    hours = demand("eu", steps=200, granularity=Granularity.HOUR)
    assert f"{START.day} Jan 2026, 00:00 to 9 Jan 2026, 07:00 by the hour" in read(view("eu", ahead=hours))
