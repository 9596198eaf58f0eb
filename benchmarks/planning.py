"""What planning costs: seconds and gap of a large pacing programme, and seconds of a large outlook and its parts.

Run it with `python -m benchmarks.planning`. Ledgers and demand are made up by `ledgers.py`; the plan is also asked for
over HTTP, as `served_plan.py` says. Results go into `results/planning.csv`: of plans also how much of the budget they
use and, in the step where it is most, of the power, as a share of the limit.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks import ledgers
from benchmarks.accuracy import RESULTS
from benchmarks.ledgers import Size
from benchmarks.served_plan import served_plan
from planning.allocation import allocate
from planning.ledger import Commitment
from planning.outlook import Balance, Outlook, OutlookQuestion, outlook
from planning.pacing.evaluation import Evaluator
from planning.pacing.problem import Limits, Problem, Risk, draft
from planning.pacing.rows import rows_of
from planning.pacing.solving import Effort, Solver
from planning.supply import Sampling, supply_paths
from planning.targets import Target, targets

Result = TypeVar("Result")

PLAN, OUTLOOK = Size(60, 10, 60, 200), Size(60, 10, 60, 1000)
SEEDS = range(3)
EFFORT = Effort(gap=0.01, seconds=60.0)
WEIGHTS = {"expected cost": 0.0, "with CVaR": 1.0}
MEGAWATTS_EACH = {"H100": 0.0013}
"""Only how much power there is beside it matters here."""

Row = dict[str, float | str]


def problem(size: Size, seed: int, weight: float) -> Problem:
    """A ledger under a budget and a minimum of service that bind or nearly do."""
    blocks, asked = ledgers.blocks(size, seed), ledgers.demand(size, seed)
    free = draft(blocks, asked, ledgers.topology(size.pools), ledgers.terms(size.months))
    limits = Limits(budget=0.9 * _spending(free), minimum_service={"region0 inference": 0.75})
    return draft(blocks, asked, free.topology, free.terms, limits, Risk(weight))


def squeezed(size: Size, seed: int, weight: float) -> Problem:
    """The same ledger under a budget and a power cap that both bind: about two thirds of what all blocks would need."""
    free = problem(size, seed, weight)
    measured = replace(free, limits=Limits(megawatts_each=MEGAWATTS_EACH))
    needed = np.sum([measured.power(each)[0] for each in free.decisions], axis=0).max()
    limits = replace(free.limits, budget=0.7 * _spending(free), megawatts_each=MEGAWATTS_EACH)
    return replace(free, limits=replace(limits, power_mw=np.full(size.months, 0.68 * needed)))


def _spending(free: Problem) -> float:
    """What all blocks cost if nothing is changed, on average over the paths."""
    return sum(float(each.choices[0].spending.sum()) for each in free.decisions)


def measured_plan(case: str, asked: Problem, seed: int) -> Row:
    """A row: how long the plan took and how good it is known to be."""
    found, seconds = timed(lambda: Solver(asked, EFFORT).solve())
    evaluator = Evaluator.of(asked)
    chosen, used = evaluator.taken(found.plan), {"budget": 0.0, "power": 0.0}
    for row in rows_of(evaluator):
        used[row.kind] = max(used[row.kind], float(row.weights @ chosen) / row.most)
    shares = {f"{kind}_used": share for kind, share in used.items() if share}
    return {"case": f"plan, {case}", "seed": seed, "seconds": seconds, "gap": found.gap, **shares}


def measured_allocation(seed: int) -> Row:
    """A row: how long one allocation of all paths and steps took."""
    asked = ledgers.demand(OUTLOOK, seed)
    drafted = draft(
        ledgers.blocks(OUTLOOK, seed), asked, ledgers.topology(OUTLOOK.pools), ledgers.terms(OUTLOOK.months)
    )
    evaluator = Evaluator.of(drafted)
    supply = evaluator.pooled(evaluator.taken([0] * OUTLOOK.blocks))
    _, seconds = timed(lambda: allocate(asked, supply, drafted.topology))
    return {"case": "allocation", "seed": seed, "seconds": seconds, "gap": 0.0}


def measured_outlook(seed: int) -> Row:
    """A row: how long a whole outlook took: supply drawn, given out and told at all degrees, with targets."""
    size, asked = OUTLOOK, ledgers.demand(OUTLOOK, seed)
    blocks = [each.block for each in ledgers.blocks(size, seed)]
    terms, topology = ledgers.terms(size.months), ledgers.topology(size.pools)

    def told() -> tuple[list[Outlook], Target]:
        found = []
        for counted in Commitment:
            supply = supply_paths(blocks, terms.edges, topology, Sampling(size.paths, seed), counted).pools
            given = allocate(asked, supply, topology)
            balance = Balance(topology, asked, supply, given.served, given.used, terms.hours)
            found.append(outlook(balance, OutlookQuestion()))
        return found, targets(asked, topology, terms.hours)

    _, seconds = timed(told)
    return {"case": "outlook", "seed": seed, "seconds": seconds, "gap": 0.0}


def timed(action: Callable[[], Result]) -> tuple[Result, float]:
    """What an action gives, and the seconds that it takes."""
    start = time.perf_counter()
    given = action()
    return given, time.perf_counter() - start


def main() -> None:
    """Measure and keep."""
    rows: list[Row] = []
    for name, weight in WEIGHTS.items():
        rows += [measured_plan(name, problem(PLAN, seed, weight), seed) for seed in SEEDS]
        rows += [measured_plan(f"{name}, power and budget", squeezed(PLAN, seed, weight), seed) for seed in SEEDS]
    rows += [served_plan(PLAN, seed) for seed in SEEDS]
    rows += [measured_allocation(seed) for seed in SEEDS]
    rows += [measured_outlook(seed) for seed in SEEDS]
    frame = pd.DataFrame(rows).round({"seconds": 2, "gap": 5, "budget_used": 4, "power_used": 4})
    frame.to_csv(RESULTS / "planning.csv", index=False)
    Console().print(frame.to_string(index=False))


if __name__ == "__main__":
    main()
