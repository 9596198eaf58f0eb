from dataclasses import replace

import numpy as np
import pytest

from demand.saturation import Saturation
from tests.training.panels import panel
from training.pipeline import fingerprint
from training.recipe import Choice
from training.saturated import told

KNOWN = Saturation(np.array([900.0, np.nan, np.nan]), np.array([np.nan, 70.0, np.nan]))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice("ensemble", weights={"growth": (0.2,), "prophet": (0.1,), "theta": (0.7,)}), "in growth and prophet"),
        (Choice("ensemble", weights={"growth": (0.0, 0.2), "theta": (1.0, 0.8)}), "in growth"),
        (Choice("prophet"), "in prophet"),
        (Choice("ensemble", weights={"growth": (0.0,), "theta": (1.0,)}), "no model of this forecast makes use"),
        (Choice("growth", served_by="seasonal_naive"), "no model of this forecast makes use"),
    ],
)
def test_the_reader_is_told_where_growth_ends_and_which_models_know_it(choice: Choice, said: str) -> None:
    (remark,) = told(choice, KNOWN, 0).remarks
    assert remark.startswith("growth saturates at 900")
    assert remark.endswith(said) or said in remark


def test_a_saturation_that_was_outgrown_is_named_with_what_to_do_after_what_was_said_before() -> None:
    choice = told(Choice("growth", remarks=("theta was dropped",)), KNOWN, 1)
    assert choice.remarks[0] == "theta was dropped"
    assert "saturation of 70 is ignored" in choice.remarks[1]
    assert "store a higher one" in choice.remarks[1]


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert told(Choice("growth"), KNOWN, 2) == Choice("growth")


def test_a_run_that_knew_of_a_saturation_has_read_something_else() -> None:
    history = panel(np.ones((2, 9)))
    read = [replace(history, caps=caps) for caps in (None, np.array([9.0, np.nan]), np.array([np.nan, 9.0]))]
    assert len({fingerprint(each) for each in read}) == 3
