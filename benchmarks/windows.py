"""What is forecast: sets of real series, cut at rolling origins."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from demand.calendar import Granularity
from demand.history import FloatArray, Panel, panel_from_long
from demand.series import SeriesKey, Workload

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared" / "data"


@dataclass(frozen=True)
class Task:
    """One set of series and how it is forecast; lengths are numbers of buckets.

    Attributes:
        name: what the set is called in results.
        files: the tidy files it is read from.
        granularity: width of a bucket.
        season: that of the naive and of the scale of the loss.
        horizon: buckets ahead.
        origins: how many, one horizon apart, the last one a horizon before the end.
        context: how much history a method is given, all of it if None.
        totals: those of the files whose series make a total that is scored too.
    """

    name: str
    files: tuple[str, ...]
    granularity: Granularity
    season: int
    horizon: int
    origins: int
    context: int | None = None
    totals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Window:
    """One panel at one origin, with what came after it.

    Attributes:
        task: what it belongs to.
        history: what a method is given.
        actual: what came next, shape (n_series, horizon).
        file: where its series are from.
    """

    task: Task
    history: Panel
    actual: FloatArray
    file: str = ""

    @property
    def origin(self) -> str:
        """The first bucket ahead, ISO."""
        return self.history.end.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def makes_total(self) -> bool:
        """Whether the sum of its series is scored too."""
        return self.file in self.task.totals


def tasks(path: Path = HERE / "tasks.yaml") -> list[Task]:
    """The tasks as they are written down."""
    listed = yaml.safe_load(path.read_text())["tasks"]
    several = ("files", "totals")
    return [
        Task(
            **{name: tuple(value) if name in several else value for name, value in task.items()}
            | {"granularity": Granularity(task["granularity"])}
        )
        for task in listed
    ]


def panels(path: Path, granularity: Granularity) -> Iterator[Panel]:
    """The series of a tidy file, one panel per last bucket: series that end together are forecast together."""
    frame = pd.read_csv(path, parse_dates=["timestamp"], keep_default_na=False, na_values={"value": [""]})
    names = ["provider", "region", "accelerator", "workload", "tenant"]
    frame["last"] = frame.groupby(names)["timestamp"].transform("max")
    for _, together in frame.groupby("last", sort=False):
        rows, labels = pd.factorize(pd.MultiIndex.from_frame(together[names]))
        keys = [SeriesKey(p, r, a, Workload(w), tenant=t) for p, r, a, w, t in labels]
        timestamps = pd.DatetimeIndex(together["timestamp"])
        values = together["value"].to_numpy(float)
        units = [str(together["unit"].iloc[0])] * len(keys)
        yield panel_from_long(keys, units, granularity, (rows, timestamps, values))


def windows(task: Task, data: Path) -> Iterator[Window]:
    """What a method is given for a task, newest origin first."""
    for file in task.files:
        for panel in panels(data / f"{file}.csv.gz", task.granularity):
            for origin in range(1, task.origins + 1):
                stop = panel.n_steps - task.horizon * origin
                history = panel.between(stop - (task.context or stop), stop)
                yield Window(task, history, panel.values[:, stop : stop + task.horizon], file)
