"""Small problems at random, and every plan that they have."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.history import FloatArray
from demand.series import Workload
from planning.allocation import allocate
from planning.ledger import Block
from planning.pacing.actions import Action, Move
from planning.pacing.evaluation import Evaluator
from planning.pacing.payments import Choice, Terms
from planning.pacing.problem import Decision, Limits, Problem, Risk
from planning.pacing.rows import rows_of
from planning.pools import DemandClass, Pool, Topology

NOW = pd.Timestamp("2026-01-01", tz="UTC")
MOVES = (Action(), Action(Move.SLOW, 3), Action(Move.CANCEL), Action(Move.PAUSE, 6))


def two_pools(idle: float = 1.0) -> Topology:
    """Training that stays in each pool, and inference that may move to the second."""
    pools = (Pool("eu", ("eu",)), Pool("us", ("us",), rate=2.0))
    classes = (
        DemandClass("eu training", "eu", Workload.TRAINING, priority=0, cost_short=6),
        DemandClass("us training", "us", Workload.TRAINING, priority=0, cost_short=6),
        DemandClass("inference", "eu", Workload.INFERENCE, ("us",), priority=1, cost_short=4),
    )
    return Topology(pools, classes, {"eu": idle, "us": 1.5 * idle})


def drawn_problem(seed: int, *, limited: bool = False) -> Problem:
    """Up to eight blocks with two or three actions each, up to twenty paths, and limits if they are asked for."""
    rng = np.random.default_rng(seed)
    n_paths, n_steps = int(rng.integers(1, 21)), int(rng.integers(1, 5))
    demand = rng.gamma(4, 30, (3, n_paths, n_steps)) * rng.uniform(0.5, 2, (3, 1, 1))
    n_blocks = int(rng.integers(1, 9))
    n_choices = 2 if n_blocks > 6 else 3
    decisions = tuple(_decision(row, n_choices, n_paths, n_steps, rng) for row in range(n_blocks))
    spending = sum(each.choices[0].spending.sum() for each in decisions)
    limits = Limits(
        budget=float(spending * rng.uniform(0.5, 1)),
        power_mw=np.full(n_steps, 0.4 * n_blocks),
        megawatts_each={"H100": 0.01},
        minimum_service={"inference": 0.35},
    )
    return Problem(
        decisions,
        demand,
        two_pools(float(rng.choice([0, 1, 3]))),
        Terms(NOW, buckets(NOW, n_steps + 1, Granularity.MONTH), float(rng.choice([0, 0.1]))),
        limits if limited else Limits(),
        Risk(float(rng.choice([0, 0.5, 2])), float(rng.choice([0, 0.5, 0.9]))),
    )


def _decision(row: int, n_choices: int, n_paths: int, n_steps: int, rng: np.random.Generator) -> Decision:
    quantity = rng.uniform(10, 80)
    start = rng.uniform(0, n_steps, (n_paths, 1))
    supply = quantity * np.clip(np.arange(1, n_steps + 1) - start, 0, 1)
    later = np.concatenate([np.zeros((n_paths, 1)), supply[:, :-1]], axis=1)
    choices = []
    for action in MOVES[:1] + tuple(MOVES[1 + at] for at in rng.permutation(3)[: n_choices - 1]):
        level = {Move.PROCEED: supply, Move.CANCEL: 0 * supply}.get(action.move, later)
        price = quantity * rng.uniform(500, 3000) * (0.2 if action.move is Move.CANCEL else 1.0)
        spending = np.append(rng.dirichlet(np.ones(n_steps)), 0.0) * price
        choices.append(Choice(action, level, np.full(n_paths, price) * rng.uniform(0.9, 1.1, n_paths), spending))
    block = Block(f"block{row}", quantity, NOW, accelerator="H100")
    return Decision(block, int(rng.integers(0, 2)), tuple(choices))


def every_plan(problem: Problem) -> Iterator[tuple[tuple[int, ...], float]]:
    """All plans that keep the limits, with their objectives, by enumeration."""
    evaluator = Evaluator.of(problem)
    rows = rows_of(evaluator)
    by_part = {}
    for plan in product(*(range(len(each.choices)) for each in problem.decisions)):
        chosen = evaluator.taken(plan)
        if not all(row.keeps(chosen) for row in rows):
            continue
        if not all(_enough(evaluator, chosen, *each) for each in problem.limits.minimum_service.items()):
            continue
        cost = chosen @ evaluator.cost
        for at, part in enumerate(evaluator.parts):
            key = (at, chosen[part.columns].tobytes())
            if key not in by_part:
                by_part[key] = evaluator.cost_of_part(part, chosen)
            cost = cost + by_part[key]
        yield plan, problem.risk.measure(cost)


def _enough(evaluator: Evaluator, chosen: FloatArray, name: str, share: float) -> bool:
    """Whether a class is served a share of what it asks for, as the allocation of the whole gives it out."""
    problem = evaluator.problem
    row = [each.name for each in problem.topology.classes].index(name)
    served = allocate(problem.demand, evaluator.pooled(chosen), problem.topology).served[row]
    asked = float((problem.demand[row] @ problem.terms.hours).mean())
    return float((served @ problem.terms.hours).mean()) >= (share - 1e-6) * asked


def topologies() -> tuple[Topology, ...]:
    """Classes alone in their levels, sharing them at home, and sharing them while they move in a chain or a ring."""
    pools = (Pool("eu", ("eu",)), Pool("us", ("us",), rate=2.0))
    training = DemandClass("training", "eu", Workload.TRAINING, priority=0, cost_short=6)
    there = DemandClass("there", "us", Workload.INFERENCE, priority=1, cost_short=4)
    moving = DemandClass("moving", "eu", Workload.INFERENCE, ("us",), priority=1, cost_short=4)
    idle = {"eu": 1.0, "us": 1.5}
    levels = (
        (training, moving, replace(there, priority=2, cost_short=3)),
        (training, replace(there, home="eu"), there),
        (training, moving, there),
        (replace(moving, name="first", priority=0, cost_short=6), moving, replace(there, elsewhere=("eu",))),
        (replace(moving, name="first"), moving, replace(there, elsewhere=("eu",))),
    )
    return tuple(Topology(pools, each, idle) for each in levels)


def served_problem(seed: int) -> Problem:
    """Minimum service on any classes of any topology, as much as one of the plans serves, or a little more or less."""
    rng = np.random.default_rng([seed, 7])
    topology = topologies()[seed % len(topologies())]
    problem = replace(drawn_problem(seed), topology=topology)
    evaluator = Evaluator.of(problem)
    asked = problem.demand @ problem.terms.hours
    plan = [int(rng.integers(len(each.choices))) for each in problem.decisions]
    served = allocate(problem.demand, evaluator.pooled(evaluator.taken(plan)), topology).served @ problem.terms.hours
    shares = served.mean(axis=1) / asked.mean(axis=1) * rng.choice([0.9, 0.999, 1.0, 1.001, 1.2], 3)
    rows = rng.permutation(3)[: rng.integers(1, 4)]
    minimum = {topology.classes[row].name: min(float(shares[row]), 1.0) for row in rows}
    spending = sum(each.choices[0].spending.sum() for each in problem.decisions)
    return replace(problem, limits=Limits(budget=float(spending * rng.uniform(0.7, 1.1)), minimum_service=minimum))
