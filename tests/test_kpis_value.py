"""What customers are worth: one number per customer, from outcomes worked by hand."""

import pandas as pd

from segkit import kpis
from segkit.kpis import value

OUTCOMES = pd.DataFrame(
    {"revenue": [30.0, 0, 10, 0], "orders": [3.0, 0, 1, 0], "revenue_capped": [20.0, 0, 10, 0], "orders_capped": [3.0, 0, 1, 0]},
    index=list("abcd"),
)


def test_revenue_and_orders_count_who_bought_nothing():
    assert value.revenue(OUTCOMES).mean() == 10 and value.orders(OUTCOMES).mean() == 1
    assert (
        kpis.estimate("revenue", OUTCOMES).value,
        kpis.estimate("revenue_capped", OUTCOMES).value,
        kpis.estimate("orders", OUTCOMES).n,
    ) == (
        10,
        7.5,
        4,
    )


def test_average_order_value_is_revenue_over_orders_and_not_a_mean_of_means():
    revenue, orders = value.aov(OUTCOMES)
    assert revenue.sum() / orders.sum() == kpis.estimate("aov", OUTCOMES).value == 10
    assert kpis.estimate("aov", OUTCOMES).n == 4


def test_without_any_order_the_average_order_value_is_unknown():
    found = kpis.estimate("aov", OUTCOMES * 0)
    assert found.value != found.value and found.n == 4
