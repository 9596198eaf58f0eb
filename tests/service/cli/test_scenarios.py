import json
from pathlib import Path

import pandas as pd
import pytest

from service.store.engine import Store
from tests.service.api.fleet import LAST, MEANS, publish
from tests.service.cli.conftest import Command

ORDER = {
    "name": "partner-leaves",
    "description": "so it was told",
    "events": [
        {
            "type": "tenant_leaves",
            "name": "leaves",
            "selection": {"workload": ["training"]},
            "at": "2025-01-07T12:00:00Z",
            "share": {"low": 0.4, "mid": 0.5, "high": 0.6},
        }
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A scenario in a file."""
    path = tmp_path / "partner.json"
    path.write_text(json.dumps(ORDER))
    return path


@pytest.fixture
def published(computecast: Command, store: Store, tmp_path: Path) -> None:
    """A fleet whose demand is forecast by the hour."""
    hours = pd.date_range(end=LAST, periods=48, freq="h")
    rows = [f"{hour.isoformat()},{','.join(key)},{mean}" for hour in hours for key, mean in MEANS.items()]
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join(["timestamp,provider,region,workload,value", *rows]))
    assert computecast("ingest", path).returncode == 0
    publish(store)


def test_a_scenario_is_added_shown_changed_and_archived(computecast: Command, file: Path) -> None:
    added = computecast("scenarios", "add", file)
    assert "partner-leaves is stored in version 1" in added.stdout, added.stderr
    shown = json.loads(computecast("scenarios", "show", "partner-leaves").stdout)
    assert shown["events"] == ORDER["events"]
    file.write_text(json.dumps({**ORDER, "description": "another"}))
    assert "version 2" in computecast("scenarios", "add", file).stdout
    listed = computecast("scenarios", "list").stdout
    assert "another" in listed
    assert "partner-leaves" in listed
    assert json.loads(computecast("scenarios", "show", "partner-leaves", "--version", 1).stdout) == shown
    assert "archived" in computecast("scenarios", "archive", "partner-leaves").stdout
    assert computecast("scenarios", "archive", "partner-leaves").returncode == 1


def test_an_example_of_the_library_can_be_added_as_it_is_printed(computecast: Command, tmp_path: Path) -> None:
    assert "pacing-2025" in computecast("scenarios", "library").stdout
    printed = computecast("scenarios", "library", "price-war", "--start", "2026-01-01T00:00:00Z").stdout
    (tmp_path / "war.json").write_text(printed)
    assert "price-war is stored" in computecast("scenarios", "add", "war.json").stdout
    assert json.loads(printed)["events"][0]["at"]["date"] == "2026-03-02T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("library", "war"), "there is no example 'war'"),
        (("library", "--start", "soon"), "is no time"),
        (("library", "--start", "2026-01-01"), "has no UTC offset"),
        (("show", "nothing"), "scenario 'nothing' is not stored"),
        (("add", "broken.json"), "broken.json: the file: Invalid JSON"),
        (("add", "lacking.json"), "events.0.slip.days: Field required"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    computecast: Command, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "broken.json").write_text("{")
    slip = {"type": "slip", "name": "x", "blocks": {}}
    (tmp_path / "lacking.json").write_text(json.dumps({"name": "x", "events": [slip]}))
    refused = computecast("scenarios", *arguments)
    assert refused.returncode == 1
    assert said in " ".join(refused.stderr.split())


@pytest.mark.usefixtures("published")
def test_scenarios_are_compared_and_their_assumptions_ranked(computecast: Command, file: Path) -> None:
    drafted = computecast("scenarios", "compare", file)
    assert drafted.returncode == 0, drafted.stderr
    assert computecast("scenarios", "add", file).returncode == 0
    compared = computecast("scenarios", "compare", "partner-leaves", "--horizon", 24)
    (training,) = [line for line in compared.stdout.splitlines() if "of which training" in line]
    assert "shortage" not in compared.stdout
    without, within = (float(part) for part in training.replace("│", " ").split() if part[0].isdigit())
    assert within == pytest.approx(without / 2, rel=0.02)
    ranked = computecast("scenarios", "tornado", "partner-leaves", "--outcome", "training").stdout
    assert "training: 150" in ranked
    assert "at the middle of it (accelerators)" in ranked
    assert ranked.index("occurrence") < ranked.index("share")


@pytest.mark.usefixtures("published")
def test_money_is_shown_beside_levels_in_the_unit_that_is_asked_for(computecast: Command, file: Path) -> None:
    place = ("--set", "region=eu", "--set", "phase=live", "--set", "state=active", "--set", "accelerator=H100")
    assert computecast("capacity", "add", "hall", 600, "2024-01-01", *place).returncode == 0
    prices = ("--cost-short", 9, "--cost-idle", 3, "--pool-by", "region", "--horizon", 24)
    shown = computecast("scenarios", "compare", file, *prices, "--unit", "accelerator_hours")
    assert shown.returncode == 0, shown.stderr
    lines = (line.split("│") for line in shown.stdout.splitlines())
    rows = {cells[1].strip(): [each.strip() for each in cells[2:-1]] for cells in lines if len(cells) > 2}
    assert rows["of which training"][0] == "accelerator_hours"
    unit, without, within = rows["both, expected"]
    assert (unit, float(within.replace(",", "")) < float(without.replace(",", ""))) == ("USD", True)
    # In us nothing serves the 57 of 24 hours, and half of the 50 of training leave for half of the time.
    saved = [float(part.replace(",", "")) for part in rows["more or less cost, 10% to 50% to 90%"][2].split(" to ")]
    assert saved == sorted(saved)
    # 12 hours in which 25 less are short at 9, and 50 more idle at 3.
    assert saved[1] == pytest.approx(12 * (50 * 3 - 25 * 9), rel=0.1)
    assert computecast("scenarios", "add", file).returncode == 0
    options = ("--outcome", "cost", *prices, "--slip-correlation", 1)
    assert "at the middle of it (USD)" in computecast("scenarios", "tornado", "partner-leaves", *options).stdout
    refused = computecast("scenarios", "tornado", "partner-leaves", "--outcome", "cost")
    assert "no price is known" in refused.stderr
