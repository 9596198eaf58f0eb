"""The command line, in this process; where a process is what is tested, as one, as its users run it."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from service.cli import main
from service.cli.progress import complaints, console
from service.store.engine import Store

WIDTH = 200

Completed = subprocess.CompletedProcess[str]
Command = Callable[..., Completed]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The commands' own store: an SQLite file that they make themselves."""
    return f"sqlite:///{tmp_path / 'store.db'}"


def environment_of(store_url: str) -> dict[str, str]:
    """What commands over this store are told beside their arguments."""
    return {
        "COMPUTECAST_DATABASE_URL": store_url,
        "COMPUTECAST_MODELS": '["seasonal_naive", "profile"]',
        "COMPUTECAST_N_JOBS": "1",
        "COLUMNS": str(WIDTH),
    }


def run_command(folder: Path, environment: Mapping[str, str], arguments: Iterable[object]) -> Completed:
    """Run a command in this process, and give what it said."""
    line = ["computecast", *map(str, arguments)]
    out, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        for name, value in environment.items():
            patch.setenv(name, value)
        # The consoles are made when they are imported, so they may know of another width.
        for shown in (console, complaints):
            patch.setattr(shown, "width", WIDTH)
        patch.chdir(folder)
        patch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return subprocess.CompletedProcess(line, code or 0, out.getvalue(), errors.getvalue())


@pytest.fixture
def computecast(store_url: str, tmp_path: Path) -> Command:
    """Runs a command in an empty folder and gives what it said."""

    def run(*arguments: object, **changed: str) -> Completed:
        return run_command(tmp_path, environment_of(store_url) | changed, arguments)

    return run


@pytest.fixture
def process(store_url: str, tmp_path: Path) -> Command:
    """Runs a command in an empty folder as a process of its own, and gives what it said."""

    def run(*arguments: object, **changed: str) -> Completed:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "service.cli", *map(str, arguments)],
            env=os.environ | environment_of(store_url) | changed,
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
