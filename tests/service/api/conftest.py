"""Small limits, so that tests reach them."""

import pytest

from service.settings import Settings


@pytest.fixture
def settings(store_url: str) -> Settings:
    """Settings that name the store."""
    return Settings(database_url=store_url, max_body_bytes=1_000_000, max_series_per_answer=20)
