"""From use to demand, before anything is learned: what was full is censored, what queued is added."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from demand.calendar import Granularity, buckets, previous
from demand.errors import Invalid
from demand.history import FloatArray, Panel
from demand.limits import TOLERANCE
from demand.saturation import Saturation
from forecasting.ceilings import find_ceilings
from forecasting.censoring import uncensor
from forecasting.quantiles import QuantileForecast
from training.latent import Evidence, Latent
from training.ports import Bounds, HistorySource, LimitSource, Partition
from training.recipe import Choice
from training.saturated import told

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DemandHistory:
    """History of demand, as far as it can be told.

    Attributes:
        panel: demand: what was in use, what queued beside it, and a draw of what was asked for at a ceiling. Its caps
            are those of the saturation.
        latents: per series what held its use down; None where nothing is known to have done so.
        saturation: where the growth of each series ends.
    """

    panel: Panel
    latents: tuple[Latent | None, ...]
    saturation: Saturation

    def widened(self, forecast: QuantileForecast) -> QuantileForecast:
        """The forecast with what lies above the middle further away, for series that were nearly always full.

        Their history says how far demand went below the ceiling, and almost nothing of how far above: the distance
        of every higher quantile from the median is multiplied by one plus the recent share of full buckets.
        """
        stretch = np.array([_stretch(latent) for latent in self.latents])
        if (stretch == 1).all():
            return forecast
        middle = forecast.at([0.5])
        above = np.maximum(forecast.values - middle, 0.0)
        return replace(forecast, values=forecast.values + above * (stretch - 1)[:, None, None])

    def noted(self, choices: Sequence[Choice]) -> tuple[Choice, ...]:
        """The choices, with what their readers should know of the ceilings behind them, and of where growth ends."""
        return tuple(
            told(replace(choice, latent=latent), self.saturation, row)
            for row, (choice, latent) in enumerate(zip(choices, self.latents, strict=True))
        )


def read_demand(
    partition: Partition, history: HistorySource, limits: LimitSource, context: int, seed: int
) -> DemandHistory:
    """The history of demand of a partition.

    A day that was full for some of its hours is below what was asked for although its average is below the limit. So
    what is known by the hour is censored by the hour, whatever the width of the buckets that are forecast. A
    saturation bounds the average over a bucket of any width.

    Args:
        partition: the series.
        history: what was in use.
        limits: what held it down.
        context: how many buckets to read.
        seed: of the draws.
    """
    fine = _by_the_hour(partition, history, context)
    if fine is None:
        panel = history.panel(partition, context)
        return demand_history(panel, limits.bounds(partition, panel), seed)
    hours, used = fine
    made = demand_history(used, limits.bounds(hours, used), seed)
    return replace(made, panel=made.panel.coarser(partition.granularity).last(context))


def _by_the_hour(partition: Partition, history: HistorySource, context: int) -> tuple[Partition, Panel] | None:
    """The same history by the hour; None where buckets are hours anyway, or some series is not known by the hour."""
    width = partition.granularity
    if width is Granularity.HOUR:
        return None
    end = buckets(partition.cut_off, 2, width)[-1]
    hours = replace(partition, granularity=Granularity.HOUR, cut_off=previous(end, Granularity.HOUR))
    try:
        used = history.panel(hours, round((context + 1) * width.rhythm.hours))
    except Invalid:
        return None
    return hours, used


def demand_history(panel: Panel, bounds: Bounds, seed: int) -> DemandHistory:
    """What would have been asked for.

    Where a queue was counted, demand is what was in use and what waited, and nothing is estimated. Where use was at a
    known limit, or at a ceiling that the data shows, demand is drawn from what it may have been. Everywhere else use
    is demand.

    Args:
        panel: what was in use.
        bounds: what is known to have held it down.
        seed: of the draws.
    """
    counted = ~np.isnan(bounds.queued)
    found = find_ceilings(panel)
    shown = np.nan_to_num(panel.values) >= found * (1 - TOLERANCE)
    censored = (bounds.full | shown) & ~counted & ~np.isnan(panel.values)
    drawn = uncensor(panel, censored, seed).panel
    values = np.where(counted, panel.values + np.nan_to_num(bounds.queued), drawn.values)
    evidence = [_evidence(bounds, row, counted[row], shown[row]) for row in range(panel.n_series)]
    shares = zip(evidence, *_shares(panel, censored), found[:, -1], bounds.over.sum(axis=1), strict=True)
    caps = bounds.saturation.caps if np.isfinite(bounds.saturation.caps).any() else None
    demand = replace(panel, values=values, caps=caps)
    return DemandHistory(demand, tuple(_latent(*each) for each in shares), bounds.saturation)


def _evidence(bounds: Bounds, row: int, counted: BoolArray, shown: BoolArray) -> Evidence | None:
    if counted.any():
        return Evidence.QUEUE
    if bounds.limited[row]:
        return Evidence.LIMIT
    return Evidence.DATA if shown.any() else None


def _latent(evidence: Evidence | None, share: float, recent: float, ceiling: float, overruns: int) -> Latent | None:
    if evidence is None:
        return None
    shown = float(ceiling) if np.isfinite(ceiling) else None
    return Latent(evidence, round(float(share), 4), round(float(recent), 4), shown, int(overruns))


def _shares(panel: Panel, censored: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Share of known buckets that are censored: of all, and of the last ones."""
    last = 2 * panel.granularity.rhythm.whole_seasons[-1]
    known = ~np.isnan(panel.values)
    whole = censored.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    recent = censored[:, -last:].sum(axis=1) / np.maximum(known[:, -last:].sum(axis=1), 1)
    return whole, recent


def _stretch(latent: Latent | None) -> float:
    return 1.0 + latent.recent_share if latent is not None and latent.is_nearly_always_full else 1.0
