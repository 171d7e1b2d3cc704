"""Small cells are hidden, and cannot be computed from what is shown."""

import itertools
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from segkit import privacy
from segkit.privacy.cells import protected


def shown(counts, min_cell=5, **how) -> list:
    """The counts of a table as they are published: None where hidden."""
    table = privacy.hide_small_cells(pd.DataFrame({"n": counts}), [], min_cell, **how)
    return [None if pd.isna(n) else int(n) for n in table.n]


# --- small cells


@pytest.mark.parametrize("n, seen", [(0, True), (1, False), (4, False), (5, True)])
def test_a_cell_below_the_least_shows_neither_value_nor_count(n, seen):
    table = pd.DataFrame({"segment": ["S1", "S2"], "value": [0.5, 0.25], "label": ["x", "y"], "n": [n, 50]})
    hidden = privacy.hide_small_cells(table, ["value", "label"], 5)
    assert list(hidden.segment) == ["S1", "S2"], "the row stays, so that it is seen to be hidden"
    assert hidden.loc[0, ["value", "label", "n"]].notna().tolist() == [seen] * 3
    assert hidden.loc[1, ["value", "label", "n"]].tolist() == [0.25, "y", 50]
    assert list(table.n) == [n, 50], "the table handed in is not changed"


def test_hiding_twice_hides_no_more_and_counts_stay_whole_numbers():
    table = pd.DataFrame({"value": [0.5, 0.25, 0.1], "customers": [3, 50, 0]})
    once = privacy.hide_small_cells(table, ["value"], 5, n="customers")
    twice = privacy.hide_small_cells(once, ["value"], 5, n="customers")
    assert once.to_csv(index=False) == twice.to_csv(index=False) == "value,customers\n,\n0.25,50\n0.1,0\n"


def test_a_table_without_rows_and_columns_that_are_not_there_are_no_error():
    empty = pd.DataFrame({"value": [], "n": []})
    assert len(privacy.hide_small_cells(empty, ["value", "absent"], 5, within=[])) == 0
    assert len(privacy.hide_small_cells(empty, ["value"], 5, within=["value"], part="n", total="all")) == 0


# --- what protects them


@pytest.mark.parametrize(
    "counts, published",
    [
        ([3, 20, 50], [None, None, 50]),  # alone it would be 73 - 70
        ([50, 20, 3], [50, None, None]),
        ([3, 4, 20, 50], [None, None, 20, 50]),  # two, of 7 together
        ([2, 2, 20, 50], [None, None, None, 50]),  # two, of 4 together
        ([20, 30, 50], [20, 30, 50]),
        ([3, 0, 0, 20, 50], [None, 0, 0, None, 50]),  # nobody is nobody's secret, and protects nobody
        ([3, 20, 20, 50], [None, 20, None, 50]),  # of equals the one further down
        ([4, 20, 20, 50], [None, None, None, 50]),  # 24 could only be 4 and 20
        ([1, 1, 1, 1, 1, 30, 50], [None] * 6 + [50]),  # 5 customers in 5 cells
        ([4, 4, 4, 7, 50], [None, None, None, None, 50]),  # 12 in 3 cells
        ([3, 50], [None, None]),
        ([3, 0], [None, 0]),  # the total is small itself
        ([3], [None]),
        ([5, 5], [5, 5]),
    ],
)
def test_a_single_hidden_cell_takes_the_smallest_others_with_it(counts, published):
    assert shown(counts, within=[]) == published
    assert shown(counts) == [None if 0 < n < 5 else n for n in counts], "without a total they are left alone"


def test_whatever_is_said_of_the_cells_goes_with_them():
    table = pd.DataFrame({"segment": ["S1", "S2", "S3"], "n": [70, 20, 3], "share": [0.7, 0.2, 0.03], "n_known": [60, 19, 3]})
    hidden = privacy.hide_small_cells(table, ["share", "n_known"], 5, within=[])
    assert hidden.to_csv(index=False) == "segment,n,share,n_known\nS1,70,0.7,60\nS2,,,\nS3,,,\n"


