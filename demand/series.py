"""What identifies a demand series, and how a part of the fleet is selected."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

DIMENSIONS = ("provider", "region", "accelerator", "workload", "stage", "tenant")


class Workload(StrEnum):
    """What the compute is used for; demand that nobody has classified is unattributed."""

    TRAINING = "training"
    INFERENCE = "inference"
    UNATTRIBUTED = "unattributed"


@dataclass(frozen=True, order=True)
class SeriesKey:
    """The identity of a series; a dimension that does not apply is the empty string.

    `stage` is free detail within the workload, such as pretraining, experiments, online or batch.
    """

    provider: str = ""
    region: str = ""
    accelerator: str = ""
    workload: Workload = Workload.UNATTRIBUTED
    stage: str = ""
    tenant: str = ""

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in asdict(self).items() if value)

    def dimension(self, name: str) -> str:
        """The value of one of `DIMENSIONS`."""
        return str(getattr(self, name))


@dataclass(frozen=True)
class Selection:
    """A part of the fleet: per dimension the accepted values, all of them where none is named."""

    provider: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    accelerator: tuple[str, ...] = ()
    workload: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join(f"{name} in {list(values)}" for name, values in self.conditions().items()) or "everything"

    def conditions(self) -> Mapping[str, tuple[str, ...]]:
        """The dimensions that are restricted, with their accepted values."""
        return {name: tuple(values) for name, values in asdict(self).items() if values}

    def accepts(self, key: SeriesKey) -> bool:
        """Whether the series belongs to the selected part."""
        return all(key.dimension(name) in values for name, values in self.conditions().items())
