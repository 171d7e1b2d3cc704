"""Outcomes of a handful of customers by hand: half-open window, everybody in the denominator, caps frozen before as_of."""

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import kpis, studies

WINDOW = studies.Window(start="2025-01-01", as_of="2025-02-01", end="2025-03-03")  # 30 days
ORDERS = {
    "customer_id": ["a", "a", "a", "b", "b", "new", "a"],
    "order_id": ["1", "2", "2", "3", "4", "5", "6"],
    "amount": [9.0, 1.5, 2.0, 7.0, 5.0, 100.0, 50.0],
    "ordered_at": [
        "2025-01-31 23:59:59",
        "2025-02-01 00:00",
        "2025-02-01",
        "2025-03-02 23:59:59",
        "2025-03-03 00:00",
        "2025-02-03",
        "2025-01-01",
    ],
}
EVENTS = {
    "customer_id": ["a", "a", "b", "c", "c"],
    "feature": ["x"] * 5,
    "occurred_at": ["2025-02-01 00:00", "2025-02-01 23:00", "2025-01-31 23:00", "2025-03-03 00:00", "2025-03-02"],
}
CUSTOMERS = pd.Index(["a", "b", "c", "quiet"], name="customer_id")
LABELS = pd.Series(["S1", "S1", "S2", "S2"], index=CUSTOMERS, name="segment")


@pytest.fixture
def outcomes():
    return kpis.outcomes(tables(orders=ORDERS, events=EVENTS), WINDOW, CUSTOMERS)


def test_the_window_is_half_open_and_who_did_nothing_counts_0(outcomes):
    assert list(outcomes.index) == ["a", "b", "c", "quiet"]
    assert outcomes.revenue.to_dict() == {"a": 3.5, "b": 7.0, "c": 0.0, "quiet": 0.0}
    assert outcomes.orders.to_dict() == {"a": 1, "b": 1, "c": 0, "quiet": 0}
    assert outcomes.active_days.to_dict() == {"a": 1, "b": 0, "c": 1, "quiet": 0}
    assert outcomes.attrs["days"] == 30


def test_the_cap_is_the_99th_percentile_of_the_30_days_before_as_of_over_the_same_customers(outcomes):
    assert outcomes.attrs["caps"]["revenue"] == pytest.approx(np.quantile([9, 0, 0, 0], 0.99))
    small = kpis.outcomes(tables(orders=ORDERS | {"amount": [0.1, *ORDERS["amount"][1:]]}), WINDOW, CUSTOMERS)
    assert small.revenue_capped.max() == pytest.approx(0.097) and small.revenue.max() == 7


def test_changing_what_came_later_does_not_move_the_cap():
    later = pd.DataFrame(ORDERS).assign(
        amount=lambda rows: np.where(pd.to_datetime(rows.ordered_at, format="mixed") >= WINDOW.as_of, 1e6, rows.amount)
    )
    caps = [kpis.outcomes(tables(orders=rows), WINDOW, CUSTOMERS).attrs["caps"] for rows in (pd.DataFrame(ORDERS), later)]
    assert caps[0] == caps[1] and caps[0]["revenue"] > 0


def test_every_segment_and_everyone_has_a_line_with_everybody_in_n(outcomes):
    found = kpis.by_segment(LABELS, outcomes, ["revenue", "aov", "retention", "engagement"], "GBP").set_index(["kpi", "segment"])
    assert found.value["revenue", "S1"] == 5.25 and found.value["revenue", "all"] == 2.625 and found.value["aov", "S1"] == 5.25
    assert found.value["retention", "S1"] == 1 and found.value["retention", "S2"] == 0.5 and (found.n.xs("S2", level=1) == 2).all()
    assert found.unit["revenue", "all"] == found.unit["revenue_capped", "S1"] == "GBP" and found.unit["retention", "S1"] == "share"
    assert found.index.get_level_values("kpi").unique().tolist() == ["revenue", "revenue_capped", "aov", "retention", "engagement"]
    assert (found.n.xs("all", level=1) == 4).all() and found.events["retention", "all"] == 3
    assert np.isnan(found.value["aov", "S2"])


def test_any_labels_will_do_and_their_order_does_not_matter(outcomes):
    names = ["revenue", "retention"]
    codes = pd.Series(["541", "111", "541", "000"], index=CUSTOMERS)
    assert list(kpis.by_segment(codes, outcomes, names).segment.unique()) == ["000", "111", "541", "all"]
    pd.testing.assert_frame_equal(
        kpis.by_segment(LABELS, outcomes, names), kpis.by_segment(LABELS.iloc[::-1], outcomes.iloc[[2, 0, 3, 1]], names)
    )


def test_without_an_outcome_window_tables_are_empty_and_keep_their_columns():
    closed = studies.Window(start="2025-01-01", as_of="2025-02-01", end="2025-02-01")
    for window in (closed, None):
        found = kpis.outcomes(tables(orders=ORDERS, events=EVENTS), window, CUSTOMERS)
        assert kpis.available(["orders", "events"], window) == [] and found.shape == (4, 0) and found.attrs == {"days": 0, "caps": {}}
    table = kpis.by_segment(LABELS, found, [])
    assert table.empty and list(table.columns) == ["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"]


def test_a_kpi_is_offered_only_where_its_table_is():
    assert kpis.available(["orders", "events"], WINDOW) == list(kpis.KPIS)
    assert kpis.available(["orders"], WINDOW) == ["revenue", "orders", "aov", "retention"]
    assert kpis.available(["events"], WINDOW) == ["retention", "engagement"]


def test_one_table_alone_gives_outcomes():
    assert list(kpis.outcomes(tables(events=EVENTS), WINDOW, CUSTOMERS).columns) == ["active_days"]
    assert list(kpis.outcomes(tables(orders=ORDERS), WINDOW, CUSTOMERS).columns) == ["revenue", "orders", "revenue_capped", "orders_capped"]


@pytest.mark.parametrize("name", kpis.KPIS)
def test_every_kpi_says_what_it_means_in_which_unit(name):
    kpi = kpis.KPIS[name]
    assert kpi.kind in ("mean", "ratio", "proportion") and kpi.needs in ("", "orders", "events")
    assert kpi.unit in ("currency", "orders", "share") and kpi.meaning.endswith(".") and "[" not in kpi.meaning
    assert name in studies.KPIS and set(studies.KPIS) == set(kpis.KPIS)


def test_hypotheses_are_tested_on_capped_money_and_plain_shares(outcomes):
    assert (kpis.one_value_per_customer("revenue", outcomes) == outcomes.revenue_capped).all()
    assert kpis.one_value_per_customer("retention", outcomes).tolist() == [1, 1, 1, 0]


def test_the_order_of_customers_changes_no_digit():
    rng = np.random.default_rng(1)
    outcomes = pd.DataFrame({"revenue": rng.lognormal(3, 2, 500), "orders": rng.integers(0, 5, 500) * 1.0})
    outcomes["revenue_capped"] = outcomes.revenue.clip(upper=100)
    found = {kpis.estimate(name, outcomes.sample(frac=1, random_state=seed)) for name in ("revenue_capped", "aov") for seed in range(8)}
    assert len(found) == 2
