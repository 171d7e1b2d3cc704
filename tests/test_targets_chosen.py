"""What the page on targets goes by where the study does not say."""

import pandas as pd
from test_features import tables

from segkit import targets

SIZES = pd.DataFrame({"segment": ["S1", "S2"], "n": [60, 40], "share": [0.6, 0.4]})


def test_the_first_known_outcome_and_rate_are_taken():
    assert targets.outcome(["orders", "retention", "revenue"]) == "revenue" and targets.outcome(["engagement", "retention"]) == "retention"
    assert (
        targets.outcome([]) == "revenue" and targets.rate(["retention", "conversion"]) == "conversion" and targets.rate(["revenue"]) == ""
    )


def test_what_the_study_weighs_comes_before_what_is_known():
    assert targets.weights({"nps": 2.0}, ["revenue"], SIZES) == {"nps": 2.0}
    assert targets.weights({}, ["revenue", "retention", "aov"], SIZES.assign(spend_share=0.5)) == {
        "revenue": 1.0,
        "retention": 1.0,
        "spend_share": 1.0,
    }
    assert targets.weights({}, [], SIZES) == {"share": 1.0}


def test_consent_is_by_customer_and_none_where_nobody_was_asked():
    asked = tables(customers={"customer_id": ["b", "a"], "consent_marketing": [False, True]})
    assert targets.consent(asked).to_dict() == {"a": True, "b": False}
    assert targets.consent(tables(customers={"customer_id": ["a"]})) is None and targets.consent({}) is None


def test_an_experiment_comes_before_a_larger_campaign_without_one():
    arms = pd.DataFrame({"campaign": ["big"] * 6 + ["test"] * 4 + ["also"] * 4, "treated": [True] * 6 + [True, False] * 4})
    assert targets.largest_campaign(arms) == "also" and targets.largest_campaign(arms[arms.campaign == "big"]) == "big"
    assert targets.largest_campaign(None) == targets.largest_campaign(arms.iloc[:0]) == ""


def test_every_experiment_is_told_and_the_largest_campaign_where_there_is_none():
    rows = [(f"c{number}", name, number % 2 == 0) for name in ("spring", "autumn") for number in range(400)]
    arms = pd.DataFrame(rows, columns=["customer_id", "campaign", "treated"]).assign(converted=[float(at % 3 == 0) for at in range(800)])
    labels = pd.Series("S1", index=[f"c{number}" for number in range(400)])
    found = targets.per_campaign(targets.worth, arms, labels, 10, 0.4, 7)
    assert list(found.columns[:2]) == ["campaign", "policy"] and list(found.campaign.unique()) == ["autumn", "spring"]
    alone = targets.worth(targets.campaign(arms, labels, "spring"), 10, 0.4, 7)
    pd.testing.assert_frame_equal(found[found.campaign == "spring"].drop(columns="campaign").reset_index(drop=True), alone)
    without = targets.per_campaign(targets.worth, arms[arms.treated], labels, 10, 0.4, 7)
    assert list(without.campaign.unique()) == ["autumn"] and without.value.iloc[1:].isna().all() and "held out" in without.why.iloc[-1]
    assert list(targets.per_campaign(targets.worth, None, labels, 10, 0.4, 7).campaign.unique()) == [""]
