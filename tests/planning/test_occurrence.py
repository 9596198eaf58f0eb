import numpy as np

from planning.occurrence import Occurrence

HAPPENED = Occurrence(np.array([[0, 2, 2, 3], [3, 3, 3, 1]]), 3)


def test_chances_count_the_paths_on_which_it_has_happened() -> None:
    np.testing.assert_allclose(HAPPENED.chance_by(), [[0.25, 0.25, 0.75], [0, 0.25, 0.25]])
    np.testing.assert_allclose(HAPPENED.never, [0.25, 0.75])
    np.testing.assert_allclose(HAPPENED.already, [0.25, 0])


def test_quantiles_are_the_first_steps_that_reach_the_chance_or_never() -> None:
    assert HAPPENED.quantiles((0.25, 0.5, 0.75, 0.9)).tolist() == [[0, 2, 2, 3], [1, 3, 3, 3]]
    reached = HAPPENED.chance_by()[0]
    assert [int(np.argmax(reached >= level)) for level in (0.25, 0.5, 0.75)] == [0, 2, 2]
