"""Use cases in aggregates: counted by hand, against other implementations, intervals against a known truth; pictures and sentences."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from test_features import tables
from test_features_use_cases import AS_OF, case, used

from segkit import behavior, features, figures, privacy, prose
from segkit.features import use_cases as patterns
from segkit.kpis import intervals
from segkit.sources.reading import Reading

SIZE = {"size": Reading(column="size", kind="firmographic")}


def seen(cases, trace, customers=None):
    """Tables, everybody's features, and what `performed` says."""
    there = tables(events=trace, **({"customers": customers} if customers else {}))
    wide = features.customer_features(there, AS_OF, SIZE if customers else features.NO_ATTRIBUTES, use_cases=cases).execute()
    return there, wide, behavior.performed(there, AS_OF, cases)


@pytest.fixture(scope="module")
def firm():
    """Ten customers: six of ab, four of them at the first try, in time; eight large ones who may do bc, three of whom do."""
    rows = [(f"c{i}", "a", "1") for i in range(8)] + [(f"c{i}", "b", "2") for i in range(4)]
    rows += [(f"c{i}", feature, day) for i in (4, 5) for feature, day in (("b", "9"), ("a", "10"), ("b", "10 12:00"))]
    rows += [(f"c{i}", "c", "10 18:00") for i in (4, 5)] + [("c9", "b", "20"), ("c9", "c", "20"), ("c8", "c", "3")]
    sizes = {"customer_id": [f"c{i}" for i in range(10)], "size": ["big"] * 8 + ["small", "big"]}
    cases = [case("ab", 1, name="one"), case("bc", 1, name="two", size=["big"])]
    return cases, *seen(cases, used(*rows), sizes)


def test_the_table_counts_who_may_who_does_and_whose_first_try_succeeded(firm):
    cases, there, wide, made = firm
    table = behavior.use_case_table(there, made, wide, cases).set_index("use_case")
    one, two = table.loc["one"], table.loc["two"]
    assert list(table.index) == ["one", "two"] and (one.actor, one.goal, one.kpi, one.unit) == ("analyst", "Know.", "", "share")
    assert (one.n, one.n_performing, one.value, one.performances_each, one.attempts) == (10, 6, 0.6, 1.0, 10)
    assert (one.n_tried, one.success_share, one.fewest, one.fewest_tried) == (8, 0.5, 4, 4)
    assert (two.n, two.n_performing, two.value) == (9, 3, 1 / 3) and (two.attempts, two.n_tried, two.success_share) == (9, 7, 1 / 7)
    assert two.fewest == two.fewest_tried == 1, "one customer may not; the first b of one alone was followed by c"
    wilson = binomtest(6, 10).proportion_ci(method="wilson")
    assert (one.low, one.high) == pytest.approx((wilson.low, wilson.high))
    some = behavior.use_case_table(there, made, wide[wide.customer_id.isin(["c0", "c4", "c8"])], cases).set_index("use_case")
    assert some.n.to_dict() == {"one": 3, "two": 2} and some.n_performing.to_dict() == {"one": 2, "two": 1}


def test_preconditions_are_asked_of_the_customer_table_whatever_features_make_of_an_attribute():
    """A word may have become a place in an order, a yes a 1."""
    declared = {
        "size": Reading(column="size", kind="firmographic", ordered=["small", "big"]),
        "seats": Reading(column="s", kind="firmographic", type="integer"),
        "paying": Reading(column="p", kind="need", type="boolean"),
    }
    customers = {
        "customer_id": [f"c{i:02d}" for i in range(24)],
        "size": ["big", "small", None] * 8,
        "seats": pd.array([1, 2, 3, None] * 6, dtype="Int64"),
        "paying": pd.array([True, False, None] * 8, dtype="boolean"),
    }
    there = tables(events=used(*((name, "a", "1") for name in customers["customer_id"])), customers=customers)
    expected = {
        8: case("a", name="one", size=["big"]),
        12: case("a", name="two", seats=[1, 3]),
        16: case("a", name="three", paying=[False, True]),
        2: case("a", name="four", seats=[2], paying=[True], size=["big", "small"]),
    }
    cases = list(expected.values())
    wide = features.customer_features(there, AS_OF, declared, use_cases=cases).execute()
    table = behavior.use_case_table(there, behavior.performed(there, AS_OF, cases), wide, cases).set_index("use_case")
    by_segment = behavior.use_cases_by_segment(there, wide, pd.Series("S1", index=wide.customer_id), cases).set_index("use_case")
    for n, each in expected.items():
        assert table.n[each.name] == table.n_performing[each.name] == n == (wide[each.column] > 0).sum()
        assert (by_segment.n[each.name] == n).all()


