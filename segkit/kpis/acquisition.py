"""What it cost to win customers and what they brought since: CAC, LTV:CAC, payback; and what a pipeline yields a day. For any labels.

A customer is won at the first order. Everything here is counted from rows before as_of, but for what customers brought, which is counted to
the end of the outcome window, and the pipeline, which is the outcome window's.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import ibis
import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from segkit.kpis import intervals, value
from segkit.studies import Window, outcome_days

UNKNOWN = "unknown"  # the channel of who was won without a contact that anyone recorded
MONTH = 365.25 / 12  # days
CAC = ["channel", "spend", "customers", "value", "low", "high", "why"]
LINES = ["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"]


def acquired(tables: dict[str, ibis.Table], start: datetime, as_of: datetime, customers: pd.Index | None = None) -> pd.DataFrame:
    """The customers whose first order lies in [start, as_of), and the channel of their first contact, at or before that order.

    Out, indexed by customer_id, ordered: channel, first_ordered_at; of `customers` only, if they are named. Of two first contacts at one
    moment the channel first in the alphabet counts. Who has no such contact came by the channel "unknown". Who ordered before the data
    begin cannot be told from who is new, and a return is no order.
    """
    if "orders" not in tables:
        return pd.DataFrame({"channel": [], "first_ordered_at": []}, index=pd.Index([], name="customer_id", dtype="str"))
    orders = tables["orders"].filter(lambda rows: rows.ordered_at < as_of)
    orders = orders.filter(~orders.is_return.fill_null(False)) if "is_return" in orders.columns else orders
    first = orders.group_by("customer_id").aggregate(first_ordered_at=orders.ordered_at.min())
    found = first.filter(first.first_ordered_at >= start)
    if "touchpoints" in tables:
        contacts = tables["touchpoints"].select("customer_id", "occurred_at", "channel").join(found, "customer_id")
        contacts = contacts.filter(contacts.occurred_at <= contacts.first_ordered_at, contacts.channel.notnull())
        contacts = contacts.mutate(began=contacts.occurred_at.min().over(ibis.window(group_by="customer_id")))
        contacts = contacts.filter(contacts.occurred_at == contacts.began)
        by = contacts.group_by("customer_id").aggregate(channel=contacts.channel.min())
        found = found.left_join(by, "customer_id").select("customer_id", "first_ordered_at", "channel")
    else:
        found = found.mutate(channel=ibis.literal(UNKNOWN))
    rows = found.order_by("customer_id").execute().set_index("customer_id")
    rows = rows if customers is None else rows[rows.index.isin(customers)]
    return rows[["channel", "first_ordered_at"]].fillna({"channel": UNKNOWN})


def cac(tables: dict[str, ibis.Table], window: Window | None) -> pd.DataFrame:
    """Customer acquisition cost: what was spent on a channel over the NEW customers that it brought in the same time, assigned or not.

    Out: a line per channel and one for all, of channel, spend, customers, value (currency per new customer), low, high, why (there is no
    value, or it is 0; else nothing); no line where costs or orders are missing. The time is that of the whole periods of the costs within
    the observation window (see `spent`). Spend is known, the number of customers is Poisson, and [low, high] is spend over Garwood's exact
    limits of it (F. Garwood, 1936, "Fiducial limits for the Poisson distribution", Biometrika 28, 437–442). A channel that brought nobody
    has no value, and at least spend / 3.7 is what a customer would cost: its low. A channel without spend is free, such as word of mouth:
    0, without an interval, which would be no news. Customers of no known channel cost what nobody knows; the line for all counts them.
    """
    return _paid(tables, window)[1]


def by_segment(tables: dict[str, ibis.Table], window: Window | None, labels: pd.Series, currency: str = "currency") -> pd.DataFrame:
    """What the customers of each segment cost and brought. In: labels by customer_id. Out: the columns of `kpis.by_segment`.

    n is who was won in the time that the costs tell of, and by a known channel; all lines of a segment are about them:
    cac: mean cost, each bearing that of their channel [currency]. ltv_margin, or ltv_revenue where orders have no margin: mean of what they
    brought to the end of the outcome window, returns taken off, no forecast [currency]. margin_to_cac, revenue_to_cac: the one over the
    other [times]. payback_on_margin, payback_on_revenue: cac over what they brought per customer and month since the first order [months];
    missing where they brought nothing. events: customers whose cost, or what they brought, is not 0.

    Intervals of what costs enter are normal on the log scale, by the delta method over all new customers, whose number is Poisson: one more
    on a channel makes its others cheaper. (`intervals.ratio` takes the cost as known, and held the truth in 77 to 90 % where two segments
    share a dear channel; these in 93 to 95 %, in 90 % where 80 customers' worth is lognormal with sd 1.5.) They are missing where cost or
    worth is not above 0. ltv: Hall's, see `intervals.mean`.
    """
    won, costs = _paid(tables, window)
    if costs.empty or "touchpoints" not in tables:
        return pd.DataFrame(columns=LINES)
    worth, brought = brought_to(tables["orders"], window.end)
    rows = won.assign(
        cost=won.channel.map(costs[:-1].set_index("channel").value),
        brought=brought.reindex(won.index).fillna(0.0),
        months=(window.end - won.first_ordered_at).dt.total_seconds() / 86_400 / MONTH,
        segment=labels.reindex(won.index),
    )
    rows = rows[rows.cost.notna()].sort_values(["brought", "cost", "months", "channel", "segment"])  # so that their order changes no digit
    found = {name: _worth_its_cost(rows, (rows.segment == name).to_numpy()) for name in _in_order(labels)}
    found["all"] = _worth_its_cost(rows, rows.segment.notna().to_numpy())
    units = {"cac": currency, f"ltv_{worth}": currency, f"{worth}_to_cac": "times", f"payback_on_{worth}": "months"}
    return _lines(found, units)


def velocity(
    tables: dict[str, ibis.Table], window: Window | None, labels: pd.Series, stages: Sequence[str], currency: str = "currency"
) -> pd.DataFrame:
    """Sales pipeline velocity in the outcome window. In: labels by customer_id, the dataset's stages. Out: columns of `kpis.by_segment`.

    An opportunity is a customer with a contact in the stage of decision, the third; won is who of them converted. win_rate [share of
    opportunities], deal_size (revenue over orders of who was won) [currency], sales_cycle (from the first contact since the conversion
    before, if any, to the first conversion of the window; n is who was won) [days], and pipeline_velocity: opportunities x win rate x deal
    size / sales cycle [currency per day; n is the segment, events who was won], missing where nobody was won. It is a sum over the segment,
    not a number per customer. Its interval is normal on the log scale, by the delta method over the segment's customers.
    """
    staged = "touchpoints" in tables and "stage" in tables["touchpoints"].columns and len(stages) > 2
    if not (outcome_days(window) and staged and "orders" in tables):
        return pd.DataFrame(columns=LINES)
    rows = labels.dropna().to_frame("segment").join(pipeline(tables, window, stages[2]))
    rows = rows.fillna({name: 0.0 for name in ("opportunity", "won", "revenue", "orders", "days")})
    rows = rows.sort_values(["won", "revenue", "days", "orders", "opportunity", "segment"])
    found = {name: _flow(rows[rows.segment == name]) for name in _in_order(labels)} | {"all": _flow(rows)}
    units = {"win_rate": "share", "deal_size": currency, "sales_cycle": "days", "pipeline_velocity": f"{currency} per day"}
    return _lines(found, units)


def spent(costs: ibis.Table, window: Window) -> tuple[pd.Series, datetime, datetime]:
    """What was spent per channel in the whole periods of the costs that lie in the observation window, and from when to when those run.

    A period runs until the next one begins, on whatever channel. The last one before as_of is as long as the one before it, in months if
    periods begin on the first of one; a lone period runs to as_of. A period that began before the data, or is not over at as_of, is left
    out, since its spend would be held against some of its customers only.
    """
    rows = costs.group_by("period_start", "channel").aggregate(amount=costs.amount.sum()).order_by("period_start", "channel").execute()
    begin, as_of = pd.to_datetime(rows.period_start), pd.Timestamp(window.as_of)
    edges = begin[begin < as_of].drop_duplicates().tolist()
    if len(edges) > 1 and all(each.day == 1 for each in edges):
        edges.append(edges[-1] + pd.DateOffset(months=12 * (edges[-1].year - edges[-2].year) + edges[-1].month - edges[-2].month))
    else:
        edges.append(edges[-1] + (edges[-1] - edges[-2]) if len(edges) > 1 else as_of)
    inside = [each for each in edges if pd.Timestamp(window.start).normalize() <= each <= as_of]
    since, until = (inside[0], inside[-1]) if len(inside) > 1 else (as_of, as_of)
    kept = rows[(begin >= since) & (begin < until)]
    return kept.groupby("channel").amount.sum().astype("float64"), since.to_pydatetime(), until.to_pydatetime()


def brought_to(orders: ibis.Table, end: datetime) -> tuple[str, pd.Series]:
    """What each customer brought before `end`. Out: margin, or revenue where orders have none; and it by customer_id."""
    worth, column = ("margin", "margin") if "margin" in orders.columns else ("revenue", "amount")
    rows = orders.filter(orders.ordered_at < end)
    sums = rows.group_by("customer_id").aggregate(brought=rows[column].sum().cast("float64")).order_by("customer_id").execute()
    return worth, sums.set_index("customer_id").brought.astype("float64")


def pipeline(tables: dict[str, ibis.Table], window: Window, decision: str) -> pd.DataFrame:
    """Who was in the pipeline in the outcome window. Out, indexed by customer_id: opportunity, won (1 or missing), and of who was won days
    (of the sales cycle), revenue, orders (in the window)."""
    rows = tables["touchpoints"].filter(lambda each: each.occurred_at < window.end)
    rows = rows.mutate(inside=rows.occurred_at >= window.as_of, converts=rows.is_conversion.fill_null(False))
    each = rows.group_by("customer_id").aggregate(
        opportunities=rows.count(where=rows.inside & (rows.stage == decision)),
        won_at=rows.occurred_at.min(where=rows.inside & rows.converts),
        before=rows.occurred_at.max(where=~rows.inside & rows.converts),
    )
    each = each.filter(each.opportunities > 0)
    later = rows.select("customer_id", "occurred_at").join(each, "customer_id")
    later = later.filter(later.before.isnull() | (later.occurred_at > later.before))
    later = later.group_by("customer_id", "won_at").aggregate(began_at=later.occurred_at.min())
    orders = tables["orders"].filter(lambda rows: (rows.ordered_at >= window.as_of) & (rows.ordered_at < window.end))
    bought = value.bought(orders).select("customer_id", "revenue", "orders")
    found = later.left_join(bought, "customer_id").drop("customer_id_right").order_by("customer_id").execute().set_index("customer_id")
    won = found.won_at.notna()
    days = (pd.to_datetime(found.won_at) - pd.to_datetime(found.began_at)).dt.total_seconds() / 86_400
    told = pd.DataFrame({"opportunity": 1.0, "won": won.astype("float64"), "days": days}, index=found.index)
    return told.join(found[["revenue", "orders"]].astype("float64").where(won))


def _paid(tables: dict[str, ibis.Table], window: Window | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The customers won in the time that the costs tell of (see `acquired`), and what they cost (see `cac`)."""
    if window is None or "costs" not in tables or "orders" not in tables:
        return pd.DataFrame(columns=["channel", "first_ordered_at"]), pd.DataFrame(columns=CAC)
    spend, since, until = spent(tables["costs"], window)
    won = acquired(tables, since, until)
    told = pd.concat([spend.rename("spend"), won.groupby("channel").size().rename("customers")], axis=1).fillna(0.0).sort_index()
    if told.empty:
        return won, pd.DataFrame(columns=CAC)
    told = pd.concat([told, told.sum().to_frame("all").T]).rename_axis("channel")
    some, free = told.customers.where(told.customers > 0), told.spend == 0
    told = told.assign(
        value=told.spend / some, low=told.spend / gammaincinv(told.customers + 1, 0.975), high=told.spend / gammaincinv(some, 0.025)
    )
    told.loc[free, ["low", "high"]] = np.nan
    told["why"] = np.select([some.isna(), free], ["it brought no customer", "nothing was spent on it"], "")
    if UNKNOWN in told.index and free[UNKNOWN]:
        told.loc[UNKNOWN, ["value", "why"]] = np.nan, "no contact before the first order is recorded"
    return won, told.astype({"customers": "int64"}).reset_index()[CAC]


def _worth_its_cost(rows: pd.DataFrame, inside: np.ndarray) -> list[intervals.Estimate]:
    """cac, ltv, the one to the other and payback of some of the new customers. In: all of them, with channel, cost, brought, months."""
    mine = rows[inside]
    n, cost, brought, months = len(mine), mine.cost.sum(), mine.brought.sum(), mine.months.sum()
    counts = [int(np.count_nonzero(mine[name])) for name in ("cost", "brought")]
    own = inside.astype(float)
    share = rows.assign(own=own).groupby("channel").own.transform("mean").to_numpy()  # of the channel's new customers
    with np.errstate(divide="ignore", invalid="ignore"):
        of_cost = rows.cost.to_numpy() * (own - share) / cost  # one more customer of a channel makes its others cheaper
        of_n, of_months, of_brought = own / n, own * rows.months.to_numpy() / months, own * rows.brought.to_numpy() / brought
        mean, ratio, back = np.divide([cost, brought, cost * months], [n, cost, n * brought])
    return [
        _on_log_scale(mean, of_cost - of_n, n, counts[0]),
        intervals.mean(mine.brought),
        _on_log_scale(ratio, of_brought - of_cost, n, counts[1]),
        _on_log_scale(back if brought > 0 else np.nan, of_cost - of_n + of_months - of_brought, n, counts[1]),
    ]


def _flow(rows: pd.DataFrame) -> list[intervals.Estimate]:
    """win_rate, deal_size, sales_cycle and pipeline_velocity of some customers."""
    won = rows[rows.won == 1]
    n, customers, revenue, orders, days = len(rows), len(won), *won[["revenue", "orders", "days"]].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = 2 * rows.won / customers + rows.revenue / revenue - rows.orders / orders - rows.days / days
        speed = np.float64(customers) ** 2 * revenue / (orders * days)  # opportunities cancel out of their number and the win rate
    moved = moved.to_numpy() - 1 / n if n else np.array([])
    if not (customers and orders and days):
        speed = np.nan
    return [
        intervals.proportion(rows.won[rows.opportunity == 1]),
        intervals.ratio(won.revenue, won.orders),
        intervals.mean(won.days),
        _on_log_scale(speed, moved * np.sqrt(n / max(n - 1, 1)), n, customers),
    ]


def _on_log_scale(value: float, influence: np.ndarray, n: int, events: int) -> intervals.Estimate:
    """A positive value with its normal interval on the log scale. `influence`: what each customer moves its logarithm by."""
    value = float(value) if np.isfinite(value) else np.nan
    if not value > 0 or n < 2:
        return intervals.Estimate(value, np.nan, np.nan, n, np.nan, events)
    se = float(np.sqrt(np.sum(np.sort(influence**2))))
    if not 0 < se < np.inf:
        return intervals.Estimate(value, np.nan, np.nan, n, se * value, events)
    return intervals.Estimate(value, value * np.exp(-intervals.Z * se), value * np.exp(intervals.Z * se), n, se * value, events)


def _in_order(labels: pd.Series) -> list[str]:
    """The segments; S2 comes before S10."""
    return sorted(labels.dropna().unique(), key=lambda name: (len(name), name))


def _lines(found: dict[str, list[intervals.Estimate]], units: dict[str, str]) -> pd.DataFrame:
    """Estimates by segment as rows, KPI by KPI. `units`: of each KPI, in the order of the estimates."""
    kpis = enumerate(units.items())
    lines = [{"segment": name, "kpi": kpi, "unit": unit, **asdict(each[at])} for at, (kpi, unit) in kpis for name, each in found.items()]
    return pd.DataFrame(lines, columns=LINES)
