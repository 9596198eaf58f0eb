import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.exchange import FloatArray, MethodUnavailable, Question, ask
from benchmarks.methods import PEERS as ASKED
from benchmarks.peers.runner import PEERS, answer
from benchmarks.peers.series import Series

ROOT = Path(__file__).parents[3]
PEERS_ONLY = {"autogluon", "flaircast", "fracast", "torch"}


def question() -> Question:
    values = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    return Question("hour", "2025-01-01T00:00:00+00:00", 24, 2, (0.1, 0.9), 7, ({}, {}), values)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_crossing_quantiles_are_put_in_order_and_stay_what_they_are() -> None:
    def careless(series: Series) -> FloatArray:
        return np.array([[5.0, -3.0], [1.0, 2.0]])

    np.testing.assert_array_equal(answer(question(), careless).quantiles[0], [[-3.0, 5.0], [1.0, 2.0]])


def test_a_peer_that_fails_leaves_out_that_series_only() -> None:
    def choosy(series: Series) -> FloatArray:
        if series.values[0] > 1:
            raise ValueError("too large")
        return np.ones((2, 2))

    said = answer(question(), choosy)
    assert said.failures == {1: "ValueError: too large"}
    assert np.isnan(said.quantiles).all(axis=(1, 2)).tolist() == [False, True]


def test_a_peer_that_is_not_installed_is_left_out_by_name() -> None:
    with pytest.raises(MethodUnavailable, match="not installed: No module named 'autogluon'"):
        ask([sys.executable, "-m", "benchmarks.peers.runner", "autogluon"], [question()])


def test_a_peer_that_the_product_has_too_can_be_asked() -> None:
    rng = np.random.default_rng(1)
    values = 50 + 10 * np.sin(np.arange(120) * 2 * np.pi / 24) + rng.normal(size=(1, 120))
    asked = Question("hour", "2025-01-01T00:00:00+00:00", 24, 6, (0.1, 0.5, 0.9), 1, ({},), values)
    (said,) = ask([sys.executable, "-m", "benchmarks.peers.runner", "theta"], [asked])
    expected = 50 + 10 * np.sin(np.arange(120, 126) * 2 * np.pi / 24)
    np.testing.assert_allclose(said.quantiles[0, :, 1], expected, atol=4)
    assert (np.diff(said.quantiles, axis=-1) > 0).all()


def test_every_peer_that_is_asked_has_its_function() -> None:
    assert PEERS.keys() == ASKED.keys()
    for place in PEERS.values():
        module, function = place.split(":")
        tree = ast.parse((ROOT / "benchmarks" / "peers" / f"{module}.py").read_text())
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_only_the_peers_import_what_only_the_peers_have() -> None:
    packages = ("demand", "forecasting", "training", "service", "planning", "benchmarks", "tests")
    modules = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    outside = [path for path in modules if not path.is_relative_to(ROOT / "benchmarks" / "peers")]
    found = {(str(path), name) for path in outside for name in imports(path) if name.split(".")[0] in PEERS_ONLY}
    assert len(outside) > 50
    assert found == set()


def test_the_product_imports_no_benchmark_and_the_peers_import_no_product() -> None:
    product = {"demand", "forecasting", "training", "service", "planning"}
    crossing = {
        (str(path), name)
        for package in product
        for path in (ROOT / package).rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] == "benchmarks"
    }
    answering = [*(ROOT / "benchmarks" / "peers").glob("*.py"), ROOT / "benchmarks" / "exchange.py"]
    crossing |= {(str(path), name) for path in answering for name in imports(path) if name.split(".")[0] in product}
    assert crossing == set()
