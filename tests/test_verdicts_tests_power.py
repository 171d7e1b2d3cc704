"""What could be found: formulas against statsmodels and R, and planted effects of exactly that size."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import power_proportions_2indep

from benchmarks.verdicts.lifts import lift
from benchmarks.verdicts.lines import money
from benchmarks.verdicts.shares import drawn
from segkit.verdicts import tests as verdicts

NOTHING = [[np.nan, np.nan], [0.1, 0.1]]


def power(results, m: int) -> float:
    return np.mean([verdicts.verdict(one, m * one.p) == "supported" for one in results])


@pytest.mark.parametrize("m", [1, 20])
def test_the_spread_of_two_is_found_in_four_of_five(m):
    ses = np.array([0.3, 0.4])
    effect = verdicts.spread_detectable(ses, 1.0, m)
    assert effect == pytest.approx(1 + 0.5 * (norm.isf(0.0125 / m) + 1))
    draw = np.random.default_rng(m)
    assert power([verdicts.spread(draw.normal([effect, 0], ses), ses, 1.0) for _ in range(600)], m) == pytest.approx(0.841, abs=0.04)


def test_a_spread_is_found_whichever_segment_lies_above_all_others():
    ses, draw = np.array([0.1, 0.5, 0.5, 0.2]), np.random.default_rng(3)
    effect = verdicts.spread_detectable(ses, 0.3, 5)
    found = [power([verdicts.spread(draw.normal(effect * np.eye(4)[i], ses), ses, 0.3) for _ in range(400)], 5) for i in range(4)]
    assert min(found) == pytest.approx(0.841, abs=0.04) and np.argmin(found) in (1, 2)
    even = verdicts.spread_detectable([0.5] * 4, 0.0, 5)
    assert power([verdicts.spread(draw.normal([even, 0, 0, 0], 0.5), [0.5] * 4, 0.0) for _ in range(400)], 5) == pytest.approx(
        0.841, abs=0.04
    )


@pytest.mark.parametrize("m", [1, 20])
def test_an_order_is_found_in_four_of_five(m):
    ses, draw = np.full(4, 0.5), np.random.default_rng(m)
    step = verdicts.ordering_detectable(ses, 0.2, m)
    got = [verdicts.ordering(draw.normal(step * np.arange(4)[::-1], ses), ses, 0.2) for _ in range(600)]
    assert 0.8 <= power(got, m) <= 0.9


@pytest.mark.parametrize("m", [1, 20])
def test_a_share_is_found_in_four_of_five(m):
    draw = np.random.default_rng(m)
    everyone = money(draw, 0.4, n=100_000)
    smallest = np.mean([verdicts.share_detectable(*drawn(draw, everyone, 200, 1800, 1), 0.15, m) for _ in range(30)])
    times = smallest / (1 - smallest) * 9
    assert 0.79 <= power([verdicts.top_share(*drawn(draw, everyone, 200, 1800, times), 0.15) for _ in range(300)], m) <= 0.95


def test_the_share_that_is_found_does_not_depend_on_what_the_top_brought_this_time():
    values, in_top = drawn(np.random.default_rng(5), np.arange(1.0, 1000), 200, 800, 1)
    times = np.where(in_top, 8.0, 1.0)
    assert verdicts.share_detectable(values * times, in_top, 0.4, 3) == pytest.approx(verdicts.share_detectable(values, in_top, 0.4, 3))


def test_a_difference_of_explained_variance_needs_its_standard_error():
    result = verdicts.Result(0.1, 0.1 - 1.959964 * 0.02, 0.1 + 1.959964 * 0.02, 0.5, 0.5)
    assert verdicts.baseline_detectable(result, 0.01, 1) == pytest.approx(0.01 + (1.959964 + 1) * 0.02, abs=1e-6)


@pytest.mark.parametrize("n, base, m", [(1000, 0.1, 1), (4000, 0.03, 6), (300, 0.5, 20)])
def test_the_smallest_lift_is_that_of_statsmodels_where_groups_are_equal(n, base, m):
    smallest = verdicts.lift_detectable(n, n, base, 0, m)
    assert power_proportions_2indep(smallest, base, n, alpha=0.05 / m).power == pytest.approx(0.841, abs=0.004)


def test_a_lift_beyond_a_margin_is_found_in_four_of_five_also_by_few():
    draw = np.random.default_rng(8)
    smallest = verdicts.lift_detectable(150, 1500, 0.2, 0.05, 20)
    got = [lift(draw, 150, 1500, 0.2, smallest, 0.05) for _ in range(600)]
    assert power(got, 20) == pytest.approx(0.841, abs=0.04)


def test_a_trend_is_found_by_students_t():
    smallest = verdicts.trend_detectable(0.1, 0.1, 0.0, 4)  # 100 customers of sd 1 on either side
    assert 0.841 <= TTestIndPower().power(smallest, 100, 0.05 / 4) < 0.86
    assert verdicts.trend_detectable(0.3, 0.4, 2.0, 1) == pytest.approx(2 + 5 * verdicts.trend_detectable(0.1, 0, 0, 1))


def test_customers_needed_are_those_of_r():
    assert verdicts.customers_needed(0.50, 0.25, 1, power=0.90) == 77  # ?power.prop.test: n = 76.7
    assert verdicts.customers_needed(0.10, 0.02, 1) == verdicts.customers_needed(0.90, -0.02, 1)
    assert verdicts.customers_needed(0.10, 0.02, 6) > 1.4 * verdicts.customers_needed(0.10, 0.02, 1)
    for base, moved in ((0.1, 0), (0.1, 0.9), (0.1, -0.2), (0, 0.1)):
        with pytest.raises(ValueError, match="cannot move"):
            verdicts.customers_needed(base, moved, 1)


def test_what_cannot_be_found_is_unknown():
    found = [verdicts.spread_detectable(NOTHING, 0, 1), verdicts.ordering_detectable(NOTHING, 0, 1)]
    found += [verdicts.share_detectable([1.0, 2, 0, 0], [True, True, False, False], 0.5, 1)]
    found += [verdicts.share_detectable([0, 0, 0, 0, 0, 9.0, 1, 2, 3], np.arange(9) < 6, 0.5, 20)]
    found += [verdicts.baseline_detectable(verdicts.Result(*[np.nan] * 5), 0, 1), verdicts.trend_detectable(np.nan, 1, 0, 1)]
    found += [
        verdicts.lift_detectable(*each) for each in ((0, 9, 0.1, 0, 1), (9, 9, np.nan, 0, 1), (9, 9, 0.5, 0, 1), (99, 99, 0.2, 0.8, 1))
    ]
    assert np.isnan(found).all()
    with pytest.raises(ValueError, match="at least one hypothesis"):
        verdicts.spread_detectable([0.1, 0.1], 0, 0)
