from datetime import UTC, datetime

import pytest

from demand.accelerators import DEFAULT, Accelerator, Figure, Source, published
from demand.errors import Conflict
from demand.estimates import Estimate
from service.store.accelerators import OverrideNotFound
from service.store.engine import Store

CAPPED = Accelerator(
    "H100",
    "NVIDIA",
    ("hopper",),
    power_watts=Figure(Estimate(600, 640, 700), Source("meter", "https://example.org/meter", "2025-01")),
    tokens_per_second={"70b": Figure(Estimate.certain(1900), Source("load test"))},
)


def test_without_changes_the_catalogue_is_the_published_one(store: Store) -> None:
    with store.read() as unit:
        assert unit.accelerators.catalogue() == published()
        assert unit.accelerators.overrides() == {}


def test_what_is_set_comes_back_as_it_was_merged_into_what_is_published(store: Store) -> None:
    before = datetime.now(UTC)
    with store.begin() as unit:
        merged = unit.accelerators.put(CAPPED, "me", "a cap")
    with store.read() as unit:
        catalogue = unit.accelerators.catalogue()
        (change,) = unit.accelerators.changes("H100-SXM5-80GB", limit=10)
    assert catalogue.find("hopper") == merged
    assert merged.power_watts == CAPPED.power_watts
    assert merged.tokens_per_second == CAPPED.tokens_per_second
    assert merged.memory_gb == published().find("H100").memory_gb
    assert catalogue.version == f"{published().version}+{change.id}"
    assert (change.name, change.changed_by, change.note) == ("H100-SXM5-80GB", "me", "a cap")
    assert before <= change.changed_at <= datetime.now(UTC)
    assert change.override is not None
    assert change.override.power_watts == CAPPED.power_watts


def test_setting_again_replaces_as_a_whole_and_unsetting_goes_back_and_every_change_is_kept(store: Store) -> None:
    again = Accelerator("nvidia-h100-80gb", memory_gb=Figure(Estimate.certain(79), Source("driver")))
    with store.begin() as unit:
        unit.accelerators.put(CAPPED, "me", "")
        unit.accelerators.put(again, "you", "")
        found = unit.accelerators.catalogue().find("H100")
        assert found.power_watts == published().find("H100").power_watts
        assert found.memory_gb == again.memory_gb
        assert unit.accelerators.remove("h100", "you", "back").memory_gb == again.memory_gb
    with store.read() as unit:
        assert unit.accelerators.catalogue().accelerators == published().accelerators
        changes = unit.accelerators.changes("H100-SXM5-80GB", limit=10)
        assert [change.changed_by for change in changes] == ["me", "you", "you"]
        assert changes[-1].override is None
        assert unit.accelerators.changes("H100-SXM5-80GB", limit=1, after=changes[0].id) == changes[1:2]


def test_what_was_not_set_cannot_be_unset(store: Store) -> None:
    with pytest.raises(OverrideNotFound, match="already is as published"), store.begin() as unit:
        unit.accelerators.remove("H100", "", "")


def test_an_accelerator_that_is_not_published_is_added_and_taken_away(store: Store) -> None:
    with store.begin() as unit:
        unit.accelerators.put(Accelerator("GPU-series-1", power_watts=CAPPED.power_watts), "", "")
        unit.accelerators.put(Accelerator("gpu_series_1", memory_gb=CAPPED.power_watts), "", "")
        added = unit.accelerators.catalogue().find("gpuseries1")
        assert (added.name, added.power_watts) == ("GPU-series-1", None)
        unit.accelerators.remove("GPU SERIES 1", "", "")
        assert unit.accelerators.catalogue().accelerators == published().accelerators


def test_the_default_is_set_by_its_name(store: Store) -> None:
    pue = Figure(Estimate.certain(1.2), Source("our sites"))
    with store.begin() as unit:
        assert unit.accelerators.put(Accelerator(DEFAULT, pue=pue), "", "").pue == pue
        assert unit.accelerators.catalogue().default.pue == pue


def test_an_alias_of_another_accelerator_is_refused_and_leaves_nothing(store: Store) -> None:
    with pytest.raises(Conflict), store.begin() as unit:
        unit.accelerators.put(Accelerator("L4", aliases=("H100",)), "", "")
    with store.read() as unit:
        assert unit.accelerators.catalogue() == published()
