"""Claims under every specification: exploration that is paid for, after the study's own look, and never a verdict."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_multiverse_exploring import CLUSTER_ON, blobs, explored
from test_verdicts_lock import MADE, SPEND, STAY

from segkit import errors, kpis, multiverse, store, verdicts
from segkit.multiverse import OwnChoices
from segkit.studies import Hypothesis

SPECS = multiverse.specifications(OwnChoices("standard", {}, 0.0, "kmeans", 4), ["kmeans", "ward"], 2, 8)


@pytest.fixture(autouse=True)
def home(ticking_home):
    return ticking_home


def a_lock(*hypotheses, horizon_days: int = 90, **made) -> verdicts.Lock:
    matrix = {"transforms": [], "winsorise": 0.0, "scaling": "standard", "weights": [], "indicate_missing": []}
    return verdicts.lock(matrix | MADE | made, horizon_days, list(hypotheses))


def test_every_specification_and_claim_counts_and_is_told_beforehand():
    lock = a_lock(STAY, SPEND)
    verdicts.open_window(lock, "demo", "draft")
    assert len(SPECS) == 72
    assert multiverse.price(lock, SPECS) == (2, 2 + 72 * 2)
    assert len(store.looks(lock.window)) == 1, "asking is free"
    assert multiverse.open_window(lock, SPECS, "demo", "2025-10-01-0123abcd") == (2, 146)
    look = store.looks(lock.window)[-1]
    assert (look["what"], look["run"], len(look["pairs"])) == ("multiverse", "2025-10-01-0123abcd", 144)


def test_later_verdicts_pay_and_what_was_declared_stays_declared():
    lock = a_lock(STAY, SPEND)
    verdicts.open_window(lock, "demo", "draft")
    multiverse.open_window(lock, SPECS, "demo", "draft")
    again = verdicts.open_window(lock, "demo", "draft")
    assert again.m == 146 and again.is_declared("stay") and again.is_declared("spend")
    picked = verdicts.open_window(a_lock(STAY, k=5), "demo", "draft")
    assert not picked.is_declared("stay"), "whoever picks a specification has an exploratory one"


def test_a_second_look_at_the_same_costs_nothing_more():
    lock = a_lock(STAY)
    verdicts.open_window(lock, "demo", "draft")
    assert multiverse.open_window(lock, SPECS, "demo", "draft") == (1, 73)
    assert multiverse.open_window(lock, SPECS, "demo", "draft") == (73, 73)
    assert multiverse.price(lock, SPECS.head(10)) == (73, 73)


def test_the_studys_own_look_comes_first(home):
    with pytest.raises(errors.BadInput) as refused:
        multiverse.open_window(a_lock(STAY), SPECS, "demo", "draft")
    assert refused.value.exit_code == 2 and refused.value.do == "run the study first" and not list(home.rglob("looks.jsonl"))
    verdicts.open_window(a_lock(SPEND), "demo", "draft")
    with pytest.raises(errors.BadInput, match="has not looked"):
        multiverse.price(a_lock(STAY, SPEND), SPECS)


@pytest.mark.parametrize(("lock", "said"), [(a_lock(STAY, horizon_days=0), "no outcome window"), (a_lock(), "no hypotheses")])
def test_without_an_outcome_or_a_claim_there_is_nothing_to_test(lock, said):
    with pytest.raises(errors.BadInput, match=said):
        multiverse.price(lock, SPECS)


CLAIMS = [
    Hypothesis(name="apart", kpi="retention", test="spread", at_least=0.2),
    Hypothesis(name="alike", kpi="retention", test="spread", at_least=0.99),
    Hypothesis(name="better", kpi="retention", test="beats_baseline", baseline="random"),
    Hypothesis(name="rfm", kpi="retention", test="beats_baseline", baseline="rfm"),
]


@pytest.fixture(scope="module")
def tested():
    """1,200 customers in three groups of whom 90, 50 and 10 % come back, under the 24 specifications with three segments."""
    features, own = blobs(1200)
    found = explored(features, own, k_min=3, k_max=3, fit_rows=300)
    share = own.map({"S1": 0.9, "S2": 0.5, "S3": 0.1}).to_numpy()
    orders = (np.random.default_rng(2).random(1200) < share).astype(float)
    outcomes = pd.DataFrame({"revenue": orders, "orders": orders, "usage_days": 0.0, "is_active": orders}, index=features.index)
    outcomes = outcomes.assign(revenue_capped=orders, orders_capped=orders)
    outcomes.attrs = {"days": 90, "caps": {"revenue": 1.0, "orders": 1.0}}
    return multiverse.claims(found, features, CLUSTER_ON, CLAIMS, kpis.Seen(outcomes), 7), found, features, outcomes


def test_claims_are_tested_on_everyone_under_every_specification(tested):
    rows, found, _, _ = tested
    assert len(rows) == 24 * 4 and (rows.n == 1200).all() and list(rows.specification.unique()) == list(found.specifications.specification)
    by_name = rows.groupby("name").would_say.agg(set)
    assert by_name["apart"] == {"supported"} and by_name["alike"] == {"refuted"} and by_name["better"] == {"supported"}
    assert by_name["rfm"] == {"undecided"} and (rows.reason[rows.name == "rfm"] != "").all()
    assert (
        rows[rows.name == "apart"].beyond.all()
        and not rows[rows.name == "alike"].beyond.any()
        and rows[rows.name == "rfm"].beyond.isna().all()
    )
    assert not {"p_holm", "p_adjusted", "verdict"} & set(rows.columns), "nothing here is a verdict"


def test_what_holds_is_a_share_of_specifications(tested):
    held = multiverse.claims_held(tested[0]).set_index("name")
    assert held.supported["apart"] == held.beyond["apart"] == 1 and held.refuted["alike"] == 1 and held.undecided["rfm"] == 1
    assert held.lowest["apart"] <= held["median"]["apart"] <= held.highest["apart"] and 0.7 < held["median"]["apart"] < 0.9
    assert np.isnan(held.beyond["rfm"]) and (held.specifications == 24).all()


def test_the_result_is_that_of_the_studys_own_tests(tested):
    rows, found, features, outcomes = tested
    from segkit import baselines
    from segkit.multiverse.exploring import everyone_by

    labels = everyone_by(found.fitted[5], features)
    known = features.join(outcomes.add_suffix("_after"))
    direct = verdicts.evaluate(CLAIMS[:3], labels, baselines.rivals(known, labels, 7, CLUSTER_ON), kpis.Seen(outcomes))
    own = rows[(rows.specification == found.specifications.specification[5]) & (rows.name != "rfm")]
    assert list(own.value) == list(direct.value) and list(own.p) == list(direct.p), "random groups are dealt out as the study deals them"


def test_what_makes_claims_undecidable_does_so_here(tested):
    _, found, features, outcomes = tested
    few = replace(found, specifications=found.specifications.head(1), fitted=found.fitted[:1])
    rows = multiverse.claims(few, features, CLUSTER_ON, CLAIMS[:1], kpis.Seen(outcomes), 7, missing=0.5)
    assert list(rows.would_say) == ["undecided"] and "lacks 50.0%" in rows.reason[0]


def test_a_claim_that_names_segments_is_left_out_since_others_bear_the_name(tested):
    _, found, features, outcomes = tested
    few = replace(found, specifications=found.specifications.head(1), fitted=found.fitted[:1])
    named = Hypothesis(name="named", kpi="retention", test="ordering", order=["S1", "S2", "S3"])
    assert list(multiverse.claims(few, features, CLUSTER_ON, [named, CLAIMS[0]], kpis.Seen(outcomes), 7).name) == ["apart"]


def test_no_claims_give_an_empty_table(tested):
    rows = multiverse.claims(tested[1], tested[2], CLUSTER_ON, [], kpis.Seen(pd.DataFrame(index=tested[2].index)), 7)
    assert rows.empty and list(rows.columns) == list(tested[0].columns) and multiverse.claims_held(rows).empty
