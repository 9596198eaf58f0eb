import re

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import NotFound
from demand.history import Panel
from demand.series import SeriesKey
from forecasting.catalogue import PRIOR, Preset, catalogue, model

every_granularity = pytest.mark.parametrize("granularity", list(Granularity))


def names(granularity: Granularity, preset: Preset) -> list[str]:
    return [each.name for each in catalogue(granularity, preset)]


@every_granularity
@pytest.mark.parametrize("preset", list(Preset))
def test_the_seasonal_naive_comes_first_and_names_are_distinct(granularity: Granularity, preset: Preset) -> None:
    found = names(granularity, preset)
    assert found[0] == "seasonal_naive"
    assert len(set(found)) == len(found)
    assert "profile" in found


@every_granularity
def test_each_preset_has_what_the_quicker_one_has_and_more(granularity: Granularity) -> None:
    fast, balanced, best = (set(names(granularity, preset)) for preset in Preset)
    assert fast < balanced < best
    assert balanced - fast >= {"boosting"}
    assert best >= {"prophet", "boosting", "theta", "ces", "ets"}


@every_granularity
def test_nothing_is_said_of_a_preset_that_asks_for_best(granularity: Granularity) -> None:
    assert catalogue(granularity) == catalogue(granularity, Preset.BEST)


@every_granularity
def test_fast_has_our_own_models_only_and_third_party_models_have_a_budget(granularity: Granularity) -> None:
    assert all(each.budget_seconds is None for each in catalogue(granularity, Preset.FAST))
    for name in ("theta", "ces", "ets", "prophet"):
        assert 0 < (model(name, granularity).budget_seconds or 0) <= 60


def test_by_the_hour_balanced_fits_no_third_party_model() -> None:
    assert all(each.budget_seconds is None for each in catalogue(Granularity.HOUR, Preset.BALANCED))
    assert {"theta", "ets"} <= set(names(Granularity.WEEK, Preset.BALANCED))


def test_every_model_has_a_prior_and_every_prior_a_model() -> None:
    known = {each.name for granularity in Granularity for each in catalogue(granularity)}
    assert set(PRIOR) == known
    assert all(weight > 0 for weight in PRIOR.values())


@every_granularity
def test_every_model_is_found_by_its_name_and_says_what_it_does(granularity: Granularity) -> None:
    for each in catalogue(granularity):
        assert model(each.name, granularity) is each
        assert re.fullmatch(r"[A-Z].{20,}\.", each.description)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match=r"no model 'oracle' for the granularity week; there are seasonal_naive, .*mstl"):
        model("oracle", Granularity.WEEK)


@every_granularity
def test_a_naive_of_a_longer_season_asks_for_more_than_that_season(granularity: Granularity) -> None:
    start = pd.Timestamp("2024-01-01", tz="UTC")
    panel = Panel((SeriesKey(),), ("accelerators",), granularity, start, np.ones((1, 9)))
    seasons = {"weekly_naive": 168, "yearly_naive": {Granularity.DAY: 364, Granularity.WEEK: 52}.get(granularity)}
    for each in catalogue(granularity):
        if each.name in seasons:
            assert each.minimum_history(panel) == (seasons[each.name] or 0) + 1
    assert model("seasonal_naive", granularity).minimum_history(panel) == 1
