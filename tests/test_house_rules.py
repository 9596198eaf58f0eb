"""The house rules that no other tool checks; CONTRIBUTING.md says why they are there."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
MIRRORED = (*PACKAGES, "benchmarks")

MODULE_LINES = 300
BODY_LINES = 40
VAGUE_NAMES = {"base", "common", "core", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")

CODE_IN_DATA = {"cloudpickle", "dill", "marshal", "pickle", "shelve"}
CODE_IN_DATA_CALLS = {"joblib.dump", "joblib.load", "pd.read_pickle", "exec", "eval"}

CROSS_CUTTING = {
    "tests/test_house_rules.py",
    "tests/test_project.py",
    "tests/forecasting/test_conformance.py",
    "tests/planning/test_worked_example.py",
    "tests/service/api/test_odd_questions.py",
    "tests/service/api/test_told_units.py",
}
CROSS_CUTTING_FOLDERS = {"tests/acceptance", "tests/container"}

AT_THE_ROOT = {
    *(".ci", ".dockerignore", ".gitignore", "ARCHITECTURE.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "Makefile"),
    *("README.md", "benchmarks", "compose.yaml", "docs", "pyproject.toml", "requirements-dev.lock"),
    *("requirements.lock", "tests", *PACKAGES),
}


def committed() -> list[PurePosixPath]:
    """What git holds, and what it would take."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [PurePosixPath(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def modules() -> list[PurePosixPath]:
    """Every module of the packages and of the benchmarks."""
    return [path for path in committed() if path.suffix == ".py" and path.parts[0] in MIRRORED]


def syntax(path: PurePosixPath) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def called(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def is_migration(path: PurePosixPath) -> bool:
    return path.is_relative_to("service/store/migrations")


def test_modules_are_small() -> None:
    lengths = {str(path): (ROOT / path).read_text().count("\n") for path in modules() if not is_migration(path)}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_bodies_are_small() -> None:
    long_ones = [
        f"{path}:{node.lineno} {node.name}: {body_lines(node)} lines"
        for path in modules()
        if not is_migration(path)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > BODY_LINES
    ]
    assert long_ones == []


def test_a_body_is_counted_without_its_signature_and_docstring() -> None:
    (function,) = ast.parse('def f(\n    x,\n):\n    """Text.\n\n    More.\n    """\n    y = x\n\n    return y\n').body
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == 3


def test_modules_are_named_for_what_is_in_them() -> None:
    vague = [str(path) for path in modules() if VAGUE_NAMES & {part.strip("_") for part in path.with_suffix("").parts}]
    assert vague == []


def test_nothing_is_left_unfinished() -> None:
    code = [path for path in committed() if path.suffix in {".py", ".toml", ".yaml"} or not path.suffix]
    found = [
        f"{path}:{number} {line.strip()}"
        for path in code
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_nothing_stored_can_run_code() -> None:
    found = [
        f"{path}:{line} {name}"
        for path in modules()
        for line, name in [*imported(syntax(path)), *called(syntax(path))]
        if name.split(".")[0] in CODE_IN_DATA or name in CODE_IN_DATA_CALLS or name.endswith(".to_pickle")
    ]
    assert found == []


def test_tests_mirror_modules() -> None:
    mirrored = {str(path.with_name(f"test_{path.stem}.py")) for path in modules()}
    tests = [path for path in committed() if path.parts[0] == "tests" and path.name.startswith("test_")]
    stray = [
        str(path)
        for path in tests
        if str(path.relative_to("tests")) not in mirrored
        and str(path) not in CROSS_CUTTING
        and not any(path.is_relative_to(folder) for folder in CROSS_CUTTING_FOLDERS)
    ]
    assert stray == [], "name a test for the module it tests, or list it as cross-cutting here"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "benchmarks/peers/requirements.lock"])
def test_locks_name_no_host(name: str) -> None:
    hosts = re.compile(r"://|^\s*(?:-i|-f)\b|--(?:extra-)?index-url|--find-links|--trusted-host|\s@\s")
    assert [line for line in (ROOT / name).read_text().splitlines() if hosts.search(line)] == []


def test_the_root_holds_only_what_belongs_there() -> None:
    assert {path.parts[0] for path in committed()} - AT_THE_ROOT == set()
