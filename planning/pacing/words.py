"""Why a block is treated as it is, in plain words."""

from collections.abc import Sequence

import numpy as np

from planning.pacing.actions import Action
from planning.pacing.problem import Decision
from planning.pacing.regret import Alternative
from planning.pacing.review import Review
from planning.pacing.waiting import Waiting


def why(
    decision: Decision, action: Action, others: Sequence[Alternative], waiting: Waiting, review: Review | None = None
) -> str:
    """A few sentences on one block.

    Args:
        decision: the block.
        action: what is planned.
        others: what else could be done.
        waiting: what it is worth to decide later.
        review: what is due before plans are made again, if that is known.
    """
    if not others:
        return "There is no way out that is open, so it goes on."
    currency = decision.block.currency
    allowed = [each for each in others if np.isfinite(each.regret)]
    if not allowed:
        return f"To {action} is the only thing that keeps all limits{_order(decision)}."
    closest = min(allowed, key=lambda each: each.regret)
    sentences = [_against(action, closest, currency)]
    sentences.append(_on_review(decision.block.name, review))
    if closest.near_tie:
        sentences.append("That is a near tie: the difference is too small to count.")
    if forbidden := [str(each.action) for each in others if not np.isfinite(each.regret)]:
        sentences.append(f"To {' or '.join(forbidden)} would not keep all limits{_order(decision)}.")
    sentences.append(_on_waiting(waiting, currency))
    return " ".join(each for each in sentences if each)


def money(amount: float, currency: str) -> str:
    """An amount with its currency, rounded to what can be read."""
    for size, word in ((1e9, " billion"), (1e6, " million"), (1e3, " thousand")):
        if abs(amount) >= size:
            return f"{amount / size:.3g}{word} {currency}"
    return f"{amount:.3g} {currency}"


def _order(decision: Decision) -> str:
    """A block that waits for others is not online before them, nor ever if they never are."""
    after = " and ".join(decision.block.after)
    return f" and does not come before {after}, which it waits for" if after else ""


def _against(action: Action, other: Alternative, currency: str) -> str:
    parts = [
        _difference(other.payments, "payments", currency),
        _difference(other.shortage, "shortage", currency),
        _difference(other.idleness, "idle capacity", currency),
    ]
    told = ", ".join(part for part in parts if part) or "no change of expected costs"
    regret = "nothing" if other.regret <= 0 else money(other.regret, currency)
    return (
        f"To {action} rather than to {other.action} saves {regret} of the objective; with all other blocks as planned, "
        f"to {other.action} would mean {told}."
    )


def _difference(amount: float, what: str, currency: str) -> str:
    if abs(amount) < 0.5:
        return ""
    return f"{money(abs(amount), currency)} {'more' if amount > 0 else 'less'} for {what}"


def _on_review(block: str, review: Review | None) -> str:
    if review is None:
        return ""
    if block not in review.due:
        return f"It is not due before the next review on {review.at:%Y-%m-%d}: this is how it stands now."
    follows = review.objective is not None
    return "That is told as if what is not due yet would follow what is seen until it is." if follows else ""


def _on_waiting(waiting: Waiting, currency: str) -> str:
    if waiting.value is None or waiting.deadline is None:
        return ""
    day = f"{waiting.deadline:%Y-%m-%d}"
    if waiting.value > 0:
        return f"To decide only by {day}, knowing the demand until then, would save {money(waiting.value, currency)}."
    return f"To wait until {day} would not pay."
