from dataclasses import replace

import numpy as np
import pytest

from demand.errors import Invalid
from demand.series import Selection, SeriesKey, Workload
from planning.scenarios.additions import Launch, TenantArrives, with_added
from planning.scenarios.departures import TenantLeaves
from tests.planning.scenarios.making import ALL_INFERENCE, INFERENCE, KEYS, TRAINING, happening, known, level, moment


def test_a_launch_adds_its_level_to_a_series() -> None:
    event = Launch(name="x", key=INFERENCE, at=moment("2026-03-01"), level=known(20))
    demand = happening(level(), event).demand
    assert demand.values[1, 0].tolist() == [50, 50] + [70] * 22
    assert demand.labels == KEYS


def test_a_launch_may_be_a_new_series() -> None:
    key = SeriesKey(region="asia", workload=Workload.INFERENCE)
    demand = happening(
        level(), Launch(name="x", key=key, at=moment("2026-03-01"), level=known(20), ramp_days=31)
    ).demand
    assert demand.labels == (*KEYS, key)
    np.testing.assert_allclose(demand.values[3, 0, :4], [0, 0, 10, 20])


def test_a_launch_may_be_a_share_of_what_is_there() -> None:
    event = Launch(name="x", selection=ALL_INFERENCE, at=moment("2026-03-01"), share=known(0.1))
    values = happening(level(), event).demand.values[:, 0]
    np.testing.assert_allclose(values[:, 5], [100, 55, 33])


def test_a_tenant_that_arrives_has_series_of_its_own_and_can_leave_again() -> None:
    comes = TenantArrives(name="x", tenant="new", at=moment("2026-03-01"), share=known(0.5), selection=ALL_INFERENCE)
    arrived = happening(level(), comes).demand
    assert arrived.labels[3:] == tuple(replace(key, tenant="new") for key in KEYS[1:])
    np.testing.assert_allclose(arrived.values[3:, 0, 5], [25, 15])
    goes = TenantLeaves(name="y", selection=Selection(tenant=("new",)), at=moment("2027-01-01"))
    left = happening(level(), comes, goes).demand.values
    np.testing.assert_allclose(left[3:, 0, 5], [25, 15])
    assert left[3:, 0, 12:].max() == 0


def test_a_tenant_may_arrive_with_a_level() -> None:
    event = TenantArrives(name="x", tenant="new", at=moment("2026-03-01"), level=known(5), key=TRAINING)
    demand = happening(level(), event).demand
    assert demand.labels[3] == replace(TRAINING, tenant="new")
    assert demand.values[3, 0, -1] == 5


def test_an_arrival_of_nobody_and_a_size_of_two_kinds_are_refused() -> None:
    with pytest.raises(Invalid, match="which tenant arrives"):
        TenantArrives(name="x", tenant="", at=moment("2026-03-01"), share=known(1))
    with pytest.raises(Invalid, match="either the share of a selection, or a level"):
        Launch(name="x", at=moment("2026-03-01"))
    with pytest.raises(Invalid, match="either the share of a selection, or a level"):
        Launch(name="x", at=moment("2026-03-01"), share=known(1), level=known(1), key=TRAINING)
    with pytest.raises(Invalid, match="the size is -1"):
        Launch(name="x", at=moment("2026-03-01"), level=known(-1), key=TRAINING)


def test_what_is_added_leaves_the_original_alone() -> None:
    demand = level()
    with_added(demand, TRAINING, np.ones((3, 24)))
    assert demand.values[0].max() == 100
