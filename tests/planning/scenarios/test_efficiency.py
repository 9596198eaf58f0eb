import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.scenarios.efficiency import EfficiencyGain
from tests.planning.scenarios.making import ALL_INFERENCE, happening, known, level, moment, noisy


def gain(factor: Estimate, rebound: float = 0, reach: float = 1, days: float = 0) -> EfficiencyGain:
    return EfficiencyGain(
        name="x",
        selection=ALL_INFERENCE,
        middle=moment("2027-01-01"),
        factor=factor,
        adoption_days=days,
        reach=known(reach),
        rebound=known(rebound),
    )


@pytest.mark.parametrize(
    ("rebound", "reach", "expected"),
    [(0, 1, 12.5), (0.5, 1, 25), (1, 1, 50), (1.5, 1, 100), (0, 0.4, 35), (1.5, 0.4, 70)],
)
def test_four_times_the_work_takes_what_the_rebound_leaves_of_a_quarter(
    rebound: float, reach: float, expected: float
) -> None:
    values = happening(level(), gain(known(4), rebound, reach)).demand.values
    np.testing.assert_allclose(values[1, 0], [50] * 12 + [expected] * 12)
    assert values[0].min() == values[0].max() == 100


def test_adoption_follows_the_logistic_curve() -> None:
    values = happening(level(), gain(known(2), days=200)).demand.values[1, 0]
    middle = 365 + 15.5
    share = 1 / (1 + 81 ** (-(middle - 365) / 200))
    assert values[12] == pytest.approx(50 * (1 - share / 2), rel=1e-3)
    assert (np.diff(values) < 0).all()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.floats(1, 20), st.floats(0, 1), st.floats(0, 1), st.floats(0, 900))
def test_without_more_work_than_it_saves_a_gain_never_raises_demand(
    factor: float, rebound: float, reach: float, days: float
) -> None:
    before = noisy(20)
    after = happening(before, gain(known(factor), rebound, reach, days)).demand
    assert (after.values <= before.values * (1 + 1e-12)).all()


@pytest.mark.parametrize(("factor", "rebound", "words"), [(0.5, 0, "give one of at least 1"), (2, -1, "rebound")])
def test_losses_and_elasticities_of_the_wrong_sign_are_refused(factor: float, rebound: float, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        gain(known(factor), rebound)


def test_an_uncertain_gain_is_never_a_loss() -> None:
    before = noisy()
    assert (happening(before, gain(Estimate(1, 2, 3))).demand.values <= before.values).all()
