import pytest

from demand.errors import Invalid
from demand.units import ACCELERATORS, CONVERTIBLE, check_convertible, is_unit


@pytest.mark.parametrize("name", [ACCELERATORS, "mw", "tokens_per_second", "h100_hours", "a" * 64])
def test_lower_case_names_with_underscores_are_units(name: str) -> None:
    assert is_unit(name)


@pytest.mark.parametrize("name", ["", "MW", "_mw", "1mw", "tokens/s", "tokens per second", "mw\n", "é", "a" * 65])
def test_other_names_are_no_units(name: str) -> None:
    assert not is_unit(name)


def test_units_that_convert_are_told_from_those_that_do_not() -> None:
    for unit in CONVERTIBLE:
        check_convertible(unit)
    with pytest.raises(Invalid, match="megawatts, tokens_per_second"):
        check_convertible("furlongs")
