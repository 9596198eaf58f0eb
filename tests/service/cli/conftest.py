"""The command line, in this process; where a process is what is tested, as one, as its users run it."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from service.cli import main
from service.store.engine import Store

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The commands' own store: an SQLite file that they make themselves."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def environment(store_url: str) -> dict[str, str]:
    """What commands are told beside their arguments."""
    return {
        "COMPUTECAST_DATABASE_URL": store_url,
        "COMPUTECAST_MODELS": '["seasonal_naive", "profile"]',
        "COMPUTECAST_N_JOBS": "1",
        "COLUMNS": "200",
    }


@pytest.fixture
def computecast(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command in an empty folder and gives what it said."""

    def run(*arguments: object, **changed: str) -> "subprocess.CompletedProcess[str]":
        line = ["computecast", *map(str, arguments)]
        out, complaints = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch, redirect_stdout(out), redirect_stderr(complaints):
            for name, value in (environment | changed).items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", line)
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return subprocess.CompletedProcess(line, code or 0, out.getvalue(), complaints.getvalue())

    return run


@pytest.fixture
def process(environment: dict[str, str], tmp_path: Path) -> Command:
    """Runs a command in an empty folder as a process of its own, and gives what it said."""

    def run(*arguments: object, **changed: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "service.cli", *map(str, arguments)],
            env=os.environ | environment | changed,
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