def test_each_total_is_looked_at_by_itself():
    table = pd.DataFrame({"feature": ["a"] * 3 + ["b"] * 3, "left": [0, 1, 2] * 2, "n": [3, 9, 40, 9, 9, 40]})
    hidden = privacy.hide_small_cells(table, [], 5, within=["feature"])
    assert hidden.n.isna().tolist() == [True, True, False, False, False, False]
    together = privacy.hide_small_cells(table, [], 5, within=[])
    assert together.n.isna().sum() == 2 and pd.isna(together.n[4]), "over all rows, the last of the smallest protects"
    assert privacy.hide_small_cells(table, [], 5, within=("feature",)).equals(hidden)


def test_a_part_with_many_rows_counts_once_and_is_hidden_in_all():
    """Cohorts have a row per month, and the young ones have few: B must not come to light in a month that A has not reached."""
    rows = [("A", 0, 3), ("B", 0, 9), ("B", 1, 9), ("C", 0, 40), ("C", 1, 40), ("C", 2, 40)]
    table = pd.DataFrame(rows, columns=["cohort", "month", "n"]).assign(value=0.5)
    hidden = privacy.hide_small_cells(table, ["value"], 5, within=[], part="cohort")
    assert hidden.n.isna().tolist() == [True, True, True, False, False, False] == hidden.value.isna().tolist()
    by_month = privacy.hide_small_cells(table, ["value"], 5, within=["month"])
    assert by_month.n.isna().tolist() == [True, True, False, False, False, False], "by month B would be told in month 1"


def test_the_row_that_is_the_total_is_shown_and_is_no_part():
    rows = [(kpi, segment, n) for kpi in ("revenue", "orders") for segment, n in (("S1", 60), ("S2", 20), ("S3", 4), ("all", 84))]
    table = pd.DataFrame(rows, columns=["kpi", "segment", "n"]).assign(value=1.0)
    hidden = privacy.hide_small_cells(table, ["value"], 5, within=["kpi"], part="segment", total="all")
    assert hidden.n.isna().tolist() == [False, True, True, False] * 2 == hidden.value.isna().tolist()
    tiny = pd.DataFrame({"segment": ["S1", "all"], "n": [4, 4]})
    assert privacy.hide_small_cells(tiny, [], 5, within=[], part="segment", total="all").n.isna().all(), "unless it is small itself"


def test_gaps_in_the_names_of_groups_are_groups():
    table = pd.DataFrame({"city": ["x", "x", None, None], "part": ["a", None, "a", None], "n": [3, 30, 4, 40]})
    assert privacy.hide_small_cells(table, [], 5, within=["city"]).n.isna().all()
    assert privacy.hide_small_cells(table, [], 5, within=[], part="part").n.isna().all()


def test_what_was_hidden_before_stays_hidden_and_hides_no_more():
    table = pd.DataFrame({"g": list("aaaabbbb"), "n": [3, 3, 20, 50, 2, 20, 50, 60]})
    once = privacy.hide_small_cells(table, [], 5, within=["g"])
    assert privacy.hide_small_cells(once, [], 5, within=["g"]).equals(once) and privacy.hide_small_cells(once, [], 5).equals(once)
    assert once.n.isna().tolist() == [True, True, False, False, True, True, False, False]


def test_tables_that_speak_of_the_same_parts_hide_the_same():
    """Sizes, profiles, stability and KPIs all tell the size of a segment: one that shows it would give it away for all."""
    random = np.random.default_rng(3)
    for _ in range(25):
        sizes = pd.DataFrame({"segment": [f"S{each}" for each in range(1, 7)], "n": sorted(random.integers(0, 30, 6), reverse=True)})
        profiles = pd.concat([sizes.assign(feature=name) for name in "xyz"])
        kpis = pd.concat([pd.concat([sizes, pd.DataFrame({"segment": ["all"], "n": [sizes.n.sum()]})]).assign(kpi=name) for name in "vw"])
        hidden = [
            privacy.hide_small_cells(sizes, [], 5, within=[]),
            privacy.hide_small_cells(profiles, [], 5, within=["feature"]),
            privacy.hide_small_cells(profiles, [], 5, within=[], part="segment"),
            privacy.hide_small_cells(kpis, [], 5, within=["kpi"], part="segment", total="all"),
        ]
        assert len({frozenset(table.segment[table.n.isna()]) - {"all"} for table in hidden}) == 1


