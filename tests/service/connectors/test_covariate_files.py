import io

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.covariates import Effect, Operation, Treatment
from demand.errors import Invalid
from demand.series import Selection
from service.connectors.covariate_files import read_events, read_regressors

START = pd.Timestamp("2025-01-06", tz="UTC")


def csv(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode())


def test_rows_of_one_name_and_selection_are_one_regressor_in_any_order() -> None:
    price, other = read_regressors(
        csv(
            "name,timestamp,value,region",
            "price,2025-01-07T00:00:00Z,12,eu|us",
            "price,2025-01-06T00:00:00Z,10,asia",
            "price,2025-01-06T01:00:00+01:00,10,eu|us",
            "price,2025-01-07T00:00:00Z,11,asia",
        )
    )
    assert price.selection == Selection(region=("eu", "us"))
    assert list(price.starts) == [START, START + pd.Timedelta(days=1)]
    np.testing.assert_array_equal(price.values, [10, 12])
    assert price.until == START + pd.Timedelta(days=2)
    assert other.selection == Selection(region=("asia",))


def test_with_until_each_value_holds_until_the_next() -> None:
    (price,) = read_regressors(
        csv(
            "name,timestamp,value,until",
            "price,2025-01-06T00:00:00Z,10,2025-03-01T00:00:00Z",
            "price,2025-01-09T00:00:00Z,12,",
        )
    )
    np.testing.assert_array_equal(price.over(START, 5, Granularity.DAY), [10, 10, 10, 12, 12])


def test_events_are_masked_unless_they_say_otherwise() -> None:
    outage, launch, move = read_events(
        csv(
            "name,start,end,treatment,effect,size,workload,note",
            "outage,2025-01-06T00:00:00Z,2025-01-06T05:00:00Z,,,,,a cut cable",
            "launch,2025-02-06T00:00:00Z,,,add,300,inference,",
            "move,2025-01-08T00:00:00Z,2025-01-09T00:00:00Z,model,,,training,",
        )
    )
    assert (outage.treatment, outage.effect, outage.note) == (Treatment.MASK, None, "a cut cable")
    assert (launch.treatment, launch.effect, launch.end) == (Treatment.MODEL, Effect(Operation.ADD, 300.0), None)
    assert (move.treatment, move.selection) == (Treatment.MODEL, Selection(workload=("training",)))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("name,timestamp",), "missing column 'value'"),
        (("name,timestamp,value,colour",), "unknown column 'colour'"),
        (("name,name,timestamp,value",), "repeated"),
        (("name,timestamp,value", "p,2025-01-06,1"), r"line 2: '2025-01-06' has no UTC offset"),
        (("name,timestamp,value", "p,soon,1"), "line 2: 'soon' is not a date and time"),
        (("name,timestamp,value", "p,1925-01-06T00:00:00Z,1"), "line 2: .*correct the year"),
        (("name,timestamp,value", "p,2025-01-06T00:00:00Z,much"), "line 2: 'much' is not a number"),
        (("name,timestamp,value", "p,2025-01-06T00:00:00Z"), "line 2 has 2 cells where the header has 3"),
        (("name,timestamp,value,workload", "p,2025-01-06T00:00:00Z,1,play"), "line 2: 'play' is no workload"),
        (("name,timestamp,value", "p,2025-01-06T00:00:00Z,1", "p,2025-01-07T00:00:00Z,1"), "is constant at 1"),
        (("name,timestamp,value", "p,2025-01-06T00:00:00Z,1"), "how far they reach"),
        (("name,timestamp,value", 'p,"2025'), "cannot be read as CSV"),
        (
            (
                "name,timestamp,value,until",
                "p,2025-01-06T00:00:00Z,1,2025-02-06T00:00:00Z",
                "p,2025-01-07T00:00:00Z,2,2025-02-07T00:00:00Z",
            ),
            "2 ends in the column until",
        ),
    ],
)
def test_a_file_of_regressors_that_cannot_be_used_is_refused_with_the_reason(lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read_regressors(csv(*lines))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("o,2025-01-06T05:00:00Z,2025-01-06T05:00:00Z,,,", "line 2: event o ends at"),
        ("o,2025-01-06T05:00:00Z,,,,", "line 2: event o has no end"),
        ("o,2025-01-06T05:00:00Z,2025-01-06T06:00:00Z,hide,,", "'hide' is none; write mask or model"),
        ("o,2025-01-06T05:00:00Z,,,add,", "effect 'add' of size '' is none"),
        ("o,2025-01-06T05:00:00Z,,,grow,5", "effect 'grow' of size '5' is none"),
    ],
)
def test_an_event_that_cannot_be_used_is_refused_with_its_line(row: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read_events(csv("name,start,end,treatment,effect,size", row))
