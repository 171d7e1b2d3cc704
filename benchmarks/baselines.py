"""What others would write instead: the features of orders in plain pandas, with care."""

from datetime import datetime

import numpy as np
import pandas as pd


def order_features(lines: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The features of orders, baskets, calendar and rfm. In: order lines, amount as float64. Out: indexed by customer_id."""
    lines = lines[lines.ordered_at < as_of]
    by_order = lines.groupby(["customer_id", "order_id"], sort=False)
    orders = by_order.agg(
        ordered_at=("ordered_at", "min"),
        amount=("amount", "sum"),
        lines=("amount", "size"),
        items=("quantity", "sum"),
        channel=("channel", "min"),
    ).reset_index()
    orders = orders.sort_values(["customer_id", "ordered_at", "order_id"])
    day = orders.ordered_at.dt.normalize()
    orders["gap"] = day.groupby(orders.customer_id, sort=False).diff().dt.days
    orders["number"] = orders.groupby("customer_id", sort=False).cumcount() + 1
    orders["square"], orders["gap_square"] = orders.amount**2, orders.gap**2
    age = (as_of - orders.ordered_at) / pd.Timedelta(days=1)
    orders["recent"] = orders.amount.where(age <= 90, 0.0)
    orders["earlier"] = orders.amount.where((age > 90) & (age <= 180), 0.0)
    hour, month = orders.ordered_at.dt.hour, orders.ordered_at.dt.month
    tests = {
        "weekend_share": orders.ordered_at.dt.day_of_week >= 5,
        "morning_share": hour.between(6, 11),
        "afternoon_share": hour.between(12, 17),
        "evening_share": hour >= 18,
        "night_share": hour < 6,
        "spring_share": month.between(3, 5),
        "summer_share": month.between(6, 8),
        "autumn_share": month.between(9, 11),
        "winter_share": month.isin([12, 1, 2]),
    }
    for name, test in tests.items():
        orders[name] = test
    by = orders.groupby("customer_id", sort=False)
    found = by.agg(
        n_orders=("amount", "size"),
        spend=("amount", "sum"),
        first_ordered_at=("ordered_at", "min"),
        last_ordered_at=("ordered_at", "max"),
        largest_order=("amount", "max"),
        squares=("square", "sum"),
        lines_per_order=("lines", "mean"),
        n_items=("items", "sum"),
        items_per_order=("items", "mean"),
        days_between_orders=("gap", "mean"),
        longest_gap_days=("gap", "max"),
        gap_squares=("gap_square", "sum"),
        gaps=("gap", "count"),
        recent_spend=("recent", "sum"),
        earlier_spend=("earlier", "sum"),
        **{name: (name, "mean") for name in tests},
    )
    per_channel = orders.groupby(["customer_id", "channel"], sort=False).size().groupby("customer_id", sort=False)
    found["n_channels"], found["top_channel_share"] = per_channel.size(), per_channel.max() / per_channel.sum()
    first = orders[orders.number == 1].set_index("customer_id")
    second = orders[orders.number == 2].set_index("customer_id")
    found["first_order_value"], found["first_order_lines"] = first.amount, first.lines
    found["first_order_channel"], found["days_to_second_order"] = first.channel, second.gap
    n = found.n_orders
    sd = np.sqrt((found.squares - found.spend**2 / n).clip(lower=0)) / np.sqrt((n - 1).where(n > 1))
    gap_sum = found.days_between_orders * found.gaps
    gap_sd = np.sqrt((found.gap_squares - gap_sum**2 / found.gaps).clip(lower=0)) / np.sqrt((found.gaps - 1).where(found.gaps > 1))
    found["order_value_sd"], found["gap_variation"] = sd, gap_sd / found.days_between_orders.where(found.days_between_orders > 0)
    today = pd.Timestamp(as_of).normalize()
    found["days_since_last_order"] = (today - found.last_ordered_at.dt.normalize()).dt.days
    found["active_span_days"] = (found.last_ordered_at.dt.normalize() - found.first_ordered_at.dt.normalize()).dt.days
    found["tenure_days"] = (today - found.first_ordered_at.dt.normalize()).dt.days
    found["mean_order_value"] = found.spend / n
    found["orders_per_month"] = n * 30 / (found.days_since_last_order + found.active_span_days).clip(lower=30)
    found["order_value_variation"] = sd / found.mean_order_value.where(found.mean_order_value != 0)
    found["overdue"] = found.days_since_last_order / found.days_between_orders.clip(lower=1)
    both = found.recent_spend + found.earlier_spend
    fair = (both > 0) & (found.recent_spend >= 0) & (found.earlier_spend >= 0)
    found["spend_trend"] = ((found.recent_spend - found.earlier_spend) / both).where(fair)
    kinds = [n == 1, found.days_between_orders <= 60]
    found["buyer_type"] = np.select(kinds, ["one-time", "frequent"], "occasional")
    for name, column in {"recency": -found.days_since_last_order, "frequency": n, "monetary": found.spend.round(4)}.items():
        rank = column.rank(method="average")
        found[f"{name}_score"] = np.ceil(5 * rank / len(found)).astype(int)
    below = (found.spend.round(4).rank(method="average") - 0.5) / len(found)
    found["buyer_class"] = np.select([below > 0.8, below > 0.5], ["heavy", "medium"], "light")
    category = lines.groupby(["customer_id", "category"], sort=False).amount.sum().clip(lower=0).reset_index()
    category["square"] = category.amount**2
    by = category.groupby("customer_id", sort=False).agg(
        n=("amount", "size"), top=("amount", "max"), total=("amount", "sum"), squares=("square", "sum")
    )
    total = by.total.where(by.total > 0)
    found["n_categories"] = by.n.reindex(found.index, fill_value=0)
    found["top_category_share"], found["category_concentration"] = by.top / total, by.squares / total**2
    return found.drop(columns=["squares", "gap_squares", "gaps"])
