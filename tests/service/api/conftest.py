"""The application over an empty store on each database, driven in process."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings


@pytest.fixture
def settings(store_url: str) -> Settings:
    """Settings that name the store."""
    return Settings(database_url=store_url, max_body_bytes=1_000_000, max_series_per_answer=20)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of the application; what fails unexpectedly is answered and not raised."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client
