"""What came in, what was set aside and why, what is left: in rows, customers, orders and money."""

import ibis
import pandas as pd

from segkit.sources.contract import Step

KEPT = 10_000  # the step number of rows no rule rejects


def with_step(staged: ibis.Table, rules: list[Step]) -> ibis.Table:
    """Each row with the number of the first rule that rejects it (1, 2, …; KEPT when none does): quarantine and ledger in one."""
    rejecting = [(rule.predicate.resolve(staged), number) for number, rule in enumerate(rules, 1) if rule.severity == "reject"]
    return staged.mutate(step=ibis.cases(*rejecting, else_=KEPT) if rejecting else ibis.literal(KEPT))


def counts(rows: ibis.Table, kept, name: str) -> dict[str, ibis.Value]:
    """Rows, customers, orders and money among the rows for which `kept` holds."""
    measures = {f"rows_{name}": kept.sum()}
    if "customer_id" in rows.columns:
        measures[f"customers_{name}"] = rows.customer_id.nunique(where=kept)
    if "order_id" in rows.columns:
        measures[f"orders_{name}"] = rows.order_id.nunique(where=kept)
    if "amount" in rows.columns:
        measures[f"amount_{name}"] = rows.amount.sum(where=kept)
    return measures


def ledger(table: str, stepped: ibis.Table, rules: list[Step]) -> pd.DataFrame:
    """One line per rule, in order: rows it found and what is left after it.

    A `warn` rule removes nothing: its line counts among the rows that are kept, and shows what would be left without them.
    Built-in rules that found nothing are not listed. Out: table, step, rule, severity, rows, rows_left, customers_left,
    orders_left, amount_left (currency, two decimals).
    """
    measures = counts(stepped, stepped.step > 0, "0")
    for number, rule in enumerate(rules, 1):
        is_left = stepped.step > number
        if rule.severity == "warn":
            is_left = (stepped.step == KEPT) & ~rule.predicate.resolve(stepped).fill_null(False)
        measures |= counts(stepped, is_left, str(number))
    seen = stepped.aggregate(kept=(stepped.step == KEPT).sum(), **measures).execute().iloc[0]
    lines = [line(table, 0, "as delivered", "", 0, seen)]
    left = int(seen["rows_0"])
    for number, rule in enumerate(rules, 1):
        after = int(seen[f"rows_{number}"])
        found = (int(seen["kept"]) if rule.severity == "warn" else left) - after
        if found or not rule.built_in:
            lines.append(line(table, number, rule.name, rule.severity, found, seen) | {"step": len(lines)})
        left = left if rule.severity == "warn" else after
    return pd.DataFrame(lines)


def line(table: str, number: int, rule: str, severity: str, found: int, seen: pd.Series) -> dict:
    """One line of the ledger."""
    amount = seen.get(f"amount_{number}")
    return {
        "table": table,
        "step": number,
        "rule": rule,
        "severity": severity,
        "rows": found,
        "rows_left": int(seen[f"rows_{number}"]),
        "customers_left": seen.get(f"customers_{number}"),
        "orders_left": seen.get(f"orders_{number}"),
        "amount_left": None if pd.isna(amount) else f"{amount:.2f}",
    }
