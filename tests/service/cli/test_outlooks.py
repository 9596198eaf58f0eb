import re

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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
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
