"""The knock-outs: what is measured is judged, what is not known is never passed, and what differs is found as often as it may be."""

import re

import numpy as np
import pandas as pd
import pytest

from segkit import kpis, privacy, targets
from segkit.errors import BadInput
from segkit.kpis import intervals
from segkit.targets.differing import beside, critical

SIZES = pd.DataFrame({"segment": ["S1", "S2", "S10"], "n": [600, 380, 20], "share": [0.6, 0.38, 0.02], "spend_share": [0.3, 0.695, 0.005]})
REACH = pd.DataFrame(
    {
        "segment": ["S1", "S2", "S10"] * 2,
        "measure": ["variables_known"] * 3 + ["contactable"] * 3,
        "unit": "share",
        "value": [0.9, 0.8, 1.0, 0.7, 0.4, 0.5],
        "n": [600, 380, 20] * 2,
        "n_yes": [540, 304, 20, 350, 120, 6],
        "n_no": [60, 76, 0, 150, 180, 6],
    }
)
RULES = pd.DataFrame({"segment": ["S1", "S2", "S10"], "precision": [0.8, 0.55, np.nan], "recall": [0.7, 0.9, np.nan]}).assign(
    precision_low=0.5, precision_high=0.9, recall_low=0.5, recall_high=0.95
)
STABILITY = pd.DataFrame({"segment": ["S1", "S2", "S10"], "mean": [0.75, 0.74, 0.4], "low": 0.6, "high": 0.9})
KPIS = pd.DataFrame({"segment": ["all", "S1", "S2", "S10"], "kpi": "retention", "unit": "share", "value": [0.4, 0.5, 0.05, np.nan]})


def differences() -> pd.DataFrame:
    rows = pd.DataFrame({"segment": ["S1", "S2", "S10"], "kpi": "retention", "unit": "share", "value": [0.1, -0.02, np.nan]})
    return rows.assign(
        n=SIZES.n, low=[0.04, -0.09, np.nan], high=[0.16, 0.05, np.nan], reason=["", "", "its own: 20 customers, a proportion needs 50"]
    )


def judged(**also) -> pd.DataFrame:
    tables = dict(reach=REACH, rules=RULES, differences=differences(), stability=STABILITY, levers={"S1": "price"})
    return targets.gates(SIZES, **(tables | {"experiments": targets.affordable(KPIS, "retention", REACH, 0.15)} | also))


def passed(rows: pd.DataFrame, measure: str) -> list:
    return [None if pd.isna(each) else bool(each) for each in rows.passes[rows.measure == measure]]


def test_every_segment_has_every_measure_and_each_criterion():
    rows = judged()
    assert list(rows.segment.unique()) == ["S1", "S2", "S10"] and rows.groupby("segment").measure.apply(list).map(len).eq(10).all()
    assert list(rows.criterion.unique()) == ["measurable", "substantial", "accessible", "differentiable", "actionable"]
    assert rows.why.str.endswith(".").all() and rows.passes.dtype == "boolean"


@pytest.mark.parametrize(
    "measure, wanted",
    [
        ("variables_known", [True, False, True]),
        ("customers", [True, True, False]),  # 30, which is more than 1 % of 1,000
        ("spend_share", [True, True, False]),
        ("contactable", [True, False, True]),
        ("rule_precision", [True, False, None]),
        ("rule_recall", [True, True, None]),
        ("differs", [True, False, None]),
        ("stability", [True, False, False]),
        ("lever", [True, False, False]),
        ("experiment", [False, False, None]),
    ],
)
def test_each_measure_passes_where_it_reaches_what_it_needs(measure, wanted):
    assert passed(judged(), measure) == wanted


def test_thresholds_can_be_stated():
    rows = judged(contactable=0.4, customers=400, jaccard=0.74, variables_known=0.95)
    assert passed(rows, "contactable") == [True, True, True] and passed(rows, "customers") == [True, False, False]
    assert passed(rows, "stability") == [True, True, False] and passed(rows, "variables_known") == [False, False, True]
    experiment = judged(experiments=targets.affordable(KPIS, "retention", REACH, 0.25))
    assert passed(experiment, "experiment") == [True, True, None]
    assert experiment.value[experiment.measure == "experiment"].tolist()[:2] == [350, 120]


def test_what_is_not_known_is_neither_passed_nor_failed():
    rows = targets.gates(SIZES.drop(columns="spend_share"))
    assert passed(rows, "customers") == [True, True, False]
    others = rows[rows.measure != "customers"]
    assert others.passes.isna().all() and others.why.str.contains("there are no orders|nobody recorded|names no lever|not ").any()
    hidden = privacy.hide_small_cells(SIZES, ["share", "spend_share"], 25, within=[])
    rows = targets.gates(hidden, stability=privacy.hide_small_cells(STABILITY.assign(n=SIZES.n), ["mean", "low", "high"], 25, within=[]))
    assert passed(rows, "customers") == [True, None, None] and passed(rows, "stability") == [True, None, None]
    assert rows.why[(rows.measure == "stability") & (rows.segment == "S2")].iloc[0].endswith("too few customers to show.")
    assert rows.needed[rows.measure == "customers"].eq(30).all(), "of how many customers 1 % is needed is known from those shown"


