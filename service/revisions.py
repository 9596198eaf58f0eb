"""How the view of the same buckets changed from one publication to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, floor, number
from demand.errors import Invalid, NotFound
from demand.history import FloatArray
from demand.limits import Measure
from demand.series import Selection, Workload
from service import published
from service.conversion import conversion
from service.grouped import TOTAL, Group, grouped
from service.measures import answered
from service.store.unit_of_work import UnitOfWork
from service.windows import WindowQuestion, selected_series, window_up_to

Label = tuple[str, ...]
"""The values of the dimensions of a group, and its unit."""


@dataclass(frozen=True)
class RevisionQuestion:
    """Which buckets, of what, as they were seen when.

    Attributes:
        selection: the part of the fleet.
        granularity: width of the buckets.
        start: a moment in the first bucket.
        end: the end of the last one, exclusive; None for the first bucket alone.
        since: only what was published at or after this instant; from the beginning if not given.
        before: only what was published before this instant; up to now if not given.
        levels: of the quantiles.
        group_by: the dimensions that tell groups apart.
        measure: what would be asked for, or what can be in use of it.
        unit: that all series are turned into; as they are stored if not given.
        model_class: of language models, for tokens per second.
        actual: whether to tell what came true.
        limit: how many publications at most, the latest ones.
    """

    selection: Selection
    granularity: Granularity
    start: pd.Timestamp
    end: pd.Timestamp | None = None
    since: datetime | None = None
    before: datetime | None = None
    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    group_by: tuple[str, ...] = ()
    measure: Measure = Measure.DEMAND
    unit: str | None = None
    model_class: str | None = None
    actual: bool = False
    limit: int = 20


@dataclass(frozen=True)
class Issue:
    """What was served from one instant on, as far as it tells of the buckets that are asked about.

    Attributes:
        issued_at: that instant.
        start: the first bucket that was ahead then.
        cut_off: the last bucket of history that any of its forecasts knew.
        run_ids: the runs that made it, in order.
        series: how many series it is made of.
    """

    issued_at: datetime
    start: pd.Timestamp
    cut_off: pd.Timestamp
    run_ids: tuple[str, ...]
    series: int


@dataclass(frozen=True)
class Revised:
    """How the view of one workload of a group changed; NaN where nothing was told of a bucket.

    Attributes:
        mean: shape (n_issues, n_buckets).
        quantiles: shape (n_issues, n_buckets, n_levels).
        mean_change: against the publication before, which may lie before the first one told; like `mean`.
        quantile_change: likewise, like `quantiles`.
        actual: what came true, shape (n_buckets,); None where it was not asked for.
    """

    mean: FloatArray
    quantiles: FloatArray
    mean_change: FloatArray
    quantile_change: FloatArray
    actual: FloatArray | None


@dataclass(frozen=True)
class Revisions:
    """How the view of some buckets changed.

    Attributes:
        question: what was asked.
        index: the starts of the buckets.
        issues: what was published about them, the oldest first.
        groups: per group its workloads and their total.
        is_whole: whether no earlier publication was left for another page.
    """

    question: RevisionQuestion
    index: pd.DatetimeIndex
    issues: tuple[Issue, ...]
    groups: Mapping[Label, Mapping[str, Revised]]
    is_whole: bool


@dataclass(frozen=True)
class _Seen:
    """One publication: its groups over the buckets that it tells of, which begin at `first` among those asked for."""

    issue: Issue
    first: int
    groups: Mapping[Label, Mapping[str, tuple[FloatArray, FloatArray]]]
    view: published.Window


def revisions(asked: RevisionQuestion, unit: UnitOfWork, most: int, n_paths: int) -> Revisions:
    """How the view of some buckets changed, computed from joint paths as forecasts are answered.

    Args:
        asked: what is asked.
        unit: the store.
        most: how many series one answer holds.
        n_paths: joint paths that each view is computed from.

    Raises:
        NotFound: no series is selected, or nothing was published of these buckets then.
        Invalid: too many series are selected, there is no bucket, or actuals are asked for in another unit.
    """
    selected_series(asked.selection, unit, most)
    if asked.actual and asked.unit is not None:
        raise Invalid("what came true is told in the unit that is stored; leave unit or actual away")
    index = _index(asked, unit)
    seen: list[_Seen] = []
    for instant in unit.publications.instants(asked.selection, asked.granularity, (index[0], _end(index, asked))):
        if asked.before is not None and instant >= asked.before:
            continue
        found = _seen(asked, index, unit, instant, n_paths)
        seen += [found] if found is not None else []
        # one more than is told, from which the first one told has changed
        if len(seen) > asked.limit or (asked.since is not None and instant < asked.since):
            break
    return _revisions(asked, index, seen[::-1], unit)


def _revisions(asked: RevisionQuestion, index: pd.DatetimeIndex, seen: list[_Seen], unit: UnitOfWork) -> Revisions:
    """The answer from publications, the oldest first; that before the first one told is only there for the change."""
    told = [each for each in seen if asked.since is None or each.issue.issued_at >= asked.since][-asked.limit :]
    if not told:
        raise NotFound(_nothing(asked, index, unit))
    before = seen[: len(seen) - len(told)][-1:]
    actual = _actual(asked, index, told[-1].view, unit) if asked.actual else None
    labels = sorted({label for each in told for label in each.groups})
    groups = {
        label: {
            workload: _revised((label, workload), [*before, *told], len(told), len(index), actual)
            for workload in (*map(str, Workload), TOTAL)
            if any(workload in each.groups.get(label, {}) for each in told)
        }
        for label in labels
    }
    is_whole = not before or (asked.since is not None and before[0].issue.issued_at < asked.since)
    return Revisions(asked, index, tuple(each.issue for each in told), groups, is_whole)


def _index(asked: RevisionQuestion, unit: UnitOfWork) -> pd.DatetimeIndex:
    """The buckets that are asked about; weeks begin on the day of what is served."""
    shift = pd.Timedelta(0)
    if asked.granularity is Granularity.WEEK:
        newest = unit.forecasts.newest_start(asked.selection, asked.granularity, None)
        shift = pd.Timedelta(days=0 if newest is None else newest.weekday())
    first = floor(pd.DatetimeIndex([asked.start - shift]), asked.granularity)[0] + shift
    if asked.end is None:
        return buckets(first, 1, asked.granularity)
    if asked.end <= asked.start:
        raise Invalid(f"end={asked.end.isoformat()} is not after start={asked.start.isoformat()}; ask for a bucket")
    last = floor(pd.DatetimeIndex([asked.end - shift - pd.Timedelta(microseconds=1)]), asked.granularity)[0] + shift
    count = number(last, asked.granularity) - number(first, asked.granularity) + 1
    longest = asked.granularity.rhythm.horizon_limit
    if count > longest:
        raise Invalid(f"{count} {asked.granularity}s are more than the {longest} that are forecast; ask for fewer")
    return buckets(first, count, asked.granularity)


def _end(index: pd.DatetimeIndex, asked: RevisionQuestion) -> pd.Timestamp:
    return buckets(index[-1], 2, asked.granularity)[-1]


def _seen(
    asked: RevisionQuestion, index: pd.DatetimeIndex, unit: UnitOfWork, instant: datetime, n_paths: int
) -> _Seen | None:
    """What was served from an instant on; None where that tells nothing of the buckets."""
    question = WindowQuestion(asked.selection, asked.granularity, as_of=instant)
    view = window_up_to(question, _end(index, asked), unit)
    if view is None:
        return None
    wanted = view.index.intersection(index)
    if not len(wanted):
        return None
    given = answered(asked.measure, view, unit, n_paths)
    told = conversion(asked.unit, asked.model_class, view, unit)
    groups = grouped(view, asked.group_by, n_paths, given.rationing, told)
    at = view.index.get_indexer(wanted)
    issue = Issue(
        issued_at=instant,
        start=view.start,
        cut_off=max(each.cut_off for each in view.forecasts),
        run_ids=tuple(dict.fromkeys(each.run_id for each in view.forecasts)),
        series=len(view.forecasts),
    )
    numbers = {_label(group): _numbers(group, at, asked.levels) for group in groups}
    return _Seen(issue, int(index.get_indexer(wanted[:1])[0]), numbers, view)


def _label(group: Group) -> Label:
    return (*group.labels.values(), group.unit)


def _numbers(group: Group, at: np.ndarray, levels: Sequence[float]) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Per workload means and quantiles of some steps."""
    means = group.paths.mean()[:, at]
    quantiles = replace(group.paths, values=group.paths.values[:, :, at]).quantiles(levels)
    return {str(workload): (means[row], quantiles[row]) for row, workload in enumerate(group.paths.labels)}


