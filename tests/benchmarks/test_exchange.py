import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.exchange import MethodUnavailable, Question, ask, decline

REPEATS_THE_LAST = """
import sys
from pathlib import Path
import numpy as np
from benchmarks.exchange import Answer, answer_all

def repeat(question):
    last = question.values[:, -1, None, None]
    quantiles = last + np.zeros((len(last), question.horizon, len(question.levels)))
    paths = np.ones((len(last), question.n_paths, question.horizon)) if question.n_paths else None
    return Answer(quantiles, paths, failures={0: f"seed {question.seed} of {question.series[0]['tenant']}"})

answer_all(Path(sys.argv[1]), repeat)
"""


def question(n_paths: int = 0) -> Question:
    about = ({"tenant": "a", "unit": "accelerators"}, {"tenant": "b", "unit": "accelerators"})
    values = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    return Question("hour", "2025-01-01T00:00:00+00:00", 24, 2, (0.1, 0.5, 0.9), 7, about, values, n_paths)


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    script = tmp_path / "repeats.py"
    script.write_text(REPEATS_THE_LAST)
    return [sys.executable, str(script)]


def test_another_program_answers_every_question_in_order(program: list[str]) -> None:
    one, both = ask(program, [question().first(), question(n_paths=4)])
    assert one.quantiles.shape == (1, 2, 3)
    assert one.paths is None
    np.testing.assert_array_equal(both.quantiles[:, 0, 0], [3.0, 6.0])
    assert both.paths is not None
    assert both.paths.shape == (2, 4, 2)
    assert both.failures == {0: "seed 7 of a"}
    assert both.cpu_seconds >= 0
    assert both.peak_megabytes > 5


def test_a_program_that_fails_is_named_with_what_it_said(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("raise SystemExit('the weights are missing')")
    with pytest.raises(MethodUnavailable, match="ended with 1: the weights are missing"):
        ask([sys.executable, str(tmp_path / "fails.py")], [question()])


def test_a_program_that_is_not_there_is_named_with_what_makes_it() -> None:
    with pytest.raises(MethodUnavailable, match=r"cannot be started .* `make peers` makes it"):
        ask(["./no-such-python"], [question()])


def test_a_program_can_decline(tmp_path: Path) -> None:
    script = tmp_path / "declines.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom benchmarks.exchange import decline\n"
        "decline(Path(sys.argv[1]), 'not installed')\n"
    )
    with pytest.raises(MethodUnavailable, match="not installed"):
        ask([sys.executable, str(script)], [question()])


def test_declining_is_a_file_in_the_folder(tmp_path: Path) -> None:
    decline(tmp_path, "no torch")
    assert (tmp_path / "unavailable.txt").read_text() == "no torch"
