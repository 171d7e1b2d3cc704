"""Hand-sized values with answers that can be worked out, and one coverage simulation."""

import numpy as np
import pytest

from segkit.kpis import intervals


def test_proportion_is_wilson():
    got = intervals.proportion([1] * 20 + [0] * 80)
    z = 1.959963984540054
    middle, half = (0.2 + z * z / 200) / (1 + z * z / 100), z * np.sqrt(0.2 * 0.8 / 100 + z * z / 40000) / (1 + z * z / 100)
    assert (got.value, got.n, got.events) == (0.2, 100, 20)
    assert (got.low, got.high) == pytest.approx((middle - half, middle + half), abs=1e-12)
    assert (got.low, got.high) == pytest.approx((0.1334, 0.2888), abs=1e-4)  # Newcombe's calculator
    assert got.se == pytest.approx(np.sqrt(0.2 * 0.8 / 99))


def test_proportion_corners():
    none = intervals.proportion([0] * 50)
    assert none.low == 0 and none.high == pytest.approx(0.0713, abs=1e-4) and none.se == 0
    assert intervals.proportion(np.array([True, False])).value == 0.5
    empty = intervals.proportion([])
    assert empty.n == 0 and np.isnan([empty.value, empty.low, empty.high, empty.se]).all()
    with pytest.raises(ValueError, match="2 of 3 values are neither"):
        intervals.proportion([0.5, 1, 7])


def test_hall_by_hand():
    values = [0, 0, 1, 3]  # mean 1, sd √2, m2 1.5, m3 = (−1 − 1 + 0 + 8)/4 = 1.5, γ = 1.5/1.5^1.5 = .8165, γ/√n = .40825
    got, z, g = intervals.mean(values), 1.959963984540054, 0.408248
    c = g / 3
    t_high, t_low = ((np.cbrt(1 + 3 * c * (y - g / 6)) - 1) / c for y in (-z, z))
    assert (got.value, got.events, got.se) == (1, 2, pytest.approx(np.sqrt(2) / 2))
    assert (got.low, got.high) == pytest.approx((1 - t_low * got.se, 1 - t_high * got.se), abs=1e-5)
    for limit, y in ((got.high, -z), (got.low, z)):  # the limits solve g(T) = ±z
        t = (1 - limit) / got.se
        assert t + c * t**2 + c**2 * t**3 / 3 + g / 6 == pytest.approx(y, abs=1e-5)
    assert got.high - 1 > 1 - got.low  # a long right tail: more room above


def test_hall_without_skew_is_the_normal_interval():
    got = intervals.mean([-1, 0, 1])
    assert (got.low, got.high) == pytest.approx((-1.95996 / np.sqrt(3), 1.95996 / np.sqrt(3)), abs=1e-5)
    nearly = intervals.mean([-1, 0, 1 + 1e-9])
    assert nearly.high == pytest.approx(got.high, abs=1e-8)


def test_mean_corners():
    one, flat, missing = intervals.mean([3]), intervals.mean([2, 2, 2]), intervals.mean([1, np.nan])
    assert one.value == 3 and np.isnan([one.low, one.high, one.se]).all()
    assert flat.value == 2 and flat.se == 0 and np.isnan([flat.low, flat.high]).all()
    assert missing.n == 2 and np.isnan([missing.value, missing.low, missing.se, missing.events]).all()


def test_sides_follow_the_skew():
    got = intervals.mean([0, 0, 1, 3])
    below, above = got.sides
    assert above > below and got.low == pytest.approx(got.value - 1.959964 * below)


@pytest.mark.parametrize(
    "kind, n, events, said",
    [
        ("proportion", 50, 10, ""),
        ("proportion", 49, 20, "49 customers, a proportion needs 50"),
        ("proportion", 60, 9, "fewer than 10 of 60 customers have a value other than 0, a proportion needs 10"),
        ("proportion", 60, 51, "fewer than 10 of 60 customers have the value 0, a proportion needs 10"),
        ("mean", 100, 1, ""),
        ("mean", 99, 50, "99 customers, a mean needs 100"),
        ("ratio", 200, 50, ""),
        ("ratio", 199, 50, "199 customers, a ratio needs 200"),
        ("ratio", 200, 16, "fewer than 50 of 200 customers have a value other than 0, a ratio needs 50"),
        ("nps", 50, 10, ""),
        ("nps", 49, 20, "49 customers, an NPS needs 50"),
        (
            "nps",
            60,
            9,
            "fewer than 10 of 60 customers gave another answer than the commonest of promoter, passive and detractor, an NPS needs 10",
        ),
        ("share", 200, 50, ""),
        ("share", 199, 60, "199 customers, a share needs 200"),
        ("share", 200, 49, "fewer than 50 of 200 customers have a value other than 0 inside the segment, or outside it, a share needs 50"),
    ],
)
def test_enough(kind, n, events, said):
    assert intervals.enough(kind, intervals.Estimate(0.5, 0.4, 0.6, n, 0.05, events)) == said


def test_values_that_do_not_vary_are_never_enough():
    said = "the values of 500 customers do not vary, so there is no interval"
    assert intervals.enough("mean", intervals.mean([0] * 500)) == said
    assert intervals.enough("mean", intervals.mean([np.nan] * 500)) == "of 500 customers some have no value"


def test_a_ratio_without_limits_is_never_enough():
    few = intervals.ratio([1.0] * 300, [1e6, -1e6] + [1.0] * 298)  # the denominators may well sum to 0
    assert few.value == pytest.approx(300 / 298) and np.isnan([few.low, few.high]).all() and few.se > 0
    assert intervals.enough("ratio", few) == (
        "the values of 300 customers are negative, or a few of them outweigh all others, so there is no interval"
    )


def test_who_is_not_eligible_is_left_out_and_counted():
    (scores,), left_out = intervals.eligible([9, np.nan, 3, np.nan])
    assert (scores.tolist(), left_out) == ([9, 3], 2) and intervals.eligible([])[1] == 0
    (after, before), left_out = intervals.eligible([1, np.nan, np.nan], [2, np.nan, 5])  # the third has a value missing
    assert left_out == 1 and before.tolist() == [2, 5] and np.isnan(intervals.ratio(after, before).value)


def test_capped_lognormal_mean_is_covered():
    draw = np.random.default_rng(2024)
    everyone = draw.lognormal(3, 1.2, 1_000_000)
    everyone = np.minimum(everyone, np.quantile(everyone, 0.99))
    samples = everyone[draw.integers(0, len(everyone), (2000, 100))]
    truth, got = everyone.mean(), [intervals.mean(sample) for sample in samples]
    assert np.mean([one.low <= truth <= one.high for one in got]) >= 0.93
    assert np.mean([abs(one.value - truth) <= 1.96 * one.se for one in got]) < 0.945, "the normal interval misses more often"
