import pytest

from demand.errors import Unavailable
from service.plan_turns import Busy, PlanTurns


def test_there_are_as_many_turns_as_are_said_and_nobody_waits() -> None:
    turns = PlanTurns(2)
    with turns.turn(), turns.turn(), pytest.raises(Busy, match="2 other plans are being made"), turns.turn():
        pass
    with turns.turn():
        assert issubclass(Busy, Unavailable)


def test_a_turn_is_given_back_when_its_plan_fails() -> None:
    turns = PlanTurns(1)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="failed"), turns.turn():
            raise RuntimeError("failed")
