"""The structure verdict: what it calls natural and reproducible, what it does not, and what never changes it."""

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from benchmarks import populations
from segkit.compare import cuts, verdict
from segkit.errors import BadInput


def _frame(values: np.ndarray) -> pd.DataFrame:
    """A matrix as `segkit.matrix` hands it over: indexed by customer_id."""
    return pd.DataFrame(
        values,
        index=pd.Index([f"c{i:05d}" for i in range(len(values))], name="customer_id"),
        columns=[f"f{j}" for j in range(values.shape[1])],
    )


def _blobs(rows: int = 400, distance: float = 7.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 4)) + distance * np.eye(4)[rng.choice(3, size=rows, p=[0.5, 0.3, 0.2])]


T1 = verdict.Evidence(9.0, 2.5, tuple(np.linspace(-1, 2, 39)))
NO_GAP = verdict.Evidence(0.4, 0.65, tuple(np.linspace(0, 0.6, 39)))


@pytest.fixture
def few_pairs(monkeypatch):
    """Fewer bootstraps where the question is T1 alone."""
    monkeypatch.setattr(cuts, "PAIRS", 3)


@pytest.fixture(scope="module")
def three_blobs() -> verdict.Structure:
    return verdict.structure(_frame(_blobs()), seed=1)


def test_three_separated_blobs_are_natural_with_three_segments(three_blobs):
    assert (three_blobs.verdict, three_blobs.k, three_blobs.definitions) == ("natural", 3, ())
    for test in (three_blobs.t1, three_blobs.t2):
        assert test.passes and test.value > test.threshold > max(test.draws) - 1e-12
        assert test.rank == 1 and len(test.draws) == three_blobs.draws == 39
    assert "Gaps separate 3 groups" in three_blobs.reasons[1] and "comes back" in three_blobs.reasons[2]
    assert "3 % of the customers" in three_blobs.blind


def test_by_k_is_a_table(three_blobs):
    table = pd.DataFrame(three_blobs.by_k)
    assert table["k"].tolist() == list(range(2, 9))
    assert (table["significant"] == (table["z"] > three_blobs.t1.threshold)).all()
    assert ((table["ari_low"] <= table["ari"]) & (table["ari"] <= table["ari_high"])).all()
    assert table["z"].max() == three_blobs.t1.value and table["gap"].max() == three_blobs.t2.value


def test_row_order_repetition_and_threads_change_nothing(three_blobs):
    shuffled = _frame(_blobs()).sample(frac=1, random_state=5)
    with threadpool_limits(2):
        assert verdict.structure(shuffled, seed=1) == three_blobs


def test_only_a_sample_of_a_large_matrix_is_used_whatever_its_order():
    rows = np.random.default_rng(2).normal(size=(1_500, 3))
    (names, first), (_, again) = (
        cuts.sample(["a", "b", "c"], cuts.by_values(part), np.random.default_rng(9)) for part in (rows, rows[::-1])
    )
    assert names == ["a", "b", "c"] and first.shape == (cuts.MAX_ROWS, 3) and (first == again).all()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_one_gaussian_is_not_reproducible(seed, few_pairs):
    mixing = np.array([[1, 0.8, 0, 0], [0, 1, 0, 0], [0, 0.4, 1, 0], [0, 0, 0, 1]])
    correlated = np.random.default_rng(seed).normal(size=(400, 4)) @ mixing
    found = verdict.structure(_frame(correlated), seed=seed)
    assert found.verdict == "none" and not found.t1.passes
    assert found.reasons[0].startswith("One population suffices")


def test_yes_no_items_are_not_reproducible_and_a_wanted_cut_is_constructive(few_pairs):
    items = (np.random.default_rng(21).random((400, 11)) < np.linspace(0.2, 0.7, 11)).astype(float)
    found = verdict.structure(_frame(items), seed=3, wanted_cut=True)
    assert found.verdict == "constructive" and not found.t1.passes
    assert found.reasons[-1].startswith("A cut was asked for")
    assert found.k == max(found.by_k, key=lambda at: at.ari).k


def test_several_populations_without_stability_are_said_in_words():
    unstable = tuple(verdict.AtK(k, 5.0, True, 0.4, 0.3, 0.4 + k / 100, 0.6) for k in (2, 3))
    found = verdict._judged(unstable, 500, T1, NO_GAP, 0, False, {})
    assert (found.verdict, found.t1.passes, found.k) == ("none", True, 3)
    assert found.reasons[0].startswith("More than one population") and found.reasons[2].startswith("No cut")


