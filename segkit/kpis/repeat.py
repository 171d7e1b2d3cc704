"""Repeat purchases as models of buying count them: another object than the R, F and M of scoring, though it bears the same letters elsewhere."""

from datetime import datetime

import ibis
import pandas as pd


def repeat_purchases(orders: ibis.Table, as_of: datetime) -> pd.DataFrame:
    """What is known of each buyer's buying before as_of. Out, indexed by customer_id: x (days with an order after the first such day), t_x
    (days from the first to the last of them; 0 without a repeat), T (days from the first to as_of), mean_amount (mean spent on a repeat day;
    missing without one). Orders of one day are one purchase; what gives goods back is none.
    """
    rows = orders.filter(orders.ordered_at < as_of)
    rows = rows.filter(~rows.is_return.fill_null(False)) if "is_return" in rows.columns else rows
    days = rows.group_by("customer_id", day=rows.ordered_at.date()).aggregate(amount=rows.amount.sum())
    days = days.mutate(first=days.day.min().over(ibis.window(group_by="customer_id")))
    found = days.group_by("customer_id").aggregate(
        x=days.count() - 1,
        first=days["first"].min(),
        last=days.day.max(),
        mean_amount=days.amount.cast("float64").mean(where=days.day > days["first"]),
    )
    table = found.order_by("customer_id").execute().set_index("customer_id")
    first, last = pd.to_datetime(table.pop("first")), pd.to_datetime(table.pop("last"))
    return table.assign(
        t_x=(last - first).dt.days.astype("float64"), T=(pd.Timestamp(as_of).normalize() - first).dt.days.astype("float64")
    )[["x", "t_x", "T", "mean_amount"]]
