"""How rows come out of each kind of database, a batch at a time, and how every trouble on the way becomes a message that quotes nothing.

PostgreSQL, SQLite and DuckDB are read through their own drivers: Ibis reads SQLite whole and by what its columns declare, types a query of
PostgreSQL by making a view, stumbles over uuid and json, and calls what DuckDB 2 no longer has. Everything else is read through Ibis.
"""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from segkit.errors import BadInput, nearest
from segkit.sources.databases.copying import BATCH, batches, connected, copy_sorted, engine, quoted, sort, told, types_of, write
from segkit.sources.places import Input

TABLES = {  # schema, table, whether the table's name alone is enough
    "postgres": "SELECT nspname, relname, pg_table_is_visible(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
    "WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'",
    "sqlite": "SELECT 'main', name, 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "duckdb": "SELECT table_schema, table_name, table_schema = current_schema() FROM information_schema.tables",
}
POSTGRES = dict.fromkeys(("int2", "int4", "int8", "oid"), pa.int64()) | dict.fromkeys(("float4", "float8"), pa.float64())
POSTGRES |= {"bool": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", "UTC")}


def relation_of(input: Input, select: str, tables: Iterable[tuple]) -> str:
    """What to select from: the query, or the table by its full, quoted name. BadInput with the nearest name for a table that is not there."""
    if select:
        return f"(\n{select}\n) AS segkit_query"
    known = {}
    for schema, table, alone in tables:
        known[table if alone else f"{schema}.{table}"] = known[f"{schema}.{table}"] = f"{quoted(schema)}.{quoted(table)}"
    if input.table not in known:
        raise BadInput(f"{input.name}: there is no such table", _nearest(input.table, known))
    return known[input.table]


def _nearest(name: str, known: Iterable[str]) -> str:
    """The nearest of names that may be very many."""
    return nearest(name, get_close_matches(name, known, n=1, cutoff=0.5) or sorted(known)[:50])


def chosen(input: Input, kinds: dict[str, Any], wanted: list[str] | None, is_binary: Callable[[Any], bool]) -> list[str]:
    """The columns to copy, in the order they are wanted; `a` for `a.b`, since a struct comes whole."""
    asked = list(kinds) if wanted is None else [name for want in wanted for name in kinds if f"{want}.".startswith(f"{name}.")]
    if not asked:
        raise BadInput(f"{input.name} has none of the columns that are wanted", f"it has {', '.join(kinds) or 'no column at all'}")
    if wanted is not None and (refused := [name for name in asked if is_binary(kinds[name])]):
        raise BadInput(f"{input.name}: {', '.join(refused)} holds bytes", "", "have a query write them as text, such as encode(x, 'hex')")
    return [name for name in dict.fromkeys(asked) if not is_binary(kinds[name])]


def read_postgres(input: Input, url: str, select: str, wanted: list[str] | None, scratch: Path) -> list[str]:
    """Through a cursor that stays on the server, in one read-only transaction; its clock shows UTC."""

    def connect():
        import psycopg

        limit = {} if "connect_timeout" in url else {"connect_timeout": int(min(30, input.timeout_seconds + 1))}
        return psycopg.connect(url, client_encoding="utf8", **limit)

    with closing(connected(input, "postgres", connect)) as connection, told(input, lambda: _hang_up(connection)) as late:
        connection.read_only = True
        connection.execute("SET LOCAL TIME ZONE 'UTC'")
        relation = relation_of(input, select, () if select else connection.execute(TABLES["postgres"]).fetchall())
        with connection.cursor("segkit_columns") as cursor:  # declared, and never run
            described = cursor.execute(f"SELECT * FROM {relation}").description
        kinds = {column.name: _postgres_type(column) for column in described}
        if len(kinds) < len(described):
            raise BadInput(f"{input.name}: two columns have the same name", "", "give one another name with AS")
        names = chosen(input, kinds, wanted, pa.types.is_binary)
        cast = {pa.string(): "text", pa.list_(pa.string()): "text[]"}
        values = [f"CAST({quoted(name)} AS {cast[kinds[name]]})" if kinds[name] in cast else quoted(name) for name in names]
        with connection.cursor("segkit_rows") as cursor:
            cursor.execute(f"SELECT {', '.join(values)} FROM {relation}")
            schema = pa.schema([(name, kinds[name]) for name in names])
            write(batches(input, cursor, schema), schema, scratch, late)
    sort(scratch)
    return list(kinds)


def _postgres_type(column: Any) -> pa.DataType:
    """What a column of PostgreSQL becomes: text, or a list of texts, where it has no counterpart."""
    from psycopg.postgres import types

    info = types.get(column.type_code)
    name, is_list = (info.name, info.array_oid == column.type_code) if info else ("", False)
    if name == "bytea":
        return pa.binary()
    if name == "numeric" and not is_list and column.precision and 0 <= (column.scale or 0) <= column.precision <= 38:
        return pa.decimal128(column.precision, column.scale or 0)
    kind = POSTGRES.get(name, pa.string())
    return pa.list_(kind) if is_list else kind


def _hang_up(connection: Any) -> None:
    """Have the server give up, and then not wait for its word: it may be out of reach."""
    with suppress(Exception):
        connection.cancel_safe(timeout=2)
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def read_sqlite(input: Input, path: str, select: str, wanted: list[str] | None, scratch: Path) -> list[str]:
    """By what is stored, since what SQLite's columns declare binds nobody: one look at all values, then the rows, both of one moment."""
    address, wait = f"{Path(path).as_uri()}?mode=ro", min(10, input.timeout_seconds)
    connection = connected(input, "sqlite", lambda: sqlite3.connect(address, uri=True, isolation_level=None, timeout=wait))
    with closing(connection), told(input, connection.interrupt) as late:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        relation = relation_of(input, select, () if select else connection.execute(TABLES["sqlite"]).fetchall())
        there = [column[0] for column in connection.execute(f"SELECT * FROM {relation} LIMIT 0").description]
        asked = chosen(input, dict.fromkeys(there), wanted, lambda kind: False)
        looks = ", ".join(f"group_concat(DISTINCT typeof({quoted(name)}))" for name in asked)
        stored = zip(asked, connection.execute(f"SELECT {looks} FROM {relation}").fetchone())
        kinds = {name: _sqlite_type(set((each or "null").split(","))) for name, each in stored}
        names = chosen(input, kinds, wanted, pa.types.is_binary)
        words = {pa.string(): "TEXT", pa.float64(): "REAL", pa.int64(): "INTEGER"}
        values = ", ".join(f"CAST({quoted(name)} AS {words[kinds[name]]})" for name in names)
        schema = pa.schema([(name, kinds[name]) for name in names])
        write(batches(input, connection.execute(f"SELECT {values} FROM {relation}"), schema), schema, scratch, late)
    sort(scratch)
    return there


def _sqlite_type(stored: set[str]) -> pa.DataType:
    """Numbers where there is nothing but numbers, text where there is any."""
    kinds = stored - {"null"}
    if "blob" in kinds:
        return pa.binary()
    if not kinds or "text" in kinds:
        return pa.string()
    return pa.float64() if "real" in kinds else pa.int64()


def read_duckdb(input: Input, path: str, select: str, wanted: list[str] | None, scratch: Path) -> list[str]:
    """Sorted and written by the database's own engine."""
    connection = connected(input, "duckdb", lambda: engine(scratch, path))
    with closing(connection), told(input, connection.interrupt):
        relation = relation_of(input, select, () if select else connection.execute(TABLES["duckdb"]).fetchall())
        kinds = types_of(connection, relation)
        names = chosen(input, kinds, wanted, lambda kind: kind in ("BLOB", "BIT"))
        copy_sorted(connection, {name: kinds[name] for name in names}, relation, scratch)
    return list(kinds)


def read_by_ibis(input: Input, url: str, select: str, wanted: list[str] | None, scratch: Path) -> list[str]:
    """Any other database. It is asked to stop between two batches only, and nothing but the query itself and the account keep it from writing."""
    connection = connected(input, url.partition("://")[0], lambda: ibis.connect(url))
    try:
        with told(input) as late:
            if select:
                rows = connection.sql(select)
            else:
                schema, _, table = input.table.rpartition(".")
                within = {"database": tuple(schema.split(".")) if "." in schema else schema} if schema else {}
                if table not in (known := connection.list_tables(**within)):
                    raise BadInput(f"{input.name}: there is no such table", _nearest(table, known))
                rows = connection.table(table, **within)
            names = chosen(input, dict(rows.schema()), wanted, lambda kind: kind.is_binary())
            there = list(rows.columns)
            rows = rows.select(**{name: _portable(rows[name]) for name in names})
            write(connection.to_pyarrow_batches(rows, chunk_size=BATCH), rows.schema().to_pyarrow(), scratch, late)
    finally:
        with suppress(Exception):
            connection.disconnect()
    sort(scratch)
    return there


def _portable(value: ibis.Value) -> ibis.Value:
    """The value where Parquet has its like, else the text the database makes of it."""
    kind = value.type().value_type if value.type().is_array() else value.type()
    if kind.is_decimal():
        kept = kind.precision is not None and kind.precision <= 38
    else:
        kept = kind.is_numeric() or kind.is_boolean() or kind.is_string() or kind.is_date() or kind.is_timestamp() or kind.is_struct()
    return value if kept else value.cast("array<string>" if value.type().is_array() else "string")


READERS = {"postgres": read_postgres, "sqlite": read_sqlite, "duckdb": read_duckdb}
