"""Segments: published numbers, one rule of assignment for old and new customers, and labels that depend on nothing but the data."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from test_sources import online_retail  # noqa: F401

from segkit import features, matrix, segments
from segkit.errors import BadInput


def frame(values, prefix="c") -> pd.DataFrame:
    """A matrix as `segkit.matrix` hands it over."""
    values = np.asarray(values, dtype=float)
    return pd.DataFrame(
        values,
        index=pd.Index([f"{prefix}{i:04d}" for i in range(len(values))], name="customer_id"),
        columns=[f"f{j}" for j in range(values.shape[1])],
    )


def blobs(seed: int, n: int = 120, d: int = 3, k: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return frame(rng.normal(size=(n, d)) * rng.uniform(0.3, 2, size=d) + rng.normal(scale=3, size=(k, d))[rng.integers(k, size=n)])


def within(data: pd.DataFrame, labels: pd.Series) -> float:
    """Sum of squared distances to the segment means, by hand."""
    return sum(((part - part.mean()) ** 2).to_numpy().sum() for _, part in data.loc[labels.index].groupby(labels))


@pytest.fixture(scope="module")
def iris() -> pd.DataFrame:
    return frame(load_iris().data)


FITS = {"kmeans": segments.kmeans, "gmm": segments.gmm, "ward": segments.ward}


@pytest.mark.parametrize(("k", "inertia"), [(2, 152.347952), (3, 78.851441), (4, 57.228473), (5, 46.446182), (6, 39.039987)])
def test_k_means_reaches_the_known_optimum_of_iris(iris, k, inertia):
    assert within(iris, segments.kmeans(iris, k, seed=7, restarts=120).labels) == pytest.approx(inertia, abs=1e-5)


def test_three_k_means_and_three_ward_segments_of_iris_are_the_published_ones(iris):
    species = load_iris().target
    for solution, sizes, agreement in (
        (segments.kmeans(iris, 3, 7), [62, 50, 38], 0.730238),
        (segments.ward(iris, 3), [64, 50, 36], 0.731199),
    ):
        assert solution.labels.value_counts().tolist() == sizes and list(solution.labels.value_counts().index) == ["S1", "S2", "S3"]
        assert adjusted_rand_score(species, solution.labels[iris.index]) == pytest.approx(agreement, abs=1e-6)


def test_the_rule_of_ward_gives_98_7_percent_of_iris_the_label_of_its_own_cut(iris):
    solution = segments.ward(iris, 3)
    assert (segments.assign(solution, iris) == solution.labels[iris.index]).sum() == 148


def test_mixtures_of_iris_have_the_published_bic_and_icl(iris):
    one, two = segments.gmm(iris, 1, 7), segments.gmm(iris, 2, 7)
    assert (one.bic, two.bic) == (pytest.approx(829.978, abs=1e-3), pytest.approx(574.018, abs=1e-3))
    assert two.icl == pytest.approx(574.019, abs=0.02) and one.icl == one.bic
    assert two.labels.value_counts().tolist() == [100, 50] and np.isnan(segments.kmeans(iris, 2, 7).bic)


def test_the_mcdonalds_survey_is_cut_as_well_as_published(real_data):
    survey = pd.read_csv(real_data / "mcdonalds" / "mcdonalds.csv").iloc[:, :11]
    published = [2145.50, 1818.70, 1602.93, 1434.61, 1325.24, 1246.57, 1175.37]
    answers = frame(survey == "Yes")
    for k, expected in enumerate(published, 2):
        assert within(answers, segments.kmeans(answers, k, seed=7, restarts=150).labels) <= expected * 1.002
    four = segments.kmeans(answers, 4, seed=7, restarts=150).labels
    assert four.value_counts().tolist() == pytest.approx([580, 324, 309, 240], abs=8)


def test_rfm_of_online_retail_is_cut_as_well_as_published(online_retail):  # noqa: F811
    found = features.customer_features(online_retail.tables, pd.Timestamp("2011-12-10").to_pydatetime()).execute().set_index("customer_id")
    columns = ["days_since_last_order", "n_orders", "spend"]
    recipe = matrix.recipe(found, columns)
    prepared = matrix.prepare(found, recipe)
    assert [column.shape for column in recipe.columns] == ["log1p"] * 3
    for k, expected in enumerate([6474.14, 4856.35, 3924.73, 3268.02, 2840.19, 2533.03, 2325.54], 2):
        assert within(prepared, segments.kmeans(prepared, k, seed=7).labels) == pytest.approx(expected, rel=5e-4)
    published = KMeans(4, n_init=10, random_state=0).fit(prepared.to_numpy())
    assert sorted(np.bincount(published.labels_))[::-1] == pytest.approx([1538, 1173, 901, 726], abs=6)
    assert within(prepared, segments.kmeans(prepared, 4, seed=7).labels) < 3924.5 < published.inertia_, (
        "a better optimum than the published one"
    )


@pytest.mark.parametrize("seed", range(8))
def test_assigning_to_a_mixture_is_its_own_prediction_for_old_and_new_customers(seed):
    data, k = blobs(seed), 2 + seed % 4
    solution = segments.gmm(data, k, seed)
    twin = GaussianMixture(k)
    log_determinants = np.linalg.slogdet(solution.precision)[1]
    twin.weights_, twin.means_ = np.exp(solution.offset - log_determinants / 2), solution.center
    twin.precisions_cholesky_ = np.linalg.cholesky(solution.precision)
    assert twin.weights_.sum() == pytest.approx(1) and twin.bic(data.to_numpy()) == pytest.approx(solution.bic)
    new = frame(np.random.default_rng(seed + 100).normal(scale=5, size=(500, 3)), "new")
    for rows in (data, new):
        ours, theirs = segments.assign(solution, rows), twin.predict(rows.to_numpy())
        assert adjusted_rand_score(ours, theirs) == 1 and ours.index.equals(rows.index)
        assert np.allclose(segments.membership(solution, rows).probability, twin.predict_proba(rows.to_numpy()).max(axis=1))
    assert (segments.assign(solution, data) == solution.labels[data.index]).all()


@pytest.mark.parametrize("seed", range(4))
def test_assigning_to_k_means_is_the_nearest_centre_and_its_own_label(seed):
    data = blobs(seed, k=5)
    solution = segments.kmeans(data, 4, seed)
    assert (segments.assign(solution, data) == solution.labels[data.index]).all()
    new = np.random.default_rng(seed).normal(scale=5, size=(200, 3))
    nearest = ((new[:, None] - solution.center[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert list(segments.assign(solution, frame(new))) == [f"S{s + 1}" for s in nearest]


@pytest.mark.parametrize("method", FITS)
def test_the_order_and_the_names_of_customers_change_nothing(method):
    data = blobs(11)
    here = segments.assign(FITS[method](data, 4, 3), data)
    shuffled = data.sample(frac=1, random_state=5)
    renamed = frame(data.to_numpy(), "a-pseudonym-")
    assert segments.assign(FITS[method](shuffled, 4, 3), shuffled)[data.index].equals(here)
    assert list(segments.assign(FITS[method](renamed, 4, 3), renamed)) == list(here)


def test_the_number_of_threads_changes_no_label_and_no_digit_of_a_probability():
    code = (
        "import sys; sys.path[:0] = ['tests']; from test_segments import FITS, blobs; from segkit import segments; import hashlib\n"
        "data = blobs(1, n=3000, d=6, k=5)\n"
        "for fit in FITS.values(): print(hashlib.sha256(segments.membership(fit(data.iloc[:1500], 5, 1), data).to_csv().encode()).hexdigest())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n, "PYTHONPATH": str(PROJECT)},
        ).stdout
        for n in ("1", "2")
    ]
    assert said[0] == said[1] and len(said[0].split()) == 3


@pytest.mark.parametrize("method", FITS)
def test_labels_are_largest_first(method):
    for seed in range(4):
        sizes = FITS[method](blobs(seed), 4, seed).labels.value_counts()
        assert sizes.sort_index().is_monotonic_decreasing and set(sizes.index) == {"S1", "S2", "S3", "S4"}


def test_equal_sizes_are_ordered_by_their_centres():
    data = frame(np.repeat([[5.0, 0], [0, 5], [0, 0]], 10, axis=0) + np.tile(np.linspace(0, 0.1, 10), 3)[:, None])
    labels = segments.kmeans(data, 3, 1).labels[data.index]
    assert list(labels[::10]) == ["S3", "S2", "S1"]


@pytest.mark.parametrize("method", FITS)
def test_customers_who_are_alike_are_never_told_apart(method):
    data = frame(np.repeat([[0, 0], [1, 0], [0, 1]], [40, 30, 20], axis=0))
    solution = FITS[method](data, 5, 1)
    assert solution.k == 3 and np.isfinite(solution.center).all()
    assert segments.assign(solution, data).value_counts().to_dict() == {"S1": 40, "S2": 30, "S3": 20}


def test_a_solution_is_frozen(iris):
    solution = segments.kmeans(iris, 2, 7)
    with pytest.raises(dataclasses.FrozenInstanceError):
        solution.k = 3


@pytest.mark.parametrize("method", FITS)
def test_the_json_alone_is_enough_to_assign_a_new_customer_by_hand(method):
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"spend": rng.lognormal(3, 1, 300), "tenure_days": rng.normal(200, 50, 300)}, index=[f"c{i}" for i in range(300)])
    table.iloc[:5, 1] = np.nan
    recipe = matrix.recipe(table, list(table))
    prepared = matrix.prepare(table, recipe)
    solution = FITS[method](prepared, 3, 1)
    said = json.loads(segments.to_text(solution, recipe))
    filled = {column["name"]: table[column["feature"]].fillna(column["fill"]) for column in said["recipe"]}
    shape = {"log1p": np.log1p, "none": lambda values: values}
    x = np.stack([(shape[c["shape"]](filled[c["name"]]) - c["center"]) / c["scale"] * c["weight"] for c in said["recipe"]], axis=1)
    assert [column["shape"] for column in said["recipe"]] == ["log1p", "none"]
    scores = np.stack(
        [s["offset"] - 0.5 * np.sum((x - s["center"]) @ np.array(s["precision"]) * (x - s["center"]), axis=1) for s in said["segments"]],
        axis=1,
    )
    by_hand = pd.Series([said["segments"][s]["segment"] for s in scores.argmax(axis=1)], index=table.index)
    assert (said["method"], said["k"], said["seed"]) == (method, 3, 1 if method != "ward" else solution.seed)
    assert (segments.assign(solution, prepared)[table.index] == by_hand).all()


def test_a_customer_midway_between_two_centres_is_in_the_first_whatever_rounding_says():
    matrix_ = pd.DataFrame({"x": np.r_[np.full(30, 0.1), np.full(20, 0.7)], "y": np.r_[np.full(30, 0.3), np.full(20, 0.9)]})
    solution = segments.kmeans(matrix_, 2, 1)
    middle = pd.DataFrame({"x": [0.4] * 50, "y": [0.6] * 50}) + np.random.default_rng(0).normal(0, 1e-15, (50, 2))
    assert set(segments.assign(solution, middle)) == {"S1"}


def test_names_that_people_give_belong_to_segments_that_are_there():
    assert segments.called({"S2": "Regulars"}, 3) == {"S1": "", "S2": "Regulars", "S3": ""}
    with pytest.raises(BadInput, match="segment_names names S4\n  there are 3 segments"):
        segments.called({"S4": "Lost"}, 3)
