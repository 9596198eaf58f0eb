"""What can be set from outside: environment variables that start with `COMPUTECAST_`, and what is passed in."""

import json
import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from demand.errors import Invalid

PREFIX = "COMPUTECAST_"


class Settings(BaseSettings):
    """How computecast runs; read from the environment when it is made, never at import.

    Attributes:
        database_url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host/name`.
        host: address that the API listens on.
        port: port that the API listens on.
        max_body_bytes: largest request body.
        max_series_per_answer: most series in one answer.
        max_numbers_per_answer: most numbers per workload in one answer.
        paths: joint sample paths that answers are computed from.
        n_jobs: processes that one partition is spread over; -1 for one per core.
        partition_size: series that are trained together at most.
        models: models to try, where not the whole catalogue.
        log_level: the least severe level that is logged.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str = "sqlite:///.computecast/computecast.db"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_body_bytes: int = Field(default=2**30, gt=0)
    max_series_per_answer: int = Field(default=1000, gt=0)
    max_numbers_per_answer: int = Field(default=5_000_000, gt=0)
    paths: int = Field(default=500, ge=100, le=10_000)
    n_jobs: int = Field(default=-1, ge=-1)
    partition_size: int = Field(default=32, gt=0)
    models: tuple[str, ...] | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.n_jobs == 0:
            raise ValueError("n_jobs is 0; use -1 for one process per core, or a number of processes")
        if not self.database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError(
                f"database_url starts with {self.database_url.partition('://')[0]!r}; "
                "use sqlite:///path/to/file.db or postgresql://user:password@host/name"
            )
        if self.database_url.startswith("sqlite") and self._url.database in (None, "", ":memory:"):
            raise ValueError("database_url names no file; API and worker share one, such as sqlite:///computecast.db")
        return self

    @property
    def _url(self) -> URL:
        return make_url(self.database_url)

    @property
    def store_file(self) -> Path | None:
        """The file of an SQLite store, None for PostgreSQL."""
        return Path(str(self._url.database)) if self.database_url.startswith("sqlite") else None

    @property
    def cores(self) -> int:
        """How many processes a partition is spread over, resolved for this machine."""
        if self.n_jobs > 0:
            return self.n_jobs
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def prepare(self) -> None:
        """Make the folder that an SQLite store lies in.

        Raises:
            Invalid: it cannot be made.
        """
        if self.store_file is None:
            return
        try:
            self.store_file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Invalid(
                f"the folder {self.store_file.parent} of the store cannot be made ({error.strerror}); "
                f"set {PREFIX}DATABASE_URL to a place that can be written"
            ) from error

    def environment(self) -> dict[str, str]:
        """The environment variables that make the same settings in another process."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
        }
