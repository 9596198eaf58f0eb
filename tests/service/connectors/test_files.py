import gzip
import io
import tempfile
import tracemalloc
from collections.abc import Iterator
from typing import Any, BinaryIO

import pandas as pd
import pytest

from demand.errors import Invalid, TooLarge, UnsupportedFormat
from demand.tidy import REJECTIONS_TOLD, Batch
from service.connectors.files import Format, read_batches
from service.connectors.raw import LONGEST_LINE_BYTES, ROWS_PER_BATCH
from tests.service.connectors.reading import (
    MOMENT,
    NOW,
    RECORDS,
    ROW,
    as_csv,
    as_json,
    as_ndjson,
    as_parquet,
    csv,
    parquet,
    read,
)

WRITERS = {Format.CSV: as_csv, Format.JSON: as_json, Format.NDJSON: as_ndjson, Format.PARQUET: as_parquet}
every_format = pytest.mark.parametrize("form", list(Format))
text_format = pytest.mark.parametrize("form", [Format.CSV, Format.JSON, Format.NDJSON])


@every_format
def test_the_same_rows_are_read_from_every_format(form: Format) -> None:
    batch = read(WRITERS[form](), form)
    rows = batch.rows[["timestamp", "provider", "workload", "unit", "value"]].to_numpy().tolist()
    assert rows == [
        [pd.Timestamp(record["timestamp"]), "Nørd", "training", "accelerators", record["value"]] for record in RECORDS
    ]
    assert batch.rejections == ()


@text_format
def test_gzip_is_recognised_by_its_first_bytes(form: Format) -> None:
    assert len(read(gzip.compress(WRITERS[form]()), form).rows) == 2


@text_format
def test_a_byte_order_mark_is_passed_over(form: Format) -> None:
    assert len(read(b"\xef\xbb\xbf" + WRITERS[form](), form).rows) == 2


@every_format
def test_an_empty_file_is_refused(form: Format) -> None:
    with pytest.raises(Invalid, match=f"there is no row in this {form} file; send at least one"):
        read(b"", form)


@every_format
def test_the_source_is_left_open(form: Format) -> None:
    source = io.BytesIO(WRITERS[form]())
    list(read_batches(source, form, now=NOW))
    assert not source.closed


@text_format
@pytest.mark.parametrize("cut", [3, 12, -12, -6, -1])
def test_a_gzip_file_that_was_cut_off_is_refused(form: Format, cut: int) -> None:
    with pytest.raises(Invalid, match="the gzip file ends too early"):
        read(gzip.compress(WRITERS[form]())[:cut], form)


def test_a_damaged_gzip_file_is_refused() -> None:
    content = bytearray(gzip.compress(as_csv() * 50))
    content[-8:-4] = b"\0\0\0\0"
    with pytest.raises(Invalid, match="the gzip file is damaged"):
        read(bytes(content), Format.CSV)


