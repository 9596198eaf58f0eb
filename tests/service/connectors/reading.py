"""Small files for the tests of the readers, and how they are read."""

import io
import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from demand.tidy import Batch
from service.connectors.files import Format, read_batches

NOW = pd.Timestamp("2025-06-01T10:00", tz="UTC")
MOMENT = "2025-01-06T00:00:00Z"
ROW = f"{MOMENT},1\n"


def read(content: bytes, form: Format) -> Batch:
    """All batches of a small file as one."""
    batches = list(read_batches(io.BytesIO(content), form, now=NOW))
    rejections = tuple(rejection for batch in batches for rejection in batch.rejections)
    return Batch(pd.concat([batch.rows for batch in batches]), rejections)


def csv(text: str) -> Batch:
    return read(text.encode(), Format.CSV)


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def accepted(batch: Batch) -> list[tuple[int, float]]:
    assert batch.rejections == ()
    return list(zip(batch.rows["line"], batch.rows["value"], strict=True))


RECORDS = [
    {"timestamp": "2025-01-06T00:00:00Z", "provider": "Nørd", "workload": "training", "value": 12.5},
    {"timestamp": "2025-01-06T01:00:00Z", "provider": "Nørd", "workload": "training", "value": 13},
]


def as_csv() -> bytes:
    return pd.DataFrame(RECORDS).to_csv(index=False).encode()


def as_json() -> bytes:
    return json.dumps(RECORDS).encode()


def as_ndjson() -> bytes:
    return "\n".join(json.dumps(record) for record in RECORDS).encode()


def as_parquet() -> bytes:
    frame = pd.DataFrame(RECORDS)
    return parquet(**{name: pa.array(frame[name]) for name in frame})
