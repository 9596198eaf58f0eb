"""The names under which processes find each other's work."""

from dataclasses import dataclass

APPLICATION = "computecast"
RUN = "training_run"
PARTITION = "partition"
RUN_QUEUE = "runs"
PARTITION_QUEUE = "partitions"

VERSION = "1"
"""Of the order of steps in the workflows. A worker only takes up work of its own version, because it replays the steps
that were recorded. So this changes with the workflows and not with every release, which would strand runs."""

UNFINISHED = ["ENQUEUED", "DELAYED", "PENDING"]
"""The engine's words for work that is still to be done or under way."""


@dataclass(frozen=True)
class Held:
    """A piece of work that a worker holds: its workflow and the queue it came from."""

    workflow_id: str
    queue: str


def partition_id(run_id: str, number: int) -> str:
    """The identity of a partition's workflow."""
    return f"{run_id}:{number}"
