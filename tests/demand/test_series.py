import dataclasses

import pytest

from demand.series import DIMENSIONS, Selection, SeriesKey, Workload

KEY = SeriesKey(provider="north", region="eu", accelerator="H100", workload=Workload.TRAINING, tenant="lab")


def test_the_dimensions_are_the_fields_of_a_key_and_of_a_selection() -> None:
    assert tuple(field.name for field in dataclasses.fields(SeriesKey)) == DIMENSIONS
    assert tuple(field.name for field in dataclasses.fields(Selection)) == DIMENSIONS


def test_demand_that_nobody_has_classified_is_unattributed() -> None:
    assert SeriesKey().workload is Workload.UNATTRIBUTED


def test_a_key_is_written_without_its_empty_dimensions() -> None:
    assert str(KEY) == "provider=north, region=eu, accelerator=H100, workload=training, tenant=lab"


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_dimension_is_read_by_its_name(name: str) -> None:
    assert KEY.dimension(name) == getattr(KEY, name)
    assert type(KEY.dimension(name)) is str


def test_keys_sort_by_provider_first() -> None:
    assert sorted([KEY, SeriesKey(provider="a", tenant="z")])[0].provider == "a"


def test_an_empty_selection_accepts_every_series() -> None:
    assert Selection().accepts(KEY)
    assert Selection().conditions() == {}
    assert str(Selection()) == "everything"


def test_a_selection_accepts_a_series_that_meets_all_of_its_conditions() -> None:
    assert Selection(provider=("south", "north"), workload=("training",)).accepts(KEY)
    assert not Selection(provider=("south", "north"), workload=("inference",)).accepts(KEY)
    assert not Selection(provider=("south",), workload=("training",)).accepts(KEY)


def test_a_selection_of_the_empty_value_accepts_series_without_that_dimension() -> None:
    assert Selection(stage=("",)).accepts(KEY)
    assert not Selection(tenant=("",)).accepts(KEY)


def test_a_selection_names_its_conditions() -> None:
    assert str(Selection(region=("eu", "us"))) == "region in ['eu', 'us']"
