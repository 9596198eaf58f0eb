"""Whether the service is alive, and whether it can do its work."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from demand.errors import Unavailable
from service.api.dependencies import StoreDep
from service.jobs.workers import is_alive
from service.store.engine import Store

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """What the service needs, and whether it is there."""

    ready: bool
    database: bool = Field(description="The store answers.")
    schema_is_current: bool = Field(description="Its tables are those of this version.")
    workers: int = Field(description="Processes that carry out training; without one, forecasts are only served.")


@router.get("/healthz")
async def read_health() -> Health:
    """Whether the process answers, also while all its threads are busy."""
    return Health()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Something that is needed is not there."}})
def read_readiness(response: Response, store: StoreDep) -> Readiness:
    """Whether questions can be answered, and what is missing if not."""
    readiness = _look(store)
    if not readiness.ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return readiness


def _look(store: Store) -> Readiness:
    now = datetime.now(UTC)
    try:
        if not store.schema_is_current():
            return Readiness(ready=False, database=True, schema_is_current=False, workers=0)
        with store.read() as unit:
            workers = [worker for worker in unit.workers.alive(now - timedelta(hours=1)) if is_alive(worker, now)]
    except Unavailable:
        return Readiness(ready=False, database=False, schema_is_current=False, workers=0)
    return Readiness(ready=True, database=True, schema_is_current=True, workers=len(workers))
