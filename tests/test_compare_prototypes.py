"""Customers who stand for their segment: the nearest to its centre, whatever customers are called and in whatever order they come."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from test_compare_flow import around
from test_segments import blobs

from segkit import segments
from segkit.compare.prototypes import prototypes

ROWS = pd.DataFrame({"x": [0.5, -0.25, 3, 10, 11, 9]}, index=pd.Index(list("abcdef"), name="customer_id"))
FEATURES = pd.DataFrame({"spend": [5.0, 2, 30, 100, 110, 90], "buyer_type": list("uvwxyz")}, index=ROWS.index)


def test_the_nearest_of_each_segment_come_with_their_features():
    found = prototypes(around(0, 10), ROWS, FEATURES, most=2)
    assert list(found.columns) == ["customer_id", "segment", "rank", "distance", "spend", "buyer_type"]
    assert found.customer_id.tolist() == ["b", "a", "d", "f"] and found["rank"].tolist() == [1, 2, 1, 2]
    assert found.segment.tolist() == ["S1", "S1", "S2", "S2"] and found.distance.tolist() == [0.25, 0.5, 0.0, 1.0]
    assert found.spend.tolist() == [2, 5, 100, 90]  # of those at distance 1 the one of the lower spend


def test_distance_is_in_the_segments_own_standard_deviations():
    wide = dataclasses.replace(around(0, 10), precision=np.array([[[0.25]], [[4.0]]]))
    assert prototypes(wide, ROWS[:2], FEATURES).distance.tolist() == [0.125, 0.25]


def test_a_segment_with_fewer_customers_has_fewer_and_an_empty_one_none():
    assert prototypes(around(0, 10, 99), ROWS[:4], FEATURES).groupby("segment").size().to_dict() == {"S1": 3, "S2": 1}


def test_a_feature_may_have_the_name_of_a_column():
    assert prototypes(around(0), ROWS, FEATURES.assign(rank=7)).columns[-1] == "rank_of_customer"


@pytest.mark.parametrize("method", ["kmeans", "gmm"])
def test_values_depend_neither_on_the_order_of_rows_nor_on_names(method):
    data = blobs(5).round(1)
    data = pd.concat([data, data.set_axis([f"t{i}" for i in range(len(data))])]).rename_axis("customer_id")  # everyone twice
    solution = getattr(segments, method)(data, 3, 1)
    extra = data.assign(other=np.arange(len(data)) % 7)
    expected = prototypes(solution, data, extra)
    assert expected.customer_id.is_unique and (expected.groupby("segment").distance.diff().dropna() >= 0).all()
    rng = np.random.default_rng(2)
    for _ in range(3):
        order = rng.permutation(len(data))
        names = pd.Index([f"p{i:03d}" for i in rng.permutation(len(data))], name="customer_id")
        again = prototypes(solution, data.iloc[order].set_axis(names), extra.iloc[order].set_axis(names))
        pd.testing.assert_frame_equal(again.drop(columns="customer_id"), expected.drop(columns="customer_id"))
