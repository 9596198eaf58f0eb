from pathlib import Path

import pytest

from benchmarks.methods import PATHS, methods, question
from benchmarks.windows import Task, windows
from demand.calendar import Granularity
from forecasting.catalogue import catalogue


def test_the_members_are_those_of_the_catalogue() -> None:
    for granularity in (Granularity.HOUR, Granularity.WEEK):
        listed = [m.name for m in methods() if m.kind == "members" and granularity in m.granularities]
        assert sorted(listed) == sorted(each.name for each in catalogue(granularity))


def test_peers_run_in_an_environment_of_their_own() -> None:
    programs = {method.kind: method.program for method in methods()}
    assert Path(programs["peers"][0]).parts[-3:] == (".venv-peers", "bin", "python")
    assert ".venv-peers" not in programs["members"][0]


@pytest.mark.parametrize("joint", [True, False])
def test_joint_paths_are_asked_for_where_a_total_is_scored(data: Path, task: Task, joint: bool) -> None:
    window = next(iter(windows(task, data)))
    asked = question(window, joint=joint)
    assert asked.n_paths == (PATHS if joint else 0)
    assert asked.series[0] == {
        "provider": "p",
        "region": "",
        "accelerator": "",
        "workload": "training",
        "stage": "",
        "tenant": "one",
        "unit": "accelerators",
    }
