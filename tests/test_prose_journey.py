"""Sentences about journeys: computed, in agreement with their tables, and silent where there is nothing to say."""

import re

import numpy as np
import pandas as pd
import pytest
from test_figures_journey import attribution, funnel, transitions, upsell

from segkit import behavior, prose


def text(html) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html)).strip()


def staying() -> pd.DataFrame:
    rows = {"stage": ["lead", "deal"], "n": [100, 60], "n_left": [80, 10], "n_there": [20, 50], "median": [12.0, np.nan]}
    return pd.DataFrame(rows | {"low": [10.0, 40.0], "high": [15.0, np.nan], "p25": [5.0, np.nan], "p75": [np.nan, np.nan]})


def ways() -> pd.DataFrame:
    rows = {"path": ["mail > call", "<b>"], "steps": [2, 1], "n": [80, 90], "share": 0.4, "share_low": 0.3, "share_high": 0.5}
    return pd.DataFrame(rows | {"n_converted": [60, 30], "value": [0.75, 1 / 3], "low": [0.6, 0.2], "high": [0.85, 0.5]})


def test_funnels_say_where_customers_are_lost():
    assert text(prose.funnel(funnel())) == (
        "Of 1,000 customers who reached lead or a later stage, 90 (9.0 %) came to deal. "
        "Most are lost between $talk$ and deal: 77.5 %; 22.5 % (10.0 % to 90.0 %) went on."
    )
    skipped = funnel().assign(n_seen=[1000, 100, 90])
    assert text(prose.funnel(skipped)).endswith("Reached without a contact in the stage itself: $talk$ (75.0 %).")
    assert text(prose.funnel(behavior.hide_small_stages(funnel((1000, 998, 996)), 5))) == "Too few customers to say more."


def test_time_in_a_stage_counts_those_still_there():
    assert text(prose.time_in_stage(staying())) == (
        "lead: half have moved on by day 12 (95 %: 10 to 15); 20 of 100 are still there. "
        "deal: fewer than half have moved on so far; 50 of 60 are still there."
    )
    assert "still there" not in text(prose.time_in_stage(staying().assign(n_there=pd.array([pd.NA] * 2, "Int64"))))


def test_moves_name_the_most_frequent_change_and_the_last_step():
    assert text(prose.transitions(transitions())) == (
        "The most frequent change is from mail to call: 40 moves by 40 customers, 31.7 % (10.0 % to 90.0 %) of all moves from mail. "
        "A conversion is most likely to come next after call: 93.8 % (10.0 % to 90.0 %) of the moves."
    )


def test_ways_are_escaped_and_open_journeys_mentioned():
    assert text(prose.typical_paths(ways())) == (
        "Most conversions came by mail &gt; call: 60 customers, 75.0 % (60.0 % to 85.0 %) of the 80 who took that way; "
        "the journeys of the others may still go on."
    )
    assert "No way has led to a conversion yet. Most customers so far: &lt;b&gt; (90)." in prose.typical_paths(
        ways()[1:].assign(n_converted=0)
    )


def test_attribution_says_where_the_models_disagree_and_what_none_proves():
    found = text(prose.attribution(attribution()))
    assert found.startswith("first: most to mail_$1_$2: 70.0 % (65.0 % to 75.0 %) of conversions.")
    assert (
        "The models disagree most on call: 30.0 % by first, 80.0 % by last." in found
        or "mail_$1_$2: 20.0 % by last, 70.0 % by first." in found
    )
    assert found.endswith("Intervals are 95 % of 500 bootstrap samples of customers. No model proves that a channel causes sales.")
    unused = attribution().assign(share=[0, 1, 0, 1, 0, 1, 0.3, 0.7])
    assert "it credits mail_$1_$2 with 30.0 %, though no journey that converted went there." in text(prose.attribution(unused))


def test_upsell_moments_are_told_in_points_with_what_was_tested():
    found = text(prose.upsell(upsell()))
    assert found == (
        "After a contact in the channel call, 30.0 % buy more than ever before within 30 days, 10.0 points more (5.0 to 15.0) than at the same "
        "customers&#x27; other moments. 2 states were tested, and the p-values are adjusted for that (Holm); 1 more had too few customers. "
        "It is a coincidence in time, not a cause."
    )
    assert "None of 1 states is shown" in text(prose.upsell(upsell()[1:]))
    assert "Too few customers" in text(prose.upsell(upsell()[2:]))


@pytest.mark.parametrize(
    ("name", "rows"),
    [("funnel", funnel), ("time_in_stage", staying), ("transitions", transitions), ("typical_paths", ways), ("attribution", attribution), ("upsell", upsell)],
)  # fmt: skip
def test_of_nothing_nothing_is_said_and_of_hidden_cells_that_they_are_few(name, rows):
    assert getattr(prose, name)(rows()[:0]) is None
    gone = rows().assign(**{column: pd.array([pd.NA] * len(rows()), "Float64") for column in ("n", "value", "share") if column in rows()})
    assert "oo few customers" in getattr(prose, name)(gone)
