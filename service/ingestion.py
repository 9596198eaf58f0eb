"""From a file of rows to stored observations."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

import pandas as pd

from demand.calendar import Granularity
from demand.tidy import Batch, OnError
from service.connectors.files import Format, read_batches
from service.store.engine import Store
from service.store.ingest_report import IngestReport

LARGEST_UPLOAD_BYTES = 20 << 30
"""What an uploaded file may unpack to: twenty times the largest body. A small one could otherwise keep a thread and
the disk busy for hours."""


def ingest_file(
    store: Store, body: BinaryIO, form: Format, source: str, on_error: OnError, granularity: Granularity | None
) -> IngestReport:
    """Store the rows of a file that was sent, all of them or, if so asked, the good ones.

    Args:
        store: where to.
        body: the file, at its start.
        form: its format.
        source: where the rows come from, kept with them.
        on_error: what one bad row means for the others.
        granularity: the grid of series that are new, None to infer it.

    Raises:
        TooLarge: it is compressed and unpacks to more than `LARGEST_UPLOAD_BYTES`.
    """
    now = pd.Timestamp(datetime.now(UTC))
    batches = read_batches(body, form, now=now, largest_bytes=LARGEST_UPLOAD_BYTES)
    return ingest_batches(store, batches, source, on_error, granularity)


def ingest_batches(
    store: Store, batches: Iterable[Batch], source: str, on_error: OnError, granularity: Granularity | None
) -> IngestReport:
    """Store rows in one transaction; the arguments are those of `ingest_file`."""
    with store.staging() as unit:
        return unit.observations.ingest(batches, source=source, on_error=on_error, granularity=granularity)
