"""Use cases in traces: against an enumeration of all ways to take the steps, ties included; and by hand."""

import itertools
from collections import defaultdict
from datetime import datetime, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import features
from segkit.errors import BadInput
from segkit.features import use_cases
from segkit.sources.use_cases import UseCase

AS_OF = datetime(2025, 2, 1)
STEPS = {
    "events": [{"feature": value} for value in "abc"],
    "orders": [{"category": value} for value in "st"] + [{"order": "any"}],
    "touchpoints": [{"channel": value} for value in "uv"] + [{"stage": value} for value in ("decision", "advocacy")],
}
TIME = {"events": "occurred_at", "orders": "ordered_at", "touchpoints": "occurred_at"}


def case(steps, within=1.0, ordered=True, name="it", **preconditions) -> UseCase:
    pattern = {"steps": [{"feature": step} if isinstance(step, str) else step for step in steps], "within_days": within, "ordered": ordered}
    return UseCase(name=name, actor="analyst", goal="Know.", preconditions=preconditions, pattern=pattern)


def used(*rows: tuple[str, str, str]) -> dict:
    """Events: customer, feature, moment in January 2025, such as `3 14:00`."""
    return {
        "customer_id": [row[0] for row in rows],
        "feature": [row[1] for row in rows],
        "occurred_at": [f"2025-01-{int(row[2].split()[0]):02d} {row[2].partition(' ')[2] or '00:00'}" for row in rows],
    }


def attempts(made: UseCase, **rows) -> list[tuple]:
    found = use_cases.per_attempt(tables(**rows), made).order_by("customer_id", "began_at").execute()
    days = found.began_at.dt.day, found.completed_at.dt.day.fillna(0).astype(int)
    return list(zip(found.customer_id, *days, found.succeeded))


# --- against all ways to take the steps --------------------------------------------------------------------------------------


def is_step(table: str, row: dict, step: dict) -> bool:
    ((kind, value),) = step.items()
    at_home = {"feature": "events", "category": "orders", "order": "orders", "channel": "touchpoints", "stage": "touchpoints"}
    return at_home[kind] == table and not row.get("is_return") and (kind == "order" or row[kind] == value)


def one_row_may_be_both(a: dict, b: dict) -> bool:
    every_row = [("events", {"feature": value}) for value in "abcd"]
    every_row += [("orders", {"category": value}) for value in "stz"]
    every_row += [("touchpoints", {"channel": u, "stage": v}) for u in "uvw" for v in ("decision", "advocacy", None)]
    return any(is_step(table, row, a) and is_step(table, row, b) for table, row in every_row)


def enumerated(rows: dict[str, list[dict]], made: UseCase, sizes: dict) -> dict[str, list[tuple]]:
    """Customer -> attempts (began, completed or None, succeeded), by trying every choice of a row per step."""
    steps = [{step.kind: step.value} for step in made.pattern.steps]
    times = defaultdict(lambda: [set() for _ in steps])
    for table, each in rows.items():
        for row in each:
            allowed = made.preconditions.get("size")
            if row[TIME[table]] < AS_OF and (not allowed or sizes.get(row["customer_id"]) in allowed):
                for number, step in enumerate(steps):
                    if is_step(table, row, step):
                        times[row["customer_id"]][number].add(row[TIME[table]])
    found = {}
    for customer, each in times.items():
        starts = each[0] if made.pattern.ordered else set().union(*each)
        ends = defaultdict(list)
        for chosen in itertools.product(*each):
            if made.pattern.ordered:
                later = [any(one_row_may_be_both(step, other) for other in steps[:number]) for number, step in enumerate(steps)]
                if all(a < b if late else a <= b for a, b, late in zip(chosen, chosen[1:], later[1:])):
                    ends[chosen[0]].append(chosen[-1])
            else:
                for start in starts:
                    if min(chosen) >= start:
                        ends[start].append(max(chosen))
        limit = timedelta(days=made.pattern.within_days)
        done = [(start, min(ends[start]) if ends[start] else None) for start in sorted(starts)]
        found[customer] = [(start, end, end is not None and end - start <= limit) for start, end in done]
    return {customer: each for customer, each in found.items() if each}


