import io
import json

import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.tidy import OnError
from planning.ledger import Block, Exit, Phase, WayOut
from service.connectors.files import Format
from service.ingestion import ingest_file
from service.store.engine import Store
from tests.service.api.fleet import publish, rows
from tests.service.conftest import Start
from tests.service.stopping import kill_at, restarted

NOW = pd.Timestamp("2025-01-07", tz="UTC")
ORDER = {
    "paths": 50,
    "granularity": "day",
    "region": ["eu"],
    "at": NOW.isoformat(),
    "cost_short": 10.0,
    "time_limit": 5,
}
JSON = "application/json"


def fill(store: Store) -> None:
    """A fleet that is forecast by the day, and a block that can still be cancelled."""
    ingest_file(store, io.BytesIO(rows().encode()), Format.CSV, "test", OnError.ABORT, None)
    publish(store, granularity=Granularity.DAY, horizon=10)
    way = WayOut(Exit.CANCEL, NOW + pd.Timedelta(days=2), charge=1_000.0)
    block = Block("next", 100.0, NOW + pd.Timedelta(days=4), region="eu", phase=Phase.POWER, ways_out=(way,))
    with store.begin() as unit:
        unit.capacity.save([block])


@pytest.mark.parametrize("moment", ["INSERT INTO plan", "SELECT capacity_block"])
def test_a_server_killed_while_it_makes_a_plan_leaves_none_and_the_next_one_makes_it(
    start: Start, store: Store, store_url: str, moment: str
) -> None:
    fill(store)
    asked = json.dumps(ORDER).encode()
    kill_at(start, store_url, moment, "/v1/plans?by=anna", asked, JSON)
    with restarted(start, store_url) as connection:
        connection.request("GET", "/v1/plans")
        assert json.load(connection.getresponse()) == []
        connection.request("POST", "/v1/plans?by=anna", asked, {"content-type": JSON})
        answer = connection.getresponse()
        told = json.load(answer)
        assert (answer.status, told["made_by"]) == (201, "anna")
        connection.request("GET", "/v1/plans")
        assert [each["id"] for each in json.load(connection.getresponse())] == [told["id"]]
