"""Gather: a dataset file and foreign files in; checked canonical tables, quarantine, ledger and quality out."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import ibis
import pandas as pd

from segkit import home, studies
from segkit.errors import BadInput
from segkit.sources import contract, dataset, files
from segkit.sources.dataset import Dataset, Source
from segkit.sources.ledger import KEPT, ledger, with_step
from segkit.tables import TABLES


@dataclass(frozen=True)
class Gathered:
    """A dataset at rest: canonical Parquet tables in a folder named by the fingerprint of everything they were made from."""

    dataset: Dataset
    fingerprint: str
    folder: Path

    @cached_property
    def tables(self) -> dict[str, ibis.Table]:
        """Canonical tables as Ibis expressions over the gathered files."""
        connection = ibis.duckdb.connect()
        return {name: connection.read_parquet(str(self.folder / f"{name}.parquet"), table_name=name) for name in self.dataset.tables}

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """The cleaning ledger (see `segkit.sources.ledger`)."""
        return pd.read_csv(
            self.folder / "ledger.csv",
            dtype={"amount_left": str, "customers_left": "Int64", "orders_left": "Int64"},
            keep_default_na=False,
            na_values={"customers_left": "", "orders_left": "", "amount_left": ""},
        )

    @cached_property
    def quality(self) -> pd.DataFrame:
        """One line per column of every table: how much of it is filled, from when to when, what it means."""
        return pd.read_csv(self.folder / "quality.csv", keep_default_na=False, na_values={"filled": ""})

    def window(self, as_of: str, horizon_days: int) -> studies.Window:
        """Observation and outcome windows on this dataset's own span of orders and events."""
        spans = json.loads((self.folder / "gathered.json").read_text())["spans"]
        moments = [datetime.fromisoformat(moment) for name in ("orders", "events") for moment in spans.get(name, [])]
        return studies.window(as_of, horizon_days, min(moments), max(moments))

    def customer_ids(self) -> set[str]:
        """Every raw customer id this dataset has seen, quarantine included: what must not stand in a report."""
        connection = ibis.duckdb.connect()
        found: set[str] = set()
        for path in self.folder.glob("*.parquet"):
            rows = connection.read_parquet(str(path))
            if "customer_id" in rows.columns:
                found |= set(rows.select("customer_id").distinct().to_pyarrow()["customer_id"].drop_null().to_pylist())
        return found

    def stamps(self, window: studies.Window) -> dict[str, str]:
        """What every customer-level table of a run is stamped with, so that a reader can tell whether it fits."""
        return {"dataset": self.dataset.dataset, "fingerprint": self.fingerprint, "as_of": f"{window.as_of:%Y-%m-%d}"}


def gather(name: str) -> Gathered:
    """Gather a dataset, or find it already gathered from the same files, contracts and versions."""
    declared = dataset.load(name)
    paths = {table: files.local_path(source) for table, source in declared.tables.items()}
    fingerprint = fingerprint_of(declared, paths)
    folder = home.out() / "data" / "gathered" / name / fingerprint
    if not (folder / "gathered.json").is_file():
        with home.alone(folder.parent), home.whole_folder(folder) as partial:
            write(declared, paths, partial)
    return Gathered(declared, fingerprint, folder)


