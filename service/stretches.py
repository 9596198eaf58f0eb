"""What holds along each stretch of a published forecast: shares of models, widths, and how past forecasts erred."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from forecasting.calibration import UNCHECKED
from service.store.forecasts import PublishedForecast
from training.backtest import stretches
from training.recipe import PastErrors


@dataclass(frozen=True)
class Stretch:
    """What holds along one stretch of the horizon.

    Attributes:
        first: the first lead of the stretch, 1 being the first bucket ahead.
        last: its last lead.
        weights: share of each model in the forecast, the heaviest first; they sum to one.
        lower: factor on the distance below the median; None where widths were not corrected.
        upper: the same above it.
        widths: both in words.
        errors: how past forecasts erred in this stretch; None where none could be compared.
    """

    first: int
    last: int
    weights: Mapping[str, float]
    lower: float | None
    upper: float | None
    widths: str
    errors: PastErrors | None

    @property
    def leads(self) -> int:
        """How many buckets it holds."""
        return self.last - self.first + 1


def leads_of(stretch: int, granularity: Granularity) -> tuple[int, int]:
    """The first and the last lead of a stretch, in buckets, of forecasts that reach as far as any."""
    edges = (0, *granularity.rhythm.stretches, granularity.rhythm.horizon_limit)
    return edges[stretch] + 1, edges[stretch + 1]


def stretches_of(forecast: PublishedForecast, steps: int) -> tuple[Stretch, ...]:
    """The stretches that begin within the first `steps` buckets, the last one as far as those go."""
    granularity, errors = forecast.recipe.granularity, _errors(forecast)
    of_step = stretches(granularity, steps)
    made = []
    for stretch in range(int(of_step[-1]) + 1):
        within = np.flatnonzero(of_step == stretch) + 1
        lower, upper = (_factor(forecast, side, stretch) for side in ("lower", "upper"))
        made.append(
            Stretch(
                first=int(within[0]),
                last=int(within[-1]),
                weights=_weights(forecast, stretch),
                lower=lower,
                upper=upper,
                widths=_in_words(lower, upper, checked=bool(errors)),
                errors=errors.get(stretch),
            )
        )
    return tuple(made)


def _errors(forecast: PublishedForecast) -> dict[int, PastErrors]:
    """Past errors by stretch; none of a forecast that was not made by what erred."""
    if forecast.choice.served_by:
        return {}
    ends = forecast.recipe.granularity.rhythm.stretches
    return {int(np.searchsorted(ends, each.until)): each for each in forecast.choice.errors}


def _weights(forecast: PublishedForecast, stretch: int) -> dict[str, float]:
    """The shares that made this stretch: those that were learned, less what lay far off."""
    choice = forecast.choice
    if choice.served_by or not choice.weights:
        return {choice.maker: 1.0}
    able = forecast.members.keys() or choice.weights.keys()
    weights = {name: each for name, each in choice.weights.items() if name in able}
    kept = {name: _at(each, stretch) * choice.influence.get(name, 1.0) for name, each in weights.items()}
    total = sum(kept.values()) or 1.0
    ordered = sorted(kept.items(), key=lambda item: -item[1])
    return {name: share / total for name, share in ordered if share > 0}


def _factor(forecast: PublishedForecast, side: str, stretch: int) -> float | None:
    widths = forecast.choice.widths.get(side)
    return None if forecast.choice.served_by or not widths else _at(widths, stretch)


def _at(values: Sequence[float], stretch: int) -> float:
    """The value of a stretch; the last one that was learned goes on beyond."""
    return values[min(stretch, len(values) - 1)]


def _in_words(lower: float | None, upper: float | None, *, checked: bool) -> str:
    if lower is None or upper is None:
        return "the band is as the model gave it: nothing was corrected"
    below, above = _compared(lower), _compared(upper)
    if not checked and lower == upper == UNCHECKED:
        return f"the band is {below} the models said, as none of their past forecasts could be checked"
    if below == above == _compared(1.0):
        return f"the band is {below} the models said: in the past it held as many outcomes as it promised"
    if below == above:
        return f"the band is {below} the models said, so that it holds as many outcomes as it promises"
    return (
        f"below the median the band is {below} the models said and above it {above} they said, so that it holds as "
        "many outcomes as it promises"
    )


def _compared(factor: float) -> str:
    percent = round(100 * (factor - 1))
    if percent == 0:
        return "as wide as"
    return f"{abs(percent)} % {'wider' if percent > 0 else 'narrower'} than"
