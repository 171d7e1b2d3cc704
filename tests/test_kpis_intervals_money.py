"""Ratios and shares of a total: se and limits against other ways to compute them, corners, and coverage with a known truth."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import kurtosis, skew, t

from segkit.kpis import intervals

Z = 1.959963984540054


def test_the_se_of_a_ratio_is_the_delta_methods():
    money, orders = np.array([10.0, 0, 50, 30]), np.array([1, 0, 2, 2])
    got = intervals.ratio(money, orders)
    gradient = np.array([1 / orders.mean(), -money.mean() / orders.mean() ** 2])  # of a/b in the two means
    assert (got.value, got.n, got.events) == (18, 4, 3)
    assert got.se == pytest.approx(np.sqrt(gradient @ np.cov(money, orders) @ gradient / 4))


def test_the_limits_are_fiellers_stretched_by_halls_point_at_students_t():
    draw = np.random.default_rng(3)
    orders = draw.poisson(2, 80).astype(float)
    money = orders * draw.lognormal(3, 1, 80)
    got = intervals.ratio(money, orders)
    (vy, c), (_, vx) = np.cov(money, orders) / 80
    y, x = money.mean(), orders.mean()
    fieller = np.sort(np.roots([x * x - Z * Z * vx, 2 * (Z * Z * c - x * y), y * y - Z * Z * vy]).real)  # (y − θx)² = z² var(y − θx)
    residual = money - got.value * orders
    g = skew(residual) / np.sqrt(80)
    point = t.ppf(0.975, 160 / (kurtosis(residual) + 2 - skew(residual) ** 2))
    below, above = (brentq(lambda T, y=y: T + g * T**2 / 3 + g**2 * T**3 / 27 + g / 6 - y, -30, 30) for y in (point, -point))
    assert got.low == pytest.approx(got.value - (got.value - fieller[0]) * below / Z, rel=1e-6)
    assert got.high == pytest.approx(got.value + (fieller[1] - got.value) * -above / Z, rel=1e-6)
    assert got.high - got.value > got.value - got.low  # a long right tail: more room above


def test_without_skew_and_with_an_even_denominator_a_ratio_is_the_students_interval_of_a_mean():
    values = np.random.default_rng(4).normal(10, 1, 20_000)
    got, plain = intervals.ratio(values, np.ones(20_000)), intervals.mean(values)
    assert (got.value, got.se) == pytest.approx((plain.value, plain.se)) and got.sides == pytest.approx(plain.sides, rel=1e-3)
    yes_no = intervals.ratio([1.0] * 30 + [0] * 70, [1] * 100)  # κ − 1 = γ²: nothing is left uncertain of the se
    assert yes_no.sides == pytest.approx(intervals.mean([1.0] * 30 + [0] * 70).sides, rel=1e-6)


def test_units_and_signs_only_scale_a_ratio():
    draw = np.random.default_rng(5)
    before, after = draw.lognormal(3, 1, 60), draw.lognormal(3, 1, 60)
    one, scaled, negative = (intervals.ratio(a * after, b * before) for a, b in ((1, 1), (1e-9, 1e6), (-1, -1)))
    for got, factor in ((scaled, 1e-15), (negative, 1)):
        assert [got.value, got.low, got.high, got.se] == pytest.approx([factor * each for each in (one.value, one.low, one.high, one.se)])
    below_zero = intervals.ratio(after, -before)
    assert (below_zero.low, below_zero.high) == pytest.approx((-one.high, -one.low))


def test_the_corners_of_a_ratio():
    assert np.isnan([*vars(intervals.ratio([1, 2], [0, 0])).values()][:3]).all()
    flat = intervals.ratio([0.3, 0.6, 0.9], [1, 2, 3])
    assert flat.value == pytest.approx(0.3) and flat.se == 0 and np.isnan(flat.low)
    one, missing = intervals.ratio([3], [2]), intervals.ratio([1, np.nan], [1, 1])
    assert one.value == 1.5 and np.isnan([one.low, one.high]).all() and missing.n == 2 and np.isnan(missing.value)
    with pytest.raises(ValueError, match="2 numerators, 3 denominators"):
        intervals.ratio([1, 2], [1, 1, 1])


def test_a_share_of_a_total_by_hand():
    values, members = np.array([1.0, 2, 3, 4, 0] * 4), np.array([True, False, False, True, True] * 4)
    got = intervals.share_of_total(values, members)
    influence = (values * members - 0.5 * values) / 2
    assert (got.value, got.n, got.events) == (0.5, 20, 8) and got.se == pytest.approx(influence.std(ddof=1) / np.sqrt(20))
    assert 0 < got.low < 0.5 < got.high < 1


def test_the_shares_inside_and_outside_mirror_each_other_and_the_order_changes_no_digit():
    draw = np.random.default_rng(6)
    values, members = draw.lognormal(3, 1.5, 300) * (draw.random(300) < 0.5), draw.random(300) < 0.2
    inside, outside = intervals.share_of_total(values, members), intervals.share_of_total(values, ~members)
    assert [inside.value, inside.low, inside.high] == pytest.approx([1 - outside.value, 1 - outside.high, 1 - outside.low])
    assert inside.events == outside.events == np.count_nonzero(values[members]) < 60
    mixed = [draw.permutation(300) for _ in range(8)]
    assert {intervals.share_of_total(values[order], members[order]) for order in mixed} == {inside}


def test_the_corners_of_a_share():
    everything, nothing = intervals.share_of_total([1, 2, 0], [True, True, False]), intervals.share_of_total([0, 0], [True, False])
    assert (everything.value, everything.se, everything.events) == (1, 0, 0) and np.isnan(everything.low)
    assert np.isnan(nothing.value) and np.isnan(intervals.share_of_total([], []).value)
    owing = intervals.share_of_total([5, -1, 3], [True, True, False])
    assert owing.value == pytest.approx(4 / 7) and np.isnan([owing.low, owing.high, owing.se]).all()
    assert np.isnan(intervals.share_of_total([1, -2], [True, False]).value)
    few = intervals.share_of_total([1, 2, 3, 4, 0], [True, False, False, True, True])
    assert (few.low, few.high) == (0, 1)  # the limits of so few lie beyond
    with pytest.raises(ValueError, match="2 values, 1 members"):
        intervals.share_of_total([1, 2], [True])


def covered(how, truth, columns, n, reps, draw) -> tuple[float, float]:
    """How often the interval, and value ± 1.96 se, hold the truth in samples of n customers."""
    found = [how(*(each[rows] for each in columns)) for rows in draw.integers(0, len(columns[0]), (reps, n))]
    return np.mean([one.low <= truth <= one.high for one in found]), np.mean([abs(one.value - truth) <= Z * one.se for one in found])


# 800 samples have a standard error of .0077: intervals that hold .95 stay within .925 and .98, those that hold .90 do not


def test_money_after_to_before_is_covered_where_some_leave():
    draw = np.random.default_rng(2025)
    before = draw.lognormal(3, 1.2, 200_000)
    after = before * (draw.random(200_000) < 0.85)
    before, after = (np.minimum(each, np.quantile(each, 0.99)) for each in (before, after))
    ours, naive = covered(intervals.ratio, after.sum() / before.sum(), (after, before), 200, 800, draw)
    assert 0.925 <= ours <= 0.98 and naive < 0.925, "the linearised normal interval misses more often"


def test_order_value_is_covered_where_few_buy():
    draw = np.random.default_rng(2026)
    orders = (draw.random(200_000) < 0.3) * (1.0 + draw.poisson(draw.gamma(0.5, 4, 200_000)))
    spent = orders * draw.lognormal(3, 1, 200_000)
    orders, spent = (np.minimum(each, np.quantile(each, 0.99)) for each in (orders, spent))
    ours, _ = covered(intervals.ratio, spent.sum() / orders.sum(), (spent, orders), 200, 800, draw)
    assert 0.925 <= ours <= 0.98


def test_a_small_share_is_covered():
    draw = np.random.default_rng(2027)
    members = draw.random(200_000) < 0.08
    values = draw.lognormal(3 - members, 1.2, 200_000)
    values = np.minimum(values, np.quantile(values, 0.99))
    ours, naive = covered(intervals.share_of_total, values[members].sum() / values.sum(), (values, members), 700, 800, draw)
    assert 0.925 <= ours <= 0.98 and naive < 0.925
