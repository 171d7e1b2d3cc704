"""How a copy of foreign rows is made: written batch by batch, sorted, within its time; and how trouble is told without a word of what the engine says.

Engines and drivers quote rows, SQL and addresses in what they say. What may be repeated stands here.
"""

import errno
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import parquet

from segkit.errors import BadInput
from segkit.sources.places import Input

BATCH = 20_000  # rows in memory at a time
ROWS, SORTED = "rows.parquet", "sorted.parquet"
ENGINE = {"memory_limit": "2GB", "autoinstall_known_extensions": "false", "python_enable_replacements": "false"}
DUCKDB = re.compile(r"(U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BOOLEAN|VARCHAR|DATE|TIMESTAMP|STRUCT|MAP)\b.*")
NO_CONNECTION = {  # what a driver says -> what may be repeated
    "password": "the user or the password is not accepted",
    "refused": "nobody listens at that host and port",
    "no such file": "there is nothing at that place",
    "not exist": "there is no such database, or no such user",
    "resolve": "the name of the host is not known",
    "timeout": "the host does not answer",
    "lock": "another program has it open for writing",
}
FAILURES = {  # whose exception, and which -> what it means
    "psycopg.OperationalError": "the connection was lost on the way",
    "psycopg.AdminShutdown": "the connection was lost on the way",
    "psycopg.InsufficientPrivilege": "the account may not read it",
    "psycopg.DataError": "a date that is none here, such as infinity",
    "sqlite3.SQLITE_BUSY": "another program is writing to it",
    "sqlite3.SQLITE_CORRUPT": "the file is damaged",
    "sqlite3.OperationalError": "text that is not in UTF-8",
    "builtins.UnicodeDecodeError": "text that is not in UTF-8",
    "_duckdb.OutOfMemoryException": f"it needs more memory than {ENGINE['memory_limit']} at once",
}


@contextmanager
def told(input: Input, interrupt: Callable[[], None] = lambda: None) -> Iterator[threading.Event]:
    """Whatever goes wrong becomes BadInput. After timeout_seconds the event is set, and `interrupt` is called until the work has ended."""
    late, done = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(min(input.timeout_seconds, threading.TIMEOUT_MAX)):
            return
        late.set()
        while not done.is_set():
            with suppress(Exception):
                interrupt()
            done.wait(0.2)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield late
        if late.is_set():
            raise TimeoutError
    except BadInput:
        raise
    except Exception as error:
        if isinstance(error, (OSError, duckdb.Error)) and os.strerror(errno.ENOSPC) in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise (_overdue(input) if late.is_set() else _failed(input, error)) from None
    finally:
        done.set()
        watcher.join()


def _overdue(input: Input) -> BadInput:
    return BadInput(
        f"{input.name} took longer than {input.timeout_seconds:g} seconds", "it was cancelled", "ask for less, or raise timeout_seconds"
    )


def _failed(input: Input, error: Exception) -> BadInput:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    fact = FAILURES.get(f"{type(error).__module__.partition('.')[0]}.{name}", name)
    do = "run it in the database's own client, which says more than may be repeated here"
    return BadInput(f"{input.name} cannot be read to its end", fact, do)


def connected(input: Input, kind: str, connect: Callable[[], Any]) -> Any:
    """A connection, or BadInput."""
    try:
        return connect()
    except ImportError:
        extra = "psycopg[binary]" if kind == "postgres" else f"ibis-framework[{kind}]"
        raise BadInput(f"the driver for {kind}:// is not installed", "", f"pip install '{extra}'") from None
    except Exception as error:
        fact = next((fact for word, fact in NO_CONNECTION.items() if word in str(error).lower()), type(error).__name__)
        raise BadInput(f"{input.name}: no connection to the {kind} database", fact, "is its address in the dataset file right?") from None


def batches(input: Input, cursor: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a cursor; only one batch of them is here at a time."""
    while rows := cursor.fetchmany(BATCH):
        columns = [_column(input, field, values) for field, values in zip(schema, zip(*rows))]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(input: Input, field: pa.Field, values: tuple) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise BadInput(
            f"{input.name}: a value of {field.name} is no {field.type}", "such as NaN, or a list within a list", "have a query cast it"
        ) from None


def write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, scratch: Path, late: threading.Event) -> None:
    """Rows as they come, into a file of the scratch folder."""
    with parquet.ParquetWriter(scratch / ROWS, schema) as writer:
        for batch in batches:
            if late.is_set():
                raise TimeoutError
            writer.write_batch(batch)


def sort(scratch: Path) -> None:
    """Those rows in the order of their values."""
    rows = str(scratch / ROWS).replace("'", "''")
    with closing(engine(scratch)) as sorting:
        relation = f"read_parquet('{rows}')"
        copy_sorted(sorting, types_of(sorting, relation), relation, scratch)


def engine(scratch: Path, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """DuckDB, which spills into the scratch folder, fetches nothing, looks at none of our variables, draws no bar, and only reads a file."""
    started = duckdb.connect(database, read_only=database != ":memory:", config=ENGINE | {"temp_directory": str(scratch)})
    with suppress(duckdb.InvalidInputException):  # a kernel without widgets has no bar to switch off
        started.execute("SET enable_progress_bar = false")
    return started


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def types_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation of DuckDB and what they are there."""
    return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def copy_sorted(connection: duckdb.DuckDBPyConnection, kinds: dict[str, str], relation: str, scratch: Path) -> None:
    """All rows in the order of their values, as Parquet."""
    values = ", ".join(f"{_duckdb_value(quoted(name), kind)} AS {quoted(name)}" for name, kind in kinds.items())
    target = str(scratch / SORTED).replace("'", "''")
    connection.execute(f"COPY (SELECT {values} FROM {relation} ORDER BY ALL) TO '{target}' (FORMAT parquet)")


def _duckdb_value(value: str, kind: str) -> str:
    """What has no counterpart in Parquet, or another one in every reader, becomes text; and -0.0, which sorts as 0.0 does, becomes that."""
    element = re.sub(r"(\[\d*\])+$", "", kind)
    lists = kind[len(element) :]
    if DUCKDB.fullmatch(element):
        return f"{value} + 0::{kind}" if kind in ("FLOAT", "DOUBLE") else value
    known = {"HUGEINT": "DECIMAL(38, 0)", "UHUGEINT": "DECIMAL(38, 0)"}
    return f"CAST({value} AS {'TIMESTAMP' if element.startswith('TIMESTAMP_') else known.get(element, 'VARCHAR')}{lists})"
