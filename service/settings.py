"""What can be set from outside: environment variables that start with `COMPUTECAST_`, and what is passed in."""

import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from demand.errors import Invalid
from service.store.engine import parse_url
from training.fitting import cores

PREFIX = "COMPUTECAST_"

_REASONS = {"tuple_type": 'this is no JSON list of texts; write it like ["theta", "ces"]'}
"""What pydantic says less clearly, by the type of its error."""


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
        plan_seconds: longest time that one plan may be looked for.
        plans_at_once: how many plans are made at once.
        n_jobs: processes that one partition is spread over; -1 for one per core.
        partition_size: series that are trained together at most.
        models: models to try, where not the whole catalogue.
        log_level: the least severe level that is logged.
    """

    # What is refused is not shown, as a URL may hold a password.
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: str = "sqlite:///.computecast/computecast.db"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_body_bytes: int = Field(default=2**30, gt=0)
    max_series_per_answer: int = Field(default=1000, gt=0)
    max_numbers_per_answer: int = Field(default=5_000_000, gt=0)
    paths: int = Field(default=500, ge=100, le=10_000)
    plan_seconds: float = Field(default=300.0, gt=0, le=3600)
    plans_at_once: int = Field(default=1, ge=1, le=64)
    n_jobs: int = Field(default=-1, ge=-1)
    partition_size: int = Field(default=32, gt=0)
    models: tuple[str, ...] | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("n_jobs")
    @classmethod
    def _check_processes(cls, n_jobs: int) -> int:
        if n_jobs == 0:
            raise ValueError("n_jobs is 0; use -1 for one process per core, or a number of processes")
        return n_jobs

    @field_validator("database_url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError(
                "database_url names no database that is supported; "
                "use sqlite:///path/to/file.db or postgresql://user:password@host/name"
            )
        try:
            parsed = parse_url(url)
        except Invalid as error:
            raise ValueError(str(error)) from None
        if url.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
            raise ValueError("database_url names no file; API and worker share one, such as sqlite:///computecast.db")
        return url

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The settings from the environment, with what is given on top.

        Raises:
            Invalid: a setting cannot be used, with the name of its variable.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
        name = ".".join(map(str, first["loc"]))
        reason = _REASONS.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise Invalid(f"{PREFIX}{name.upper()}: {reason}")

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
        return cores(self.n_jobs)

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
