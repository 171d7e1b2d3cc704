"""Lift: published intervals, statsmodels, exact error rates over all samples there can be, and the best of several segments."""

import numpy as np
import pytest
from scipy.stats import binom, norm
from statsmodels.stats.proportion import score_test_proportions_2indep

from benchmarks.verdicts.lifts import SIX, in_segments
from benchmarks.verdicts.lines import says
from segkit.verdicts import tests as verdicts
from segkit.verdicts.tests.lift import constrained, unskewed


def test_the_interval_is_newcombes_and_the_score_that_of_miettinen_and_nurminen():
    got = verdicts.lift(56, 70, 48, 80, 0)  # Newcombe, 1998, table II, example (a)
    assert (got.value, got.low, got.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    for limit, sign in ((0.0528, 1), (0.3382, -1)):  # their limits are where the score is 1.96
        null = constrained(56, 70, 48, 80, limit)
        assert sign * (0.2 - limit) / np.sqrt(null.variance) == pytest.approx(1.96, abs=0.002)


@pytest.mark.parametrize("true", [-0.3, -0.01, 0.02, 0.25])
def test_the_constrained_rate_is_the_root_of_miettinen_and_nurminens_cubic(true):
    """Theirs has n0·δ where statsmodels 0.15 has events0·δ, whose rates are negative for 3 of 40 against 6 of 60 at −.3."""
    draw = np.random.default_rng(1)
    for n, m in ((40, 60), (50, 2000), (900, 30)):
        for x, y in zip(draw.integers(1, n, 20), draw.integers(1, m, 20)):
            cubic = [n + m, (n + 2 * m) * true - n - m - x - y, (m * true - n - m - 2 * y) * true + x + y, y * true * (1 - true)]
            (p,) = [root.real for root in np.roots(cubic) if max(0, -true) < root.real < min(1, 1 - true)]
            q = p + true
            theirs = (q * (1 - q) / n + p * (1 - p) / m) * (n + m) / (n + m - 1)
            assert constrained(x, n, y, m, true).variance == pytest.approx(theirs, rel=1e-6)


def test_the_constrained_rates_are_the_likeliest():
    for counts, true in (((0, 20, 3, 30), 0.1), ((20, 20, 3, 30), 0.2), ((5, 20, 30, 30), -0.3), ((0, 20, 0, 30), 0.1)):
        x, n, y, m = counts
        p = np.linspace(max(0, -true), min(1, 1 - true), 400_001)
        likely = binom.logpmf(y, m, p) + binom.logpmf(x, n, p + true)
        p, q = p[np.nanargmax(likely)], p[np.nanargmax(likely)] + true
        assert constrained(*counts, true).variance == pytest.approx((q * (1 - q) / n + p * (1 - p) / m) * 50 / 49, rel=1e-3, abs=1e-9)


def test_without_a_margin_and_with_equal_groups_it_is_the_score_test_of_statsmodels():
    for counts in ((130, 1000, 100, 1000), (7, 60, 300, 2000)):
        theirs = score_test_proportions_2indep(*counts)
        assert constrained(*counts, 0.0).variance == pytest.approx(theirs.variance, rel=1e-9)
    got = verdicts.lift(130, 1000, 100, 1000, 0)
    z = score_test_proportions_2indep(130, 1000, 100, 1000).statistic
    assert got.p_supported == pytest.approx(norm.sf(z), rel=1e-9) and got.p_refuted == pytest.approx(norm.cdf(z), rel=1e-9)
    assert verdicts.lift(130, 1000, 100, 1000, 0.05).p_refuted < verdicts.lift(130, 1000, 100, 1000, 0.04).p_refuted


def test_unskewed_is_the_root_it_says_and_rises():
    for skew in (-0.06, 0.01, 0.05):
        z = np.array([unskewed(score, skew) for score in np.linspace(-3, 3, 13)])
        assert skew * (z**2 - 1) + z == pytest.approx(np.linspace(-3, 3, 13))
        assert (np.diff([unskewed(score, skew) for score in np.linspace(-9, 9, 200)]) > 0).all()
    assert unskewed(2.5, 0) == 2.5


@pytest.mark.parametrize("treated, control, base, true", [(50, 400, 0.2, 0.0), (50, 400, 0.3, -0.1), (200, 50, 0.2, 0.1)])
def test_far_out_the_error_is_what_p_says_also_where_groups_are_uneven(treated, control, base, true):
    x, y = np.arange(treated + 1), np.arange(control + 1)
    x, y = (some[binom.pmf(some, n, p) > 1e-6] for some, n, p in ((x, treated, base + true), (y, control, base)))
    far, plain, corrected = norm.isf(0.00125), np.zeros(2), np.zeros(2)
    for one in x:
        for other in y:
            likely = binom.pmf(one, treated, base + true) * binom.pmf(other, control, base)
            if likely > 1e-7:
                null = constrained(one, treated, other, control, true)
                score = (one / treated - other / control - true) / np.sqrt(null.variance)
                for wrong, z in ((plain, score), (corrected, unskewed(score, null.skew))):
                    wrong += likely * np.array([z > far, z < -far])
    assert corrected.max() < 0.00125 * 1.2 and plain.max() > 0.00125 * 1.4, "without the correction one side is wrong too often"


def test_lifts_that_cannot_be_decided():
    for counts, at_least in (((0, 0, 3, 9), 0), ((3, 9, 0, 0), 0), ((0, 50, 0, 60), 0), ((50, 50, 60, 60), 0), ((5, 50, 6, 60), 1)):
        assert np.isnan(verdicts.lift(*counts, at_least).p)
    assert says(verdicts.lift(0, 500, 0, 500, 0.05), "refuted") and says(verdicts.lift(30, 4_000_000, 1, 4_000_000, 0), "supported")
    with pytest.raises(ValueError, match="9 of 5 customers"):
        verdicts.lift(9, 5, 1, 5, 0)


def test_a_lift_in_some_segment_pays_for_looking_in_all():
    one, two, three = (verdicts.lift(*counts, 0.02) for counts in ((130, 1000, 60, 1000), (60, 1000, 60, 1000), (70, 1000, 60, 1000)))
    got = verdicts.lift_somewhere([two, one, three])
    assert got.value == one.value and got.p_supported == 3 * one.p_supported and got.p_refuted == one.p_refuted
    assert got.low == pytest.approx(one.value - 2.39398 / 1.959964 * (one.value - one.low)) and got.high == one.high
    alone = verdicts.lift_somewhere([one])
    assert (alone.p_supported, alone.p_refuted, alone.low, alone.high) == pytest.approx((one.p_supported, one.p_refuted, one.low, one.high))


def test_a_group_without_a_result_counts_and_decides_nothing():
    one, nothing = verdicts.lift(130, 1000, 60, 1000, 0.02), verdicts.lift(0, 0, 5, 60, 0.02)
    got = verdicts.lift_somewhere([one, nothing])
    assert got.p_supported == 2 * one.p_supported and got.p_refuted == 1 and np.isnan(got.high) and got.low < one.low
    assert np.isnan(verdicts.lift_somewhere([nothing, nothing]).p) and np.isnan(verdicts.lift_somewhere([]).p)


def test_the_best_of_six_is_rarely_better_when_none_is():
    draw = np.random.default_rng(3)
    found = [in_segments(draw, SIX, 0.0) for _ in range(150)]
    called = [verdicts.lift_somewhere(each) for each in found]
    assert np.mean([says(one, "supported") for one in called]) <= 0.05
    assert np.mean([any(says(one, "supported") for one in each) for each in found]) > 0.08
    assert np.mean([one.low <= 0 <= one.high for one in called]) >= 0.94
