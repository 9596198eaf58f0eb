import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report import (
    FIGURES,
    PAGE,
    accuracy_table,
    draw,
    filled,
    floored_table,
    results,
    speed_table,
    tables,
    totals_table,
)
from benchmarks.windows import tasks


def rows(loss: float, cover: float, left_out: int = 0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "set": [task.name for task in tasks()],
            "rel_sql": loss,
            "rel_sql_floored": loss / 2,
            "cover80": cover,
            "cpu_seconds": 0.25,
            "peak_mb": 99.6,
            "left_out": left_out,
        }
    )


def cells(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines()]


def test_the_page_is_what_the_command_writes_from_the_committed_results() -> None:
    page = PAGE.read_text()
    assert filled(page, tables()) == page, "write it with `make accuracy-report`"


def test_every_table_has_its_place_on_the_page() -> None:
    assert set(re.findall(r"<!-- table: (\w+) -->", PAGE.read_text())) == tables().keys()


def test_only_what_is_between_marks_is_written() -> None:
    page = "before\n<!-- table: cost -->\nold\n<!-- end -->\nafter 1.5\n"
    assert filled(page, {"cost": "new"}) == "before\n<!-- table: cost -->\nnew\n<!-- end -->\nafter 1.5\n"


def test_a_mark_for_an_unknown_table_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing"):
        filled("<!-- table: nothing --><!-- end -->", {})


def test_the_lowest_loss_of_a_set_is_bold_and_what_was_left_out_is_counted() -> None:
    _, _, first, second = cells(accuracy_table({"computecast/a": rows(0.5, 0.8), "peers/b": rows(0.75, 1.0, 2)}))
    assert first == ["computecast/a", *["**0.500** (.80)"] * 4, "-"]
    assert second == ["peers/b", *["0.750 (1.00)"] * 4, "8"]


def test_floored_losses_stand_in_a_table_of_their_own() -> None:
    assert cells(floored_table({"peers/b": rows(0.75, 1.0)}))[2] == ["peers/b", *["0.375"] * 4]


def test_speed_stands_beside_the_size_of_the_batch() -> None:
    made = [("peers/flair", 1, 0.02, 100.4), ("peers/flair", 1000, 0.0125, 200), ("peers/prophet", 1, 0.25, 90)]
    table = speed_table(pd.DataFrame(made, columns=["method", "series", "cpu_seconds", "peak_mb"]))
    assert cells(table)[0] == ["method", "one series", "1,000 series"]
    assert ["peers/flair", "0.0200 s, 100 MB", "0.0125 s, 200 MB"] in cells(table)
    assert ["peers/prophet", "0.2500 s, 90 MB", "-"] in cells(table)


def test_scores_of_joint_paths_are_relative_to_the_others() -> None:
    row = {"group": "g", "origin": "o", "cover80": 0.8}
    row |= {"energy_joint": 1.0, "energy_independent": 2.0, "energy_apart": 4.0}
    row |= {"variogram_joint": 3.0, "variogram_independent": 4.0, "variogram_apart": 3.0}
    assert cells(totals_table({"m": pd.DataFrame([row])}))[2] == ["m", "g", ".80", "0.500", "0.250", "0.750", "1.000"]


def test_the_figures_that_the_page_shows_are_drawn_from_the_results(tmp_path: Path) -> None:
    shown = set(re.findall(r"\(figures/([\w.]+)\)", PAGE.read_text()))
    draw(results(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == shown
    assert {path.name for path in FIGURES.iterdir()} == shown
