"""Upsell moments: which moments there are by hand, the estimate against least squares with a dummy each, and how often chance fools it."""

from datetime import datetime
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from test_features import tables

from benchmarks.behavior import DAYS, as_moments, claims, company
from segkit.behavior.upsell import SINCE, Within, collected, upsell

STAGES = ("one", "two")
UPSELLING = import_module("segkit.behavior.upsell")  # the package has a function of that name
AS_OF = datetime(2025, 6, 1)


def test_moments_by_hand():
    orders = {
        "customer_id": ["a", "a", "a", "a", "b", "c", "c", "d"],
        "order_id": ["1", "2", "3", "4", "5", "6", "7", "8"],
        "ordered_at": ["2025-01-10", "2025-02-01", "2025-02-20", "2025-05-30", "2025-01-01", "2025-03-01", "2025-03-20", "2025-01-01"],
        "amount": [10, 10, 20, 99, 5, 5, 4, 7],
    }
    contacts = [
        ("a", "2025-01-09", "x", False, None),  # before any order
        ("a", "2025-01-10", "x", False, (1, 0, 0, 1)),  # at the moment of the first one; the second is no larger, the third too late
        ("a", "2025-01-21", "y", False, (1, 11, 1, 1)),  # 30 days before the larger one
        ("a", "2025-02-19 23:00", "x", False, (2, 18, 1, 2)),
        ("a", "2025-02-20", "x", False, (3, 0, 0, 2)),  # with it, not before it
        ("a", "2025-03-03", "x", True, None),  # a conversion is the purchase itself
        ("a", "2025-05-01", "x", False, (3, 70, 1, 5)),  # the last day on which one can tell
        ("a", "2025-05-02", "x", False, None),
        ("b", "2025-03-02", "y", False, (1, 60, 0, 3)),
        ("c", "2025-05-01", "y", False, (2, 42, 0, 5)),
        ("d", "2025-03-02", "y", False, (1, 60, 0, 3)),
    ]  # orders so far, days since the last, whether a larger one follows in 30 days, month
    touches = dict(zip(("customer_id", "occurred_at", "channel", "is_conversion"), list(zip(*contacts))[:4]))
    events = {
        "customer_id": ["a", "a", "b", "z"],
        "occurred_at": ["2025-01-21", "2025-01-22", "2025-05-09", "2025-01-02"],
        "feature": ["f"] * 4,
    }
    found, n, names = collected(tables(orders=orders, touchpoints=touches, events=events), AS_OF, STAGES, 30, 12)
    found = found.loc[found.index.repeat(n[found.who])].assign(channel=lambda rows: [names["channel"][at] for at in rows.state])
    ours = sorted(zip(found.channel, found.is_first_use, found.orders, found.since, found.upgrade, found.month - 2025 * 12 + 1))
    expected = [
        (channel, 0, said[0] - 1, np.searchsorted(SINCE, said[1]) - 1, *said[2:]) for *_, channel, _, said in contacts if said
    ]  # with one to three orders, the class is their number less one
    assert ours == sorted([*expected, ("(other)", 1, 0, np.searchsorted(SINCE, 11) - 1, 1, 1)])  # the first use of f by a
    assert sorted(n) == [1, 1, 2]  # b and d are alike


def test_returns_are_neither_orders_nor_upgrades_and_categories_of_orders_are_told_apart():
    orders = {
        "customer_id": ["a"] * 12,
        "order_id": [f"{i:02d}" for i in range(12)],
        "ordered_at": [f"2025-01-{i + 1:02d}" for i in range(12)],
        "amount": [9, -99, *[1] * 9, 10],
        "is_return": [False, True, *[False] * 10],
    }
    touches = {"customer_id": ["a"] * 12, "occurred_at": [f"2025-01-{i + 1:02d} 12:00" for i in range(12)], "channel": ["x"] * 12}
    found, _, _ = collected(tables(orders=orders, touchpoints=touches | {"is_conversion": [False] * 12}), AS_OF, STAGES, 30, 12)
    by_class = found.orders.value_counts().to_dict()
    assert by_class == {0: 2, 1: 1, 2: 1, 3: 2, 4: 3, 5: 3} and found.upgrade.sum() == 11  # 11 orders; after the last, no larger one


def random_moments(rng, customers=25, size=400) -> tuple[pd.DataFrame, np.ndarray]:
    made = pd.DataFrame({"who": rng.integers(0, customers, size), "month": rng.integers(24300, 24304, size)})
    made["orders"], made["since"] = rng.integers(0, 3, size), rng.integers(0, 4, size)
    made["state"], made["upgrade"] = rng.integers(1, 4, size), (rng.random(size) < 0.2 + 0.02 * (made.who % 9)).astype(int)
    return made.sort_values("who", ignore_index=True), np.ones(customers)


@pytest.mark.parametrize("seed", range(3))
def test_the_estimate_is_least_squares_with_a_dummy_for_whatever_else_is_known(seed, monkeypatch):
    monkeypatch.setattr(UPSELLING, "LEAST", 3)
    moments, n = random_moments(np.random.default_rng(seed))
    ours = Within(moments, n).state((moments.state == 2).to_numpy(float))
    known = {
        "who": moments.who * 10**6 + moments.month // 3,
        "when": moments.month * 9 + moments.orders,
        "since": moments.since * 9 + moments.orders,
    }
    dummies = pd.get_dummies(pd.DataFrame(known).astype(str)).astype(float)
    other = OLS(moments.upgrade.to_numpy(float), np.column_stack([moments.state == 2, dummies]).astype(float)).fit()
    assert ours["value"] == pytest.approx(other.params[0])
    robust = other.get_robustcov_results("cluster", groups=moments.who.to_numpy(), use_correction=False)
    error = (ours["high"] - ours["value"]) / stats.t.ppf(0.975, ours["n_compared"] - 1)
    assert robust.bse[0] < error < 1.25 * robust.bse[0]  # each customer is weighed up by what it decides: never narrower
    assert ours["p"] == pytest.approx(2 * stats.t.sf(abs(ours["value"]) / error, ours["n_compared"] - 1))
    assert ours["base"] == pytest.approx(ours["rate"] - ours["value"]) and ours["moments"] == (moments.state == 2).sum()


