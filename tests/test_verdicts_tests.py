"""Hand-sized data, agreement with scipy and statsmodels, and error rates that a wrong rule would break."""

import numpy as np
import pytest
from scipy.stats import norm, studentized_range

from segkit.kpis import intervals
from segkit.verdicts import tests as verdicts
from segkit.verdicts.tests import baseline


def supported(result) -> bool:
    return verdicts.verdict(result, result.p) == "supported"


@pytest.mark.parametrize("k", [2, 3, 6, 20])
@pytest.mark.parametrize("t", [0.5, 1.5, 2.5, 4.0])
def test_widest_pair_is_the_studentized_range(t, k):
    assert verdicts.widest_pair_sf(t, k) == pytest.approx(studentized_range.sf(t * np.sqrt(2), k, np.inf), rel=1e-6)


def test_widest_pair_in_the_far_tail():
    assert verdicts.widest_pair_sf(0, 5) == 1
    for t in (1.0, 5.0, 20.0, 30.0):
        assert verdicts.widest_pair_sf(t, 2) == pytest.approx(2 * norm.sf(t), rel=1e-9)
    for t in (6.0, 9.0, 25.0):
        bonferroni = 10 * 2 * norm.sf(t)  # of 5 segments' 10 pairs, tight this far out
        assert 0.99 * bonferroni < verdicts.widest_pair_sf(t, 5) <= bonferroni * (1 + 1e-9)
    assert verdicts.widest_pair_sf(100, 5) == 0


def test_spread_of_equal_ses_is_tukeys():
    got = verdicts.spread([1.0, 2.0, 4.0], [0.5, 0.5, 0.5], at_least=0)
    q = 3 / 0.5
    assert got.value == 3 and got.p_supported == pytest.approx(studentized_range.sf(q, 3, np.inf), rel=1e-6)
    assert got.low == pytest.approx(3 - studentized_range.ppf(0.975, 3, np.inf) * 0.5, abs=1e-6)
    assert got.high == pytest.approx(3 + 1.959964 * np.sqrt(0.5), abs=1e-6)
    assert got.p_refuted > 0.5 and supported(got)


def test_spread_of_two_is_the_z_test():
    got = verdicts.spread([0.30, 0.20], [0.03, 0.04], at_least=0.05)
    assert got.p_supported == pytest.approx(2 * norm.sf((0.10 - 0.05) / 0.05)) and got.low == 0
    assert got.p_refuted == pytest.approx(norm.cdf(1.0)) and got.p == pytest.approx(4 * norm.sf(1.0))


def test_spread_is_refuted_when_every_pair_is_below():
    got = verdicts.spread([0.50, 0.51, 0.52], [0.01] * 3, at_least=0.10)
    assert got.p_supported == 1 and got.p_refuted == pytest.approx(norm.cdf((0.02 - 0.10) / np.hypot(0.01, 0.01)))
    assert verdicts.verdict(got, got.p) == "refuted" and got.high < 0.10


def test_spread_with_two_sides_uses_those_that_face_each_other():
    facing = 1.959964 * np.hypot(0.4, 0.3)  # below the larger, above the smaller
    got = verdicts.spread([1.0, 1.0 + facing], [[0.1, 0.3], [0.4, 0.9]], at_least=0)
    assert got.p_supported == pytest.approx(0.05, rel=1e-4) and got.low == 0
    assert got.high == pytest.approx(facing + 1.959964 * np.hypot(0.9, 0.1), abs=1e-6)
    same = verdicts.spread([1.0, 2.0, 4.0], [[0.5, 0.5]] * 3, at_least=1)
    assert same == verdicts.spread([1.0, 2.0, 4.0], [0.5] * 3, at_least=1)


@pytest.mark.parametrize("means, ses", [([1.0], [0.1]), ([1, 2], [0.1, 0]), ([1, np.nan], [0.1, 0.1]), ([1, 2], [0.1, np.nan])])
def test_spread_that_cannot_be_decided(means, ses):
    got = verdicts.spread(means, ses, 0)
    assert np.isnan([got.low, got.high, got.p_supported, got.p_refuted, got.p]).all()
    assert verdicts.verdict(got, got.p) == "undecided"


def test_spread_of_zero_is_rarely_supported():
    draw = np.random.default_rng(5)
    normal = np.mean([supported(verdicts.spread(draw.normal(0, 1, 6), np.ones(6), 0)) for _ in range(600)])
    assert 0.006 < normal < 0.044  # .025, one side of .05; three standard errors
    money, rates = [], []
    everyone = draw.lognormal(3, 1.2, 200_000) * (draw.random(200_000) < 0.1)
    everyone = np.minimum(everyone, np.quantile(everyone, 0.99))
    for _ in range(200):
        got = [intervals.mean(everyone[draw.integers(0, len(everyone), n)]) for n in (100, 100, 2000, 2000)]
        money.append(supported(verdicts.spread([one.value for one in got], [one.sides for one in got], 0)))
        rates.append(supported(verdicts.spread([one.value for one in got], [one.se for one in got], 0)))
    assert np.mean(money) <= 0.05 < np.mean(rates), "plain standard errors fail on skewed money in segments of unequal size"


