"""Ready examples of scenarios, to copy and change.

Where no public figure is known, the size is assumed, and its provenance says so.
"""

import pandas as pd

from demand.series import Selection, Workload
from planning.estimates import Estimate
from planning.ledger import Phase
from planning.scenarios.additions import Launch, TenantArrives
from planning.scenarios.delays import Slip
from planning.scenarios.dice import Moment
from planning.scenarios.efficiency import EfficiencyGain
from planning.scenarios.pacing_story import pacing_story
from planning.scenarios.power import PowerCap
from planning.scenarios.prices import PriceChange
from planning.scenarios.provenance import Confidence, Provenance
from planning.scenarios.scenario import Scenario
from planning.scenarios.selecting import BlockSelection

_INFERENCE = Selection(workload=(Workload.INFERENCE,))
_TRAINING = Selection(workload=(Workload.TRAINING,))
_ASSUMED = Provenance("An assumption to be replaced: no public figure is known.")
_NOT_POWERED = (Phase.EXPLORATORY, Phase.LAND, Phase.SHELL, Phase.POWER)


def library(start: pd.Timestamp) -> tuple[Scenario, ...]:
    """All ready examples.

    Args:
        start: when what they tell of begins, UTC.
    """
    makers = (pacing_story, _efficiency_leap, _launch, _chip_slip, _late_grid, _power_cap, _price_war, _new_partner)
    return tuple(make(start) for make in makers)


def _efficiency_leap(start: pd.Timestamp) -> Scenario:
    event = EfficiencyGain(
        name="inference-leap",
        selection=_INFERENCE,
        middle=_in(start, 270, Estimate(-90, 0, 180)),
        factor=Estimate(2, 4, 8),
        adoption_days=270,
        reach=Estimate(0.5, 0.8, 0.95),
        rebound=Estimate(0.3, 0.8, 1.3),
        provenance=_ASSUMED,
    )
    return Scenario(
        "efficiency-leap", (event,), "Inference takes a fraction of the compute, and what gets cheap is asked for more."
    )


def _launch(start: pd.Timestamp) -> Scenario:
    event = Launch(
        name="launch",
        at=_in(start, 120, Estimate(-15, 0, 90)),
        share=Estimate(0.05, 0.15, 0.5),
        selection=_INFERENCE,
        ramp_days=120,
        provenance=_ASSUMED,
    )
    return Scenario("launch", (event,), "A product is launched that adds to inference wherever there is some.")


def _chip_slip(start: pd.Timestamp) -> Scenario:  # noqa: ARG001 - a slip is relative to the dates of the ledger
    blocks = BlockSelection(phase=(Phase.CHIPS, Phase.LEASE))
    event = Slip(name="chips-slip", blocks=blocks, days=Estimate(30, 90, 180), provenance=_ASSUMED)
    return Scenario("chip-slip", (event,), "A generation of accelerators is late, for everything that waits for it.")


def _late_grid(start: pd.Timestamp) -> Scenario:  # noqa: ARG001 - a slip is relative to the dates of the ledger
    source = Provenance(
        "Grid power for 100 MW takes 4 years on average in the US and 7 in Northern Virginia (JLL, 2026): where it was "
        "planned with the average, it may be 3 years late. That it is late by one as often as not is assumed.",
        confidence=Confidence.MEDIUM,
    )
    blocks = BlockSelection(phase=_NOT_POWERED)
    event = Slip(name="grid-late", blocks=blocks, days=Estimate(0, 365, 3 * 365), provenance=source)
    return Scenario("late-grid", (event,), "Power comes late to everything that has none yet.")


def _power_cap(start: pd.Timestamp) -> Scenario:
    source = Provenance(
        "Grid power for 100 MW takes 4 years on average in the US (JLL, 2026). That what there is stays at 100 MW "
        "for so long is assumed.",
    )
    event = PowerCap(
        name="power-cap",
        at=Moment(start),
        megawatts=Estimate.certain(100),
        until=_in(start, 4 * 365, Estimate(-365, 0, 3 * 365)),
        provenance=source,
    )
    return Scenario(
        "power-cap",
        (event,),
        "All that is built draws no more than 100 MW until the grid has grown. Name your region, and what one of each "
        "accelerator draws.",
    )


def _price_war(start: pd.Timestamp) -> Scenario:
    event = PriceChange(
        name="prices-fall",
        selection=_INFERENCE,
        at=_in(start, 60, Estimate(-30, 0, 120)),
        change_of_price=Estimate(-0.6, -0.4, -0.2),
        elasticity=Estimate(-1.5, -0.8, -0.3),
        ramp_days=270,
        provenance=_ASSUMED,
    )
    return Scenario("price-war", (event,), "Prices of inference fall, and demand answers.")


def _new_partner(start: pd.Timestamp) -> Scenario:
    event = TenantArrives(
        name="partner-arrives",
        tenant="new-partner",
        at=_in(start, 180, Estimate(-60, 0, 180)),
        share=Estimate(0.1, 0.2, 0.4),
        selection=_TRAINING,
        ramp_days=180,
        provenance=_ASSUMED,
    )
    return Scenario("new-partner", (event,), "A partner brings training, in proportion to what is there.")


def _in(start: pd.Timestamp, days: int, around: Estimate) -> Moment:
    return Moment(start + pd.Timedelta(days=days), around)
