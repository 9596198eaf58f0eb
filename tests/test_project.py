"""What the project says about itself, held against what it does."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOADED_BY_NAME = {"psycopg"}  # SQLAlchemy loads the driver that a URL names


def canonical(requirement: str) -> str:
    """The name in a requirement as package indexes compare it, without extras, versions and markers."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def pins(lock: str) -> dict[str, set[str]]:
    """The pinned versions per package; a package may have several, told apart by markers."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE
    ):
        versions.setdefault(canonical(name), set()).add(version)
    return versions


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    # What `make test` tells its children must not change what is printed here.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_readme_begins_with_the_two_commands() -> None:
    block = re.search(r"^```\w*\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block, "README.md has no code block"
    commands = [line.split("#")[0].strip() for line in block[1].splitlines()]
    assert [command for command in commands if command][:2] == ["make run", "make test"]


def test_both_locks_pin_what_is_asked_for() -> None:
    asked = {canonical(line) for line in PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]}
    development = {canonical(line) for line in PROJECT["project"]["optional-dependencies"]["dev"]}
    assert asked - pins("requirements.lock").keys() == set()
    assert (asked | development) - pins("requirements-dev.lock").keys() == set()


def test_development_runs_on_the_versions_that_are_shipped() -> None:
    shipped, developed = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: developed.get(name) for name in shipped} == shipped


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "benchmarks/peers/requirements.lock"])
def test_every_pin_has_a_hash(lock: str) -> None:
    blocks = re.split(r"^(?=[\w.-]+(?:\[[\w,-]+\])?==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) > 20
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_an_old_python_is_refused_in_words(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = make(".venv/.made", f"PYTHON={old}", folder=tmp_path)
    assert refused.returncode != 0
    assert "needs Python 3.11 or later" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_python_that_is_asked_for_is_the_same_everywhere() -> None:
    oldest = PROJECT["project"]["requires-python"].split(",")[0].removeprefix(">=")
    major, minor = oldest.split(".")
    assert f"sys.version_info < ({major}, {minor})" in (ROOT / "Makefile").read_text()
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{major}{minor}"
    assert f"ARG BASE=python:{oldest}-slim" in (ROOT / "Dockerfile").read_text()


def store_of(data: Path | str, folder: Path = ROOT) -> str:
    """The store that `make run DATA=...` serves from, as the shell makes it out; nothing is run."""
    planned = make("--dry-run", "--always-make", "run", f"DATA={data}", "PORT=9000").stdout
    serving = planned.splitlines()[-1]
    assert "serve --port 9000" in serving
    setting = serving.split(" .venv/bin/computecast")[0]
    show = ["sh", "-c", f'{setting}; echo "$COMPUTECAST_DATABASE_URL"']
    return subprocess.run(show, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_each_file_of_data_gets_a_store_of_its_own(tmp_path: Path) -> None:
    for folder in ("some folder", "another"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "fleet.2025.csv.gz").touch()
    (tmp_path / "demo.csv").touch()
    one = store_of("some folder/fleet.2025.csv.gz", tmp_path)
    assert re.fullmatch(r"sqlite:///\.computecast/fleet\.2025-\d+\.db", one)
    assert store_of(tmp_path / "another/../some folder/fleet.2025.csv.gz") == one
    assert store_of("./another/fleet.2025.csv.gz", tmp_path) != one
    assert store_of("") == "sqlite:///.computecast/demo.db"
    assert re.fullmatch(r"sqlite:///\.computecast/demo-\d+\.db", store_of("demo.csv", tmp_path))


def test_the_targets_that_are_written_about_exist() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {target for text in texts for target in re.findall(r"`make ([a-z][a-z-]*)", text.read_text())}
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named
    assert named - targets == set()


def test_links_between_documents_lead_somewhere() -> None:
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [(text, link) for text in texts for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text.read_text())]
    assert [(text.name, link) for text, link in links if not (text.parent / link).exists()] == []


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    packages = PROJECT["tool"]["importlinter"]["root_packages"]
    trees = [ast.parse(path.read_text()) for package in packages for path in (ROOT / package).rglob("*.py")]
    names = {name.split(".")[0] for tree in trees for name in imported(tree)}
    distributions = importlib.metadata.packages_distributions()
    outside = names - set(packages) - sys.stdlib_module_names
    found = {canonical(distributions[name][0]) for name in outside if name in distributions}
    declared = {canonical(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert outside - distributions.keys() == set()
    assert found - declared == set()
    assert declared - found - LOADED_BY_NAME == set()


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
