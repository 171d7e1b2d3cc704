"""Every method at every k, and a recommendation that does not fall for outliers."""

import numpy as np
import pandas as pd
import pytest
from test_segments import blobs, frame
from test_sources import online_retail  # noqa: F401

from segkit import compare, features, segments
from segkit.compare import bootstrap, indices


@pytest.fixture(scope="module")
def swept():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "PAIRS", 3)
        data = blobs(3, n=300, k=3)
        yield data, compare.sweep(data, ["kmeans", "gmm", "ward"], 2, 4, seed=1, max_fit_rows=200)


def scores_of(table: dict) -> pd.DataFrame:
    """Long rows from (method, k) -> (smallest segment, stability, silhouette), of 1,000 customers."""
    return pd.DataFrame(
        [
            {"method": method, "k": k, "metric": metric, "value": value, "n": 1000}
            for (method, k), values in table.items()
            for metric, value in zip(("smallest_segment", "stability", "silhouette"), values, strict=True)
        ]
    )


def test_scores_are_long_rows_of_every_method_k_and_metric(swept):
    scores = swept[1].scores
    assert list(scores.columns) == ["method", "k", "metric", "value", "low", "high", "direction", "n"]
    counts = scores.groupby(["method", "k"]).metric.apply(lambda names: " ".join(sorted(names)))
    assert counts["kmeans", 2] == "calinski_harabasz davies_bouldin silhouette smallest_segment stability"
    assert counts["gmm", 4] == "bic calinski_harabasz davies_bouldin icl silhouette smallest_segment stability" and len(counts) == 9
    assert (scores.direction == scores.metric.map(indices.DIRECTION)).all()
    assert set(scores.n[scores.metric == "bic"]) == {200} and set(scores.n[scores.metric == "smallest_segment"]) == {300}
    stability = scores[scores.metric == "stability"]
    assert ((stability.low <= stability.value) & (stability.value <= stability.high)).all()


def test_indices_are_those_of_the_assigned_rows_and_sizes_those_of_everyone(swept):
    from sklearn.metrics import silhouette_score

    data, tried = swept
    wide = tried.scores.pivot(index=["method", "k"], columns="metric", values="value")
    for (method, k), solution in tried.solutions.items():
        assert wide.silhouette[method, k] == pytest.approx(silhouette_score(tried.rows, segments.assign(solution, tried.rows)))
        assert wide.smallest_segment[method, k] == segments.assign(solution, data).value_counts().min()
        assert len(solution.labels) == 200


def test_the_order_of_customers_changes_no_score(swept, monkeypatch):
    monkeypatch.setattr(bootstrap, "PAIRS", 3)
    data, tried = swept
    again = compare.sweep(data.sample(frac=1, random_state=9), ["kmeans", "gmm", "ward"], 2, 4, seed=1, max_fit_rows=200)
    pd.testing.assert_frame_equal(tried.scores, again.scores)


def test_agreement_compares_each_pair_of_methods_once_at_one_k(swept):
    found = compare.agreement(swept[1].solutions, swept[1].rows, 3)
    assert (
        sorted(zip(found.method, found.other, strict=True)) == [("gmm", "kmeans"), ("gmm", "ward"), ("kmeans", "ward")]
        and found.value.max() <= 1
    )
    assert list(compare.agreement({}, swept[1].rows, 3).columns) == ["method", "other", "k", "value", "n"]


def test_beside_sets_the_segments_beside_plain_labels(swept):
    data, tried = swept
    labels = segments.assign(tried.solutions["kmeans", 3], data)
    found = compare.beside({"segments": labels, "random": segments.random_like(labels, data, 1)}, tried.rows).set_index("segmentation")
    assert found.agreement["segments"] == 1 and abs(found.agreement["random"]) < 0.1
    assert found.silhouette["segments"] > found.silhouette["random"] and list(found.groups) == [3, 3]


@pytest.mark.parametrize(("rows", "distinct"), [(6, 6), (40, 3)])
def test_few_customers_or_few_different_ones_make_no_error_and_no_candidate(monkeypatch, rows, distinct):
    monkeypatch.setattr(bootstrap, "PAIRS", 2)
    data = frame(np.random.default_rng(0).normal(size=(distinct, 2)).repeat(-(-rows // distinct), axis=0)[:rows])
    tried = compare.sweep(data, ["kmeans", "gmm", "ward"], 2, 8, 1, 1000)
    smallest = tried.scores[tried.scores.metric == "smallest_segment"].set_index(["method", "k"]).value
    assert (smallest[smallest.index.get_level_values("k") > distinct] == 0).all()
    assert "should not be used" in " ".join(compare.recommend(tried.scores, "none", 1).reasons)


@pytest.mark.parametrize(("n", "least"), [(100, 30), (3000, 30), (3001, 31), (4338, 44), (100_000, 1000)])
def test_a_recommended_segment_has_at_least_thirty_customers_and_one_in_a_hundred(n, least):
    assert compare.least_size(n) == least


def test_the_most_stable_candidate_with_large_enough_segments_is_recommended():
    found = compare.recommend(
        scores_of({("kmeans", 2): (400, 0.7, 0.5), ("ward", 3): (29, 0.99, 0.9), ("gmm", 4): (30, 0.9, 0.3)}), "none", 1
    )
    assert (found.method, found.k) == ("gmm", 4)
    assert found.reasons[0] == "1 of 3 solutions are out because their smallest segment has fewer than 30 customers."
    assert "median adjusted Rand index" in found.reasons[1] and "0.90" in found.reasons[1]
    assert found.runner_up == "k-means k = 2 (stability 0.70, silhouette 0.50)"
    assert found.candidates.set_index(["method", "k"]).passes.to_dict() == {("gmm", 4): True, ("kmeans", 2): True, ("ward", 3): False}


def test_near_ties_are_said_to_be_ties_and_silhouette_decides():
    found = compare.recommend(
        scores_of({("kmeans", 2): (400, 0.90, 0.3), ("ward", 3): (90, 0.86, 0.5), ("gmm", 4): (90, 0.84, 0.9)}), "none", 1
    )
    assert (found.method, found.k) == ("ward", 3)
    assert found.reasons[-1] == "As stable within 0.05: k-means k = 2. Take it as a tie; silhouette decided."
    assert found.runner_up.startswith("k-means k = 2")


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


def test_thirteen_customers_of_online_retail_are_not_recommended_as_a_segment(online_retail, monkeypatch):  # noqa: F811
    monkeypatch.setattr(bootstrap, "PAIRS", 3)
    found = features.customer_features(online_retail.tables, pd.Timestamp("2011-12-10").to_pydatetime()).execute().set_index("customer_id")
    raw = found[["days_since_last_order", "n_orders", "spend"]]
    tried = compare.sweep((raw - raw.mean()) / raw.std(ddof=0), ["kmeans", "gmm", "ward"], 2, 8, seed=7, max_fit_rows=5000)
    sizes = segments.assign(tried.solutions["kmeans", 4], (raw - raw.mean()) / raw.std(ddof=0)).value_counts()
    assert sizes.tolist() == pytest.approx([3060, 1061, 204, 13], abs=10) and sizes.iloc[-1] == 13
    for verdict, k in (("none", 1), ("reproducible", 4), ("natural", 2)):
        chosen = compare.recommend(tried.scores, verdict, k)
        candidates = chosen.candidates.set_index(["method", "k"])
        assert not candidates.passes["kmeans", 4] and candidates.passes.any()
        assert candidates.smallest_segment[chosen.method, chosen.k] >= 44 and "fewer than 44 customers" in chosen.reasons[0]
