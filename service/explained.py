"""Why a published forecast is what it is, from what was stored with it; nothing is fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, step_of
from demand.errors import Invalid, NotFound
from demand.history import FloatArray, Panel
from demand.series import DIMENSIONS, Selection
from forecasting.catalogue import catalogue
from forecasting.decomposition import Decomposition, decompose, history_before
from forecasting.quantiles import interpolate
from service.store.forecasts import PublishedForecast
from service.store.series import StoredSeries
from service.store.unit_of_work import UnitOfWork
from service.stretches import Stretch, stretches_of
from training.assembly import MEMBER_LEVELS
from training.recipe import Choice

NO_MEMBERS = (
    "what each model forecast by itself was not kept with this forecast, which is older than such explanations; "
    "start a run with POST /v1/training-runs or computecast retrain, and ask again"
)

ALL_FAILED = "none of the models that have a weight could forecast the series, so there is nothing of theirs to show"

_LISTED = 5
"""Series that are named where only one may be selected."""


@dataclass(frozen=True)
class Member:
    """One model that the forecast is made of.

    Attributes:
        name: of the model.
        description: what it does.
        weight: its share, averaged over the steps.
        score: its scaled quantile loss in the backtest; None where it was not compared.
        quantiles: its own, at `MEMBER_LEVELS`, shape (n_steps, 3).
    """

    name: str
    description: str
    weight: float
    score: float | None
    quantiles: FloatArray


@dataclass(frozen=True)
class Explanation:
    """A published forecast and why it is what it is.

    Attributes:
        forecast: what is explained.
        granularity: width of the buckets.
        quantiles: at `MEMBER_LEVELS`, shape (n_steps, 3).
        stretches: of the horizon.
        members: the models it is made of, the heaviest first; empty where they were not kept.
        absent: why, per model that was tried and has no part in it.
        parts: of the median.
        untold: what cannot be said of this forecast, and why.
        told_unit: that levels were turned into; None where they are as they are stored.
        catalogue: the version of what was known of accelerators, where they were turned.
    """

    forecast: PublishedForecast
    granularity: Granularity
    quantiles: FloatArray
    stretches: tuple[Stretch, ...]
    members: tuple[Member, ...]
    absent: Mapping[str, str]
    parts: Decomposition
    untold: tuple[str, ...]
    told_unit: str | None = None
    catalogue: str | None = None

    @property
    def unit(self) -> str:
        """The unit of all levels."""
        return self.told_unit or self.forecast.series.unit

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return buckets(self.forecast.start, len(self.quantiles), self.granularity)

    @property
    def coverage_80(self) -> float | None:
        """Share of backtest actuals inside the 10 %-90 % band; None where unknown of what made the forecast."""
        return None if self.forecast.choice.served_by else self.forecast.choice.coverage_80

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of this one forecast."""
        choice = self.forecast.choice
        return choice.notes[len(choice.warnings) :]

    @property
    def skill(self) -> float | None:
        """Share of the seasonal naive's backtest loss that the forecast's maker saves; None where unknown."""
        loss, naive = self.forecast.choice.score, self.forecast.choice.naive_score
        return 1 - loss / naive if loss is not None and naive else None


def explain(forecast: PublishedForecast, history: FloatArray, horizon: int | None) -> Explanation:
    """Explain a published forecast.

    Args:
        forecast: with its members, all steps.
        history: the buckets just before it, NaN where missing, shape (n_before,).
        horizon: how many buckets of it to explain, None for all; a longer explanation begins with a shorter one.

    Raises:
        Invalid: the forecast is shorter than that.
    """
    granularity, reach = forecast.recipe.granularity, len(forecast.quantiles)
    steps = reach if horizon is None else horizon
    if steps > reach:
        raise Invalid(
            f"a horizon of {steps} reaches beyond what is published of series {forecast.series.id}: {reach} "
            f"{granularity}s from {forecast.start.isoformat()}; ask for at most {reach}, or start a run that reaches "
            "further with POST /v1/training-runs or computecast retrain"
        )
    quantiles = interpolate(forecast.quantiles, forecast.levels, np.array(MEMBER_LEVELS))
    parts = decompose(quantiles[:, MEMBER_LEVELS.index(0.5)], history, granularity)
    along = stretches_of(forecast, steps)
    members = _members(forecast, along, steps)
    return Explanation(
        forecast=forecast,
        granularity=granularity,
        quantiles=quantiles[:steps],
        stretches=along,
        members=members,
        absent=_absent(forecast, {member.name for member in members}),
        parts=_first(parts, steps),
        untold=_untold(forecast),
    )


