"""From a hypothesis and what was seen to its test: each kind of claim on a world in which the answer is known, and all that makes one impossible."""

import numpy as np
import pandas as pd
import pytest

from segkit import kpis, verdicts
from segkit.studies import Hypothesis

N = 3000
INDEX = pd.Index([f"c{at:05d}" for at in range(N)], name="customer_id")
LABELS = pd.Series(np.repeat(["S1", "S2", "S3"], N // 3), index=INDEX)


@pytest.fixture(scope="module")
def seen():
    """S2 spends most, before and after, then S1, then S3; S3's spending rises; the e-mail moves S1 by 20 points and nobody else."""
    rng = np.random.default_rng(5)
    level = LABELS.map({"S1": 40.0, "S2": 90.0, "S3": 10.0}).to_numpy()

    def outcomes():
        revenue = rng.gamma(2, level / 2)
        frame = pd.DataFrame({"revenue": revenue, "revenue_capped": revenue.clip(max=300)}, index=INDEX)
        frame.attrs = {"days": 90, "caps": {"revenue": 300.0}}
        return frame

    periods = pd.DataFrame(rng.gamma(2, 5, (N, 3)), index=INDEX) + np.outer(LABELS == "S3", [0, 3, 6])
    treated = rng.random(N) < 0.5
    rate = 0.2 + 0.2 * (treated & (LABELS == "S1").to_numpy())
    arms = pd.DataFrame({"customer_id": INDEX, "campaign": "mail", "treated": treated, "converted": (rng.random(N) < rate) * 1.0})
    return kpis.Seen(outcomes(), outcomes(), arms, {"revenue": periods})


def of(seen, test, kpi="revenue", labels=LABELS, **more):
    claim = Hypothesis(name="x", kpi=kpi, test=test, **more)
    return verdicts.evaluate([claim], labels, {}, seen).iloc[0]


def says(line) -> str:
    if not line.p <= 0.05:
        return "undecided"
    return "supported" if line.p_supported < line.p_refuted else "refuted"


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ({"test": "top_share", "top": 1, "at_least": 0.5}, "supported"),
        ({"test": "top_share", "top": 1, "at_least": 0.8}, "refuted"),
        ({"test": "ordering"}, "supported"),
        ({"test": "ordering", "order": ["S2", "S1", "S3"], "at_least": 10}, "supported"),
        ({"test": "ordering", "order": ["S2", "S3", "S1"]}, "refuted"),
        ({"test": "ordering", "at_least": 60}, "refuted"),
        ({"test": "lift", "kpi": "conversion", "segment": "S1", "at_least": 0.1}, "supported"),
        ({"test": "lift", "kpi": "conversion", "segment": "S2", "at_least": 0.1}, "refuted"),
        ({"test": "lift", "kpi": "conversion", "segment": "any", "campaign": "mail", "at_least": 0.1}, "supported"),
        ({"test": "lift", "kpi": "conversion"}, "supported"),
        ({"test": "trend", "segment": "S3", "at_least": 1}, "supported"),
        ({"test": "trend", "segment": "S3", "at_least": 5}, "refuted"),
        ({"test": "trend", "segment": "S1"}, "refuted"),
    ],
)
def test_each_kind_of_claim_finds_what_was_planted(seen, claim, word):
    line = of(seen, **claim)
    assert line.reason == "" and says(line) == word and line.low < line.value < line.high


def without_control(seen):
    return seen._replace(arms=seen.arms.assign(treated=True))


def not_by_lot(seen):
    return seen._replace(arms=seen.arms.assign(treated=lambda rows: rows.treated & (rows.customer_id < "c01500")))


