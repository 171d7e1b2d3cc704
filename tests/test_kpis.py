"""KPIs of a handful of customers by hand: everybody asked in the denominator, any labels, no digit by the order of rows."""

import numpy as np
import pandas as pd
import pytest

from segkit import kpis, studies
from segkit.kpis import intervals

NAN = np.nan
CUSTOMERS = pd.Index(["a", "b", "c", "d", "quiet"], name="customer_id")
LABELS = pd.Series(["S1", "S1", "S2", "S2", "S2"], index=CUSTOMERS, name="segment")
ALL = {  # one outcomes frame with every column there can be
    "revenue": [30.0, 0, 10, -4, 0],
    "margin": [12.0, 0, -2, -4, 0],
    "orders": [3.0, 0, 1, 0, 0],
    "usage_days": [20.0, 0, 4, 1, 0],
    "usage_days_of_month": [14.0, 0, 0, 7, 0],
    "features_tried": [5.0, 0, 1, 1, 0],
    "csat": [5.0, NAN, 2, NAN, NAN],
    "nps": [10.0, NAN, NAN, 3, NAN],
    "contacts": [1.0, 2, 0, 0, 1],
    "opened": [1.0, 1, 0, 0, 0],
    "clicked": [1.0, 0, 0, 0, 0],
    "converted": [1.0, 0, 0, 0, 0],
    "paid": [9.0, 0, 0, 0, 0],
    "cost": [1.0, 2, 0, 0, 1],
    "answered": [1.0, 0, 1, 1, 0],
    "is_active": [1.0, 0, 1, 1, 0],
    "was_active": [1.0, 1, 0, 1, 0],
    "came_late": [1.0, 0, 0, 1, 0],
    "last_day": [59.0, NAN, 3, 40, NAN],
    "revenue_before": [20.0, 5, 0, 8, -3],
    "is_lead": [0.0, 0, 1, 0, 1],
    "revenue_capped": [25.0, 0, 10, -4, 0],
    "margin_capped": [10.0, 0, -2, -4, 0],
    "orders_capped": [2.0, 0, 1, 0, 0],
}


@pytest.fixture
def outcomes() -> pd.DataFrame:
    found = pd.DataFrame(ALL, index=CUSTOMERS)
    found.attrs = {"days": 60, "caps": {"revenue": 25.0, "margin": 10.0, "orders": 2.0}}
    return found


@pytest.mark.parametrize(
    "name, value, n, events",
    [
        ("revenue", 36 / 5, 5, 3),
        ("revenue_capped", 31 / 5, 5, 3),
        ("margin", 6 / 5, 5, 3),  # money may be lost
        ("orders", 4 / 5, 5, 2),
        ("aov", 36 / 4, 5, 3),  # revenue over orders, and no mean of means
        ("aov_capped", 31 / 3, 5, 3),
        ("revenue_retention", (30 + 0 - 4) / (20 + 5 + 8), 3, 2),  # of who spent before: a, b and d
        ("gross_retention", 20 / 33, 3, 1),  # a counts what they spent before, d's return counts as nothing
        ("retention", 3 / 5, 5, 3),
        ("churn", 1 / 3, 3, 1),  # b, of a, b and d who were active
        ("staying_on", 2 / 5, 5, 2),
        ("engagement", 1 / 5, 5, 1),  # 9 of 60 days are one a week
        ("usage_days", 5, 5, 3),
        ("features_tried", 7 / 5, 5, 3),
        ("stickiness", (0.5 + 0.25) / 2, 5, 2),
        ("conversion", 1 / 3, 3, 1),
        ("lead_to_customer", 1 / 2, 2, 1),
        ("csat", 1 / 2, 2, 1),
        ("nps", 0, 2, 1),
        ("answered", 3 / 5, 5, 3),
    ],
)
def test_each_kpi_by_hand(outcomes, name, value, n, events):
    found = kpis.estimate(name, outcomes)
    assert (found.value, found.n, found.events) == (pytest.approx(value), n, events)


def test_every_segment_and_everyone_has_a_line_with_everybody_in_n(outcomes):
    found = kpis.by_segment(LABELS, outcomes, ["revenue", "aov", "retention", "revenue_share"], "GBP")
    assert found.segment.tolist() == ["S1", "S2", "all"] * 5 + ["S1", "S2"], "a share of the total has no line for all"
    assert found.kpi.unique().tolist() == ["revenue", "revenue_capped", "aov", "aov_capped", "retention", "revenue_share"]
    found = found.set_index(["kpi", "segment"])
    assert found.value["revenue", "S1"] == 15 and found.value["revenue_capped", "all"] == 6.2 and found.value["aov", "S1"] == 10
    assert found.value["retention", "S1"] == 0.5 and found.value["retention", "S2"] == 2 / 3 and found.events["retention", "all"] == 3
    assert (found.n.xs("S2", level=1)[:5] == 3).all() and (found.n.xs("all", level=1) == 5).all()
    assert found.unit["revenue", "all"] == found.unit["revenue_capped", "S1"] == "GBP" and found.unit["retention", "S1"] == "share"


def test_shares_of_revenue_are_of_all_customers_and_add_up(outcomes):
    found = kpis.estimates("revenue_share", LABELS, outcomes)
    assert found["S1"].value == 30 / 36 and found["S2"].value == pytest.approx(6 / 36) and found["S1"].n == 5
    without = outcomes.assign(revenue=outcomes.revenue.clip(lower=0))
    assert sum(each.value for each in kpis.estimates("revenue_share", LABELS, without).values()) == pytest.approx(1)


