import pytest

from demand.errors import Invalid
from service.connectors.files import Format
from tests.service.connectors.reading import MOMENT, ROW, accepted, csv, read


def test_csv_lines_are_numbered_as_an_editor_shows_them() -> None:
    text = f'timestamp,tenant,value\n{MOMENT},a,1\n\n{MOMENT},"b\nb",2\n{MOMENT},c,-3\n{MOMENT},d,4\n'
    batch = csv(text)
    assert batch.rows[["line", "value"]].to_numpy().tolist() == [[2, 1.0], [7, 4.0]]
    assert [(rejection.line, rejection.column) for rejection in batch.rejections] == [(4, "tenant"), (6, "value")]


def test_csv_with_carriage_returns_spaced_headers_and_no_last_line_end_is_read() -> None:
    text = f"timestamp , value\r\n{MOMENT},1\r\n{MOMENT},2"
    assert accepted(csv(text)) == [(2, 1.0), (3, 2.0)]


def test_csv_quotes_hold_commas_and_doubled_quotes() -> None:
    batch = csv(f'timestamp,tenant,value\n{MOMENT},"Smith, ""Jr""",1\n')
    assert batch.rows["tenant"].tolist() == ['Smith, "Jr"']


def test_a_csv_name_that_looks_like_a_number_stays_as_it_is_written() -> None:
    batch = csv(f"timestamp,region,tenant,value\n{MOMENT},007,NA,1\n")
    assert batch.rows[["region", "tenant"]].to_numpy().tolist() == [["007", "NA"]]


def test_ragged_csv_rows_are_refused_one_by_one() -> None:
    batch = csv(f"timestamp,value\n{MOMENT}\n{ROW}{MOMENT},1,5\n")
    assert batch.rows["line"].tolist() == [3]
    assert [(rejection.line, rejection.column, rejection.value) for rejection in batch.rejections] == [
        (2, "", MOMENT),
        (4, "", f"{MOMENT},1,5"),
    ]
    assert batch.rejections[1].reason.startswith("has 3 cells where the header has 2; ")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("timestamp,value,gpu", "unknown column 'gpu'"),
        ("timestamp,region", "missing column 'value'"),
        ("timestamp,value,value", "repeated column 'value'"),
        ("timestamp;value", "'timestamp;value' is separated by ';'; use commas"),
        ("timestamp\tvalue", r"separated by '\\t'; use commas"),
        ("2025-01-06T00:00:00Z,1", "missing column 'timestamp'"),
    ],
)
def test_a_csv_header_that_is_not_tidy_is_refused(header: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        csv(f"{header}\n{ROW}")


def test_a_csv_header_without_rows_is_refused() -> None:
    with pytest.raises(Invalid, match="there is no row"):
        csv("timestamp,value\n")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"timestamp,value\n{ROW}Z\xfcrich,1\n".encode("latin-1"), "line 3 holds the byte 0xfc at position 2"),
        (f"timestamp,value\n{ROW}".encode("utf-16"), "line 1 holds the byte 0xff at position 1"),
        (f'timestamp,value\n{ROW}"{MOMENT},1\n{ROW}'.encode(), "row that begins on line 3 cannot be read as CSV"),
        (f'timestamp,value\n{ROW}"{MOMENT}"x,1\n'.encode(), "row that begins on line 3 cannot be read as CSV"),
        (f"timestamp,value\r{MOMENT},1\r".encode(), "row that begins on line 1 cannot be read as CSV"),
        (b"\x00\x01\x02\x03", "unknown column"),
    ],
)
def test_csv_that_cannot_be_read_on_is_refused_with_its_line(content: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read(content, Format.CSV)
