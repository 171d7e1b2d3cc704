"""Limits at any level from the two standard errors of a 95 % interval."""

import numpy as np
import pytest

from benchmarks.verdicts.lines import money
from segkit.kpis import intervals
from segkit.verdicts.tests.sides import FARTHEST, are_comparable, crossing, differences, hall, reach


@pytest.mark.parametrize("z", [0.5, 1.959964, 3.0, 4.5])
def test_two_standard_errors_are_enough_to_know_halls_limits_at_every_level(z):
    values = np.minimum(np.random.default_rng(3).lognormal(0, 1.3, 150), 12)
    c = (np.mean((values - values.mean()) ** 3) / values.std() ** 3) / np.sqrt(150)
    se = values.std(ddof=1) / np.sqrt(150)
    (below,), (above,) = reach([intervals.mean(values).sides])(z)
    for studentized, at in ((below / se, z), (-above / se, -z)):
        assert studentized + c * studentized**2 / 3 + c**2 * studentized**3 / 27 + c / 6 == pytest.approx(at, abs=1e-5)


def test_without_skew_limits_are_standard_errors():
    for ses in ([0.5, 2.0], [[0.5, 0.5], [2.0, 2.0]]):
        for z in (0, 1, 1.96, 4, 20):
            assert np.array(reach(ses)(z)) == pytest.approx(np.array([[0.5, 2.0]] * 2) * z)


def test_skew_to_the_left_is_skew_to_the_right_seen_from_behind():
    (below, other_below), (above, other_above) = reach([[0.5, 1.2], [1.2, 0.5]])(3.3)
    assert below == pytest.approx(other_above) and above == pytest.approx(other_below) and below < above


def test_limits_move_out_with_the_level_and_straight_on_where_nobody_has_been():
    steps = np.array([reach([[0.1, 0.5], [0.3, 0.31], [0.0, 0.2], [0.2, 0.2]])(z) for z in np.linspace(0, 9, 91)])
    assert (np.diff(steps, axis=0) >= 0).all() and (steps >= 0).all()
    assert steps[90] - steps[80] == pytest.approx(steps[80] - steps[70])


def test_each_limit_is_the_interval_itself_at_196():
    sides = [[0.1, 0.5], [0.3, 0.31], [0.0, 0.2]]
    assert np.array(reach(sides)(intervals.Z)).T == pytest.approx(np.array(sides) * intervals.Z)
    one, other = intervals.proportion(np.arange(80) < 20), intervals.proportion(np.arange(60) < 30)
    (low,), (high,) = differences([one.value, other.value], [one.sides, other.sides], np.array([0]), np.array([1]))(intervals.Z)
    assert (low, high) == pytest.approx(intervals.difference(one, other)[1:3])


def test_far_out_a_hundred_customers_err_less_than_with_the_sides_of_the_95_percent_interval():
    draw = np.random.default_rng(4)
    everyone, far = money(draw, 0.3, n=100_000), 3.0233  # the normal's 99.875 % point
    samples = everyone[draw.integers(0, len(everyone), (30_000, 100))]
    mean, se = samples.mean(axis=1), samples.std(axis=1, ddof=1) / 10
    skew = ((samples - mean[:, None]) ** 3).mean(axis=1) / samples.std(axis=1) ** 3 / 10
    sides = np.column_stack([hall(intervals.Z, skew), hall(intervals.Z, -skew)]) * se[:, None] / intervals.Z
    here = np.mean(mean + reach(sides)(far)[1] < everyone.mean())
    straight = np.mean(mean + far * sides[:, 1] < everyone.mean())
    assert here < 0.00125 * 3 < 0.00125 * 4 < straight


def test_what_cannot_be_compared():
    assert are_comparable([1, 2], [0.1, 0.2]) and are_comparable([1, 2], [[0.0, 0.1], [0.0, 0.2]])
    for means, ses in (([1], [0.1]), ([1, np.nan], [0.1, 0.1]), ([1, 2], [0.1, 0]), ([1, 2], [[0.1, 0.1], [np.nan, 0.1]])):
        assert not are_comparable(means, ses)


def test_a_limit_is_crossed_once_or_never():
    assert crossing(lambda z: 3 - z) == pytest.approx(3) and crossing(lambda z: -1 - z) == 0 and crossing(lambda z: 1.0) == FARTHEST
