"""What routes are given: the settings, the store's units of work and the job client."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from service.jobs.client import JobClient
from service.settings import Settings
from service.store.engine import Store
from service.store.unit_of_work import UnitOfWork


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _jobs(request: Request) -> JobClient:
    jobs: JobClient = request.app.state.jobs
    return jobs


SettingsDep = Annotated[Settings, Depends(_settings)]
StoreDep = Annotated[Store, Depends(_store)]
JobsDep = Annotated[JobClient, Depends(_jobs)]


def _reading(store: StoreDep) -> Iterator[UnitOfWork]:
    with store.read() as unit:
        yield unit


UnitDep = Annotated[UnitOfWork, Depends(_reading, scope="function")]