def test_eta2_by_hand():
    values = np.repeat([0.0, 2, 4, 6], 5)  # mean 3, SST 100
    labels = np.repeat(["a", "a", "b", "b"], 5)  # means 1 and 5, SSB 20·4 = 80, each s² = 10/9
    got = verdicts.population_eta2(values, labels)
    assert got.value == pytest.approx((80 - 2 * 0.5 * 10 / 9) / 100) and got.low < got.value < got.high


def test_influence_of_eta2_is_its_derivative():
    draw = np.random.default_rng(3)
    values, cells = draw.gamma(2, size=60), np.repeat([0, 1, 2], 20)
    values[cells == 1] += 1

    def plug_in(weights):
        mean = np.average(values, weights=weights)
        sizes = np.bincount(cells, weights)
        return sizes @ (np.bincount(cells, weights * values) / sizes - mean) ** 2 / np.sum(weights * (values - mean) ** 2)

    equal, step = np.full(60, 1 / 60), 1e-6
    numeric = [(plug_in((1 - step) * equal + step * np.eye(60)[i]) - plug_in(equal)) / step for i in range(60)]
    eta, influence = baseline._eta2(values, cells)
    correction = plug_in(equal) - eta  # the influence is taken at the corrected eta²
    total = np.mean((values - values.mean()) ** 2)
    assert influence == pytest.approx(np.array(numeric) + correction * ((values - values.mean()) ** 2 / total - 1), abs=1e-4)


def test_random_labels_explain_nothing_on_average():
    draw = np.random.default_rng(8)
    values = draw.lognormal(0, 1, 1000)
    for k in (4, 100):
        got = [verdicts.population_eta2(values, draw.integers(0, k, 1000)).value for _ in range(100)]
        assert abs(np.mean(got)) < 4 * np.std(got) / 10  # the plain eta² would be (k − 1)/1000
        assert np.mean(got) < 0.25 * (k - 1) / 1000


def test_small_cells_are_merged():
    assert np.bincount(verdicts.merged_cells(["a"] * 9 + ["b"] * 3 + ["c"] * 4 + ["d"])).tolist() == [8, 9]
    assert np.bincount(verdicts.merged_cells(["a"] * 9 + ["b"] * 6 + ["c"] * 2)).tolist() == [8, 9]
    assert set(verdicts.merged_cells(["a", "b"])) == {0}
    assert np.bincount(verdicts.merged_cells(np.repeat([1, 2, 10], 7))).tolist() == [7, 7, 7]


def test_beats_baseline_sees_what_is_there():
    draw = np.random.default_rng(1)
    strong, weak = draw.integers(0, 4, 2000), draw.integers(0, 4, 2000)
    values = strong + 0.2 * weak + draw.normal(0, 2, 2000)
    better, worse = (verdicts.beats_baseline(values, *pair) for pair in ((strong, weak), (weak, strong)))
    assert verdicts.verdict(better, better.p) == "supported" and verdicts.verdict(worse, worse.p) == "refuted"
    assert better.value == pytest.approx(-worse.value) and better.low < 1.2 / 5.3 < better.high
    assert not supported(verdicts.beats_baseline(values, strong, weak, at_least=0.3))


def test_beats_baseline_that_cannot_be_decided():
    labels = np.arange(100) % 4
    for values, other in ((np.ones(100), labels % 2), (np.arange(100), labels)):
        got = verdicts.beats_baseline(values, labels, other)
        assert np.isnan(got.p) and np.isnan(got.low)


@pytest.mark.parametrize("k", [4, 8, 20])
def test_random_segments_do_not_beat_rfm(k):
    draw = np.random.default_rng(k)
    wrong = 0
    for _ in range(200):
        recency, spend = draw.integers(0, 5, 1000), draw.integers(0, 5, 1000)
        wrong += supported(verdicts.beats_baseline(draw.lognormal(0, 1, 1000), draw.integers(0, k, 1000), recency * 5 + spend))
    assert wrong <= 10


def test_splitting_the_baseline_at_random_earns_nothing():
    draw = np.random.default_rng(4)
    wrong = naive = 0
    for _ in range(200):
        rfm = draw.integers(0, 9, 1000)
        values = 0.3 * (rfm % 3) + draw.gamma(1, size=1000)
        split = rfm * 4 + draw.integers(0, 4, 1000)
        wrong += supported(verdicts.beats_baseline(values, split, rfm))
        (_, one), (_, two) = baseline._eta2(values, split), baseline._eta2(values, rfm)
        plain = [np.bincount(c) @ (np.bincount(c, values) / np.bincount(c) - values.mean()) ** 2 for c in (split, rfm)]
        naive += (plain[0] - plain[1]) / np.sum((values - values.mean()) ** 2) > 1.96 * np.std(one - two) / np.sqrt(1000)
    assert wrong <= 10 and naive > 100


def test_the_order_of_customers_changes_no_digit():
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.lognormal(1, 2, 1000), rng.integers(0, 4, 1000), rng.integers(0, 90, 1000)])
    orders = [rng.permutation(1000) for _ in range(6)]
    assert len({verdicts.beats_baseline(*rows[order].T) for order in orders}) == 1
    assert len({verdicts.population_eta2(*rows[order, :2].T) for order in orders}) == 1
