import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demand.errors import Invalid
from demand.series import DIMENSIONS
from demand.tidy import COLUMNS, LARGEST_VALUE, REJECTIONS_TOLD, Batch, Rejection, check_columns, check_rows, printable

NOW = pd.Timestamp("2025-06-01T10:00", tz="UTC")
MOMENT = "2025-01-06T00:00:00Z"


def check(**columns: list[object]) -> Batch:
    count = len(next(iter(columns.values())))
    cells = {"timestamp": [MOMENT] * count, "value": ["1"] * count} | columns
    raw = {name: pd.Series(column, dtype=object) for name, column in cells.items()}
    return check_rows(pd.DataFrame({"line": np.arange(2, count + 2), **raw}), now=NOW)


def only_rejection(**cell: object) -> Rejection:
    batch = check(**{name: [value] for name, value in cell.items()})
    assert len(batch.rows) == 0
    (rejection,) = batch.rejections
    return rejection


def test_a_row_of_timestamp_and_value_takes_the_defaults() -> None:
    (row,) = check(timestamp=[MOMENT], value=["12.5"]).rows.to_dict("records")
    assert row == {
        **dict.fromkeys(DIMENSIONS, ""),
        "line": 2,
        "workload": "unattributed",
        "unit": "accelerators",
        "timestamp": pd.Timestamp("2025-01-06", tz="UTC"),
        "value": 12.5,
    }


@pytest.mark.parametrize("empty", ["", "  ", None, math.nan])
def test_empty_optional_cells_take_the_defaults(empty: object) -> None:
    (row,) = check(**{name: [empty] for name in (*DIMENSIONS, "unit")}).rows.to_dict("records")
    assert (row["workload"], row["unit"], row["region"]) == ("unattributed", "accelerators", "")


def test_accepted_rows_have_the_promised_columns_and_types_even_when_there_are_none() -> None:
    for batch in (check(value=["1", "2"]), check(value=[])):
        assert set(batch.rows.columns) == {"line", *COLUMNS}
        assert batch.rows["timestamp"].dtype == "datetime64[ns, UTC]"
        assert batch.rows["value"].dtype == np.float64
        assert batch.rows["line"].dtype == np.int64


@pytest.mark.parametrize(
    "written",
    [
        "2025-01-06T00:00:00Z",
        "2025-01-06 00:00:00+00:00",
        "2025-01-06T00:00Z",
        "2025-01-06T05:30:00.000+05:30",
        "2025-01-05T16:00:00-0800",
        " 2025-01-06T00:00:00Z ",
        pd.Timestamp("2025-01-06T01:00", tz="Europe/Berlin"),
    ],
)
def test_the_same_instant_is_read_from_every_spelling(written: object) -> None:
    assert check(timestamp=[written]).rows["timestamp"].tolist() == [pd.Timestamp("2025-01-06", tz="UTC")]


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_typed_instants_are_read_in_every_resolution(unit: str) -> None:
    index = pd.DatetimeIndex(np.array(["2025-01-06T00", "2025-01-06T00:30"], dtype=f"M8[{unit}]"), tz="UTC")
    batch = check_rows(pd.DataFrame({"line": [1, 2], "timestamp": index, "value": [1, 2]}), now=NOW)
    assert batch.rows["timestamp"].tolist() == [pd.Timestamp("2025-01-06", tz="UTC")]
    assert batch.rejections[0].reason.startswith("is not on a whole hour")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "is missing; write the start of the bucket, such as 2025-01-06T00:00:00Z"),
        (None, "is missing; write the start of the bucket, such as 2025-01-06T00:00:00Z"),
        ("2025-01-06T00:00:00", "has no UTC offset; if it is in UTC, write 2025-01-06T00:00:00Z"),
        ("2025-01-06", "has no UTC offset; if it is in UTC, write 2025-01-06T00:00:00Z"),
        ("2025-01-06T00:30:00Z", "is not on a whole hour in UTC; average the values over hours first"),
        ("2025-01-06T00:00:00.5Z", "is not on a whole hour in UTC; average the values over hours first"),
        ("2025-01-06T00:00:00+05:30", "is not on a whole hour in UTC; average the values over hours first"),
        ("1999-12-31T23:00:00Z", "is before 2000-01-01T00:00:00Z, the earliest time that is stored; correct the year"),
        ("0001-01-01T00:00:00Z", "is before 2000-01-01T00:00:00Z, the earliest time that is stored; correct the year"),
        (
            "2025-06-02T11:00:00Z",
            "is in the far future, more than a day after 2025-06-01T10:00:00+00:00; correct the date",
        ),
        (
            "9999-12-31T00:00:00Z",
            "is in the far future, more than a day after 2025-06-01T10:00:00+00:00; correct the date",
        ),
        ("yesterday", "is not a date and time in ISO 8601 with an offset; write it like 2025-01-06T00:00:00Z"),
        ("06/01/2025 00:00", "is not a date and time in ISO 8601 with an offset; write it like 2025-01-06T00:00:00Z"),
        (
            "2025-13-06T00:00:00Z",
            "is not a date and time in ISO 8601 with an offset; write it like 2025-01-06T00:00:00Z",
        ),
        (1736121600, "is not a date and time in ISO 8601 with an offset; write it like 2025-01-06T00:00:00Z"),
    ],
)
def test_a_bad_timestamp_is_refused_with_its_reason(written: object, reason: str) -> None:
    assert only_rejection(timestamp=written) == Rejection(2, "timestamp", str(written or ""), reason)


def test_a_row_may_lie_a_day_ahead_and_as_far_back_as_2000() -> None:
    assert len(check(timestamp=["2025-06-02T10:00:00Z", "2000-01-01T00:00:00Z"]).rows) == 2


