"""The methods that are compared, and the program that forecasts with each.

A method is named by its kind and its name in that kind: `computecast/balanced` is the product with a preset,
`members/theta` one model of its catalogue alone, `peers/prophet` somebody else's, in the peers' environment.
"""

import sys
from dataclasses import dataclass

from benchmarks.exchange import Answer, Question, ask
from benchmarks.product import PRESETS
from benchmarks.windows import HERE, Window
from demand.calendar import Granularity
from forecasting.catalogue import catalogue
from forecasting.quantiles import DECILES

SEED = 1
PATHS = 1000
"""Joint sample paths from which totals are scored."""

_PEERS_PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"
_HOUR, _WEEK = (Granularity.HOUR,), (Granularity.WEEK,)
_BOTH = _HOUR + _WEEK
PEERS = {
    "prophet": _BOTH,
    "ets": _BOTH,
    "theta": _BOTH,
    "mstl": _HOUR,
    "ces": _BOTH,
    # By the hour it takes minutes a series.
    "arima": _WEEK,
    "flair": _BOTH,
    "fracast": _BOTH,
    "autogluon": _BOTH,
}
"""The granularities that each peer of `benchmarks.peers.runner` is asked for."""


@dataclass(frozen=True)
class Method:
    """Something that forecasts.

    Attributes:
        kind: computecast, members or peers.
        name: its name in that kind.
        granularities: what it is asked for.
    """

    kind: str
    name: str
    granularities: tuple[Granularity, ...]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def program(self) -> list[str]:
        """The command line that answers questions, but for their folder."""
        if self.kind == "peers":
            return [str(_PEERS_PYTHON), "-m", "benchmarks.peers.runner", self.name]
        return [sys.executable, "-m", "benchmarks.product", str(self)]

    def forecast(self, windows: list[Window]) -> list[Answer]:
        """Ask for the windows of one task.

        Raises:
            MethodUnavailable: the method is not installed, or failed.
        """
        return ask(self.program, [question(window, joint=self.kind == "computecast") for window in windows])


def methods() -> list[Method]:
    """Every method: the product's presets, its members, the peers."""
    members = dict.fromkeys(each.name for granularity in _BOTH for each in catalogue(granularity))
    return [
        *(Method("computecast", name, _BOTH) for name in PRESETS),
        *(Method("members", name, _known(name)) for name in members),
        *(Method("peers", name, granularities) for name, granularities in PEERS.items()),
    ]


def question(window: Window, *, joint: bool) -> Question:
    """A window as it is asked.

    Args:
        window: what to forecast.
        joint: whether the method has joint paths, which are then asked for where a total is scored.
    """
    panel = window.history
    series = tuple({**vars(key), "unit": unit} for key, unit in zip(panel.keys, panel.units, strict=True))
    return Question(
        granularity=str(panel.granularity),
        start=panel.start.isoformat(),
        season=window.task.season,
        horizon=window.task.horizon,
        levels=DECILES,
        seed=SEED,
        series=series,
        values=panel.values,
        n_paths=PATHS if joint and window.makes_total else 0,
    )


def _known(name: str) -> tuple[Granularity, ...]:
    return tuple(each for each in _BOTH if name in {candidate.name for candidate in catalogue(each)})
