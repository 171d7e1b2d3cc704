"""What came in, what was set aside and why, what is left: in rows, customers, orders and money."""

from functools import reduce

import ibis
import pandas as pd

from segkit.sources.assemble import INPUT
from segkit.sources.contract import Step

KEPT = 10_000  # the step number of rows no rule rejects
COLUMNS = ["table", "step", "rule", "severity", "rows", "rows_left", "customers_left", "orders_left", "amount_left"]


def with_step(staged: ibis.Table, steps: list[Step]) -> ibis.Table:
    """Each row with the number of the first rule that rejects it (1, 2, …; KEPT when none does): quarantine and ledger in one."""
    rejecting = [(staged[each.flag], number) for number, each in enumerate(steps, 1) if each.severity != "warn"]
    return staged.mutate(segkit_step=ibis.cases(*rejecting, else_=KEPT) if rejecting else ibis.literal(KEPT))


def ledger(table: str, stepped: ibis.Table, steps: list[Step], inputs: list[str]) -> pd.DataFrame:
    """One line per rule, in order: rows it found and what is left after it.

    A `warn` rule removes nothing: its line counts among the rows that are kept, and shows what would be left without them. Built-in rules
    that found nothing are not listed. Several inputs have a line each before the first, of severity `input`. Out: table, step, rule, severity,
    rows, rows_left, customers_left, orders_left, amount_left (currency, two decimals).
    """
    counts = counted(stepped, {number: each for number, each in enumerate(steps, 1) if each.severity == "warn"})

    def line(number: int, rule: str, severity: str, found: int, step: int) -> dict:
        what_is_left = (left(counts, name, number) for name in ("rows", "customers", "orders", "amount"))
        return dict(zip(COLUMNS, (table, step, rule, severity, found, *what_is_left)))

    lines, still = [line(0, "as delivered", "", 0, 0)], left(counts, "rows", 0)
    for number, each in enumerate(steps, 1):
        after = left(counts, "rows", number)
        found = (left(counts, "rows", KEPT - 1) if each.severity == "warn" else still) - after
        if found or not each.built_in:
            lines.append(line(number, each.name, each.severity, found, len(lines)))
        still = still if each.severity == "warn" else after
    return pd.DataFrame([*by_input(table, stepped, inputs), *lines], columns=COLUMNS)


def counted(stepped: ibis.Table, warns: dict[int, Step]) -> pd.DataFrame:
    """Rows, money, customers and orders by the step they last reach; with _<number>, what a warn rule would leave of those kept.

    A customer is there as long as one of their rows is: one pass over the rows, however many steps. Out: segkit_step, rows, amount,
    customers, orders (those the table has).
    """
    kept = stepped.segkit_step == KEPT
    without = {number: kept & ~stepped[each.flag] for number, each in warns.items()}
    measures = {"rows": stepped.count(), **{f"rows_{number}": rest.sum() for number, rest in without.items()}}
    if "amount" in stepped.columns:
        money = stepped.amount.fill_null(0)
        measures |= {"amount": money.sum(), **{f"amount_{number}": rest.ifelse(money, 0).sum() for number, rest in without.items()}}
    parts = [stepped.group_by("segkit_step").aggregate(**measures)]
    for key, name in (("customer_id", "customers"), ("order_id", "orders")):
        if key in stepped.columns:
            rows = stepped.filter(stepped[key].notnull())
            last = rows.group_by(key).aggregate(
                segkit_step=rows.segkit_step.max(), **{f"rest_{n}": rest.any() for n, rest in without.items()}
            )
            rest = {f"{name}_{number}": last[f"rest_{number}"].sum() for number in without}
            parts.append(last.group_by("segkit_step").aggregate(**{name: last.count()}, **rest))
    frames = [part.order_by("segkit_step").execute() for part in parts]
    return reduce(lambda a, b: a.merge(b, how="left", on="segkit_step"), frames)


def left(counts: pd.DataFrame, name: str, number: int) -> "int | str | None":
    """What of `name` is left after step `number`; None where the table has no such thing. Money is text with two decimals."""
    if name not in counts:
        return None
    one = f"{name}_{number}"
    total = (counts[one] if one in counts else counts.loc[counts.segkit_step > number, name]).dropna().sum()
    return f"{total:.2f}" if name == "amount" else int(total)


def by_input(table: str, stepped: ibis.Table, inputs: list[str]) -> list[dict]:
    """A line for each of several inputs: what it delivered."""
    lines = []
    for number, name in enumerate(inputs if len(inputs) > 1 else []):
        counts = counted(stepped.filter(stepped[INPUT] == number), {})
        there = (left(counts, what, 0) for what in ("rows", "customers", "orders", "amount"))
        lines.append(dict(zip(COLUMNS, (table, 0, f"delivered: {name}", "input", 0, *there))))
    return lines
