"""A forecast of history that comes with the question: nothing is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, infer_granularity, on_grid
from demand.covariates import NO_COVARIATES, Covariates
from demand.errors import Invalid
from demand.limits import Limit, Measure
from demand.series import DIMENSIONS, SeriesKey, Workload
from demand.tidy import Batch, Rejection
from forecasting.quantiles import GRID, interpolate
from service.file_history import History
from service.limit_files import FileLimits
from service.stateless_measure import utilization
from training.covariates import GivenCovariates
from training.partitions import partitions
from training.pipeline import Ports, TrainingSettings, retrain
from training.ports import Known, Partition, Progress, SeriesForecast

_SHOWN_REJECTIONS = 10
_TELLING = 10
"""Timestamps from which the grid of a series is taken to show."""
_PARTITION_SIZE = 256
_MEAN_POSITIONS = (np.arange(400) + 0.5) / 400


@dataclass
class Collected:
    """Forecasts kept in memory by the position of their series; fulfils `ForecastSink`."""

    forecasts: dict[int, SeriesForecast] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)

    def save(self, forecasts: Sequence[SeriesForecast], left_out: Mapping[int, str]) -> None:
        """Keep the forecasts, and why there is none of other series."""
        self.forecasts |= {forecast.series_id: forecast for forecast in forecasts}
        self.left_out |= left_out


class NoChampions:
    """Nothing is known from earlier; fulfils `Champions`."""

    def known(self, partition: Partition) -> dict[int, Known]:
        """Nothing of any series."""
        del partition
        return {}


def read_history(batches: Iterable[Batch]) -> History:
    """All rows of a file as history; the grid of each series is inferred from its timestamps.

    Raises:
        Invalid: a row is rejected, rows of one series and time disagree, or a series has two units.
    """
    frames: list[pd.DataFrame] = []
    rejections: list[Rejection] = []
    refused = 0
    for batch in batches:
        frames.append(batch.rows)
        rejections += batch.rejections[:_SHOWN_REJECTIONS]
        refused += batch.rejected
    if refused:
        raise _refusal(rejections, refused)
    rows = pd.concat(frames, ignore_index=True)
    if disagreements := _disagreements(rows):
        raise _refusal(disagreements, len(disagreements))
    keys, units, observations = [], [], []
    for labels, part in rows.groupby(list(DIMENSIONS), sort=False):
        keys.append(_key(labels))
        units.append(str(part["unit"].iloc[0]))
        observations.append(part.drop_duplicates("timestamp").set_index("timestamp")["value"].sort_index())
    return History(tuple(keys), tuple(units), _grids(observations), tuple(observations))


@dataclass(frozen=True)
class Question:
    """What to lay out.

    Attributes:
        levels: quantile levels.
        width: the granularity to forecast at, None for each series' own.
        limits: what bounds use.
        measure: what to forecast; None for demand, which is use where nothing bounds it.
        covariates: what is known beside the history.
    """

    levels: Sequence[float]
    width: Granularity | None = None
    limits: tuple[Limit, ...] = ()
    measure: Measure | None = None
    covariates: Covariates = NO_COVARIATES


@dataclass(frozen=True)
class Answer:
    """Forecasts laid out as rows.

    Attributes:
        table: one row per series and step: the dimensions, `unit`, `timestamp`, `mean`, a column such as `q0.1` per
            level, `model` and `warnings`.
        left_out: the series that there is no forecast of, and why.
    """

    table: pd.DataFrame
    left_out: Mapping[SeriesKey, str]


def answer(history: History, settings: TrainingSettings, question: Question, progress: Progress) -> Answer:
    """Forecast every series.

    Args:
        history: what is known.
        settings: how to forecast.
        question: what to lay out.
        progress: told how far the work is.

    Raises:
        Invalid: a series is on a coarser grid than the width asked for, a regressor is not known up to the end of a
            forecast, a limit lies below the last value, or no series can be forecast.
    """
    width = question.width
    _check_width(history, width)
    sink, extents = Collected(), history.extents()
    for grid in [width] if width else dict.fromkeys(history.granularities):
        own = {row: extent for row, extent in extents.items() if width or extent.granularity is grid}
        sink.left_out |= dict.fromkeys(own, f"its history holds no whole {grid} yet")
        for partition in partitions(own, grid, _PARTITION_SIZE, dict(enumerate(history.keys))):
            for row in partition.series_ids:
                del sink.left_out[row]
            _check_covariates(history, partition, settings.horizon, question.covariates)
            limits = FileLimits(history, question.limits)
            ports = Ports(history, sink, NoChampions(), GivenCovariates(question.covariates), limits)
            retrain(partition, ports, settings, progress)
        if question.measure is Measure.UTILIZATION:
            made = {row: sink.forecasts[row] for row in own if row in sink.forecasts}
            identity = tuple(zip(history.keys, history.units, strict=True))
            sink.forecasts |= utilization(made, identity, grid, question.limits)
    left_out = {history.keys[row]: reason for row, reason in sink.left_out.items()}
    if not sink.forecasts:
        key, reason = next(iter(left_out.items()))
        raise Invalid(f"no series can be forecast; of {key or 'the only one'}, {reason}: give a longer history")
    tables = [
        _table(history, row, sink.forecasts[row], width or history.granularities[row], question.levels)
        for row in sorted(sink.forecasts)
    ]
    return Answer(pd.concat(tables, ignore_index=True), left_out)


def _key(labels: Iterable[object]) -> SeriesKey:
    provider, region, accelerator, workload, stage, tenant = map(str, labels)
    return SeriesKey(provider, region, accelerator, Workload(workload), stage, tenant)


def _table(
    history: History, row: int, forecast: SeriesForecast, width: Granularity, levels: Sequence[float]
) -> pd.DataFrame:
    steps = len(forecast.quantiles)
    columns: dict[str, object] = {name: history.keys[row].dimension(name) for name in DIMENSIONS}
    columns |= {
        "unit": history.units[row],
        "timestamp": buckets(forecast.start, steps, width),
        "mean": interpolate(forecast.quantiles, GRID, _MEAN_POSITIONS).mean(axis=1),
    }
    asked = interpolate(forecast.quantiles, GRID, np.asarray(levels))
    columns |= {f"q{level!r}": asked[:, at] for at, level in enumerate(levels)}
    columns |= {"model": forecast.choice.maker, "warnings": "; ".join(forecast.choice.notes)}
    return pd.DataFrame(columns, index=range(steps))


def _grids(observations: Sequence["pd.Series[float]"]) -> tuple[Granularity, ...]:
    """The grid of each series; one with too few timestamps to tell takes the grid of most others, if it lies on it."""
    told = [_grid(known) if len(known) >= _TELLING else None for known in observations]
    clear = [grid for grid in told if grid is not None]
    if not clear:
        return tuple(_grid(known) for known in observations)
    common = max(set(clear), key=lambda grid: (clear.count(grid), grid))
    return tuple(
        grid or (common if _lies_on(known, common) else _grid(known))
        for grid, known in zip(told, observations, strict=True)
    )


def _lies_on(known: "pd.Series[float]", grid: Granularity) -> bool:
    stamps = pd.DatetimeIndex(known.index)
    one_weekday = grid is not Granularity.WEEK or len(set(stamps.weekday)) == 1
    return one_weekday and bool(on_grid(stamps, grid).all())


def _grid(known: "pd.Series[float]") -> Granularity:
    return infer_granularity(pd.DatetimeIndex(known.index))


def _check_width(history: History, width: Granularity | None) -> None:
    order = list(Granularity).index
    for key, grid in zip(history.keys, history.granularities, strict=True):
        if width is not None and order(grid) > order(width):
            raise Invalid(
                f"series {key} is known by the {grid}, so it cannot be forecast by the {width}; ask for {grid}"
            )


def _check_covariates(history: History, partition: Partition, horizon: int, covariates: Covariates) -> None:
    concerned = covariates.concerning(history.keys[row] for row in partition.series_ids)
    concerned.check_ahead(buckets(partition.cut_off, max(horizon, 0) + 2, partition.granularity)[-1])


def _disagreements(rows: pd.DataFrame) -> list[Rejection]:
    """Rows whose value or unit contradicts an earlier row of the same series."""
    found = []
    for column, by in (("value", [*DIMENSIONS, "timestamp"]), ("unit", list(DIMENSIONS))):
        first = rows.groupby(by, sort=False)[[column, "line"]].transform("first")
        for at in np.flatnonzero(rows[column] != first[column]):
            reason = (
                f"disagrees with {first[column].iloc[at]} in line {first['line'].iloc[at]} of the same series; keep one"
            )
            found.append(Rejection(int(rows["line"].iloc[at]), column, str(rows[column].iloc[at]), reason))
    return found


def _refusal(rejections: Sequence[Rejection], count: int) -> Invalid:
    shown = rejections[:_SHOWN_REJECTIONS]
    lines = [f"line {each.line}: {each.column} {each.value!r} {each.reason}" for each in shown]
    if count > len(shown):
        lines.append(f"and {count - len(shown):,} more")
    listed = "".join(f"\n  {line}" for line in lines)
    return Invalid(f"{count:,} rows cannot be used; correct or remove them:{listed}", [vars(each) for each in shown])