def _revised(
    place: tuple[Label, str],
    seen: Sequence[_Seen],
    told: int,
    n_buckets: int,
    actual: Mapping[tuple[Label, str], FloatArray] | None,
) -> Revised:
    """One workload of a group; of what was seen, only the last `told` publications are shown."""
    label, workload = place
    levels = max(each[1].shape[-1] for one in seen for group in one.groups.values() for each in group.values())
    mean = np.full((len(seen), n_buckets), np.nan)
    quantiles = np.full((len(seen), n_buckets, levels), np.nan)
    for row, each in enumerate(seen):
        if workload in each.groups.get(label, {}):
            means, values = each.groups[label][workload]
            mean[row, each.first : each.first + len(means)] = means
            quantiles[row, each.first : each.first + len(means)] = values
    steps = np.diff(mean, axis=0, prepend=np.nan), np.diff(quantiles, axis=0, prepend=np.nan)
    came_true = None if actual is None else actual.get(place, np.full(n_buckets, np.nan))
    return Revised(mean[-told:], quantiles[-told:], steps[0][-told:], steps[1][-told:], came_true)


def _actual(
    asked: RevisionQuestion, index: pd.DatetimeIndex, view: published.Window, unit: UnitOfWork
) -> dict[tuple[Label, str], FloatArray]:
    """What came true of the series of a view, summed as they are; NaN where it is not known of all of them."""
    series = [each.series for each in view.forecasts]
    known = unit.observations.stretch([each.id for each in series], asked.granularity, index[0], len(index)).values
    sums: dict[tuple[Label, str], FloatArray] = {}
    for each, values in zip(series, known, strict=True):
        label = (*(each.key.dimension(name) for name in asked.group_by), each.unit)
        for workload in (each.key.workload.value, TOTAL):
            sums[label, workload] = sums.get((label, workload), 0.0) + values
    return sums


def _nothing(asked: RevisionQuestion, index: pd.DatetimeIndex, unit: UnitOfWork) -> str:
    span = f"{index[0].isoformat()} to {_end(index, asked).isoformat()}"
    first = unit.publications.first_at(asked.selection, asked.granularity)
    if first is None:
        return (
            f"no {asked.granularity} forecast was ever published for {asked.selection}; start a run with POST "
            f'/v1/training-runs {{"granularity": "{asked.granularity}"}}'
        )
    return (
        f"nothing that was published for {asked.selection} in that time tells of {span}: its first {asked.granularity} "
        f"forecast was published at {first.isoformat()}; ask about buckets that were ahead of one, or leave since "
        "and before away"
    )
