"""A ledger that tests of scenarios share, and what it supplies."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demand.history import FloatArray
from planning.estimates import uniform_draws
from planning.ledger import MEGAWATTS, Block, Exit, FirstRefusal, Phase, WayOut
from planning.scenarios.curves import step, to_days
from planning.scenarios.events import Futures
from planning.states import CommitmentState
from tests.planning.scenarios.making import day

HALL = Block("hall", 1000, day("2025-01-01"), region="eu", accelerator="H100", phase=Phase.LIVE)
HALL = replace(HALL, state=CommitmentState.ACTIVE)
LEASE = Block("lease", 400, day("2026-07-01"), region="eu", accelerator="H100", phase=Phase.LEASE)
TALKS = Block("talks", 600, day("2027-01-01"), region="us", accelerator="H100", conversion=0.5)
POWER = Block("campus", 80, day("2026-03-01"), region="eu", unit=MEGAWATTS, phase=Phase.POWER)
BLOCKS = (HALL, LEASE, TALKS)
REFUSAL = replace(
    LEASE,
    running_cost_per_month=800.0,
    first_refusal=FirstRefusal(100, day("2026-06-01"), price=50.0, lead_days=90),
    ways_out=(WayOut(Exit.CANCEL, day("2026-02-01")),),
)


def supply_of(futures: Futures) -> FloatArray:
    """What blocks without slips of their own supply, drawn in the plainest way, shape (n_blocks, n_paths, n_steps)."""
    edits, edges = futures.edits, futures.edges
    rows = []
    for block in futures.blocks:
        online = to_days(block.online) + edits.extra_days(block.name)
        converts = uniform_draws(1, f"block/{block.name}/conversion", edits.n_paths) < edits.conversion(block)
        rows.append(block.quantity * step(edges, np.where(converts, online, np.inf)))
    supply = np.array(rows).reshape(-1, edits.n_paths, len(edges) - 1)
    return supply * edits.left(futures.blocks, supply, edges)


def by_name(futures: Futures) -> dict[str, FloatArray]:
    """The supply of each block in the first path."""
    names: Sequence[str] = [block.name for block in futures.blocks]
    return dict(zip(names, supply_of(futures)[:, 0], strict=True))