def drawn(rng: np.random.Generator, customers: int = 6, rows: int = 45) -> tuple[dict, dict]:
    """Rows of three tables on a coarse clock, so that many fall on one moment, some after as_of; and the size of each customer."""

    def some(values, n):
        return [values[i] for i in rng.integers(0, len(values), n)]

    moments = [AS_OF - timedelta(days=5) + timedelta(hours=6 * int(step)) for step in range(24)]
    who = [f"c{i}" for i in range(customers)]
    made = {
        "events": {"customer_id": some(who, rows), "occurred_at": some(moments, rows), "feature": some("abcd", rows)},
        "orders": {
            "customer_id": some(who, rows // 2),
            "ordered_at": some(moments, rows // 2),
            "category": some(["s", "t", "z", None], rows // 2),
            "amount": [1] * (rows // 2),
            "is_return": some([True, False, False, None], rows // 2),
        },
        "touchpoints": {
            "customer_id": some(who, rows),
            "occurred_at": some(moments, rows),
            "channel": some("uvw", rows),
            "stage": some(["decision", "advocacy", None], rows),
            "is_conversion": [False] * rows,
        },
    }
    return made, {customer: size for customer, size in zip(who, some(["big", "small", None], customers))}


def library(rng: np.random.Generator, size: int = 6) -> list[UseCase]:
    """Random use cases of one to four steps."""
    found, every = [], [step for steps in STEPS.values() for step in steps]
    while len(found) < size:
        chosen = [every[i] for i in rng.integers(0, len(every) if rng.random() < 0.5 else 3, int(rng.integers(1, 5)))]
        wanted = {"size": ["big"]} if rng.random() < 0.3 else {}
        try:
            found.append(case(chosen, float(rng.choice([0.25, 1, 2.5])), bool(rng.random() < 0.6), f"u{len(found)}", **wanted))
        except ValueError:  # a set that no row could tell apart
            continue
    return found


def records(made: dict) -> dict[str, list[dict]]:
    return {name: [dict(zip(columns, values)) for values in zip(*columns.values())] for name, columns in made.items()}


@pytest.mark.parametrize("seed", range(8))
def test_attempts_and_performances_are_those_of_trying_every_way(seed):
    rng = np.random.default_rng(seed)
    made, sizes = drawn(rng)
    cases = library(rng)
    there = tables(**made, customers={"customer_id": list(sizes), "size": list(sizes.values())})
    past, rows = features.past(there, AS_OF), records(made)
    counted = use_cases.per_use_case(past, cases, AS_OF).execute().set_index(["use_case", "customer_id"])
    wide = use_cases.join(there["customers"].select("customer_id"), past, cases, AS_OF).execute().set_index("customer_id")
    performed = defaultdict(dict)
    tries = [use_cases.per_attempt(past, each).mutate(use_case=ibis.literal(each.name)) for each in cases]
    tries = ibis.union(*tries).order_by("use_case", "customer_id", "began_at").execute()
    tries["completed_at"] = tries.completed_at.astype(object).where(tries.completed_at.notna(), None)
    for each in cases:
        expected = enumerated(rows, each, sizes)
        found = tries.loc[tries.use_case == each.name, ["customer_id", "began_at", "completed_at", "succeeded"]]
        told = [(customer, *attempt) for customer in sorted(expected) for attempt in expected[customer]]
        assert list(found.itertuples(index=False, name=None)) == told, each
        for customer, told in expected.items():
            line = counted.loc[each.name, customer]
            performed[customer][each.name] = n = len({end for _, end, succeeded in told if succeeded})
            watched = told[0][0] + timedelta(days=each.pattern.within_days) < AS_OF
            assert (line.attempts, line.performances, line.tried, line.first_try) == (len(told), n, watched, watched and told[0][2])
    assert len(counted) == sum(map(len, performed.values())) and any(any(each.values()) for each in performed.values())
    for customer, row in wide.iterrows():
        total = sum(performed[customer].values())
        assert (row.performances, row.use_cases_performed) == (total, sum(n > 0 for n in performed[customer].values()))
        shares = [performed[customer].get(each.name, 0) / total if total else np.nan for each in cases]
        assert np.array_equal(row[[each.column for each in cases]].astype(float), shares, equal_nan=True)
    check_explained(rows, cases, past, performed)


def check_explained(rows, cases, past, performed):
    """Line by line: is it a step of something its customer performs?"""
    column, lines = {"events": "feature", "orders": "category", "touchpoints": "channel"}, defaultdict(lambda: [0, 0])
    for table, each in rows.items():
        for row in (row for row in each if row[TIME[table]] < AS_OF and not row.get("is_return")):
            known = [one for one in cases if performed[row["customer_id"]].get(one.name)]
            told = any(is_step(table, row, {step.kind: step.value}) for one in known for step in one.pattern.steps)
            line = lines[row["customer_id"], table, row[column[table]] or ""]
            line[:] = line[0] + 1, line[1] + told
    found = use_cases.explained(past, cases, AS_OF).execute()
    keys = zip(found.customer_id, found.table, found.behavior.fillna(""))
    assert dict(zip(keys, map(list, zip(found.lines, found.explained)))) == lines


# --- by hand -------------------------------------------------------------------------------------------------------------------


def test_overlapping_attempts_that_end_in_one_row_are_one_performance():
    trace = used(("p", "a", "1"), ("p", "a", "2"), ("p", "b", "3"), ("p", "b", "4"), ("p", "a", "5"), ("p", "b", "6"))
    assert attempts(case("ab", 2), events=trace) == [("p", 1, 3, True), ("p", 2, 3, True), ("p", 5, 6, True)]
    assert use_cases.per_use_case(tables(events=trace), [case("ab", 2)], AS_OF).execute().performances.tolist() == [2]


def test_the_limit_is_kept_to_the_second_and_belongs_to_it():
    trace = used(("p", "a", "1 12:00"), ("p", "b", "3 12:00"), ("q", "a", "1 12:00"), ("q", "b", "3 12:01"))
    assert attempts(case("ab", 2), events=trace) == [("p", 1, 3, True), ("q", 1, 3, False)]


def test_steps_of_one_moment_count_in_the_order_of_the_pattern_unless_one_row_would_be_two():
    trace = used(("p", "b", "1"), ("p", "a", "1"), ("q", "a", "1"), ("q", "a", "1"), ("r", "a", "1"), ("r", "a", "2"))
    assert attempts(case("ab"), events=trace)[0] == ("p", 1, 1, True)
    assert attempts(case("aa"), events=trace) == [("p", 1, 0, False), ("q", 1, 0, False), ("r", 1, 2, True), ("r", 2, 0, False)]
    orders = {
        "customer_id": list("ppq"),
        "ordered_at": ["2025-01-01", "2025-01-01", "2025-01-01"],
        "category": list("sts"),
        "amount": [1, 2, 3],
    }
    assert attempts(case([{"category": "s"}, {"category": "t"}]), orders=orders) == [("p", 1, 1, True), ("q", 1, 0, False)]
    again = case([{"category": "s"}, {"order": "any"}])
    assert attempts(again, orders=orders) == [("p", 1, 0, False), ("q", 1, 0, False)], "the same order is not ordered again"


def test_a_set_is_through_when_the_last_of_it_came():
    trace = used(("p", "b", "1"), ("p", "c", "2"), ("p", "a", "3"), ("q", "b", "1"), ("q", "a", "2"))
    found = attempts(case("abc", 2, ordered=False), events=trace)
    assert found == [("p", 1, 3, True), ("p", 2, 0, False), ("p", 3, 0, False), ("q", 1, 0, False), ("q", 2, 0, False)]


def test_who_does_not_meet_the_preconditions_or_is_not_known_to_is_not_eligible():
    trace = {"events": used(*((who, "a", "1") for who in "pqrs"))}
    trace["customers"] = {"customer_id": list("pqr"), "size": ["big", "small", None], "seats": [1, 2, 3], "paid": [True, False, None]}
    for wanted, who in (({}, "pqrs"), ({"size": ["big", "huge"]}, "p"), ({"seats": [2, 3], "paid": [False]}, "q"), ({"size": ["no"]}, "")):
        assert [row[0] for row in attempts(case("a", **wanted), **trace)] == list(who)


def test_an_attempt_that_could_still_succeed_at_as_of_is_not_counted_as_failed():
    trace = used(("p", "a", "30 00:00"), ("q", "a", "29 23:59"), ("r", "a", "31"), ("r", "b", "31"))
    found = use_cases.per_use_case(tables(events=trace), [case("ab", 2)], AS_OF).execute().set_index("customer_id")
    assert found.tried.to_dict() == {"p": False, "q": True, "r": False} and not found.first_try.any() and found.performances["r"] == 1


def test_nothing_at_or_after_as_of_counts():
    rows = used(("p", "a", "31 23:59")) | {}
    late = {name: [*values, value] for (name, values), value in zip(rows.items(), ("p", "b", "2025-02-01 00:00"))}
    found = features.customer_features(tables(events=late), AS_OF, use_cases=[case("ab")]).execute()
    assert found.performances.tolist() == [0] and found.it_share.isna().all()


def test_shares_are_of_what_a_customer_performs_and_unknown_without_any_performance():
    trace = used(("p", "a", "1"), ("p", "a", "2"), ("p", "b", "3"), ("q", "c", "4"), ("r", "d", "1"))
    cases = [case("a", name="one"), case("b", name="two"), case("c", name="three")]
    found = features.customer_features(tables(events=trace), AS_OF, use_cases=cases).execute().set_index("customer_id")
    assert found.performances.to_dict() == {"p": 3, "q": 1, "r": 0} and found.use_cases_performed.to_dict() == {"p": 2, "q": 1, "r": 0}
    assert found[["one_share", "two_share", "three_share"]].loc[["p", "q"]].to_numpy().tolist() == [[2 / 3, 1 / 3, 0], [0, 0, 1]]
    assert found.loc["r", ["one_share", "two_share", "three_share"]].isna().all()


def test_every_column_is_in_the_glossary_and_can_be_clustered_on():
    cases, trace = [case("a", name="one"), case("b", name="two")], tables(events=used(("p", "a", "1")))
    plain, found = features.customer_features(trace, AS_OF), features.customer_features(trace, AS_OF, use_cases=cases)
    lines = features.glossary(trace, use_cases=cases).set_index("feature")
    assert set(found.columns) - set(plain.columns) == {"performances", "use_cases_performed", "one_share", "two_share"} < set(lines.index)
    assert lines.unit["one_share"] == "share" and lines.meaning["one_share"].endswith("that are one: Know.") and lines.index.is_unique
    features.check_names(["one_share", "performances", "active_days"], trace, use_cases=cases)
    with pytest.raises(BadInput, match="'one_shares', which is no feature of this dataset\n  do you mean 'one_share'"):
        features.check_names(["one_shares"], trace, use_cases=cases)
    with pytest.raises(BadInput, match="one_share"):
        features.check_names(["one_share"], trace)
    assert features.customer_features(trace, AS_OF, use_cases=()).columns == plain.columns


def test_a_use_case_cannot_take_the_name_of_a_feature():
    with pytest.raises(BadInput, match="the use case weekend would be the feature weekend_share\n  another feature has that name"):
        features.check_names(["spend"], ["orders", "events"], use_cases=[case("a", name="weekend")])


def test_without_dates_there_are_no_use_cases():
    survey = tables(customers={"customer_id": ["p"]})
    assert features.customer_features(survey, None, use_cases=[case("a")]).columns == ("customer_id", "is_active")


def test_the_order_of_rows_changes_nothing():
    made, _ = drawn(np.random.default_rng(99))
    cases = [each for each in library(np.random.default_rng(98)) if not each.preconditions]
    shuffled = {name: pd.DataFrame(rows).sample(frac=1, random_state=3) for name, rows in made.items()}
    past = (features.past(tables(**rows), AS_OF) for rows in (made, shuffled))
    one, two = (use_cases.per_use_case(each, cases, AS_OF).order_by("use_case", "customer_id").execute() for each in past)
    assert one.performances.sum() > 0
    pd.testing.assert_frame_equal(one, two)