@pytest.mark.parametrize(
    ("change", "claim", "reason"),
    [
        (lambda seen: seen, {"test": "top_share", "top": 3, "at_least": 0.5}, "the top 3 of 3 segments are everyone"),
        (lambda seen: seen, {"test": "ordering", "order": ["S1", "S2"]}, "the order names S1, S2, the segments are S1, S2, S3"),
        (lambda seen: seen, {"test": "trend", "segment": "S4"}, "there is no segment S4"),
        (lambda seen: seen, {"test": "trend", "kpi": "orders", "segment": "S1"}, "orders needs orders"),
        (lambda seen: seen, {"test": "lift", "kpi": "conversion", "campaign": "post"}, "post is none of mail"),
        (lambda seen: seen, {"test": "lift", "kpi": "conversion", "segment": "S7"}, "nobody of S7 was in mail"),
        (lambda seen: seen._replace(arms=None), {"test": "lift", "kpi": "conversion"}, "there are no contacts in the outcome window"),
        (without_control, {"test": "lift", "kpi": "conversion"}, "no control group: its conversion is a rate, and no lift"),
        (not_by_lot, {"test": "lift", "kpi": "conversion"}, "more than a lot allows"),
        (
            lambda seen: seen._replace(arms=seen.arms.assign(converted=1.0)),
            {"test": "lift", "kpi": "conversion"},
            "fewer than 10 of",
        ),
        (
            lambda seen: seen._replace(arms=seen.arms.assign(converted=0.0)),
            {"test": "lift", "kpi": "conversion"},
            "fewer than 10 of",
        ),
        (
            lambda seen: seen._replace(periods={"revenue": seen.periods["revenue"].iloc[:, :2]}),
            {"test": "trend", "segment": "S1"},
            "has 2 whole periods of 30 days, a trend needs 3",
        ),
    ],
)
def test_what_cannot_be_tested_says_why(seen, change, claim, reason):
    line = of(change(seen), **claim)
    assert reason in line.reason and np.isnan(line.p)


def test_several_campaigns_want_a_name(seen):
    both = seen._replace(arms=pd.concat([seen.arms, seen.arms.assign(campaign="post")]))
    assert "several" in of(both, "lift", "conversion").reason and of(both, "lift", "conversion", campaign="post").reason == ""


def test_the_ranking_is_what_came_before_and_not_what_came_after(seen):
    turned = seen._replace(after=seen.before.assign(revenue_capped=seen.before.revenue_capped.to_numpy()[::-1]))
    turned.after.attrs = seen.after.attrs
    assert says(of(turned, "ordering")) == "refuted"
    top = of(turned, "top_share", top=1, at_least=0.5)
    assert top.value == pytest.approx(turned.after.revenue_capped[LABELS == "S2"].sum() / turned.after.revenue_capped.sum())


def test_a_segment_below_its_minimum_leaves_the_claim_undecided(seen):
    labels = LABELS.mask(LABELS.index < "c00030", "S4")
    line = of(seen, "ordering", labels=labels)
    assert "S4: 30 customers, a mean needs 100" in line.reason and np.isnan(line.p) and not np.isnan(line.value)
    two = pd.Series(np.where(LABELS.index < "c00030", "S1", "S2"), index=LABELS.index)
    line = of(seen, "spread", labels=two)
    assert line.reason == "S1: 30 customers, a mean needs 100" and np.isnan(line.p) and line.value > 0


def test_a_spread_that_others_show_needs_no_word_of_a_small_segment_and_is_never_refuted_by_them(seen):
    labels = LABELS.mask(LABELS.index < "c00030", "S4")
    line, without = of(seen, "spread", labels=labels), of(seen, "spread", labels=labels[labels != "S4"])
    assert (line.low, line.p_supported, line.p_refuted) == (without.low, without.p_supported, 1.0) and np.isnan(line.high)
    assert line.reason == "judged without S4: 30 customers, a mean needs 100: so it can be supported, and not refuted"
    far = of(seen, "spread", labels=labels, at_least=1e6)
    assert far.p == 1 and of(seen, "spread", labels=labels[labels != "S4"], at_least=1e6).p < 0.001


def test_the_outlook_says_what_could_have_been_found(seen):
    claims = [
        Hypothesis(name="apart", kpi="revenue", test="spread", at_least=10),
        Hypothesis(name="top", kpi="revenue", test="top_share", top=1, at_least=0.5),
        Hypothesis(name="falls", kpi="revenue", test="ordering"),
        Hypothesis(name="moves", kpi="conversion", test="lift", segment="any"),
        Hypothesis(name="rises", kpi="revenue", test="trend", segment="S3"),
        Hypothesis(name="nobody", kpi="revenue", test="trend", segment="S9"),
    ]
    judged = verdicts.evaluate(claims, LABELS, {}, seen).assign(verdict="undecided")
    few, many = (verdicts.outlook(judged, claims, LABELS, {}, seen, m).set_index("name").detectable for m in (1, 50))
    assert few.drop("nobody").notna().all() and np.isnan(few["nobody"]) and (many.drop("nobody") > few.drop("nobody")).all()
    assert (few.drop("nobody") > judged.set_index("name").at_least.drop("nobody")).all()
