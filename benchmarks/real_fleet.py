"""Which accelerator of a real fleet runs out, and when: asked after four months, and answered by the two that followed.

Run it with `python -m benchmarks.real_fleet`. Demand is that of `pai-gpu-demand` by the day, supply is the size of the
fleet behind it. The forecast knows the first 121 days only; 1,000 joint paths of the 60 days that follow meet the fleet
as an outlook has it. What comes of it goes to `real_fleet_weeks.csv` and `real_fleet_dates.csv`, beside what happened,
and into the tables of docs/real-fleet.md.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.product import joint_paths
from benchmarks.windows import DATA, panels
from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from forecasting.dependence import SHARED_SEED
from planning.allocation import allocate
from planning.breach import first_breach
from planning.occurrence import Occurrence
from planning.outlook import Balance
from planning.pools import Topology, default_topology
from training.pipeline import TrainingSettings, forecast

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "real-fleet.md"
FILE = "pai-gpu-demand.csv.gz"

FLEET = {"A10": 2494, "A100-SXM4-80GB": 3456, "GPU-series-1": 1558}
"""Accelerators behind `pai-gpu-demand`, from ../shared/data/README.md."""

HISTORY_DAYS = 121
HORIZON_DAYS = 60
WEEK = 7
N_PATHS = 1000
SEED = 0
LEVELS = (0.1, 0.5, 0.9)

EVENTS = {
    "short for a day": (True, 1),
    "short for a week on end": (True, WEEK),
    "enough for a week on end": (False, WEEK),
}
"""What is dated: whether it is a shortage, and for how many days in a row it must last."""


@dataclass(frozen=True)
class Met:
    """Demand that met a fleet, day by day.

    Attributes:
        accelerators: the name of each row.
        demand: accelerators asked for, shape (n_rows, n_paths, n_days).
        short: whether some of it was not met, of the same shape.
    """

    accelerators: tuple[str, ...]
    demand: FloatArray
    short: np.ndarray


def daily(data: Path) -> Panel:
    """Demand by the whole day, of all accelerators."""
    (hours,) = panels(data / FILE, Granularity.HOUR)
    return hours.coarser(Granularity.DAY)


def meet(panel: Panel, demand: FloatArray) -> Met:
    """What becomes of demand with one pool for each accelerator, as large as its fleet.

    Args:
        panel: whose series the demand is of.
        demand: shape (n_series, n_paths, n_days).
    """
    topology = default_topology(panel.keys)
    supply = _supply(topology, demand.shape[1:])
    allocation = allocate(demand[_rows(panel, topology)], supply, topology)
    hours = np.full(demand.shape[2], 24.0)
    balance = Balance(topology, demand[_rows(panel, topology)], supply, allocation.served, allocation.used, hours)
    names = tuple(pool.accelerators[0] for pool in topology.pools)
    return Met(names, balance.at_home(balance.demand), balance.unmet_at_home > 0)


def foresee(panel: Panel) -> Met:
    """What the first days say of those that follow."""
    history = panel.between(0, HISTORY_DAYS)
    made = forecast(history, TrainingSettings(horizon=HORIZON_DAYS, seed=SEED))
    return meet(panel, joint_paths(made, N_PATHS, SHARED_SEED))


def happened(panel: Panel) -> Met:
    """What the days that followed were like, as a single path."""
    return meet(panel, panel.values[:, np.newaxis, HISTORY_DAYS : HISTORY_DAYS + HORIZON_DAYS])


def weeks(foreseen: Met, real: Met, start: pd.Timestamp) -> pd.DataFrame:
    """One row per accelerator and week: the chance of shortage and the demand that were foreseen, and what happened."""
    rows = []
    for row, accelerator in enumerate(foreseen.accelerators):
        for first in range(0, HORIZON_DAYS, WEEK):
            days = slice(first, min(first + WEEK, HORIZON_DAYS))
            short, demand = foreseen.short[row, :, days], foreseen.demand[row, :, days].mean(axis=1)
            low, middle, high = np.quantile(demand, LEVELS, method="hazen")
            rows.append(
                {
                    "accelerator": accelerator,
                    "week": f"{start + pd.Timedelta(days=first):%Y-%m-%d}",
                    "days": short.shape[1],
                    "chance_any_day_short": round(float(short.any(axis=1).mean()), 3),
                    "days_short_expected": round(float(short.sum(axis=1).mean()), 2),
                    "days_short": int(real.short[row, 0, days].sum()),
                    "demand_p10": round(low),
                    "demand_p50": round(middle),
                    "demand_p90": round(high),
                    "demand": round(float(real.demand[row, 0, days].mean())),
                }
            )
    return pd.DataFrame(rows)


def dates(foreseen: Met, real: Met, start: pd.Timestamp) -> pd.DataFrame:
    """One row per accelerator and event: the distribution of its first day that was foreseen, and when it happened."""
    rows = []
    for event, (is_short, lasting) in EVENTS.items():
        ahead, past = (first_breach(met.short if is_short else ~met.short, lasting) for met in (foreseen, real))
        quantiles = ahead.quantiles(LEVELS)
        for row, accelerator in enumerate(foreseen.accelerators):
            told = {f"p{round(100 * level)}": quantiles[row, at] for at, level in enumerate(LEVELS)}
            rows.append(
                {
                    "accelerator": accelerator,
                    "event": event,
                    "chance": round(1 - float(ahead.never[row]), 3),
                    **{name: _date(step, ahead, start) for name, step in told.items()},
                    "happened": _date(past.first[row, 0], past, start),
                }
            )
    return pd.DataFrame(rows)


def week_table(kept: pd.DataFrame) -> str:
    """The weeks as a table of the page."""
    lines = [
        "| | week from | chance of a short day | days short: foreseen, real | demand: foreseen, real |",
        "|---|---|---|---|---|",
    ]
    for row in kept.itertuples(index=False):
        foreseen = f"{row.demand_p50:,} ({row.demand_p10:,} to {row.demand_p90:,})"
        lines.append(
            f"| {row.accelerator} | {row.week} | {100 * row.chance_any_day_short:.0f} % | "
            f"{row.days_short_expected:.1f} of {row.days}, {row.days_short} | {foreseen}, {row.demand:,} |"
        )
    return "\n".join(lines)


def date_table(kept: pd.DataFrame) -> str:
    """The dates as a table of the page."""
    lines = ["| | first | chance within 60 days | 10 % | 50 % | 90 % | real |", "|---|---|---|---|---|---|---|"]
    for row in kept.itertuples(index=False):
        days = (row.p10, row.p50, row.p90, row.happened)
        lines.append(f"| {row.accelerator} | {row.event} | {100 * row.chance:.1f} % | {' | '.join(days)} |")
    return "\n".join(lines)


def with_table(page: str, name: str, table: str) -> str:
    """The page with a table in its place, between the two marks of its name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", flags=re.DOTALL)
    return pattern.sub(f"{begin}\n{table}\n{end}", page)


