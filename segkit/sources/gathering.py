"""The work of gathering: stage each table once, put its rules to it, replace customers by pseudonyms, write what is kept and what is not."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import ibis
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from segkit import privacy
from segkit.errors import BadInput
from segkit.sources import content, contract, dataset, engine, quality
from segkit.sources.assemble import INPUT, LINE, Assembled, Place, assembled
from segkit.sources.contract import Step
from segkit.sources.dataset import Dataset, Source
from segkit.sources.ledger import KEPT, ledger, with_step

NO_CURRENCY = "currency"  # what a dataset is in that does not say


class Stepped(NamedTuple):
    """One table with every row's fate (segkit_step), its steps in order, and the foreign columns nobody declared."""

    rows: ibis.Table
    steps: list[Step]
    undeclared: list[str]


def write(declared: Dataset, places: dict[str, list[Place]], folder: Path) -> None:
    """Fill `folder` with <table>.parquet, <table>.quarantine.parquet, the map of pseudonyms, the digests, ledger, quality and gathered.json."""
    people: dict[str, str] = {}
    ledgers, findings, digests = [], [], []
    with workplace(declared, folder) as (connection, scratch):
        for table in sorted(declared.tables, key=lambda name: name != "customers"):  # who is known comes first
            source = declared.tables[table]
            found = stepped(connection, declared, table, places[table], scratch, people)
            ledgers.append(lines := ledger(table, found.rows, found.steps, [each.name for each in source.inputs]))
            refuse(table, source, found, lines)
            refuse_currencies(table, found, declared.currency)
            kept = write_table(connection, table, source, found, folder, people)
            digests += identifier_digests(source, found, people)
            findings.append(
                quality.inspect(table, source, kept, ids_of(found.rows, contract.AS_WRITTEN), found.undeclared, declared.currency)
            )
    pd.concat(ledgers).to_csv(folder / "ledger.csv", index=False)
    write_people(people, digests, folder)
    quality.write(findings, declared, folder)
    spans = {each.table: each.span for each in findings if each.span}
    said = {"dataset": declared.model_dump(mode="json", exclude_defaults=True), "spans": spans, "key": privacy.key_name()}
    (folder / "gathered.json").write_text(json.dumps(said, indent=1), encoding="utf-8")


@contextmanager
def workplace(declared: Dataset, folder: Path) -> Iterator[tuple[ibis.BaseBackend, Path]]:
    """An engine that works in files of `folder`, and room for more: rows beyond memory may pass, and none is left lying anywhere."""
    scratch = folder / ".scratch"
    scratch.mkdir(mode=0o700)
    connection = engine.connect(scratch / "work.duckdb", scratch / "spill")
    try:
        connection.raw_sql(f"SET TimeZone = '{declared.timezone}'")
        yield connection, scratch
    finally:
        connection.disconnect()
        shutil.rmtree(scratch)


def stepped(
    connection: ibis.BaseBackend, declared: Dataset, table: str, places: list[Place], scratch: Path, people: dict[str, str]
) -> Stepped:
    """Read one table into the workplace, typed and flagged, and decide about every row. Adds its customers to `people`: id -> pseudonym."""
    source = declared.tables[table]
    found = assembled(connection, table, source, places, scratch)
    undeclared = contract.check_header(table, source, found.columns)
    typed, steps = contract.typed(connection, found, table, source)
    staged = stage(connection, table, source, typed)
    check_readable(table, source, staged, found)
    if "customer_id" in staged.columns:
        gone = pseudonymised(declared.dataset, staged, people)  # who is forgotten is not even counted as delivered
        staged = staged.filter(~staged.customer_id.isin(gone).fill_null(False)) if gone else staged
    for column, words, where in vocabularies(declared, table):
        staged = contract.only_declared(staged, column, words)
        contract.refuse_undeclared(staged, table, column, words, where)
        steps.append(Step(f"unknown {column}", f"segkit_undeclared_{column}", "warn"))
    for number, rule in enumerate(source.rules):
        if rule.unknown_in:
            known = connection.table(f"known_{rule.unknown_in}")
            both = staged.left_join(known, staged.customer_id == known.known_id)
            staged = both.mutate(**{f"segkit_rule_{number}": both.known_id.isnull() & both.customer_id.notnull()}).drop("known_id")
    rows = with_step(staged, steps)
    if any(rule.unknown_in == table for each in declared.tables.values() for rule in each.rules):
        kept = rows.filter(rows.segkit_step == KEPT)
        connection.create_table(f"known_{table}", kept.select(known_id=kept.customer_id).distinct())
    return Stepped(rows, steps, undeclared)


