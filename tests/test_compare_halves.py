"""Prediction strength against counted pairs, other code, and populations whose number of groups is known."""

from itertools import combinations

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.neighbors import NearestCentroid
from test_compare_reference import far_blobs, square
from test_segments import blobs, frame

from segkit.compare import halves

ALL = ["kmeans", "gmm", "ward", "average", "complete"]
KINDS = dict.fromkeys(range(2, 9), "full")  # covariances of mixtures
COLUMNS = ["method", "k", "value", "low", "high", "n", "splits"]


def counted(own: np.ndarray, foretold: np.ndarray) -> float:
    """Every pair of members of every group, one by one."""
    shares = []
    for group in np.unique(own):
        pairs = list(combinations(np.flatnonzero(own == group), 2))
        shares.append(np.mean([foretold[a] == foretold[b] for a, b in pairs]) if pairs else 1.0)
    return min(shares)


def test_strength_by_hand():
    own = np.array([0, 0, 0, 1, 1, 1, 1])
    assert halves.strength(own, np.array([5, 5, 5, 9, 9, 9, 9])) == 1
    assert halves.strength(own, np.array([5, 5, 9, 9, 9, 9, 9])) == pytest.approx(1 / 3)  # one pair of three
    assert halves.strength(own, np.array([5, 5, 5, 9, 9, 5, 5])) == pytest.approx(1 / 3)  # two of six
    assert halves.strength(np.array([0, 1, 1]), np.array([3, 4, 4])) == 1  # a group of one has no pairs
    assert halves.strength(np.array([0, 1, 1]), np.array([3, 3, 4])) == 0


@pytest.mark.parametrize("seed", range(5))
def test_strength_is_the_count_of_pairs(seed):
    rng = np.random.default_rng(seed)
    own, foretold = rng.integers(5, size=40), rng.integers(3, size=40) * 7
    own[0] = 99
    assert halves.strength(own, foretold) == pytest.approx(counted(own, foretold))


@pytest.mark.parametrize("method", ["kmeans", "ward", "average", "complete"])
def test_one_split_is_that_of_other_code_on_the_same_halves(method):
    values = far_blobs(81, apart=4.0).sort_values(["f0", "f1"]).to_numpy()
    first = np.isin(np.arange(81), np.random.default_rng(5).permutation(81)[:40])
    sides = []
    for half in (first, ~first):
        if method == "kmeans":
            cut = KMeans(3, n_init=20, random_state=0).fit_predict(values[half])
        else:
            cut = AgglomerativeClustering(3, linkage=method).fit_predict(values[half])
        sides.append(NearestCentroid().fit(values[half], cut).predict(values))
    expected = np.mean([counted(sides[0][first], sides[1][first]), counted(sides[1][~first], sides[0][~first])])
    assert halves.strengths_of_split(values, [method], [3], KINDS, seed=5)[method, 3] == pytest.approx(expected)
    assert expected < 1


def test_three_far_blobs_are_foretold_by_every_method_and_a_fourth_is_not():
    found = halves.prediction_strength(far_blobs(240), ALL, [2, 3, 4], KINDS, seed=1)
    by_k = found.pivot(index="method", columns="k", values="value").loc[ALL]
    assert (by_k[3] == 1).all() and (by_k[4] < 1).all() and (by_k.loc[["kmeans", "gmm", "ward"], 4] < 0.8).all()
    largest = halves.largest_foretold(found)
    assert list(largest) == ALL and {largest[method] for method in ("kmeans", "gmm", "ward")} == {3}


def test_a_square_is_foretold_at_no_more_than_its_one_group_in_three():
    found = halves.prediction_strength(square(1), ["kmeans", "ward"], [3], KINDS, seed=1)
    assert (found.high < 0.8).all() and halves.largest_foretold(found) == {"kmeans": 1, "ward": 1}