def test_the_sentences_say_the_number_and_what_it_needs():
    why = judged().set_index(["segment", "measure"]).why
    assert why["S2", "contactable"] == "Customers who may be contacted, of those of whom it is known: 40.0 %; needed: 50.0 %."
    assert why["S10", "customers"] == "Customers: 20; needed: 30."
    assert why["S1", "differs"] == "Retention after as_of, less that of all other customers: +10.0 percentage points (+4.0 to +16.0)."
    assert why["S2", "differs"].endswith("-2.0 percentage points (-9.0 to +5.0); needed: an interval without 0.")
    assert why["S10", "differs"].endswith("its own: 20 customers, a proportion needs 50.")
    assert "in two arms, to show a lift of +15.0 percentage points" in why["S1", "experiment"] and why["S1", "lever"] == "Lever: price."


def test_where_each_segment_stands():
    rows = judged(experiments=targets.affordable(KPIS, "retention", REACH, 0.25))
    found = targets.standing(rows).set_index("segment")
    assert found.standing.to_dict() == {"S1": "in", "S2": "out", "S10": "out"}
    assert found.failed["S2"].startswith("variables known, contactable") and "differs" in found.unknown["S10"]
    assert targets.standing(judged(rules=None)[:10]).standing.to_list() == ["out"]
    assert targets.standing(rows[rows.segment == "S1"].assign(passes=pd.array([True] * 9 + [None]))).standing.to_list() == ["open"]


def test_small_cells_of_the_gates_can_be_hidden():
    rows = judged()
    rows.loc[rows.measure == "contactable", "n_no"] = [3, 180, 6]
    hidden = privacy.hide_small_cells(rows, targets.SPOKEN, 5, n=["n", "n_yes", "n_no"], within=["measure"], part="segment")
    gone = hidden[hidden.why.isna()]
    assert gone.measure.unique().tolist() == ["contactable"] and "S1" in set(gone.segment) and len(gone) >= 2
    assert passed(hidden, "contactable") == [True, False, True]


def test_what_the_sizes_hide_is_judged_and_can_be_hidden_again():
    labels = pd.Series(np.repeat(["S1", "S2", "S3"], [300, 60, 3]))
    after = outcomes(np.arange(363) % 3 == 0, labels.index)
    features = pd.DataFrame({"x": 1.0}, index=labels.index)
    sizes = pd.DataFrame({"segment": ["S1", "S2", "S3"], "n": [300, 60, 3], "share": [300 / 363, 60 / 363, 3 / 363]})
    sizes = privacy.hide_small_cells(sizes, ["share"], 5, within=[])
    rows = targets.gates(sizes, targets.reach(features, labels, ["x"]), differences=targets.differing(labels, after, "retention"))
    assert passed(rows, "customers") == [True, True, False] and rows.n[rows.segment == "S3"].eq(3).all()
    assert rows.value[(rows.measure == "differs") & (rows.segment == "S3")].isna().all()
    hidden = privacy.hide_small_cells(rows, targets.SPOKEN, 5, n=["n", "n_yes", "n_no"], within=["measure"], part="segment")
    gone = hidden[hidden.segment == "S3"]
    assert gone.n.isna().all() and gone.why.isna().all() and gone.value.isna().all() and gone.passes.notna().sum() == 2


def test_who_can_be_placed_and_who_may_be_contacted():
    labels = pd.Series(["S1", "S1", "S2", "S2", None], index=list("abcde"))
    features = pd.DataFrame({"x": [1.0, np.nan, 1, 1, 1], "y": 1.0, "z": np.nan}, index=list("abcde"))
    consent = pd.Series([True, False, None, True], index=list("abcf"))
    found = targets.reach(features, labels, ["x", "y"], consent).set_index(["measure", "segment"])
    assert found.value.to_dict() == {
        ("variables_known", "S1"): 0.5,
        ("variables_known", "S2"): 1.0,
        ("contactable", "S1"): 0.5,
        ("contactable", "S2"): pytest.approx(np.nan, nan_ok=True),
    }
    assert found.n.to_list() == [2, 2, 2, 2] and found.n_yes.to_list() == [1, 2, 1, 0] and found.n_no.to_list() == [1, 0, 1, 0]
    for nothing in (None, pd.Series([None] * 5, index=list("abcde"))):
        assert set(targets.reach(features, labels, ["x"], nothing).measure) == {"variables_known"}


