"""From hypotheses to verdicts: what cannot be decided says why, and what was not declared supports nothing."""

import json

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import kpis, studies, verdicts
from segkit.studies import Hypothesis
from segkit.verdicts import tests

CLAIM = ["kpi", "test", "at_least", "baseline", "top", "order", "campaign", "segment"]
COLUMNS = ["name", *CLAIM, "value", "low", "high", "n", "p_supported", "p_refuted", "p", "p_holm", "reason"]
MATRIX = {"transforms": [], "winsorise": 0.0, "scaling": "standard", "weights": [], "indicate_missing": []}
MADE = {
    "dataset": "d",
    "as_of": "2025-02-01",
    "cluster_on": ["spend"],
    "method": "kmeans",
    "k": 2,
    "seed": 7,
    "max_fit_rows": 5000,
} | MATRIX


def world(n: int = 1200, high: float = 0.9, low: float = 0.3):
    """Two segments with different retention and revenue; labels, baselines, outcomes."""
    rng = np.random.default_rng(1)
    index = pd.Index([f"c{i:05d}" for i in range(n)], name="customer_id")
    labels = pd.Series(np.where(np.arange(n) % 2, "S1", "S2"), index=index, name="segment")
    stayed = rng.random(n) < np.where(labels == "S1", high, low)
    revenue = stayed * rng.gamma(2, np.where(labels == "S1", 50, 10))
    outcomes = pd.DataFrame(
        {"revenue": revenue, "orders": stayed * 1.0, "revenue_capped": np.minimum(revenue, 300), "orders_capped": stayed * 1.0}, index=index
    ).assign(is_active=stayed * 1.0)
    outcomes.attrs = {"days": 90, "caps": {}}
    rivals = {"rfm": pd.Series("111", index=index), "random": labels.sample(frac=1, random_state=1).set_axis(index)}
    return labels, rivals, kpis.Seen(outcomes)


def claim(name="stay", kpi="retention", test="spread", **more) -> Hypothesis:
    return Hypothesis(name=name, kpi=kpi, test=test, **more)


CLAIMS = [
    claim(at_least=0.1),
    claim("too-much", at_least=0.9),
    claim("beats", "revenue", "beats_baseline", baseline="rfm"),
    claim("baskets", "aov", at_least=1),
]


def evaluated(hypotheses=CLAIMS, n=1200, missing=0.0):
    return verdicts.evaluate(hypotheses, *world(n), missing=missing).set_index("name")


def test_each_hypothesis_has_one_line_with_both_sides_and_holm_over_the_list():
    found = evaluated()
    assert ["name", *found.columns] == COLUMNS and list(found.index) == [each.name for each in CLAIMS]
    assert (found.n == 1200).all() and (found.reason == "").all()
    assert found.value["stay"] == pytest.approx(0.6, abs=0.05) and found.p_supported["stay"] < 1e-6 and found.p_refuted["too-much"] < 1e-6
    assert np.allclose(found.p, np.minimum(1, 2 * np.minimum(found.p_supported, found.p_refuted)))
    assert np.allclose(found.p_holm, tests.holm(list(found.p), 4)) and (found.p_holm >= found.p).all()


def test_no_hypothesis_is_an_empty_table_with_all_columns():
    assert list(verdicts.evaluate([], *world(60)).columns) == COLUMNS and verdicts.evaluate([], *world(60)).empty


@pytest.mark.parametrize(
    ("n", "name", "reason"),
    [
        (60, "stay", "S1: 30 customers, a proportion needs 50; S2: 30 customers, a proportion needs 50"),
        (998, "beats", "998 customers, beats_baseline needs 1,000"),
        (60, "baskets", "S1: 30 customers, a ratio needs 200; S2: 30 customers, a ratio needs 200"),
    ],
)
def test_too_few_customers_stay_undecided_and_say_why(n, name, reason):
    line = evaluated(n=n).loc[name]
    assert line.reason == reason and np.isnan(line.p) and np.isnan(line.p_holm) and not np.isnan(line.value)


