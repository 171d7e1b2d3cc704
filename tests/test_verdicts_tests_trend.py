"""Slopes by least squares, Welch's test against statsmodels, and why no slope spans as_of."""

import numpy as np
import pytest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from benchmarks.verdicts.trends import across_as_of
from segkit.verdicts import tests as verdicts


def test_slopes_are_least_squares():
    values = np.random.default_rng(1).normal(size=(7, 5))
    assert verdicts.slopes(values) == pytest.approx(np.polyfit(np.arange(5), values.T, 1)[0])
    assert verdicts.slopes([[1, 3, 5], [4, 4, 4], [6, 3, 0]]).tolist() == [2, 0, -3]
    assert np.isnan(verdicts.slopes([[1, np.nan, 5], [1, 2, 3]])).tolist() == [True, False]


@pytest.mark.parametrize("values", [np.ones((9, 2)), np.ones(9), np.ones((2, 3, 4))])
def test_a_trend_needs_three_periods(values):
    with pytest.raises(ValueError, match="at least 3 periods"):
        verdicts.slopes(values)


@pytest.mark.parametrize("at_least", [-0.5, 0.0, 0.4])
def test_it_is_welchs_test(at_least):
    draw = np.random.default_rng(2)
    own, others = draw.normal(0.4, 1, 30), draw.normal(0, 3, 200)
    got, theirs = verdicts.trend(own, others, at_least), CompareMeans(DescrStatsW(own), DescrStatsW(others))
    for p, side in ((got.p_supported, "larger"), (got.p_refuted, "smaller")):
        assert p == pytest.approx(theirs.ttest_ind(side, usevar="unequal", value=at_least)[1])
    assert (got.low, got.high) == pytest.approx(theirs.tconfint_diff(usevar="unequal")) and got.value == pytest.approx(
        own.mean() - others.mean()
    )


def test_a_trend_is_seen_or_refuted_far_out_too():
    draw = np.random.default_rng(3)
    own, others = draw.normal(2, 1, 400), draw.normal(0, 1, 900)
    assert 0 < verdicts.trend(own, others, 0).p_supported < 1e-60 and 0 < verdicts.trend(own, others, 4).p_refuted < 1e-60


def test_the_order_of_customers_changes_no_digit():
    draw = np.random.default_rng(4)
    own, others = draw.lognormal(size=300), draw.lognormal(size=900)
    assert len({verdicts.trend(draw.permutation(own), draw.permutation(others), 0.1) for _ in range(5)}) == 1


@pytest.mark.parametrize("own, others", [([], [1, 2]), ([1], [1, 2]), ([1, 1], [1, 2]), ([1, 2], [3, 3]), ([1, np.nan], [1, 2])])
def test_trends_that_cannot_be_decided(own, others):
    got = verdicts.trend(own, others, 0)
    assert np.isnan([got.low, got.high, got.p_supported, got.p_refuted, got.p]).all()


def test_across_as_of_everybody_falls_back_and_afterwards_nobody_does():
    supported, refuted, covered, across = (row["value"] for row in across_as_of(150, np.random.default_rng(5)))
    assert max(supported, refuted) <= 0.06 and covered >= 0.9 and across >= 0.95
