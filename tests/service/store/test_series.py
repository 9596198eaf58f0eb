import pytest

from demand.calendar import Granularity
from demand.series import Selection, SeriesKey, Workload
from service.store.engine import Store
from service.store.series import SeriesNotFound, StoredSeries

KEYS = [
    SeriesKey(provider=provider, region=region, workload=workload)
    for provider in ("p'; DROP TABLE series; --", "q")
    for region in ("eu", "us")
    for workload in Workload
]


@pytest.fixture
def stored(store: Store) -> list[StoredSeries]:
    with store.begin() as unit:
        created = unit.series.create([(key, "megawatts", Granularity.DAY) for key in KEYS])
    assert [(each.key, each.unit, each.granularity) for each in created] == [
        (key, "megawatts", Granularity.DAY) for key in KEYS
    ]
    return created


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(region=("us",)),
        Selection(workload=("training", "inference"), provider=("p'; DROP TABLE series; --",)),
        Selection(tenant=("nobody",)),
    ],
)
def test_found_are_the_series_that_the_selection_accepts(
    store: Store, stored: list[StoredSeries], selection: Selection
) -> None:
    with store.read() as unit:
        assert unit.series.find(selection) == [series for series in stored if selection.accepts(series.key)]


def test_found_series_are_paged_by_id(store: Store, stored: list[StoredSeries]) -> None:
    with store.read() as unit:
        assert unit.series.find(Selection(), limit=5, after=stored[2].id) == stored[3:8]


def test_series_are_got_by_id_in_the_order_asked(store: Store, stored: list[StoredSeries]) -> None:
    with store.read() as unit:
        assert unit.series.get(stored[3].id) == stored[3]
        assert unit.series.get_all([stored[4].id, stored[0].id]) == [stored[4], stored[0]]
        with pytest.raises(SeriesNotFound, match="series 999 is not stored"):
            unit.series.get_all([stored[0].id, 999])


def test_more_ids_and_keys_than_a_statement_has_parameters_can_be_asked_for(store: Store) -> None:
    keys = [SeriesKey(tenant=str(number)) for number in range(3000)]
    with store.begin() as unit:
        created = unit.series.create([(key, "accelerators", Granularity.HOUR) for key in keys])
        assert unit.series.by_key([*keys, SeriesKey(tenant="no")]) == {series.key: series for series in created}
        wanted = [series.id for series in created] * 30
        assert [series.id for series in unit.series.get_all(wanted)] == wanted
