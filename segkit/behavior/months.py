"""Month by month: who is active, and who of a cohort comes back."""

from datetime import datetime

import pandas as pd

from segkit.features import before
from segkit.features.orders import per_order
from segkit.tables import TABLES


def activity(tables: dict, as_of: datetime):
    """Customer and month of every order and event before as_of, once each. Out: customer_id, month."""
    months = [
        before(tables[name], name, as_of).select("customer_id", month=tables[name][TABLES[name].time].truncate("M").cast("date"))
        for name in ("orders", "events")
        if name in tables
    ]
    both = months[0] if len(months) == 1 else months[0].union(months[1])
    return both.distinct()


def monthly(tables: dict, as_of: datetime | None) -> pd.DataFrame:
    """Month by month. Out: month, n (customers active), orders, revenue (when there are orders), complete (the month ended before as_of).

    Without a cut-off date, in a cross-sectional dataset, no month.
    """
    if as_of is None:
        return pd.DataFrame(columns=["month", "n", "complete"])
    active = activity(tables, as_of)
    table = active.group_by("month").aggregate(n=active.count()).order_by("month").execute()
    if "orders" in tables:
        placed = per_order(before(tables["orders"], "orders", as_of))
        sales = placed.group_by(month=placed.ordered_at.truncate("M").cast("date")).aggregate(
            orders=placed.count(where=placed.is_placed), revenue=placed.amount.sum().cast("float64")
        )
        table = table.merge(sales.execute(), how="left", on="month")
    month = pd.to_datetime(table.month)
    return table.assign(month=month.dt.strftime("%Y-%m"), complete=month + pd.offsets.MonthEnd(0) < pd.Timestamp(as_of))


def cohorts(tables: dict, as_of: datetime | None, months: int = 12) -> pd.DataFrame:
    """Who came back, by month of first activity. Out: cohort, month (0 is the first), n (cohort's customers), value, low, high (Wilson).

    A cohort's month is shown only when it ended before as_of: a month cut short would look like churn. Without a cut-off date, none.
    """
    from scipy.stats import binomtest

    columns = ["cohort", "month", "n", "value", "low", "high"]
    if as_of is None:
        return pd.DataFrame(columns=columns)
    rows = activity(tables, as_of).order_by("customer_id", "month").execute()
    index = pd.PeriodIndex(pd.to_datetime(rows.month), freq="M").asi8
    last = pd.Period(as_of, freq="M").ordinal - 1
    rows = pd.DataFrame({"customer_id": rows.customer_id, "month": index})
    rows["cohort"] = rows.groupby("customer_id").month.transform("min")
    sizes = rows[rows.month == rows.cohort].groupby("cohort").size()
    back = rows[rows.month <= last].groupby(["cohort", "month"]).size()
    lines = []
    for cohort, n in sizes.items():
        for month in range(cohort, min(last, cohort + months) + 1):
            seen = binomtest(int(back.get((cohort, month), 0)), int(n))
            low, high = seen.proportion_ci(method="wilson")
            lines.append(
                {
                    "cohort": str(pd.Period(ordinal=cohort, freq="M")),
                    "month": month - cohort,
                    "n": int(n),
                    "value": seen.statistic,
                    "low": float(low),
                    "high": float(high),
                }
            )
    return pd.DataFrame(lines, columns=columns)
