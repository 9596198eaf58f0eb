import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from demand.calendar import Granularity
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.states import CommitmentState
from service.store.engine import Store
from tests.service.api.fleet import publish, rows
from tests.service.cli.conftest import Command

START = pd.Timestamp("2025-01-07", tz="UTC")
USUAL = ("--granularity", "day", "--region", "eu", "--paths", 50, "--at", "2025-01-07T00:00:00Z", "--time-limit", 5)


def fill(computecast: Command, store: Store, folder: Path, start: pd.Timestamp) -> None:
    """Store a fleet with forecasts by the day from here on, one block that serves and one to decide on."""
    (folder / "fleet.csv").write_text(rows(start - pd.Timedelta(hours=1)))
    assert computecast("ingest", "fleet.csv").returncode == 0
    publish(store, granularity=Granularity.DAY, horizon=10)

    def day(number: int) -> pd.Timestamp:
        return start + pd.Timedelta(days=number)

    there = Block("there", 350.0, day(-9), region="eu", phase=Phase.LIVE, state=CommitmentState.ACTIVE)
    following = Block(
        "next",
        100.0,
        day(4),
        region="eu",
        phase=Phase.POWER,
        state=CommitmentState.PENDING,
        milestones={Phase.CHIPS: Milestone(day(3), 20_000.0)},
        ways_out=(WayOut(Exit.CANCEL, day(2), charge=1_000.0), WayOut(Exit.PAUSE, day(-1), months=3)),
    )
    with store.begin() as unit:
        unit.capacity.save([there, following])
    store.close()


@pytest.fixture
def planned(computecast: Command, store: Store, tmp_path: Path) -> Command:
    """The command line over a fleet of January 2025."""
    fill(computecast, store, tmp_path, START)
    return computecast


@pytest.fixture
def current(computecast: Command, store: Store, tmp_path: Path) -> Command:
    """The command line over a fleet of today."""
    fill(computecast, store, tmp_path, pd.Timestamp.now(tz="UTC").floor("D"))
    return computecast


def test_a_plan_is_made_and_shown_in_a_table(planned: Command) -> None:
    done = planned("plan", *USUAL, "--cost-short", 10, "--cost-idle", 1, "--by", "anna")
    assert done.returncode == 0, done.stderr
    assert "plan 1" in done.stdout
    for said in ("next", "proceed", "2025-01-09", "There is no way out that is open"):
        assert said in done.stdout
    assert "expected cost" in done.stdout
    assert "block 'next' cannot pause: it could be decided until 2025-01-06" in done.stderr


def test_a_plan_is_printed_as_the_api_answers_it(planned: Command) -> None:
    done = planned("plan", *USUAL, "--cost-short", 10, "--minimum-service", "eu inference=0.5", "--json")
    told = json.loads(done.stdout)
    assert (told["id"], told["order"]["minimum_service"]) == (1, {"eu inference": 0.5})
    assert json.loads(planned("plan", "show", 1, "--json").stdout) == told


def test_plans_are_listed_shown_and_compared(planned: Command) -> None:
    planned("plan", *USUAL, "--cost-short", 10, "--cost-idle", 1, "--note", "first")
    done = planned("plan", *USUAL, "--cost-short", 0.01, "--cost-idle", 1, "--based-on", 1)
    assert "1 changes, 1 as before" in done.stdout
    listed = planned("plan", "list").stdout
    assert listed.index("│ 2 ") < listed.index("│ 1 ")
    assert "first" in listed
    assert "cancel" in planned("plan", "show", 2).stdout
    compared = planned("plan", "compare", 2, 1).stdout
    assert "cost of shortage of eu inference: 0.01 -> 10" in compared
    assert "the later plan costs" in compared


def test_a_plan_is_made_again_with_what_is_known_now_and_says_what_changed(current: Command, store: Store) -> None:
    asked = ("--granularity", "day", "--region", "eu", "--paths", 50, "--time-limit", 5, "--cost-idle", 1)
    assert "proceed" in current("plan", *asked, "--cost-short", 10, "--note", "first").stdout
    with store.begin() as unit:
        dear = unit.capacity.get("next").block
        unit.capacity.save([replace(dear, milestones={Phase.CHIPS: Milestone(None, 9_000_000.0)})])
    done = current("plan", "replan", 1, "--by", "ben", "--note", "monthly round")
    assert done.returncode == 0, done.stderr
    for said in ("plan 2", "1 changes, 1 as before", "cost of all phases of next", "the later plan costs"):
        assert said in done.stdout
    with store.read() as unit:
        before, after = unit.plans.get(1).kept, unit.plans.get(2).kept
    store.close()
    assert (after.based_on, after.signature.by, after.signature.note) == (1, "ben", "monthly round")
    assert after.order == {**before.order, "note": "monthly round", "based_on": 1}
    told = json.loads(current("plan", "replan", 2, "--json").stdout)
    assert (told["id"], told["based_on"], told["comparison"]["changes"]) == (3, 2, [])


def test_a_plan_whose_forecast_is_over_is_not_made_again(planned: Command) -> None:
    planned("plan", *USUAL, "--cost-short", 10)
    refused = planned("plan", "replan", 1)
    assert refused.returncode == 1
    assert "before the date of planning" in refused.stderr


def test_a_plan_is_forgotten(planned: Command) -> None:
    planned("plan", *USUAL, "--cost-short", 10, "--by", "anna")
    forgotten = planned("plan", "delete", 1)
    assert "plan 1 of 2 blocks is forgotten; it was of anna" in forgotten.stdout
    for again in (("delete", 1), ("show", 1), ("replan", 1)):
        refused = planned("plan", *again)
        assert refused.returncode == 1
        assert "plan 1 is not kept" in refused.stderr


def test_an_order_may_be_a_file(planned: Command, tmp_path) -> None:
    order = {"granularity": "day", "region": ["eu"], "cost_short": 10, "at": "2025-01-07T00:00:00Z", "paths": 50}
    (tmp_path / "order.json").write_text(json.dumps({**order, "time_limit": 5}))
    assert "plan 1" in planned("plan", "--order", "order.json").stdout
    (tmp_path / "order.json").write_text(json.dumps({**order, "color": "red"}))
    done = planned("plan", "--order", "order.json")
    assert done.returncode == 1
    assert "color" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", *USUAL), "nothing is known of what shortage costs"),
        (("plan", *USUAL, "--cost-short", 1, "--megawatts-each", "H100"), "is not of the form name=number"),
        (("plan", *USUAL, "--cost-short", 1, "--minimum-service", "eu=many"), "minimum_service.eu"),
        (("plan", *USUAL, "--cost-short", 1, "--scenario", "x@2"), "'x' is not stored"),
        (("plan", *USUAL, "--cost-short", 1, "--budget", 10), "no plan keeps the budget"),
        (("plan", "--cost-short", 1), "no month forecast is published"),
        (("plan", "show", 9), "plan 9 is not kept"),
    ],
)
def test_what_cannot_be_planned_is_said_in_a_sentence(
    planned: Command, arguments: tuple[object, ...], said: str
) -> None:
    done = planned(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