def main(arguments: list[str] | None = None) -> None:
    """Ask, compare and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the real demand")
    panel = daily(parser.parse_args(arguments).data)
    start = panel.index[HISTORY_DAYS]
    foreseen, real = foresee(panel), happened(panel)
    by_week, by_event = weeks(foreseen, real, start), dates(foreseen, real, start)
    by_week.to_csv(HERE / "real_fleet_weeks.csv", index=False)
    by_event.to_csv(HERE / "real_fleet_dates.csv", index=False)
    page = with_table(PAGE.read_text(), "weeks", week_table(by_week))
    PAGE.write_text(with_table(page, "dates", date_table(by_event)))


def _supply(topology: Topology, paths: tuple[int, ...]) -> FloatArray:
    sizes = np.array([FLEET[pool.accelerators[0]] for pool in topology.pools], dtype=float)
    return np.broadcast_to(sizes[:, None, None], (len(sizes), *paths)).copy()


def _rows(panel: Panel, topology: Topology) -> list[int]:
    """The series of each class, of which there is one."""
    places = [(key.region, key.accelerator) for key in panel.keys]
    pools = {pool.name: (pool.regions[0] if pool.regions else "", pool.accelerators[0]) for pool in topology.pools}
    return [places.index(pools[each.home]) for each in topology.classes]


def _date(step: int, occurrence: Occurrence, start: pd.Timestamp) -> str:
    return "never" if step == occurrence.n_steps else f"{start + pd.Timedelta(days=int(step)):%Y-%m-%d}"


if __name__ == "__main__":
    main()
