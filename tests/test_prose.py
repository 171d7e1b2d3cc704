"""Sentences from finished tables: right numbers, whole sentences, nothing unknown spelled out."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_figures import cohorts, concentration, explained, hidden, ledger, profiles, stability
from test_show import NASTY, Tags

from segkit import compare, privacy, prose, studies
from segkit.studies import Hypothesis
from segkit.tables import TABLES


def said(html) -> str:
    """The text of a piece of HTML, checked to hold nothing unknown and no markup but ours."""
    found = Tags(html)
    assert set(found.tags) <= {"p", "ul", "li"}, html
    text = " ".join(found.text)
    assert not re.search(r"\b(nan|NaN|None|NaT)\b|<NA>", text), text
    return text


def gathered(**keys):
    return SimpleNamespace(
        dataset=SimpleNamespace(**({"title": "A shop", "about": "It sells.", "synthetic": False, "tables": {"orders": None}} | keys))
    )


def judged(**columns) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "name": ["stay", "better"],
            "kpi": ["retention", "revenue"],
            "test": ["spread", "beats_baseline"],
            "at_least": [0.1, 0.0],
            "baseline": ["", "rfm"],
            "value": [0.3, 0.04],
            "low": [0.2, 0.01],
            "high": [0.4, 0.07],
            "n": [1200, 1200],
            "p": [0.001, 0.2],
            "p_adjusted": [0.004, 0.2],
            "verdict": ["supported", "undecided"],
            "reason": ["", ""],
        }
    )
    return rows.assign(**columns)


LOOKS = SimpleNamespace(m=4, so_far=({}, {}), lock=SimpleNamespace(sha256="abc"))
RECOMMENDED = compare.Recommendation("kmeans", 3, ("Because.",), "Ward k = 2 (stability 0.80, silhouette 0.30)", pd.DataFrame())


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_are_written_as_people_write_them(words, text):
    assert prose.listed(words) == text


def test_made_up_data_say_so_first_and_a_dataset_cannot_smuggle_markup():
    assert said(prose.dataset(gathered(synthetic=True))).startswith("These data are synthetic")
    assert said(prose.dataset(gathered(about=NASTY))) == f"A shop. {NASTY}"


def test_the_ledger_says_what_is_used_of_each_table():
    assert (
        said(prose.ledger(ledger()))
        == "costs: 12 rows came in, 12 are used (100.0 %). orders: 100 rows came in, 91 are used (91.0 %), 9 set aside."
    )


def test_missing_tables_say_what_they_would_add():
    text = said(prose.missing_tables(gathered(), TABLES))
    assert text.startswith("Not delivered: customers would add") and "orders would" not in text and text.count(" would add ") == 6
    assert said(prose.missing_tables(gathered(tables=TABLES), TABLES)) == "Every table the workbench knows is there."


def test_windows_are_said_with_their_open_end():
    window = studies.Window(start="2025-01-01T09:00", as_of="2025-04-02", end="2025-07-01")
    assert said(prose.windows(window)) == (
        "Behaviour is observed from 01 January 2025 up to, not including, 02 April 2025. "
        "Outcomes are measured from 02 April 2025 up to, not including, 01 July 2025 (90 days)."
    )
    assert "there is no outcome window" in said(prose.windows(studies.Window(start="2025-01-01", as_of="2025-04-02", end="2025-04-02")))


def test_scope_counts_who_is_clustered_and_who_is_not():
    assert said(prose.scope(pd.DataFrame({"is_active": [True] * 30 + [False] * 10}))).startswith(
        "40 customers were known at as_of; 30 of them (75.0 %)"
    ) and "other 10 carry no segment" in said(prose.scope(pd.DataFrame({"is_active": [True] * 30 + [False] * 10})))


def test_concentration_and_cohorts_survive_hidden_cells():
    assert "The top 20 % of customers (12) account for" in said(prose.concentration(concentration()))
    few = privacy.hide_small_cells(concentration(), ["share"], min_cell=15)
    assert "The top 25 % of customers (15) account for" in said(prose.concentration(few)), "the nearest share that may be shown"
    assert "too few customers" in said(prose.concentration(privacy.hide_small_cells(concentration(), ["share"], min_cell=99)))
    whole, partly = said(prose.cohorts(cohorts())), said(prose.cohorts(hidden(cohorts(), "value", "low", "high")))
    assert whole.startswith("Of customers old enough to tell, active again: 50.0 % after 1 month (n = 63)") and "(n = 60)" in partly
    assert said(prose.cohorts(cohorts().query("month == 0"))) == "No cohort is old enough to tell."


def test_structure_and_recommendation_give_their_reasons():
    found = SimpleNamespace(verdict="none", reasons=(NASTY, "Two."), not_tested="Gaps.")
    assert said(prose.structure(found)) == f"Structure: none. {NASTY} Two. Gaps."
    assert said(prose.recommendation(RECOMMENDED)) == "Because. Runner-up: Ward k = 2 (stability 0.80, silhouette 0.30)."


def test_a_choice_of_a_person_is_named_as_such():
    assert said(prose.choice("kmeans", 3, RECOMMENDED, "")) == "Used: k-means with k = 3, as recommended."
    assert (
        said(prose.choice("ward", 2, RECOMMENDED, NASTY))
        == f"Used: Ward with k = 2, chosen by a person ({NASTY}); recommended was k-means with k = 3."
    )


def test_agreement_names_each_pair_or_says_there_is_none():
    rows = pd.DataFrame({"method": ["gmm"], "other": ["ward"], "k": [3], "value": [0.5], "n": [1000]})
    assert "n = 1,000): Gaussian mixture and Ward 0.50." in said(prose.agreement(rows))
    assert said(prose.agreement(rows.iloc[:0])) == "Only one method was run: nothing to agree with."
    assert "gives 98.7 % of the fitted customers the label of Ward's own cut" in said(prose.own_cut(148 / 150, "ward"))


def test_trust_is_said_for_every_segment():
    text = said(prose.trust(stability()))
    assert "40 bootstrap refits" in text and "S2 do not trust (0.60, 0.40 to 0.70)" in text


def test_trust_of_a_hidden_segment_is_a_dash():
    said(prose.trust(hidden(stability(), "value", "low", "high", "mean")))


def test_segments_are_named_by_their_strongest_traits():
    assert said(prose.segments(profiles())).split(". ")[0] == "S1, 63.5 % of customers (n = 40): near everyone's average"
    assert (
        prose.names(profiles())["S2"] == "high orders, high tenure days" and prose.names(profiles())["S3"] == "low orders, low tenure days"
    )
    said(prose.segments(hidden(profiles(), "median", "p25", "p75", "z")))


def test_explained_lists_every_segmentation_for_every_kpi():
    text = said(prose.explained(explained()))
    assert "Revenue: segments 10.0 % (8.0 % to 12.0 %) in 3 cells, RFM 5.0 % (3.0 % to 7.0 %) in 3 cells and random groups" in text
    assert text.count("(n = 70)") == 2


def test_claims_say_what_would_have_to_be_seen():
    declared = SimpleNamespace(
        question=NASTY,
        hypotheses=[
            Hypothesis(name="stay", kpi="retention", test="spread", at_least=0.1),
            Hypothesis(name="more", kpi="aov", test="spread", at_least=25),
            Hypothesis(name="better", kpi="revenue", test="beats_baseline", baseline="rfm"),
        ],
    )
    text = said(prose.claims(declared))
    assert "stay: the highest and the lowest segment differ in retention by at least 10 percentage points." in text
    assert "differ in average order value by at least 25." in text and "explain more of the variance of revenue than RFM does." in text
    assert "No hypothesis was declared" in said(prose.claims(SimpleNamespace(question="Why?", hypotheses=[])))


def test_verdicts_stand_with_claim_evidence_and_family():
    text = said(prose.hypotheses(judged(), LOOKS))
    assert "stay: supported." in text and "Seen: 30.0 % (20.0 % to 40.0 %), p 0.0010, adjusted 0.0040, n = 1,200." in text
    assert "m = 4 distinct tests" in text and "opened twice" in text and "Lock abc." in text
    assert "No hypothesis was declared" in said(prose.hypotheses(judged().iloc[:0], LOOKS))


def test_what_could_not_be_computed_is_a_dash():
    text = said(
        prose.hypotheses(judged(value=np.nan, low=np.nan, high=np.nan, p=np.nan, p_adjusted=np.nan, reason="too few customers"), LOOKS)
    )
    assert "Seen: –, p –, adjusted –" in text and "Too few customers." in text


def test_reasons_keep_the_names_of_segments():
    assert "S2: 30 customers" in said(prose.hypotheses(judged(reason="S1: 30 customers, a proportion needs 50; S2: 30 customers"), LOOKS))
