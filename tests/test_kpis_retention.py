"""Who stays: 0 or 1 per customer, from outcomes worked by hand."""

import pandas as pd
import pytest

from segkit.kpis import retention


def outcomes(days: int = 30, **columns) -> pd.DataFrame:
    found = pd.DataFrame(columns)
    found.attrs = {"days": days}
    return found


def test_an_order_or_a_day_of_use_is_staying():
    assert retention.retention(outcomes(orders=[1.0, 0, 0, 2], active_days=[0.0, 3, 0, 4])).tolist() == [1, 1, 0, 1]


def test_either_table_alone_is_enough():
    assert retention.retention(outcomes(orders=[1.0, 0])).tolist() == [1, 0]
    assert retention.retention(outcomes(active_days=[1.0, 0])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("days", "active", "engaged"), [(28, 4, 1), (28, 3, 0), (30, 4, 0), (30, 5, 1), (7, 1, 1), (90, 12, 0), (90, 13, 1)]
)
def test_engaged_is_at_least_one_day_a_week(days, active, engaged):
    assert retention.engagement(outcomes(days, active_days=[float(active)])).tolist() == [engaged]
