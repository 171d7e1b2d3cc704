"""Who is back when after as_of: on a day, from that day on, or until the next of the days that are looked at."""

from dataclasses import asdict
from datetime import timedelta

import ibis
import pandas as pd

from segkit.features.orders import per_order
from segkit.kpis import intervals
from segkit.studies import Window, outcome_days

DAYS = (1, 7, 14, 30, 60, 90, 180)  # after as_of, whose own day is day 0
COLUMNS = ["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"]


def returning(tables: dict[str, ibis.Table], window: Window | None, labels: pd.Series) -> pd.DataFrame:
    """n-day, rolling and bracket retention of each segment and of all: the share of its customers with an order or event on a day, on that day
    or later, and from that day until the next one looked at. In: labels by customer_id. Out: the columns of `kpis.by_segment`, where kpi is
    "day 7", "day 7 or later", "days 7 to 13".

    Everyone assigned at as_of is observed until the window ends, so that all are in the denominator of every day within it. No rows without
    orders or events, or without an outcome window of more than a day.
    """
    days = [day for day in DAYS if day < outcome_days(window)]
    parts = [moments(name, tables[name]) for name in ("orders", "events") if name in tables]
    if not days or not parts:
        return pd.DataFrame(columns=COLUMNS)
    spans = {f"day {day}": (day, day + 1) for day in days} | {f"day {day} or later": (day, window.days) for day in days}
    spans |= {f"days {day} to {until - 1}": (day, until) for day, until in zip(days, [*days[1:], window.days]) if until - day > 1}
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    was_there = {}
    for kpi, (first, end) in spans.items():
        low, high = (window.as_of + timedelta(days=day) for day in (first, end))
        was_there[kpi] = ((rows["moment"] >= low) & (rows["moment"] < high)).ifelse(1, 0).max()
    found = rows.group_by("customer_id").aggregate(**was_there).order_by("customer_id").execute().set_index("customer_id")
    found = found.reindex(labels.index).fillna(0)
    members = {name: (labels == name).to_numpy() for name in sorted(labels.unique(), key=lambda name: (len(name), name))}
    members["all"] = labels.notna().to_numpy()
    lines = [
        {"segment": segment, "kpi": kpi, "unit": "share", **asdict(intervals.proportion(found[kpi].to_numpy()[inside]))}
        for kpi in spans
        for segment, inside in members.items()
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def moments(name: str, table: ibis.Table) -> ibis.Table:
    """When each customer ordered, or used the product; an order that only gives goods back is none."""
    if name == "events":
        return table.select("customer_id", moment=table.occurred_at)
    placed = per_order(table)
    return placed.filter(placed.is_placed).select("customer_id", moment=placed.ordered_at)
