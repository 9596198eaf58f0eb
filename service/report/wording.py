"""Numbers, dates and chances as a reader wants to see them."""

import math
from collections.abc import Sequence

import pandas as pd

from demand.calendar import Granularity
from planning.occurrence import Occurrence

NOTHING = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"

_SHORT = ((1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))


def amount(value: float) -> str:
    """A count of accelerators and the like, in at most three or four digits that matter."""
    if not math.isfinite(value):
        return NOTHING
    size = abs(value)
    if size and size < 0.05:
        return "<0.1" if value > 0 else f"{_MINUS}<0.1"
    told = f"{value:,.1f}" if size < 10 else f"{value:,.0f}"
    return told.replace("-", _MINUS).removesuffix(".0")


def short_money(value: float) -> str:
    """An amount of money without its currency."""
    if not math.isfinite(value):
        return NOTHING
    for size, letter in _SHORT:
        if abs(value) >= size:
            return f"{_digits(value / size)}{letter}"
    return amount(value)


def priced(value: float, currency: str) -> str:
    """An amount of money with its currency, if that is known."""
    return f"{short_money(value)} {currency}".rstrip()


def chance(value: float) -> str:
    """A chance in percent; what is neither impossible nor certain is not rounded to that."""
    if not math.isfinite(value):
        return NOTHING
    if 0 < value < 0.01:
        return "<1%"
    if 0.99 < value < 1:
        return ">99%"
    return f"{value:.0%}"


def date(moment: pd.Timestamp, granularity: Granularity) -> str:
    """The start of a bucket."""
    forms = {Granularity.MONTH: "%b %Y", Granularity.HOUR: "%d %b %Y, %H:%M"}
    return f"{moment:{forms.get(granularity, '%d %b %Y')}}".lstrip("0")


def dates(
    found: Occurrence, row: int, index: pd.DatetimeIndex, granularity: Granularity, levels: Sequence[float]
) -> list[str]:
    """The first bucket by which it has happened with each chance; a dash where it does not come to that."""
    steps = found.quantiles(levels)[row]
    return [date(index[step], granularity) if step < len(index) else NOTHING for step in steps]


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _digits(value: float) -> str:
    """Three digits that matter, without an exponent."""
    places = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{min(places, 2)}f}".replace("-", _MINUS)
