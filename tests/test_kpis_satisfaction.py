"""What customers say, by hand: the last answer of each counts, silence is no answer, and never a score."""

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import kpis
from segkit.kpis import satisfaction


def said(**rows) -> pd.DataFrame:
    """Answers as customers x questions."""
    parts = satisfaction.said(tables(feedback=rows)["feedback"])
    return pd.concat([part.execute().set_index("customer_id") for part in parts], axis=1).sort_index()


ANSWERS = {
    "customer_id": ["a", "a", "a", "b", "b", "c"],
    "given_at": ["2025-02-01", "2025-02-20", "2025-02-25", "2025-02-03 09:00", "2025-02-03 09:00", "2025-02-04"],
    "csat": [1, 5, None, 2, 4, None],
    "nps": [10, None, None, 9, 9, 0],
}


def test_the_last_answer_to_each_question_counts_and_of_two_at_one_moment_the_lower():
    found = said(**ANSWERS)
    assert found.csat.to_dict() == {"a": 5, "b": 2, "c": pytest.approx(np.nan, nan_ok=True)}
    assert found.nps.to_dict() == {"a": 10, "b": 9, "c": 0}


@pytest.mark.parametrize("asked", ["csat", "nps"])
def test_a_survey_of_one_question_has_one(asked):
    found = said(**{name: column for name, column in ANSWERS.items() if name in ("customer_id", "given_at", asked)})
    assert list(found.columns) == [asked]


OUTCOMES = pd.DataFrame(
    {"csat": [5, 4, 3, np.nan, np.nan], "nps": [10, 9, 8, 6, np.nan], "answered": [1.0, 1, 1, 1, 0]}, index=list("abcde"), dtype=float
)


def test_satisfied_is_4_or_5_of_those_who_answered():
    found = kpis.estimate("csat", OUTCOMES)
    assert (found.value, found.n, found.events) == (pytest.approx(2 / 3), 3, 2)
    assert (found.low, found.high) == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4)), "Wilson, 2 of 3"


def test_net_promoters_are_9_and_10_less_0_to_6():
    found = kpis.estimate("nps", OUTCOMES)
    assert (found.value, found.n) == (0.25, 4), "two promoters, one detractor"
    assert found.se == pytest.approx(np.sqrt((0.5 + 0.25 - 0.25**2) / 4))
    edges = pd.DataFrame({"nps": [0.0, 6, 7, 8, 9, 10]})
    assert kpis.estimate("nps", edges).value == 0 and kpis.estimate("nps", edges.iloc[:3]).value == pytest.approx(-2 / 3)


def test_silence_is_counted_apart():
    found = kpis.estimate("answered", OUTCOMES)
    assert (found.value, found.n, found.events) == (0.8, 5, 4)


def test_a_segment_that_nobody_heard_and_one_with_a_single_voice():
    labels = pd.Series(["S1", "S1", "S2", "S1", "S3"], index=OUTCOMES.index)
    found = kpis.by_segment(labels, OUTCOMES, ["csat", "nps"]).set_index(["kpi", "segment"])
    assert found.n.unstack().to_dict("index") == {
        "csat": {"S1": 2, "S2": 1, "S3": 0, "all": 3},
        "nps": {"S1": 3, "S2": 1, "S3": 0, "all": 4},
    }
    assert found.loc[[("csat", "S3"), ("nps", "S3")], ["value", "low", "high", "se"]].isna().all(axis=None)
    assert found.value["csat", "S2"] == found.value["nps", "S2"] == 0 and found.value["csat", "S1"] == 1
