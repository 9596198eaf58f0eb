"""What routes are given: the settings, the store's units of work, the job client and the turns of ingests.

Those that only look something up are coroutines, since plain functions would each take a turn in the thread pool.
"""

import asyncio
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from service.jobs.client import JobClient
from service.plan_turns import PlanTurns
from service.settings import Settings
from service.store.engine import Store
from service.store.unit_of_work import UnitOfWork


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _jobs(request: Request) -> JobClient:
    jobs: JobClient = request.app.state.jobs
    return jobs


async def _ingest_turns(request: Request) -> asyncio.Semaphore:
    turns: asyncio.Semaphore = request.app.state.ingest_turns
    return turns


async def _plan_turns(request: Request) -> PlanTurns:
    turns: PlanTurns = request.app.state.plan_turns
    return turns


SettingsDep = Annotated[Settings, Depends(_settings)]
StoreDep = Annotated[Store, Depends(_store)]
JobsDep = Annotated[JobClient, Depends(_jobs)]
IngestTurnsDep = Annotated[asyncio.Semaphore, Depends(_ingest_turns)]
PlanTurnsDep = Annotated[PlanTurns, Depends(_plan_turns)]


def _reading(store: StoreDep) -> Iterator[UnitOfWork]:
    with store.read() as unit:
        yield unit


UnitDep = Annotated[UnitOfWork, Depends(_reading, scope="function")]
