"""Orders claimed beforehand: by hand, interval against p, and error rates."""

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.verdicts.lines import says
from segkit.verdicts import tests as verdicts


def test_the_order_of_two_is_the_z_test():
    got = verdicts.ordering([0.30, 0.20], [0.03, 0.04], 0.05)
    assert got.value == pytest.approx(0.1) and got.p_supported == pytest.approx(norm.sf(1)) and got.p_refuted == pytest.approx(norm.cdf(1))
    assert (got.low, got.high) == pytest.approx((0.1 - 1.959964 * 0.05, 0.1 + 1.959964 * 0.05))


def test_the_weakest_link_supports_and_any_link_refutes():
    got = verdicts.ordering([9.0, 6, 5, 1], [0.3, 0.4, 0.3, 0.4], 0)
    assert got.value == 1 and got.p_supported == pytest.approx(norm.sf(1 / 0.5)) and got.p_refuted == 1
    turned = verdicts.ordering([9.0, 5, 6, 1], [0.3, 0.4, 0.3, 0.4], 0)
    assert (
        turned.value == -1 and turned.p_refuted == pytest.approx(3 * norm.sf(1 / 0.5)) and turned.p_supported == pytest.approx(norm.cdf(2))
    )
    far = verdicts.ordering([9.0, 5, 8, 1], [0.3, 0.4, 0.3, 0.4], 0)
    assert says(far, "refuted") and far.high < 0 and says(verdicts.ordering([9, 6, 3, 0], [0.3] * 4, 1), "supported")


def test_two_sides_are_those_that_face_each_other():
    reached = 1.959964 * np.hypot(0.2, 0.9)  # below the higher, above the lower
    got = verdicts.ordering([5.0, 5 - reached], [[0.2, 0.5], [0.4, 0.9]], 0)
    assert got.p_supported == pytest.approx(0.025, rel=1e-4) and got.low == pytest.approx(0, abs=1e-6)
    assert got.high == pytest.approx(reached + 1.959964 * np.hypot(0.5, 0.4))


def test_the_interval_holds_what_neither_side_rejects():
    means, sides = [9.0, 6, 5, 3], [[0.2, 0.4], [0.3, 0.5], [0.3, 0.3], [0.1, 0.4]]
    got = verdicts.ordering(means, sides, 0)
    assert verdicts.ordering(means, sides, got.low).p_supported == pytest.approx(0.025)
    assert verdicts.ordering(means, sides, got.high).p_refuted == pytest.approx(0.025)


@pytest.mark.parametrize("means, sides", [([1.0], [0.1]), ([2, 1], [0.1, 0]), ([1, np.nan], [0.1, 0.1]), ([1, 2], [0.1, np.nan]), ([], [])])
def test_orders_that_cannot_be_decided(means, sides):
    got = verdicts.ordering(means, sides, 0)
    assert np.isnan([got.low, got.high, got.p_supported, got.p_refuted, got.p]).all()


@pytest.mark.parametrize("means", [(3, 2, 1, 0), (9, 6, 1, 0), (0, 0, 0, 0)])
def test_at_the_threshold_few_are_called_and_the_interval_holds_the_truth(means):
    draw = np.random.default_rng(len(means))
    truth = -np.diff(means).max()
    got = [verdicts.ordering(draw.normal(means, 1), np.ones(4), truth) for _ in range(800)]
    assert np.mean([says(one, "supported") for one in got]) <= 0.04 and np.mean([says(one, "refuted") for one in got]) <= 0.04
    assert np.mean([one.low <= truth <= one.high for one in got]) >= 0.94
