"""How customers buy: every feature on six lines that can be worked by hand."""

import pytest
from test_features import ORDERS, made


@pytest.mark.parametrize(
    ("feature", "a", "b"),
    [
        ("n_orders", 2, 1),
        ("spend", 6.3, 4.0),
        ("mean_order_value", 3.15, 4.0),
        ("days_since_last_order", 27, 1),
        ("active_span_days", 4, 0),
        ("tenure_days", 31, 1),
    ],
)
def test_each_feature_by_hand(feature, a, b):
    found = made(orders=ORDERS)[feature]
    assert (found["a"], found["b"]) == (pytest.approx(a, abs=1e-12), b)


def test_days_are_calendar_days_whatever_the_hour():
    found = made(orders={"customer_id": ["a", "a"], "amount": [1, 1], "ordered_at": ["2025-01-30 23:59:59", "2025-01-31 00:00:01"]})
    assert (found.days_since_last_order["a"], found.active_span_days["a"], found.tenure_days["a"]) == (1, 1, 2)


def test_lines_without_an_order_number_belong_together_when_they_carry_the_same_moment():
    without_column = made(orders={key: values for key, values in ORDERS.items() if key != "order_id"})
    without_values = made(orders=ORDERS | {"order_id": [None] * 6})
    some = made(orders=ORDERS | {"order_id": ["o1", None, None, "o3", "o4", "o5"]})
    for found in (without_column, without_values):
        assert (found.n_orders["a"], found.days_since_last_order["a"], found.active_span_days["a"]) == (2, 27, 4)
    assert some.n_orders["a"] == 3


def test_the_same_order_number_of_two_customers_is_two_orders():
    found = made(orders={"customer_id": ["a", "b"], "order_id": ["1", "1"], "amount": [1, 2], "ordered_at": ["2025-01-01"] * 2})
    assert list(found.n_orders) == [1, 1]


def test_money_is_added_without_the_error_of_floats():
    found = made(
        orders={"customer_id": ["a"] * 10, "order_id": list("0123456789"), "amount": ["0.1"] * 10, "ordered_at": ["2025-01-01"] * 10}
    )
    assert found.spend["a"] == 1.0