def test_customers_alike_counted_together_are_customers_told_one_by_one(monkeypatch):
    monkeypatch.setattr(UPSELLING, "LEAST", 3)
    moments, _ = random_moments(np.random.default_rng(4), 12, 150)
    n = np.arange(1, 13)
    alone = pd.concat([moments[moments.who == who].assign(who=100 * who + copy) for who in range(12) for copy in range(n[who])])
    alone["who"] = alone.who.factorize()[0]
    together = Within(moments, n).state((moments.state == 1).to_numpy(float))
    assert together == pytest.approx(Within(alone, np.ones(n.sum())).state((alone.state == 1).to_numpy(float)))


def test_too_few_customers_and_states_without_contrast_are_not_tested():
    moments, n = random_moments(np.random.default_rng(1))
    few = Within(moments, n).state((moments.state == 2).to_numpy(float))
    assert few["n"] == few["n_compared"] == 25 and "p" not in few
    everything = Within(moments, n).state(np.ones(len(moments)))
    assert everything["n_compared"] == 0 and "p" not in everything


def test_heavy_buyers_seasons_and_young_customers_make_no_upsell_moments():
    false = np.array([claims(as_moments(*company(np.random.default_rng(seed))))[0] for seed in range(2000, 2100)])
    assert false.any(axis=1).mean() <= 0.06, false.sum(axis=0)  # 100 companies without any effect; `make bench` has 300


def test_comparing_customers_with_each_other_would_be_fooled():
    found = [claims(as_moments(*company(np.random.default_rng(seed), n=800))) for seed in range(2000, 2030)]
    assert np.mean([naive for _, naive in found]) >= 0.6 and np.mean([ours.any() for ours, _ in found]) <= 0.1


def test_a_planted_upsell_moment_is_found_and_no_other():
    found = np.array([claims(as_moments(*company(np.random.default_rng(seed), effect=2.0, n=400)))[0] for seed in range(3000, 3040)])
    assert found[:, 5].mean() >= 0.9 and found[:, :5].any(axis=1).mean() <= 0.15


def test_from_tables_to_findings():
    buyer, bought_on, amount, who, day, state = company(np.random.default_rng(7), effect=3.0, n=300)
    first = pd.Timestamp("2024-08-01")
    orders = {"customer_id": buyer.astype(str), "ordered_at": first + pd.to_timedelta(bought_on, "D"), "amount": amount.round(2)}
    touches = {"customer_id": who.astype(str), "occurred_at": first + pd.to_timedelta(day, "D"), "channel": [f"c{each}" for each in state]}
    touches |= {"is_conversion": np.zeros(len(who), bool), "stage": np.where(state == 3, "one", "two")}
    there = tables(orders=orders, touchpoints=touches)
    found = upsell(there, (first + pd.Timedelta(days=DAYS)).to_pydatetime(), STAGES).set_index(["kind", "state"])
    assert set(found.index) == {("stage", "one"), ("stage", "two"), *(("channel", f"c{each}") for each in range(6))}
    called = found.index[found.finding == "upsell moment"].tolist()
    assert ("channel", "c5") in called and len(called) <= 2
    assert (found.low <= found.value).all() and (found.value <= found.high).all() and (found.p <= found.p_adjusted).all()
    assert found.n.max() <= 300 and ((found.rate >= 0) & (found.rate <= 1)).all()
    shuffled = {
        name: pd.DataFrame(columns).sample(frac=1, random_state=1) for name, columns in (("orders", orders), ("touchpoints", touches))
    }
    renamed = {name: rows.assign(customer_id="k" + (1000 - rows.customer_id.astype(int)).astype(str)) for name, rows in shuffled.items()}
    again = upsell(tables(**renamed), (first + pd.Timedelta(days=DAYS)).to_pydatetime(), STAGES).set_index(["kind", "state"])
    pd.testing.assert_frame_equal(found, again, check_exact=True)  # pseudonyms and the order of rows change no digit


def test_what_is_missing_leaves_columns_and_no_line():
    orders = {"customer_id": ["a"], "ordered_at": ["2025-01-01"], "amount": [1]}
    touches = {"customer_id": ["a"], "occurred_at": ["2025-02-01"], "channel": ["x"], "is_conversion": [False]}
    for there, as_of in (
        (tables(orders=orders), AS_OF),
        (tables(touchpoints=touches), AS_OF),
        (tables(orders=orders, touchpoints=touches), None),
        (tables(orders=orders, touchpoints=touches), datetime(2025, 2, 3)),
    ):
        assert upsell(there, as_of, STAGES).empty and "finding" in upsell(there, as_of, STAGES).columns
    alone = upsell(tables(orders=orders, touchpoints=touches), AS_OF, STAGES)
    assert alone.finding.tolist() == ["too few"] and alone.n.tolist() == [1]