def explain_stored(
    unit: UnitOfWork, selection: Selection, series_id: int | None, granularity: Granularity, horizon: int | None
) -> Explanation:
    """Explain what is served for the one series that is asked for.

    Args:
        unit: the store.
        selection: filters on dimensions that the series must pass.
        series_id: the series; None to go by the filters, which must then leave exactly one.
        granularity: of the forecast.
        horizon: as for `explain`.

    Raises:
        NotFound: there is no such series, or no forecast of it.
        Invalid: the filters leave several series, or the forecast is shorter than the horizon.
    """
    series = _only(unit, selection, series_id)
    itself = Selection(**{name: (series.key.dimension(name),) for name in DIMENSIONS})
    published = unit.forecasts.published(itself, granularity, members=True)
    if not published:
        raise NotFound(
            f"no {granularity} forecast of series {series.id} ({series.key}) is published; start a run with POST "
            "/v1/training-runs or computecast retrain, or ask at another granularity"
        )
    return explain(published[0], _history_before(unit, published[0]), horizon)


def _only(unit: UnitOfWork, selection: Selection, series_id: int | None) -> StoredSeries:
    if series_id is not None:
        series = unit.series.get(series_id)
        if not selection.accepts(series.key):
            raise NotFound(f"series {series_id} ({series.key}) is not in {selection}; leave the filters or the id away")
        return series
    found = unit.series.find(selection, limit=_LISTED + 1)
    if not found:
        raise NotFound(f"no series is stored for {selection}; GET /v1/series lists what there is")
    if len(found) > 1:
        some = "; ".join(f"{series.id} ({series.key})" for series in found[:_LISTED])
        raise Invalid(
            f"a forecast is explained for one series at a time, and {selection} selects several: {some}"
            f"{'; and more' if len(found) > _LISTED else ''}; name one with series_id, or narrow the filters"
        )
    return found[0]


def _history_before(unit: UnitOfWork, forecast: PublishedForecast) -> FloatArray:
    """The buckets just before a forecast as its run knew them, NaN where missing, shape (n_before,)."""
    granularity, as_of = forecast.recipe.granularity, forecast.recipe.as_of
    panel = unit.observations.panel(
        [forecast.series.id],
        granularity,
        as_of=None if as_of is None else datetime.fromisoformat(as_of),
        last=history_before(granularity),
    )
    return _before(panel, forecast.start)


def _before(panel: Panel, start: pd.Timestamp) -> FloatArray:
    """The row of a panel up to a bucket, missing from where it ends."""
    length = int(step_of(pd.DatetimeIndex([start]), panel.start, panel.granularity)[0])
    row = np.full(max(length, 0), np.nan)
    known = panel.values[0, : len(row)]
    row[: len(known)] = known
    return row


def _members(forecast: PublishedForecast, along: Sequence[Stretch], steps: int) -> tuple[Member, ...]:
    descriptions = {model.name: model.description for model in catalogue(forecast.recipe.granularity)}
    shares = {
        name: sum(stretch.weights.get(name, 0.0) * stretch.leads for stretch in along) / steps
        for name in forecast.members
    }
    return tuple(
        Member(
            name,
            descriptions.get(name, "A model that is no longer in the catalogue."),
            shares[name],
            forecast.choice.scores.get(name),
            forecast.members[name][:steps],
        )
        for name in sorted(shares, key=lambda name: -shares[name])
    )


def _absent(forecast: PublishedForecast, members: set[str]) -> dict[str, str]:
    """Why each model that was tried has no part in the forecast, as far as that is known."""
    choice = forecast.choice
    if not choice.weights or not (members or choice.served_by):
        return {}
    tried = dict.fromkeys((*choice.weights, *choice.scores, *forecast.recipe.models))
    return {name: _why_absent(name, choice) for name in tried if name not in {*members, choice.model}}


def _why_absent(name: str, choice: Choice) -> str:
    texts = (*choice.remarks, *choice.fallback_reason.split("; "), *choice.warnings)
    said = next((text for text in texts if text.startswith(f"{name} was ")), None)
    if said is not None:
        return said.removeprefix(f"{name} ")
    if name in choice.weights:
        return f"could not forecast the series this time: {choice.fallback_reason}"
    if name in choice.scores:
        return "earned no weight: past forecasts were better without it"
    return "was not tried: the history is too short for it, or long enough to do without it"


def _untold(forecast: PublishedForecast) -> tuple[str, ...]:
    if forecast.members:
        return ()
    return (ALL_FAILED if forecast.choice.served_by and forecast.choice.weights else NO_MEMBERS,)


def _first(parts: Decomposition, steps: int) -> Decomposition:
    seasonal = {name: values[:steps] for name, values in parts.seasonal.items()}
    return Decomposition(parts.trend[:steps], seasonal, parts.remainder[:steps])