# --- properties


def tables(seed: int):
    """Random counts of one total with small cells among them, as aggregates have them."""
    random = np.random.default_rng(seed)
    for _ in range(150):
        cells = int(random.integers(1, 17))
        yield (
            np.round(random.pareto(1.2, cells) * random.integers(1, 12)).astype(int) * (random.random(cells) > 0.15),
            int(random.integers(2, 11)),
        )


@pytest.mark.parametrize("seed", range(4))
def test_no_hidden_cell_can_be_computed_from_the_total_and_the_others(seed):
    hiding = 0
    for counts, min_cell in tables(seed):
        published = shown(list(counts), min_cell, within=[])
        hidden = [int(count) for count, seen in zip(counts, published) if seen is None]
        left = counts.sum() - sum(seen for seen in published if seen is not None)
        assert left == sum(hidden) and all(seen is None or seen == 0 or seen >= min_cell for seen in published)
        assert not hidden or any(count < min_cell for count in hidden), "nothing is hidden without need"
        assert all(count > 0 for count in hidden)
        if any(published):
            hiding += bool(hidden)
            assert not hidden or (len(hidden) >= 2 and left >= min_cell and left > len(hidden))
            largest_hidden, smallest_shown = max(hidden, default=0), min(seen for seen in published if seen)
            assert largest_hidden <= smallest_shown, "the smallest go first"
    assert hiding > 20


@pytest.mark.parametrize("seed", range(3))
def test_no_more_is_hidden_than_it_takes(seed):
    """Show any one of the protecting cells again, and a rule is broken."""
    for counts, min_cell in tables(seed):
        hidden = protected(counts.astype(float), min_cell)
        added = [at for at in np.flatnonzero(hidden) if counts[at] >= min_cell]
        if added:
            last = max(added, key=lambda at: (counts[at], -at))
            fewer = counts[hidden & (np.arange(len(counts)) != last)]
            total = fewer.sum()
            assert (
                len(fewer) < 2
                or total < min_cell
                or total in (len(fewer), len(fewer) * (min_cell - 1))
                or (total == (len(fewer) - 1) * counts[last] + min_cell - 1)
            )


@pytest.mark.parametrize("cells, min_cell, largest", [(3, 3, 9), (3, 5, 12), (4, 3, 7)])
def test_not_even_who_knows_the_rules_can_compute_a_hidden_cell(cells, min_cell, largest):
    """Every table there is, by what is published of it: in no case does a hidden cell have one possible value alone, bar 1 in 300."""
    possible = defaultdict(list)
    for counts in itertools.product(range(largest + 1), repeat=cells):
        hidden = protected(np.array(counts, dtype=float), min_cell)
        possible[sum(counts), tuple(None if gone else count for gone, count in zip(hidden, counts))].append(counts)
    told = sum(
        len({counts[at] for counts in tables}) == 1
        for (_, seen), tables in possible.items()
        for at in range(cells)
        if seen[at] is None and any(seen)
    )
    assert told <= len(possible) / 300


def test_the_order_of_rows_decides_between_equals_alone():
    random = np.random.default_rng(1)
    for counts, min_cell in tables(9):
        counts = np.unique(counts)
        order = random.permutation(len(counts))
        assert (protected(counts.astype(float), min_cell)[order] == protected(counts[order].astype(float), min_cell)).all()


# --- counts that run up to everyone


