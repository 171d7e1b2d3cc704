"""Who is back when: by hand, at the edges of days and of the window, and where there is nothing to tell."""

import pandas as pd
import pytest
from test_features import tables

from segkit import kpis, studies

CUSTOMERS = pd.Index(["a", "b", "c", "d"], name="customer_id")
LABELS = pd.Series(["S1", "S1", "S2", "S2"], index=CUSTOMERS)
WINDOW = studies.Window(start="2025-01-01", as_of="2025-03-01", end="2025-03-31")  # 30 days: looks at days 1, 7 and 14
ORDERS = pd.DataFrame(
    [
        ("a", "2025-02-28 23:59", 10.0, False),  # before as_of
        ("a", "2025-03-01 12:00", 10.0, False),  # day 0 is no return
        ("a", "2025-03-08 00:00", 10.0, False),  # day 7 begins
        ("b", "2025-03-14 23:59", 10.0, False),  # the last of days 7 to 13
        ("c", "2025-03-08 10:00", -5.0, True),  # goods given back are no order
        ("c", "2025-03-31 00:00", 10.0, False),  # the window is over
        ("stranger", "2025-03-08 10:00", 10.0, False),
    ],
    columns=["customer_id", "ordered_at", "amount", "is_return"],
).assign(ordered_at=lambda rows: pd.to_datetime(rows.ordered_at), order_id=[str(number) for number in range(7)])
EVENTS = pd.DataFrame([("c", "2025-03-02 08:00", "x", 1)], columns=["customer_id", "occurred_at", "feature", "duration_seconds"]).assign(
    occurred_at=lambda rows: pd.to_datetime(rows.occurred_at)
)


def told(**rows) -> pd.DataFrame:
    return kpis.returning(tables(**rows), WINDOW, LABELS).set_index(["kpi", "segment"])


def test_days_are_counted_from_the_cut_off_and_spans_end_before_the_next_day_looked_at():
    found = told(orders=ORDERS, events=EVENTS)
    wanted = {
        "day 1": (0, 1),  # c used it
        "day 1 or later": (2, 1),
        "days 1 to 6": (0, 1),
        "day 7": (1, 0),
        "day 7 or later": (2, 0),
        "days 7 to 13": (2, 0),
        "day 14": (0, 0),
        "day 14 or later": (0, 0),
        "days 14 to 29": (0, 0),
    }
    assert {kpi: tuple(found.events[kpi, segment] for segment in ("S1", "S2")) for kpi, _ in found.index} == wanted
    assert all(found.events[kpi, "all"] == sum(both) and found.n[kpi, "all"] == 4 for kpi, both in wanted.items())
    assert found.value["day 7", "S1"] == 0.5 and (found.n.drop("all", level=1) == 2).all() and list(found.columns) == kpis.COLUMNS[2:]


def test_where_only_one_table_tells_of_customers_it_is_enough():
    assert told(events=EVENTS).events["day 1", "S2"] == 1 and told(orders=ORDERS).events["day 1", "S2"] == 0


@pytest.mark.parametrize(
    "window",
    [None, studies.Window(start="2025-01-01", as_of="2025-03-01", end="2025-03-02")],
)
def test_without_a_day_to_look_at_there_is_nothing_to_tell(window):
    found = kpis.returning(tables(orders=ORDERS), window, LABELS)
    assert found.empty and list(found.columns) == kpis.COLUMNS
    assert kpis.returning({}, WINDOW, LABELS).empty
