"""Sentences of the multiverse: right numbers, whole sentences, nothing hidden spelled out."""

import pandas as pd
import pytest
from test_figures_multiverse import specs
from test_prose import said

from segkit import multiverse
from segkit.prose import multiverse as sentences


def held(**columns) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"segment": ["S1", "S2", "S3"], "n": [50, 40, 10], "specifications": 108, "value": [0.9, 0.5, 0.2], "same_k": [1.0, 0.7, 0.3]}
    )
    return rows.assign(passing=0.5, median=0.8, low=0.7, high=0.9).assign(**columns)


def test_choices_name_the_studys_own_first():
    text = said(sentences.choices(specs()))
    assert "Scaling: standard scaling; elsewhere robust scaling." in text and "Method: k-means; elsewhere the same." in text
    assert "Number of segments: k = 2; elsewhere k = 3." in text and text.endswith("Together 24 specifications.")


def test_agreement_tells_chance_from_choice_and_counts_what_may_not_be_used():
    text = said(sentences.agreement(specs()))
    assert "0.69 in the median of 24 specifications (quartiles 0.49 to 0.89; n = 1,000 customers)" in text
    assert "fitted on 2,000 customers, come to 0.90" in text and text.endswith("12 of 24 have a segment too small to use.")
    assert said(sentences.agreement(specs(passes=True))).endswith("All pass the gate for small segments.")


def test_segments_are_judged_among_those_with_as_many():
    text = said(sentences.holding(held()))
    assert "S2 holds in 50.0 % of 108 specifications, in 70.0 % of those with as many segments (best Jaccard overlap 0.80" in text
    assert "S1: found by nearly everyone who makes as many segments. S3: most would not have found it." in text
    assert "No segment is found by nearly everyone. S1, S2 and S3: most would not have found them." in said(
        sentences.holding(held(same_k=0.1))
    )


def test_a_hidden_segment_is_said_to_be_hidden():
    rows = held().astype({"value": "Float64", "same_k": "Float64", "n": "Int64"})
    rows.loc[2, ["value", "same_k", "median", "low", "high", "n"]] = pd.NA
    assert "S3 is too small to show." in said(sentences.holding(rows)) and "most would" not in said(sentences.holding(rows))


def test_what_matters_comes_with_its_extremes():
    found = specs()
    text = said(sentences.matters(multiverse.choices_that_matter(found)))
    assert text.startswith("Number of segments: 99.") and "; k = 3 0.49, k = 2 0.89." in text and "lies in combinations of choices." in text
    text = said(sentences.matters(multiverse.choices_that_matter(found.assign(agreement=0.5))))
    assert text == "All specifications agree with the study's segments to the same degree: no choice matters."


def test_cores_are_told_with_intervals_unless_hidden():
    rows = pd.DataFrame(
        {"segment": ["S1", "S2", "all"], "n": [50, 40, 90], "value": [0.9, None, 0.8], "low": [0.8, None, 0.7], "high": [0.95, None, 0.9]}
    )
    text = said(sentences.cores(rows))
    assert "S1: 90.0 % core (80.0 % to 95.0 %; n = 50)." in text and "S2: its core, or those disputed, are too few to show." in text
    assert "All segments: 80.0 % core" in text


@pytest.mark.parametrize(
    ("cost", "claims", "text"),
    [
        (
            (3, 327),
            3,
            "Testing 3 claims under every specification adds 324 tests to those made on this outcome window: m grows from 3 to 327, ",
        ),
        ((1, 109), 1, "Testing 1 claim under every specification adds 108 tests"),
        ((109, 109), 1, "These tests were counted before: the family of tests on this outcome window stays at m = 109."),
    ],
)
def test_the_price_is_told(cost, claims, text):
    assert said(sentences.outlook(multiverse.Price(*cost), claims)).startswith(text)


def test_claims_are_told_as_exploration():
    rows = pd.DataFrame(
        {"name": ["stay"], "kpi": ["retention"], "specifications": [108], "lowest": [0.1], "median": [0.2], "highest": [0.3]}
    )
    text = said(sentences.claims(rows.assign(beyond=1.0, supported=0.75, refuted=0.0, undecided=0.25)))
    assert text.startswith("stay: beyond what is claimed in 100.0 % of 108 specifications; p alone would say supported in 75.0 %, ")
    assert "estimates from 0.1 to 0.3." in text and "it supports and refutes nothing" in text
    assert "count among those made on the outcome window" in said(sentences.no_claims())
