"""Months cut short, gaps, stray dates and tables that stop early are told; sparse and young tables are left in peace."""

import ibis
import pandas as pd

from segkit.sources.quality import times


def months(*moments: str, table: str = "orders", customers: list[str] | None = None) -> list[dict]:
    connection = ibis.duckdb.connect()
    rows = pd.DataFrame({"at": pd.to_datetime(list(moments))})
    if customers != []:
        rows["customer_id"] = customers or [f"p{number % 3}" for number in range(len(rows))]
    kept = connection.create_table("kept", rows).cast({"at": "timestamp(6)"})
    return times.months(table, kept, "at", int(rows["at"].dt.date.nunique()))


def days(first: str, last: str, step: int = 1) -> list[str]:
    return [f"{day:%Y-%m-%d} 10:00" for day in pd.date_range(first, last, freq=f"{step}D")]


def told(lines: list[dict]) -> dict[str, tuple]:
    return {line["month"]: (line["rows"], line["customers"], line["complete"]) for line in lines}


def test_rows_and_different_customers_of_each_month():
    assert told(months("2025-01-01", "2025-01-20", "2025-01-31", "2025-02-03", customers=["a", "a", "b", "b"])) == {
        "2025-01": (3, 2, True),
        "2025-02": (1, 1, False),
    }
    assert {line["customers"] for line in months("2025-01-01", customers=[])} == {None}


def test_a_month_the_table_does_not_cover_to_its_end_is_cut_short():
    found = told(months(*days("2025-01-05", "2025-03-27")))
    assert [found[month][2] for month in ("2025-01", "2025-02", "2025-03")] == [False, True, False]
    assert all(complete for *_, complete in told(months(*days("2025-01-03", "2025-03-29"))).values()), "a weekend is no gap"


def test_sparse_tables_are_never_cut_short():
    assert all(complete for *_, complete in told(months(*(f"2025-{month:02}-01" for month in range(1, 7)))).values()), "monthly spend"
    young = months(*days("2025-01-09", "2025-01-30", 7), *days("2025-02-01", "2025-04-30"))
    assert told(young)["2025-01"][2], "four rows in a month may begin on its ninth day"


def test_a_table_that_stops_thirty_days_before_the_latest_is_told():
    orders, events = months(*days("2025-01-01", "2025-06-30")), months(*days("2025-01-01", "2025-05-31"), table="events")
    found = {line["table"]: line for line in times.freshness([*orders, *events])}
    assert found["events"]["days_behind"] == 30 and found["events"]["stopped"] and not found["orders"]["stopped"]
    assert (found["events"]["first"], found["events"]["last"]) == ("2025-01-01", "2025-05-31")
    fresh = months(*days("2025-01-01", "2025-06-01"), table="events")
    assert not any(line["stopped"] for line in times.freshness([*orders, *fresh]))


def test_a_table_with_rows_once_a_month_has_not_stopped():
    costs = months(*(f"2025-{month:02}-01" for month in range(1, 6)), table="costs", customers=[])
    found = {line["table"]: line for line in times.freshness([*months(*days("2025-01-01", "2025-06-30")), *costs])}
    assert found["costs"]["days_behind"] == 60 and not found["costs"]["stopped"] and not found["costs"]["empty_months"]


def test_months_without_rows_inside_the_span_are_gaps():
    [line] = times.freshness(months(*days("2025-01-01", "2025-02-28"), *days("2025-05-01", "2025-06-30")))
    assert (line["empty_months"], line["first_empty"]) == (2, "2025-03")
    [over] = times.freshness(months(*days("2025-10-01", "2025-11-30"), *days("2026-01-01", "2026-02-28")))
    assert (over["empty_months"], over["first_empty"]) == (1, "2025-12")


def test_dates_far_from_all_others_are_stray_and_spoil_nothing_else():
    usual = days("2025-01-01", "2025-06-30")
    orders = months("1970-01-01 10:00", *usual, "2099-12-31 10:00")
    events = months(*usual, table="events")
    found = {line["table"]: line for line in times.freshness([*orders, *events])}
    assert found["orders"] == found["events"] | {"table": "orders", "stray_rows": 2}
    assert {line["month"] for line in orders if not line["complete"]} == {"1970-01", "2099-12"}


def test_nothing_with_a_date_gives_nothing():
    assert times.freshness([]) == []
