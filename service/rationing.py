"""What can be in use of what is asked for: demand ahead, cut path by path to the limits ahead."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.history import FloatArray
from demand.limits import Limit, shares_left
from demand.series import SeriesKey
from training.latent import Latent


@dataclass(frozen=True)
class Request:
    """The demand ahead of one series.

    Attributes:
        series: a number of its own.
        key: its identity.
        unit: its unit.
        latent: what held its use down in the past.
        draw: gives its paths, shape (n_paths, n_steps), the same ones every time.
    """

    series: int
    key: SeriesKey
    unit: str
    latent: Latent | None
    draw: Callable[[], FloatArray]


@dataclass(frozen=True)
class Rationing:
    """What limits leave to each series.

    Where the series of a limit ask for more than it together, all get the same share of what they ask for, so use
    never exceeds a limit on any path. A ceiling that only the data shows goes on for its series, unless a limit is
    known, which then says more about the time ahead.

    Attributes:
        shares: what each series gets of what it asks for, shape (n_paths, n_steps).
        ceilings: the most that others can have in use.
    """

    shares: Mapping[int, FloatArray]
    ceilings: Mapping[int, float]

    def cut(self, series: int, paths: FloatArray) -> FloatArray:
        """What can be in use of the demand of one series, path by path."""
        if series in self.shares:
            return paths * self.shares[series]
        return np.minimum(paths, self.ceilings.get(series, np.inf))

    def touches(self, series: int) -> bool:
        """Whether anything bounds the series."""
        return series in self.shares or series in self.ceilings


NOTHING = Rationing({}, {})


def rationing(requests: Sequence[Request], limits: Iterable[Limit], index: pd.DatetimeIndex) -> Rationing:
    """What the limits leave.

    Args:
        requests: every series that shares one of the limits, and those without.
        limits: what bounds them; saturations are passed over, as they ration nothing.
        index: the buckets ahead.
    """
    shares: dict[int, FloatArray] = {}
    for limit in limits:
        sharing = [request for request in requests if limit.applies_to(request.key, request.unit)]
        if not sharing or not limit.holds_use_down:
            continue
        asked = sharing[0].draw()
        for request in sharing[1:]:
            asked = asked + request.draw()
        left = shares_left(asked, limit.levels(index))
        for request in sharing:
            shares[request.series] = np.minimum(shares[request.series], left) if request.series in shares else left
    ceilings = {
        request.series: request.latent.ceiling
        for request in requests
        if request.latent is not None and request.latent.ceiling is not None and request.series not in shares
    }
    return Rationing(shares, ceilings)
