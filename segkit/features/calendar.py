"""When customers buy: shares of a customer's orders. Each function is the column it names; its first parameter is its grain.

Seasons are shares of the orders there are: who was first seen in autumn has a high share of autumn. Compare customers of like tenure.
"""

from segkit.features.fold import placed

TABLE = "orders"
ABSENT: dict[str, int] = {}


def weekend_share(per_order):
    """Share of orders placed on Saturdays and Sundays. [share]"""
    return _share(per_order, per_order.ordered_at.date().day_of_week.index() >= 5)


def morning_share(per_order):
    """Share of orders placed from 6 to 12 o'clock. [share]"""
    return _share(per_order, per_order.ordered_at.hour().between(6, 11))


def afternoon_share(per_order):
    """Share of orders placed from 12 to 18 o'clock. [share]"""
    return _share(per_order, per_order.ordered_at.hour().between(12, 17))


def evening_share(per_order):
    """Share of orders placed from 18 o'clock to midnight. [share]"""
    return _share(per_order, per_order.ordered_at.hour() >= 18)


def night_share(per_order):
    """Share of orders placed from midnight to 6 o'clock. [share]"""
    return _share(per_order, per_order.ordered_at.hour() < 6)


def spring_share(per_order):
    """Share of orders placed from March to May. [share]"""
    return _share(per_order, per_order.ordered_at.month().between(3, 5))


def summer_share(per_order):
    """Share of orders placed from June to August. [share]"""
    return _share(per_order, per_order.ordered_at.month().between(6, 8))


def autumn_share(per_order):
    """Share of orders placed from September to November. [share]"""
    return _share(per_order, per_order.ordered_at.month().between(9, 11))


def winter_share(per_order):
    """Share of orders placed from December to February. [share]"""
    return _share(per_order, per_order.ordered_at.month().isin([12, 1, 2]))


def _share(per_order, test):
    """Share of a customer's orders that pass a test."""
    n = per_order.count(where=placed(per_order))
    return per_order.count(where=placed(per_order, test)).cast("float64") / n.nullif(0).cast("float64")
