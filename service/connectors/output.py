"""Tables and pages written to files, in whole or not at all, and tables as bytes."""

import gzip
import secrets
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pandas as pd

from demand.errors import Invalid, UnsupportedFormat


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, gzip CSV or Parquet, by the extension of the path; an older file is replaced at once.

    Timestamps are written to CSV as ISO 8601 in UTC, numbers with all the digits that tell them apart.

    Raises:
        UnsupportedFormat: the extension is not one of .csv, .csv.gz and .parquet.
        Invalid: the file cannot be written there.
    """
    write = writer_for(path)
    write_whole(path, lambda temporary: write(table, temporary))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let something be written beside the path, and put it there when it is whole; an older file is replaced at once.

    Raises:
        Invalid: the file cannot be written there.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error}; choose another path or free space") from error
    finally:
        temporary.unlink(missing_ok=True)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV, as `write_table` writes it."""
    return _as_text(table).to_csv(index=False, lineterminator="\n").encode()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """A table as Parquet, as `write_table` writes it."""
    buffer = BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def writer_for(path: Path) -> Callable[[pd.DataFrame, Path], None]:
    """The writer of the format that the extension names; ask before a long computation whose result goes there.

    Raises:
        UnsupportedFormat: the extension is not one of .csv, .csv.gz and .parquet.
    """
    for extension, writer in _WRITERS.items():
        if path.name.lower().endswith(extension):
            return writer
    raise UnsupportedFormat(f"{path.name!r} names no format that is written; end it in {', '.join(_WRITERS)}")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    path.write_bytes(csv_bytes(table))


def _write_gzip_csv(table: pd.DataFrame, path: Path) -> None:
    # Neither name nor time in its header: the same table is the same file.
    with path.open("wb") as file, gzip.GzipFile("", "wb", mtime=0, fileobj=file) as packed:
        _as_text(table).to_csv(packed, index=False, lineterminator="\n")


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path, index=False)


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    moments = table.select_dtypes("datetimetz").columns
    return table.assign(
        **{name: table[name].dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in moments}
    )


_WRITERS = {".csv": _write_csv, ".csv.gz": _write_gzip_csv, ".parquet": _write_parquet}
