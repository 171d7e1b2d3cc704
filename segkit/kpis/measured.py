"""Everything measured of assigned customers, read once: after as_of, in the stretch of equal length before it, and period by period."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import reduce
from types import MappingProxyType
from typing import NamedTuple

import ibis
import pandas as pd

from segkit.kpis import campaigns, engagement, satisfaction, value
from segkit.studies import Window, outcome_days
from segkit.tables import TABLES

CAPPED = ("revenue", "orders", "margin")
UNKNOWN = ("csat", "nps", "last_day")  # missing where there is none; everything else is 0 then
LATER = 30  # days after as_of from which staying on counts
PERIOD = 30  # days of a period of a trend


class Seen(NamedTuple):
    """What is known of customers besides their segments.

    `after`: their outcomes, one row each (see `outcomes`). `before`: the same, and the same caps, of the stretch of equal length that ends at as_of. `arms`: who
    was contacted and who was held out (see `campaigns.arms`). `periods`: KPI -> customers x periods of 30 days of the outcome window. None,
    and empty, where the data do not say.
    """

    after: pd.DataFrame
    before: pd.DataFrame | None = None
    arms: pd.DataFrame | None = None
    periods: Mapping[str, pd.DataFrame] = MappingProxyType({})


def seen(tables: dict[str, ibis.Table], window: Window | None, customers: pd.Index) -> Seen:
    """Read all of it. Without dates whatever contacts say is an outcome; with dates nothing is, unless there is an outcome window."""
    if not outcome_days(window):
        arms = campaigns.arms(tables["contacts"], customers) if undated(tables, window) and "contacts" in tables else None
        return Seen(outcomes(tables, window, customers), arms=arms)
    length = window.end - window.as_of
    starts = [window.as_of - 2 * length, window.as_of - length, window.as_of]
    earlier, before, after = (measured(tables, start, start + length).reindex(customers) for start in starts)
    stretches = ((after, before, starts[2]), (before, earlier, starts[1]))
    frames = [framed(this, last, limits(before), window.days, buyers(tables, start)) for this, last, start in stretches]
    contacts = campaigns.within(tables["contacts"], window.as_of, window.end) if "contacts" in tables else None
    arms = None if contacts is None else campaigns.arms(contacts, customers)
    return Seen(held(frames[0], window), frames[1], arms, by_period(tables, window, customers))


def outcomes(tables: dict[str, ibis.Table], window: Window | None, customers: pd.Index) -> pd.DataFrame:
    """What every assigned customer did in the outcome window, 0 where nothing; and what is skewed capped.

    Out, indexed by customer_id, what the tables allow of: revenue, margin, orders; usage_days, usage_days_of_month (where the window has 28
    days), features_tried; csat, nps (missing: no answer); contacts, opened, clicked, converted, paid, cost; answered; last_day (days from
    as_of to the last order or event, missing: none), came_late (on day 30 or later), is_active, was_active (in the stretch of equal length
    before as_of), revenue_before (in that stretch; missing where the data begin within it), is_lead (never ordered before); *_capped:
    revenue, margin, orders at most at the 99th percentile, over the same customers, of that stretch: frozen before the window opens.
    `attrs`: days (length of the window), caps. Without an outcome window nobody has an outcome: there is no column, but for what contacts
    say where nothing in the dataset has a date.
    """
    if not outcome_days(window):
        told = measured(tables, None, None).reindex(customers) if undated(tables, window) else pd.DataFrame(index=customers)
        return framed(told, None, {}, 0, None)
    length = window.end - window.as_of
    after = measured(tables, window.as_of, window.end).reindex(customers)
    before = measured(tables, window.as_of - length, window.as_of).reindex(customers)
    return held(framed(after, before, limits(before), window.days, buyers(tables, window.as_of)), window)


def undated(tables: dict[str, ibis.Table], window: Window | None) -> bool:
    """Whether nothing in the dataset has a date, so that there is no window because there can be none."""
    return window is None and "orders" not in tables and "events" not in tables


def held(outcomes: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Outcomes whose revenue_before is missing where the data begin within that stretch: 90 days held against 60 would show growth."""
    if "revenue_before" in outcomes and window.start.date() > (window.as_of - (window.end - window.as_of)).date():
        outcomes["revenue_before"] = float("nan")
    return outcomes


