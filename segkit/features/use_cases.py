"""Use cases in the traces of customers: when one was begun and when it was through, and what each customer performs.

`past` is the canonical tables cut off at as_of (see `features.before`); a library is what `segkit.sources.use_cases` loads. Rows of one
customer at one moment are one *moment*, whatever their order: each pattern looks at the moments at which one of its steps happened.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

import ibis

from segkit.errors import BadInput
from segkit.sources.use_cases import COLUMNS, Step, UseCase, done
from segkit.tables import TABLES

BEHAVIOR = {
    "events": "feature",
    "orders": "category",
    "touchpoints": "channel",
}  # the tables a step may name, and what tells their rows apart


def moments(past: dict[str, ibis.Table], case: UseCase) -> ibis.Table:
    """One row per eligible customer and moment at which a step of the use case happened. Out: customer_id, at, step_0, step_1, … (yes/no)."""
    steps = case.pattern.steps
    parts = []
    for table in dict.fromkeys(step.table for step in steps):
        rows = done(past[table])
        which = [_is(rows, step) if step.table == table else ibis.literal(False) for step in steps]
        rows = rows.select(
            "customer_id", at=rows[TABLES[table].time].cast("timestamp"), **{f"step_{at}": each for at, each in enumerate(which)}
        )
        parts.append(rows.filter(reduce(lambda a, b: a | b, [rows[f"step_{at}"] for at in range(len(steps))])))
    rows = reduce(lambda a, b: a.union(b), parts)
    if case.preconditions:
        rows = rows.semi_join(eligible(past["customers"], case), "customer_id")
    return rows.group_by("customer_id", "at").aggregate(**{f"step_{at}": rows[f"step_{at}"].any() for at in range(len(steps))})


def eligible(customers: ibis.Table, case: UseCase) -> ibis.Table:
    """Who meets the preconditions; an attribute that is not known meets none. Out: customer_id."""
    meets = [customers[name].isin(allowed) for name, allowed in case.preconditions.items()]
    return customers.filter(*meets).select("customer_id")


def per_attempt(past: dict[str, ibis.Table], case: UseCase) -> ibis.Table:
    """One row per attempt: a moment of the first step, or without an order of any step. Out: customer_id, began_at, completed_at (the
    earliest moment by which the rest had followed, however late; null if never), succeeded (within the limit).
    """
    rows = moments(past, case)
    through, began = (_in_order if case.pattern.ordered else _in_any_order)(rows, case)
    rows = through.filter(began(through)).select("customer_id", began_at="at", completed_at="through")
    in_time = rows.completed_at <= rows.began_at + ibis.interval(seconds=int(case.pattern.limit.total_seconds()))
    return rows.mutate(succeeded=in_time.fill_null(False))


def per_use_case(past: dict[str, ibis.Table], use_cases: Sequence[UseCase], as_of: datetime) -> ibis.Table:
    """One row per customer and use case attempted. Out: customer_id, use_case, attempts, performances (distinct moments at which
    successful attempts were completed), tried (the first attempt began early enough to be followed to its limit), first_try (it succeeded).
    """
    parts = []
    for case in use_cases:
        rows = per_attempt(past, case)
        each = rows.group_by("customer_id").aggregate(
            attempts=rows.count(),
            performances=rows.completed_at.nunique(where=rows.succeeded),
            began_at=rows.began_at.min(),
            won_at=rows.began_at.min(where=rows.succeeded),
        )
        tried = each.began_at < ibis.literal(as_of - case.pattern.limit)
        parts.append(
            each.select(
                "customer_id",
                "attempts",
                "performances",
                use_case=ibis.literal(case.name),
                tried=tried,
                first_try=tried & (each.won_at == each.began_at).fill_null(False),
            )
        )
    return reduce(lambda a, b: a.union(b), parts)


def join(wide: ibis.Table, past: dict[str, ibis.Table], use_cases: Sequence[UseCase], as_of: datetime) -> ibis.Table:
    """The wide table with the columns of `glossary`; without use cases as it is."""
    check_free(use_cases, wide.columns)
    if not use_cases:
        return wide
    rows = per_use_case(past, use_cases, as_of)
    each = {case.column: rows.performances.sum(where=rows.use_case == case.name) for case in use_cases}
    made = rows.group_by("customer_id").aggregate(
        performances=rows.performances.sum().cast("int64"),
        use_cases_performed=rows.count(where=rows.performances > 0).cast("int64"),
        **each,
    )
    wide = wide.left_join(made, "customer_id").drop("customer_id_right")
    wide = wide.mutate(**{name: wide[name].fill_null(0) for name in COLUMNS})
    total = wide.performances.nullif(0).cast("float64")
    return wide.mutate(**{case.column: wide[case.column].fill_null(0).cast("float64") / total for case in use_cases})


def explained(past: dict[str, ibis.Table], use_cases: Sequence[UseCase], as_of: datetime) -> ibis.Table:
    """One row per customer and behaviour: a feature used, a category ordered in, a channel met in. Out: customer_id, table, behavior (null
    where nothing says which), lines, explained (lines that are a step of a use case which the customer performs).
    """
    made = per_use_case(past, use_cases, as_of)
    performs = [((made.use_case == case.name) & (made.performances > 0)).any() for case in use_cases]
    performed = made.group_by("customer_id").aggregate(**{f"performs_{at}": each for at, each in enumerate(performs)})
    rows = reduce(lambda a, b: a.union(b), [_behavior(done(past[table]), table, use_cases) for table in BEHAVIOR if table in past])
    rows = rows.left_join(performed, "customer_id")
    by_one = [rows[f"is_step_{at}"] & rows[f"performs_{at}"].fill_null(False) for at in range(len(use_cases))]
    rows = rows.mutate(explained=reduce(lambda a, b: a | b, by_one).ifelse(rows.lines, 0))
    return rows.group_by("customer_id", "table", "behavior").aggregate(
        lines=rows.lines.sum().cast("int64"), explained=rows.explained.sum().cast("int64")
    )


def glossary(use_cases: Sequence[UseCase]) -> list[dict]:
    """Lines of the glossary of features: feature, unit, table, meaning."""
    lines = [
        ("performances", "performances", "How often a customer performed a use case: completions in time, overlapping attempts once."),
        ("use_cases_performed", "use cases", "Number of different use cases a customer performed."),
        *((case.column, "share", f"Share of a customer's performances that are {case.name}: {case.goal}") for case in use_cases),
    ]
    names = ("feature", "unit", "table", "meaning")
    return [dict(zip(names, (feature, unit, "use cases", meaning))) for feature, unit, meaning in lines if use_cases]


def check_free(use_cases: Sequence[UseCase], taken: Sequence[str]) -> None:
    """Raise BadInput for a use case whose column is that of another feature."""
    if both := [case for case in use_cases if case.column in taken]:
        raise BadInput(
            f"the use case {both[0].name} would be the feature {both[0].column}",
            "another feature has that name",
            "give the use case another name",
        )


def _is(rows: ibis.Table, step: Step) -> ibis.Value:
    """Whether a row is a step."""
    return (rows[step.column] == step.value).fill_null(False) if step.column else ibis.literal(True)


def _behavior(rows: ibis.Table, table: str, use_cases: Sequence[UseCase]) -> ibis.Table:
    """Rows of a table counted by customer, behaviour, and of which use cases they are a step."""
    steps = [[step for step in case.pattern.steps if step.table == table] for case in use_cases]
    rows = rows.select(
        "customer_id",
        table=ibis.literal(table),
        behavior=rows[BEHAVIOR[table]] if BEHAVIOR[table] in rows.columns else ibis.null("string"),
        **{
            f"is_step_{at}": reduce(lambda a, b: a | b, [_is(rows, step) for step in each], ibis.literal(False))
            for at, each in enumerate(steps)
        },
    )
    return rows.group_by(*rows.columns).aggregate(lines=rows.count())


def _in_order(rows: ibis.Table, case: UseCase) -> tuple:
    """Backwards from the last step: if it is taken now, by when is the rest through? `through` is null where the first step is not taken."""
    later = case.pattern.later
    for at in reversed(range(len(later))):
        if at + 1 == len(later):
            through = rows["at"]
        else:
            following = ibis.window(group_by="customer_id", order_by="at", rows=(int(later[at + 1]), None))
            through = rows.through.min().over(following)
        rows = rows.mutate(through=ibis.cases((rows[f"step_{at}"], through)))
    return rows, lambda rows: rows.step_0


def _in_any_order(rows: ibis.Table, case: UseCase) -> tuple:
    """From each moment on, the latest of the steps' earliest moments; null where one never came."""
    following = ibis.window(group_by="customer_id", order_by="at", rows=(0, None))
    names = [f"step_{at}" for at in range(len(case.pattern.steps))]
    rows = rows.mutate(**{name: ibis.cases((rows[name], rows["at"])).min().over(following) for name in names})
    all_came = reduce(lambda a, b: a & b, [rows[name].notnull() for name in names])
    return rows.mutate(through=ibis.cases((all_came, ibis.greatest(*(rows[name] for name in names))))), lambda rows: ibis.literal(True)
