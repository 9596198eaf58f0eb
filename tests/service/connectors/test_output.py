import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demand.errors import Invalid, UnsupportedFormat
from service.connectors.output import csv_bytes, parquet_bytes, write_table, writer_for

TABLE = pd.DataFrame(
    {
        "region": ["eu", 'a "b", c'],
        "timestamp": pd.date_range("2025-01-06", periods=2, freq="h", tz="UTC"),
        "mean": [0.1 + 0.2, 1e-9],
        "q0.5": [1.0, np.nan],
    }
)


def test_csv_holds_times_in_utc_and_numbers_to_the_last_digit(tmp_path: Path) -> None:
    write_table(TABLE, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == (
        "region,timestamp,mean,q0.5\n"
        "eu,2025-01-06T00:00:00Z,0.30000000000000004,1.0\n"
        '"a ""b"", c",2025-01-06T01:00:00Z,1e-09,\n'
    )


def test_gzip_csv_holds_the_same_text_whatever_its_name_and_time(tmp_path: Path) -> None:
    for name in ("out.csv", "one.csv.gz", "other.csv.gz"):
        write_table(TABLE, tmp_path / name)
    packed = (tmp_path / "one.csv.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "out.csv").read_bytes()
    assert packed == (tmp_path / "other.csv.gz").read_bytes()
    assert packed[4:8] == b"\0\0\0\0"  # the time in a gzip header, RFC 1952


def test_parquet_holds_the_same_table(tmp_path: Path) -> None:
    write_table(TABLE, tmp_path / "OUT.Parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "OUT.Parquet"), TABLE)


def test_bytes_are_those_of_files(tmp_path: Path) -> None:
    for name, as_bytes in (("out.csv", csv_bytes), ("out.parquet", parquet_bytes)):
        write_table(TABLE, tmp_path / name)
        assert as_bytes(TABLE) == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.json", "csv"])
def test_an_unknown_extension_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFormat, match=r"end it in \.csv, \.csv\.gz, \.parquet"):
        write_table(TABLE, tmp_path / name)
    with pytest.raises(UnsupportedFormat):
        writer_for(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


class Unwritable:
    """A cell that fails when it is written."""

    def __str__(self) -> str:
        raise ValueError("this cell cannot be written")


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz"])
def test_an_older_file_stays_whole_when_writing_fails_halfway(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_table(TABLE, path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="this cell cannot be written"):
        write_table(TABLE.assign(region=["eu", Unwritable()]), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nowhere/out\.csv cannot be written"):
        write_table(TABLE, tmp_path / "nowhere" / "out.csv")