def measured(tables: dict[str, ibis.Table], start: datetime | None, end: datetime | None) -> pd.DataFrame:
    """What each customer did in [start, end); in a dataset without dates, what contacts say. Out, indexed by customer_id: the first columns of
    `outcomes`; only who did anything."""
    rows = {name: tables[name] for name in ("orders", "events", "feedback") if start and name in tables}
    rows = {name: table.filter((table[TABLES[name].time] >= start) & (table[TABLES[name].time] < end)) for name, table in rows.items()}
    parts = [value.bought(rows["orders"])] if "orders" in rows else []
    parts += [engagement.used(rows["events"], end)] if "events" in rows else []
    parts += satisfaction.said(rows["feedback"]) if "feedback" in rows else []
    contacts = campaigns.within(tables["contacts"], start, end) if "contacts" in tables else None
    parts += [] if contacts is None else [campaigns.reached(contacts)]
    frames = [part.order_by("customer_id").execute().set_index("customer_id") for part in parts]
    lasts = [frame.pop("last_at") for frame in frames if "last_at" in frame]
    found = pd.concat(frames, axis=1).astype("float64") if frames else pd.DataFrame(index=pd.Index([], name="customer_id", dtype="str"))
    if lasts:
        last = pd.concat(lasts, axis=1).max(axis=1)
        found["last_day"] = (last.dt.normalize() - pd.Timestamp(start)).dt.days.astype("float64")
    return found


def limits(before: pd.DataFrame) -> dict[str, float]:
    """At most what of skewed outcomes counts: the 99th percentile of the stretch before as_of, over all customers."""
    return {name: float(before[name].fillna(0.0).quantile(0.99)) for name in CAPPED if name in before}


def framed(after: pd.DataFrame, before: pd.DataFrame | None, caps: dict[str, float], days: int, bought: set | None) -> pd.DataFrame:
    """Outcomes of a stretch from what was measured in it and in the one before it."""
    short = ["usage_days_of_month"] if days < engagement.MONTH and "usage_days_of_month" in after else []
    frame = after.drop(columns=short).fillna({name: 0.0 for name in after.columns if name not in UNKNOWN})
    acts = [name for name in ("orders", "usage_days") if name in frame]
    if answers := [name for name in ("csat", "nps") if name in frame]:
        frame["answered"] = frame[answers].notna().any(axis=1).astype("float64")
    if days and acts:
        earlier = before.fillna(0.0)
        frame["is_active"], frame["was_active"] = ((each[acts].sum(axis=1) > 0).astype("float64") for each in (frame, earlier))
        if days > LATER:
            frame["came_late"] = (frame.last_day >= LATER).astype("float64")
        if "revenue" in frame:
            frame["revenue_before"] = earlier.revenue
            frame["is_lead"] = (~frame.index.isin(list(bought))).astype("float64")
        for name, cap in caps.items():
            frame[f"{name}_capped"] = frame[name].clip(upper=cap)
    frame.attrs = {"days": days, "caps": caps}
    return frame


def buyers(tables: dict[str, ibis.Table], moment: datetime) -> set[str]:
    """Who had ordered before a moment."""
    if "orders" not in tables:
        return set()
    orders = tables["orders"].filter(lambda rows: rows.ordered_at < moment)
    orders = orders.filter(~orders.is_return.fill_null(False)) if "is_return" in orders.columns else orders
    return set(orders.select("customer_id").distinct().execute().customer_id)


def by_period(tables: dict[str, ibis.Table], window: Window, customers: pd.Index) -> dict[str, pd.DataFrame]:
    """Revenue, orders and days of use in each whole period of 30 days of the outcome window. Out: KPI -> customers x periods, 0 where nothing."""
    found: dict[str, list[pd.Series]] = {}
    for at in range(window.days // PERIOD):
        start = window.as_of + timedelta(days=at * PERIOD)
        told = measured(
            {name: table for name, table in tables.items() if name in ("orders", "events")}, start, start + timedelta(days=PERIOD)
        )
        for name in ("revenue", "orders", "usage_days"):
            if name in told:
                found.setdefault(name, []).append(told[name].reindex(customers).fillna(0.0).rename(at))
    return {name: reduce(lambda a, b: pd.concat([a, b], axis=1), columns[1:], columns[0].to_frame()) for name, columns in found.items()}
