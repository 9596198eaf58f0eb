"""Forecast tables written to files, in whole or not at all."""

import gzip
import secrets
from collections.abc import Callable
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
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write(table, temporary)
        temporary.replace(path)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error}; choose another path or free space") from error
    finally:
        temporary.unlink(missing_ok=True)


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
    _as_text(table).to_csv(path, index=False, compression=None, lineterminator="\n")


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
