import numpy as np
import pytest

from demand.errors import Invalid
from planning.scenarios.power import PowerCap
from tests.planning.scenarios.blocks import BLOCKS, HALL, LEASE, POWER, TALKS, by_name, supply_of
from tests.planning.scenarios.making import happening, known, level, moment

EACH = {"H100": 0.001}


def cap(megawatts: float, regions: tuple[str, ...] = ("eu",), **more: object) -> PowerCap:
    event = {"name": "x", "at": moment("2026-03-01"), "megawatts": known(megawatts), "megawatts_per_accelerator": EACH}
    return PowerCap(regions=regions, **{**event, **more})  # type: ignore[arg-type]


def test_a_cap_on_power_is_shared_by_what_blocks_would_draw() -> None:
    supply = by_name(happening(level(), cap(0.7), blocks=BLOCKS))
    # Until July the hall draws 1 MW alone, then with the lease 1.4 MW, of which one half can run.
    np.testing.assert_allclose(supply["hall"], [1000] * 2 + [700] * 4 + [500] * 18)
    np.testing.assert_allclose(supply["lease"], [0] * 6 + [200] * 18)
    assert by_name(happening(level(), blocks=(TALKS,)))["talks"].tolist() == supply["talks"].tolist()


def test_a_cap_above_what_is_drawn_changes_nothing() -> None:
    before, after = (supply_of(happening(level(), *events, blocks=BLOCKS)) for events in ((), (cap(5),)))
    np.testing.assert_array_equal(before, after)


def test_a_cap_ends() -> None:
    supply = by_name(happening(level(), cap(0.5, until=moment("2026-05-16")), blocks=(HALL,)))["hall"]
    middle = 1000 - 500 * 15 / 31
    np.testing.assert_allclose(supply[:6], [1000, 1000, 500, 500, middle, 1000])


def test_power_of_blocks_counts_as_it_is() -> None:
    supply = by_name(happening(level(), cap(40.5, ()), blocks=(HALL, POWER)))
    assert supply["campus"][5] + supply["hall"][5] / 1000 == pytest.approx(40.5)
    assert supply["campus"][5] / 80 == pytest.approx(supply["hall"][5] / 1000)


def test_what_is_drawn_never_exceeds_the_cap_while_it_holds() -> None:
    supply = supply_of(happening(level(n_paths=50), cap(0.9, ()), blocks=BLOCKS))
    assert (supply.sum(axis=0)[:, 3:] * 0.001 <= 0.9 + 1e-12).all()


def test_accelerators_whose_power_is_not_given_are_refused() -> None:
    with pytest.raises(Invalid, match="of eu does not say what one H100 of block 'hall' draws"):
        happening(level(), cap(1, megawatts_per_accelerator={"A100": 0.0007}), blocks=(HALL, LEASE))


def test_caps_without_sense_are_refused() -> None:
    with pytest.raises(Invalid, match="the power is -1"):
        cap(-1)
    with pytest.raises(Invalid, match="draws 0 MW"):
        cap(1, megawatts_per_accelerator={"H100": 0.0})
    with pytest.raises(Invalid, match="not after it begins"):
        cap(1, until=moment("2026-01-01"))
    with pytest.raises(Invalid, match="blocks with region in"):
        happening(level(), cap(1, ("asia",)), blocks=(HALL,))
