"""What planning costs: seconds and gap of a large pacing programme, and seconds of a large outlook and its parts.

Run it with `python -m benchmarks.planning`. Ledgers and demand are made up by `ledgers.py`. Results go into
`results/planning.csv`.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import pandas as pd
from rich.console import Console

from benchmarks import ledgers
from benchmarks.accuracy import RESULTS
from benchmarks.ledgers import Size
from planning.allocation import allocate
from planning.ledger import Commitment
from planning.outlook import Balance, Outlook, OutlookQuestion, outlook
from planning.pacing.evaluation import Evaluator
from planning.pacing.problem import Limits, Problem, Risk, draft
from planning.pacing.solving import Effort, Solver
from planning.supply import Sampling, supply_paths
from planning.targets import Target, targets

Result = TypeVar("Result")

PLAN, OUTLOOK = Size(60, 10, 60, 200), Size(60, 10, 60, 1000)
SEEDS = range(3)
EFFORT = Effort(gap=0.01, seconds=60.0)
WEIGHTS = {"expected cost": 0.0, "with CVaR": 1.0}


def problem(size: Size, seed: int, weight: float) -> Problem:
    """A ledger under a budget and a minimum of service that bind or nearly do."""
    blocks, asked = ledgers.blocks(size, seed), ledgers.demand(size, seed)
    free = draft(blocks, asked, ledgers.topology(size.pools), ledgers.terms(size.months))
    spending = sum(float(each.choices[0].spending.sum()) for each in free.decisions)
    limits = Limits(budget=0.9 * spending, minimum_service={"region0 inference": 0.75})
    return draft(blocks, asked, free.topology, free.terms, limits, Risk(weight))


def measured_plan(seed: int, name: str) -> dict[str, float | str]:
    """A row: how long the plan took and how good it is known to be."""
    asked = problem(PLAN, seed, WEIGHTS[name])
    found, seconds = timed(lambda: Solver(asked, EFFORT).solve())
    return {"case": f"plan, {name}", "seed": seed, "seconds": seconds, "gap": found.gap}


def measured_allocation(seed: int) -> dict[str, float | str]:
    """A row: how long one allocation of all paths and steps took."""
    asked = ledgers.demand(OUTLOOK, seed)
    drafted = draft(
        ledgers.blocks(OUTLOOK, seed), asked, ledgers.topology(OUTLOOK.pools), ledgers.terms(OUTLOOK.months)
    )
    evaluator = Evaluator.of(drafted)
    supply = evaluator.pooled(evaluator.taken([0] * OUTLOOK.blocks))
    _, seconds = timed(lambda: allocate(asked, supply, drafted.topology))
    return {"case": "allocation", "seed": seed, "seconds": seconds, "gap": 0.0}


def measured_outlook(seed: int) -> dict[str, float | str]:
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
    rows = [measured_plan(seed, name) for name in WEIGHTS for seed in SEEDS]
    rows += [measured_allocation(seed) for seed in SEEDS]
    rows += [measured_outlook(seed) for seed in SEEDS]
    frame = pd.DataFrame(rows).round({"seconds": 2, "gap": 5})
    frame.to_csv(RESULTS / "planning.csv", index=False)
    Console().print(frame.to_string(index=False))


if __name__ == "__main__":
    main()
