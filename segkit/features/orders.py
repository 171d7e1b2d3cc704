"""How customers buy, order by order. Each function is the column it names; its first parameter is the grain it is computed on.

An order whose every line gives goods back is a return and no order: its amount counts in spend, and nothing else does.
"""

import ibis

from segkit.features.fold import needs, placed, squared

TABLE = "orders"
ABSENT = {"n_orders": 0, "spend": 0, "recent_spend": 0, "n_items": 0, "n_channels": 0}  # what a customer without any order has
RECENT_DAYS = 90  # what counts as recent, and the stretch before it to compare with
FREQUENT_DAYS = 60  # a frequent buyer comes back within so many days on average


def per_order(orders):
    """One row per order. Lines without an order_id belong to one order when they carry the same moment.

    Out: customer_id, order_id, ordered_at, amount, lines, is_placed (false: nothing but returns), order_number (1 is the first),
    gap_days (calendar days since the order before), and where there are such columns items, channel, returned.
    """
    if "order_id" not in orders.columns:
        order = {"order_id": orders.ordered_at.cast("string")}
    elif orders.order_id.type().is_string():
        order = {"order_id": orders.order_id.fill_null(orders.ordered_at.cast("string"))}
    else:  # a warehouse's own number
        order = {"order_id": orders.order_id, "loose": ibis.cases((orders.order_id.isnull(), orders.ordered_at))}
    columns = {"ordered_at": orders.ordered_at.min(), "amount": orders.amount.sum().cast("decimal(18, 4)"), "lines": orders.count()}
    if "quantity" in orders.columns:
        columns["items"] = orders.quantity.sum().cast("int64")
    if "channel" in orders.columns:
        columns["channel"] = orders.channel.min()
    if "is_return" in orders.columns:
        columns |= {
            "is_placed": (~orders.is_return.fill_null(False)).any(),
            "returned": -orders.amount.sum(where=orders.is_return.fill_null(False)).fill_null(0),
        }
    rows = orders.group_by("customer_id", **order).aggregate(**columns)
    sides = ["customer_id", "is_placed"] if "is_return" in orders.columns else ["customer_id"]
    rows = rows if "is_return" in orders.columns else rows.mutate(is_placed=ibis.literal(True))
    in_time = ibis.window(group_by=sides, order_by=["ordered_at", "order_id"])
    rows = rows.mutate(order_number=ibis.row_number().over(in_time) + 1, ordered_before=rows.ordered_at.lag().over(in_time))
    return rows.mutate(gap_days=rows.ordered_at.date().delta(rows.ordered_before.date(), unit="day")).drop("ordered_before")


@needs("channel")
def per_channel(per_order):
    """One row per customer and channel ordered through. Out: customer_id, channel, orders."""
    rows = per_order.filter(per_order.channel.notnull(), per_order.is_placed)
    return rows.group_by("customer_id", "channel").aggregate(orders=rows.count())


def n_orders(per_order):
    """Number of orders. [orders]"""
    return per_order.count(where=placed(per_order))


def spend(per_order):
    """Sum of all order amounts, returns taken off. [currency]"""
    return per_order.amount.sum()


def first_traded_at(per_order):
    """Moment of the first order or return."""
    return per_order.ordered_at.min()


def first_ordered_at(per_order):
    """Moment of the first order."""
    return per_order.ordered_at.min(where=placed(per_order))


def last_ordered_at(per_order):
    """Moment of the last order."""
    return per_order.ordered_at.max(where=placed(per_order))


def largest_order(per_order):
    """Amount of the largest order. [currency]"""
    return per_order.amount.max(where=placed(per_order))


def order_value_sd(per_order):
    """Standard deviation of the amounts of a customer's orders, from two orders on. [currency]"""
    n, total = per_order.count(where=placed(per_order)), per_order.amount.sum(where=placed(per_order)).cast("float64")
    squares = squared(per_order.amount).sum(where=placed(per_order)).cast("float64")
    return ibis.greatest(squares - total * total / n.nullif(0), 0.0).sqrt() / ibis.cases((n > 1, n - 1)).cast("float64").sqrt()


def lines_per_order(per_order):
    """Mean number of lines of an order. [lines]"""
    return _mean(per_order.lines, per_order)


@needs("quantity")
def n_items(per_order):
    """Number of pieces bought, those given back taken off. [pieces]"""
    return per_order.items.sum().cast("int64")


@needs("quantity")
def items_per_order(per_order):
    """Mean number of pieces of an order. [pieces]"""
    return _mean(per_order["items"], per_order)


def days_between_orders(per_order):
    """Mean number of calendar days from one order to the next, from two orders on. [days]"""
    return _mean(per_order.gap_days, per_order)


def longest_gap_days(per_order):
    """Most calendar days from one order to the next, from two orders on. [days]"""
    return per_order.gap_days.max(where=placed(per_order))


