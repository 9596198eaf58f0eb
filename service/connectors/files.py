"""Tidy rows from files and request bodies, read in batches whatever their size."""

import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import PurePath
from typing import Any, BinaryIO, cast

import pandas as pd

from demand.errors import Invalid, TooLarge, UnsupportedFormat
from demand.tidy import REJECTIONS_TOLD, Batch, check_rows, printable
from service.connectors.csv_files import read_csv
from service.connectors.json_files import read_json, read_ndjson
from service.connectors.parquet_files import read_parquet
from service.connectors.raw import RawBatch

_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 1 << 18


class Format(StrEnum):
    """The formats that are read; all but Parquet may also be compressed with gzip."""

    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"

    @classmethod
    def of(cls, name_or_media_type: str) -> "Format":
        """The format that a file name or a media type stands for.

        Raises:
            UnsupportedFormat: it stands for none that is read.
        """
        media_type = name_or_media_type.partition(";")[0].strip().lower()
        suffixes = PurePath(name_or_media_type.strip().lower()).suffixes
        if suffixes[-1:] == [".gz"]:
            suffixes = suffixes[:-1]
        found = _MEDIA_TYPES.get(media_type) or _SUFFIXES.get("".join(suffixes[-1:]))
        if found is None:
            raise UnsupportedFormat(
                f"the format of {printable(name_or_media_type)!r} is not read; name or declare it as "
                "CSV (.csv, text/csv), JSON (.json, application/json), NDJSON (.ndjson, application/x-ndjson) or "
                "Parquet (.parquet, application/vnd.apache.parquet)"
            )
        return found


def read_batches(
    source: BinaryIO,
    format: Format,  # noqa: A002
    *,
    now: pd.Timestamp,
    largest_bytes: int | None = None,
) -> Generator[Batch, None, None]:
    """Checked rows, at most 50,000 at a time; `source` is left open.

    Compression is recognised by its first bytes. A fault that makes the rest unreadable is raised when it is reached,
    after the batches before it: store nothing until the iterator has ended.

    Args:
        source: the file or body, opened for reading bytes, at its start.
        format: what to read it as.
        now: the present moment, which rows may not lie more than a day ahead of.
        largest_bytes: how much a compressed file may unpack to, None for any.

    Raises:
        TooLarge: a compressed file unpacks to more than that.
        Invalid: there is no row, or the file as a whole cannot be read; rows that cannot are rejections of a batch.
    """
    seen = 0
    with _decompressed(source, largest_bytes) as stream:
        for raw in _READERS[format](stream):
            batch = check_rows(raw.rows, now=now)
            rejections = sorted([*batch.rejections, *raw.rejections], key=lambda rejection: rejection.line)
            told = tuple(rejections[:REJECTIONS_TOLD])
            unexplained = batch.unexplained + raw.unexplained + len(rejections) - len(told)
            seen += len(batch.rows) + len(told)
            if len(batch.rows) or told:
                yield Batch(batch.rows, told, unexplained)
    if not seen:
        raise Invalid(f"there is no row in this {format} file; send at least one row with a timestamp and a value")


class _Bounded(io.RawIOBase):
    """What comes out of a stream, as long as it is not more than `largest_bytes`."""

    def __init__(self, stream: io.BufferedIOBase, largest_bytes: int) -> None:
        self._stream = stream
        self._largest_bytes = largest_bytes
        self._seen_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._stream.readinto(buffer)
        self._seen_bytes += count
        if self._seen_bytes > self._largest_bytes:
            raise TooLarge(
                f"the gzip file unpacks to more than {self._largest_bytes:,} bytes; send it in parts (repeating rows "
                "is harmless), or store it with `computecast ingest`, which has no limit"
            )
        return count


@contextmanager
def _decompressed(source: BinaryIO, largest_bytes: int | None) -> Iterator[io.BufferedIOBase]:
    buffered = io.BufferedReader(cast(io.RawIOBase, source), _BUFFER_BYTES)
    try:
        if not buffered.peek(2).startswith(_GZIP_MAGIC):
            yield buffered
            return
        with gzip.GzipFile(fileobj=buffered, mode="rb") as unpacked:
            bounded = unpacked if largest_bytes is None else _Bounded(unpacked, largest_bytes)
            yield io.BufferedReader(cast(io.RawIOBase, bounded), _BUFFER_BYTES)
    except EOFError as error:
        raise Invalid("the gzip file ends too early; it was cut off on its way: send it again in whole") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Invalid(f"the gzip file is damaged: {error}; compress it again") from error
    finally:
        buffered.detach()


_READERS: dict[Format, Callable[[io.BufferedIOBase], Iterator[RawBatch]]] = {
    Format.CSV: read_csv,
    Format.JSON: read_json,
    Format.NDJSON: read_ndjson,
    Format.PARQUET: read_parquet,
}

_MEDIA_TYPES = {
    "text/csv": Format.CSV,
    "application/csv": Format.CSV,
    "application/json": Format.JSON,
    "application/ndjson": Format.NDJSON,
    "application/x-ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "application/vnd.apache.parquet": Format.PARQUET,
    "application/parquet": Format.PARQUET,
    "application/x-parquet": Format.PARQUET,
}

_SUFFIXES = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}
