"""How much customers use the product, by hand: days, not events; months of 28 days; features that are tried."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import kpis, studies
from segkit.kpis import engagement

EVENTS = {
    "customer_id": ["a", "a", "a", "a", "b", "b", "stranger"],
    "occurred_at": [
        "2025-01-31",
        "2025-02-02 23:59:59",
        "2025-02-03 00:00",
        "2025-02-02 12:00",
        "2025-02-28",
        "2025-03-02 23:59",
        "2025-02-09",
    ],
    "feature": ["search", "search", "export", "search", None, "search", "sharing"],
}
END = datetime(2025, 3, 3)


def outcomes(days: int = 30, **columns) -> pd.DataFrame:
    found = pd.DataFrame(columns, dtype=float)
    found.attrs = {"days": days}
    return found


def test_days_are_counted_once_and_a_month_is_the_last_28_of_them():
    found = engagement.used(tables(events=EVENTS)["events"], END).execute().set_index("customer_id").loc[["a", "b"]]
    assert found.usage_days.tolist() == [3, 2] and found.usage_days_of_month.tolist() == [1, 2], "the month begins on 3 February"
    assert found.features_tried.tolist() == [2, 1] and found.last_at.tolist() == [
        pd.Timestamp(at) for at in ("2025-02-03", "2025-03-02 23:59")
    ]


@pytest.mark.parametrize(
    "days, active, engaged", [(28, 4, 1), (28, 3, 0), (30, 4, 0), (30, 5, 1), (7, 1, 1), (6, 1, 1), (90, 12, 0), (90, 13, 1)]
)
def test_engaged_is_at_least_one_day_a_week(days, active, engaged):
    found = kpis.estimate("engagement", outcomes(days, usage_days=[active, 0]))
    assert (found.value, found.n, found.events) == (engaged / 2, 2, engaged)


def test_days_and_features_count_who_did_not_come():
    used = outcomes(usage_days=[3, 0, 0, 9], features_tried=[2, 0, 0, 4])
    assert kpis.estimate("usage_days", used).value == 3 and kpis.estimate("features_tried", used).value == 1.5
    assert kpis.estimate("usage_days", used).n == 4 and kpis.estimate("usage_days", used).events == 2


def test_stickiness_is_the_mean_share_of_the_month_of_those_who_came_in_it():
    found = kpis.estimate("stickiness", outcomes(usage_days_of_month=[28, 7, 0, 0]))
    assert (found.value, found.n, found.events) == ((1 + 0.25) / 2, 4, 2)
    daily = sum(np.add([1] * 28, [1] * 7 + [0] * 21)) / 28
    assert found.value == daily / 2, "mean daily users over monthly users"
    assert np.isnan(kpis.estimate("stickiness", outcomes(usage_days_of_month=[0, 0])).value)


WINDOW = studies.Window(start="2025-01-01", as_of="2025-02-01", end=END)
COLUMNS = ["segment", "feature", "value", "low", "high", "n", "se", "events"]


def test_adoption_is_the_share_of_each_segment_that_used_a_feature_in_the_window():
    labels = pd.Series(["S2", "S10", "S2", "S1"], index=["a", "b", "quiet", "d"])
    found = kpis.adoption(tables(events=EVENTS), WINDOW, labels)
    assert list(found.columns) == COLUMNS
    assert found.feature.tolist() == ["search"] * 3 + ["export"] * 3, "most users first, and only features of these customers"
    assert found.segment.tolist() == ["S1", "S2", "S10"] * 2 and found.n.tolist() == [1, 2, 1] * 2
    assert found.value.tolist() == [0, 0.5, 1, 0, 0.5, 0] and found.events.tolist() == [0, 1, 1, 0, 1, 0]
    assert (found.low.iloc[1], found.high.iloc[1]) == (pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4)), "Wilson, 1 of 2"


@pytest.mark.parametrize("end, rows", [("2025-02-02", {"events": EVENTS}), ("2025-02-01", {"events": EVENTS}), (END, {})])
def test_adoption_without_any_use_is_an_empty_table_with_its_columns(end, rows):
    window = studies.Window(start="2025-01-01", as_of="2025-02-01", end=end)
    found = kpis.adoption(tables(**rows), window, pd.Series(["S1"], index=["a"]))
    assert found.empty and list(found.columns) == COLUMNS
    assert kpis.adoption(tables(**rows), None, pd.Series(["S1"], index=["a"])).empty
