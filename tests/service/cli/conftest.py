"""The command line, run as a process as its users run it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service.store.engine import Store

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The commands' own store: an SQLite file that they make themselves."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def computecast(store_url: str, tmp_path: Path) -> Command:
    """Runs a command in an empty folder and gives what it said."""
    environment = os.environ | {
        "COMPUTECAST_DATABASE_URL": store_url,
        "COMPUTECAST_MODELS": '["seasonal_naive", "profile"]',
        "COMPUTECAST_N_JOBS": "1",
        "COLUMNS": "200",
    }

    def run(*arguments: object, **changed: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "service.cli", *map(str, arguments)],
            env=environment | changed,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return run


@pytest.fixture
def store(store_url: str) -> Store:
    """The store that the commands write."""
    return Store(store_url)