def test_a_baseline_of_a_thousand_customers_is_enough():
    assert evaluated(n=1000).reason["beats"] == "" and evaluated(n=1000).p["beats"] < 0.001


def test_a_customer_table_that_lost_people_decides_nothing():
    assert (evaluated(missing=0.01).reason == "").all()
    lost = evaluated(missing=0.011)
    assert set(lost.reason) == {"the customer table lacks 1.1% of the ids seen before as_of"} and lost.p.isna().all()


def test_segments_that_rest_on_attributes_without_a_date_decide_nothing():
    found = verdicts.evaluate(CLAIMS, *world(), undated=["income", "yummy"])
    assert found.p.isna().all() and found.value.notna().all()
    assert set(found.reason) == {
        "the segments rest on attributes of which nobody recorded when they were known, perhaps after as_of: income, yummy"
    }


def test_a_table_that_is_not_there_is_the_reason():
    labels, baselines, seen = world()
    found = verdicts.evaluate(
        [claim(kpi="engagement"), claim("b", "retention", "beats_baseline", baseline="rfm")], labels, {}, seen
    ).set_index("name")
    assert found.reason.to_dict() == {"stay": "engagement needs events", "b": "the baseline rfm needs the table orders"}
    assert found[["value", "p"]].isna().all(axis=None)


def test_the_order_of_customers_changes_nothing():
    labels, baselines, seen = world()
    shuffled = labels.sample(frac=1, random_state=3)
    moved = seen.after.loc[shuffled.index]
    moved.attrs = seen.after.attrs
    here, there = (verdicts.evaluate(CLAIMS, *each) for each in ((labels, baselines, seen), (shuffled, baselines, kpis.Seen(moved))))
    pd.testing.assert_frame_equal(here, there, rtol=1e-9)


def test_explained_compares_segments_with_plain_labels_on_every_kpi_but_ratios():
    labels, baselines, (outcomes, *_) = world()
    found = verdicts.explained({"segments": labels, **baselines}, outcomes, ["revenue", "aov", "retention"])
    assert list(found.columns) == ["segmentation", "kpi", "value", "low", "high", "n", "cells"]
    wide = found.pivot(index="segmentation", columns="kpi", values="value")
    assert list(wide.columns) == ["retention", "revenue"] and (wide.loc["segments"] > 0.1).all() and (wide.loc["random"].abs() < 0.02).all()
    assert found.cells[found.segmentation == "segments"].eq(2).all() and (found.n == 1200).all()
    assert list(verdicts.explained({"segments": labels}, outcomes, []).columns) == list(found.columns)


def looks(hypotheses=CLAIMS, earlier=()):
    """A window opened by these hypotheses, after earlier looks (lists of hypotheses)."""
    now = verdicts.lock(MADE, 90, hypotheses)
    so_far = [*(verdicts.lock(MADE, 90, list(each)) for each in earlier), now]
    lines = tuple(
        {"when": "2025-06-01T00:00:00Z", "study": "s", "run": "r", "lock": each.sha256, "pairs": sorted(each.pairs.values())}
        for each in so_far
    )
    return verdicts.Looks(lines, now)


def test_what_was_declared_is_judged_by_the_side_that_is_rejected():
    judged = verdicts.judge(evaluated().reset_index(), looks()).set_index("name")
    assert judged.verdict.to_dict() == {"stay": "supported", "too-much": "refuted", "beats": "supported", "baskets": "supported"}
    assert set(judged.status) == {"declared"} and np.allclose(judged.p_adjusted, judged.p_holm)


def test_every_distinct_earlier_test_of_the_window_makes_the_verdict_harder():
    others = [claim(f"other-{i}", at_least=i / 100) for i in range(1, 9)]
    results = evaluated().reset_index()
    alone, later = looks(), looks(earlier=[CLAIMS, others[:4], others])
    assert (alone.m, later.m) == (4, 12)
    judged = verdicts.judge(results, later)
    assert np.allclose(judged.p_adjusted, tests.holm(list(results.p), 12)) and (judged.p_adjusted >= results.p_holm - 1e-15).all()
    borderline = results.assign(p=0.01, p_supported=0.005, p_refuted=0.995)
    assert set(verdicts.judge(borderline, alone).verdict) == {"supported"} and set(verdicts.judge(borderline, later).verdict) == {
        "undecided"
    }


