import pytest

from service.api.negotiation import CSV, HTML, JSON, PARQUET, preferred, prefers


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


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("image/png", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/*", CSV),
        ("application/vnd.apache.parquet, text/csv;q=0.9", PARQUET),
        ("text/html;q=0.2, text/csv;q=0.3", CSV),
        ("text/html, application/json", JSON),
    ],
)
def test_of_many_types_the_one_of_the_highest_weight_is_preferred(accept: str, wanted: str) -> None:
    assert preferred(accept, (JSON, CSV, PARQUET, HTML)) == wanted