@pytest.mark.parametrize(
    ("written", "number"),
    [("0", 0.0), ("12.5", 12.5), ("+.5", 0.5), ("1e3", 1000.0), (" 7 ", 7.0), (3, 3.0), (np.float32(0.5), 0.5)],
)
def test_numbers_are_read_in_usual_spellings(written: object, number: float) -> None:
    assert check(value=[written]).rows["value"].tolist() == [number]


@given(st.floats(0, LARGEST_VALUE))
def test_a_number_is_read_to_its_last_digit(number: float) -> None:
    assert check(value=[repr(number)]).rows["value"].tolist() == [number]


def test_minus_zero_is_stored_as_zero() -> None:
    assert str(check(value=["-0.0"]).rows["value"][0]) == "0.0"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "is missing; leave the row out if nothing is known about this bucket"),
        (None, "is missing; leave the row out if nothing is known about this bucket"),
        ("-1", "is negative; demand is zero or more"),
        (-0.5, "is negative; demand is zero or more"),
        ("NaN", "is not a number (NaN); leave the row out if nothing is known about this bucket"),
        (math.nan, "is not a number (NaN); leave the row out if nothing is known about this bucket"),
        ("inf", "is infinite or too large for a number; correct it or leave the row out"),
        ("-Infinity", "is infinite or too large for a number; correct it or leave the row out"),
        (math.inf, "is infinite or too large for a number; correct it or leave the row out"),
        ("1e999", "is infinite or too large for a number; correct it or leave the row out"),
        ("1.1e15", "is above 1e+15, the largest value that is stored; use a larger unit, or correct it"),
        (1e39, "is above 1e+15, the largest value that is stored; use a larger unit, or correct it"),
        ("many", "is not a number; write digits with a decimal point and no separators, such as 1250.5"),
        ("1,5", "is not a number; write digits with a decimal point and no separators, such as 1250.5"),
        ("1_000", "is not a number; write digits with a decimal point and no separators, such as 1250.5"),
        ("0x10", "is not a number; write digits with a decimal point and no separators, such as 1250.5"),
        ("\u0663", "is not a number; write digits with a decimal point and no separators, such as 1250.5"),
        (True, "is not a number; write digits with a decimal point and no separators, such as 1250.5"),
    ],
)
def test_a_bad_value_is_refused_with_its_reason(written: object, reason: str) -> None:
    assert only_rejection(value=written) == Rejection(2, "value", "" if written is None else str(written), reason)


@pytest.mark.parametrize(
    ("column", "written", "reason"),
    [
        ("workload", "Inference", "is no workload; write training, inference, unattributed or leave it empty"),
        (
            "unit",
            "Tokens/s",
            "is no unit; write lower case with underscores, such as accelerators or tokens_per_second",
        ),
        ("region", "x" * 129, "has 129 characters; shorten it to at most 128"),
        ("tenant", 7, "is not text; put it in quotes"),
        ("tenant", True, "is not text; put it in quotes"),
    ],
)
def test_a_bad_name_is_refused_with_its_reason(column: str, written: object, reason: str) -> None:
    rejection = only_rejection(**{column: written})
    assert (rejection.column, rejection.reason) == (column, reason)


@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\ud800"])
def test_a_control_character_in_a_name_is_refused_and_shown_escaped(character: str) -> None:
    rejection = only_rejection(provider=f"a{character}b")
    assert rejection.reason == "holds a control character; remove it"
    assert rejection.value.isprintable()
    assert rejection.value.startswith("a\\")


def test_names_are_stripped_and_otherwise_kept_as_written() -> None:
    (row,) = check(provider=["  Zürich DC "], accelerator=["x" * 128]).rows.to_dict("records")
    assert (row["provider"], row["accelerator"]) == ("Zürich DC", "x" * 128)


def test_good_rows_are_kept_beside_bad_ones_each_with_its_line() -> None:
    batch = check(value=["1", "-1", "3", "x", "5"], region=["a", "b", "c", "d", "\x00."])
    assert batch.rows[["line", "region", "value"]].to_numpy().tolist() == [[2, "a", 1.0], [4, "c", 3.0]]
    assert [(rejection.line, rejection.column) for rejection in batch.rejections] == [
        (3, "value"), (5, "value"), (6, "region"),
    ]  # fmt: skip


def test_of_a_flood_of_bad_rows_the_first_are_explained_and_all_are_counted() -> None:
    count = REJECTIONS_TOLD + 7
    batch = check(value=["-1"] * count)
    assert [rejection.line for rejection in batch.rejections] == list(range(2, REJECTIONS_TOLD + 2))
    assert (batch.unexplained, batch.rejected) == (7, count)
    assert check(value=["-1", "1"]).rejected == 1


def test_of_several_faults_in_a_row_the_first_column_is_told() -> None:
    assert only_rejection(timestamp="never", unit="?", value="-1").column == "timestamp"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["timestamp"], "missing column 'value'"),
        ([], "missing column 'timestamp', missing column 'value'"),
        (["timestamp", "value", "gpu"], "unknown column 'gpu'"),
        (["timestamp", "value", "Region"], "unknown column 'Region'"),
        (["timestamp", "value", "unit", "unit"], "repeated column 'unit'"),
    ],
)
def test_a_header_that_is_not_tidy_is_refused_with_the_columns_that_are_read(names: list[str], told: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_columns(names)
    assert str(caught.value).startswith(f"{told}; required are timestamp and value")
    assert len(caught.value.details) == told.count("column")


def test_every_order_of_the_columns_is_read() -> None:
    check_columns(COLUMNS[::-1])


def test_long_values_are_cut_when_shown() -> None:
    assert printable("x" * 500) == "x" * 77 + "..."
    assert printable("x" * 79) == "x" * 79