class OneWay(io.RawIOBase):
    """A stream that can only be read forwards, as a request body or a pipe."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._content.readinto(memoryview(buffer)[:7])


@every_format
def test_a_stream_that_cannot_seek_is_read(form: Format) -> None:
    source: Any = OneWay(WRITERS[form]())
    assert sum(len(batch.rows) for batch in read_batches(source, form, now=NOW)) == 2


@every_format
def test_a_spooled_upload_is_read(form: Format) -> None:
    with tempfile.SpooledTemporaryFile(max_size=10) as upload:
        upload.write(WRITERS[form]())
        upload.seek(0)
        source: Any = upload
        assert sum(len(batch.rows) for batch in read_batches(source, form, now=NOW)) == 2


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("demand.csv", Format.CSV),
        ("/data/2025.01/DEMAND.CSV.GZ", Format.CSV),
        ("demand.json.gz", Format.JSON),
        ("demand.jsonl", Format.NDJSON),
        ("demand.ndjson.gz", Format.NDJSON),
        ("demand.parquet", Format.PARQUET),
        ("text/csv; charset=utf-8", Format.CSV),
        ("application/json", Format.JSON),
        ("application/x-ndjson", Format.NDJSON),
        ("application/vnd.apache.parquet", Format.PARQUET),
    ],
)
def test_a_format_is_known_by_file_name_and_media_type(name: str, form: Format) -> None:
    assert Format.of(name) is form


@pytest.mark.parametrize("name", ["demand.xlsx", "demand", "demand.gz", "", "text/html", "application/octet-stream"])
def test_an_unknown_format_is_refused_with_those_that_are_read(name: str) -> None:
    with pytest.raises(UnsupportedFormat, match=r"\.csv.*\.json.*\.ndjson.*\.parquet"):
        Format.of(name)


@pytest.mark.parametrize("form", [Format.CSV, Format.NDJSON])
def test_a_line_without_end_is_refused_before_it_fills_the_memory(form: Format) -> None:
    with pytest.raises(TooLarge, match="line 1 is longer than 1,048,576 bytes"):
        read(b"x" * (LONGEST_LINE_BYTES + 1), form)


def test_the_bad_rows_of_a_file_are_each_told_with_value_and_reason() -> None:
    batch = csv(
        "timestamp,workload,unit,value\n"
        "2025-01-06T00:00:00,,,1\n"
        "2025-01-06T00:30:00Z,,,1\n"
        "2026-01-06T00:00:00Z,,,1\n"
        "1970-01-01T00:00:00Z,,,1\n"
        f"{MOMENT},,,-1\n{MOMENT},,,nan\n{MOMENT},,,inf\n{MOMENT},,,many\n{MOMENT},,,\n"
        f"{MOMENT},serving,,1\n{MOMENT},,GPU hours,1\n"
    )
    assert len(batch.rows) == 0
    assert [(rejection.line, rejection.value, rejection.reason.split(";")[0]) for rejection in batch.rejections] == [
        (2, "2025-01-06T00:00:00", "has no UTC offset"),
        (3, "2025-01-06T00:30:00Z", "is not on a whole hour in UTC"),
        (4, "2026-01-06T00:00:00Z", "is in the far future, more than a day after 2025-06-01T10:00:00+00:00"),
        (5, "1970-01-01T00:00:00Z", "is before 2000-01-01T00:00:00Z, the earliest time that is stored"),
        (6, "-1", "is negative"),
        (7, "nan", "is not a number (NaN)"),
        (8, "inf", "is infinite or too large for a number"),
        (9, "many", "is not a number"),
        (10, "", "is missing"),
        (11, "serving", "is no workload"),
        (12, "GPU hours", "is no unit"),
    ]


def test_a_large_csv_is_read_in_batches_and_its_memory_stays_bounded() -> None:
    rows = 4 * ROWS_PER_BATCH + 1
    content = b"timestamp,value\n" + ROW.encode() * rows
    tracemalloc.start()
    sizes, peaks = [], []
    for batch in read_batches(io.BytesIO(content), Format.CSV, now=NOW):
        sizes.append(len(batch.rows))
        peaks.append(tracemalloc.get_traced_memory()[1])
        last = int(batch.rows["line"].iloc[-1])
    tracemalloc.stop()
    assert sizes == [ROWS_PER_BATCH] * 4 + [1]
    assert last == rows + 1
    assert max(peaks) < 1.5 * peaks[0]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        (Format.CSV, b"timestamp,value\n" + b",\n" * 1500),
        (Format.CSV, b"timestamp,value\n" + b",\n,,\n" * 750),
        (Format.JSON, b"[" + b",".join([b"{}"] * 1500) + b"]"),
        (Format.JSON, b"[" + b",".join([b"1"] * 1500) + b"]"),
        (Format.NDJSON, b"{\n{}\n[]\n" * 500),
        (Format.PARQUET, parquet(timestamp=[None] * 1500, value=[-1.0] * 1500)),
    ],
)
def test_of_a_flood_of_bad_rows_the_first_are_explained_and_all_are_counted(form: Format, content: bytes) -> None:
    (batch,) = read_batches(io.BytesIO(content), form, now=NOW)
    first = 2 if form is Format.CSV else 1
    assert [rejection.line for rejection in batch.rejections] == list(range(first, first + REJECTIONS_TOLD))
    assert batch.rejected == 1500


@text_format
def test_a_gzip_file_that_unpacks_to_more_than_is_allowed_is_refused(form: Format) -> None:
    content = WRITERS[form]()
    packed = gzip.compress(content)
    assert list(read_batches(io.BytesIO(packed), form, now=NOW, largest_bytes=len(content)))
    with pytest.raises(TooLarge, match=r"unpacks to more than \d+ bytes; send it in parts"):
        list(read_batches(io.BytesIO(packed), form, now=NOW, largest_bytes=len(content) - 1))
    assert list(read_batches(io.BytesIO(content), form, now=NOW, largest_bytes=len(content) - 1))


def test_a_fault_late_in_a_file_is_raised_after_the_batches_before_it() -> None:
    content = b"timestamp,value\n" + ROW.encode() * (ROWS_PER_BATCH + 5) + b"\xff\n"
    source: BinaryIO = io.BytesIO(content)
    batches: Iterator[Batch] = read_batches(source, Format.CSV, now=NOW)
    assert len(next(batches).rows) == ROWS_PER_BATCH
    with pytest.raises(Invalid, match=f"line {ROWS_PER_BATCH + 7} holds the byte 0xff"):
        next(batches)