def test_overlap_is_among_those_who_may_do_both(firm):
    cases, there, wide, _ = firm
    pair = behavior.use_case_overlap(there, wide, cases).iloc[0]
    assert (pair["first"], pair["second"], pair.n, pair.n_eligible, pair.fewest) == ("one", "two", 2, 9, 1)
    assert pair.value == 2 / 7 and pair.lift == pytest.approx((2 / 9) / ((6 / 9) * (3 / 9)))


def test_overlap_against_contingency_tables():
    rng, names = np.random.default_rng(4), ["one", "two", "three"]
    does = pd.DataFrame(rng.random((300, 3)) < [0.9, 0.85, 0.1], columns=[f"{name}_share" for name in names])
    customers = does.astype(float).where(does.any(axis=1)).assign(performances=does.sum(axis=1))
    for row in behavior.use_case_overlap({}, customers, [case("a", name=name) for name in names]).itertuples():
        cells = pd.crosstab(does[f"{row.first}_share"], does[f"{row.second}_share"]).to_numpy()
        assert row.n == cells[1, 1] and row.fewest == cells.min() and row.value == cells[1, 1] / (300 - cells[0, 0])
        assert row.lift == pytest.approx(cells[1, 1] * 300 / (cells[1].sum() * cells[:, 1].sum()))


def test_segments_are_told_of_with_everybody_last_and_the_others_do_not_count(firm):
    cases, there, wide, _ = firm
    labels = pd.Series({f"c{i}": "S1" if i < 4 else "S2" for i in range(9)})
    found = behavior.use_cases_by_segment(there, wide, labels, cases).set_index(["use_case", "segment"])
    assert found.n.to_dict() == {
        ("one", "S1"): 4,
        ("one", "S2"): 5,
        ("one", "all"): 9,
        ("two", "S1"): 4,
        ("two", "S2"): 4,
        ("two", "all"): 8,
    }
    assert found.n_performing.tolist() == [4, 2, 6, 0, 2, 2] and (found.n_performing + found.n_others == found.n).all()
    assert found.value["one", "S2"] == 0.4 and found.low["two", "S1"] == 0 and found.high["two", "S1"] > 0.3
    columns = wide.set_index("customer_id").loc[labels.index].reset_index()
    pd.testing.assert_frame_equal(
        found.reset_index(), behavior.use_cases_by_segment(there, columns.sample(frac=1, random_state=1), labels, cases)
    )


def test_coverage_is_the_share_of_rows_that_are_a_step_of_what_their_customer_performs(firm):
    cases, there, _, _ = firm
    found = behavior.use_case_coverage(there, AS_OF, cases, 1).set_index(["table", "behavior"])
    assert list(found.index) == [("all", "all"), ("events", "all"), ("events", "a"), ("events", "b"), ("events", "c")]
    assert found.lines.tolist() == [23, 23, 10, 9, 4] and found.value["all", "all"] == found.value["events", "all"] == 20 / 23
    assert found.value["events", "a"] == 8 / 10 and found.value["events", "b"] == 1 and found.value["events", "c"] == 3 / 4
    assert found.n["events", "a"] == 8 and found.fewest["events", "a"] == 2 and found.fewest["events", "c"] == 1


def test_the_interval_of_coverage_is_that_of_a_ratio_over_customers():
    rng = np.random.default_rng(8)
    rows = [
        (f"c{i:02d}", feature, f"{1 + rng.integers(28)} {rng.integers(24):02d}:00")
        for i in range(60)
        for feature in rng.choice(list("aabcd"), rng.integers(1, 12))
    ]
    cases = [case("ab", 2, name="one"), case("cd", 3, name="two")]
    there, _, _ = seen(cases, used(*rows))
    found = behavior.use_case_coverage(there, AS_OF, cases, 1).set_index(["table", "behavior"])
    lines = patterns.explained(features.past(there, AS_OF), cases, AS_OF).execute()
    for name in ("all", *"abcd"):
        each = lines if name == "all" else lines[lines.behavior == name]
        each = each.groupby("customer_id")[["explained", "lines"]].sum()
        expected, row = intervals.ratio(each.explained, each.lines), found.loc["events", name]
        assert (row.n, row.lines, row.value) == (len(each), each.lines.sum(), expected.value) and 0 < row.value < 1
        linearised = (expected.value - intervals.Z * expected.se, expected.value + intervals.Z * expected.se)
        assert (row.low, row.high) == pytest.approx((max(0, linearised[0]), min(1, linearised[1])), abs=1e-4)


