"""Rules a first dataset file proposes for what stood out in the rows, each with the question whether it is right."""

from segkit.sources.authoring.facts import Facts

Proposal = tuple[dict, str, str]  # the rule, a note behind it, the question above it
FEW = 5  # more different letters before numbers than this are no exception
CANCELLED = {"c", "cn", "st", "r", "ret"}


def rules(table: str, facts: dict[str, Facts], has_ids: bool) -> list[Proposal]:
    """What is to be set aside, in order. In: the facts of each canonical column that is read from a column; whether customers have ids."""
    found: list[Proposal] = []
    who = facts.get("customer_id")
    if table != "customers" and who and who.filled < who.rows:
        found.append(({"name": "no customer", "when": "missing(customer_id)"}, f"{who.rows - who.filled:,} rows", ""))
    makers = {"orders": orders, "feedback": feedback, "events": events}
    found += makers[table](facts) if table in makers else []
    if table == "customers" and has_ids and who and who.distinct < who.filled:
        twice = who.filled - who.distinct
        asked = f"{twice:,} rows repeat a customer; which of them counts? As it stands, the first when all columns are sorted"
        found.append(({"name": "customer stands there again", "repeated": ["customer_id"]}, "", asked))
    return found


def repeated(rows: int, table: str) -> Proposal:
    """Identical rows are counted, not taken out."""
    asked = f"{rows:,} rows repeat another one in every column: real, or delivered twice? `warn` counts and keeps them, `reject` sets them aside"
    return {"name": "identical line" if table == "orders" else "identical row", "repeated": True, "severity": "warn"}, "", asked


def unknown(n: int, share: float, is_spelt: bool) -> Proposal:
    """Customers nobody knows are counted, not taken out. `is_spelt`: most would be known, were zeros in front, case and .0 left off."""
    asked = f"{n:,} customers here are not in the table of customers"
    if is_spelt:
        asked += ", most of them because ids are written in two ways; `pad(column, digits)` puts zeros in front"
    elif share < 0.5:
        asked += f", {share:.0%} are: do both bear the same kind of id?"
    else:
        asked += ": who are they?"
    return {"name": "unknown customer", "unknown_in": "customers", "severity": "warn"}, "", asked


def orders(facts: dict[str, Facts]) -> list[Proposal]:
    """Cancelled orders, returns, and what is no sale."""
    found: list[Proposal] = []
    prefixes = facts["order_id"].prefixes if "order_id" in facts else {}
    for prefix, n in prefixes.items() if len(prefixes) <= FEW else ():
        if prefix.lower() in CANCELLED:
            asked = f"{n:,} rows have an order whose number begins with {prefix}: cancelled, as it looks?"
            found.append(
                (
                    {"name": "cancelled order" + f" {prefix}" * (prefix != "C"), "when": f"starts_with(order_id, {prefix!r})"},
                    f"{n:,} rows",
                    asked,
                )
            )
        else:
            asked = (
                f"{n:,} rows have an order whose number begins with {prefix}, which others do not: no sale? `warn` counts and keeps them"
            )
            rule = {"name": f"order {prefix}", "when": f"starts_with(order_id, {prefix!r})", "severity": "warn"}
            found.append((rule, f"{n:,} rows", asked))
    if "is_return" in facts:
        found.append(
            (
                {"name": "return", "when": "is_return"},
                "",
                "are returns to be set aside, or to be subtracted from revenue (then take this out)?",
            )
        )
    for column, said in (("quantity", "quantity"), ("unit_price", "price"), ("amount", "amount")):
        if column in facts and (n := facts[column].negative + facts[column].zero):
            parts = [f"{facts[column].negative:,} below nothing"] * bool(facts[column].negative) + [
                f"{facts[column].zero:,} of nothing"
            ] * bool(facts[column].zero)
            asked = f"{column}: {' and '.join(parts)}: returns, corrections, gifts? As it stands they are set aside; without the rule they count in revenue"
            found.append(({"name": f"{said} not positive", "when": f"{column} <= 0"}, f"{n:,} rows before other rules", asked))
    return found


def feedback(facts: dict[str, Facts]) -> list[Proposal]:
    """Answers beyond their scale."""
    found: list[Proposal] = []
    for column, low, high in (("csat", 1, 5), ("nps", 0, 10)):
        if column in facts:
            is_off = facts[column].lowest < low or facts[column].highest > high
            asked = f"{column}: some answers are not between {low} and {high}: which scale is it?" if is_off else ""
            found.append(({"name": f"{column} off the scale", "when": f"{column} < {low} or {column} > {high}"}, "", asked))
    return found


def events(facts: dict[str, Facts]) -> list[Proposal]:
    """Use that lasted longer than a day."""
    return [({"name": "longer than a day", "when": "duration_seconds > 86400"}, "", "")] if "duration_seconds" in facts else []
