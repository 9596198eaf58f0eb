import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from demand.errors import Invalid
from service.settings import Settings


def test_every_setting_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPUTECAST_DATABASE_URL", raising=False)
    settings = Settings()
    assert settings.store_file == Path(".computecast/computecast.db")
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_body_bytes == 1024**3


def test_the_environment_is_read_when_settings_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPUTECAST_PORT", "9000")
    monkeypatch.setenv("COMPUTECAST_MODELS", '["seasonal_naive"]')
    assert Settings().port == 9000
    assert Settings().models == ("seasonal_naive",)
    assert Settings(port=9001).port == 9001


def test_the_environment_of_settings_makes_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        database_url="postgresql://user:secret@host/name", models=("a", "b"), n_jobs=3, partition_size=7, port=0
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "computecast.db", "sqlite://", "sqlite:///", "sqlite:///:memory:"]
)
def test_a_database_that_processes_cannot_share_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="sqlite:///"):
        Settings(database_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@host:port/name",
        "mysql://me:secret@host/name",
        "me:secret@host/name",
        "postgres//me:secret@host/name",
    ],
)
def test_a_refused_database_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("COMPUTECAST_DATABASE_URL", url)
    with pytest.raises(ValidationError, match="postgresql://user:password@host") as raw:
        Settings()
    with pytest.raises(Invalid, match=r"DATABASE_URL: .*postgresql://user:password@host") as told:
        Settings.read()
    for caught in (raw, told):
        assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_what_is_given_goes_before_the_environment_and_what_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPUTECAST_PORT", "9000")
    assert Settings.read(port=9001).port == 9001
    with pytest.raises(Invalid, match=r"COMPUTECAST_PORT: .*65535"):
        Settings.read(port=65536)
    monkeypatch.setenv("COMPUTECAST_MODELS", "theta, ets")
    with pytest.raises(Invalid, match=r'COMPUTECAST_MODELS: this is no JSON list of texts; write it like \["theta"'):
        Settings.read()


def test_zero_processes_are_refused() -> None:
    with pytest.raises(ValidationError, match="n_jobs is 0"):
        Settings(n_jobs=0)


def test_minus_one_means_every_core_and_a_number_means_itself() -> None:
    assert Settings(n_jobs=-1).cores >= 1
    assert Settings(n_jobs=5).cores == 5


def test_the_folder_of_the_store_is_made(tmp_path: Path) -> None:
    Settings(database_url=f"sqlite:///{tmp_path}/a/b/store.db").prepare()
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Invalid, match=r"file.*COMPUTECAST_DATABASE_URL"):
        Settings(database_url=f"sqlite:///{tmp_path}/file/store.db").prepare()


def test_postgresql_has_no_file_and_needs_no_folder() -> None:
    settings = Settings(database_url="postgresql://host/name")
    settings.prepare()
    assert settings.store_file is None
