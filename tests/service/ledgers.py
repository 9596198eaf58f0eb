"""Blocks to try a ledger with."""

import pandas as pd
from hypothesis import strategies as st

from planning.estimates import Estimate
from planning.ledger import BLOCK_UNITS, Block, Exit, FirstRefusal, Milestone, Phase, WayOut
from planning.states import CommitmentState


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC").as_unit("ns")


PLAIN = Block("plain", 100.0, day("2026-07-01"))

FULL = Block(
    name="eu-west H100, second phase",
    quantity=2048.5,
    online=pd.Timestamp("2027-03-01T06:30:00.000001Z").as_unit("ns"),
    provider="acme",
    region="eu-west",
    accelerator="H100",
    unit="megawatts",
    phase=Phase.POWER,
    state=CommitmentState.PENDING,
    slip_days=Estimate(-10.0, 30.25, 120.0),
    conversion=0.9,
    end=day("2032-03-01"),
    milestones={
        Phase.LAND: Milestone(day("2026-01-01"), 1e6),
        Phase.SHELL: Milestone(None, 2.5),
        Phase.CHIPS: Milestone(day("2027-02-01")),
    },
    running_cost_per_month=0.1,
    currency="EUR",
    after=("plain",),
    ways_out=(
        WayOut(Exit.CANCEL, day("2026-09-01"), 5.0, 2.0),
        WayOut(Exit.PAUSE, day("2026-10-01"), 1.0, 0.0, 0.25, 6),
        WayOut(Exit.SLOW, day("2026-11-01"), months=12),
    ),
    first_refusal=FirstRefusal(512.0, day("2026-12-01"), 7.0, 90.0),
    notes='two lines,\nand "quotes"; a comma',
    source="contract 17",
)

_NUMBERS = st.floats(0, 1e15)
_DAYS = st.datetimes(pd.Timestamp("2000-01-01").to_pydatetime(), pd.Timestamp("2199-12-31").to_pydatetime()).map(
    lambda moment: pd.Timestamp(moment, tz="UTC").as_unit("ns")
)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).map(str.strip)
_NAMES = st.from_regex(r"\A[a-z0-9][a-z0-9 ,;\"'=-]{0,15}\Z").map(str.strip)


@st.composite
def _ways_out(draw: st.DrawFn) -> tuple[WayOut, ...]:
    kinds = [kind for kind in Exit if draw(st.booleans())]
    return tuple(
        WayOut(
            kind,
            draw(_DAYS),
            *(draw(_NUMBERS) for _ in range(3)),
            0 if kind is Exit.CANCEL else draw(st.integers(1, 600)),
        )
        for kind in kinds
    )


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Any block that the ledger may hold, that waits for none."""
    dates = sorted(draw(st.lists(_DAYS, min_size=8, max_size=8, unique=True)))
    phases = [phase for phase in Phase if draw(st.booleans())]
    phase = draw(st.sampled_from(Phase))
    is_live = phase is Phase.LIVE
    slip = sorted(draw(st.lists(st.floats(-1e5, 1e5), min_size=3, max_size=3)))
    return Block(
        name=draw(_NAMES),
        quantity=draw(_NUMBERS),
        online=dates[6],
        provider=draw(_TEXTS),
        region=draw(_TEXTS),
        accelerator=draw(_TEXTS),
        unit=draw(st.sampled_from(BLOCK_UNITS)),
        phase=phase,
        state=draw(st.sampled_from(CommitmentState)),
        slip_days=Estimate.certain(0.0) if is_live else Estimate(*slip),
        conversion=1.0 if is_live else draw(st.floats(0, 1)),
        end=draw(st.sampled_from([None, dates[7]])),
        milestones={
            each: Milestone(draw(st.sampled_from([None, dates[each.rank]])), draw(_NUMBERS))
            for each in phases
            if each.rank < 6
        },
        running_cost_per_month=draw(_NUMBERS),
        currency="USD",
        ways_out=draw(_ways_out()),
        first_refusal=draw(st.none() | st.builds(FirstRefusal, _NUMBERS, _DAYS, _NUMBERS, st.floats(0, 1e5))),
        notes=draw(_TEXTS),
        source=draw(_TEXTS),
    )
