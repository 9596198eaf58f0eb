"""Which limits cannot be kept together: a smallest set of them, so that relaxing any one of it would help."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from planning.pacing.evaluation import Evaluator
from planning.pacing.master import Master
from planning.pacing.problem import Problem, Risk
from planning.pacing.rows import Row, rows_of, told
from planning.pacing.service import Service, services_of
from planning.pacing.solving import NoPlan

_SECONDS = 10.0
_ROUNDS = 500

Limit = Row | Service


def clash(problem: Problem) -> tuple[str, ...]:
    """Names of limits that no plan keeps together, none of which can be left out; empty where a plan keeps all.

    Limits are taken away one by one, and those whose absence does not help stay away (the deletion filter of Chinneck
    and Dravnieks, 1991); whole kinds of limits first, as most have nothing to do with it.
    """
    evaluator = Evaluator.of(replace(problem, risk=Risk()))
    limits: list[Limit] = [*rows_of(evaluator), *services_of(evaluator)]
    if feasible(evaluator, limits):
        return ()
    for kind in dict.fromkeys(_kind(each) for each in limits):
        rest = [each for each in limits if _kind(each) != kind]
        if not feasible(evaluator, rest):
            limits = rest
    for each in tuple(limits):
        rest = [other for other in limits if other is not each]
        if not feasible(evaluator, rest):
            limits = rest
    return tuple(_name(evaluator, each, alone=len(limits) == 1) for each in limits)


def refuse(problem: Problem) -> NoPlan:
    """The error that says which limits clash."""
    names = clash(problem)
    words = " and ".join(names) or "all limits"
    advice = "relax one of them" if len(names) > 1 else "relax it"
    return NoPlan(f"no plan keeps {words}; {advice}", [{"limit": name} for name in names])


def feasible(evaluator: Evaluator, limits: Sequence[Limit]) -> bool:
    """Whether some plan keeps these limits, or none is known to be the one that would."""
    rows = tuple(each for each in limits if isinstance(each, Row))
    services = tuple(each for each in limits if isinstance(each, Service))
    groups = np.zeros(evaluator.problem.shape[0], dtype=np.intp)
    master = Master(evaluator, groups, rows, services, scale=1.0, costs_count=False)
    for _ in range(_ROUNDS):
        found = master.solved(1.0, _SECONDS)
        if found.chosen is None:
            return not found.infeasible
        short = [at for at, each in enumerate(services) if not each.keeps(each.served(evaluator, found.chosen))]
        if not short and all(row.keeps(found.chosen) for row in rows):
            return True
        for at in short:
            master.add_service(at, found.chosen)
            master.forbid(found.chosen, services[at].part)
        if not short:
            master.forbid(found.chosen)
    return True


def _kind(limit: Limit) -> str:
    return limit.kind if isinstance(limit, Row) else f"service of {limit.name}"


def _name(evaluator: Evaluator, limit: Limit, *, alone: bool) -> str:
    """The limit in words; one that no plan keeps even if it is alone, with what would have to be allowed."""
    if isinstance(limit, Service):
        return limit.words if not alone else f"{limit.words} (the most that is possible is {_most(evaluator, limit)})"
    if not (alone and limit.unit):
        return limit.name
    return f"{limit.name} (the least that is possible is {told(_least(evaluator, limit))} {limit.unit})"


def _least(evaluator: Evaluator, limit: Row) -> float:
    """What a limit must be at least, if of every block the choice is taken that needs least of it."""
    return float(np.minimum.reduceat(limit.weights, evaluator.first[:-1]).sum())


def _most(evaluator: Evaluator, limit: Service) -> str:
    """What is served if every block proceeds."""
    chosen = evaluator.taken([0] * len(evaluator.problem.decisions))
    return told(limit.served(evaluator, chosen))
