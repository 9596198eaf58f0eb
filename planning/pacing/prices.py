"""What one unit more of a limit would save."""

from dataclasses import dataclass

from planning.pacing.solving import Solver

_NOTHING = 1e-9


@dataclass(frozen=True)
class Price:
    """The shadow price of a limit.

    It is the dual of the relaxation, in which actions may be taken in part, with all cuts that the plan left. It tells
    what a small change of the limit is worth at the margin; a change that lets a whole block in or out can be worth
    more or less.

    Attributes:
        limit: in words.
        kind: budget, budget per step, power, order or service.
        saved: of the objective per unit of the limit: of money, of MW, or of an accelerator-hour less to be served.
    """

    limit: str
    kind: str
    saved: float


def shadow_prices(solver: Solver) -> tuple[Price, ...]:
    """Prices of all limits that bind, the order of blocks apart; the dearest of each kind first."""
    found, values = solver.master.relaxed()
    if found.chosen is None:
        return ()
    named = [(row.name, row.kind) for row in solver.master.rows]
    named += [(f"minimum service for {each.name!r}", "service") for each in solver.master.services]
    prices = [
        Price(name, kind, float(value))
        for (name, kind), value in zip(named, values, strict=True)
        if value > _NOTHING and kind != "order"
    ]
    return tuple(sorted(prices, key=lambda price: (price.kind, -price.saved)))
