"""KPIs of the outcome window for any labels: a clustering, RFM cells, random. Nothing here knows of algorithms.

Every customer assigned at as_of is in the denominator; who did nothing counts 0.
"""

import inspect
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd

from segkit.features.orders import per_order
from segkit.kpis import intervals, retention, value
from segkit.studies import Window, outcome_days
from segkit.tables import TABLES


class Kpi(NamedTuple):
    """How a KPI is computed, what kind of number it is (proportion, mean, ratio) and the table it cannot do without."""

    per_customer: Callable
    kind: str
    needs: str

    @property
    def unit(self) -> str:
        return re.search(r"\[(\w+)\]", self.per_customer.__doc__)[1]

    @property
    def meaning(self) -> str:
        return inspect.getdoc(self.per_customer).rsplit("[", 1)[0].strip()


KPIS = {
    "revenue": Kpi(value.revenue, "mean", "orders"),
    "orders": Kpi(value.orders, "mean", "orders"),
    "aov": Kpi(value.aov, "ratio", "orders"),
    "retention": Kpi(retention.retention, "proportion", ""),
    "engagement": Kpi(retention.engagement, "proportion", "events"),
}


def available(tables: "list[str] | dict", window: Window | None) -> list[str]:
    """The KPIs these tables and this window allow: none without an outcome window."""
    return [name for name, kpi in KPIS.items() if outcome_days(window) and (not kpi.needs or kpi.needs in tables)]


def measured(tables: dict[str, ibis.Table], start: datetime, end: datetime) -> pd.DataFrame:
    """What each customer did in [start, end). Out, indexed by customer_id: revenue and orders, active_days; only who did anything."""
    parts = []
    for name in ("orders", "events"):
        if name in tables:
            time = tables[name][TABLES[name].time]
            rows = tables[name].filter((time >= start) & (time < end))
            parts.append(bought(rows) if name == "orders" else used(rows))
    return pd.concat([part.order_by("customer_id").execute().set_index("customer_id").astype("float64") for part in parts], axis=1)


def bought(orders: ibis.Table) -> ibis.Table:
    """Revenue and number of orders per customer."""
    placed = per_order(orders)
    return placed.group_by("customer_id").aggregate(
        revenue=placed.amount.sum().cast("float64"), orders=placed.count(where=placed.is_placed)
    )


def used(events: ibis.Table) -> ibis.Table:
    """Days with at least one event per customer."""
    return events.group_by("customer_id").aggregate(active_days=events.occurred_at.date().nunique())


def outcomes(tables: dict[str, ibis.Table], window: Window | None, customers: pd.Index) -> pd.DataFrame:
    """What every assigned customer did in the outcome window, 0 where nothing; and the money columns capped.

    Out, indexed by customer_id: revenue, revenue_capped, orders, orders_capped, active_days (those the tables allow). The cap is the
    99th percentile, over the same customers, of the stretch of equal length that ends at as_of: frozen before the window opens.
    `attrs`: days (length of the window), caps. Without an outcome window nobody has an outcome: there is no column.
    """
    if not outcome_days(window):
        nothing = pd.DataFrame(index=customers)
        nothing.attrs = {"days": 0, "caps": {}}
        return nothing
    after = measured(tables, window.as_of, window.end).reindex(customers).fillna(0.0)
    before = measured(tables, window.as_of - (window.end - window.as_of), window.as_of).reindex(customers).fillna(0.0)
    caps = {name: float(before[name].quantile(0.99)) for name in ("revenue", "orders") if name in after}
    for name, cap in caps.items():
        after[f"{name}_capped"] = after[name].clip(upper=cap)
    after.attrs = {"days": window.days, "caps": caps}
    return after


def estimate(kpi: str, outcomes: pd.DataFrame) -> intervals.Estimate:
    """One KPI over the rows of `outcomes`, with its interval; a name ending in `_capped` is the capped mean.

    Sums run over sorted rows, so that the order of customers changes no digit.
    """
    outcomes = outcomes.sort_values(list(outcomes.columns))
    if kpi.endswith("_capped"):
        return intervals.mean(outcomes[kpi])
    how = {"proportion": intervals.proportion, "mean": intervals.mean, "ratio": intervals.ratio}[KPIS[kpi].kind]
    values = KPIS[kpi].per_customer(outcomes)
    return how(*values) if isinstance(values, tuple) else how(values)


def by_segment(labels: pd.Series, outcomes: pd.DataFrame, names: list[str], currency: str = "currency") -> pd.DataFrame:
    """Every KPI for every segment and for all. Out: segment, kpi, unit, value, low, high, n, se, events; money also capped.

    `labels` and `outcomes` are indexed by customer_id over the same customers.
    """
    with_caps = [part for name in names for part in ([name, f"{name}_capped"] if KPIS[name].kind == "mean" else [name])]
    groups = [*((segment, members.index) for segment, members in labels.groupby(labels)), ("all", labels.index)]
    lines = []
    for name in with_caps:
        for segment, members in groups:
            part = outcomes.loc[members]
            part.attrs = outcomes.attrs
            found = estimate(name, part)
            unit = KPIS[name.removesuffix("_capped")].unit
            lines.append(
                {
                    "segment": segment,
                    "kpi": name,
                    "unit": currency if unit == "currency" else unit,
                    "value": found.value,
                    "low": found.low,
                    "high": found.high,
                    "n": found.n,
                    "se": found.se,
                    "events": found.events,
                }
            )
    return pd.DataFrame(lines, columns=["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"])


def one_value_per_customer(kpi: str, outcomes: pd.DataFrame) -> np.ndarray:
    """The column a hypothesis is tested on: money and counts capped, proportions as they are."""
    if KPIS[kpi].kind == "mean":
        return outcomes[f"{kpi}_capped"].to_numpy()
    return np.asarray(KPIS[kpi].per_customer(outcomes), dtype=float)
