import json

import pytest

from demand.calendar import Granularity
from training.recipe import Choice, PastErrors, Recipe

CHOICE = Choice(
    "ensemble",
    {"ensemble": 0.7, "ets": 0.9},
    naive_score=1.1,
    coverage_80=0.78,
    warnings=("short",),
    weights={"ets": (0.25, 0.75), "theta": (0.75, 0.25)},
    widths={"lower": (1.0, 1.5), "upper": (0.5, 1.0)},
    errors=(PastErrors(24, 96, 0.5, -3.0, 4.0),),
    remarks=("profile was dropped from this forecast: it crashed",),
)
RECIPE = Recipe(
    granularity=Granularity.DAY,
    horizon=30,
    levels=(0.1, 0.5, 0.9),
    seed=7,
    as_of="2025-01-06T00:00:00+00:00",
    models=("theta", "ets"),
    fingerprint=("ab", "cd"),
    versions={"numpy": "2.4.6"},
    preset="fast",
)


def test_a_choice_comes_back_from_json_as_it_was() -> None:
    assert Choice.from_json(json.loads(json.dumps(CHOICE.to_json()))) == CHOICE


def test_a_recipe_comes_back_from_json_as_it_was() -> None:
    assert Recipe.from_json(json.loads(json.dumps(RECIPE.to_json()))) == RECIPE


def test_the_score_of_a_choice_is_that_of_its_model() -> None:
    assert CHOICE.score == 0.7
    assert Choice("unknown").score is None


def test_a_choice_and_a_recipe_from_before_there_were_ensembles_can_still_be_read() -> None:
    old = {
        "model": "theta",
        "scores": {"theta": 0.7},
        "naive_score": 1.0,
        "coverage_80": 0.8,
        "warnings": ["short"],
        "served_by": "seasonal_naive",
        "fallback_reason": "it crashed",
    }
    choice = Choice.from_json(old)
    assert (choice.weights, choice.widths, choice.errors, choice.remarks) == ({}, {}, (), ())
    assert choice.notes == ("short", "seasonal_naive in place of theta: it crashed")
    document = {name: value for name, value in RECIPE.to_json().items() if name != "preset"}
    assert Recipe.from_json(document).models == RECIPE.models


def test_weights_are_told_as_shares_over_the_whole_horizon_the_heaviest_first() -> None:
    choice = Choice("ensemble", weights={"a": (0.1, 0.3), "b": (0.9, 0.7)})
    assert list(choice.mean_weights().items()) == [("b", pytest.approx(0.8)), ("a", pytest.approx(0.2))]
    assert Choice("theta").mean_weights() == {}


def test_what_is_said_of_a_forecast_is_what_was_learned_and_what_happened() -> None:
    assert CHOICE.notes == ("short", "profile was dropped from this forecast: it crashed")
