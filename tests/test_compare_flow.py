"""Flows between the segments of neighbouring ks, by hand on ten customers and beside scipy's entropy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy

from segkit import segments
from segkit.compare.flow import flow, in_steps, recruitment, slsa

VALUES = [0.0, 0, 0, 0, 4, 4, 10, 10, 10, 10]
ROWS = pd.DataFrame({"x": VALUES}, index=pd.Index([f"c{i}" for i in range(10)], name="customer_id"))


def around(*centers: float, method: str = "kmeans") -> segments.Solution:
    """Segments S1, S2 … around points on a line; nearest wins."""
    k = len(centers)
    return segments.Solution(
        method, k, 0, ("x",), np.array(centers)[:, None], np.ones((k, 1, 1)), np.zeros(k), pd.Series(dtype="str")
    )  # fmt: skip


SOLUTIONS = {
    ("kmeans", 2): around(1, 10),
    ("kmeans", 3): around(0, 10, 5),
    ("kmeans", 4): around(0, 4.2, 9.9, 30),
    ("ward", 2): around(0, 9),
}


def test_every_pair_of_neighbouring_ks_has_its_flows_and_shares():
    found = flow(SOLUTIONS, "kmeans", ROWS)
    assert found.values.tolist() == [
        [2, "S1", 3, "S1", 4, 6, 4, pytest.approx(2 / 3), 1.0],
        [2, "S1", 3, "S3", 2, 6, 2, pytest.approx(1 / 3), 1.0],
        [2, "S2", 3, "S2", 4, 4, 4, 1.0, 1.0],
        [3, "S1", 4, "S1", 4, 4, 4, 1.0, 1.0],
        [3, "S2", 4, "S3", 4, 4, 4, 1.0, 1.0],
        [3, "S3", 4, "S2", 2, 2, 2, 1.0, 1.0],
    ]
    pd.testing.assert_frame_equal(found, flow(SOLUTIONS, "kmeans", ROWS.sample(frac=1, random_state=1)))


def test_one_k_has_no_flows():
    found = flow(SOLUTIONS, "ward", ROWS)
    assert found.empty and recruitment(found, 2).empty and in_steps(found, 5).empty


def test_ks_need_not_follow_each_other():
    found = flow({key: SOLUTIONS[key] for key in (("kmeans", 2), ("kmeans", 4))}, "kmeans", ROWS)
    assert set(zip(found.k, found.next_k)) == {(2, 4)} and found.n.sum() == 10


def test_recruitment_names_where_customers_come_from_and_go_to():
    found = recruitment(flow(SOLUTIONS, "kmeans", ROWS), 3).set_index("segment")
    assert list(found.index) == ["S1", "S2", "S3"] and list(found.n) == [4, 4, 2]
    assert found.loc[
        "S3", ["previous_k", "source", "source_share", "slsa", "next_k", "target", "target_share", "target_kept"]
    ].tolist() == [
        *(2, "S1", 1.0, 1.0),
        *(4, "S2", 1.0, 1.0),
    ]
    assert found.source_kept.tolist() == [pytest.approx(2 / 3), 1.0, pytest.approx(1 / 3)]
    first = recruitment(flow(SOLUTIONS, "kmeans", ROWS), 2)
    assert first.previous_k.isna().all() and first.slsa.isna().all() and first.target_share.tolist() == [pytest.approx(2 / 3), 1.0]
    last = recruitment(flow(SOLUTIONS, "kmeans", ROWS), 4)
    assert last.target.isna().all() and last.slsa.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("shares", "before", "expected"), [([1.0], 4, 1.0), ([0.5, 0.5], 2, 0.0), ([0.75, 0.25], 2, 0.188722)])
def test_slsa_is_one_from_one_segment_and_zero_from_all_alike(shares, before, expected):
    assert slsa(np.array(shares), before) == pytest.approx(expected, abs=1e-6)


def test_slsa_is_one_less_normalised_entropy():
    shares = np.array([0.7, 0.2, 0.1])
    assert slsa(shares, 5) == pytest.approx(1 - entropy(shares) / np.log(5)) and np.isnan(slsa(np.array([1.0]), 1))


def test_in_steps_a_small_flow_looks_like_none_and_sizes_add_up():
    flows = pd.DataFrame(
        [(2, "S1", 3, "S1", 171), (2, "S1", 3, "S2", 3), (2, "S2", 3, "S2", 64), (2, "S2", 3, "S3", 5)],
        columns=["k", "segment", "next_k", "next_segment", "n"],
    )
    found = in_steps(flows, 5)
    assert found.n.tolist() == [170, 60, 5] and found.n_segment.tolist() == [170, 65, 65] and found.n_next.tolist() == [170, 60, 5]
    assert found.share_of_segment.tolist() == [1.0, pytest.approx(60 / 65), pytest.approx(5 / 65)] and (found.share_of_next == 1).all()
    assert in_steps(flows, 1).n.tolist() == [171, 3, 64, 5]


def test_labels_have_the_order_of_their_numbers():
    points = np.arange(11.0)
    rows = pd.DataFrame({"x": np.repeat(points, 2)})
    found = flow({("kmeans", 10): around(*points[:10]), ("kmeans", 11): around(*points)}, "kmeans", rows)
    assert list(dict.fromkeys(found.segment)) == [f"S{s}" for s in range(1, 11)] and found.next_segment.iloc[-1] == "S11"
