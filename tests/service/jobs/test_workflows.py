import pytest
from dbos import PortableWorkflowError
from dbos import error as dbos_errors

from demand.errors import Invalid, Unavailable
from service.jobs.workflows import reason_of, transient


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Invalid("a horizon of 0 is outside 1 to 672"), "^a horizon of 0 is outside 1 to 672$"),
        (ValueError("singular matrix"), "^ValueError: singular matrix. The log of the worker says where"),
        (PortableWorkflowError("no space left", "OSError"), "^OSError: no space left."),
        (dbos_errors.DBOSAwaitedWorkflowMaxRecoveryAttemptsExceeded("run:3"), "COMPUTECAST_PARTITION_SIZE"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(reason_of(error))


def test_only_a_store_that_is_away_is_worth_another_try() -> None:
    assert transient(Unavailable("the store is locked"))
    assert not transient(Invalid("a horizon of 0"))
    assert not transient(ValueError())