def test_the_table_is_whole_and_the_interval_is_the_standard_error_over_splits():
    rows = blobs(2, n=60).sort_values(["f0", "f1", "f2"])
    found = halves.prediction_strength(rows, ["ward", "gmm"], [2, 4], KINDS, seed=3)
    assert list(found.columns) == COLUMNS and set(found.n) == {60} and (found.splits <= halves.SPLITS).all()
    assert list(zip(found.method, found.k)) == [("ward", 2), ("ward", 4), ("gmm", 2), ("gmm", 4)]
    seeds = np.random.default_rng(3).integers(2**31, size=halves.SPLITS)
    each = [halves.strengths_of_split(rows.to_numpy(), ["ward"], [2, 4], KINDS, int(seed))["ward", 4] for seed in seeds]
    row = found[(found.method == "ward") & (found.k == 4)].iloc[0]
    assert row.value == pytest.approx(np.mean(each))
    assert row.high - row.value == pytest.approx(row.value - row.low) == pytest.approx(np.std(each, ddof=1) / np.sqrt(halves.SPLITS))


def test_the_order_of_rows_and_the_number_of_workers_change_nothing_and_the_seed_does(monkeypatch):
    rows, found = blobs(2, n=80, k=4), {}
    for workers in (1, 2):
        monkeypatch.setattr(joblib, "cpu_count", lambda workers=workers: workers)
        found[workers] = halves.prediction_strength(rows.sample(frac=1, random_state=workers), ALL, [2, 4], KINDS, seed=3)
    pd.testing.assert_frame_equal(found[1], found[2], check_exact=True)
    assert (halves.prediction_strength(rows, ALL, [2, 4], KINDS, seed=4).value != found[1].value).any()


def test_a_method_at_one_k_is_the_same_whatever_else_is_asked():
    rows = blobs(2, n=60, k=4)
    alone = halves.prediction_strength(rows, ["ward"], [2, 3], {}, seed=3)
    together = halves.prediction_strength(rows, ALL, [2, 3], KINDS, seed=3).query("method == 'ward'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, together)


def test_the_reading_takes_the_largest_k_with_its_standard_error():
    rows = pd.DataFrame(
        {"method": ["kmeans"] * 3 + ["ward"] * 2, "k": [2, 3, 4, 2, 3], "value": 0.7, "high": [0.9, 0.7, 0.8, 0.79, np.nan]}
    )
    assert halves.largest_foretold(rows) == {"kmeans": 4, "ward": 1}


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        (frame(np.zeros((0, 2))), 0),
        (frame(np.ones((1, 2))), 0),
        (frame([[0.0, 1], [1, 0], [5, 5]]), 0),
        (frame(np.ones((30, 2))), 0),
        (frame(np.repeat([[0.0, 1], [1, 0]], 20, axis=0)), 2),
        (frame(np.repeat([[0.0, 0], [1, 0], [0, 5]], 20, axis=0)), 3),
        (frame(np.column_stack([np.repeat([0.0, 9, 30], 10) + np.arange(30) / 9, np.ones(30)])), 3),
        (frame(np.repeat([0.0, 9, 30], 10)[:, None] + np.arange(30)[:, None] / 9), 3),
    ],
    ids=["nobody", "one customer", "three customers", "all alike", "two kinds", "three kinds", "a constant column", "one column"],
)
def test_more_groups_than_a_half_has_different_customers_have_no_strength(rows, known, recwarn):
    found = halves.prediction_strength(rows, ALL, [2, 3], KINDS, seed=1)
    assert found.value.notna().tolist() == [k <= known for k in (2, 3)] * 5
    assert (found.splits[found.value.isna()] == 0).all() and found.value.dropna().between(0, 1).all()
    assert not [each for each in recwarn.list if issubclass(each.category, UserWarning)]


def test_ties_that_a_tree_cannot_part_are_no_third_segment():
    """Two pairs of values equally far apart: average linkage joins both at the same height, so that there is no cut into three."""
    rows = frame(np.repeat([0.0, 1, 10, 11], 20)[:, None])
    found = halves.prediction_strength(rows, ["average"], [2, 3, 4], {}, seed=1).set_index("k")
    assert found.value.notna().tolist() == [True, False, True] and found.loc[2, "value"] == found.loc[4, "value"] == 1
