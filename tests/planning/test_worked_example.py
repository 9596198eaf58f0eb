"""The worked example of docs/planning.md says what the mathematics says."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from planning.outlook import Outlook
from tests.planning.worked_example import EDGES, MONTHS, Example, example

PAGE = re.sub(r"\s+", " ", (Path(__file__).parents[2] / "docs" / "planning.md").read_text())
SHOWN = (0, 5, 11)
EAST, WEST = 0, 1

told = cache(example)


def row(name: str, values: np.ndarray, form: str) -> str:
    return f"| {name} | " + " | ".join(format(float(values[step]), form).replace("-0 ", "0 ") for step in SHOWN) + " |"


def outlook_rows() -> list[str]:
    found = told()
    rows = []
    for name, at in (("east", EAST), ("west", WEST)):
        for degree, each in (("live", found.live), ("with what is signed", found.committed)):
            rows += [
                row(f"{name}, {degree}: chance of shortage", each.pools.chance_short[at], ".0%"),
                row(f"{name}, {degree}: unmet, mean", each.pools.unmet.mean[at], ".1f"),
                row(f"{name}, {degree}: idle, mean", each.pools.idle.mean[at], ".1f"),
                row(f"{name}, {degree}: headroom at 95 %", each.pools.headroom[at], ".0f"),
            ]
    return [*rows, row("west: supply to aim at", found.target, ".1f")]


def when(step: int) -> str:
    return "no month" if step == MONTHS else f"{EDGES[step]:%B}"


def breach(name: str, found: Outlook) -> str:
    early, even, late = (when(step) for step in found.pools.first_breach.quantiles((0.1, 0.5, 0.9))[EAST])
    never = found.pools.first_breach.never[EAST]
    return f"{name}: 10 % by {early}, 50 % by {even}, 90 % by {late}; never with {never:.0%}".replace(
        "%", " %"
    ).replace("  ", " ")


def crossing() -> str:
    passes = told().crossing.passes
    early, even, late = (when(step) for step in passes.quantiles((0.1, 0.5, 0.9))[0])
    return (
        f"10 % by {early}, 50 % by {even} and 90 % by {late}, above from the start with a chance of "
        f"{passes.already[0] * 100:.0f} %, and not for good with one of {passes.never[0] * 100:.0f} %"
    )


def plan_rows() -> list[str]:
    advice = told().plan.of("east 2")
    assert advice is not None
    rows = [
        f"| {each.action} | {each.regret:,.0f} | {each.payments:,.0f} | {each.shortage:,.0f} | {each.idleness:,.0f} |"
        for each in advice.alternatives
    ]
    return [f"| **{advice.action}** | 0 | 0 | 0 | 0 |", *rows]


def plan_numbers() -> list[str]:
    plan = told().plan
    advice = plan.of("east 2")
    assert advice is not None
    assert advice.waiting.value is not None
    assert plan.stochastic.value is not None
    return [
        f"objective {plan.objective:,.0f}",
        f"expected cost {plan.costs.expected:,.0f}",
        f"CVaR {plan.costs.cvar:,.0f}",
        f"value of waiting {advice.waiting.value:,.0f}",
        f"value of the stochastic solution {plan.stochastic.value:,.0f}",
        f"value of perfect information {plan.information.value:,.0f}",
    ]


@pytest.mark.parametrize(
    "fragments",
    [
        outlook_rows,
        lambda: [breach("with what is live", told().live), breach("with what is signed too", told().committed)],
        lambda: [crossing()],
        plan_rows,
        plan_numbers,
    ],
    ids=["outlook", "first breach", "crossover", "regrets", "worth"],
)
def test_the_page_says_what_comes_out(fragments: object) -> None:
    assert callable(fragments)
    assert [each for each in fragments() if each not in PAGE] == []


def test_west_alone_falls_short_as_its_lognormal_demand_says() -> None:
    found: Example = told()
    median = 400 * 1.03 ** np.arange(MONTHS)
    np.testing.assert_allclose(found.live.pools.chance_short[WEST], norm.sf(np.log(600 / median) / 0.2), atol=0.005)
    np.testing.assert_allclose(found.target, median * np.exp(0.2 * norm.ppf(6 / 7)), rtol=0.01)


def test_the_plan_is_the_cheapest_of_all_there_are() -> None:
    plan = told().plan
    assert plan.gap < 1e-6
    assert plan.objective == pytest.approx(plan.costs.expected + 0.5 * plan.costs.cvar)
    advice = plan.of("east 2")
    assert advice is not None
    assert advice.value == min(each.regret for each in advice.alternatives) > 0
