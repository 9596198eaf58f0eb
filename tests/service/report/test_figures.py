import re

import numpy as np

from service.report.figures import MOST_BARS, Fan, fan, strip


def test_bars_are_as_high_as_chances_and_none_is_drawn_of_nothing() -> None:
    drawing = strip(np.array([0.0, 0.25, 1.0]), "said <so>")
    assert re.findall(r'x="(\d)".*?height="([\d.]+)"', drawing) == [("1", "0.250"), ("2", "1.000")]
    assert "<title>said &lt;so&gt;</title>" in drawing
    assert 'viewBox="0 0 3 1"' in drawing


def test_many_steps_share_bars_that_show_the_largest_chance() -> None:
    chances = np.zeros(10 * MOST_BARS)
    chances[55] = 0.7
    assert re.findall(r'x="(\d+)".*?height="([\d.]+)"', strip(chances, "")) == [("5", "0.700")]


def test_lines_begin_at_zero_and_end_at_the_largest() -> None:
    low, high = np.array([0.0, 10.0]), np.array([20.0, 40.0])
    drawing = fan(Fan(low, high, np.array([10.0, 20.0]), np.array([30.0, 30.0]), np.array([30.0, 40.0])), "")
    assert re.findall(r'points="(.*?)"', drawing) == [
        "0,50.0 1,0.0 1,75.0 0,100.0",
        "0,25.0 1,0.0",
        "0,25.0 1,25.0",
        "0,75.0 1,50.0",
    ]


def test_one_step_of_nothing_is_drawn_too() -> None:
    nothing = np.zeros(1)
    assert "0,100.0 1,100.0" in fan(Fan(nothing, nothing, nothing, nothing, nothing), "")
