import numpy as np
import pytest

from demand.errors import Invalid
from demand.series import Selection
from planning.estimates import Estimate
from planning.scenarios.departures import TenantLeaves
from tests.planning.scenarios.making import ALL_TRAINING, happening, known, level, moment, noisy


def test_a_tenant_that_leaves_takes_its_training_along() -> None:
    event = TenantLeaves(
        name="x", selection=Selection(tenant=("acme",), workload=("training",)), at=moment("2026-04-01")
    )
    demand = happening(level(), event).demand
    assert demand.values[0, 0].tolist() == [100] * 3 + [0] * 21
    np.testing.assert_array_equal(demand.values[1:], level().values[1:])


def test_a_share_leaves_evenly_over_the_ramp() -> None:
    event = TenantLeaves(name="x", selection=ALL_TRAINING, at=moment("2026-02-01"), share=known(0.4), ramp_days=59)
    left = happening(level(), event).demand.values[0, 0]
    # Of the ramp of 59 days, February has 28 and March 31, and a bucket counts as in its middle.
    np.testing.assert_allclose(left[:5], [100, 100 - 40 * 14 / 59, 100 - 40 * 43.5 / 59, 60, 60])


def test_the_part_of_a_bucket_before_it_leaves_still_counts() -> None:
    event = TenantLeaves(name="x", selection=ALL_TRAINING, at=moment("2026-04-16"))
    assert happening(level(), event).demand.values[0, 0, 3] == pytest.approx(50)


def test_leaving_never_raises_demand_and_never_takes_more_than_all() -> None:
    event = TenantLeaves(
        name="x", selection=ALL_TRAINING, at=moment("2026-06-01", -90, 0, 90), share=Estimate(0.1, 0.6, 1), ramp_days=40
    )
    before, after = noisy(), happening(noisy(), event).demand
    assert (after.values <= before.values).all()
    assert (after.values >= 0).all()
    assert after.values[0].sum() < before.values[0].sum()


def test_who_has_no_demand_cannot_leave() -> None:
    with pytest.raises(Invalid, match="tenant 'apex', which has no demand; there are acme, search"):
        happening(level(), TenantLeaves(name="x", selection=Selection(tenant=("apex",)), at=moment("2026-04-01")))
    nobody = Selection(tenant=("search",), workload=("training",))
    with pytest.raises(Invalid, match="of which there is no demand"):
        happening(level(), TenantLeaves(name="x", selection=nobody, at=moment("2026-04-01")))


@pytest.mark.parametrize(
    ("share", "ramp_days", "words"),
    [(Estimate(0, 0.5, 1.2), 0, "share that leaves is 0 to 1.2, about 0.5"), (known(1), -3, "the ramp is -3")],
)
def test_sizes_without_sense_are_refused(share: Estimate, ramp_days: float, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        TenantLeaves(name="x", selection=ALL_TRAINING, at=moment("2026-04-01"), share=share, ramp_days=ramp_days)