def test_what_the_first_look_did_not_declare_is_exploratory_and_supports_nothing():
    judged = verdicts.judge(evaluated().reset_index(), looks(earlier=[CLAIMS[1:]])).set_index("name")
    assert judged.status.to_dict() == {"stay": "exploratory", "too-much": "declared", "beats": "declared", "baskets": "declared"}
    assert (
        judged.verdict["stay"] == "undecided" and judged.reason["stay"].endswith("exploratory") and judged.verdict["beats"] == "supported"
    )


def test_another_name_for_the_same_claim_is_the_same_test_and_another_cut_is_not():
    renamed = [claim("another-name", at_least=0.1), *CLAIMS[1:]]
    assert looks(renamed, earlier=[CLAIMS]).m == 4 and looks(renamed, earlier=[CLAIMS]).is_declared("another-name")
    other_cut = verdicts.lock(MADE | {"k": 3}, 90, CLAIMS)
    assert not set(other_cut.pairs.values()) & set(looks().lock.pairs.values()) and other_cut.sha256 != looks().lock.sha256


def test_no_hypothesis_is_judged_without_complaint():
    judged = verdicts.judge(verdicts.evaluate([], *world(60)), looks([]))
    assert judged.empty and {"p_adjusted", "status", "verdict"} <= set(judged.columns)


def test_missing_customers_are_counted_among_the_ids_seen_before_as_of():
    orders = {"customer_id": ["a", "b", "c", "d", "late"], "amount": [1.0] * 5, "ordered_at": ["2025-01-01"] * 4 + ["2025-02-01"]}
    as_of = pd.Timestamp("2025-02-01").to_pydatetime()
    assert verdicts.missing_customers(tables(orders=orders, customers={"customer_id": ["a", "b", "c"]}), as_of) == 0.25
    assert verdicts.missing_customers(tables(orders=orders, customers={"customer_id": list("abcd")}), as_of) == 0
    assert verdicts.missing_customers(tables(orders=orders), as_of) == 0


@pytest.mark.parametrize(("t1", "sizes"), [(3.5, [700, 500]), (np.nan, [1198, np.nan])])
def test_the_record_is_json_without_holes_also_when_nothing_could_be_tested_or_a_size_is_hidden(t1, sizes):
    structure = pd.DataFrame(
        {"verdict": ["none"], "best_k": [1], "t1": [t1], "t1_threshold": [t1], "t2": [t1], "t2_threshold": [t1], "n": [1000]}
    )
    judged = verdicts.judge(evaluated(n=60).reset_index(), looks())
    record = verdicts.record("s", "r", structure, pd.DataFrame({"segment": ["S1", "S2"], "n": sizes}), judged, looks())
    said = json.loads(json.dumps(record, allow_nan=False))
    assert said["structure"]["t1"] == (None if np.isnan(t1) else 3.5) and said["m"] == 4 and len(said["hypotheses"]) == 4
    assert said["segmentation"]["sizes"]["S2"] == (None if np.isnan(sizes[1]) else 500) and said["hypotheses"][0]["p"] is None
    assert set(said) == {"study", "run", "window", "structure", "segmentation", "lock", "m", "looks", "hypotheses"}


def test_every_kpi_can_be_tested_or_says_why_not():
    names = [name for name in kpis.KPIS if name in studies.KPIS]
    found = verdicts.evaluate([claim(name, kpi=name) for name in names], *world()).set_index("name")
    known = {"revenue", "orders", "aov", "retention"}
    assert {name for name in names if not found.reason[name]} == known
    assert all(found.reason[name] == f"{name} needs {kpis.KPIS[name].source}" for name in names if name not in known)
