import pytest

from planning.pacing.words import money


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (12.34, "12.3 USD"),
        (1234, "1.23 thousand USD"),
        (-2_500_000, "-2.5 million USD"),
        (7.1e10, "71 billion USD"),
    ],
)
def test_money_is_rounded_to_what_can_be_read(amount: float, words: str) -> None:
    assert money(amount, "USD") == words
