"""The share of the top: by hand, its interval against its p, error rates, and what cannot be decided."""

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks.verdicts.lines import money, says
from benchmarks.verdicts.shares import drawn, logit, logit_se, peeked
from segkit.verdicts import tests as verdicts


def world(seed=1, top=150, rest=900, times=3.0):
    draw = np.random.default_rng(seed)
    return drawn(draw, money(draw, 0.4, n=50_000), top, rest, times)


def test_the_share_of_a_few_by_hand():
    values, in_top = np.array([6.0, 4, 2, 0, 3, 5]), np.array([1, 1, 0, 0, 0, 0], dtype=bool)
    got = verdicts.top_share(values, in_top, 0.5)
    assert got.value == 0.5 and got.low < 0.5 < got.high and 0.4 < got.p_supported < 0.6


def test_without_skew_it_is_fiellers_share():
    draw = np.random.default_rng(2)
    values = np.r_[10 + np.tile([-1.0, 1], 200), 5 + np.tile([-2.0, 2], 500)][draw.permutation(1400)]
    in_top = values > 8
    t, r = values[in_top], values[~in_top]
    theta = 0.45
    excess = (1 - theta) * t.sum() - theta * r.sum()
    se = np.sqrt((1 - theta) ** 2 * len(t) * t.var(ddof=1) + theta**2 * len(r) * r.var(ddof=1))
    got = verdicts.top_share(values, in_top, theta)
    assert got.p_refuted == pytest.approx(norm.cdf(excess / se)) and got.p_supported == pytest.approx(norm.sf(excess / se))


@pytest.mark.parametrize("seed", range(4))
def test_the_interval_holds_what_neither_side_rejects(seed):
    values, in_top = world(seed)
    got = verdicts.top_share(values, in_top, 0.3)
    assert verdicts.top_share(values, in_top, got.low).p_supported == pytest.approx(0.025, abs=1e-6)
    assert verdicts.top_share(values, in_top, got.high).p_refuted == pytest.approx(0.025, abs=1e-6)
    assert got.low < got.value < got.high


def test_the_rest_is_the_top_seen_from_behind():
    values, in_top = world()
    one, other = verdicts.top_share(values, in_top, 0.3), verdicts.top_share(values, ~in_top, 0.7)
    assert one.p_supported == pytest.approx(other.p_refuted) and one.low == pytest.approx(1 - other.high)


def test_neither_the_order_of_customers_nor_the_currency_matters():
    values, in_top = world()
    order = np.random.default_rng(5).permutation(len(values))
    assert verdicts.top_share(values[order], in_top[order], 0.3) == verdicts.top_share(values, in_top, 0.3)
    assert verdicts.top_share(values * 64, in_top, 0.3) == verdicts.top_share(values, in_top, 0.3)


@pytest.mark.parametrize(
    "values, in_top",
    [
        ([], []),
        ([1, 2, 3, 4], [1, 1, 1, 1]),
        ([1, 2, 3, 4], [0, 0, 0, 0]),
        ([0, 0, 0, 0], [1, 1, 0, 0]),
        ([1, 2, 3, -1], [1, 1, 0, 0]),
        ([1, 2, 3, np.nan], [1, 1, 0, 0]),
        ([1, 2, 0, 0], [1, 1, 0, 0]),
        ([1, 2, 3, 4], [1, 0, 0, 0]),
    ],
)
def test_shares_that_cannot_be_decided(values, in_top):
    got = verdicts.top_share(values, in_top, 0.5)
    assert np.isnan([got.low, got.high, got.p_supported, got.p_refuted, got.p]).all()


def test_a_share_of_all_or_of_other_customers_is_refused():
    for at_least in (0, 1, 1.2):
        with pytest.raises(ValueError, match="between 0 and 1"):
            verdicts.top_share([1, 2], [True, False], at_least)
    with pytest.raises(ValueError, match="same customers"):
        verdicts.top_share([1, 2, 3], [True, False], 0.5)


def test_at_the_threshold_few_are_called_and_by_the_logit_more():
    draw = np.random.default_rng(6)
    everyone, truth = money(draw, 0.1, n=100_000), 100 / 2100
    false = linear = 0
    for _ in range(400):
        one = drawn(draw, everyone, 100, 2000, 1)
        false += verdicts.top_share(*one, truth).p <= 0.05
        linear += abs(logit(*one) - np.log(truth / (1 - truth))) > 1.96 * logit_se(*one)
    assert false <= 28 < linear  # 20 expected, two standard errors more are 28.7


def test_who_is_ranked_by_the_outcome_holds_more_of_it_whatever_is_true():
    draw = np.random.default_rng(7)
    everyone = money(draw, 0.5, n=50_000)
    assert all(peeked(draw, everyone) for _ in range(20))
    values, in_top = drawn(draw, everyone, 100, 900, 1)
    assert not says(verdicts.top_share(values, in_top, 0.11), "supported")