def vocabularies(declared: Dataset, table: str) -> list[tuple[str, list[str], str]]:
    """Columns whose words are declared in order, the words, and the key that declares them: stages of a journey, levels of attributes."""
    source = declared.tables[table]
    stages = [("stage", declared.stages, "stages")] if table == "touchpoints" and "stage" in source.columns else []
    return stages + [(name, reading.ordered, "ordered") for name, reading in source.attributes.items() if reading.ordered]


def stage(connection: ibis.BaseBackend, table: str, source: Source, typed: ibis.Table) -> ibis.Table:
    """The rows, read once. What the engine says of a file it cannot read quotes the line, and stays here."""
    import duckdb

    try:
        return connection.create_table(f"staged_{table}", typed)
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise BadInput(
            f"{table}: {source.name} cannot be read to its end", type(error).__name__, "is every line as long as the header?"
        ) from None


def check_readable(table: str, source: Source, staged: ibis.Table, found: Assembled) -> None:
    """Refuse a table without rows, or with more that cannot be read than dirt explains."""
    flags = [name for name in staged.columns if name == "segkit_malformed" or name.startswith("segkit_unreadable_")]
    seen = staged.aggregate(rows=staged.count(), **{name: staged[name].sum() for name in flags}).execute()
    seen = seen.fillna(0).astype(int).iloc[0].to_dict()
    if not seen["rows"]:
        raise BadInput(
            f"{table} is empty", f"{source.name} has a header and no row", "deliver the data, or take the table out of the dataset file"
        )
    contract.refuse_unreadable(table, seen, found, source)


def pseudonymised(dataset: str, staged: ibis.Table, people: dict[str, str]) -> list[str]:
    """Give every customer of these rows a pseudonym, in `people`; returns the ids of those who asked to be forgotten."""
    suppressed = privacy.suppressed(dataset)
    ids = [each for each in ids_of(staged) if each not in people]
    made = dict(zip(ids, privacy.pseudonyms(dataset, ids)))
    people |= {each: pseudonym for each, pseudonym in made.items() if pseudonym not in suppressed}
    return [each for each in ids_of(staged) if each not in people] if suppressed else []


def ids_of(rows: ibis.Table, column: str = "customer_id") -> list[str]:
    """The raw customer ids of a table, each once, sorted; none for a table without customers."""
    if column not in rows.columns:
        return []
    known = rows.filter(rows[column].notnull()).select(column).distinct().order_by(column)
    return known.to_pyarrow()[column].to_pylist()


def refuse(table: str, source: Source, found: Stepped, lines: pd.DataFrame) -> None:
    """Stop where a rule says `refuse`, where nothing is left, where customers stand twice, or where a public file is not the published one."""
    rejected = lines[lines.severity.isin(["reject", "refuse"]) & (lines["rows"] > 0)]
    if stopping := [f"{row.rule}: {row.rows:,} rows" for row in rejected.itertuples() if row.severity == "refuse"]:
        raise BadInput(f"{table}: a rule refuses this delivery", "; ".join(stopping), "correct the data, or the rule in the dataset file")
    kept = found.rows.filter(found.rows.segkit_step == KEPT)
    if not lines.rows_left[lines.severity.isin(["", "reject", "refuse"])].iloc[-1]:
        raise BadInput(
            f"{table}: no row is left",
            "; ".join(f"{row.rule}: {row.rows:,}" for row in rejected.itertuples()),
            "look at the rules in the dataset file",
        )
    if table == "customers" and (twice := int((kept.count() - kept.customer_id.nunique()).execute())):
        raise BadInput(
            "customers: customer_id is not unique",
            f"{twice:,} rows repeat an id",
            "deliver one row per customer, or add a rule with `repeated: [customer_id]`",
        )
    if source.inputs[0].download:
        content.check(found.rows, list(dataset.contract(table, source)), source.inputs[0])


