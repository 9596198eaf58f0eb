from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from demand.errors import Invalid
from demand.tidy import Rejection
from service.connectors.files import Format
from service.connectors.raw import ROWS_PER_BATCH
from tests.service.connectors.reading import MOMENT, accepted, as_parquet, parquet, read

MOMENTS = pa.array([pd.Timestamp(MOMENT)] * 2, pa.timestamp("us", "UTC"))


@pytest.mark.parametrize(
    "value",
    [
        pa.array([1, 2], pa.int32()),
        pa.array([1, 2], pa.uint64()),
        pa.array([1, 2], pa.float32()),
        pa.array(np.array([1, 2], dtype=np.float16)),
        pa.array([Decimal("1.00"), Decimal("2.00")], pa.decimal128(9, 2)),
    ],
    ids=lambda array: str(array.type),
)
def test_parquet_numbers_of_every_kind_are_read(value: pa.Array) -> None:
    assert accepted(read(parquet(timestamp=MOMENTS, value=value), Format.PARQUET)) == [(1, 1.0), (2, 2.0)]


@pytest.mark.parametrize(
    "timestamp",
    [
        pa.array([MOMENT, MOMENT]),
        pa.array([MOMENT, MOMENT]).dictionary_encode(),
        pa.array([MOMENT, MOMENT], pa.large_string()),
        pa.array([pd.Timestamp(MOMENT)] * 2, pa.timestamp("ns", "Asia/Tokyo")),
        pa.array([pd.Timestamp(MOMENT)] * 2, pa.timestamp("ms", "+02:00")),
    ],
    ids=lambda array: str(array.type),
)
def test_parquet_instants_of_every_kind_are_read(timestamp: pa.Array) -> None:
    batch = read(parquet(timestamp=timestamp, value=pa.array([1.0, 2.0])), Format.PARQUET)
    assert batch.rows["timestamp"].tolist() == [pd.Timestamp(MOMENT)] * 2


def test_parquet_nulls_are_missing_cells() -> None:
    content = parquet(
        timestamp=MOMENTS,
        value=pa.array([None, 2.0]),
        region=pa.nulls(2),
        tenant=pa.array([None, "a"]).dictionary_encode(),
    )
    batch = read(content, Format.PARQUET)
    assert batch.rows[["line", "region", "tenant"]].to_numpy().tolist() == [[2, "", "a"]]
    assert batch.rejections[0].reason.startswith("is missing")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            {"value": pa.array(["1", "2"])},
            r"'value' has the type string; a floating, integer or decimal number is expected",
        ),
        ({"value": pa.array([True, False])}, "'value' has the type bool"),
        (
            {"timestamp": MOMENTS.cast(pa.timestamp("us"))},
            r"'timestamp' has the type timestamp\[us\]; a timestamp with a zone",
        ),
        ({"timestamp": pa.array([1, 2])}, "'timestamp' has the type int64"),
        ({"timestamp": pa.array([1, 2], pa.int32()).cast(pa.date32())}, r"'timestamp' has the type date32\[day\]"),
        ({"tenant": pa.array([1, 2])}, "'tenant' has the type int64; text is expected"),
        ({"unit": pa.array([["a"], []])}, "'unit' has the type list"),
        ({"gpu": pa.array(["a", "b"])}, "unknown column 'gpu'"),
    ],
)
def test_parquet_of_other_types_is_refused_with_column_type_and_what_is_expected(
    columns: dict[str, pa.Array], told: str
) -> None:
    tidy = {"timestamp": MOMENTS, "value": pa.array([1.0, 2.0])}
    with pytest.raises(Invalid, match=told):
        read(parquet(**(tidy | columns)), Format.PARQUET)


def damaged(content: bytes) -> bytes:
    return content[:10] + b"\xff" * 30 + content[40:]


@pytest.mark.parametrize(
    "harm", [lambda content: content[:-9], lambda content: content[:50], lambda _: b"PAR1", damaged]
)
def test_a_damaged_parquet_file_is_refused(harm: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Invalid, match="not a readable Parquet file"):
        read(harm(as_parquet()), Format.PARQUET)


def test_parquet_row_numbers_go_on_from_batch_to_batch() -> None:
    count = ROWS_PER_BATCH + 10
    moments = pa.array([pd.Timestamp(MOMENT)] * count, pa.timestamp("us", "UTC"))
    values = np.ones(count)
    values[-1] = -1
    batch = read(parquet(timestamp=moments, value=pa.array(values)), Format.PARQUET)
    assert batch.rows["line"].tolist() == list(range(1, count))
    assert batch.rejections == (Rejection(count, "value", "-1.0", "is negative; demand is zero or more"),)
