import pytest

from demand.calendar import Granularity
from demand.errors import NotFound
from forecasting.catalogue import catalogue, model


@pytest.mark.parametrize("granularity", Granularity)
def test_the_seasonal_naive_comes_first_and_names_are_distinct(granularity: Granularity) -> None:
    names = [each.name for each in catalogue(granularity)]
    assert names[0] == "seasonal_naive"
    assert len(set(names)) == len(names)
    assert {"prophet", "boosting", "theta", "ces"} <= set(names)


@pytest.mark.parametrize("granularity", Granularity)
def test_every_model_is_found_by_its_name(granularity: Granularity) -> None:
    for each in catalogue(granularity):
        assert model(each.name, granularity) is each


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match=r"no model 'oracle' for the granularity week; there are seasonal_naive, .*mstl"):
        model("oracle", Granularity.WEEK)
