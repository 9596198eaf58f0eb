"""Whether bringing earlier history to the level after a break helps, on real series before their scored windows.

Run it with `python -m benchmarks.level_breaks --data FOLDER`. Origins lie one horizon apart and end before what
`benchmarks.accuracy` scores. Where a break is found, models forecast with the history as it is and as it was brought to
its new level; a ratio of their losses below one means that it helps.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.signal import lfilter

from demand.calendar import Granularity
from demand.covariates import NO_COVARIATES
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.adjustment import adjust
from forecasting.catalogue import model
from forecasting.level_breaks import AFTER, BEFORE, BLOCK, level_break
from forecasting.metrics import scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES

MODELS = {
    Granularity.HOUR: ("seasonal_naive", "theta", "mstl"),
    Granularity.WEEK: ("seasonal_naive", "theta", "ets", "mstl", "ces", "boosting"),
}
ORIGINS = 12
SERIES = 300


@dataclass(frozen=True)
class Source:
    """A file of series; lengths are numbers of buckets.

    Attributes:
        name: of the file.
        granularity: of its series.
        horizon: of the forecasts, and the distance of origins.
        scored: the last buckets, which are scored elsewhere and left alone here.
        context: history given at most.
    """

    name: str
    granularity: Granularity
    horizon: int
    scored: int
    context: int


SOURCES = (
    Source("pai-gpu-demand", Granularity.HOUR, 168, 4 * 168, 1344),
    Source("helios-venus", Granularity.HOUR, 168, 4 * 168, 1344),
    Source("openb-split", Granularity.HOUR, 48, 3 * 48, 600),
    Source("dlrm-inference", Granularity.HOUR, 48, 3 * 48, 600),
    Source("m4-hourly", Granularity.HOUR, 48, 48, 1344),
    Source("m4-weekly", Granularity.WEEK, 13, 13, 520),
)


def histories(folder: Path, source: Source) -> Iterator[tuple[Panel, int]]:
    """Histories of single series with what came after them, and how long the history is."""
    rows = pd.read_csv(folder / f"{source.name}.csv.gz", keep_default_na=False)
    rows["timestamp"] = pd.to_datetime(rows["timestamp"], utc=True)
    names = [name for name in rows.columns if name not in {"timestamp", "value", "unit"}]
    for _, part in rows.groupby(names):
        series = part.set_index("timestamp")["value"].astype(float).sort_index()[: -source.scored]
        whole = Panel((SeriesKey(),), ("accelerators",), source.granularity, series.index[0], series.to_numpy()[None])
        for origin in range(1, ORIGINS + 1):
            stop = whole.n_steps - origin * source.horizon
            if stop >= (BEFORE + AFTER) * BLOCK[source.granularity]:
                first = max(stop - source.context, 0)
                yield whole.between(first, stop + source.horizon), stop - first


def ratios(window: Panel, stop: int) -> dict[str, float] | None:
    """Per model the loss with the adjusted history over that with the plain one; None where no break is found."""
    history, actual = window.between(0, stop), window.values[:, stop:]
    adjusted = adjust(history, NO_COVARIATES, actual.shape[1])
    if not any(adjusted.notes):
        return None
    scale = seasonal_scale(history.values, history.granularity.rhythm.naive_season)
    found = {}
    for name in MODELS[history.granularity]:
        made = [
            model(name, history.granularity).fit(panel, seed=0).predict(actual.shape[1], DECILES)
            for panel in (history, replace(history, values=adjusted.panel.values))
        ]
        plain, rescaled = (scaled_quantile_loss(actual, each.values, DECILES, scale)[0] for each in made)
        found[name] = float(rescaled / plain)
    return found


def simulated(stickiness: float, deviation: float, steps: int, seed: int) -> FloatArray:
    """Hourly series with a daily and a weekly shape and first-order autoregressive noise, shape (SERIES, steps)."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, deviation * np.sqrt(1 - stickiness**2), (SERIES, steps))
    shocks[:, 0] = rng.normal(0, deviation, SERIES)
    hours = np.arange(steps)
    shape = 0.4 * np.sin(2 * np.pi * hours / 24) - 0.3 * ((hours // 24) % 7 >= 5)
    return np.asarray(100 * np.exp(shape + lfilter([1], [1, -stickiness], shocks, axis=1)))


def share_with_break(values: FloatArray) -> float:
    """The share of hourly series in which a break is found."""
    return float(np.mean([level_break(row, Granularity.HOUR) is not None for row in values]))


def simulation() -> Table:
    """How often a break is found where there is none, and where there is one."""
    table = Table("simulated series", "with a break")
    for steps in (600, 1344):
        for stickiness in (0.0, 0.9, 0.97, 0.99, 0.995, 0.999):
            for deviation in (0.1, 0.3):
                share = share_with_break(simulated(stickiness, deviation, steps, seed=1))
                table.add_row(f"{steps} h, noise {deviation:g} with autocorrelation {stickiness:g}", f"{share:.1%}")
    for factor in (0.5, 0.7, 1.3, 1.5, 2.0, 4.0):
        values = simulated(0.9, 0.1, 1344, seed=2)
        for row, place in zip(values, np.random.default_rng(3).integers(360, 1152, SERIES), strict=True):
            row[place:] *= factor
        table.add_row(f"1344 h, a step by {factor:g}", f"{share_with_break(values):.1%}")
    return table


def main() -> None:
    """Print the simulation, and per set windows, how many had a break, and the mean of the ratios per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().data
    Console().print(simulation())
    table = Table("set", "windows", "with a break", "loss with the new level over loss without")
    for source in SOURCES:
        tried = [ratios(window, stop) for window, stop in histories(folder, source)]
        broken = [each for each in tried if each is not None]
        means = {
            name: float(np.exp(np.mean([np.log(each[name]) for each in broken])))
            for name in (broken[0] if broken else ())
        }
        told = ", ".join(f"{name} {mean:.2f}" for name, mean in means.items())
        table.add_row(source.name, f"{len(tried):,}", f"{len(broken):,}", told)
    Console().print(table)


if __name__ == "__main__":
    main()
