"""What there is in some files: which tables, sheets and columns, how they are written, what stands out. Nothing of it quotes a customer."""

import sqlite3
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path, PurePosixPath

import ibis

from segkit.errors import BadInput
from segkit.sources import databases, files
from segkit.sources.assemble import exploded
from segkit.sources.authoring import dialect, facts
from segkit.sources.authoring.facts import Facts
from segkit.sources.places import Explode, Input

TEXT, BOOK, TYPED, BASE = (".csv", ".tsv", ".txt"), (".xlsx", ".xls"), (".parquet", ".jsonl", ".ndjson"), (".sqlite", ".db", ".duckdb")


@dataclass(frozen=True, eq=False)
class Found:
    """Rows with one header: the inputs they come from (as keys of a dataset file), their facts, and the table they were read into."""

    name: str
    inputs: list[dict]
    rows: int
    columns: dict[str, Facts]
    table: ibis.Table
    repeated: int = 0  # rows that stand before them in the same input already
    shared: int = 0  # different rows that stand in two inputs
    malformed: int = 0
    explode: dict = field(default_factory=dict)  # the column that holds a list of things, each of which is a row here
    asked: list[str] = field(default_factory=list)


def sniffed(connection: ibis.BaseBackend, named: list[tuple[str, Path]], scratch: Path) -> list[Found]:
    """What each file holds; files and sheets with the same columns are one. In: names below the data folder, and where the files lie."""
    groups: dict[tuple, list] = {}
    asked_of: dict[tuple, list[str]] = {}
    for file, path in sorted(named):
        for keys, asked in inputs(file, path):
            read = rows_of(connection, keys, path, scratch / f"read-{len(groups)}-{sum(map(len, groups.values()))}")
            if not read.columns:
                continue
            header = tuple(sorted(read.columns))
            groups.setdefault(header, []).append((keys, read))
            asked_of.setdefault(header, []).extend(asked)
    return [one(connection, number, parts, asked_of[header]) for number, (header, parts) in enumerate(groups.items())]


def one(connection: ibis.BaseBackend, number: int, parts: list, asked: list[str]) -> Found:
    """All inputs with one header, read into one table of the engine and measured there."""
    names = parts[0][1].columns
    tables = [connection.create_table(f"part_{number}_{n}", read.rows.select(*names)) for n, (_, read) in enumerate(parts)]
    differs = [name for name in names if len({table[name].type() for table in tables}) > 1]
    rows = reduce(lambda a, b: a.union(b), (table.cast(dict.fromkeys(differs, "string")) for table in tables))
    rows = connection.create_table(f"found_{number}", rows) if len(tables) > 1 else tables[0]
    different = [int(connection.execute(flat(table).distinct().count())) for table in tables]
    together = int(connection.execute(flat(rows).distinct().count())) if len(tables) > 1 else different[0]
    repeated = int(connection.execute(rows.count())) - sum(different)
    if lists := [name for name in names if rows[name].type().is_array() and rows[name].type().value_type.is_struct()]:
        rows = connection.create_table(f"exploded_{number}", exploded("", rows, Explode(column=lists[0])))
    total, columns = facts.measured(connection, rows.op().name)
    if not total:
        raise BadInput(f"{Input(**parts[0][0]).name} has a header and no row", do="deliver the data, or leave the file out")
    malformed = sum(len(read.malformed) for _, read in parts)
    first = parts[0][0]
    name = first.get("sheet") or first.get("table") or PurePosixPath(first["file"]).name.split(".")[0]
    explode = {"column": lists[0]} if lists else {}
    inputs = [keys for keys, _ in parts]
    return Found(name, inputs, total, columns, rows, repeated, sum(different) - together, malformed, explode, asked)


def flat(rows: ibis.Table) -> ibis.Table:
    """Rows whose lists are text, so that they can be compared."""
    return rows.mutate(**{name: rows[name].cast("string") for name in rows.columns if rows[name].type().is_nested()})


def inputs(file: str, path: Path) -> list[tuple[dict, list[str]]]:
    """The inputs a file offers, as keys of a dataset file, each with what has to be asked: one, or one per sheet or table."""
    ending = file.lower().removesuffix(".gz")
    if ending.endswith(TEXT):
        keys, asked = dialect.dialect(path)
        return [({"file": file} | keys, asked)]
    if ending.endswith(BASE):
        return [({"file": file, "table": name}, []) for name in tables_of(path)]
    if ending.endswith(BOOK):
        sheets = sheets_of(path)
        return [({"file": file} | ({"sheet": sheet} if len(sheets) > 1 else {}), []) for sheet in sheets]
    if ending.endswith(TYPED) or path.is_dir():
        return [({"file": file}, [])]
    raise BadInput(
        f"the file {path.name} is of no known kind", f"readable: {', '.join((*TEXT, *BOOK, *TYPED, *BASE))}; text also with .gz behind it"
    )


def sheets_of(path: Path) -> list[str]:
    """The sheets of a workbook that hold anything."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            found = [name for name in book.sheet_names if book.get_sheet_by_name(name).height > 1]
    except (CalamineError, OSError, ValueError) as error:
        raise BadInput(
            f"the workbook {path.name} cannot be read", type(error).__name__, "is it what its ending says, and without a password?"
        ) from None
    if not found:
        raise BadInput(f"the workbook {path.name} is empty", do="deliver the data, or leave the file out")
    return found


def tables_of(path: Path) -> list[str]:
    """The tables of a database in a file."""
    import duckdb

    try:
        with open(path, "rb") as file:
            is_sqlite = file.read(15) == b"SQLite format 3"
        if is_sqlite:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
        else:
            connection = duckdb.connect(str(path), read_only=True)
            rows = connection.sql("SELECT table_name FROM duckdb_tables() WHERE NOT internal AND schema_name = 'main'").fetchall()
        connection.close()
    except (sqlite3.Error, duckdb.Error, OSError) as error:
        raise BadInput(
            f"the database {path.name} cannot be opened", type(error).__name__, "is it what its ending says, and whole?"
        ) from None
    if not rows:
        raise BadInput(f"the database {path.name} has no table", do="deliver the data, or leave the file out")
    return sorted(name for (name,) in rows)


def rows_of(connection: ibis.BaseBackend, keys: dict, path: Path, scratch: Path) -> files.Foreign:
    """The rows of one input, as gathering would read them."""
    scratch.mkdir(mode=0o700)
    input = Input(**keys)
    if input.is_database:
        copy = scratch / "copy.parquet"
        databases.snapshot(input, None, copy)
        return files.read(connection, [copy], Input(file=copy.name), scratch)
    return files.read(connection, files.locate(input), input, scratch)
