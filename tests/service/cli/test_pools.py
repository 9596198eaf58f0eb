import json
from pathlib import Path

import pytest

from service.api.capacity_examples import POOLS_ORDER
from tests.service.api.fleet import rows
from tests.service.cli.conftest import Command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The example of the API as a file."""
    path = tmp_path / "pools.json"
    path.write_text(json.dumps(POOLS_ORDER))
    return path


def test_pools_follow_from_demand_until_some_are_set(computecast: Command, tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text(rows())
    assert computecast("ingest", "fleet.csv").returncode == 0
    shown = computecast("pools", "show")
    assert shown.returncode == 0, shown.stderr
    for said in ("eu inference", "us training", "none are stored: these follow from demand and supply"):
        assert said in shown.stdout


def test_pools_are_set_from_a_file_and_shown_with_who_and_why(computecast: Command, file: Path) -> None:
    done = computecast("pools", "set", file, "--by", "anna", "--note", "agreed", "--expected-version", 0)
    assert done.returncode == 0, done.stderr
    assert "2 pools and 2 classes are in force in version 1, set by anna" in done.stdout
    shown = computecast("pools", "show").stdout
    for said in ("eu H100", "us B200", "agreed", "an hour"):
        assert said in shown
    assert json.loads(computecast("pools", "show", "--json").stdout) == POOLS_ORDER


def test_what_is_shown_as_json_can_be_changed_and_set(computecast: Command, file: Path) -> None:
    computecast("pools", "set", file)
    text = computecast("pools", "show", "--json").stdout
    file.write_text(json.dumps({**json.loads(text), "cost_idle": {}}))
    assert "version 2" in computecast("pools", "set", file).stdout
    assert json.loads(computecast("pools", "show", "--json").stdout)["cost_idle"] == {}


def test_pools_are_shown_as_they_were(computecast: Command, file: Path) -> None:
    computecast("pools", "set", file)
    assert "none are stored" in computecast("pools", "show", "--as-of", "2020-01-01T00:00:00Z").stdout


def test_a_change_by_somebody_else_is_not_lost(computecast: Command, file: Path) -> None:
    computecast("pools", "set", file)
    refused = computecast("pools", "set", file, "--expected-version", 0)
    assert refused.returncode == 1
    assert "version 1 and not 0" in refused.stderr


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({**POOLS_ORDER, "color": "red"}, "color: Extra inputs are not permitted"),
        ({**POOLS_ORDER, "cost_idle": {"mars": 1}}, "'mars', which is no pool"),
        ({**POOLS_ORDER, "unit": "GPU hours"}, "unit: is no unit"),
        ({**POOLS_ORDER, "classes": POOLS_ORDER["classes"][:1]}, "pool 'us B200' serves nothing"),
        ([], "the file: Input should be an object"),
    ],
)
def test_pools_that_make_no_sense_are_refused_and_say_why(
    computecast: Command, file: Path, order: object, said: str
) -> None:
    if isinstance(order, dict) and len(order["classes"]) == 1:
        order = {**order, "classes": [{**POOLS_ORDER["classes"][0], "elsewhere": []}]}
    file.write_text(json.dumps(order))
    refused = computecast("pools", "set", file)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("set", "nowhere.json"), "there is no file nowhere.json"), (("show", "--as-of", "soon"), "'soon'")],
)
def test_what_cannot_be_read_is_told(computecast: Command, arguments: tuple[str, ...], said: str) -> None:
    refused = computecast("pools", *arguments)
    assert refused.returncode == 1
    assert said in refused.stderr
