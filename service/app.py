"""The web application, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service.api import forecasts, health, models, observations, problems, series, training_runs
from service.jobs.client import JobClient
from service.settings import Settings
from service.store.engine import Store

DESCRIPTION = """
Demand forecasts for AI and cloud compute, **training and inference apart**.

Send history to `/v1/observations`, start training with `/v1/training-runs`, read demand ahead from `/v1/forecasts`.
Values are average levels over a bucket; timestamps are bucket starts in UTC. Errors are RFC 9457 problems whose
`detail` says what to do.
"""


def create_app(settings: Settings) -> FastAPI:
    """The application over the store that the settings name; it migrates the store when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings.prepare()
        store = Store(settings.database_url)
        store.migrate()
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
    problems.install(app)
    for resource in (forecasts, observations, series, training_runs, models, health):
        app.include_router(resource.router)
    return app