def test_what_few_did_is_not_named_nor_told_by_what_is_left():
    rows = (
        [(f"c{i}", feature, "1") for i in range(9) for feature in "ab"]
        + [("c0", "secret", "2")] * 3
        + [(f"c{i}", "d", "2") for i in range(6)]
    )
    found = behavior.use_case_coverage(tables(events=used(*rows)), AS_OF, [case("ab")], 5)
    assert found.behavior.tolist() == ["all", "all", "a", "b"], "d goes with secret: else the total would tell its rows"


def test_patterns_that_nobody_fulfils_are_told(firm):
    cases, there, _, _ = firm
    asked = [
        *cases,
        case("cb", 1, name="back"),
        case("ax", 1, name="typo"),
        case("a", name="tiny", size=["none"]),
        case("abc", 0.01, name="fast"),
    ]
    made = behavior.performed(there, AS_OF, asked)
    found = behavior.use_case_problems(there, AS_OF, asked, made, 2)
    assert list(found.itertuples(index=False, name=None)) == [
        ("typo", "step 2 (feature x) was never seen"),
        ("tiny", "nobody has size 'none'"),
        ("fast", "nobody who began it ever went through with it in time"),
    ]
    said = prose.use_case_problems(found)
    assert said.count("<li>") == len(found) and "typo: step 2 (feature x) was never seen." in said
    assert prose.use_case_problems(found[:0]) is None


def test_without_use_cases_or_dates_there_is_nothing_at_all(firm):
    cases, there, wide, _ = firm
    for as_of, given in ((None, cases), (AS_OF, [])):
        made = behavior.performed(there, as_of, given)
        plain = wide.drop(columns=["performances"])
        shares = behavior.use_case_table(there, made, plain, given)
        overlap, coverage = behavior.use_case_overlap(there, plain, given), behavior.use_case_coverage(there, as_of, given, 5)
        problems = behavior.use_case_problems(there, as_of, given, made, 5)
        by_segment = behavior.use_cases_by_segment(there, plain, pd.Series({"c0": "S1"}), given)
        empty = (made, shares, overlap, coverage, problems, by_segment)
        assert all(len(table) == 0 and len(table.columns) for table in empty)
        assert [
            prose.use_case_shares(shares),
            prose.use_case_overlap(overlap),
            prose.use_case_coverage(coverage),
            prose.use_cases_by_segment(by_segment),
        ] == [None] * 4
        assert [figures.use_case_shares(shares), figures.use_case_overlap(overlap), figures.use_cases_by_segment(by_segment)] == [None] * 3
        assert privacy.hide_small_cells(shares, behavior.OF_PERFORMERS, 5, n="fewest").empty


def test_a_single_step_cannot_fail_and_has_no_rate_of_success():
    cases = [case("a", name="one")]
    there, wide, made = seen(cases, used(*((f"c{i}", "a", "1") for i in range(20))))
    table = behavior.use_case_table(there, made, wide, cases)
    assert table.n_tried[0] == 20 and table.value[0] == 1 and table[["success_share", "success_low", "success_high"]].isna().all(axis=None)
    assert "first try" not in prose.use_case_shares(table) and "first try succeeds" not in figures.use_case_shares(table).alt


def test_first_tries_keep_their_error_rate_where_attempts_do_not():
    """Customers differ in how often they begin and how well they do, the busy ones better: what attempts as such, or a ratio, get wrong."""
    one = case("ab", name="one")

    def draw(seed, n):
        rng = np.random.default_rng([seed, 3])
        busy = rng.normal(size=n)
        attempts = 1 + np.floor(np.exp(0.5 + 1.6 * busy)).astype(int)
        chance = 1 / (1 + np.exp(1.4 - 1.2 * rng.normal(size=n) - np.log(attempts) + 1.2))
        first = rng.random(n) < chance
        return attempts, first, first + rng.binomial(attempts - 1, chance)

    attempts, first, won = draw(0, 400_000)
    truth, rate, hits = first.mean(), won.sum() / attempts.sum(), np.zeros(2)
    names, runs = [f"c{i}" for i in range(100)], 400
    customers = pd.DataFrame({"customer_id": names, "performances": 1})
    for seed in range(1, runs + 1):
        attempts, first, won = draw(seed, 100)
        made = pd.DataFrame(
            {"customer_id": names, "use_case": "one", "attempts": attempts, "performances": won, "tried": True, "first_try": first}
        )
        row = behavior.use_case_table({}, made, customers, [one]).iloc[0]
        naive = binomtest(int(won.sum()), int(attempts.sum())).proportion_ci(method="wilson")
        hits += row.success_low <= truth <= row.success_high, naive.low <= rate <= naive.high
    assert 0.92 < hits[0] / runs < 0.985 and hits[1] / runs < 0.6


