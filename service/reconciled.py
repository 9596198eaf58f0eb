"""How the forecasts of one series at different granularities are served as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from demand.calendar import Granularity, buckets, floor, number
from demand.history import FloatArray
from forecasting.dependence import ErrorMemory, RankTemplate
from forecasting.quantiles import GRID
from forecasting.reconciliation import FINER, PARENT, Cover, Implied, blended, fitted_into
from service.store.forecasts import PublishedForecast
from service.store.relatives import Relative, Relatives, ancestry

LONGEST = {Granularity.DAY: 24, Granularity.MONTH: 31}
"""Buckets of the next finer granularity that a bucket holds at most."""

NO_RELATIVES: Relatives = {}


@dataclass(frozen=True)
class Link:
    """One granularity of a series, as it is served.

    Attributes:
        granularity: the width of the buckets.
        run_id: the run that made the forecast.
        start: the first bucket, UTC.
        quantiles: averaged with what the finer forecast implies, shape (n_steps, n_levels).
        levels: probabilities of the last axis.
        memory: past errors.
    """

    granularity: Granularity
    run_id: str
    start: pd.Timestamp
    quantiles: FloatArray
    levels: tuple[float, ...]
    memory: ErrorMemory


@dataclass(frozen=True)
class Lineage:
    """A series at one granularity and at those that it is reconciled with.

    Attributes:
        links: the granularity that is asked for, then the coarser ones, each fitted into the next.
        averaged_with: the finer forecast that the first link is averaged with, None if there is none.
        warnings: what was too old to be reconciled with.
    """

    links: tuple[Link, ...]
    averaged_with: Relative | None = None
    warnings: tuple[str, ...] = ()

    @property
    def parent(self) -> Link | None:
        """The coarser forecast that the paths are fitted into, None if there is none."""
        return self.links[1] if len(self.links) > 1 else None


def lineage(forecast: PublishedForecast, granularity: Granularity, known: Relatives = NO_RELATIVES) -> Lineage:
    """What the forecast of one series is reconciled with.

    A coarser forecast is used unless its history ended earlier than the finer one's by more than its lateness, a finer
    one likewise.

    Args:
        forecast: of the granularity that is asked for.
        granularity: that granularity.
        known: what is published of the series at others.
    """
    own = Link(granularity, forecast.run_id, forecast.start, forecast.quantiles, forecast.levels, forecast.memory)
    if own.levels != GRID:
        return Lineage((own,))
    warnings = []
    finer = known.get(FINER[granularity]) if granularity in FINER else None
    if finer is not None and granularity in finer.implied and _apart(finer.start, own.start, granularity):
        warnings.append(_too_old(finer, own))
        finer = None
    links = [_averaged(own, finer)]
    for coarse in ancestry(granularity)[1:]:
        parent = known.get(coarse)
        if parent is None:
            break
        if _apart(links[-1].start, parent.start, coarse):
            warnings.append(_too_old(parent, links[-1]))
            break
        next_link = Link(coarse, parent.run_id, parent.start, parent.quantiles, GRID, parent.memory)
        links.append(_averaged(next_link, known.get(FINER[coarse])))
    with_hint = finer if finer is not None and granularity in finer.implied else None
    return Lineage(tuple(links), with_hint, tuple(warnings))


def lineages(
    forecasts: Sequence[PublishedForecast], granularity: Granularity, known: Mapping[int, Relatives]
) -> dict[int, Lineage]:
    """What each of the forecasts is reconciled with, by the id of its series.

    Args:
        forecasts: of the granularity that is asked for.
        granularity: that granularity.
        known: what is published of each series at others.
    """
    return {each.series.id: lineage(each, granularity, known.get(each.series.id, NO_RELATIVES)) for each in forecasts}


@dataclass(frozen=True)
class Drawing:
    """The shared draws of all granularities that an answer needs.

    Attributes:
        templates: per granularity.
        stops: per granularity the number of the bucket that paths end before.
    """

    templates: Mapping[Granularity, RankTemplate]
    stops: Mapping[Granularity, int]

    def paths(self, links: tuple[Link, ...], own_seed: int) -> FloatArray:
        """Sample paths of the first link, fitted into those of the others, shape (n_paths, n_steps).

        Args:
            links: of one series.
            own_seed: a number of the series' own.
        """
        link, coarser = links[0], links[1:]
        start = number(link.start, link.granularity)
        quantiles = link.quantiles[: max(self.stops[link.granularity] - start, 0)]
        drawn = self.templates[link.granularity].paths(quantiles, link.levels, link.memory, own_seed, start)
        if not coarser:
            return drawn
        width = coarser[0].granularity
        cover = cover_of(link.start, len(quantiles), link.granularity, width)
        first, parent = number(cover.start, width), number(coarser[0].start, width)
        targets = self.paths(coarser, own_seed)
        begin, stop = max(first, parent), min(first + cover.count, parent + targets.shape[1])
        if begin >= stop:
            return drawn
        bounds = cover.bounds[begin - first : stop - first + 1]
        return fitted_into(drawn, bounds, targets[:, begin - parent : stop - parent])


def drawing(series: Sequence[Lineage], end: pd.Timestamp, n_paths: int, seed: int) -> Drawing:
    """The draws that paths up to the end of a window need: whole coarser buckets, so that longer paths begin alike.

    Args:
        series: all of them, of one granularity first.
        end: of the window, exclusive, UTC.
        n_paths: how many paths.
        seed: seed of the dates that all series share.
    """
    links = [link for each in series for link in each.links]
    templates, stops = {}, {}
    for granularity in ancestry(series[0].links[0].granularity):
        end = _up_to_whole(end, PARENT.get(granularity))
        starts = [number(link.start, granularity) for link in links if link.granularity is granularity]
        if starts:
            stops[granularity] = number(end, granularity)
            span = range(min(starts), stops[granularity])
            templates[granularity] = RankTemplate.draw(seed, n_paths, span, granularity.rhythm.memory)
    return Drawing(templates, stops)


def steps_to_read(granularity: Granularity, horizon: int) -> dict[Granularity, int]:
    """Buckets to read of a forecast and of the coarser ones, for a window of this length.

    A forecast may begin before the window by its lateness, and the window may end within a coarser bucket.
    """
    steps, hours = {}, horizon * granularity.rhythm.hours
    for each in ancestry(granularity):
        parent = PARENT.get(each)
        count = int(hours // each.rhythm.hours) + each.rhythm.lateness + (LONGEST[parent] if parent else 0)
        steps[each] = count + (0 if each is granularity else 2)
        hours = steps[each] * each.rhythm.hours
    return steps


@lru_cache(maxsize=256)
def cover_of(start: pd.Timestamp, n_steps: int, fine: Granularity, coarse: Granularity) -> Cover:
    """The whole coarser buckets of a forecast; most series of an answer share them."""
    return Cover.of(start, n_steps, fine, coarse)


def _averaged(link: Link, finer: Relative | None) -> Link:
    hint: Implied | None = None if finer is None else finer.implied.get(link.granularity)
    if finer is None or hint is None or _apart(finer.start, link.start, link.granularity):
        return link
    quantiles = blended(link.quantiles, link.start, link.granularity, hint, finer.start)
    return replace(link, quantiles=quantiles)


def _apart(fine: pd.Timestamp, coarse: pd.Timestamp, granularity: Granularity) -> bool:
    """Whether forecasts start so far from each other that their histories did not end at about the same time."""
    return abs(number(fine, granularity) - number(coarse, granularity)) > granularity.rhythm.lateness


def _too_old(other: Relative, own: Link) -> str:
    older, newer = (other, own) if other.start <= own.start else (own, other)
    return (
        f"the forecast by the {older.granularity} begins at {older.start.isoformat()}, long before that by the "
        f"{newer.granularity} at {newer.start.isoformat()}, so they are not reconciled; start a run with POST "
        f'/v1/training-runs {{"granularity": "{older.granularity}"}}'
    )


def _up_to_whole(end: pd.Timestamp, coarse: Granularity | None) -> pd.Timestamp:
    """The end of the coarser bucket that an instant lies in; the instant itself where a bucket begins there."""
    if coarse is None:
        return end
    begins = floor(pd.DatetimeIndex([end]), coarse)[0]
    return end if begins == end else buckets(begins, 2, coarse)[-1]
