from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from planning.ledger import Block, Exit, WayOut
from planning.pacing.payments import Projected, Terms, day_number
from planning.pacing.problem import Limits, Risk, draft
from tests.planning.pacing.cases import two_pools

NOW = pd.Timestamp("2026-01-01", tz="UTC")
TERMS = Terms(NOW, buckets(NOW, 13, Granularity.MONTH))
DEMAND = np.full((3, 5, 12), 50.0)


def projected(name: str, **changes: object) -> Projected:
    ways = (WayOut(Exit.CANCEL, NOW), WayOut(Exit.SLOW, NOW, months=6))
    block = Block(name, 10, NOW + pd.Timedelta(days=90), accelerator="H100", ways_out=ways)
    block = replace(block, **changes)  # type: ignore[arg-type]
    return Projected(block, 0, 10.0, np.full(5, day_number(block.online)))


@pytest.mark.parametrize("level", [0.0, 0.5, 0.87, 0.99])
def test_cvar_is_that_of_its_linear_programme(level: float) -> None:
    cost = np.random.default_rng(4).lognormal(0, 1, 37)
    excess = np.column_stack([-np.ones(37), -np.eye(37)])
    objective = np.r_[1.0, np.full(37, 1 / (37 * (1 - level)))]
    bounds = [(None, None)] + [(0, None)] * 37
    expected = linprog(objective, A_ub=excess, b_ub=-cost, bounds=bounds).fun
    assert Risk(2.0, level).measure(cost) == pytest.approx(cost.mean() + 2 * expected)


def test_risk_is_checked() -> None:
    with pytest.raises(Invalid, match="weight of -1"):
        Risk(-1.0)
    with pytest.raises(Invalid, match="CVaR at 1"):
        Risk(1.0, 1.0)


def test_a_block_is_not_online_before_those_it_waits_for() -> None:
    problem = draft([projected("power"), projected("chips", after=("power",))], DEMAND, two_pools(), TERMS)
    words = {
        (str(problem.decisions[a].choices[b].action), str(problem.decisions[c].choices[d].action))
        for (a, b), (c, d) in problem.excluded
    }
    assert words == {
        ("cancel", "proceed"),
        ("cancel", "slow by 3 months"),
        ("cancel", "slow by 6 months"),
        ("slow by 3 months", "proceed"),
        ("slow by 6 months", "proceed"),
        ("slow by 6 months", "slow by 3 months"),
    }


def test_what_cannot_be_decided_has_one_choice_and_no_deadline() -> None:
    later = replace(TERMS, now=NOW + pd.Timedelta(days=1))
    problem = draft([projected("power")], DEMAND, two_pools(), later)
    assert len(problem.decisions[0].choices) == 1
    assert problem.decisions[0].deadline is None
    assert [each.kind for each in problem.closed] == [Exit.CANCEL, Exit.SLOW]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(minimum_service={"nobody": 0.5}), "'nobody', which is no class"),
        (Limits(power_mw=np.ones(3)), "one number for each"),
        (Limits(power_mw=np.ones(12)), "none is known for 'H100'"),
    ],
)
def test_limits_on_what_is_not_there_are_refused(limits: Limits, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        draft([projected("power")], DEMAND, two_pools(), TERMS, limits)


def test_draws_that_do_not_fit_are_refused() -> None:
    with pytest.raises(Invalid, match="'power' do not fit 4 paths"):
        draft([projected("power")], DEMAND[:, :4], two_pools(), TERMS)
    with pytest.raises(Invalid, match="does not fit 3 classes and 12 steps"):
        draft([projected("power")], DEMAND[:, :, :4], two_pools(), TERMS)
    with pytest.raises(Invalid, match="no share"):
        Limits(minimum_service={"a": 1.5})