def refuse_currencies(table: str, found: Stepped, declared: str) -> None:
    """Stop where amounts are in several currencies, or in another than the dataset says: their sum would be money of no country."""
    if "currency" not in found.rows.columns:
        return
    kept = found.rows.filter(found.rows.segkit_step == KEPT)
    counts = kept.group_by("currency").aggregate(rows=kept.count()).order_by("currency").execute()
    there = {name for name in counts.currency if isinstance(name, str)}
    if len(counts) > 1 or (there and declared not in (*there, NO_CURRENCY)):
        names = counts.currency.map(
            lambda name: name if re.fullmatch(r"[A-Za-z]{3}", str(name)) else "other"
        )  # it may be no currency at all
        told = counts["rows"].groupby(names.mask(counts.currency.isna(), "none")).sum()
        facts = ", ".join(f"{name}: {rows:,} rows" for name, rows in told.items())
        raise BadInput(
            f"{table}: amounts are not all in {'one currency' if declared == NO_CURRENCY else declared}",
            facts,
            "convert them before they are gathered, or set the others aside by a rule such as `when: currency != 'EUR'`",
        )


def write_table(
    connection: ibis.BaseBackend, table: str, source: Source, found: Stepped, folder: Path, people: dict[str, str]
) -> ibis.Table:
    """What is kept and what is set aside, customers by their pseudonyms, both in the order of their values. Returns what is kept, as written."""
    columns, rows = list(dataset.contract(table, source)), found.rows
    if "customer_id" in columns:
        names = pa.table(
            {"known_id": list(people), "pseudonym": list(people.values())}, pa.schema([("known_id", "string"), ("pseudonym", "string")])
        )
        known = connection.create_table(f"people_{table}", names)
        both = rows.left_join(known, rows.customer_id == known.known_id)
        rows = both.mutate(customer_id=both.pseudonym).drop("known_id", "pseudonym")
    rows.filter(rows.segkit_step == KEPT).select(*columns).order_by(*columns).to_parquet(folder / f"{table}.parquet")
    reasons = [(rows.segkit_step == number, each.name) for number, each in enumerate(found.steps, 1)]
    inputs = [(rows[INPUT] == number, each.name) for number, each in enumerate(source.inputs)]
    aside = rows.filter(rows.segkit_step < KEPT)
    aside = aside.mutate(reason=ibis.cases(*reasons, else_=""), input=ibis.cases(*inputs, else_=""), line=rows[LINE])
    aside.select(*columns, "reason", "input", "line").order_by(*columns, "reason", "input", "line").to_parquet(
        folder / f"{table}.quarantine.parquet"
    )
    return connection.read_parquet(str(folder / f"{table}.parquet"), table_name=f"kept_{table}")


def identifier_digests(source: Source, found: Stepped, people: dict[str, str]) -> list[dict]:
    """Keyed digests of the declared identifiers: enough to find a name in a report, not enough to read it."""
    digests = []
    for number, name in enumerate(source.identifiers):
        flag = f"segkit_identifier_{number}"
        rows = found.rows.filter(found.rows[flag].notnull())
        owner = rows.customer_id if "customer_id" in rows.columns else ibis.null("string")
        values = rows.select(customer_id=owner, value=rows[flag]).distinct().order_by("customer_id", "value").to_pyarrow()
        pairs = zip(values["customer_id"].to_pylist(), values["value"].to_pylist())
        digests += privacy.digests_of((people.get(owner), name, value) for owner, value in pairs)
    return digests


def write_people(people: dict[str, str], digests: list[dict], folder: Path) -> None:
    """pseudonyms.parquet (customer_id, pseudonym), the only file that leads back to a person; and identifiers.parquet."""
    known = sorted(people.items(), key=lambda pair: pair[1])
    columns = {"customer_id": [each for each, _ in known], "pseudonym": [each for _, each in known]}
    parquet.write_table(pa.table(columns, pa.schema([("customer_id", "string"), ("pseudonym", "string")])), folder / "pseudonyms.parquet")
    kinds = pa.schema([("customer_id", "string"), ("column", "string"), ("digest", "string"), ("words", "int64")])
    parquet.write_table(pa.Table.from_pylist(digests, kinds), folder / "identifiers.parquet")
