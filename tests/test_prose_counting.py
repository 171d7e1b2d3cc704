"""Sentences on how many segments: the numbers of the tables, what they are blind to, and no number where there is none."""

import numpy as np
import pytest
from test_figures_counting import gap, strength
from test_prose import said

from segkit.prose.counting import how_many


def test_both_answers_are_told_with_what_they_rest_on_and_are_blind_to():
    assert said(how_many(gap(), strength())) == (
        "The gap statistic (k-means against 20 draws from an even box; n = 400) chooses k = 3 (gap 0.60, 0.58 to 0.62). "
        "Customers never fill a box evenly: one population that is skewed and correlated can look like several to it, "
        "and groups that are there like one. "
        "One half of the customers foretells the other's segments "
        "(prediction strength of at least 0.8 with its standard error; 10 splits, n = 400) "
        "for these largest k: k-means 3 segments (0.85) and Ward none, at best k = 2 (0.70). "
        "A cut through one long cloud can be foretold, too, and so can one that only takes off outliers."
    )


@pytest.mark.parametrize(
    ("gaps", "strengths", "told"),
    [
        (gap(k=1), strength(), "chooses one group (gap 0.30, 0.28 to 0.32), the first that will do; the gap is largest at k = 3."),
        (gap(k=0), strength(), "chooses no k up to 4: it still rises there."),
        (gap([0.3, 0.4, np.nan], 0), strength(), "chooses no k up to 2: it still rises there."),
        (gap([np.nan] * 3, 0), strength(), "There is no gap statistic: too few different customers. One half"),
        (gap(), strength(kmeans=(np.nan, np.nan), ward=(0.9, 0.1)), "largest k: Ward 2 segments (0.90)."),
        (gap(), strength(kmeans=(np.nan,)), "There is no prediction strength: too few different customers."),
    ],
)
def test_one_group_no_answer_and_nothing_to_compute_are_told_as_such(gaps, strengths, told):
    assert told in said(how_many(gaps, strengths))
