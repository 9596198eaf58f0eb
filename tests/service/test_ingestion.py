import gzip
import io

import pytest

from demand.errors import TooLarge
from demand.series import Selection
from demand.tidy import OnError
from service.connectors.files import Format
from service.ingestion import ingest_file
from service.store.engine import Store

ROWS = b"timestamp,value\n2025-01-06T00:00:00Z,1\n2025-01-06T01:00:00Z,2\n"


def test_a_compressed_file_that_was_sent_is_stored(store: Store) -> None:
    report = ingest_file(store, io.BytesIO(gzip.compress(ROWS)), Format.CSV, "billing", OnError.ABORT, None)
    assert (report.inserted, len(report.new_series)) == (2, 1)


def test_a_file_that_was_sent_and_unpacks_to_too_much_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.ingestion.LARGEST_UPLOAD_BYTES", len(ROWS) - 1)
    with pytest.raises(TooLarge, match="computecast ingest"):
        ingest_file(store, io.BytesIO(gzip.compress(ROWS)), Format.CSV, "billing", OnError.ABORT, None)
    with store.read() as unit:
        assert unit.series.find(Selection()) == []
