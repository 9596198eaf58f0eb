"""What a plan was made from, in few numbers, so that later plans can be compared with it."""

from collections.abc import Iterator, Mapping

from planning.pacing.problem import Decision, Problem

Fact = float | str


def facts_of(problem: Problem) -> Mapping[str, Fact]:
    """Inputs by what they are, in words."""
    return {
        **dict(_of_demand(problem)),
        **dict(_of_limits(problem)),
        **{what: fact for decision in problem.decisions for what, fact in _of_block(decision)},
    }


def _of_demand(problem: Problem) -> Iterator[tuple[str, Fact]]:
    hours = problem.terms.hours / problem.terms.hours.sum()
    for each, row in zip(problem.topology.classes, problem.demand, strict=True):
        yield f"expected demand of {each.name}", float((row @ hours).mean())
        yield f"cost of shortage of {each.name}", each.cost_short
        yield f"priority of {each.name}", float(each.priority)
    for pool in problem.topology.pools:
        yield f"cost of idleness of {pool.name}", problem.topology.cost_idle.get(pool.name, 0.0)
        yield f"rate of {pool.name}", pool.rate


def _of_limits(problem: Problem) -> Iterator[tuple[str, Fact]]:
    limits = problem.limits
    yield "budget", "none" if limits.budget is None else limits.budget
    for what, values in (("budget per step", limits.budget_per_step), ("power in MW", limits.power_mw)):
        yield f"{what}, least", "none" if values is None else float(values.min())
        yield f"{what}, mean", "none" if values is None else float(values.mean())
    for name, share in limits.minimum_service.items():
        yield f"minimum service of {name}", share
    yield "weight of CVaR", problem.risk.weight
    yield "level of CVaR", problem.risk.level
    yield "discount rate", problem.terms.discount_rate


def _of_block(decision: Decision) -> Iterator[tuple[str, Fact]]:
    block = decision.block
    yield f"quantity of {block.name}", block.quantity
    yield f"phase of {block.name}", str(block.phase)
    yield f"online date of {block.name}", f"{block.online:%Y-%m-%d}"
    yield f"middle slip in days of {block.name}", block.slip_days.mid
    yield f"chance that {block.name} is ever there", block.conversion
    yield f"running cost of {block.name}", block.running_cost_per_month
    yield f"cost of all phases of {block.name}", sum(each.cost for each in block.milestones.values())
    for way in block.ways_out:
        yield f"last moment to {way.kind} {block.name}", f"{way.until:%Y-%m-%d}"
        yield f"charge to {way.kind} {block.name}", way.charge - way.refund
        yield f"charge per month to {way.kind} {block.name}", way.charge_per_month
