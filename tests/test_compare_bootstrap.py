"""Bootstrap refits: the same answer from any number of workers, and trust in fpc's words."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestCentroid
from test_segments import blobs, frame

from segkit import segments
from segkit.compare import bootstrap
from segkit.matrix import in_value_order

KINDS = dict.fromkeys(range(2, 9), "full")  # covariances of mixtures


@pytest.fixture
def few(monkeypatch):
    """Four refits are enough where only their being equal is asked."""
    monkeypatch.setattr(bootstrap, "PAIRS", 2)


def same(one: list, other: list) -> bool:
    return all(a.keys() == b.keys() and all((a[key] == b[key]).all() for key in a) for a, b in zip(one, other, strict=True))


def test_one_worker_and_two_give_the_same_refits_and_another_seed_does_not(few, monkeypatch):
    import joblib

    rows = in_value_order(blobs(2, n=200, k=4))
    asked = rows, ["kmeans", "gmm", "ward", "average", "complete"], [2, 4], KINDS
    found = {}
    for workers in (1, 2):
        monkeypatch.setattr(joblib, "cpu_count", lambda workers=workers: workers)
        found[workers] = bootstrap.bootstrap(*asked, seed=3)
    assert len(found[1]) == 4 and same(found[1], found[2]) and same(found[2], bootstrap.bootstrap(*asked, seed=3))
    assert not same(found[1], bootstrap.bootstrap(*asked, seed=4))


def test_a_refit_predicts_every_row_and_each_sample_is_another(few):
    rows = in_value_order(blobs(2))
    refits = bootstrap.bootstrap(rows, ["kmeans"], [3], {}, seed=1)
    assert all(len(each["kmeans", 3]) == len(rows) for each in refits)
    assert not all((refits[0]["kmeans", 3] == each["kmeans", 3]).all() for each in refits[1:])


def test_threads_are_left_as_they_were_found(few):
    from threadpoolctl import threadpool_info

    before = [(pool["user_api"], pool["num_threads"]) for pool in threadpool_info()]
    bootstrap.bootstrap(in_value_order(blobs(1)), ["kmeans", "gmm"], [2, 3], KINDS, seed=1)
    assert [(pool["user_api"], pool["num_threads"]) for pool in threadpool_info()] == before


def test_a_sample_that_misses_a_rare_value_still_gives_every_customer_a_segment_with_a_centre(few):
    rows = in_value_order(frame(np.repeat([[0.0, 0], [1, 0], [0, 1], [9, 9]], [30, 30, 30, 1], axis=0)))
    for refit in bootstrap.bootstrap(rows, ["kmeans", "gmm", "ward"], [4], KINDS, seed=2):
        for labels in refit.values():
            assert len(set(labels[:-1])) == 3


@pytest.mark.parametrize("method", ["kmeans", "gmm", "ward"])
def test_who_was_drawn_twice_counts_twice(method):
    """The same labels, but for ties at a border, as a fit of the sample with its duplicates, by other code."""
    rows = in_value_order(blobs(3, n=300, k=3))
    values = rows.to_numpy()
    ours = bootstrap.refit(values, [method], [3], KINDS, seed=5)[method, 3]
    rng = np.random.default_rng(5)
    drawn = values[np.sort(rng.integers(len(values), size=len(values)))]
    if method == "gmm":
        theirs = GaussianMixture(3, n_init=5, reg_covar=bootstrap.SMALLEST_VARIANCE, random_state=0).fit(drawn).predict(values)
    elif method == "kmeans":
        theirs = KMeans(3, n_init=5, random_state=0).fit(drawn).predict(values)
    else:
        cut = AgglomerativeClustering(3).fit_predict(drawn)
        theirs = NearestCentroid().fit(drawn, cut).predict(values)
    assert adjusted_rand_score(ours, theirs) > 0.99


def test_pairs_are_neighbours_in_the_list():
    a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert bootstrap.pair_agreement([a, a, a, b]).tolist() == [1.0, -0.5]


def test_stability_of_a_segment_is_its_median_best_overlap_with_quartiles():
    labels = pd.Series(["S1"] * 4 + ["S2"] * 4)
    split = np.array(["x"] * 4 + ["y"] * 2 + ["z"] * 2)
    found = bootstrap.segment_stability(labels, [labels.to_numpy(), labels.to_numpy(), split, split]).set_index("segment")
    assert found.loc["S1", ["n", "value", "low", "high", "mean", "trust", "refits"]].tolist() == [4, 1, 1, 1, 1, "highly stable", 4]
    assert found.loc["S2", ["value", "low", "high", "mean", "trust"]].tolist() == [0.75, 0.5, 1.0, 0.75, "valid"]


@pytest.mark.parametrize(
    ("mean", "word"),
    [
        (1, "highly stable"),
        (0.85, "highly stable"),
        (0.84, "valid"),
        (0.75, "valid"),
        (0.74, "doubtful"),
        (0.6, "doubtful"),
        (0.59, "do not trust"),
        (0.0, "do not trust"),
    ],
)
def test_trust_has_the_thresholds_of_fpc(mean, word):
    assert bootstrap.trust(mean) == word


def test_separate_groups_are_trusted_and_a_cut_through_one_cloud_is_not():
    apart = in_value_order(frame(np.random.default_rng(0).normal(size=(150, 2)) + 12 * np.eye(3, 2)[np.arange(150) % 3]))
    cloud = in_value_order(frame(np.random.default_rng(0).normal(size=(150, 2))))
    trust = {}
    for name, rows in (("apart", apart), ("cloud", cloud)):
        solution = segments.kmeans(rows, 3, 1)
        trust[name] = bootstrap.trusted(solution, rows, bootstrap.bootstrap(rows, ["kmeans"], [3], {}, 1))
        assert list(trust[name].columns[:3]) == ["method", "k", "segment"]
    assert (trust["apart"].value == 1).all() and trust["cloud"]["mean"].max() < 0.85