def fingerprint_of(declared: Dataset, paths: dict[str, Path]) -> str:
    """12 hex digits over the dataset file, the bytes of its files, the code that reads them and the engine's version."""
    code = [Path(__file__).parent.parent / "tables.py", *sorted(Path(__file__).parent.glob("*.py"))]
    parts = [
        declared.model_dump_json(),
        *(f"{table}:{home.sha256(path)}" for table, path in sorted(paths.items())),
        *(home.sha256(path) for path in code),
        version("duckdb"),
        version("ibis-framework"),
        version("pandas"),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def write(declared: Dataset, paths: dict[str, Path], folder: Path) -> None:
    """Fill `folder` with <table>.parquet, <table>.quarantine.parquet, ledger.csv, quality.csv and gathered.json."""
    ledgers, quality, spans = [], [], {}
    for table in declared.tables:
        lines, columns, span = gather_table(table, declared, paths[table], folder)
        ledgers.append(lines)
        quality += columns
        if span:
            spans[table] = span
    pd.concat(ledgers).to_csv(folder / "ledger.csv", index=False)
    pd.DataFrame(quality).to_csv(folder / "quality.csv", index=False)
    (folder / "gathered.json").write_text(json.dumps({"dataset": declared.dataset, "spans": spans}, indent=1))


def gather_table(table: str, declared: Dataset, path: Path, folder: Path) -> tuple[pd.DataFrame, list[dict], list[str]]:
    """One table, from its foreign file to Parquet; returns its ledger, its lines of quality and its span of time."""
    import duckdb

    source, connection = declared.tables[table], ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{declared.timezone}'")
    foreign = files.read(connection, path)
    undeclared = contract.check_header(table, source, list(foreign.columns))
    rules, columns = contract.steps(table, source), contract.contract(table, source)
    try:
        stepped = connection.create_table("stepped", with_step(contract.typed(foreign, table, source), rules))
    except duckdb.Error as error:  # the engine's own words quote the line it stumbled over
        raise BadInput(
            f"{table}: {source.file} cannot be read to its end", type(error).__name__, "is every line as long as the header?"
        ) from None
    flags = [name for name in stepped.columns if name.startswith("unreadable_")]
    seen = stepped.aggregate(rows=stepped.count(), kept=(stepped.step == KEPT).sum(), **{name: stepped[name].sum() for name in flags})
    seen = seen.execute().fillna(0).astype(int).iloc[0].to_dict()
    if not seen["rows"]:
        raise BadInput(
            f"{table} is empty", f"{source.file} has a header and no row", "deliver the data, or take the table out of the dataset file"
        )
    contract.refuse_unreadable(table, columns, seen)
    if source.download:
        check_content(stepped, list(columns), source, path)
    lines = ledger(table, stepped, rules)
    if not seen["kept"]:
        raise BadInput(
            f"{table}: no row is left",
            "; ".join(f"{row.rule}: {row.rows:,}" for row in lines.itertuples() if row.severity == "reject"),
            "look at the rules in the dataset file",
        )
    if table == "customers" and (twice := seen["kept"] - stepped.filter(stepped.step == KEPT).customer_id.nunique().execute()):
        raise BadInput(
            "customers: customer_id is not unique", f"{twice:,} rows repeat an id", "deliver one row per customer, or add a `repeated` rule"
        )
    kept = stepped.filter(stepped.step == KEPT).select(*columns).order_by(*columns)
    kept.to_parquet(folder / f"{table}.parquet")
    reason = ibis.cases(*((stepped.step == number, rule.name) for number, rule in enumerate(rules, 1)), else_="")
    aside = stepped.filter(stepped.step < KEPT).mutate(reason=reason)
    aside.select(*columns, "reason").order_by(*columns, "reason").to_parquet(folder / f"{table}.quarantine.parquet")
    return lines, *quality(table, source, kept, undeclared, declared.currency)


def check_content(stepped: ibis.Table, columns: list[str], source: Source, path: Path) -> None:
    """Refuse a file whose rows are not the published ones, whatever archive or spreadsheet they came in."""
    if (digest := content_sha256(stepped, columns)) != source.download.content_sha256:
        raise BadInput(
            f"{source.file} does not hold the published data",
            f"content {digest[:16]}…, expected {source.download.content_sha256[:16]}…",
            f"delete {path}, so that it is fetched again; if the publisher changed it, declare a dataset of your own",
        )


def content_sha256(rows: ibis.Table, columns: list[str]) -> str:
    """Digest of all canonical rows in sorted order, as CSV: the same for a CSV and a spreadsheet of the same data."""
    from io import BytesIO

    from pyarrow import csv

    text = BytesIO()
    csv.write_csv(rows.select(*columns).order_by(*columns).to_pyarrow(), text)
    return hashlib.sha256(text.getvalue()).hexdigest()


def quality(table: str, source: Source, kept: ibis.Table, undeclared: list[str], currency: str) -> tuple[list[dict], list[str]]:
    """Lines of the quality page (table, column, dtype, unit, meaning, rows, filled, first, last) and the span of the table's time."""
    spec, time = contract.contract(table, source), TABLES[table].time
    filled = {f"filled_{name}": kept[name].notnull().sum() for name in spec}
    moments = {"first": kept[time].min().cast("timestamp"), "last": kept[time].max().cast("timestamp")} if time in spec else {}
    seen = kept.aggregate(rows=kept.count(), **filled, **moments).execute().iloc[0]
    span = [seen["first"].isoformat(), seen["last"].isoformat()] if moments and pd.notna(seen["first"]) else []
    lines = [
        {
            "table": table,
            "column": name,
            "dtype": column.dtype,
            "unit": currency if column.unit == "currency" else column.unit,
            "meaning": column.meaning,
            "rows": int(seen["rows"]),
            "filled": round(seen[f"filled_{name}"] / seen["rows"], 4),
            "first": span[0][:10] if name == time and span else "",
            "last": span[1][:10] if name == time and span else "",
        }
        for name, column in spec.items()
    ]
    lines += [
        {
            "table": table,
            "column": name,
            "dtype": "",
            "unit": "",
            "meaning": "in the file, not declared: not read",
            "rows": int(seen["rows"]),
            "filled": None,
            "first": "",
            "last": "",
        }
        for name in undeclared
    ]
    return lines, span
