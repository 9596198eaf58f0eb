import pytest

from service.api.negotiation import CSV, prefers


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("text/*", True),
        ("application/json, text/csv", False),
        ("application/json;q=0.5, text/csv", True),
        ("text/csv;q=0.5, */*", False),
        ("text/csv;q=0", False),
        ("*/*;q=0.1, text/csv", True),
        ("text/csv;q=much", False),
        (",;,/", False),
    ],
)
def test_the_type_of_the_higher_weight_is_preferred(accept: str, wanted: bool) -> None:
    assert prefers(accept, CSV) is wanted
