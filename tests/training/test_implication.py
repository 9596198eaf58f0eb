import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, number
from forecasting.dependence import PATHS, SHARED_SEED, RankTemplate
from forecasting.quantiles import GRID
from tests.training.panels import daily_shape, panel
from training.implication import implications
from training.pipeline import TrainingSettings, forecast


def test_what_is_implied_are_the_quantiles_of_means_of_the_paths_that_are_served() -> None:
    made = forecast(panel(daily_shape(2, days=20, seed=1)[:, 7:]), TrainingSettings(72, models=("weekly_naive",)))
    told = implications(made, [11, 12])
    start = number(made.panel.end, Granularity.HOUR)
    template = RankTemplate.draw(SHARED_SEED, PATHS, range(start - 5, start + 72), 336)
    for row, own in enumerate((11, 12)):
        paths = template.paths(made.quantiles.values[row], GRID, made.memories[row], own, start)
        index = buckets(made.panel.end, 72, Granularity.HOUR)
        days = pd.DataFrame(paths.T, index=index).resample("D").mean().iloc[1:-1]
        assert told[row].keys() == {Granularity.DAY}
        hint = told[row][Granularity.DAY]
        assert hint.start == days.index[0]
        np.testing.assert_allclose(hint.quantiles, np.quantile(days, GRID, axis=1, method="hazen").T)


def test_months_imply_nothing_and_a_series_without_a_forecast_neither() -> None:
    values = daily_shape(2, days=10, seed=1)
    values[1] = np.nan
    made = forecast(panel(values), TrainingSettings(30, models=()))
    assert [set(each) for each in implications(made, [1, 2])] == [{Granularity.DAY}, set()]
    monthly = forecast(panel(daily_shape(1, days=1, seed=2), Granularity.MONTH), TrainingSettings(3, models=()))
    assert implications(monthly, [1]) == ({},)
