import numpy as np
import pytest

from demand.errors import Invalid
from planning.scenarios.prices import PriceChange
from tests.planning.scenarios.making import ALL_INFERENCE, happening, known, level, moment


def change(size: float, elasticity: float, ramp_days: float = 0) -> PriceChange:
    return PriceChange(
        name="x",
        selection=ALL_INFERENCE,
        at=moment("2026-03-01"),
        change_of_price=known(size),
        elasticity=known(elasticity),
        ramp_days=ramp_days,
    )


@pytest.mark.parametrize(
    ("size", "elasticity", "factor"), [(-0.5, -1, 2), (-0.75, -0.5, 2), (1, -1, 0.5), (-0.5, 0, 1)]
)
def test_demand_answers_with_a_constant_elasticity(size: float, elasticity: float, factor: float) -> None:
    values = happening(level(), change(size, elasticity)).demand.values[:, 0]
    np.testing.assert_allclose(values[1], [50] * 2 + [50 * factor] * 22)
    assert values[0].tolist() == [100] * 24


def test_the_answer_may_take_time() -> None:
    np.testing.assert_allclose(happening(level(), change(-0.5, -1, 31)).demand.values[1, 0, 1:4], [50, 75, 100])


def test_what_costs_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match=r"give more than -0\.99"):
        change(-1, -1)
