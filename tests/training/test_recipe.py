import json

from demand.calendar import Granularity
from training.recipe import Choice, Recipe

CHOICE = Choice("theta", {"theta": 0.7, "ets": 0.9}, naive_score=1.1, coverage_80=0.78, warnings=("short",))
RECIPE = Recipe(
    granularity=Granularity.DAY,
    horizon=30,
    levels=(0.1, 0.5, 0.9),
    seed=7,
    as_of="2025-01-06T00:00:00+00:00",
    models=("theta", "ets"),
    fingerprint=("ab", "cd"),
    versions={"numpy": "2.4.6"},
)


def test_a_choice_comes_back_from_json_as_it_was() -> None:
    assert Choice.from_json(json.loads(json.dumps(CHOICE.to_json()))) == CHOICE


def test_a_recipe_comes_back_from_json_as_it_was() -> None:
    assert Recipe.from_json(json.loads(json.dumps(RECIPE.to_json()))) == RECIPE


def test_the_score_of_a_choice_is_that_of_its_model() -> None:
    assert CHOICE.score == 0.7
    assert Choice("unknown").score is None
