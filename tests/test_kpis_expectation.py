"""Repeat purchases by hand; what is expected of customers whose truth is known, and of those who cannot tell."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import figures, kpis, prose, studies
from segkit.kpis import expectation as module
from segkit.kpis.repeat import repeat_purchases

AS_OF, END = datetime(2025, 1, 1), datetime(2025, 7, 1)
WINDOW = studies.Window(start=datetime(2024, 1, 1), as_of=AS_OF, end=END)


def test_repeat_purchases_are_days_with_an_order_after_the_first():
    orders = {
        "customer_id": ["a", "a", "a", "a", "b", "b", "c"],
        "ordered_at": ["2024-01-01 09:00", "2024-01-01 20:00", "2024-01-31", "2024-03-01", "2024-06-01", "2025-01-01", "2024-12-31 23:59"],
        "amount": [5.0, 7.0, 10.0, 30.0, 4.0, 99.0, 1.0],
    }
    found = repeat_purchases(tables(orders=orders)["orders"], AS_OF)
    assert found.loc["a", ["x", "t_x", "T", "mean_amount"]].tolist() == [2, 60, 366, 20]
    assert found.loc["b", ["x", "t_x", "T"]].tolist() == [0, 0, 214] and np.isnan(found.mean_amount["b"]) and found["T"]["c"] == 1


def test_what_gives_goods_back_is_no_purchase():
    orders = {"customer_id": ["a", "a"], "ordered_at": ["2024-01-01", "2024-02-01"], "amount": [5.0, -5.0], "is_return": [False, True]}
    assert repeat_purchases(tables(orders=orders)["orders"], AS_OF).x.tolist() == [0]


@pytest.fixture(scope="module")
def shop():
    """2,000 buyers who order at rates of their own, 0.5 to 3 a month, and leave after an order with a chance of their own."""
    rng, lines = np.random.default_rng(11), []
    rates, leaves, worth = rng.gamma(2, 0.6, 2000) / 30, rng.beta(1, 6, 2000), rng.gamma(8, 5, 2000)
    for at in range(2000):
        day, until = rng.integers(0, 200), (END - datetime(2024, 1, 1)).days
        while day < until:
            lines.append((f"c{at:04d}", pd.Timestamp(2024, 1, 1) + pd.Timedelta(days=int(day)), round(rng.gamma(6, worth[at] / 6), 2)))
            day += max(1, rng.exponential(1 / rates[at]))
            if rng.random() < leaves[at]:
                break
    return tables(orders=pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"]))


@pytest.fixture(scope="module")
def found(shop):
    customers = pd.Index([f"c{at:04d}" for at in range(2000)], name="customer_id")
    return module.expectation(shop, AS_OF, customers)


def test_what_is_expected_of_the_window_is_near_what_comes(shop, found):
    assert found.orders.NAME == "BG/NBD" and found.amounts is not None and found.reason == ""
    rows = module.calibration(found, shop, WINDOW)
    expected, seen = (rows.n * rows.expected).sum(), (rows.n * rows.observed).sum()
    assert expected == pytest.approx(seen, rel=0.06) and rows.n.sum() == len(found.purchases)


def test_each_segment_has_its_expectation_with_an_interval(found):
    rates = found.purchases.x / found.purchases["T"]
    labels = pd.Series(np.where(rates > rates.median(), "S1", "S2"), index=found.purchases.index)
    rows = module.by_segment(found, labels, 12, 0.1, 1.0, 7, "EUR").set_index(["kpi", "segment"])
    assert rows.index.get_level_values(0).unique().tolist() == ["p_alive", "expected_orders", "clv"] and (rows.low < rows.high).all()
    assert (rows.low <= rows.value).all() and (rows.value <= rows.high).all() and rows.unit["clv", "S1"] == "EUR"
    assert rows.value["expected_orders", "S1"] > 2 * rows.value["expected_orders", "S2"] and rows.n["clv", "S1"] == (labels == "S1").sum()
    half = module.by_segment(found, labels, 12, 0.1, 0.5, 7).set_index(["kpi", "segment"])
    assert half.value["clv", "S1"] == pytest.approx(rows.value["clv", "S1"] / 2)
    undiscounted = module.by_segment(found, labels, 12, 0.0, 1.0, 7).set_index(["kpi", "segment"])
    assert rows.value["clv", "S1"] < undiscounted.value["clv", "S1"] < rows.value["clv", "S1"] * 1.1


def test_the_names_and_the_order_of_customers_change_nothing(found):
    order = np.random.default_rng(1).permutation(len(found.purchases))
    moved = found.purchases.iloc[order].set_axis([f"z{at}" for at in range(len(order))])
    cut = pd.Series(np.where(found.purchases.x > 3, "S1", "S2"), index=found.purchases.index)
    there = pd.Series(cut.iloc[order].to_numpy(), index=moved.index)
    here, again = (
        module.by_segment(found._replace(purchases=each), labels, 12, 0.1, 1.0, 7)
        for each, labels in ((found.purchases, cut), (moved, there))
    )
    pd.testing.assert_frame_equal(here, again, rtol=1e-9)


@pytest.mark.parametrize(
    "days",
    [["2024-05-01"] * 300, [f"2024-{1 + at % 12:02d}-15" for at in range(300)]],
    ids=["one order date", "no repeat buyers"],
)
def test_who_never_came_again_cannot_tell_a_model_and_the_page_says_so(days):
    orders = {"customer_id": [f"c{at}" for at in range(300)], "ordered_at": days, "amount": [10.0] * 300}
    there = tables(orders=orders)
    nothing = module.expectation(there, AS_OF, pd.Index(orders["customer_id"]))
    labels = pd.Series("S1", index=orders["customer_id"])
    assert nothing.orders is None and nothing.reason and module.expected_orders(nothing, 90, labels.index) is None
    rows, calibrated = module.by_segment(nothing, labels, 12, 0.1, 1.0, 7), module.calibration(nothing, there, WINDOW)
    assert rows.empty and calibrated.empty
    assert "No model of repeat buying can be had" in prose.expected(nothing, rows, calibrated, 12, 1.0)


def test_without_orders_or_dates_there_is_no_model():
    for there, as_of in (({}, AS_OF), (tables(orders={"customer_id": ["a"], "ordered_at": ["2024-01-01"], "amount": [1.0]}), None)):
        assert "needs orders with dates" in module.expectation(there, as_of, pd.Index(["a"])).reason


def test_the_page_says_what_is_expected_and_whether_it_came(shop, found):
    labels = pd.Series("S1", index=found.purchases.index)
    rows, calibrated = module.by_segment(found, labels, 12, 0.1, 1.0, 7, "EUR"), module.calibration(found, shop, WINDOW)
    text = prose.expected(found, rows, calibrated, 12, 1.0)
    assert "BG/NBD, fitted to" in text and "Revenue expected in 12 months, discounted (EUR)" in text and "were expected and" in text
    assert "Margin expected" in prose.expected(found, rows, calibrated, 12, 0.4)
    assert figures.calibration(calibrated).alt.startswith(f"Of {len(calibrated)} tenths of customers the model expected too much of")


def test_who_stays_is_told_with_the_log_rank_test():
    days = np.r_[np.full(100, 80.0), np.linspace(0, 80, 100)]
    outcomes = pd.DataFrame({"last_day": days}, index=[f"c{at}" for at in range(200)])
    outcomes.attrs = {"days": 90, "caps": {}}
    labels = pd.Series(["S1"] * 100 + ["S2"] * 100, index=outcomes.index)
    curves, test = kpis.staying(labels, outcomes)
    assert "segments differ, log-rank chi-squared" in prose.staying(curves, test) and "100.0 % of S1" in figures.staying(curves).alt
    nothing, untested = kpis.staying(labels, outcomes[[]])
    assert nothing.empty and np.isnan(untested.p)
