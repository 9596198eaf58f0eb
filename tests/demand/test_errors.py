import pytest

from demand.errors import ComputecastError, Invalid, TooLarge, UnsupportedFormat


@pytest.mark.parametrize("kind", [TooLarge, UnsupportedFormat])
def test_what_is_too_large_or_in_a_strange_format_is_invalid(kind: type[Invalid]) -> None:
    assert issubclass(kind, Invalid)
    assert issubclass(kind, ComputecastError)


def test_invalid_carries_its_message_and_a_copy_of_its_details() -> None:
    details = [{"column": "value"}]

    error = Invalid("value is missing", details)
    details.clear()

    assert str(error) == "value is missing"
    assert error.details == ({"column": "value"},)
