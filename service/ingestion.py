"""From a file of rows to stored observations."""

from datetime import UTC, datetime
from typing import BinaryIO

import pandas as pd

from demand.calendar import Granularity
from demand.tidy import OnError
from service.connectors.files import Format, read_batches
from service.store.engine import Store
from service.store.ingest_report import IngestReport


def ingest_file(
    store: Store, body: BinaryIO, form: Format, source: str, on_error: OnError, granularity: Granularity | None
) -> IngestReport:
    """Store the rows of a file, all of them or, if so asked, the good ones.

    Args:
        store: where to.
        body: the file, at its start.
        form: its format.
        source: where the rows come from, kept with them.
        on_error: what one bad row means for the others.
        granularity: the grid of series that are new, None to infer it.
    """
    batches = read_batches(body, form, now=pd.Timestamp(datetime.now(UTC)))
    with store.staging() as unit:
        return unit.observations.ingest(batches, source=source, on_error=on_error, granularity=granularity)
