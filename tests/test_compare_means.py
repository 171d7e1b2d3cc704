"""k-means of many samples at once cuts as scikit-learn's does, and honours counts."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris

from segkit.compare import means


def blobs(seed: int, n: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)) + 8 * rng.integers(2, size=(n, 3))


def test_a_sample_is_cut_as_well_as_by_scikit_learn():
    values = load_iris().data
    for k, inertia in ((2, 152.347952), (3, 78.851441), (5, 46.446182)):
        found = means.cuts(values[None], k, 25, np.random.default_rng(1))
        assert found.within[0] == pytest.approx(inertia, rel=2e-3)


@pytest.mark.parametrize("k", [2, 4, 7])
def test_labels_centers_and_within_belong_together(k):
    samples = np.stack([blobs(seed) for seed in range(5)])
    found = means.cuts(samples, k, 3, np.random.default_rng(0))
    for values, labels, within, centers in zip(samples, *found):
        distances = ((values[:, None] - centers) ** 2).sum(axis=2)
        assert (labels == distances.argmin(axis=1)).all()
        assert within == pytest.approx(distances.min(axis=1).sum())
        best = KMeans(k, n_init=10, random_state=0).fit(values).inertia_
        assert best * 0.999 <= within < best * 1.6


def test_a_sample_is_cut_the_same_way_alone_as_among_others():
    samples = np.stack([blobs(seed) for seed in range(45)])
    together = means.cuts(samples, 4, 2, np.random.default_rng(3))
    part = means.cuts(samples[:7], 4, 2, np.random.default_rng(3))
    assert (together.labels[:7] == part.labels).all() and (together.centers[:7] == part.centers).all()


def test_who_counts_twice_is_there_twice():
    values, rng = blobs(1), np.random.default_rng(2)
    counts = rng.integers(0, 4, size=(1, len(values))).astype(float)
    counted = means.cuts(values[None], 4, 20, np.random.default_rng(0), counts)
    repeated = means.cuts(np.repeat(values, counts[0].astype(int), axis=0)[None], 4, 20, np.random.default_rng(0))
    assert counted.within[0] == pytest.approx(repeated.within[0], rel=1e-3)


def test_fewer_distinct_rows_than_segments_leave_some_empty():
    values = np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)
    found = means.cuts(values[None], 5, 2, np.random.default_rng(0))
    assert found.within[0] == 0 and len(np.unique(found.labels)) == 2


def test_rows_go_to_the_nearest_centre_of_each_sample():
    values = np.array([[0.0], [1.0], [5.0]])
    centers = np.array([[[0.0], [4.0]], [[6.0], [0.5]]])
    assert means.nearest(values, centers).tolist() == [[0, 0, 1], [1, 1, 0]]