def test_a_difference_of_shares_is_newcombes():
    one, other = (intervals.proportion(np.repeat([1, 0], [yes, no])) for yes, no in ((56, 14), (48, 32)))
    found = beside(one, other, "proportion", intervals.Z, "")  # Newcombe (1998), example a, method 10: .0524 to .3339
    assert (found["value"], found["low"], found["high"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def outcomes(stays: np.ndarray, index) -> pd.DataFrame:
    found = pd.DataFrame({"is_active": np.asarray(stays, dtype=float), "orders": np.asarray(stays, dtype=float)}, index=index)
    found.attrs = {"days": 90, "caps": {}}
    return found


def test_two_segments_are_one_comparison_and_what_else_was_tried_counts():
    rng = np.random.default_rng(1)
    labels = pd.Series(np.repeat(["S1", "S2"], [300, 500]))
    after = outcomes(rng.random(800) < 0.4, labels.index)
    found = targets.differing(labels, after, "retention")
    want = intervals.difference(*(intervals.proportion(after.is_active[labels == name]) for name in ("S1", "S2")))
    assert found.loc[0, ["value", "low", "high"]].to_list() == pytest.approx(list(want)[:3])
    assert found.loc[1, ["value", "low", "high"]].to_list() == pytest.approx([-want.value, -want.high, -want.low])
    assert found.n.to_list() == [300, 500] and found.n_others.to_list() == [500, 300] and found.unit.eq("share").all()
    wider = targets.differing(labels, after, "retention", also_tested=20)
    assert (wider.high - wider.low > 1.4 * (found.high - found.low)).all()
    shuffled = after.sample(frac=1, random_state=1)
    shuffled.attrs = after.attrs
    pd.testing.assert_frame_equal(targets.differing(labels.sample(frac=1, random_state=2), shuffled, "retention"), found, check_exact=True)


def test_what_cannot_be_decided_has_no_interval():
    labels = pd.Series(np.repeat(["S1", "S2"], [40, 500]))
    after = outcomes(np.arange(540) % 2, labels.index)
    assert targets.differing(labels, after, "retention").reason.str.contains("40 customers, a proportion needs 50").all()
    assert targets.differing(labels, after, "retention", unfit="people are missing").reason.eq("people are missing").all()
    assert targets.differing(labels[40:], after[40:], "retention").reason.to_list() == ["it is everyone"]
    empty = pd.DataFrame(index=labels.index)
    assert targets.differing(labels, empty, "retention").reason.eq("there is no outcome window").all()
    assert "do not say aov" in targets.differing(labels, after, "aov").reason[0]
    for rows in (targets.differing(labels, after, "retention"), targets.differing(labels, empty, "retention")):
        assert rows[["low", "high"]].isna().all(axis=None)
    with pytest.raises(BadInput, match="no KPI 'retentoin'"):
        targets.differing(labels, after, "retentoin")


def test_segments_that_do_not_differ_are_rarely_found_to():
    rng, found, sizes = np.random.default_rng(5), {critical(6, 0): 0, intervals.Z: 0}, [60, 80, 100, 150, 200, 210]
    cut = np.repeat(np.arange(6), sizes)
    for _ in range(300):
        stays = (rng.random(800) < 0.4).astype(float)
        sides = [[intervals.proportion(stays[(cut == s) == inside]) for inside in (True, False)] for s in range(6)]
        for z in found:
            limits = [beside(*both, "proportion", z, "") for both in sides]
            found[z] += any(each["low"] > 0 or each["high"] < 0 for each in limits)
    together, each_alone = found.values()
    assert together <= 26 and each_alone > 50, "5 % and three standard errors; about a quarter, where each has its own 5 %"


def test_capped_money_is_compared_and_its_name_says_so():
    rng = np.random.default_rng(3)
    labels = pd.Series(np.repeat(["S1", "S2", "S3"], 200))
    after = pd.DataFrame({"revenue": rng.lognormal(2, 1, 600) * np.repeat([1, 1, 3], 200)})
    after["revenue_capped"], after.attrs = after.revenue.clip(upper=60), {"days": 90, "caps": {"revenue": 60.0}}
    found = targets.differing(labels, after, "revenue", currency="GBP").set_index("segment")
    assert found.kpi.eq("revenue_capped").all() and found.unit.eq("GBP").all() and found.low["S3"] > 0 > found.high["S1"]
    mean = kpis.estimate("revenue_capped", after[labels == "S3"]).value - kpis.estimate("revenue_capped", after[labels != "S3"]).value
    assert found.value["S3"] == pytest.approx(mean)
    rows = targets.gates(SIZES.assign(segment=["S1", "S2", "S3"]), differences=found.reset_index())
    assert passed(rows, "differs") == [True, True, True], "less than the others is a difference, too"
    why = rows.set_index(["segment", "measure"]).why
    assert re.fullmatch(r"Revenue capped after as_of, .*: \+\d+\.\d\d GBP \(\+\d+\.\d\d to \+\d+\.\d\d\)\.", why["S3", "differs"])
    after.attrs = {"days": 90, "caps": {"revenue": 0.0}}
    assert "its cap is 0" in targets.differing(labels, after, "revenue").reason[0]
