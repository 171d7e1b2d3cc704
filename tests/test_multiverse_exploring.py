"""Specifications carried out: the same for any order, names and number of threads; drawn, fitted and judged as said."""

import joblib
import numpy as np
import pandas as pd
import pytest

from segkit import matrix, segments
from segkit.multiverse import OwnChoices, explore, specifications
from segkit.multiverse.exploring import drawn, everyone_by

CLUSTER_ON = ["a", "b", "c"]


def blobs(n: int = 300, far: float = 8.0, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Three groups of customers far apart, each low, middling and high in one feature: 40, 35 and 25 % of all; and the segments they are
    in."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1, 2], [2 * n // 5, 7 * n // 20, n - 2 * n // 5 - 7 * n // 20])
    values = rng.normal(size=(n, 3)) + far * np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])[group]
    names = [f"p{number:03d}" for number in rng.permutation(n)]
    features = pd.DataFrame(values, columns=CLUSTER_ON, index=pd.Index(names, name="customer_id")).assign(orders=rng.integers(1, 9, n))
    return features, pd.Series([f"S{g + 1}" for g in group], index=features.index, name="segment")


def explored(features, own, methods=("kmeans", "ward"), k_min: int = 2, k_max: int = 4, **given):
    choices = OwnChoices("standard", {}, 0.0, methods[0], 3)
    return explore(features, own, specifications(choices, list(methods), k_min, k_max), CLUSTER_ON, choices, 7, **given)


@pytest.fixture(scope="module")
def found():
    return explored(*blobs(), methods=("kmeans", "gmm", "ward"))


def test_every_specification_says_what_came_of_it(found):
    told = found.specifications
    assert list(told.columns[7:]) == ["covariances", "agreement", "smallest", "passes", "fitted", "n"]
    assert len(told) == 108 == found.labels.shape[1] == len(found.fitted) and (told.n == 300).all() and (told.fitted == 300).all()
    assert told.agreement[told.k == 3].min() == 1, "planted groups are found"
    assert told.agreement[told.own].iloc[0] == 1
    assert (told.covariances != "").sum() == 36 and set(told.method[told.covariances != ""]) == {"gmm"}
    assert [solution.k for _, solution in found.fitted] == list(told.k)


def test_the_gate_is_the_studys(found):
    three = found.specifications[(found.specifications.k == 3) & found.specifications.own].iloc[0]
    assert three.smallest == 75 and three.passes, "at least 30"
    cut = found.specifications[found.specifications.smallest < 30]
    assert len(cut) and not cut.passes.any()


def test_names_and_the_order_of_customers_change_nothing():
    features, own = blobs()
    one = explored(features, own)
    order = np.random.default_rng(3).permutation(len(features))
    renamed = {name: f"q{number:03d}" for number, name in enumerate(sorted(features.index))}
    other = explored(features.iloc[order].rename(index=renamed), own.iloc[order].rename(index=renamed))
    pd.testing.assert_frame_equal(one.specifications, other.specifications)
    assert (one.labels.to_numpy() == other.labels.to_numpy()).all()
    assert [renamed[name] for name in one.own.index] == list(other.own.index)


def test_any_number_of_threads_gives_the_same(monkeypatch):
    features, own = blobs(120)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(joblib, "cpu_count", lambda threads=threads: threads)
        found.append(explored(features, own, ("kmeans", "gmm", "ward"), k_min=3, k_max=3))
    pd.testing.assert_frame_equal(found[0].specifications, found[1].specifications, check_exact=True)
    pd.testing.assert_frame_equal(found[0].labels, found[1].labels)


def test_fits_are_on_a_draw_and_labels_on_another():
    features, own = blobs(1400)
    found = explored(features, own, fit_rows=200)
    told = found.specifications
    assert (told.fitted == 200).all() and (told.n == 1000).all() and len(found.own) == 1000
    assert len(found.fitted[0][1].labels) == 200
    assert (told.passes == (told.smallest >= np.ceil(30 / 1400 * 200))).all(), "the share that 30 of 1,400 are"
    assert found.own.index.equals(found.labels.index) and (found.own == own.loc[found.own.index]).all()


def test_everyone_is_assigned_by_a_specification(found):
    features, own = blobs()
    at = int(np.flatnonzero(found.specifications.own)[0])
    labels = everyone_by(found.fitted[at], features)
    assert labels.index.equals(features.index) and (labels == own).all()
    recipe, solution = found.fitted[at]
    assert labels.equals(segments.assign(solution, matrix.prepare(features, recipe)).loc[features.index])


def test_draws_are_by_seed_from_an_order_and_keep_it():
    table = pd.DataFrame({"a": range(10)}, index=[f"c{number}" for number in range(10)])
    assert drawn(table, 10, 1).equals(table.index) and drawn(table, 4, 1).equals(drawn(table, 4, 1))
    assert len(drawn(table, 4, 1)) == 4 and list(drawn(table, 4, 1)) == sorted(drawn(table, 4, 1))
    assert not drawn(table, 4, 1).equals(drawn(table, 4, 2))
