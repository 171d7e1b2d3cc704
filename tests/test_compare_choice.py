"""Which solution is recommended, and why: gates, ties, the verdict's k, a person's own choice."""

import pandas as pd
import pytest

from segkit import compare


def scores_of(table: dict) -> pd.DataFrame:
    """Long rows from (method, k) -> (smallest segment, stability, silhouette), of 1,000 customers."""
    return pd.DataFrame(
        [
            {"method": method, "k": k, "metric": metric, "value": value, "n": 1000}
            for (method, k), values in table.items()
            for metric, value in zip(("smallest_segment", "stability", "silhouette"), values, strict=True)
        ]
    )


@pytest.mark.parametrize(("n", "least"), [(100, 30), (3000, 30), (3001, 31), (4338, 44), (100_000, 1000)])
def test_a_recommended_segment_has_at_least_thirty_customers_and_one_in_a_hundred(n, least):
    assert compare.least_size(n) == least


def test_the_most_stable_candidate_with_large_enough_segments_is_recommended():
    found = compare.recommend(
        scores_of({("kmeans", 2): (400, 0.7, 0.5), ("ward", 3): (29, 0.99, 0.9), ("gmm", 4): (30, 0.9, 0.3)}), "none", 1
    )
    assert (found.method, found.k) == ("gmm", 4)
    assert found.reasons[0] == "1 of 3 solutions are out because their smallest segment has fewer than 30 customers."
    assert found.reasons[1] == "The structure verdict is none: every cut is one of convenience, and the most stable is the handiest."
    assert "median adjusted Rand index" in found.reasons[2] and "0.90" in found.reasons[2]
    assert found.runner_up == "k-means k = 2 (stability 0.70, silhouette 0.50)"
    assert found.candidates.set_index(["method", "k"]).passes.to_dict() == {("gmm", 4): True, ("kmeans", 2): True, ("ward", 3): False}


def test_near_ties_are_said_to_be_ties_and_silhouette_decides():
    found = compare.recommend(
        scores_of({("kmeans", 2): (400, 0.90, 0.3), ("ward", 3): (90, 0.86, 0.5), ("gmm", 4): (90, 0.84, 0.9)}), "none", 1
    )
    assert (found.method, found.k) == ("ward", 3)
    assert found.reasons[-1] == "As stable within 0.05: k-means k = 2. Take it as a tie; silhouette decided."
    assert found.runner_up.startswith("k-means k = 2") and found.ties == (("ward", 3), ("kmeans", 2))


def test_the_k_of_a_structure_verdict_is_taken_when_a_candidate_has_it():
    table = scores_of({("kmeans", 2): (400, 0.99, 0.5), ("kmeans", 3): (90, 0.8, 0.4), ("ward", 3): (80, 0.7, 0.6)})
    for verdict, k, expected in (
        ("reproducible", 3, ("kmeans", 3)),
        ("natural", 3, ("kmeans", 3)),
        ("constructive", 3, ("kmeans", 2)),
        ("none", 3, ("kmeans", 2)),
        ("reproducible", 7, ("kmeans", 2)),
    ):
        found = compare.recommend(table, verdict, k)
        assert (found.method, found.k) == expected, verdict
    assert "so k is 3" in " ".join(compare.recommend(table, "natural", 3).reasons)


def test_when_no_candidate_passes_the_least_bad_is_shown_and_said_to_be_unusable():
    found = compare.recommend(scores_of({("kmeans", 2): (29, 0.5, 0.5), ("ward", 3): (3, 0.99, 0.9)}), "none", 1)
    assert (found.method, found.k, found.runner_up) == ("kmeans", 2, "") and "should not be used" in " ".join(found.reasons)


def test_what_a_person_chooses_is_used_and_the_rest_is_recommended():
    table = scores_of(
        {("kmeans", 2): (400, 0.9, 0.5), ("kmeans", 3): (90, 0.6, 0.4), ("ward", 2): (80, 0.5, 0.6), ("ward", 3): (2, 0.99, 0.9)}
    )
    assert compare.choose(table, "none", 1, "auto", 0) == ("kmeans", 2)
    assert compare.choose(table, "none", 1, "ward", 0) == ("ward", 2)
    assert compare.choose(table, "none", 1, "auto", 3) == ("kmeans", 3)
    assert compare.choose(table, "none", 1, "ward", 3) == ("ward", 3)


def test_one_group_is_no_rival_of_any_cut_and_taken_only_where_nothing_else_was_tried():
    nothing = float("nan")
    both = scores_of({("kmeans", 1): (1000, nothing, nothing), ("kmeans", 2): (400, 0.3, 0.1)})
    assert (compare.recommend(both, "none", 1).method, compare.recommend(both, "none", 1).k) == ("kmeans", 2)
    alone = scores_of({("kmeans", 1): (1000, nothing, nothing), ("ward", 1): (1000, nothing, nothing)})
    found = compare.recommend(alone, "none", 1)
    assert (found.method, found.k, found.runner_up) == ("kmeans", 1, "") and "nothing to compare" in found.reasons[0]
    assert compare.choose(both, "none", 1, "auto", 1) == ("kmeans", 1), "a person may want one group"
