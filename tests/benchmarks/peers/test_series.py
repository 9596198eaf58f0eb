import numpy as np

from benchmarks.exchange import Question
from benchmarks.peers.series import series


def test_a_series_begins_at_its_first_known_bucket_and_has_no_gaps() -> None:
    values = np.array([[np.nan, np.nan, 2.0, np.nan, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    about = ({"tenant": "a"}, {"tenant": "b"})
    question = Question("hour", "2025-01-01T00:00:00+00:00", 24, 3, (0.5,), 1, about, values)
    late, full = series(question)
    np.testing.assert_array_equal(late.values, [2.0, 4.0, 6.0])
    assert late.start == np.datetime64("2025-01-01T02:00:00")
    np.testing.assert_array_equal(full.values, values[1])
    assert (full.horizon, full.levels, full.seed) == (3, (0.5,), 1)


def test_weeks_are_seven_days_apart() -> None:
    question = Question("week", "2025-01-06T00:00:00Z", 1, 3, (0.5,), 1, ({},), np.array([[np.nan, 1.0]]))
    assert series(question)[0].start == np.datetime64("2025-01-13")
