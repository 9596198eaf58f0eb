import numpy as np
import pandas as pd

from demand.history import FloatArray
from demand.limits import Limit, LimitKind
from demand.series import Selection, SeriesKey
from service.rationing import NOTHING, Request, rationing
from training.latent import Evidence, Latent

START = pd.Timestamp("2025-01-06", tz="UTC")
INDEX = pd.date_range(START, periods=2, freq="h")
FOUND = Latent(Evidence.DATA, 0.1, 0.1, ceiling=4.0)


def request(number: int, paths: list[list[float]], tenant: str = "a", latent: Latent | None = None) -> Request:
    drawn: FloatArray = np.array(paths)
    return Request(number, SeriesKey(tenant=tenant), "accelerators", latent, lambda: drawn)


def limit(level: float, *tenants: str, start: pd.Timestamp = START) -> Limit:
    return Limit(Selection(tenant=tenants), level, start)


def test_without_limits_use_is_demand() -> None:
    np.testing.assert_array_equal(NOTHING.cut(1, np.array([[5.0]])), [[5.0]])
    assert not rationing([request(1, [[5.0, 5.0]])], [], INDEX).touches(1)


def test_a_series_alone_under_a_limit_is_cut_off_at_it() -> None:
    asked = np.array([[3.0, 9.0], [12.0, 6.0]])
    left = rationing([request(1, asked.tolist())], [limit(6, "a")], INDEX)
    np.testing.assert_allclose(left.cut(1, asked), np.minimum(asked, 6))


def test_series_that_share_a_limit_never_exceed_it_together_and_keep_their_proportions() -> None:
    one, two = np.array([[30.0, 2.0]]), np.array([[10.0, 3.0]])
    left = rationing([request(1, one.tolist()), request(2, two.tolist(), "b")], [limit(20)], INDEX)
    np.testing.assert_allclose(left.cut(1, one), [[15, 2]])
    np.testing.assert_allclose(left.cut(2, two), [[5, 3]])


def test_of_several_limits_the_tightest_counts() -> None:
    asked = [[30.0, 30.0]]
    later = limit(5, "a", start=START + pd.Timedelta(hours=1))
    left = rationing([request(1, asked)], [limit(20, "a"), later], INDEX)
    np.testing.assert_allclose(left.cut(1, np.array(asked)), [[20, 5]])


def test_a_ceiling_in_the_data_goes_on_unless_a_limit_is_known() -> None:
    asked = [[9.0, 3.0]]
    alone = rationing([request(1, asked, latent=FOUND)], [], INDEX)
    np.testing.assert_allclose(alone.cut(1, np.array(asked)), [[4, 3]])
    raised = rationing([request(1, asked, latent=FOUND)], [limit(8, "a")], INDEX)
    np.testing.assert_allclose(raised.cut(1, np.array(asked)), [[8, 3]])


def test_a_saturation_rations_nothing() -> None:
    ends = Limit(Selection(), 5, START, kind=LimitKind.SATURATION)
    assert not rationing([request(1, [[9.0, 9.0]])], [ends], INDEX).touches(1)
