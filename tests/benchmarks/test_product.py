from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.methods import question
from benchmarks.product import PRESETS, main, member, panel, whole
from benchmarks.windows import Task, Window, windows
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive


@pytest.fixture
def window(data: Path, task: Task) -> Window:
    return next(iter(windows(task, data)))


def test_a_question_holds_the_whole_panel(window: Window) -> None:
    again = panel(question(window, joint=False))
    assert (again.keys, again.units, again.granularity) == (
        window.history.keys,
        window.history.units,
        window.history.granularity,
    )
    assert again.start == window.history.start
    np.testing.assert_array_equal(again.values, window.history.values)


def test_a_member_is_the_model_of_the_catalogue(window: Window) -> None:
    said = member(question(window, joint=False), "seasonal_naive")
    expected = SeasonalNaive().fit(window.history, seed=0).predict(10, DECILES)
    np.testing.assert_array_equal(said.quantiles, expected.values)


@pytest.mark.parametrize("preset", PRESETS)
def test_paths_have_the_quantiles_of_the_forecast(window: Window, preset: str) -> None:
    said = whole(replace(question(window, joint=True), n_paths=2000), preset)
    assert said.paths is not None
    assert said.paths.shape == (1, 2000, 10)
    drawn = np.moveaxis(np.quantile(said.paths, DECILES, axis=1), 0, -1)
    np.testing.assert_allclose(drawn, said.quantiles, rtol=0.01)


def test_a_method_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        main("peers/prophet", tmp_path)
