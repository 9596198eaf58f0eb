"""How a method is asked for forecasts: by files in a folder, so that it may live in another environment.

Whoever asks writes questions into a folder and starts a program on it; the program writes an answer beside each
question. Arrays are plain npz files and the rest is JSON. This module knows numpy and the standard library only, as
both sides use it.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from benchmarks.cost import cpu_seconds, peak_megabytes

FloatArray = npt.NDArray[np.float64]

ONE_CORE = {f"{library}_THREADS": "1" for library in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM")}
_ROOT = Path(__file__).parents[1]
_UNAVAILABLE = "unavailable.txt"


class MethodUnavailable(Exception):
    """A method cannot be asked, for a reason that is worth telling."""


@dataclass(frozen=True)
class Question:
    """Series to forecast.

    Attributes:
        granularity: width of a bucket: hour, day, week or month.
        start: the first bucket, ISO, UTC.
        season: length of the season that the loss is scaled by, in buckets.
        horizon: buckets ahead.
        levels: quantile levels to answer at.
        seed: seed of every draw.
        series: what identifies each series, with its unit.
        values: the history, shape (n_series, n_steps); NaN where nothing is known.
        n_paths: how many joint sample paths to answer with, none if zero.
    """

    granularity: str
    start: str
    season: int
    horizon: int
    levels: tuple[float, ...]
    seed: int
    series: tuple[Mapping[str, str], ...]
    values: FloatArray
    n_paths: int = 0

    def first(self) -> "Question":
        """The same about the first series alone."""
        return replace(self, series=self.series[:1], values=self.values[:1])


@dataclass(frozen=True)
class Answer:
    """What a method says.

    Attributes:
        quantiles: shape (n_series, horizon, n_levels); NaN for a series that the method left out.
        paths: joint sample paths, shape (n_series, n_paths, horizon), where they were asked for and are known.
        failures: why, per row that was left out.
        cpu_seconds: processor time of forecasting all series.
        peak_megabytes: the most memory that the program had held by then.
    """

    quantiles: FloatArray
    paths: FloatArray | None = None
    failures: Mapping[int, str] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0


def ask(program: Sequence[str], questions: Iterable[Question]) -> list[Answer]:
    """Start a program on a folder of questions, and read its answers.

    Args:
        program: a command line, to which the folder is added. It is run in the project's folder, on one core.
        questions: what to ask; the program answers them in this order.

    Raises:
        MethodUnavailable: the program cannot be started, says that it cannot answer, or fails.
    """
    with TemporaryDirectory(prefix="computecast-benchmark-") as name:
        folder = Path(name)
        asked = [_write_question(question, folder / f"{number:04}") for number, question in enumerate(questions)]
        command = [*program, str(folder)]
        environment = os.environ | ONE_CORE | {"PYTHONPATH": str(_ROOT)}
        try:
            done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a command of ours
        except OSError as error:
            raise MethodUnavailable(
                f"{program[0]} cannot be started ({error.strerror}); `make peers` makes it"
            ) from error
        if (folder / _UNAVAILABLE).exists():
            raise MethodUnavailable((folder / _UNAVAILABLE).read_text())
        if done.returncode:
            raise MethodUnavailable(f"it ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
        return [_read_answer(stem) for stem in asked]


def answer_all(folder: Path, method: Callable[[Question], Answer]) -> None:
    """Answer every question in a folder; the side of the program that was started.

    The first question is answered once more beforehand, about its first series, so that what a method does only once,
    such as loading or compiling, does not count.
    """
    stems = sorted(path.with_suffix("") for path in folder.glob("*.question.json"))
    stems = [stem.with_suffix("") for stem in stems]
    if stems:
        method(_read_question(stems[0]).first())
    for stem in stems:
        question = _read_question(stem)
        started = cpu_seconds()
        answer = method(question)
        _write_answer(replace(answer, cpu_seconds=cpu_seconds() - started, peak_megabytes=peak_megabytes()), stem)


def decline(folder: Path, reason: str) -> None:
    """Say instead of answering why that is impossible."""
    (folder / _UNAVAILABLE).write_text(reason)


def _write_question(question: Question, stem: Path) -> Path:
    np.savez(stem.with_suffix(".question.npz"), values=question.values)
    text = {name: value for name, value in vars(question).items() if name != "values"}
    stem.with_suffix(".question.json").write_text(json.dumps(text))
    return stem


def _read_question(stem: Path) -> Question:
    text = json.loads(stem.with_suffix(".question.json").read_text())
    with np.load(stem.with_suffix(".question.npz")) as arrays:
        values = arrays["values"]
    return Question(**{**text, "levels": tuple(text["levels"]), "series": tuple(text["series"]), "values": values})


def _write_answer(answer: Answer, stem: Path) -> None:
    arrays = {"quantiles": answer.quantiles} | ({} if answer.paths is None else {"paths": answer.paths})
    np.savez(stem.with_suffix(".answer.npz"), **arrays)
    text = {"failures": {str(row): reason for row, reason in answer.failures.items()}}
    text |= {name: getattr(answer, name) for name in ("cpu_seconds", "peak_megabytes")}
    stem.with_suffix(".answer.json").write_text(json.dumps(text))


def _read_answer(stem: Path) -> Answer:
    text = json.loads(stem.with_suffix(".answer.json").read_text())
    failures = {int(row): reason for row, reason in text.pop("failures").items()}
    with np.load(stem.with_suffix(".answer.npz")) as arrays:
        return Answer(arrays["quantiles"], arrays.get("paths"), failures, **text)
