import numpy as np
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.paths import DemandPaths
from planning.estimates import Estimate
from planning.scenarios.growth import GrowthOverride, own_growth
from tests.planning.scenarios.making import ALL_INFERENCE, INFERENCE, START, edges, happening, known, moment, noisy

MIDDLES = (edges(36)[1:] + edges(36)[:-1]) / 2
YEARS = (MIDDLES - edges(36)[0]) / 365.25
NOISE = np.random.default_rng(1).lognormal(0, 0.3, (50, 36))
NOISE /= NOISE.mean(axis=0)


def growing(rate: float, season: float = 0.0, noise: np.ndarray = NOISE) -> DemandPaths:
    """Exact exponential growth times a season of the months, times noise whose mean is one."""
    months = 1 + season * np.sin(2 * np.pi * np.arange(36) / 12)
    return DemandPaths((INFERENCE,), Granularity.MONTH, START, (100 * (1 + rate) ** YEARS * months * noise)[None])


def override(rate: Estimate, begins: str = "2026-01-01", **ends: object) -> GrowthOverride:
    return GrowthOverride(
        name="x",
        selection=ALL_INFERENCE,
        begins=moment(begins),
        annual_growth=rate,
        **ends,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("season", [0, 0.4])
def test_stated_growth_replaces_the_paths_own_and_keeps_season_and_variation(season: float) -> None:
    changed = happening(growing(0.3, season), override(known(0.8))).demand
    np.testing.assert_allclose(changed.values, growing(0.8, season).values, rtol=2e-3)


def test_growth_that_is_stated_to_be_the_paths_own_changes_nothing() -> None:
    changed = happening(growing(0.3), override(known(0.3))).demand
    np.testing.assert_allclose(changed.values, growing(0.3).values, rtol=1e-3)


def test_growth_begins_and_ends_when_it_is_said_to() -> None:
    flat = growing(0, noise=np.ones((1, 36)))
    values = happening(flat, override(known(1.0), "2027-01-01", ends=moment("2028-01-01"))).demand.values[0, 0]
    assert values[:12].tolist() == [100] * 12
    np.testing.assert_allclose(values[12:24], 100 * 2 ** (YEARS[12:24] - 365 / 365.25), rtol=1e-9)
    np.testing.assert_allclose(values[24:], 200, rtol=1e-3)


def test_within_less_than_a_year_growth_is_told_by_a_line() -> None:
    assert own_growth(MIDDLES[:8], 7 * np.exp(0.5 * YEARS[:8]), 12) == pytest.approx(0.5)


def test_of_demand_that_is_not_there_no_growth_is_told() -> None:
    assert own_growth(MIDDLES, np.zeros(36), 12) == 0
    nothing = DemandPaths((INFERENCE,), Granularity.MONTH, START, np.zeros((1, 2, 36)))
    assert happening(nothing, override(known(2))).demand.values.max() == 0


def test_uncertain_growth_is_spread_as_it_is_estimated() -> None:
    flat = growing(0, noise=np.ones((20_000, 36)))
    last = happening(flat, override(Estimate(0.1, 0.5, 1.5))).demand.values[0, :, -1] / 100
    expected = [1.1 ** YEARS[-1], 1.5 ** YEARS[-1], 2.5 ** YEARS[-1]]
    np.testing.assert_allclose(np.quantile(last, [0.1, 0.5, 0.9]), expected, rtol=0.05)


def test_growth_that_loses_all_and_time_that_runs_back_are_refused() -> None:
    with pytest.raises(Invalid, match="give more than -1"):
        override(known(-1))
    with pytest.raises(Invalid, match="ends on 2026-01-01, not after it begins on 2026-01-01"):
        override(known(1), ends=moment("2026-01-01"))


def test_other_demand_keeps_its_growth() -> None:
    np.testing.assert_array_equal(happening(noisy(), override(known(1))).demand.values[0], noisy().values[0])
