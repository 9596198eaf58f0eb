"""Simulated demand of inference: services that follow the day of their users, grow, are launched and scale in steps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.history import FloatArray

QUARTERS = 4
_WEEK = 7 * 24 * QUARTERS
_YEAR = 365.25 * 24 * QUARTERS


@dataclass(frozen=True)
class Service:
    """One model being served.

    Attributes:
        peak: accelerators at the weekly peak when it is in full use, before growth.
        consumer_share: 0 for users at work (office hours, quiet weekends), 1 for users at leisure (evenings).
        yearly_growth: factor by which demand grows in a year.
        launch: quarter hour of the launch; negative if it was before the history.
        ramp: quarter hours until about nine tenths of the users have come.
        instance: accelerators of one instance, the step of its autoscaler.
    """

    peak: float
    consumer_share: float
    yearly_growth: float
    launch: int
    ramp: int
    instance: int


def inference_demand(
    rng: np.random.Generator, local_quarters: pd.DatetimeIndex, peak: float, *, growing: bool
) -> FloatArray:
    """Accelerators in use by a handful of services together, hourly averages.

    Args:
        rng: the source of all draws.
        local_quarters: starts of the quarter hours on the clock of the users.
        peak: about the peak of all services together at the start, accelerators.
        growing: whether further services are launched during the history.

    Returns:
        Shape (n_quarters / 4,).
    """
    shares = rng.dirichlet(np.full(5, 2.0))
    services = [_draw_service(rng, peak * share, len(local_quarters), launched=True) for share in shares]
    launches = rng.uniform(0.1, 0.3, size=rng.integers(1, 4) if growing else 0)
    services += [_draw_service(rng, peak * share, len(local_quarters), launched=False) for share in launches]
    quarters = np.sum([service_demand(rng, local_quarters, service) for service in services], axis=0)
    return np.asarray(quarters.reshape(-1, QUARTERS).mean(axis=1))


def service_demand(rng: np.random.Generator, local_quarters: pd.DatetimeIndex, service: Service) -> FloatArray:
    """Accelerators that the autoscaler of one service holds, per quarter hour."""
    step = np.arange(len(local_quarters), dtype=np.float64)
    level = service.peak * service.yearly_growth ** (step / _YEAR) * _adoption(step, service)
    load = level * daily_shape(local_quarters, service.consumer_share) * _unrest(rng, len(step))
    if rng.random() < 0.4:  # A cheaper model or kernel takes over and frees a part at once.
        load[rng.integers(len(step)) :] *= rng.uniform(0.75, 0.9)
    wanted = np.ceil(np.maximum(load + _surges(rng, level), _least_held(rng, level)) / service.instance)
    held = pd.Series(wanted).rolling(3 * QUARTERS, min_periods=1).max().to_numpy()  # slow to let go
    return np.asarray(np.where(step < service.launch, 0.0, held * service.instance))


def daily_shape(local_quarters: pd.DatetimeIndex, consumer_share: float) -> FloatArray:
    """Relative load by the clock and the weekday of the users, at most about 1."""
    hour = np.asarray(local_quarters.hour + local_quarters.minute / 60, dtype=float)
    weekend = np.asarray(local_quarters.weekday >= 5)
    work = 0.25 + 0.75 * np.exp(-(((hour - 13.5) / 4.2) ** 4)) * np.where(weekend, 0.35, 1.0)
    leisure = 0.55 + 0.3 * np.cos(2 * np.pi * (hour - 20) / 24) + 0.12 * np.cos(4 * np.pi * (hour - 20) / 24)
    leisure = leisure * np.where(weekend, 1.03, 0.97)
    return np.asarray((1 - consumer_share) * work + consumer_share * leisure)


def _draw_service(rng: np.random.Generator, peak: float, quarters: int, *, launched: bool) -> Service:
    return Service(
        peak=peak,
        consumer_share=float(rng.beta(0.8, 1.2)),
        yearly_growth=float(rng.uniform(1.1, 2.2) if launched else rng.uniform(1.5, 4.0)),
        launch=-_WEEK * 8 if launched else int(rng.integers(quarters // 8, quarters * 7 // 8)),
        ramp=int(rng.integers(2 * 24 * QUARTERS, 21 * 24 * QUARTERS)),
        instance=int(rng.choice([1, 2, 4, 8])),
    )


def _adoption(step: FloatArray, service: Service) -> FloatArray:
    """Share of the users that have come, with a rush of the curious in the first days."""
    since = np.maximum(step - service.launch, 0)
    rush = 0.6 * np.exp(-since / (3 * 24 * QUARTERS))
    return np.asarray((1 - np.exp(-2.3 * since / service.ramp)) * (1 + rush))


def _surges(rng: np.random.Generator, level: FloatArray) -> FloatArray:
    """Rushes and batch jobs beside the day's rhythm: about one a week, for hours, of any size up to the level."""
    extra = np.zeros(len(level))
    for start in rng.integers(0, len(level), size=rng.poisson(len(level) / _WEEK)):
        stop = start + int(rng.lognormal(np.log(2 * QUARTERS), 0.8)) + 1
        extra[start:stop] += level[start:stop] * min(0.08 * (1 + rng.pareto(1.5)), 1.0)
    return extra


def _least_held(rng: np.random.Generator, level: FloatArray) -> FloatArray:
    """What operators keep up whatever the load, reset by hand every few weeks."""
    resets = np.sort(rng.integers(0, len(level), size=len(level) // (4 * _WEEK) + 1))
    share = np.concatenate([[0.4], rng.uniform(0.25, 0.6, len(resets))])
    period = np.searchsorted(resets, np.arange(len(level)), side="right")
    anchor = np.concatenate([[0], resets])[period]
    return np.asarray(share[period] * level[anchor])


def _unrest(rng: np.random.Generator, quarters: int) -> FloatArray:
    """What is not in the calendar: jitter, better and worse days, and interest that drifts for weeks."""
    from scipy.signal import lfilter  # noqa: PLC0415 - importing it takes half a second that only the demo is to pay

    jitter = lfilter([np.sqrt(1 - 0.6**2)], [1, -0.6], rng.normal(0, 0.02, quarters))
    days = lfilter([np.sqrt(1 - 0.99**2)], [1, -0.99], rng.normal(0, 0.1, quarters))
    drift = np.cumsum(rng.normal(0, 0.05 / np.sqrt(_WEEK), quarters))
    return np.asarray(np.exp(jitter + days + drift))
