import gzip
import json

import pytest

from demand.errors import Invalid, TooLarge
from service.connectors.files import Format
from service.connectors.json_files import LARGEST_ARRAY_BYTES
from tests.service.connectors.reading import MOMENT, RECORDS, read


def test_json_rows_are_numbered_and_their_faults_told() -> None:
    rows = [
        {"timestamp": MOMENT, "value": 1},
        {"timestamp": MOMENT, "value": 1, "gpu": "H100"},
        {"timestamp": MOMENT},
        {"timestamp": MOMENT, "value": [1]},
        {"timestamp": MOMENT, "value": True},
        "row",
        {"timestamp": MOMENT, "value": 1, "tenant": 5},
        {"timestamp": MOMENT, "value": None},
    ]
    batch = read(json.dumps(rows).encode(), Format.JSON)
    assert batch.rows["line"].tolist() == [1]
    assert [(rejection.line, rejection.column, rejection.reason.split(";")[0]) for rejection in batch.rejections] == [
        (2, "gpu", "stands in an unknown column"),
        (3, "value", "is missing"),
        (4, "value", "is an array"),
        (5, "value", "is not a number"),
        (6, "", "is a text"),
        (7, "tenant", "is not text"),
        (8, "value", "is missing"),
    ]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e999", "1" + "0" * 400])
def test_json_numbers_that_are_no_levels_are_refused(value: str) -> None:
    batch = read(f'[{{"timestamp": "{MOMENT}", "value": {value}}}]'.encode(), Format.JSON)
    assert [rejection.column for rejection in batch.rejections] == ["value"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"timestamp": 1}', "the JSON is an object; send an array of objects"),
        (b"null", "the JSON is null"),
        (b'[{"timestamp": ', "this is not JSON: .* line 1"),
        (b'[{"value": 1, "value": 2}]', "the name 'value' stands twice in one object"),
        (b"[" * 100_000, "this is not JSON"),
        (b'["\xff"]', "this is not JSON: .*0xff"),
    ],
)
def test_json_that_is_no_array_of_objects_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read(content, Format.JSON)


@pytest.mark.parametrize("content", [b"[]", b"  \n "])
def test_json_without_rows_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="there is no row in this json file"):
        read(content, Format.JSON)


def test_a_json_array_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(TooLarge, match="send it as NDJSON"):
        read(gzip.compress(b" " * (LARGEST_ARRAY_BYTES + 1), compresslevel=1), Format.JSON)


def test_broken_ndjson_lines_are_refused_one_by_one() -> None:
    good = json.dumps(RECORDS[0])
    batch = read(f'{good}\n\n{{"timestamp": \n{good}\n[1]\n'.encode(), Format.NDJSON)
    assert batch.rows["line"].tolist() == [1, 4]
    assert [(rejection.line, rejection.column) for rejection in batch.rejections] == [(3, ""), (5, "")]
    assert batch.rejections[0].reason.startswith("is not a JSON object: ")
