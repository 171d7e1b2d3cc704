"""Sentences on campaigns, baselines and what could have been found."""

import numpy as np
import pandas as pd
import pytest
from test_prose import said
from test_verdicts_lifts import LABELS, arms

from segkit import figures, privacy, prose, verdicts
from segkit.studies import Hypothesis


def test_a_lift_is_said_with_its_interval_and_where_it_is_shown():
    text = said(prose.lifts(verdicts.lifts(arms(), LABELS)))
    assert "mail, conversions of 400 contacted and 400 held out: lift +10.0 (5.1 to 14.9) percentage points" in text
    assert "shown for S1 +20.0 (12.3 to 27.5)" in text
    nowhere = said(prose.lifts(verdicts.lifts(arms(treated=((20, 200), (20, 200))), LABELS)))
    assert "shown in no segment by itself" in nowhere
    assert "nobody was held out: a rate, and no lift" in said(prose.lifts(verdicts.lifts(arms(held=((0, 0), (0, 0))), LABELS)))


def test_hidden_segments_are_neither_said_nor_drawn():
    rows = verdicts.lifts(arms(treated=((60, 200), (3, 200)), held=((20, 200), (2, 200))), LABELS)
    columns = ["rate", "rate_held_out", "value", "low", "high", "p", "p_holm"]
    hidden = privacy.hide_small_cells(rows, columns, 5, n=verdicts.COUNTS, within=["campaign", "answer"], part="segment", total="all")
    assert hidden.set_index("segment").value.isna()[["S1", "S2"]].all() and "shown in no segment" in said(prose.lifts(hidden))


def test_pictures_of_lifts_say_what_is_shown():
    assert figures.lifts(verdicts.lifts(arms(), LABELS)).alt == "Segments in which a lift is shown: mail, conversions: S1."


def test_beyond_a_baseline_is_sorted_into_more_less_and_about_as_much():
    rows = pd.DataFrame(
        {
            "baseline": "rfm",
            "kpi": ["revenue", "orders", "retention"],
            "value": [0.2, -0.1, 0.0],
            "low": [0.1, -0.2, -0.1],
            "high": [0.3, -0.05, 0.1],
        }
    )
    text = said(prose.beyond(rows))
    assert (
        "Beside RFM, the segments explain more of revenue +20.0 (10.0 to 30.0)" in text
        and "less of orders" in text
        and "about as much of retention" in text
    )


def test_rankings_and_earlier_dates_are_told_and_drawn():
    rows = pd.DataFrame(
        {"segmentation": ["segments", "rfm"], "kpi": "revenue", "value": [0.3, 0.2], "low": [0.2, 0.1], "high": [0.4, 0.3], "n": 2000}
    )
    assert "Revenue: segments 0.3 (0.2 to 0.4) and RFM 0.2" in said(prose.foreseen(rows))
    assert figures.foreseen(rows).alt == "How well rankings foresaw revenue: segments 0.3, RFM 0.2."
    dated = pd.concat([rows.assign(as_of=day) for day in ("2025-01-01", "2025-04-01")])
    assert "segments made anew explain 30.0 % (20.0 % to 40.0 %) at 2025-01-01 and" in said(prose.origins(dated))
    assert (
        figures.origins(dated).alt == "Of the variance of revenue, segments made anew explained 30.0 % at 2025-01-01, 30.0 % at 2025-04-01."
    )


def test_the_outlook_says_what_would_have_been_found():
    rows = pd.DataFrame(
        {
            "name": ["a", "b"],
            "kpi": "retention",
            "test": "spread",
            "verdict": "undecided",
            "at_least": 0.1,
            "value": [0.12, np.nan],
            "n": 900,
            "detectable": [0.21, np.nan],
        }
    )
    text = said(prose.outlook(rows, 4))
    assert "a: undecided. With these 900 customers a true value of +21.0 percentage points or more would have been" in text
    assert "found above +10.0 percentage points four times in five" in text
    assert "b: undecided; it could not be tested" in text and "m = 4" in text
    assert "Nothing was claimed" in said(prose.outlook(rows.iloc[:0], 1))


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ({"kpi": "revenue", "test": "top_share", "top": 1, "at_least": 0.5}, "the segment that was highest in revenue before as_of holds at least 50.0 % of it"),
        ({"kpi": "orders", "test": "top_share", "top": 2, "at_least": 0.5}, "the 2 segments that were highest in orders before as_of hold at least"),
        ({"kpi": "orders", "test": "ordering"}, "each segment is higher in orders than the next, in the order they had before as_of"),
        ({"kpi": "retention", "test": "ordering", "order": ["S2", "S1"], "at_least": 0.1}, "than the next by at least 10 percentage points, in the order S2 > S1"),
        ({"kpi": "conversion", "test": "lift", "campaign": "mail", "segment": "any", "at_least": 0.02}, "by mail converts by at least 2 percentage points more often"),
        ({"kpi": "click_rate", "test": "lift", "segment": "S2"}, "clicks or visits more often than who was held out in S2"),
        ({"kpi": "revenue", "test": "trend", "segment": "S3", "at_least": 5}, "revenue of S3 moves up by at least 5 more per 30 days than that of everyone else"),
        ({"kpi": "revenue", "test": "beats_baseline", "baseline": "expected_orders"}, "of the variance of revenue than tenths by expected orders does"),
    ],
)  # fmt: skip
def test_every_kind_of_claim_is_said_in_words(claim, text):
    assert text in prose.claim(Hypothesis(name="x", **claim))
