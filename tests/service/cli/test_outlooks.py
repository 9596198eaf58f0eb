import re
from pathlib import Path

import pandas as pd
import pytest

from demand.calendar import Granularity
from planning.ledger import MEGAWATTS, Block, Phase
from planning.states import CommitmentState
from service.store.engine import Store
from tests.service.api.fleet import publish, rows
from tests.service.cli.conftest import Command


@pytest.fixture
def planned(computecast: Command, store: Store, tmp_path) -> Command:
    """The command line over a store with forecasts by the day, and a ledger of three blocks."""
    (tmp_path / "fleet.csv").write_text(rows())
    assert computecast("ingest", "fleet.csv").returncode == 0
    publish(store, granularity=Granularity.DAY, horizon=4)
    start = pd.Timestamp("2025-01-09", tz="UTC")
    there = Block("there", 370, start, region="eu", phase=Phase.LIVE, state=CommitmentState.ACTIVE)
    talk = Block("talk", 100, start, region="eu")
    with store.begin() as unit:
        unit.capacity.save([there, talk, Block("power", 5, start, unit=MEGAWATTS, state=CommitmentState.PENDING)])
    store.close()
    return computecast


def test_the_outlook_is_shown_in_tables(planned: Command) -> None:
    done = planned("outlook", "--region", "eu", "--cost-short", 9, "--cost-idle", 3)
    assert done.returncode == 0, done.stderr
    assert "eu: demand and supply that is live or signed (accelerators)" in done.stdout
    found = re.findall(r"^ ?(2025-01-\d\d) (.*)$", done.stdout, re.MULTILINE)
    days = [day for day, _ in found if day]
    assert days[:4] == ["2025-01-07", "2025-01-08", "2025-01-09", "2025-01-10"]
    cells = [line.split() for day, line in found]
    eu = [row for row in cells if row[0] not in {"0.0"}]
    assert [row[1] for row in eu[:4]] == ["0.0", "0.0", "370", "370"]
    assert [row[2] for row in eu[:2]] == ["100%", "100%"]
    assert "chance of a first breach: 10% by 2025-01-07" in done.stdout
    assert "90% by 2025-01-07; 0% never" in done.stdout
    assert "block 'power' is not counted: it is in megawatts" in done.stderr


def test_what_is_only_talked_about_is_counted_if_asked_for(planned: Command) -> None:
    done = planned("outlook", "--region", "eu", "--counted", "everything", "--pool-by", "region")
    assert "470" in done.stdout
    assert "cost" not in done.stdout


def test_the_crossover_is_shown_in_tables(planned: Command) -> None:
    done = planned("crossover", "--group-by", "region", "--horizon", 2)
    assert done.returncode == 0, done.stderr
    assert "eu: inference over training and inference" in done.stdout
    assert "inference is above to stay: 100% already, 10% by 2025-01-07" in done.stdout
    assert "inference is above to stay: 0% already, 10% not within the horizon" in done.stdout
    assert "90% not within the horizon; 100% never" in done.stdout


def test_levels_are_told_in_the_unit_that_is_asked_for(planned: Command) -> None:
    done = planned("outlook", "--region", "eu", "--unit", "accelerator_hours")
    assert "eu: demand and supply that is live or signed (accelerator_hours)" in " ".join(done.stdout.split())
    cells = [line.split() for line in done.stdout.splitlines() if line.strip().startswith("2025-01-10")]
    # A day of 370 accelerators.
    assert cells[0][2] == "8,880"
    passing = planned("crossover", "--unit", "accelerator_hours")
    title = "everything selected: inference over training and inference (accelerator_hours)"
    assert title in " ".join(passing.stdout.split())


def test_the_ledger_is_shown_as_it_was(planned: Command, store: Store) -> None:
    with store.read() as unit:
        (first,) = unit.capacity.changes("there")
    with store.begin() as unit:
        unit.capacity.amend("there", {"quantity": 111.0})
    store.close()
    now, then = (
        planned("outlook", "--region", "eu", *more) for more in ((), ("--as-of", first.changed_at.isoformat()))
    )
    assert ("111" in now.stdout, "370" in now.stdout) == (True, False)
    assert ("111" in then.stdout, "370" in then.stdout) == (False, True)
    assert "note: the ledger and the pools are as of" in then.stderr


def test_classes_of_demand_can_be_written(planned: Command, tmp_path: Path) -> None:
    done = planned("outlook", "--region", "eu", "--table", "classes", "--output", "classes.csv")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "classes.csv")
    assert set(table["class"]) == {"eu training", "eu inference"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("outlook", "--unit", "megawatts", "--region", "eu"), "pool 'eu' cannot be told in megawatts: no accelerator"),
        (("outlook", "--unit", "flops"), "'flops' converts into no other unit"),
        (("outlook", "--as-of", "2020-01-01T00:00:00Z"), "before the first entry of the ledger"),
        (("outlook", "--as-of", "2190-01-01T00:00:00Z"), "is still to come"),
        (("outlook", "--as-of", "yesterday"), "is not a date and time"),
        (("crossover", "--unit", "megawatts"), "no accelerator is named"),
        (("outlook", "--pool-by", "tenant"), "--pool-by 'tenant' is none of region, accelerator"),
        (("outlook", "--service-level", 2), "a service level of 2"),
        (("outlook", "--horizon", 9), "at most 4"),
        (("crossover", "--region", "mars"), "no series is stored"),
        (("crossover", "--group-by", "color"), "--group-by 'color' is none of provider"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(
    planned: Command, arguments: tuple[object, ...], said: str
) -> None:
    done = planned(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_pools_that_are_not_selected_are_not_shown(planned: Command) -> None:
    done = planned("outlook", "--region", "eu", "--pool-by", "region")
    assert re.findall(r"(\S+): demand and supply", done.stdout) == ["eu"]
