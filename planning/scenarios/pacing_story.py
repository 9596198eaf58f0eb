"""How a cloud came to pace its capacity in 2025, as a scenario.

The events are those that were reported. Of most of them no size was, and then it is assumed and said to be so: replace
it by what you know.
"""

import pandas as pd

from demand.series import Selection, Workload
from planning.estimates import Estimate
from planning.ledger import MEGAWATTS, Phase
from planning.scenarios.delays import ConversionChange
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.dice import Moment
from planning.scenarios.efficiency import EfficiencyGain
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.growth import GrowthOverride
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.provenance import Confidence, Provenance
from planning.scenarios.scenario import Scenario
from planning.scenarios.selecting import BlockSelection
from planning.scenarios.takeovers import CapacityTaken

INFERENCE_GROWTH = Estimate(2**0.5 - 1, 2**0.75 - 1, 1.0)
"""A year, if training stands still: inference was 1/3 of compute in 2023 and 1/2 in 2025, and 2/3 were expected of
2026 (Deloitte), so beside one unit of training it was 1/2, then 1, then 2; the middle is between both rates."""

_TRAINING = Selection(workload=(Workload.TRAINING,))
_INFERENCE = Selection(workload=(Workload.INFERENCE,))
_TALKS = BlockSelection(phase=(Phase.EXPLORATORY,), unit=(MEGAWATTS,))
_PLANNED = BlockSelection(phase=(Phase.EXPLORATORY, Phase.LEASE), unit=(MEGAWATTS,))


def pacing_story(start: pd.Timestamp) -> Scenario:
    """Training leaves, leases are let go and taken up by others, inference grows and gets more efficient.

    Args:
        start: when it begins, UTC.
    """
    return Scenario(
        name="pacing-2025",
        description="A partner's extra training goes elsewhere, more than 2 GW of planned leases are let go, others "
        "take capacity up, and demand moves from training towards inference, which gets more efficient. It needs "
        "leases or talks in megawatts, and a block with a right of first refusal.",
        events=(*_demand(start), *_supply(start)),
    )


def _demand(start: pd.Timestamp) -> tuple[TenantLeaves, GrowthOverride, EfficiencyGain]:
    return (
        TenantLeaves(
            name="partner-training-leaves",
            selection=_TRAINING,
            at=Moment(start + pd.Timedelta(days=90), Estimate(-30, 0, 90)),
            share=Estimate(0.1, 0.2, 0.4),
            ramp_days=180,
            provenance=Provenance(
                "A partner's training workload beyond what was planned went elsewhere (reported early in 2025). How "
                "much of all training that was is not public: the share and the time it took are assumed.",
            ),
        ),
        GrowthOverride(
            name="inference-growth",
            selection=_INFERENCE,
            begins=Moment(start),
            annual_growth=INFERENCE_GROWTH,
            provenance=Provenance(
                "Inference was 1/3 of AI compute in 2023 and 1/2 in 2025, and 2/3 are expected of 2026 (Deloitte). If "
                "training stands still, inference grew by 41 % a year until 2025 and then doubles.",
                confidence=Confidence.MEDIUM,
            ),
        ),
        EfficiencyGain(
            name="inference-efficiency",
            selection=_INFERENCE,
            middle=Moment(start + pd.Timedelta(days=365), Estimate(-120, 0, 240)),
            factor=Estimate(1.5, 2.0, 4.0),
            adoption_days=365,
            reach=Estimate(0.4, 0.7, 0.9),
            rebound=Estimate(0.2, 0.6, 1.1),
            provenance=Provenance(
                "Models appeared that are served on two GPUs. What that saves over a whole fleet, who adopts it and "
                "how much more work it calls forth is assumed.",
            ),
        ),
    )


def _supply(
    start: pd.Timestamp,
) -> tuple[ConversionChange, LeaseCancelled, CapacityTaken, FirstRefusalExercised]:
    return (
        ConversionChange(
            name="talks-convert-less",
            blocks=_TALKS,
            chance=Estimate(0.5, 0.7, 0.9),
            provenance=Provenance(
                "Until 2025 a statement of qualification nearly always became a lease (TD Cowen), and then some did "
                "not. How many is assumed.",
            ),
        ),
        LeaseCancelled(
            name="leases-let-go",
            blocks=_PLANNED,
            at=Moment(start),
            amount=Estimate(2000, 2000, 2500),
            provenance=Provenance(
                "More than 2 GW of planned leases were let go, some of them exploratory talks only (reported early "
                "in 2025). That it may have been up to 2.5 GW is assumed.",
                confidence=Confidence.MEDIUM,
            ),
        ),
        CapacityTaken(
            name="taken-up-by-others",
            blocks=_TALKS,
            at=Moment(start + pd.Timedelta(days=60), Estimate(-30, 0, 60)),
            share=Estimate(0.2, 0.5, 0.9),
            provenance=Provenance(
                "Competitors took over capacity that was given back (2025). What share of other talks they take is "
                "assumed.",
            ),
        ),
        FirstRefusalExercised(
            name="first-refusal",
            blocks=BlockSelection(),
            at=start + pd.Timedelta(days=30),
            provenance=Provenance(
                "A right to take more before others may is used while others let go. That this is done is assumed.",
            ),
        ),
    )