def test_the_reproducible_k_is_the_finest_of_the_significant_and_most_stable():
    by_k = (
        verdict.AtK(2, 4.0, True, 0.4, 0.8, 0.93, 1.0),
        verdict.AtK(3, 6.0, True, 0.4, 0.8, 0.92, 1.0),
        verdict.AtK(4, 8.0, True, 0.4, 0.8, 0.82, 0.9),  # stable, but less than its rivals
        verdict.AtK(5, 9.0, True, 0.4, 0.5, 0.60, 0.7),
        verdict.AtK(6, 1.0, False, 0.4, 0.9, 0.99, 1.0),
    )
    found = verdict._judged(by_k, 500, T1, NO_GAP, 0, True, {3: (("f0", 1.0),)})
    assert (found.verdict, found.k, found.t1, found.definitions) == ("reproducible", 3, T1, (("f0", 1.0),))
    assert "No gap separates the segments" in found.reasons[1]


def test_a_stable_cut_of_one_population_is_not_structure():
    by_k = (verdict.AtK(2, 0.3, False, 0.4, 0.99, 1.0, 1.0),)
    found = verdict._judged(by_k, 500, verdict.Evidence(0.3, 2.5, T1.draws), NO_GAP, 0, False, {})
    assert (found.verdict, found.k) == ("none", 2)
    assert "no sign of structure" in found.reasons[2]


def test_a_draw_is_measured_against_the_other_draws():
    drawn = np.array([[0.0], [1.0], [2.0], [-9.0]])
    _, maxima = cuts.gains(np.array([0.0]), drawn)
    assert maxima[3] == pytest.approx((1.0 - -9.0) / 1.0)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((50, 3)),  # one row, repeated
        np.repeat([[0.0, 1.0], [1.0, 0.0]], 50, axis=0),  # two distinct rows
        np.arange(20.0).reshape(10, 2),  # ten customers
        np.empty((0, 3)),
        np.empty((40, 0)),
    ],
)
def test_nothing_to_cut_is_none(values):
    found = verdict.structure(_frame(values), seed=1)
    assert (found.verdict, found.k, found.t1.passes, found.by_k) == ("none", 1, False, ())
    assert found.reasons[0].startswith("Nothing to test")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "values",
    [
        np.repeat([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], 30, axis=0),  # three distinct rows: only k = 2 can be tried
        np.repeat([[0.0], [1.0], [-1.0], [50.0]], [60, 20, 20, 1], axis=0),
        np.random.default_rng(0).gamma(2.0, size=(60, 1)),
    ],
)
def test_few_distinct_rows_and_one_column_work(values, few_pairs):
    found = verdict.structure(_frame(values), seed=1)
    assert found.verdict == "none"
    assert [at.k for at in found.by_k] == list(range(2, min(8, len(np.unique(values, axis=0)) - 1) + 1))


def test_rows_far_out_are_pulled_in_along_their_direction():
    rows = np.random.default_rng(0).normal(size=(200, 2))
    rows[0] = (60.0, 60.0)
    norms = np.linalg.norm(cuts.prepared(rows), axis=1)
    assert norms.max() == pytest.approx(cuts.PULL_IN * np.median(norms))
    assert cuts.prepared(rows)[0, 0] == pytest.approx(cuts.prepared(rows)[0, 1], rel=0.1)


def test_missing_values_are_refused_without_quoting_them():
    with pytest.raises(BadInput, match="1 of its 4 cells"):
        verdict.structure(_frame(np.array([[1.0, np.nan], [2.0, 3.0]])), seed=1)


@pytest.mark.parametrize("seed", [1001, 1003])
def test_days_between_orders_that_are_none_for_who_ordered_once_make_no_gap(seed):
    found = verdict.structure(pd.DataFrame(populations.customers_with_span(np.random.default_rng(seed))), seed)
    assert found.verdict != "natural" and {name for name, _ in found.definitions} == {0, 5}


def test_latent_classes_are_natural_though_every_item_is_a_recorded_value():
    found = verdict.structure(pd.DataFrame(populations.latent_classes(np.random.default_rng(1000))), 1000)
    assert (found.verdict, found.k) == ("natural", 3)