def test_rows_that_add_too_few_to_the_one_before_are_hidden():
    table = pd.DataFrame({"top": [0.05, 0.1, 0.15, 0.2, 1.0], "n": [3, 6, 9, 12, 60], "share": [0.3, 0.5, 0.6, 0.65, 1.0]})
    hidden = privacy.hide_small_steps(table, ["share"], 5)
    assert hidden.n.isna().tolist() == [True, False, True, False, False] == hidden.share.isna().tolist()
    assert privacy.hide_small_steps(hidden, ["share"], 5).equals(hidden) and table.n.notna().all()


def test_a_row_just_below_everyone_is_hidden_and_everyone_is_not():
    table = pd.DataFrame({"n": [10, 20, 57, 60], "share": [0.1, 0.5, 0.9, 1.0]})
    assert privacy.hide_small_steps(table, ["share"], 5).n.isna().tolist() == [False, False, True, False]
    assert privacy.hide_small_steps(table.head(0), ["share"], 5).empty
    assert privacy.hide_small_steps(pd.DataFrame({"n": [1, 2, 4], "share": 1.0}), ["share"], 5).n.isna().all()
    assert privacy.hide_small_steps(pd.DataFrame({"n": [0, 0], "share": 1.0}), ["share"], 5).n.tolist() == [0, 0]


@pytest.mark.parametrize("customers", [1, 7, 59, 60, 99, 100, 101, 250])
def test_any_two_rows_shown_of_a_running_count_are_at_least_a_cell_apart(customers):
    counts = [int(np.ceil(customers * step / 20)) for step in range(1, 21)]
    seen = privacy.hide_small_steps(pd.DataFrame({"n": counts, "share": 1.0}), ["share"], 5).n.dropna().astype(int).tolist()
    assert all(later - earlier >= 5 for earlier, later in zip([0, *seen], seen)) and (customers < 5 or seen[-1] == customers)
    assert customers < 101 or len(seen) == 20, "with a hundred customers or more, five per cent are a cell"


def test_the_smallest_segment_of_a_score_is_hidden_below_the_least():
    scores = pd.DataFrame({"metric": ["smallest_segment"] * 3 + ["silhouette"], "value": [4, 5, 0, 0.3]})
    assert privacy.hide_small_sizes(scores, 5).value.isna().tolist() == [True, False, False, False]


def test_counts_told_together_are_hidden_together_and_leave_no_small_rest():
    fence = pd.DataFrame({"segment": ["all", "S1", "S2", "S3", "S4"], "n": [543, 300, 200, 40, 3], "n_fence": [30, 20, 9, 0, 1]})
    fence = fence.assign(n_clear=fence.n - fence.n_fence, share=fence.n_fence / fence.n)
    counted = dict(within=[], part="segment", total="all")
    one_by_one = fence
    for n in ("n", "n_fence", "n_clear"):
        one_by_one = privacy.hide_small_cells(one_by_one, ["share", "n_fence", "n_clear"], 5, n=n, **counted)
    rest = 30 - one_by_one.n_fence[1:].sum()
    assert 0 < rest < 5, "hidden one after the other, one customer is left to whoever subtracts"
    together = privacy.hide_small_cells(fence, ["share"], 5, n=["n", "n_fence", "n_clear"], **counted)
    for n in ("n", "n_fence", "n_clear"):
        rest = fence[n][0] - together[n][1:].sum()
        assert rest == 0 or rest >= 5, n
    assert together.share.isna().tolist() == together.n.isna().tolist() and together.share.notna()[0]
    assert together.n.notna()[1:].sum() == 1, "and no more is hidden than it takes"


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_counts_no_hidden_rest_of_any_is_small(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 60, 6)
    some = rng.binomial(n, rng.random(6) ** 3)
    table = pd.DataFrame({"n": n, "some": some, "others": n - some, "share": 0.1})
    hidden = privacy.hide_small_cells(table, ["share"], 5, n=["n", "some", "others"], within=[])
    for name in ("n", "some", "others"):
        blank = hidden[name].isna()
        assert blank.equals(hidden.share.isna()) and ((table[name] == 0) | (table[name] >= 5))[~blank].all()
        assert blank.all() or table[name][blank].sum() == 0 or table[name][blank].sum() >= 5
