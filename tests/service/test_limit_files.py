import io

import numpy as np
import pandas as pd
import pytest

from demand.calendar import EARLIEST, Granularity
from demand.errors import Invalid
from demand.limits import Limit, LimitKind
from demand.series import Selection, SeriesKey
from service.file_history import History
from service.limit_files import FileLimits, read_limits
from training.ports import Partition

START = pd.Timestamp("2025-01-06", tz="UTC")


def read(text: str) -> tuple[Limit, ...]:
    return read_limits(io.BytesIO(text.encode()))


def test_a_level_alone_limits_everything_for_ever() -> None:
    assert read("level\n64\n") == (Limit(Selection(), 64.0, EARLIEST),)


def test_every_column_is_read() -> None:
    (limit,) = read(
        "level,region,workload,unit,kind,start,end\n"
        "6.5,eu|us,training,megawatts,quota,2025-01-06T02:00:00+02:00,2025-02-01T00:00:00Z\n"
    )
    selection = Selection(region=("eu", "us"), workload=("training",))
    end = pd.Timestamp("2025-02-01", tz="UTC")
    assert limit == Limit(selection, 6.5, START, end, LimitKind.QUOTA, "megawatts")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region\neu\n", "required is level"),
        ("level,colour\n5,red\n", "colour"),
        ("level\nmany\n", "line 2"),
        ("level\n-5\n", "above zero"),
        ("level,start\n5,2025-01-06\n", "UTC offsets"),
        ("level,start\n5,soon\n", "line 2"),
        ("level,kind\n5,wish\n", "wish"),
        ("", "no CSV"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read(text)


def history(*rows: list[float]) -> History:
    known = tuple(pd.Series(row, index=pd.date_range(START, periods=len(row), freq="h")) for row in rows)
    keys = tuple(SeriesKey(tenant=tenant) for tenant in "ab"[: len(rows)])
    return History(keys, ("accelerators",) * len(rows), (Granularity.HOUR,) * len(rows), known)


def test_series_that_share_a_limit_are_full_together_whichever_of_them_is_forecast() -> None:
    known = history([6.0, 6.0, 2.0], [4.0, 3.0, 8.0])
    partition = Partition((1,), Granularity.HOUR, START + pd.Timedelta(hours=2))
    bounds = FileLimits(known, read("level\n10\n")).bounds(partition, known.panel(partition, 3))
    np.testing.assert_array_equal(bounds.full, [[True, False, True]])


def test_a_limit_below_the_last_value_is_refused() -> None:
    known = history([6.0, 6.0, 9.0])
    partition = Partition((0,), Granularity.HOUR, START + pd.Timedelta(hours=2))
    with pytest.raises(Invalid, match="below the last value"):
        FileLimits(known, read("level\n8\n")).bounds(partition, known.panel(partition, 3))


def test_a_saturation_caps_growth_by_shares_and_censors_nothing() -> None:
    known = history([6.0, 6.0, 2.0], [4.0, 3.0, 6.0])
    partition = Partition((1,), Granularity.HOUR, START + pd.Timedelta(hours=2))
    bounds = FileLimits(known, read("level,kind\n12,saturation\n")).bounds(partition, known.panel(partition, 3))
    assert not bounds.limited.any()
    assert not bounds.full.any()
    assert bounds.saturation.caps.shape == (1,)
    assert 6 < bounds.saturation.caps[0] < 12


def test_a_saturation_below_the_last_value_is_refused() -> None:
    known = history([6.0, 6.0, 9.0])
    partition = Partition((0,), Granularity.HOUR, START + pd.Timedelta(hours=2))
    with pytest.raises(Invalid, match="saturation of 8 accelerators is below the last value"):
        FileLimits(known, read("level,kind\n8,saturation\n")).bounds(partition, known.panel(partition, 3))
