"""The demo fleet: simulated demand for accelerators. Nothing in it was measured anywhere.

Two invented providers run seven sites. Inference follows the day and the week of its users, grows, is launched and
scales in whole instances; training is made of jobs with heavy-tailed sizes and durations, of reserved blocks, and is
quiet on holidays; sites suffer outages, records have gaps, and some values are corrected later. Each part is described
where it is drawn: `simulated_inference`, `simulated_training`, `simulated_mishaps`. Providers are named `simulated-...`
so that nobody takes the demo for a real fleet.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from demand.history import FloatArray, Panel
from demand.series import DIMENSIONS, SeriesKey, Workload
from demand.tidy import COLUMNS
from demand.units import ACCELERATORS
from forecasting.simulated_inference import inference_demand
from forecasting.simulated_mishaps import Corrections, lose_records, record_wrongly, suffer_outages
from forecasting.simulated_training import WARM_UP_HOURS, training_demand

DEMO_HOURS = 26 * 168
SHORTEST_HOURS = 168


@dataclass(frozen=True)
class Plan:
    """What is simulated as one series.

    Attributes:
        provider: an invented provider.
        region: one of `CLOCKS`.
        accelerator: the kind of accelerator.
        workload: training, inference, or unattributed (notebooks and small jobs that nobody has tagged).
        size: accelerators, about the peak of inference or the average of training at the start.
        begins: share of the history after which records of the series begin.
    """

    provider: str
    region: str
    accelerator: str
    workload: Workload
    size: float
    begins: float = 0.0

    @property
    def key(self) -> SeriesKey:
        """The identity of the series."""
        return SeriesKey(self.provider, self.region, self.accelerator, self.workload)


CLOCKS = {"us-east": -5, "us-west": -8, "eu-north": 1, "eu-west": 0, "ap-east": 8, "ap-south": 5}

FLEET = (
    Plan("simulated-north", "us-east", "H100", Workload.INFERENCE, 2600),
    Plan("simulated-north", "us-east", "H100", Workload.TRAINING, 1400),
    Plan("simulated-north", "us-east", "H100", Workload.UNATTRIBUTED, 90),
    Plan("simulated-north", "us-east", "B200", Workload.INFERENCE, 700),
    Plan("simulated-north", "us-east", "B200", Workload.TRAINING, 900),
    Plan("simulated-north", "eu-north", "H100", Workload.INFERENCE, 1300),
    Plan("simulated-north", "eu-north", "H100", Workload.TRAINING, 600),
    Plan("simulated-north", "eu-north", "B200", Workload.INFERENCE, 350, begins=0.45),
    Plan("simulated-north", "eu-north", "B200", Workload.TRAINING, 500),
    Plan("simulated-north", "ap-east", "H100", Workload.INFERENCE, 900),
    Plan("simulated-north", "ap-east", "H100", Workload.TRAINING, 250),
    Plan("simulated-west", "us-west", "H100", Workload.INFERENCE, 1800),
    Plan("simulated-west", "us-west", "H100", Workload.TRAINING, 800),
    Plan("simulated-west", "us-west", "B200", Workload.INFERENCE, 450),
    Plan("simulated-west", "us-west", "B200", Workload.TRAINING, 700),
    Plan("simulated-west", "eu-west", "H100", Workload.INFERENCE, 500),
    Plan("simulated-west", "eu-west", "H100", Workload.TRAINING, 120),
    Plan("simulated-west", "eu-west", "H100", Workload.UNATTRIBUTED, 40),
    Plan("simulated-west", "ap-south", "B200", Workload.INFERENCE, 160, begins=0.8),
)


@dataclass(frozen=True)
class SimulatedFleet:
    """A fleet that does not exist.

    Attributes:
        panel: the demand as it is known in the end, hourly; NaN where no record exists.
        wrong: values that were recorded differently at first.
    """

    panel: Panel
    wrong: Corrections

    def rows(self) -> pd.DataFrame:
        """Tidy rows as they were first recorded, by series and time."""
        values = self.panel.values.copy()
        values[self.wrong.row, self.wrong.step] = self.wrong.first
        row, step = np.nonzero(~np.isnan(values))
        return self._tidy(row, step, values[row, step])

    def corrections(self) -> pd.DataFrame:
        """Tidy rows that were recorded after `rows` and replace what they said."""
        return self._tidy(self.wrong.row, self.wrong.step, self.panel.values[self.wrong.row, self.wrong.step])

    def _tidy(self, row: np.ndarray, step: np.ndarray, values: FloatArray) -> pd.DataFrame:
        columns = {
            name: np.array([str(key.dimension(name)) for key in self.panel.keys], dtype=object)[row]
            for name in DIMENSIONS
        }
        unit = np.array(self.panel.units, dtype=object)[row]
        return pd.DataFrame({"timestamp": self.panel.index[step], **columns, "unit": unit, "value": values})[
            list(COLUMNS)
        ]


def simulate_fleet(*, seed: int, end: pd.Timestamp, hours: int = DEMO_HOURS) -> SimulatedFleet:
    """The demo fleet over the `hours` before `end`; the same arguments give the same fleet.

    Args:
        seed: the source of all draws.
        end: the first hour that is not part of the history, a whole hour in UTC.
        hours: the length of the history, at least a week.

    Raises:
        Invalid: the history is shorter than a week, or does not end on a whole hour in UTC.
    """
    if hours < SHORTEST_HOURS:
        raise Invalid(f"{hours} hours are too few to simulate a fleet; ask for {SHORTEST_HOURS} or more")
    if end.tz is None or end != end.floor("h"):
        raise Invalid(f"the simulated history cannot end at {end}; give a whole hour with its UTC offset")
    start = end.tz_convert("UTC") - pd.Timedelta(hours=hours)
    values = np.array(
        [_demand(plan, start, hours, np.random.default_rng([seed, row])) for row, plan in enumerate(FLEET)]
    )
    sites = [(plan.provider, plan.region) for plan in FLEET]
    for number, site in enumerate(dict.fromkeys(sites)):
        rng = np.random.default_rng([seed, len(FLEET) + number])
        rows = [row for row, place in enumerate(sites) if place == site]
        values[rows] = lose_records(rng, suffer_outages(rng, values[rows]))
    for row, plan in enumerate(FLEET):
        values[row, : int(plan.begins * hours)] = np.nan
    values = np.round(values, 2)
    keys = tuple(plan.key for plan in FLEET)
    panel = Panel(keys, (ACCELERATORS,) * len(FLEET), Granularity.HOUR, buckets(start, 1, Granularity.HOUR)[0], values)
    return SimulatedFleet(panel, record_wrongly(np.random.default_rng([seed, 2 * len(FLEET)]), values))


def _demand(plan: Plan, start: pd.Timestamp, hours: int, rng: np.random.Generator) -> FloatArray:
    clock = pd.Timedelta(hours=CLOCKS[plan.region])
    if plan.workload is Workload.INFERENCE:
        quarters = pd.date_range(start + clock, periods=hours * 4, freq="15min")
        return inference_demand(rng, quarters, plan.size, growing=hours > 4 * SHORTEST_HOURS)
    quarters = pd.date_range(
        start + clock - pd.Timedelta(hours=WARM_UP_HOURS), periods=(hours + WARM_UP_HOURS) * 4, freq="15min"
    )
    return training_demand(rng, quarters, plan.size, reserved=plan.workload is Workload.TRAINING)
