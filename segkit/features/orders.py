"""How customers buy. Each function is the column it names; its first parameter is the grain it is computed on."""

import ibis

ABSENT = {"n_orders": 0, "spend": 0}  # what a customer without any order has


def per_order(orders):
    """One row per order. Lines without an order_id belong to one order when they carry the same moment."""
    moment = orders.ordered_at.cast("string")
    order = orders.order_id.fill_null(moment) if "order_id" in orders.columns else moment
    return orders.group_by("customer_id", order_id=order).aggregate(ordered_at=orders.ordered_at.min(), amount=orders.amount.sum())


def n_orders(per_order):
    """Number of orders. [orders]"""
    return per_order.count()


def spend(per_order):
    """Sum of all order amounts. [currency]"""
    return per_order.amount.sum()


def first_ordered_at(per_order):
    """Moment of the first order."""
    return per_order.ordered_at.min()


def last_ordered_at(per_order):
    """Moment of the last order."""
    return per_order.ordered_at.max()


def days_since_last_order(customer, as_of):
    """Calendar days from the last order to as_of. [days]"""
    return ibis.literal(as_of).date().delta(customer.last_ordered_at.date(), unit="day")


def active_span_days(customer):
    """Calendar days from the first to the last order. [days]"""
    return customer.last_ordered_at.date().delta(customer.first_ordered_at.date(), unit="day")


def mean_order_value(customer):
    """Spend per order. [currency]"""
    return customer.spend.cast("float64") / customer.n_orders.nullif(0).cast("float64")
