import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from demand.accelerators import DEFAULT, Accelerator, Catalogue, Figure, Source, published
from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from demand.estimates import Estimate
from demand.units import CONVERTIBLE
from planning.conversion import Converter

N_PATHS = 20_000


def figure(*numbers: float) -> Figure:
    value = Estimate.certain(numbers[0]) if len(numbers) == 1 else Estimate(*numbers)
    return Figure(value, Source("made up"))


SURE = Catalogue(
    "v",
    (
        Accelerator("big", power_watts=figure(1000), tokens_per_second={"70b": figure(2000)}),
        Accelerator("small", power_watts=figure(100), tokens_per_second={"70b": figure(100)}, pue=figure(1.5)),
        Accelerator("dark", tokens_per_second={"8b": figure(7)}),
    ),
    Accelerator(DEFAULT, host_overhead=figure(0.25), pue=figure(1.2)),
)
HOURS = np.array([24.0, 24.0])
ONES = np.full((3, 2), 10.0)


def converter(unit: str, catalogue: Catalogue = SURE, hours: np.ndarray = HOURS, **more: object) -> Converter:
    return Converter(catalogue, unit, hours, **{"model_class": "70b", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "accelerator", "expected"),
    [
        ("accelerators", "big", 10),
        ("accelerator_hours", "big", 240),
        ("megawatts", "big", 10 * 1000 * 1.25 * 1.2 / 1e6),
        ("megawatts", "small", 10 * 100 * 1.25 * 1.5 / 1e6),
        ("tokens_per_second", "big", 20_000),
    ],
)
def test_what_is_known_exactly_is_a_product(unit: str, accelerator: str, expected: float) -> None:
    converted = converter(unit).convert(ONES, "accelerators", accelerator)
    np.testing.assert_allclose(converted, np.full((3, 2), expected))


def test_a_bucket_is_as_many_hours_as_it_lasts() -> None:
    starts = buckets(pd.Timestamp("2024-02-01", tz="UTC"), 3, Granularity.MONTH)
    hours = np.diff(starts.asi8) / 3.6e12
    converted = converter("accelerator_hours", hours=hours).convert(ONES, "accelerators", "big")
    np.testing.assert_allclose(converted[0], [10 * 29 * 24, 10 * 31 * 24])


def test_accelerator_hours_need_nothing_to_be_known_of_the_accelerator() -> None:
    assert converter("accelerator_hours").convert(ONES, "accelerators", "whatever")[0, 0] == 240


@given(
    source=st.sampled_from(CONVERTIBLE),
    target=st.sampled_from(CONVERTIBLE),
    accelerator=st.sampled_from(["big", "small"]),
)
def test_there_and_back_is_the_same(source: str, target: str, accelerator: str) -> None:
    there = converter(target).convert(ONES, source, accelerator)
    np.testing.assert_allclose(converter(source).convert(there, target, accelerator), ONES)


def test_megawatts_have_the_quantiles_of_the_estimates() -> None:
    default = Accelerator(DEFAULT, host_overhead=figure(0.5), pue=figure(1.1, 1.3, 1.7))
    catalogue = Catalogue("v", (Accelerator("x", power_watts=figure(1000)),), default)
    drawn = converter("megawatts", catalogue).convert(np.full((N_PATHS, 2), 1e3), "accelerators", "x")
    assert (drawn[:, 0] == drawn[:, 1]).all()
    # A quantile of n draws lies within three standard errors of its probability.
    for level, pue in ((0.1, 1.1), (0.5, 1.3), (0.9, 1.7)):
        share = (drawn[:, 0] <= 1.5 * pue).mean()
        assert share == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / N_PATHS))
    assert drawn.min() > 1.5


def test_a_sum_of_accelerators_shares_the_draw_of_what_they_share() -> None:
    catalogue = published()
    into = converter("megawatts", catalogue)
    one = np.full((N_PATHS, 2), 1e3)
    first, second = into.convert(one, "accelerators", "H100"), into.convert(one, "accelerators", "MI300X")
    np.testing.assert_allclose(second / first, 750 / 700)


def test_an_accelerator_with_a_pue_of_its_own_is_drawn_apart() -> None:
    own = Accelerator("MI300X", pue=figure(1.1, 1.32, 1.54))
    into = converter("megawatts", published().overridden([own], "v"))
    one = np.full((N_PATHS, 2), 1e3)
    first, second = into.convert(one, "accelerators", "H100"), into.convert(one, "accelerators", "MI300X")
    assert (second / first).std() > 0.01


def test_how_a_class_of_models_is_served_is_drawn_once_for_all_accelerators() -> None:
    into = converter("tokens_per_second", published())
    one = np.full((N_PATHS, 2), 1.0)
    first, second = (into.convert(one, "accelerators", name)[:, 0] for name in ("B200", "MI300X"))
    assert (np.argsort(first) == np.argsort(second)).all()
    assert np.median(first) == pytest.approx(99123 / 8, rel=0.01)


def test_the_same_seed_gives_the_same_paths_and_fewer_paths_are_the_first() -> None:
    into = converter("megawatts", published())
    many, few = (into.convert(np.ones((n, 2)), "accelerators", "H100") for n in (50, 5))
    np.testing.assert_array_equal(many[:5], few)
    other = converter("megawatts", published(), seed=1).convert(np.ones((5, 2)), "accelerators", "H100")
    assert (other != few).all()


def test_uncertain_power_multiplies_with_the_other_uncertainties() -> None:
    catalogue = Catalogue(
        "v",
        (Accelerator("x", power_watts=figure(900, 1000, 1111.11)),),
        Accelerator(DEFAULT, host_overhead=figure(0), pue=figure(1)),
    )
    drawn = converter("megawatts", catalogue).convert(np.full((N_PATHS, 2), 1e3), "accelerators", "x")[:, 0]
    deviation = np.log(1000 / 900) / norm.ppf(0.9)
    assert np.log(drawn).std() == pytest.approx(deviation, rel=0.03)


@pytest.mark.parametrize(
    ("unit", "source", "accelerator", "said"),
    [
        ("megawatts", "accelerators", "dark", "the power of 'dark' is not known"),
        ("tokens_per_second", "accelerators", "dark", "known for 8b"),
        ("megawatts", "tokens_per_second", "dark", "known for 8b"),
        ("megawatts", "gpus", "big", "'gpus' converts into no other unit; those that convert are accelerators"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_what_is_missing(
    unit: str, source: str, accelerator: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        converter(unit).convert(ONES, source, accelerator)


def test_a_unit_that_nothing_converts_into_is_refused() -> None:
    with pytest.raises(Invalid, match="'furlongs' converts into no other unit"):
        converter("furlongs")


def test_tokens_without_a_class_of_models_are_refused_with_the_classes_that_are_known() -> None:
    with pytest.raises(Invalid, match="8b, 70b, as in model_class=70b"):
        Converter(SURE, "tokens_per_second", HOURS)
    with pytest.raises(Invalid, match="is of a model"):
        Converter(SURE, "megawatts", HOURS).convert(ONES, "tokens_per_second", "big")


def test_a_unit_that_is_kept_is_left_alone_whatever_it_is() -> None:
    assert converter("megawatts").convert(ONES, "megawatts", "nothing known") is ONES
