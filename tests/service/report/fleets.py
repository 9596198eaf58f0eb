"""A small fleet whose outlook is computed without a store, and a plan for it."""

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pandas as pd

from demand.accelerators import published
from demand.calendar import Granularity
from demand.paths import DemandPaths
from demand.series import SeriesKey, Workload
from planning.estimates import Estimate
from planning.ledger import Block, Exit, Phase, WayOut
from planning.outlook import OutlookQuestion
from planning.pacing.payments import Projected, Terms
from planning.pacing.plan import Plan, make_plan
from planning.pacing.problem import Limits, draft
from planning.pacing.solving import Effort
from planning.pools import PLACE
from planning.states import CommitmentState
from planning.supply import Sampling, online_days
from service.demand_ahead import DemandAhead
from service.outlooks import NO_PRICES, Prices, Prospect, SupplyQuestion, meet
from service.published import Window
from service.report.outlook_view import OutlookView
from service.supply_ahead import SupplyAhead

START = pd.Timestamp("2026-01-01", tz="UTC")
STEPS, PATHS = 12, 100
TOLD = OutlookQuestion()
EVIL = "<script>alert(\"x\")</script> & 'co'"
"""The name of a region that a page must not run."""


def day(month: int) -> pd.Timestamp:
    return START + pd.DateOffset(months=month)


@cache
def demand(*regions: str, steps: int = STEPS, granularity: Granularity = Granularity.MONTH) -> DemandAhead:
    """Training that stays and inference that grows, in each region."""
    draws = np.random.default_rng(8)
    labels, values = [], []
    for region in regions:
        for workload, growth in ((Workload.TRAINING, 0.0), (Workload.INFERENCE, 0.15)):
            labels.append(SeriesKey(region=region, workload=workload))
            walk = np.cumsum(draws.normal(growth, 0.05, (PATHS, steps)), axis=1)
            values.append(100 * np.exp(walk) * (1.2 if workload is Workload.TRAINING else 0.8))
    view = Window(granularity, START, steps, (), ())
    return DemandAhead(DemandPaths(tuple(labels), granularity, START, np.array(values)), view)


def blocks(*regions: str) -> list[Block]:
    """A live, a signed and a proposed block in each region."""
    found = []
    for region in regions:
        place = {"provider": "acme", "region": region, "currency": "USD"}
        live = {"phase": Phase.LIVE, "state": CommitmentState.ACTIVE}
        ways = (WayOut(Exit.CANCEL, day(2), 1e5), WayOut(Exit.SLOW, day(3), 1e4, months=6))
        found += [
            Block(f"{region} 1", 220.0, day(-9), **place, **live),  # type: ignore[arg-type]
            Block(
                f"{region} 2",
                150.0,
                day(6),
                state=CommitmentState.PENDING,
                slip_days=Estimate(0, 20, 60),
                running_cost_per_month=5e4,
                ways_out=ways,
                **place,  # type: ignore[arg-type]
            ),
            Block(f"{region} 3", 400.0, day(9), **place),  # type: ignore[arg-type]
        ]
    return found


def prospect(*regions: str, prices: Prices = NO_PRICES, ahead: DemandAhead | None = None) -> Prospect:
    """The outlook of these regions."""
    stored = SupplyAhead(tuple(blocks(*regions)), None, PLACE, published())
    return meet(ahead or demand(*regions), stored, SupplyQuestion(prices=prices, told=TOLD))


def view(*regions: str, **more: object) -> OutlookView:
    """The same, as a report looks at it."""
    return OutlookView(prospect(*regions, **more), TOLD)  # type: ignore[arg-type]


@cache
def plan(budget: float | None = None, name: str = "eu") -> Plan:
    """What to do about the blocks of one region that are live or signed."""
    own = blocks(name)[:2]
    online = online_days(own, START, Sampling(PATHS))
    found = prospect(name, prices=Prices(9.0, 2.0))
    projected = [Projected(block, 0, block.quantity, online[at]) for at, block in enumerate(own)]
    asked = demand(name).paths.values
    terms = Terms(START, demand(name).edges)
    problem = draft(projected, asked, found.topology, terms, Limits(budget=budget))
    return make_plan(problem, Effort(seconds=5.0, clock=_still))


def _still() -> float:
    """A clock that stands, so that the plan is the same on any machine."""
    return 0.0


def later(made: Plan) -> Plan:
    """The same plan a month on, with one block gone."""
    return replace(made, made=day(1), blocks=made.blocks[1:])


def words(page: str) -> str:
    """What a reader reads of a page."""
    reader = _Reader()
    reader.feed(page)
    return re.sub(r"\s+", " ", " ".join(reader.texts))


def tags(page: str) -> set[str]:
    """The elements of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.tags


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self._silent = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self._silent = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)