# --- what is shown --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown():
    """Finished tables of three use cases among 200 customers, small cells hidden."""
    rng = np.random.default_rng(2)
    names = [f"c{i:03d}" for i in range(200)]
    rows = [
        (name, feature, f"{1 + rng.integers(15)} {rng.integers(24):02d}:00") for name in names for feature in rng.choice(list("abbcd"), 9)
    ]
    rows += [("c000", "z", "1"), ("c000", "z", "2")]
    cases = [case("ab", 2, name="monthly_reporting"), case("cd", 3, name="planning"), case("zz", 3, name="rare")]
    there, wide, made = seen(cases, used(*rows))
    table = privacy.hide_small_cells(behavior.use_case_table(there, made, wide, cases), behavior.OF_PERFORMERS, 5, n="fewest")
    table = privacy.hide_small_cells(table, behavior.OF_TRIES, 5, n="fewest_tried")
    overlap = privacy.hide_small_cells(behavior.use_case_overlap(there, wide, cases), behavior.OF_PAIRS, 5, n="fewest")
    coverage = privacy.hide_small_cells(behavior.use_case_coverage(there, AS_OF, cases, 5), ["value", "low", "high"], 5, n="fewest")
    labels = pd.Series({name: f"S{1 + i % 3}" for i, name in enumerate(names)})
    return table, overlap, coverage, behavior.use_cases_by_segment(there, wide, labels, cases)


def test_small_cells_of_performers_are_hidden_with_all_that_gives_them_away(shown):
    table, overlap, _, _ = shown
    rare = table.set_index("use_case").loc["rare"]
    assert rare[[*behavior.OF_PERFORMERS, *behavior.OF_TRIES, "fewest", "fewest_tried"]].isna().all()
    assert overlap.set_index("second").loc["rare", ["n", "value", "lift"]].isna().all(axis=None)


def test_sentences_say_what_the_tables_say(shown):
    table, overlap, coverage, by_segment = shown
    said = prose.use_case_shares(table)
    top = table.iloc[0]
    assert f"Performed most, of those who may: monthly reporting, by {100 * top.value:.1f} % (" in said and "rare" not in said
    assert f"{100 * top.success_share:.1f} % (" in said and f"of {int(top.n_tried)} customers" in said
    pair = overlap.iloc[0]
    assert "monthly reporting and planning" in prose.use_case_overlap(overlap) and (pair.lift > 1) == (
        "times as many" in prose.use_case_overlap(overlap)
    )
    whole = coverage.iloc[0]
    said = prose.use_case_coverage(coverage)
    assert f"{100 * whole.value:.1f} % (" in said and "(events, " in said and " z " not in said and "of events" not in said, (
        "one table needs no split"
    )
    said = prose.use_cases_by_segment(by_segment)
    segments = by_segment[by_segment.segment != "all"].groupby("use_case").value.agg(np.ptp)
    assert f"differ most in {segments.idxmax().replace('_', ' ')}" in said
    hidden = table.assign(**{name: pd.NA for name in (*behavior.OF_PERFORMERS, *behavior.OF_TRIES)})
    assert "Too few customers" in prose.use_case_shares(hidden) and prose.use_case_overlap(overlap.assign(lift=pd.NA)) is None


def test_pictures_state_their_finding(shown):
    table, overlap, _, by_segment = shown
    picture = figures.use_case_shares(table)
    assert picture.alt.startswith("Performed by most of those who may: monthly reporting (") and "rare" not in picture.alt
    assert len(picture.figure.axes) == 2 and len(picture.figure.axes[0].patches) == 2
    assert "overlap most" in figures.use_case_overlap(overlap).alt
    assert "perform monthly reporting" in figures.use_cases_by_segment(by_segment).alt
    hidden = table.assign(value=pd.NA, low=pd.NA, high=pd.NA)
    assert "Too few customers" in figures.use_case_shares(hidden).alt
    assert "Too few customers" in figures.use_case_overlap(overlap.assign(value=pd.NA)).alt
    assert "Too few customers" in figures.use_cases_by_segment(by_segment.assign(value=pd.NA)).alt
