"""Who stands between two segments: worked by hand on a line."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from test_compare_flow import around
from test_segments import blobs

from segkit import privacy, segments
from segkit.compare.fence import FENCE, SURENESS, fence

# around 0 and 4 the log of the ratio is 8 - 4x: on the fence within log(2) / 4 = .173 of 2
ROWS = pd.DataFrame({"x": [0.0, 1, 1.9, 1.8, 2.1, 3]}, index=pd.Index(list("abcdef"), name="customer_id"))


def test_the_fence_is_where_the_second_best_is_more_than_half_as_likely():
    found = fence(around(0, 4), ROWS).set_index("segment")
    assert found.n.to_dict() == {"S1": 4, "S2": 2, "all": 6}
    assert found.n_fence.to_dict() == {"S1": 1, "S2": 1, "all": 2} and found.n_clear.to_dict() == {"S1": 3, "S2": 1, "all": 4}
    assert found.value.tolist() == [0.25, 0.5, pytest.approx(1 / 3)] and (found.unit == "share").all()
    assert found.loc["S1", ["low", "high"]].tolist() == pytest.approx(proportion_confint(1, 4, method="wilson"))


def test_membership_is_that_of_the_segments():
    found = fence(around(0, 4), ROWS).set_index("segment")
    sure = [1 / (1 + np.exp(-away)) for away in (8, 4, 0.4, 0.8)]
    assert found.loc["S1", ["p25", "median", "p75"]].tolist() == pytest.approx(np.quantile(sure, [0.25, 0.5, 0.75]))
    data = blobs(3)
    solution = segments.gmm(data, 3, 1)
    member, found = segments.membership(solution, data), fence(solution, data).set_index("segment")
    for name, part in member.groupby("segment"):
        assert found["median"][name] == pytest.approx(part.probability.median())


def test_one_segment_has_no_fence_and_an_empty_one_no_line():
    assert fence(around(0), ROWS).n_fence.tolist() == [0, 0]
    assert list(fence(around(0, 4, 99), ROWS).segment) == ["S1", "S2", "all"]


def test_small_counts_on_either_side_of_the_fence_are_hidden():
    found = pd.DataFrame({"segment": ["S1", "S2", "S3", "all"], "n": [100, 50, 60, 210], "n_fence": [40, 2, 55, 97]})
    found = found.assign(n_clear=found.n - found.n_fence, **dict.fromkeys([*SURENESS, "value", "low", "high"], 0.5))
    for n in ("n", "n_fence", "n_clear"):
        found = privacy.hide_small_cells(found, FENCE, 5, n=n, within=[], part="segment", total="all")
    assert found.n_fence.isna().tolist() == [True, True, False, False] or found.n_fence.isna().sum() >= 2
    assert found.value.isna()[1] and not found.value.isna()[3] and found.n.notna().all()
