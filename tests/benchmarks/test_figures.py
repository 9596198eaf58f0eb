from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from benchmarks.figures import members_against_ensemble, reliability_diagram
from benchmarks.scoring import BELOW


def results(loss: float, *sets: str) -> pd.DataFrame:
    deciles = dict(zip(BELOW, np.linspace(0.1, 0.9, 9), strict=True))
    return pd.DataFrame(
        [
            {"set": name, "rel_sql": loss, "rel_sql_floored": loss, "cover80": 0.8, "cpu_seconds": 1, "peak_mb": 1}
            | deciles
            for name in sets
        ]
    )


def words(path: Path) -> set[str]:
    return {"".join(node.itertext()) for node in ElementTree.parse(path).iter() if node.tag.endswith("}text")}


def test_a_figure_is_the_same_twice_and_names_no_date(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        reliability_diagram({"balanced": results(0.5, "a", "b")}, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "date>" not in (tmp_path / "one.svg").read_text()


def test_the_reliability_diagram_names_methods_and_sets(tmp_path: Path) -> None:
    reliability_diagram({"balanced": results(0.5, "a", "b"), "fast": results(0.6, "a", "b")}, tmp_path / "made.svg")
    assert {"balanced", "fast", "a", "b"} <= words(tmp_path / "made.svg")


def test_bars_carry_their_losses_and_a_dash_where_a_member_has_none(tmp_path: Path) -> None:
    presets, members = {"balanced": results(0.5, "a", "b")}, {"theta": results(0.75, "a"), "arima": results(0.25, "b")}
    members_against_ensemble(presets, members, tmp_path / "made.svg")
    assert {"balanced", "theta", "arima", "0.50", "0.75", "0.25", "-"} <= words(tmp_path / "made.svg")
