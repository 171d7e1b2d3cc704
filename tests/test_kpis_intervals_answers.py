"""Net promoter scores and differences: by hand, against published figures, and their coverage over every possible sample."""

import numpy as np
import pytest
from scipy.special import gammaln, xlogy
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep

from segkit.kpis import intervals

Z = 1.959963984540054


def answers(promoters, passives, detractors) -> intervals.Estimate:
    return intervals.net_promoters([10] * promoters + [7] * passives + [6] * detractors)


def test_the_net_promoter_score_by_hand():
    got = intervals.net_promoters([0, 6, 7, 8, 8, 9, 9, 10, 10, 10])  # 5 promoters, 3 passives, 2 detractors
    assert (got.value, got.n, got.events) == (pytest.approx(0.3), 10, 5) and got.se == pytest.approx(np.sqrt((0.5 + 0.2 - 0.09) / 10))
    p, d = 5.75 / 13, 2.75 / 13
    half = Z * np.sqrt((p + d - (p - d) ** 2) / 13)
    assert (got.low, got.high) == pytest.approx((p - d - half, p - d + half))


def test_the_score_mirrors_when_promoters_and_detractors_change_places():
    here, there = answers(30, 15, 5), answers(5, 15, 30)
    assert (here.value, here.low, here.high) == pytest.approx((-there.value, -there.high, -there.low)) and here.se == there.se


def test_the_corners_of_the_net_promoter_score():
    loved, mixed = answers(60, 0, 0), answers(30, 0, 30)
    assert (loved.value, loved.high, loved.se, loved.events) == (1, 1, 0, 0) and 0.85 < loved.low < 1
    assert mixed.value == 0 and mixed.events == 30 and answers(0, 40, 20).events == 20
    assert np.isnan(answers(0, 0, 0).value) and np.isnan(intervals.net_promoters([9, np.nan]).value)
    assert answers(1, 0, 0).low >= -1


@pytest.mark.parametrize("odd", [11, -1, 8.5])
def test_a_score_is_a_whole_number_from_0_to_10(odd):
    with pytest.raises(ValueError, match="1 of 3 scores are not"):
        intervals.net_promoters([9, odd, 3])


def test_the_score_is_covered_whatever_the_mix_with_50_answers():
    n = 50
    a, d = (each.ravel() for each in np.indices((n + 1, n + 1)))
    a, d = a[a + d <= n], d[a + d <= n]
    found = [answers(i, n - i - j, j) for i, j in zip(a, d)]
    low, high = np.array([[one.low, one.high] for one in found]).T
    value, se = np.array([[one.value, one.se] for one in found]).T
    ways, covered, wald = gammaln(n + 1) - gammaln(a + 1) - gammaln(d + 1) - gammaln(n - a - d + 1), [], []
    for p in (0.02, 0.1, 0.2, 0.4, 0.6, 0.8):
        for q in (0.02, 0.1, 0.2, 0.4, 0.6, 0.8):
            if p + q < 0.99 and n * (1 - max(p, q, 1 - p - q)) >= 9.9:  # else `enough` says no
                likely = np.exp(ways + xlogy(a, p) + xlogy(d, q) + xlogy(n - a - d, 1 - p - q))
                covered.append(likely[(low <= p - q + 1e-12) & (p - q <= high + 1e-12)].sum())
                wald.append(likely[np.abs(value - (p - q)) <= Z * se + 1e-12].sum())
    assert len(covered) == 23 and 0.93 <= min(covered) and max(covered) <= 0.97  # exact, no simulation
    assert min(wald) < 0.93, "the plain interval misses more often"


def test_the_difference_of_shares_is_newcombes():
    one, other = (intervals.proportion([1] * hits + [0] * (n - hits)) for hits, n in ((56, 70), (48, 80)))
    got = intervals.difference(one, other)
    assert (got.value, got.low, got.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)  # Newcombe, 1998, example (a)
    assert (got.low, got.high) == pytest.approx(confint_proportions_2indep(56, 70, 48, 80, method="newcomb"), abs=1e-9)
    assert got.se == pytest.approx(np.hypot(one.se, other.se))
    back = intervals.difference(other, one)
    assert (back.value, back.low, back.high) == pytest.approx((-got.value, -got.high, -got.low))


def test_the_limits_of_a_difference_of_means_follow_the_skew_of_both():
    skewed, even = intervals.mean([0, 0, 0, 1, 9]), intervals.mean([4, 5, 6])
    got = intervals.difference(skewed, even)
    assert got.high - got.value > got.value - got.low and got.value == pytest.approx(-3)
    assert got.high == pytest.approx(-3 + np.hypot(skewed.high - 2, 5 - even.low))
    assert np.isnan(intervals.difference(skewed, intervals.mean([2, 2])).low)


@pytest.mark.parametrize("sizes, rates", [((50, 50), (0.2, 0.2)), ((50, 120), (0.3, 0.1)), ((50, 50), (0.5, 0.8))])
def test_the_difference_of_shares_is_covered(sizes, rates):
    one, other = ([intervals.proportion(np.arange(n) < k) for k in range(n + 1)] for n in sizes)
    likely = np.outer(*(binom.pmf(np.arange(n + 1), n, p) for n, p in zip(sizes, rates)))
    truth = rates[0] - rates[1]
    held = [
        [low <= truth + 1e-12 and truth - 1e-12 <= high for _, low, high, _ in (intervals.difference(a, b) for b in other)] for a in one
    ]
    assert 0.93 <= likely[np.array(held)].sum() <= 0.97  # exact


@pytest.mark.parametrize("n", [50, 150])
def test_shares_are_covered_from_10_events_on(n):
    found = [intervals.proportion(np.arange(n) < k) for k in range(n + 1)]
    low, high = np.array([[one.low, one.high] for one in found]).T
    covered = [binom.pmf(np.arange(n + 1), n, p)[(low <= p) & (p <= high)].sum() for p in np.linspace(10 / n, 1 - 10 / n, 200)]
    assert 0.93 <= min(covered) and max(covered) <= 0.97  # exact; n = 150 at 10 expected events is the worst of all, .9316
