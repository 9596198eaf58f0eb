"""Whether plans pay: a small ledger is run through many futures by several rules, and what it came to cost is compared.

Run it with `python -m benchmarks.policy`. In each future demand unfolds; every quarter a rule sees the demand so far,
draws the demand ahead from what is known then, and decides. A way out is taken when the rule asks for it and it closes
before the next quarter; until then it is kept. All rules see the same draws:

- plan: the least expected cost over the paths, where what is not due yet may follow what is seen until it is;
- plan at once: the same, as if everything had to be decided now;
- median, P90: the least cost on the one path of medians, or of 90 % quantiles;
- never: no way out is ever taken.

Results go into `results/policy.csv`: the mean cost per rule, and its difference from that of the plan, paired by
future, with a 95 % interval.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.accuracy import RESULTS
from demand.calendar import Granularity, buckets
from demand.history import FloatArray
from demand.series import Workload
from planning.allocation import recourse
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.actions import PROCEED, Action
from planning.pacing.payments import DAYS_PER_MONTH, Projected, Terms, choice_of, day_number
from planning.pacing.problem import draft
from planning.pacing.review import reviewed
from planning.pacing.solving import Effort, Solver
from planning.pools import DemandClass, Pool, Topology

NOW = pd.Timestamp("2026-01-01", tz="UTC")
MONTHS, QUARTERS, PATHS = 36, 5, 400
FUTURES = range(2000, 2200)
LEVEL, GROWTH, GROWTH_SPREAD, NOISE = 800.0, 0.012, 0.010, 0.04
"""Demand of each workload at the start, its growth per month, how far that is unknown, and monthly surprises."""

SECONDS = 20.0
"""For what is due before the next quarter."""

SHORTAGE = (4.0, 12.0)
"""Costs of an hour short of inference that are tried; of training it is half as much again. Idleness costs 1."""


def pools(cost_short: float) -> Topology:
    """One pool for training and inference."""
    classes = (
        DemandClass("training", "all", Workload.TRAINING, (), 0, 1.5 * cost_short),
        DemandClass("inference", "all", Workload.INFERENCE, (), 1, cost_short),
    )
    return Topology((Pool("all"),), classes, {"all": 1.0})


Rule = Callable[[FloatArray], FloatArray]
"""From paths of demand, shape (n_classes, n_paths, n_steps), to those that it plans for."""

RULES: Mapping[str, Rule | None] = {
    "plan": lambda paths: paths,
    "plan at once": lambda paths: paths,
    "median": lambda paths: np.quantile(paths, [0.5], axis=1, method="hazen").transpose(1, 0, 2),
    "P90": lambda paths: np.quantile(paths, [0.9], axis=1, method="hazen").transpose(1, 0, 2),
    "never": None,
}


def ledger() -> tuple[Block, ...]:
    """What serves already, and four blocks that come four months apart and can be left until eight months before."""
    live = Block("live", 1800.0, NOW - pd.Timedelta(days=400), phase=Phase.LIVE, running_cost_per_month=1800 * 365.0)
    return (live, *(_block(row) for row in range(4)))


def _block(row: int) -> Block:
    online = NOW + pd.DateOffset(months=10 + 4 * row)
    capital = 500 * 14_000.0
    until = online - pd.DateOffset(months=8)
    return Block(
        f"block{row}",
        500.0,
        online,
        phase=Phase.POWER,
        milestones={Phase.CHIPS: Milestone(online, capital)},
        running_cost_per_month=500 * 365.0,
        ways_out=(
            WayOut(Exit.CANCEL, until, charge=0.12 * capital),
            WayOut(Exit.SLOW, until, charge=0.02 * capital, charge_per_month=0.003 * capital, months=6),
        ),
    )


def unfold(seed: int, seen: FloatArray, n_paths: int) -> FloatArray:
    """Demand ahead given log demand so far, with the growth that it tells: a normal prior updated by the mean growth.

    Args:
        seed: of the draws.
        seen: log demand, shape (n_classes, n_seen), the start included.
        n_paths: how many paths.

    Returns:
        Demand, shape (n_classes, n_paths, MONTHS + 1 - n_seen).
    """
    rng = np.random.default_rng(seed)
    steps, ahead = seen.shape[1] - 1, MONTHS + 1 - seen.shape[1]
    precision = 1 / GROWTH_SPREAD**2 + steps / NOISE**2
    mean = (GROWTH / GROWTH_SPREAD**2 + (seen[:, -1] - seen[:, 0]) / NOISE**2) / precision
    growth = mean[:, None, None] + rng.standard_normal((len(seen), n_paths, 1)) / np.sqrt(precision)
    surprises = NOISE * rng.standard_normal((len(seen), n_paths, ahead))
    return np.asarray(np.exp(seen[:, -1, None, None] + np.cumsum(growth + surprises, axis=2)))


@dataclass
class Run:
    """One rule in one future.

    Attributes:
        topology: with the costs.
        staged: whether what is not due may follow what is seen.
        decided: the action on each block and when it was decided.
    """

    topology: Topology
    staged: bool = False
    decided: dict[str, tuple[Action, pd.Timestamp]] = field(default_factory=dict)

    def decide(self, now: pd.Timestamp, following: pd.Timestamp, paths: FloatArray) -> None:
        """Plan for what is ahead, and take the ways out that the plan asks for and that close before the next time."""
        terms = Terms(now, buckets(now, paths.shape[2] + 1, Granularity.MONTH))
        blocks = [self.projected(block, paths.shape[1]) for block in ledger()]
        if not any(now <= way.until < following for each in blocks if each for way in each.block.ways_out):
            return
        problem = draft([each for each in blocks if each is not None], paths, self.topology, terms)
        solver = Solver(problem, Effort(gap=0.005, seconds=20, groups=5))
        found = solver.solve()
        plan = reviewed(solver, found, following, SECONDS).solution.plan if self.staged else found.plan
        for decision, choice in zip(problem.decisions, plan, strict=True):
            action = decision.choices[choice].action
            if action.way is not None and action.way.until < following:
                self.decided[decision.block.name] = (action, now)

    def projected(self, block: Block, n_paths: int) -> Projected | None:
        """A block as it stands after what was decided; None if it was cancelled."""
        action, _ = self.decided.get(block.name, (PROCEED, NOW))
        if action.way is not None and action.way.kind is Exit.CANCEL:
            return None
        online = np.full(n_paths, day_number(block.online) + action.months * DAYS_PER_MONTH)
        left = block if action is PROCEED else replace(block, ways_out=())
        return Projected(left, 0, block.quantity, online)

    def cost(self, demand: FloatArray) -> float:
        """What it came to cost, shape of demand (n_classes, 1, MONTHS)."""
        terms = Terms(NOW, buckets(NOW, MONTHS + 1, Granularity.MONTH))
        total, supply = 0.0, np.zeros((1, 1, MONTHS))
        for block in ledger():
            action, when = self.decided.get(block.name, (PROCEED, NOW))
            each = Projected(block, 0, block.quantity, np.full(1, day_number(block.online)))
            choice = choice_of(each, action, terms, when)
            total += float(choice.cost[0])
            supply[0] += choice.supply
        return total + float(recourse(demand, supply, self.topology, terms.hours).cost.sum())


def future(seed: int, cost_short: float) -> dict[str, float]:
    """What each rule came to cost in one future."""
    start = np.full((2, 1), np.log(LEVEL))
    true = unfold(seed, start, 1)
    runs = {name: Run(pools(cost_short), staged=name == "plan") for name in RULES}
    for quarter in range(QUARTERS):
        now, following = (NOW + pd.DateOffset(months=3 * at) for at in (quarter, quarter + 1))
        seen = np.concatenate([start, np.log(true[:, 0, : 3 * quarter])], axis=1)
        paths = unfold(10_000 + 100 * seed + quarter, seen, PATHS)
        for name, rule in RULES.items():
            if rule is not None:
                runs[name].decide(now, following, rule(paths))
    return {name: run.cost(true) for name, run in runs.items()}


def summary(costs: pd.DataFrame) -> pd.DataFrame:
    """Mean cost per rule, and by how much it is above that of the plan, with a 95 % interval of paired differences."""
    above = costs.sub(costs["plan"], axis=0)
    half = 1.96 * above.std(ddof=1) / np.sqrt(len(costs))
    mean = above.mean()
    rows = {"mean_cost": costs.mean(), "above_plan": mean, "low": mean - half, "high": mean + half}
    return pd.DataFrame(rows).rename_axis("rule").assign(futures=len(costs)).round(0).reset_index()


def main() -> None:
    """Run all futures and keep the summary."""
    found = [
        summary(pd.DataFrame([future(seed, cost) for seed in FUTURES])).assign(cost_short=cost) for cost in SHORTAGE
    ]
    kept = pd.concat(found, ignore_index=True)
    kept.to_csv(RESULTS / "policy.csv", index=False)
    Console().print(kept.to_string(index=False))


if __name__ == "__main__":
    main()
