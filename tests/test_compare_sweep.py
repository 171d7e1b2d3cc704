"""Every method at every k, and a recommendation that does not fall for outliers."""

import numpy as np
import pandas as pd
import pytest
from test_segments import blobs, frame
from test_sources import online_retail  # noqa: F401

from segkit import baselines, compare, features, segments
from segkit.compare import bootstrap, indices


@pytest.fixture(scope="module")
def swept():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "PAIRS", 3)
        data = blobs(3, n=300, k=3)
        yield data, compare.sweep(data, ["kmeans", "gmm", "ward"], 2, 4, seed=1, max_fit_rows=200)


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


def test_agreement_compares_each_pair_of_methods_once_at_one_k_and_the_ties(swept):
    solutions, rows = swept[1].solutions, swept[1].rows
    found = compare.agreement(solutions, rows, 3)
    assert sorted(zip(found.method, found.other, strict=True)) == [("gmm", "ward"), ("kmeans", "gmm"), ("kmeans", "ward")]
    assert set(found.k) == set(found.other_k) == {3} and found.value.max() <= 1
    more = compare.agreement(solutions, rows, 3, (("ward", 3), ("ward", 4), ("gmm", 9)))
    assert len(more) == 6 and more[more.other_k == 4].other.tolist() == ["ward"] * 3
    assert list(compare.agreement({}, rows, 3).columns) == ["method", "k", "other", "other_k", "value", "n"]


def test_trees_are_kept_for_whom_wants_to_see_them(swept):
    tried = swept[1]
    assert list(tried.trees) == ["ward"] and tried.trees["ward"].shape == (199, 4)


def test_beside_sets_the_segments_beside_plain_labels(swept):
    data, tried = swept
    labels = segments.assign(tried.solutions["kmeans", 3], data)
    found = compare.beside({"segments": labels, "random": baselines.random_like(labels, data, 1)}, tried.rows).set_index("segmentation")
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


def test_the_indices_disagree_about_iris_and_the_tool_shows_it(monkeypatch):
    from sklearn.datasets import load_iris

    from segkit import figures

    monkeypatch.setattr(bootstrap, "PAIRS", 3)
    tried = compare.sweep(frame(load_iris().data), ["kmeans", "gmm", "ward"], 2, 6, seed=7, max_fit_rows=1000)
    said = figures.scores(tried.scores, "kmeans", 3).alt
    assert (
        "silhouette says k-means k = 2" in said or "silhouette says Gaussian mixture k = 2" in said or "silhouette says Ward k = 2" in said
    )
    assert "calinski harabasz says k-means k = 3" in said and "davies bouldin says" in said and "k = 2" in said.split("davies bouldin")[1]
    assert tried.mixtures.loc[tried.mixtures.bic.idxmin(), "k"] == 2


def test_the_mcdonalds_segments_are_as_trustworthy_as_published(real_data):
    survey = pd.read_csv(real_data / "mcdonalds" / "mcdonalds.csv").iloc[:, :11]
    answers = frame((survey == "Yes").to_numpy(float))
    tried = compare.sweep(answers, ["kmeans"], 4, 4, seed=7, max_fit_rows=5000)
    found = compare.trusted(tried.solutions["kmeans", 4], tried.rows, tried.refits)
    assert found["mean"].between(0.80, 0.98).all() and found.value.between(0.85, 0.99).all(), "published: about .89 to .95"
