"""The gap statistic against pencil and paper, other code, R's documented rule and populations whose number of groups is known."""

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans
from test_segments import frame

from segkit.compare import reference

COLUMNS = ["k", "value", "low", "high", "chosen", "n", "draws"]


def far_blobs(n: int, k: int = 3, apart: float = 20.0, d: int = 2) -> pd.DataFrame:
    """Round groups, their centres at 0 and out on one axis each."""
    rng = np.random.default_rng(k)
    return frame(rng.normal(size=(n, d)) + apart * np.vstack([np.zeros(d), np.eye(d)])[np.arange(n) % k])


def square(seed: int, n: int = 300) -> pd.DataFrame:
    return frame(np.random.default_rng(seed).random((n, 2)))


def chosen(gap: pd.DataFrame) -> list[int]:
    return gap.k[gap.chosen].tolist()


def test_spread_within_groups_and_the_box_by_hand():
    line = np.array([[0.0], [1], [10], [11]])
    assert reference.within(line, np.array([0, 0, 1, 1])) == reference.within(line, np.array([1, 1, 0, 0])) == 1
    assert reference.log_within(line, [1, 2], start=1) == pytest.approx(np.log([101, 1]))
    assert reference.box(line) == pytest.approx([11])
    turned = np.array([[0.0, 0], [3, 3], [2, 4], [-1, 1]])  # a rectangle of sqrt(18) by sqrt(2), turned by 45 degrees
    assert sorted(reference.box(turned)) == pytest.approx([2**0.5, 18**0.5])


@pytest.mark.parametrize("rows", [far_blobs(60, apart=5.0), square(1, n=60)], ids=["blobs", "square"])
def test_the_gap_is_that_of_other_code_within_the_error_of_the_draws(rows, monkeypatch):
    """Pairwise distances instead of centres, draws turned back to the data, many of them."""
    values, rng = rows.to_numpy(), np.random.default_rng(0)
    center = values.mean(axis=0)
    axes = np.linalg.svd(values - center)[2]
    turned = (values - center) @ axes.T

    def log_within(these: np.ndarray, k: int) -> float:
        labels = KMeans(k, n_init=3, random_state=0).fit_predict(these)
        return np.log(sum((pdist(these[labels == s]) ** 2).sum() / (labels == s).sum() for s in range(k)))

    draws = [rng.uniform(turned.min(axis=0), turned.max(axis=0), turned.shape) @ axes + center for _ in range(40)]
    monkeypatch.setattr(reference, "DRAWS", 40)
    gap = reference.gap_statistic(rows, 3, seed=1)
    for row in gap.itertuples():
        logs = np.array([log_within(draw, row.k) for draw in draws])
        assert row.value == pytest.approx(logs.mean() - log_within(values, row.k), abs=0.05)
        assert row.high - row.value == pytest.approx(row.value - row.low)
        assert row.value - row.low == pytest.approx(logs.std() * np.sqrt(1 + 1 / 40), rel=0.4)


@pytest.mark.parametrize(("factor", "k"), [(0.25, 3), (1, 3), (2, 1), (4, 1)])
def test_the_rule_is_tibs2001semax_of_r_on_the_example_of_its_manual(factor, k):
    gap, s = np.array([2.0, 3, 5, 4, 7, 8, 5, 4]), np.array([1, 1, 2, 1, 1, 3, 1, 1]) / 2
    assert reference.first_sufficient(gap, factor * s) == k


def test_a_gap_that_still_rises_chooses_nothing():
    assert reference.first_sufficient(np.array([1.0, 2, 3]), np.full(3, 0.1)) == 0
    assert reference.first_sufficient(np.array([1.0, 2, np.nan]), np.full(3, 0.1)) == 0
    assert chosen(reference.gap_statistic(far_blobs(90), 3, seed=1)) == []


def test_a_square_is_one_group_and_three_far_blobs_are_three():
    assert [chosen(reference.gap_statistic(square(seed, n=200), 5, seed)) for seed in range(3)] == [[1]] * 3
    assert [chosen(reference.gap_statistic(far_blobs(200), 5, seed)) for seed in range(3)] == [[3]] * 3


def test_the_table_is_whole_and_a_scale_or_a_turn_changes_no_gap():
    rows = far_blobs(80, apart=4.0)
    gap = reference.gap_statistic(rows, 4, seed=2)
    assert list(gap.columns) == COLUMNS and gap.k.tolist() == [1, 2, 3, 4]
    assert gap.chosen.dtype == bool and set(gap.n) == {80} and set(gap.draws) == {reference.DRAWS}
    once, sample = np.array([[0.6, -0.8], [0.8, 0.6]]), rows.to_numpy()
    assert reference.gap_statistic(frame(1000 * sample @ once), 4, 2).value.to_numpy() == pytest.approx(gap.value.to_numpy(), abs=0.1)


def test_the_order_of_rows_and_the_number_of_workers_change_nothing_and_the_seed_does(monkeypatch):
    rows, found = far_blobs(60, apart=3.0), {}
    for workers in (1, 2):
        monkeypatch.setattr(joblib, "cpu_count", lambda workers=workers: workers)
        found[workers] = reference.gap_statistic(rows.sample(frac=1, random_state=workers), 3, seed=5)
    pd.testing.assert_frame_equal(found[1], found[2], check_exact=True)
    assert (reference.gap_statistic(rows, 3, seed=6).value != found[1].value).all()


def test_who_is_there_twice_counts_twice():
    rows = square(2, n=40)
    doubled = frame(np.repeat(rows.to_numpy(), 2, axis=0))
    assert reference.log_within(doubled.to_numpy(), [1], 1) == pytest.approx(reference.log_within(rows.to_numpy(), [1], 1) + np.log(2))
    assert reference.gap_statistic(doubled, 3, 1).n.unique() == [80]


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        (frame(np.zeros((0, 2))), 0),
        (frame(np.ones((1, 2))), 0),
        (frame(np.ones((30, 2))), 0),
        (frame(np.repeat([[0.0, 1], [1, 0]], 20, axis=0)), 1),
        (frame([[0.0, 1], [1, 0], [5, 5]]), 2),
        (frame(np.column_stack([np.arange(30.0), np.ones(30)])), 5),
        (frame(np.arange(30.0)[:, None]), 5),
    ],
    ids=["nobody", "one customer", "all alike", "two kinds", "three customers", "a constant column", "one column"],
)
def test_from_as_many_groups_as_there_are_different_customers_on_the_gap_is_na(rows, known, recwarn):
    gap = reference.gap_statistic(rows, 5, seed=1)
    assert gap.value.notna().tolist() == [k <= known for k in range(1, 6)]
    assert (gap[["low", "high"]].notna().all(axis=1) == gap.value.notna()).all() and not gap.chosen[gap.value.isna()].any()
    assert not recwarn.list
