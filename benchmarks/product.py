"""The program that forecasts with the product: `python -m benchmarks.product METHOD FOLDER`.

It answers the questions in the folder (`benchmarks.exchange`), as `benchmarks.peers.runner` does for the peers.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.exchange import Answer, FloatArray, Question, answer_all
from demand.calendar import Granularity, number
from demand.history import Panel
from demand.series import SeriesKey, Workload
from forecasting.catalogue import Preset, model
from forecasting.dependence import RankTemplate
from forecasting.quantiles import GRID
from training import pipeline

PRESETS = (str(Preset.FAST), str(Preset.BALANCED))
"""The presets that the product is asked with. `best` fits in processes whose processor time is not seen from here."""


def panel(question: Question) -> Panel:
    """The history that a question is about."""
    units = tuple(each["unit"] for each in question.series)
    names = ({name: value for name, value in each.items() if name != "unit"} for each in question.series)
    keys = tuple(SeriesKey(**{**key, "workload": Workload(key["workload"])}) for key in names)
    start = pd.Timestamp(question.start)
    return Panel(keys, units, Granularity(question.granularity), start, question.values)


def whole(question: Question, preset: str) -> Answer:
    """What the product forecasts with a preset, as it would be published."""
    settings = pipeline.TrainingSettings(horizon=question.horizon, seed=question.seed, preset=Preset(preset))
    made = pipeline.forecast(panel(question), settings)
    paths = joint_paths(made, question.n_paths, question.seed) if question.n_paths else None
    return Answer(made.quantiles.at(question.levels), paths, made.quantiles.failures)


def member(question: Question, name: str) -> Answer:
    """What one model of the catalogue forecasts."""
    history = panel(question)
    fitted = model(name, history.granularity).fit(history, seed=question.seed)
    made = fitted.predict(question.horizon, question.levels)
    return Answer(made.values, failures=made.failures)


def joint_paths(made: pipeline.PanelForecast, n_paths: int, seed: int) -> FloatArray:
    """Joint sample paths as the service rebuilds them, shape (n_series, n_paths, horizon)."""
    granularity = made.panel.granularity
    start = number(made.panel.end, granularity)
    span = range(start, start + made.quantiles.values.shape[1])
    template = RankTemplate.draw(seed, n_paths, span, granularity.rhythm.memory)
    return np.stack(
        [
            template.paths(quantiles, GRID, memory, pipeline.own_seed(key), start)
            for quantiles, memory, key in zip(made.quantiles.values, made.memories, made.panel.keys, strict=True)
        ]
    )


def main(method: str, folder: Path) -> None:
    """Answer the questions in a folder."""
    kind, name = method.split("/")
    forecast = {"computecast": whole, "members": member}[kind]
    warnings.simplefilter("ignore")
    answer_all(folder, lambda question: forecast(question, name))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
