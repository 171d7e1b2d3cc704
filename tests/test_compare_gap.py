"""The dip against another implementation, gaps between planted groups, and splits that are only definitions."""

import diptest
import numpy as np
import pytest

from benchmarks import populations
from segkit.compare import gap
from segkit.compare.cuts import cut, prepared
from segkit.compare.dip import dip


@pytest.mark.parametrize("seed", range(5))
def test_the_dip_is_that_of_another_implementation(seed):
    rng = np.random.default_rng(seed)
    for n in rng.integers(4, 300, 60):
        far = rng.random() * 6
        for values in (
            rng.standard_normal(n),
            rng.random(n),
            rng.gamma(1, 1, n),
            np.r_[rng.standard_normal(n // 2), far + rng.random(n - n // 2)],
        ):
            assert dip(values) == pytest.approx(diptest.dipstat(values), abs=1e-12)


def test_the_dip_of_few_and_of_two_far_halves():
    assert dip(np.array([1.0, 2.0, 3.0, 4.0])) == 1 / 8 and dip(np.ones(5)) == 1 / 10
    halves = np.r_[np.linspace(0, 1, 500), np.linspace(100, 101, 500)]
    assert dip(halves) == pytest.approx(0.25, abs=0.01) and dip(halves * -3 + 1) == pytest.approx(dip(halves))


def three(rng, distance):
    cut = np.repeat([0, 1, 2], [300, 200, 100])
    return rng.standard_normal((600, 3)) + distance * np.eye(3)[cut], cut


def test_groups_far_apart_are_counted_and_a_cut_too_fine_is_joined():
    rng = np.random.default_rng(1)
    rows, cut = three(rng, 6.0)
    field = gap.field(rows, rng)
    separated = gap.separations(field, cut)
    assert separated.shape == (3,) and gap.widest(separated) == np.sort(separated)[1]  # the largest edge of a tree over a triangle
    assert separated.min() > 1.2 and gap.groups(separated, cut) == 3
    halved = np.where((cut == 0) & (rows[:, 1] > 0), 3, cut)
    assert gap.groups(gap.separations(field, halved), halved) == 3
    assert gap.count(field, rows, rng) == 3


def test_a_small_group_beside_a_crowd_has_a_gap_and_the_tail_of_a_crowd_has_none():
    rng = np.random.default_rng(5)
    crowd, few = rng.standard_normal(960), 6 + 0.7 * rng.standard_normal(40)
    assert gap.scaled_dip(-crowd, few) > 0.8 and gap.scaled_dip(few, -crowd) == pytest.approx(gap.scaled_dip(-crowd, few))
    assert np.sqrt(1000) * dip(np.r_[crowd, few]) < gap.JOINED  # with the whole crowd there would be none
    tail = np.sort(crowd)[-40:]
    assert gap.scaled_dip(-np.sort(crowd)[:-40], tail) < gap.JOINED


def test_one_cloud_has_no_gap():
    rng = np.random.default_rng(2)
    rows, cut = three(rng, 0.0)
    halves = (rows[:, 0] > 0).astype(int)
    field = gap.field(rows, rng)
    assert gap.widest(gap.separations(field, halves)) < gap.JOINED and gap.groups(gap.separations(field, halves), halves) == 1


@pytest.mark.parametrize("make", [populations.gaussian_correlated, populations.blobs(4), populations.bernoulli_items])
def test_the_widest_gap_of_several_cuts_needs_not_all_pairs(make):
    rows = make(np.random.default_rng(5))
    field = gap.field(rows, np.random.default_rng(1))
    _, [cuts] = cut(prepared(rows)[None], list(range(2, 9)), np.random.default_rng(2))
    assert gap.widest_of(field, cuts) == max(gap.widest(gap.separations(field, each)) for each in cuts)
    assert gap.widest_of(field, [np.zeros(len(rows), int)]) == 0


def test_what_one_recorded_value_tells_apart_is_a_definition():
    rng = np.random.default_rng(3)
    used = rng.random(400) < 0.5
    rows = np.column_stack([np.where(used, 5 + rng.gamma(9.0, size=400), 0.0), rng.standard_normal(400)])
    field = gap.field(rows, rng)
    assert field.names == ((0, 0.0),)
    sides = gap.Sides(field, used.astype(int))
    assert sides.dip(0, 1) > 1 and gap.separations(field, used.astype(int))[0] < gap.JOINED
    assert gap.definitions(field, used.astype(int)) == ((0, 0.0),)
    other = (rows[:, 1] > 0).astype(int)
    assert gap.definitions(field, other) == ()


def test_columns_that_say_the_same_of_the_same_customers_go_together():
    once = np.arange(200) < 90
    rng = np.random.default_rng(5)
    rows = np.column_stack([np.where(once, 1.0, rng.gamma(9.0, size=200)), np.where(once, 0.0, rng.random(200) + 1), rng.normal(size=200)])
    field = gap.field(rows, rng)
    assert field.names == ((0, 1.0), (1, 0.0)) and field.besides.tolist() == [[False, False, True]] * 2


def test_a_gap_by_definition_is_none_and_one_that_other_columns_show_as_well_is_one():
    rng = np.random.default_rng(6)
    once, apart = rng.random(600) < 0.5, rng.normal(size=600)
    defined = np.column_stack([np.where(once, 0.0, 4 + rng.gamma(4.0, size=600)), rng.normal(size=(600, 2))])
    for shift, is_gap in ((0.0, False), (9.0, True)):
        rows = np.column_stack([defined, apart + shift * once])
        found = gap.separations(gap.field(rows, rng), once.astype(int))[0]
        assert (found >= gap.JOINED) == is_gap, shift
    alone = gap.field(defined[:, :1], rng)
    assert gap.separations(alone, once.astype(int)).tolist() == [0.0], "nothing else is known"


def test_steps_are_spread_over_their_cells_and_nothing_else_moves():
    rows = np.array([[0.0, 1.5], [0.0, 2.5], [1.0, 3.5], [1.0, 4.0], [4.0, 9.0]])
    spread = gap.dithered(rows, np.random.default_rng(4))
    assert (spread[:, 1] == rows[:, 1]).all() and spread[4, 0] == 4.0  # no ties
    assert ((-0.5 <= spread[:2, 0]) & (spread[:2, 0] <= 0.5)).all() and ((0.5 <= spread[2:4, 0]) & (spread[2:4, 0] <= 2.5)).all()
    assert len(set(spread[:, 0])) == 5 and (gap.dithered(rows, np.random.default_rng(4)) == spread).all()