def gap_variation(per_order):
    """Regularity: standard deviation of the days between orders over their mean, from three orders on; 0 is clockwork, 1 is chance. [ratio]"""
    gap, n = per_order.gap_days, per_order.gap_days.count(where=placed(per_order))
    total, squares = gap.sum(where=placed(per_order)).cast("float64"), (gap * gap).sum(where=placed(per_order)).cast("float64")
    spread = ibis.greatest(squares - total * total / n.nullif(0), 0.0).sqrt() / ibis.cases((n > 1, n - 1)).cast("float64").sqrt()
    return spread / (total / n.nullif(0)).nullif(0.0)


def recent_spend(per_order, as_of):
    """Sum of order amounts of the last 90 days before as_of. [currency]"""
    return _spent(per_order, as_of, RECENT_DAYS, 0)


def earlier_spend(per_order, as_of):
    """Sum of order amounts of the 90 days before the last 90 days. [currency]"""
    return _spent(per_order, as_of, 2 * RECENT_DAYS, RECENT_DAYS)


def first_order_value(per_order):
    """Amount of the first order. [currency]"""
    return per_order.amount.max(where=placed(per_order, per_order.order_number == 1))


def first_order_lines(per_order):
    """Number of lines of the first order. [lines]"""
    return per_order.lines.max(where=placed(per_order, per_order.order_number == 1))


@needs("channel")
def n_channels(per_channel):
    """Number of different channels ordered through. [channels]"""
    return per_channel.count()


@needs("channel")
def top_channel_share(per_channel):
    """Share of orders through the channel a customer orders through most, of those whose channel is known. [share]"""
    return per_channel.orders.max().cast("float64") / per_channel.orders.sum().cast("float64")


@needs("channel")
def first_order_channel(per_order):
    """Channel of the first order. [class]"""
    return per_order.channel.max(where=placed(per_order, per_order.order_number == 1))


def days_to_second_order(per_order):
    """Calendar days from the first order to the second. [days]"""
    return per_order.gap_days.max(where=placed(per_order, per_order.order_number == 2))


@needs("is_return")
def returned_amount(per_order):
    """Sum of what was given back. [currency]"""
    return per_order.returned.sum()


def days_since_last_order(customer, as_of):
    """Calendar days from the last order to as_of. [days]"""
    return ibis.literal(as_of).date().delta(customer.last_ordered_at.date(), unit="day")


def active_span_days(customer):
    """Calendar days from the first to the last order. [days]"""
    return customer.last_ordered_at.date().delta(customer.first_ordered_at.date(), unit="day")


def mean_order_value(customer):
    """Spend per order. [currency]"""
    return customer.spend.cast("float64") / customer.n_orders.nullif(0).cast("float64")


def orders_per_month(customer):
    """Orders per 30 days since the first one; the first 30 days count whole. [orders]"""
    return (
        customer.n_orders.cast("float64")
        * 30.0
        / ibis.greatest(customer.days_since_last_order + customer.active_span_days, 30).cast("float64")
    )


def order_value_variation(customer):
    """Standard deviation of order amounts over their mean, from two orders on. [ratio]"""
    return customer.order_value_sd / customer.mean_order_value.nullif(0.0)


def overdue(customer):
    """Days since the last order over the mean days between orders (a day at least); above 1 the next order is late. [ratio]"""
    usual = ibis.cases((customer.days_between_orders > 1, customer.days_between_orders), (customer.days_between_orders.notnull(), 1.0))
    return customer.days_since_last_order.cast("float64") / usual


def spend_trend(customer):
    """Spend of the last 90 days against the 90 days before: (recent - earlier) / (recent + earlier), from -1 (stopped) to 1 (began); 0 is steady. [ratio]"""
    recent, earlier = customer.recent_spend.cast("float64"), customer.earlier_spend.cast("float64")
    return ibis.cases(((recent >= 0) & (earlier >= 0) & (recent + earlier > 0), (recent - earlier) / (recent + earlier).nullif(0.0)))


@needs("is_return")
def return_share(customer):
    """What was given back over what was bought before returns. [share]"""
    gross = (customer.spend + customer.returned_amount).cast("float64")
    return customer.returned_amount.cast("float64") / ibis.cases((gross > 0, gross))


def buyer_type(customer):
    """One-time (a single order), frequent (back within 60 days on average), occasional (the others), none (no order). [class]"""
    return ibis.cases(
        (customer.n_orders == 0, "none"),
        (customer.n_orders == 1, "one-time"),
        (customer.days_between_orders <= FREQUENT_DAYS, "frequent"),
        else_="occasional",
    )


def _mean(column, per_order):
    """Mean over a customer's orders of a whole number, whatever the order of rows."""
    total, n = column.sum(where=placed(per_order)), column.count(where=placed(per_order))
    return total.cast("float64") / n.nullif(0).cast("float64")


def _spent(per_order, as_of, since_days, until_days):
    """Order amounts from so many to so many days before as_of."""
    from datetime import timedelta

    inside = (per_order.ordered_at >= as_of - timedelta(days=since_days)) & (per_order.ordered_at < as_of - timedelta(days=until_days))
    return per_order.amount.sum(where=inside).fill_null(0)
