"""The web application, put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service.api import (
    accelerators,
    accuracy,
    bodies,
    calendar_bodies,
    capacity,
    comparisons,
    crossovers,
    events,
    explanations,
    forecasts,
    health,
    limits,
    models,
    observations,
    outlooks,
    plans,
    pools,
    problems,
    regressors,
    revisions,
    scenarios,
    series,
    training_runs,
)
from service.jobs.client import JobClient
from service.plan_turns import PlanTurns
from service.settings import Settings
from service.store.engine import Store

DESCRIPTION = """
Demand forecasts for AI and cloud compute, **training and inference apart**.

Send history to `/v1/observations`, start training with `/v1/training-runs`, read demand ahead from `/v1/forecasts`,
and why it is what it is from `/v1/forecasts/explain`.
Values are average levels over a bucket; timestamps are bucket starts in UTC. Errors are RFC 9457 problems whose
`detail` says what to do.
"""


INGESTS_AT_ONCE = 4
"""The store merges one ingest at a time, so more of them would only keep threads from those who ask."""

_WHOLE = (
    regressors.router.prefix,
    *(f"{each.router.prefix}/calendar" for each in (regressors, events)),
    capacity.IMPORT_PATH,
    pools.router.prefix,
)
"""Paths whose bodies are larger than an order and cannot be sent in parts."""

_RESOURCES = (
    forecasts,
    explanations,
    revisions,
    accuracy,
    outlooks,
    crossovers,
    observations,
    series,
    limits,
    accelerators,
    regressors,
    events,
    capacity,
    pools,
    comparisons,
    scenarios,
    plans,
    training_runs,
    models,
    health,
)
"""In the order in which their paths are matched and described."""


def open_store(settings: Settings) -> Store:
    """The store that the settings name, brought to the newest schema.

    Raises:
        Invalid: its folder cannot be made.
        Unavailable: its database cannot be reached.
    """
    settings.prepare()
    store = Store(settings.database_url)
    store.migrate()
    return store


def create_app(settings: Settings) -> FastAPI:
    """The application over the store that the settings name; it migrates the store when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = open_store(settings)
        app.state.ingest_turns = asyncio.Semaphore(INGESTS_AT_ONCE)
        app.state.plan_turns = PlanTurns(settings.plans_at_once)
        with JobClient(settings) as jobs:
            app.state.store, app.state.jobs = store, jobs
            yield
        store.close()

    # The page at /docs with its scripts from a package: from a content network it would be empty where there is none.
    app = FastAPIOffline(
        title="computecast",
        version=version("computecast"),
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.settings = settings
    uploads = (observations.router.prefix, limits.queues.prefix)
    largest = dict.fromkeys(_WHOLE, calendar_bodies.LARGEST_BYTES) | dict.fromkeys(uploads, settings.max_body_bytes)
    largest |= {capacity.IMPORT_PATH: capacity.LARGEST_IMPORT_BYTES, pools.router.prefix: pools.LARGEST_BYTES}
    app.add_middleware(bodies.BodyLimits, limits=largest, whole=_WHOLE)
    problems.install(app)
    for resource in _RESOURCES:
        app.include_router(resource.router)
    app.include_router(limits.queues)
    return app
