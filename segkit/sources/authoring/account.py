"""What a dataset brings in, as plain text for a terminal: ledger, quality, what is odd, what more would add."""

import textwrap
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from segkit import sources
from segkit.studies import Study

WIDTH, LONGEST = 120, 50
LEDGER = ["table", "rule", "severity", "rows", "rows_left", "customers_left", "orders_left", "amount_left"]
QUALITY = ["table", "column", "dtype", "unit", "rows", "filled", "first", "last"]


def account(name: str) -> str:
    """Gather a dataset and tell what came in, what was set aside and why, what is odd, and what further data would add.

    Counts and shares only. Raises BadInput when the dataset or its files cannot be used.
    """
    gathered = sources.gather(name)
    found, declared = gathered.found, gathered.dataset
    read = found["quality"][found["quality"]["dtype"] != ""]
    odd = oddities(found) + never_seen(gathered)
    parts = [
        f"{declared.title} ({name}): {len(declared.tables)} table{'s' * (len(declared.tables) > 1)}, "
        + ("behaviour over time" if declared.is_timed else "cross-sectional: no orders and no events")
        + f"\nfingerprint {gathered.fingerprint}",
        section("Ledger: rows in, rows set aside and why, rows left", grid(gathered.ledger, LEDGER)),
        section("Columns", grid(read, QUALITY)),
        section("Look at these", bullets(odd) if odd else "nothing"),
        section("What more would add", bullets(f"{said(line)}: {line.adds}" for line in found["would_add"].itertuples())),
    ]
    return "\n\n".join(part for part in parts if part)


def oddities(found: dict[str, pd.DataFrame]) -> list[str]:
    """What a person should look at before trusting the data, a sentence each."""
    sentences: dict[str, Callable[[Any], str]] = {
        "identifiers": lambda row: f"{row.table}: customer ids: {row.problem} ({row.ids:,}, {row.share:.1%} of them): {row.meaning}",
        "personal": lambda row: f"{row.table}.{row.column} looks personal: {row.looks_like}, by its {row.seen_in} ({row.where})",
        "orphans": lambda row: (
            f"{row.table}: {row.unknown:,} of {row.customers:,} customers are not in the table of customers" if row.unknown else ""
        ),
        "freshness": stopped,
        "outliers": lambda row: (
            f"{row.table}.{row.column}: {row.unusual:,} of {row.rows:,} values lie far from the others" if row.unusual else ""
        ),
    }
    lines = [sentence(row) for name, sentence in sentences.items() for row in found[name].itertuples()]
    lines += [
        f"{row.table}.{row.column} is in the file and not declared: not read" for row in found["quality"].itertuples() if not row.dtype
    ]
    return [line for line in lines if line]


def never_seen(gathered: "sources.Gathered") -> list[str]:
    """What use cases wait for and nobody ever did."""
    least = Study.model_fields["min_cell"].default
    rows = sources.use_cases.unseen(gathered.tables, gathered.use_cases, least).itertuples() if gathered.use_cases else ()
    return [f"use case {row.use_case}: {row.problem}" for row in rows]


def stopped(row: Any) -> str:
    """Where a table ends early, has months without rows, or rows far from all others."""
    parts = [f"stops {row.days_behind:,} days before the latest table"] * bool(row.stopped)
    parts += [f"{row.empty_months:,} months without a row, from {row.first_empty}"] * bool(row.empty_months)
    parts += [f"{row.stray_rows:,} rows lie more than a year from all others"] * bool(row.stray_rows)
    return f"{row.table}: {'; '.join(parts)}" if parts else ""


def said(line: Any) -> str:
    """The table, or its column."""
    return f"{line.table}.{line.column}" if line.column else f"a table of {line.table}"


def section(title: str, body: str) -> str:
    """A heading, underlined, and what is below it; nothing when there is nothing."""
    return f"{title}\n{'-' * len(title)}\n{body}" if body else ""


def bullets(sentences: Iterable[str]) -> str:
    """A sentence per line, wrapped where it is too long for a terminal."""
    return "\n".join(textwrap.fill(each, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False) for each in sentences)


def grid(rows: pd.DataFrame, columns: list[str]) -> str:
    """Some columns as aligned text: words to the left, numbers to the right with thousands separated; columns that are empty are left out."""
    cells = {name: [cell(name, value) for value in rows[name]] for name in columns}
    cells = {name: texts for name, texts in cells.items() if any(text not in ("", "–") for text in texts)}
    widths = {name: max(map(len, [name, *texts])) for name, texts in cells.items()}
    is_number = {name: name.endswith("_left") or pd.api.types.is_numeric_dtype(rows[name]) for name in cells}
    lines = [[name.replace("_", " ") for name in cells], ["-" * widths[name] for name in cells], *map(list, zip(*cells.values()))]
    padded = (
        [text.rjust(widths[name]) if is_number[name] else text.ljust(widths[name]) for name, text in zip(cells, line)] for line in lines
    )
    return "\n".join("  ".join(line).rstrip() for line in padded)


def cell(name: str, value: Any) -> str:
    """A value for people; – for what is not known."""
    if value is None or value is pd.NA or value != value:
        return "–"
    if name == "filled":
        return f"{value:.1%}"
    if name == "amount_left":
        return f"{Decimal(value):,}"
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    return f"{value:,}"
