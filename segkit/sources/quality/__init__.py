"""How far gathered data can be trusted: counts and shares about columns, months, outliers, ids and people. Never a value of a customer."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import ibis
import pandas as pd

from segkit.sources import engine
from segkit.sources.dataset import Dataset, Source, contract
from segkit.sources.quality import ids as customer_ids
from segkit.sources.quality import outliers, people, personal, times
from segkit.tables import TABLES, Column

QUALITY = ["table", "column", "dtype", "unit", "meaning", "rows", "filled", "first", "last"]
PERSONAL = ["table", "column", "looks_like", "seen_in", "where", "rows", "share"]
MISSING = ["table", "column", "adds"]
# What is written, and which columns are text: an empty one is no missing number, and 007 stays what it is.
FILES = {
    "quality": (QUALITY, ("table", "column", "dtype", "unit", "meaning", "first", "last")),
    "months": (times.MONTHS, ("table", "month")),
    "freshness": (times.FRESHNESS, ("table", "first", "last", "first_empty")),
    "outliers": (outliers.COLUMNS, ("table", "column", "unit", "scale")),
    "identifiers": (customer_ids.COLUMNS, ("table", "problem", "meaning")),
    "personal": (PERSONAL, ("table", "column", "looks_like", "seen_in", "where")),
    "attributes": (people.ATTRIBUTES, ("attribute", "kind", "type")),
    "orphans": (people.ORPHANS, ("table",)),
    "would_add": (MISSING, ("table", "column", "adds")),
}
COUNTS = ("customers", "rows", "unknown", "unknown_rows", "alike", "without", "ids", "unusual", "tail", "values", "rare", "known")


@dataclass(frozen=True)
class Findings:
    """What one table says of itself, in rows as they are written; `span` is its first and last moment, or nothing."""

    table: str
    span: list[str]
    quality: list[dict]
    months: list[dict]
    outliers: list[dict]
    identifiers: list[dict]
    personal: list[dict]


def inspect(table: str, source: Source, kept: ibis.Table, ids: list[str], undeclared: list[str], currency: str) -> Findings:
    """Look at one gathered table: `kept` are its canonical rows, `ids` its customers as delivered, each once, `undeclared` foreign columns."""
    spec, time = contract(table, source), TABLES[table].time
    texts = [name for name, column in spec.items() if column.dtype == "string" and name != "customer_id"]
    moment = kept[time].cast("timestamp") if time in spec else None
    measures = {"rows": kept.count(), **{f"filled_{name}": kept[name].notnull().sum() for name in spec}}
    measures |= {f"suspect_{name}": kept[name].re_search(personal.ANY).sum() for name in texts}
    if moment is not None:
        measures |= {"first": moment.min(), "last": moment.max(), "days": moment.date().nunique()}
    seen = kept.aggregate(**measures).execute().iloc[0]
    span = [seen["first"].isoformat(), seen["last"].isoformat()] if moment is not None and pd.notna(seen["first"]) else []
    counts = {name: int(n) for name, n in seen.items() if name not in ("first", "last") and pd.notna(n)}
    return Findings(
        table,
        span,
        columns(table, spec, counts, span, undeclared, currency),
        times.months(table, kept, time, counts["days"]) if span else [],
        outliers.lines(table, kept, spec, currency),
        customer_ids.problems(kept.get_backend(), table, ids, heaviest(kept, counts["rows"])),
        suspicions(table, source, kept, counts, undeclared),
    )


def columns(
    table: str, spec: dict[str, Column], counts: dict[str, int], span: list[str], undeclared: list[str], currency: str
) -> list[dict]:
    """One line per column: what it is, how much of it is filled; those that nobody declared at the end."""
    first, last = (moment[:10] for moment in span) if span else ("", "")
    rows, time = counts["rows"], TABLES[table].time
    lines = []
    for name, column in spec.items():
        unit = currency if column.unit == "currency" else column.unit
        ends = (first, last) if name == time else ("", "")
        lines.append((table, name, column.dtype, unit, column.meaning, rows, round(counts[f"filled_{name}"] / rows, 4), *ends))
    lines += [(table, name, "", "", "in the file, not declared: not read", rows, None, "", "") for name in undeclared]
    return [dict(zip(QUALITY, line)) for line in lines]


def heaviest(kept: ibis.Table, rows: int) -> tuple[int, int]:
    """How many customers hold a tenth of all rows each; and the number of rows. A table of customers has one row each."""
    if "customer_id" not in kept.columns or rows < customer_ids.BULK_ROWS:
        return 0, rows
    each = kept.group_by("customer_id").aggregate(n=kept.count())
    return int((each.n >= customer_ids.BULK * rows).sum().execute()), rows


def suspicions(table: str, source: Source, kept: ibis.Table, counts: dict[str, int], undeclared: list[str]) -> list[dict]:
    """What looks personal: texts that are kept, by their pattern; columns that are kept, the key, or only lie in the file, by their name."""
    lines = []
    for name in contract(table, source):
        if counts.get(f"suspect_{name}"):
            for kind, n in personal.kinds(kept, name).items():
                lines.append((table, name, kind, "texts", "kept", n, round(n / counts[f"filled_{name}"], 4)))
        foreign = source.columns[name].column
        if kind := personal.by_name(foreign) if foreign and (name == "customer_id" or source.columns[name].kind) else "":
            where = "the key" if name == "customer_id" else "kept"
            lines.append((table, name, kind, "name", where, counts["rows"], None))
    lines += [(table, name, kind, "name", "not read", counts["rows"], None) for name in undeclared if (kind := personal.by_name(name))]
    return [dict(zip(PERSONAL, line)) for line in lines]


def would_add(declared: Dataset) -> list[dict]:
    """What each table or column that is not there would let one know (table, column or "", adds). For a survey without moments, which has no
    outcome window, only what makes sense without one."""
    lines = []
    for name, spec in TABLES.items():
        if name not in declared.tables:
            if declared.is_timed or name in ("customers", "orders", "events"):
                lines.append((name, "", spec.adds))
            continue
        columns = declared.tables[name].columns
        for column, each in spec.columns.items():
            if column not in columns and each.adds and (declared.is_timed or each.dtype != "timestamp"):
                lines.append((name, column, each.adds))
        if name == "customers" and not declared.attributes:
            lines.append((name, "attributes", "whether customers who differ in what they do differ in who they are"))
    return [dict(zip(MISSING, line)) for line in lines]


def write(findings: list[Findings], declared: Dataset, folder: Path) -> None:
    """Write FILES as CSV into `folder`, where the gathered tables lie: what each table says of itself, and what they say of each other."""
    findings = sorted(findings, key=lambda each: list(declared.tables).index(each.table))
    spill = folder / ".spill"
    connection = engine.connect(spill=spill)
    try:
        names = [name for name in declared.tables if "customer_id" in TABLES[name].columns]
        tables = {name: connection.read_parquet(str(folder / f"{name}.parquet"), table_name=name) for name in names}
        found = {
            **{name: [line for each in findings for line in getattr(each, name)] for name in FILES if hasattr(findings[0], name)},
            "attributes": people.attributes(declared, tables),
            "orphans": people.orphans(declared, tables, folder),
            "would_add": would_add(declared),
        }
        found["freshness"] = times.freshness(found["months"])
    finally:
        connection.disconnect()
        shutil.rmtree(spill, ignore_errors=True)
    for name, (columns, _) in FILES.items():
        frame = pd.DataFrame(found[name], columns=columns)
        frame = frame.astype({column: "Int64" for column in COUNTS if column in columns})
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table that `write` has written, by its name: quality, months, freshness, outliers, identifiers, personal, attributes, orphans, would_add."""
    return {name: read_one(folder / f"{name}.csv", columns, texts) for name, (columns, texts) in FILES.items()}


def read_one(path: Path, columns: list[str], texts: tuple[str, ...]) -> pd.DataFrame:
    """One of them, with its types."""
    numbers = {column: ["", "nan"] for column in columns if column not in texts}
    counts = {column: "Int64" for column in COUNTS if column in columns}
    return pd.read_csv(path, dtype=dict.fromkeys(texts, str) | counts, keep_default_na=False, na_values=numbers)
