"""How much a forecast knows, said where it looks further ahead than its history can answer for."""

from dataclasses import replace

import numpy as np

from demand.calendar import Granularity
from forecasting.pooling import ENOUGH
from training.assembly import PanelForecast
from training.backtest import Windows


def telling(made: PanelForecast) -> PanelForecast:
    """The forecast with a remark on every series whose history is too short to check how far ahead it looks.

    Hours are left out: their horizon is four weeks, and what a few days of them cannot tell is said where models are
    weighed.
    """
    if made.panel.granularity is Granularity.HOUR:
        return made
    known = (~np.isnan(made.panel.values)).sum(axis=1)
    horizon = made.quantiles.values.shape[1]
    told = [_limits(int(count), horizon, made) for count in known]
    choices = tuple(
        replace(choice, remarks=(*choice.remarks, remark)) if remark else choice
        for choice, remark in zip(made.choices, told, strict=True)
    )
    return replace(made, choices=choices)


def compared(known: int, horizon: int, granularity: Granularity) -> int:
    """Up to which lead a history of so many buckets lets a forecast be compared with the past, 0 if to none."""
    return Windows.over(known, min(horizon, granularity.rhythm.backtest_horizon), 1).horizon


def _limits(known: int, horizon: int, made: PanelForecast) -> str:
    granularity = made.panel.granularity
    checked = compared(known, horizon, granularity)
    if known == 0 or checked >= min(horizon, granularity.rhythm.backtest_horizon):
        return ""
    beyond = f"beyond {_counted(checked, granularity)} ahead" if checked else "ahead of them"
    yearly = round(max(granularity.rhythm.seasons))
    rate = "the growth rate is more the fleet's than its own" if made.panel.n_series > ENOUGH else "growth is a guess"
    limits = [f"{beyond} nothing could be compared with the past"]
    limits += [rate] if known < yearly else []
    limits += ["no season of the year is known"] if known < 2 * yearly else []
    verb = "was" if known == 1 else "were"
    return f"{_counted(known, granularity)} of history {verb} known: {'; '.join(limits)}"


def _counted(count: int, granularity: Granularity) -> str:
    return f"{count} {granularity}{'' if count == 1 else 's'}"
