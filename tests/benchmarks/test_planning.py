from benchmarks.ledgers import Size
from benchmarks.planning import problem, timed


def test_a_made_up_problem_has_the_size_that_was_asked_for() -> None:
    made = problem(Size(8, 3, 12, 20), 0, 1.0)
    assert len(made.decisions) == 8
    assert made.demand.shape == (6, 20, 12)
    assert made.limits.budget is not None
    assert made.risk.weight == 1


def test_what_is_timed_is_given_back() -> None:
    given, seconds = timed(lambda: 7)
    assert given == 7
    assert seconds >= 0
