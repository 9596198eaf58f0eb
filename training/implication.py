"""What forecasts say of coarser buckets, told when they are made, so that serving need not draw their paths."""

from collections.abc import Mapping, Sequence

from demand.calendar import Granularity, number
from forecasting.dependence import PATHS, SHARED_SEED, RankTemplate
from forecasting.quantiles import GRID
from forecasting.reconciliation import COARSER, Implied, implied
from training.assembly import PanelForecast


def implications(made: PanelForecast, own_seeds: Sequence[int]) -> tuple[Mapping[Granularity, Implied], ...]:
    """Per series of a panel, what its forecast implies of each coarser granularity.

    The paths are those that are served later: they depend on quantiles, memory and seeds only.

    Args:
        made: the forecast.
        own_seeds: a number of each series' own, the one that its paths are served with.
    """
    panel, n_steps = made.panel, made.quantiles.values.shape[1]
    wider = COARSER[panel.granularity]
    if not wider:
        return ({},) * panel.n_series
    start = number(panel.end, panel.granularity)
    template = RankTemplate.draw(SHARED_SEED, PATHS, range(start, start + n_steps), panel.granularity.rhythm.memory)
    told: list[Mapping[Granularity, Implied]] = []
    for row, (quantiles, memory, own) in enumerate(zip(made.quantiles.values, made.memories, own_seeds, strict=True)):
        if row in made.quantiles.failures:
            told.append({})
            continue
        paths = template.paths(quantiles, GRID, memory, own, start)
        told.append({coarse: implied(paths, panel.end, panel.granularity, coarse, GRID) for coarse in wider})
    return tuple(told)
