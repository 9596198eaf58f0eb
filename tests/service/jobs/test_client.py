import pytest

from service.jobs.client import JobClient
from service.settings import Settings


def test_a_run_is_known_once_it_is_enqueued(settings: Settings) -> None:
    with JobClient(settings) as jobs:
        assert jobs.states(["a", "b"]) == {}
        assert jobs.announce("a")
        assert jobs.announce("a")
        assert jobs.states(["a", "b"]) == {"a": True}
        assert jobs.held() == {}


def test_nothing_is_opened_before_it_is_needed(tmp_path: object) -> None:
    with JobClient(Settings(database_url=f"sqlite:///{tmp_path}/store.db")) as jobs:
        assert jobs.states([]) == {}
    assert list(tmp_path.iterdir()) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////no/such/folder/store.db"])
def test_a_queue_that_cannot_be_reached_is_said_and_not_raised(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with JobClient(Settings(database_url=url)) as jobs:
        assert not jobs.announce("a")
    assert "run a waits for a worker to find it" in caplog.text


def test_a_closed_client_opens_again(settings: Settings) -> None:
    jobs = JobClient(settings)
    jobs.enqueue("a")
    jobs.close()
    assert jobs.states(["a"]) == {"a": True}
    jobs.close()
