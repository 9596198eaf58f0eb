from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import speed
from benchmarks.methods import Method
from demand.calendar import Granularity


def test_a_batch_is_as_large_as_asked_and_the_same_every_time() -> None:
    one, two = speed.questions(3, 2)
    assert one.values.shape == (3, speed.HOURS)
    assert (one.values > 0).all()
    np.testing.assert_array_equal(one.values, speed.questions(3, 1)[0].values)
    assert not np.array_equal(one.values, two.values)


def test_seconds_are_per_series() -> None:
    row = speed.measure(Method("members", "seasonal_naive", (Granularity.HOUR,)), 4, 1)
    assert (row["method"], row["series"]) == ("members/seasonal_naive", 4)
    assert 0 <= float(str(row["cpu_seconds"])) < 0.5


def test_new_rows_take_the_place_of_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "RESULTS", tmp_path)
    old = [{"method": "a", "series": 1, "cpu_seconds": 1.0, "peak_mb": 1.0}]
    speed.keep(old)
    kept = speed.keep([old[0] | {"cpu_seconds": 2.0}, old[0] | {"method": "b"}])
    assert kept[["method", "cpu_seconds"]].to_numpy().tolist() == [["a", 2.0], ["b", 1.0]]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "speed.csv"), kept.reset_index(drop=True), check_dtype=False)
