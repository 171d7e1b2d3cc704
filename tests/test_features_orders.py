"""How customers buy: every feature on lines that can be worked by hand, and beside plain pandas on hundreds of random ones."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, CUSTOMERS, ORDERS, made, tables

from segkit import features

DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def small() -> pd.DataFrame:
    return made(orders=ORDERS)


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
def test_each_feature_by_hand(small, feature, a, b):
    found = small[feature]
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


FULL = {
    "customer_id": ["a", "a", "a", "a", "b", "b", "b", "c", "d"],
    "order_id": ["1", "1", "2", "3", "1", "2", "3", "9", "5"],
    "ordered_at": ["2024-11-30 23:30", "2024-11-30 23:30", "2024-12-07 08:00", "2025-01-30 13:00"]
    + ["2024-02-29 03:00", "2024-02-29 03:00", "2024-03-01 03:00"]
    + ["2025-01-05 10:00", "2015-01-31 10:00"],
    "amount": ["10", "5", "30", "-4.5", "7", "-7", "0", "-20", "1"],
    "quantity": [2, 1, 3, -1, 1, -1, 4, -2, 1],
    "unit_price": ["5", "6", "10", "4.5", "7", "7", "1", "10", "1"],
    "category": ["x", "y", "x", "x", "x", "y", "z", "x", None],
    "product_id": ["p", "q", "p", "p", "p", "q", None, "p", "r"],
    "channel": ["web", "web", "app", "app", "web", "web", "web", "web", None],
    "is_return": [False, False, False, True, False, True, None, True, False],
}


@pytest.fixture(scope="module")
def full() -> pd.DataFrame:
    return made(orders=FULL)


@pytest.mark.parametrize(
    ("feature", "a", "b", "c", "d"),
    [
        # a: two orders (15, 30), one return of 4.5; b: an order of 7 given back in an order of its own, and a free one; c: only a return
        ("n_orders", 2, 2, 0, 1),
        ("spend", 40.5, 0, -20, 1),
        ("largest_order", 30, 7, None, 1),
        ("mean_order_value", 20.25, 0, None, 1),
        ("order_value_sd", np.std([15, 30], ddof=1), np.std([7, 0], ddof=1), None, None),
        ("lines_per_order", 1.5, 1, None, 1),
        ("n_items", 5, 4, -2, 1),
        ("items_per_order", 3, 2.5, None, 1),
        ("days_between_orders", 7, 1, None, None),
        ("longest_gap_days", 7, 1, None, None),
        ("gap_variation", None, None, None, None),
        ("recent_spend", 40.5, 0, -20, 0),
        ("earlier_spend", 0, 0, 0, 0),
        ("first_order_value", 15, 7, None, 1),
        ("first_order_lines", 2, 1, None, 1),
        ("first_order_channel", "web", "web", None, None),
        ("days_to_second_order", 7, 1, None, None),
        ("n_channels", 2, 1, 0, 0),
        ("top_channel_share", 0.5, 1, None, None),
        ("returned_amount", 4.5, 7, 20, 0),
        ("return_share", 4.5 / 45, 1, None, 0),
        ("days_since_last_order", 56, 337, None, 3654),
        ("active_span_days", 7, 1, None, 0),
        ("tenure_days", 63, 338, 27, 3654),
        ("orders_per_month", 60 / 63, 60 / 338, 0, 30 / 3654),
        ("overdue", 8, 337, None, None),
        ("spend_trend", 1, None, None, None),
        ("buyer_type", "frequent", "frequent", "none", "one-time"),
        ("weekend_share", 1, 0, None, 1),
        ("morning_share", 0.5, 0, None, 1),
        ("afternoon_share", 0, 0, None, 0),
        ("evening_share", 0.5, 0, None, 0),
        ("night_share", 0, 1, None, 0),
        ("winter_share", 0.5, 0.5, None, 1),
        ("spring_share", 0, 0.5, None, 0),
        ("autumn_share", 0.5, 0, None, 0),
        ("n_categories", 2, 3, 1, 0),
        ("top_category_share", 35.5 / 40.5, 1, None, None),
        ("category_concentration", (35.5**2 + 5**2) / 40.5**2, 1, None, None),
        ("n_products", 2, 2, 1, 1),
        ("discount_share", 1 - 45 / 46, 1 - 7 / 11, None, 0),
    ],
)
def test_orders_returns_and_gifts_by_hand(full, feature, a, b, c, d):
    found = full[feature]
    for customer, expected in zip("abcd", (a, b, c, d)):
        if expected is None:
            assert pd.isna(found[customer]), customer
        else:
            assert found[customer] == (expected if isinstance(expected, str) else pytest.approx(expected, abs=1e-12)), customer


def test_who_only_gave_back_is_known_and_not_active(full):
    assert full.is_active.to_dict() == {"a": True, "b": True, "c": False, "d": True}
    assert features.n_active(tables(orders=FULL), AS_OF) == 3


def test_regularity_is_nought_for_clockwork_and_one_for_chance():
    clockwork = [f"2024-{month:02}-01" for month in (1, 3, 5)]  # 60 and 61 days
    found = made(orders={"customer_id": ["a"] * 3, "order_id": list("123"), "amount": [1] * 3, "ordered_at": clockwork})
    assert found.gap_variation["a"] == pytest.approx(np.std([60, 61], ddof=1) / 60.5)
    rng = np.random.default_rng(3)
    days = np.cumsum(np.round(rng.exponential(30, 120))).astype(int)
    rows = {"customer_id": ["a"] * 120, "order_id": [str(at) for at in range(120)], "amount": [1] * 120}
    chance = made(orders=rows | {"ordered_at": [str(pd.Timestamp("2012-01-01") + DAY * int(at)) for at in days]})
    assert (
        chance.gap_variation["a"] == pytest.approx(np.std(np.diff(days), ddof=1) / np.diff(days).mean())
        and 0.8 < chance.gap_variation["a"] < 1.2
    )


def test_steady_spending_has_no_trend_and_stopping_has_minus_one():
    rows = {"customer_id": ["a", "a", "b", "c"], "order_id": list("1234"), "amount": [10, 30, 5, 5]}
    found = made(orders=rows | {"ordered_at": ["2025-01-20", "2024-10-20", "2024-10-20", "2024-01-01"]})
    assert (found.spend_trend["a"], found.spend_trend["b"]) == (-0.5, -1) and pd.isna(found.spend_trend["c"])


def random_orders(seed: int, lines: int = 400) -> pd.DataFrame:
    """Order lines with ties in time, free and negative ones, strange names, and midnight on either side."""
    rng = np.random.default_rng(seed)
    order = rng.integers(0, lines // 3, lines)
    day, second = rng.integers(0, 700, lines // 3)[order], rng.choice([0, 1, 43_200, 86_399, 30_000], lines // 3)[order]
    return pd.DataFrame(
        {
            "customer_id": np.array([f"c{at}" for at in rng.geometric(0.08, lines // 3)])[order],
            "order_id": [f"o{at}" for at in order],
            "ordered_at": pd.Timestamp("2023-03-01") + pd.to_timedelta(day, unit="D") + pd.to_timedelta(second, unit="s"),
            "amount": np.round(rng.normal(20, 15, lines), 2),
            "quantity": rng.integers(-1, 6, lines),
            "category": rng.choice(["a", "ä'\"", "$x$", None], lines),
            "channel": rng.choice(["web", "app"], lines // 3)[order],
        }
    )


@pytest.mark.parametrize("seed", range(4))
def test_features_are_those_of_plain_pandas(seed):
    from benchmarks.baselines import order_features

    rows = random_orders(seed)
    found, expected = made(orders=rows), order_features(rows, AS_OF)
    assert len(found) == len(expected) and len(expected.columns) >= 40
    for name in expected:
        if expected[name].dtype.kind in "fiu":
            pd.testing.assert_series_equal(
                found[name].astype("float64"), expected[name].astype("float64").loc[found.index], check_names=False, rtol=1e-9, atol=1e-9
            )
        else:
            assert (found[name] == expected[name].loc[found.index]).all(), name


def test_large_amounts_do_not_overflow():
    rows = {
        "customer_id": ["a"] * 3,
        "order_id": list("123"),
        "amount": ["999999999.9999"] * 3,
        "ordered_at": ["2025-01-01"] * 3,
        "category": list("xxy"),
    }
    found = made(orders=rows).loc["a"]
    assert (
        found.order_value_sd == 0 and found.spend == pytest.approx(2999999999.9997) and found.category_concentration == pytest.approx(5 / 9)
    )


def test_columns_that_are_not_there_take_their_features_with_them():
    found, glossary = made(orders=ORDERS), features.glossary({"orders": pd.DataFrame(ORDERS)})
    assert not {"n_items", "n_categories", "n_products", "n_channels", "discount_share", "return_share"} & set(found)
    assert set(glossary.feature) <= set(found) and "n_items" in set(features.glossary(["orders"]).feature)
    with pytest.raises(features.BadInput, match="cluster_on names 'items_per_order', which needs quantity in the table orders\n"):
        features.check_names(["items_per_order"], {"orders": pd.DataFrame(ORDERS)})
    with pytest.raises(
        features.BadInput, match="'active_days', which needs the table events\n  this dataset has customers, orders\n  -> bring it"
    ):
        features.check_names(["active_days"], {"customers": pd.DataFrame(CUSTOMERS), "orders": pd.DataFrame(ORDERS)})
    features.check_names(["buyer_type"], ["orders"])  # a word is a column of the matrix for each of its levels


def test_ten_thousand_categories_and_names_with_quotes():
    n = 10_000
    rows = {"customer_id": ["a"] * n, "order_id": [str(at) for at in range(n)], "amount": [1] * n, "ordered_at": ["2025-01-01"] * n}
    found = made(orders=rows | {"category": [f"käse '{at}' \"; DROP" for at in range(n)]}).loc["a"]
    assert found.n_categories == n and found.category_concentration == pytest.approx(1 / n)


def test_ten_years_of_silence():
    rows = {"customer_id": ["a", "a"], "order_id": ["1", "2"], "amount": [1, 1], "ordered_at": ["2015-01-31 23:59", "2025-01-31 00:01"]}
    found = made(as_of=datetime(2025, 2, 1), orders=rows).loc["a"]
    assert (found.longest_gap_days, found.days_since_last_order, found.overdue, found.buyer_type) == (3653, 1, 1 / 3653, "occasional")