@pytest.mark.parametrize("name", kpis.KPIS)
def test_lines_of_segments_are_what_each_segment_says_alone(outcomes, name):
    if kpis.KPIS[name].kind != "share":
        alone = {segment: kpis.estimate(name, outcomes.loc[members.index]) for segment, members in LABELS.groupby(LABELS)}
        assert repr(kpis.estimates(name, LABELS, outcomes)) == repr(alone)


def test_any_labels_will_do_and_their_order_does_not_matter(outcomes):
    names = list(kpis.KPIS)
    codes = pd.Series(["541", "111", "541", "000", "111"], index=CUSTOMERS)
    assert list(kpis.by_segment(codes, outcomes, ["revenue"]).segment.unique()) == ["000", "111", "541", "all"]
    ten = pd.Series(["S10", "S9", "S1", "S2", "S10"], index=CUSTOMERS)
    assert list(kpis.by_segment(ten, outcomes, ["retention"]).segment) == ["S1", "S2", "S9", "S10", "all"]
    shuffled = outcomes.iloc[[2, 0, 4, 3, 1]]
    pd.testing.assert_frame_equal(
        kpis.by_segment(LABELS, outcomes, names), kpis.by_segment(LABELS[::-1], shuffled, names), check_exact=True
    )


def test_who_is_not_assigned_is_in_no_number(outcomes):
    some = LABELS.drop(["d", "quiet"])
    found = kpis.by_segment(some, outcomes, ["revenue", "revenue_share"]).set_index(["kpi", "segment"])
    assert found.n["revenue", "all"] == 3 and found.value["revenue", "S2"] == 10 and found.value["revenue_share", "S2"] == 0.25


def test_a_segment_of_which_nobody_or_one_is_asked_has_no_interval_made_up(outcomes):
    alone = pd.Series(["S1", "S2", "S3", "S4", "S5"], index=CUSTOMERS)
    found = kpis.by_segment(alone, outcomes, list(kpis.KPIS)).set_index(["kpi", "segment"])
    assert found.n["churn", "S3"] == found.n["csat", "S2"] == found.n["revenue_retention", "S3"] == 0
    assert (
        found.loc[[("churn", "S3"), ("csat", "S2"), ("nps", "S2"), ("revenue_retention", "S3")], ["value", "low", "high"]]
        .isna()
        .all(axis=None)
    )
    one = found.xs("S1", level=1)
    assert (
        one.value["revenue"] == 30 and np.isnan([one.low["revenue"], one.se["revenue"], one.low["aov"], one.low["revenue_retention"]]).all()
    )
    assert one.value["retention"] == 1 and one.low["retention"] == pytest.approx(0.2065, abs=1e-4), "Wilson's, of one"


def test_a_kpi_is_offered_where_its_columns_are(outcomes):
    assert kpis.available(outcomes) == list(kpis.KPIS) and kpis.available(outcomes[[]]) == []
    assert kpis.available(outcomes[["csat", "answered"]]) == ["csat", "answered"]
    bought = ["revenue", "orders", "is_active", "was_active", "revenue_before", "is_lead"]
    told = ["revenue", "orders", "revenue_share", "aov", "revenue_retention", "gross_retention", "retention", "churn", "lead_to_customer"]
    assert kpis.available(outcomes[bought]) == told
    table = kpis.by_segment(LABELS, outcomes[[]], [])
    assert table.empty and list(table.columns) == ["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"]


@pytest.mark.parametrize("name", kpis.KPIS)
def test_every_kpi_says_what_it_means_in_which_unit(name):
    kpi = kpis.KPIS[name]
    assert kpi.kind in ("mean", "ratio", "proportion", "nps", "share") and kpi.needs and kpi.source
    assert (
        kpi.unit in ("currency", "orders", "share", "days", "features", "contacts") and kpi.meaning.endswith(".") and "[" not in kpi.meaning
    )
    assert set(kpi.needs) <= set(ALL) and (not kpi.capped or {f"{column}_capped" for column in kpi.needs} <= set(ALL))


def test_a_study_may_claim_of_every_kpi_but_a_share_of_the_total_and_what_the_firm_does_itself():
    assert set(studies.KPIS) == {name for name, kpi in kpis.KPIS.items() if kpi.kind != "share"} - {"delivered"}


def test_hypotheses_are_tested_on_capped_money_and_plain_shares(outcomes):
    assert (kpis.one_value_per_customer("revenue", outcomes) == outcomes.revenue_capped).all()
    assert kpis.one_value_per_customer("retention", outcomes).tolist() == [1, 0, 1, 1, 0]
    assert np.array_equal(kpis.one_value_per_customer("churn", outcomes), [0, 1, NAN, 0, NAN], equal_nan=True)


@pytest.mark.parametrize("name", [each for each, kpi in kpis.KPIS.items() if kpi.kind != "share"])
def test_the_order_of_customers_changes_no_digit(name):
    rng = np.random.default_rng(1)
    found = pd.DataFrame({column: rng.choice(values, 700) for column, values in ALL.items()})
    money = ["revenue", "margin", "revenue_before", "paid", "cost", "revenue_capped", "margin_capped"]
    found[money] = rng.lognormal(3, 2, (700, len(money))).round(2)
    found.attrs = {"days": 60}
    orders = [found.sample(frac=1, random_state=seed) for seed in range(5)]
    shown = [name, f"{name}_capped"] if kpis.KPIS[name].capped else [name]
    assert all(len({kpis.estimate(each, rows) for rows in orders}) == 1 for each in shown)
    labels = pd.Series(rng.choice(["S1", "S2"], 700))
    assert len({repr(kpis.estimates(name, labels.loc[rows.index], rows)) for rows in orders}) == 1


def test_a_mean_is_the_mean_of_intervals(outcomes):
    assert kpis.estimate("revenue", outcomes) == intervals.mean(np.sort(outcomes.revenue))
    assert kpis.estimate("nps", outcomes) == intervals.net_promoters([10, 3])
