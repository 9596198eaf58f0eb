from io import StringIO

import pandas as pd
import pytest

from demand.calendar import Granularity
from planning.ledger import Block, Phase
from planning.states import CommitmentState
from service.store.engine import Store
from tests.service.api.fleet import publish, rows
from tests.service.cli.conftest import Command
from tests.service.report.fleets import words


@pytest.fixture
def planned(computecast: Command, store: Store, tmp_path) -> Command:
    """The command line over a store with forecasts by the day, and a ledger of one block."""
    (tmp_path / "fleet.csv").write_text(rows())
    assert computecast("ingest", "fleet.csv").returncode == 0
    publish(store, granularity=Granularity.DAY, horizon=4)
    there = pd.Timestamp("2025-01-01", tz="UTC")
    with store.begin() as unit:
        unit.capacity.save([Block("there", 370, there, region="eu", phase=Phase.LIVE, state=CommitmentState.ACTIVE)])
    store.close()
    return computecast


def test_the_table_is_written_by_the_extension(planned: Command, tmp_path) -> None:
    for name in ("out.csv", "out.parquet"):
        done = planned("outlook", "--region", "eu", "--output", name)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    told = pd.read_csv(tmp_path / "out.csv", parse_dates=["timestamp"])
    table = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(table.astype(told.dtypes.to_dict()), told)
    assert told[(told.pool == "eu") & (told.commitment == "live")].supply_accelerators_mean.tolist() == [370.0] * 4


def test_csv_and_pages_can_be_piped(planned: Command) -> None:
    table = pd.read_csv(StringIO(planned("outlook", "--format", "csv").stdout))
    assert set(table.pool) == {"eu", "us"}
    page = planned("outlook", "--format", "html", "--counted", "live").stdout
    assert "With what is live, " in words(page)


def test_a_page_is_written_under_any_name_if_its_format_is_given(planned: Command, tmp_path) -> None:
    assert planned("outlook", "--format", "html", "--output", "report.page").returncode == 0
    assert (tmp_path / "report.page").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "parquet"), "name a file with --output"),
        (("--output", "out.xlsx"), "'out.xlsx' names no format that is written"),
        (("--output", "missing/out.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_sentence(
    planned: Command, arguments: tuple[object, ...], said: str
) -> None:
    done = planned("outlook", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
