"""Where gathered tables are computed with: the embedded engine, Spark, or a database that holds a copy of them for as long as it takes.

Gathering is always embedded. An engine gets the finished Parquet files: the same rows, wall clocks and decimals, whatever it is.
"""

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
from pyarrow import parquet

from segkit.errors import BadInput, nearest
from segkit.sources import databases, spark
from segkit.sources.databases import copying
from segkit.sources.places import PASSWORD, Input

EMBEDDED, SPARK = "duckdb", "pyspark"
SERVERS = ("bigquery", "postgres", "snowflake")  # where features are, or ought to be, what they are here
TESTED = (EMBEDDED, SPARK, "postgres")  # every feature was seen to be the same on these
UNFIT = dict.fromkeys(("athena", "databricks", "exasol", "impala", "risingwave", "trino"), "Ibis makes no temporary tables there")
UNFIT |= {
    "clickhouse": "its joins say 0 where nothing is known",
    "mssql": "it takes a for A",
    "mysql": "it opens a temporary table but once in a query, and takes a for A",
    "oracle": "an empty text is missing there",
}
BATCH = 50_000  # rows on their way into a database
log = logging.getLogger("segkit")


def connect(file: Path | str = ":memory:", spill: Path | None = None) -> ibis.BaseBackend:
    """A connection that keeps to the memory SEGKIT_MEMORY allows, puts what exceeds it into the private folder `spill`, and draws nothing."""
    limit = os.environ.get("SEGKIT_MEMORY", "")
    config = {"memory_limit": limit} if limit else {}
    try:
        connection = ibis.duckdb.connect(file, **config, **({"temp_directory": str(spill)} if spill else {}))
    except duckdb.Error:
        raise BadInput("the engine does not start", f"SEGKIT_MEMORY is {limit!r}", "write an amount such as 4GB") from None
    with suppress(duckdb.InvalidInputException):  # a kernel without widgets has no bar to switch off
        connection.raw_sql("SET enable_progress_bar = false")
    return connection


def kind_of(engine: str) -> str:
    """What Ibis calls an engine: duckdb, pyspark, or what the URL of a database begins with. ValueError when it is unknown or holds a password."""
    kind, is_url = engine.partition("://")[0].split("+")[0].replace("postgresql", "postgres"), "://" in engine
    if is_url and kind in UNFIT:
        raise ValueError(f"{kind}:// cannot be an engine: {UNFIT[kind]}")
    if kind not in (SERVERS if is_url else (EMBEDDED, SPARK)):
        known = [EMBEDDED, SPARK, *(f"{name}://…" for name in SERVERS)]
        raise ValueError(f"{kind + '://' * is_url!r} is no engine; {nearest(kind + '://…' * is_url, known)}")
    if PASSWORD.search(engine):
        raise ValueError("a password does not belong here: write $NAME in its place, and set NAME in the environment")
    return kind


def check(engine: str) -> None:
    """Raise BadInput, before any work, where what an engine needs is not installed or not set; warn of one that was never tested."""
    kind = kind_of(engine)
    if kind not in TESTED:
        log.warning("engine %s: it was never tested that features are the same there; see docs/engines.md", kind)
    if kind == SPARK:
        spark.check()
    elif kind != EMBEDDED:
        copying.connected(_address(engine)[2], kind, lambda: getattr(ibis, kind))


def opened(engine: str, files: Mapping[str, Path], spill: Path) -> dict[str, ibis.Table]:
    """Parquet files as tables of an engine, by the same names. What exceeds the memory of this machine goes into the private folder `spill`."""
    kind = kind_of(engine)
    if kind == EMBEDDED:
        connection = connect(spill=spill)
        return {name: connection.read_parquet(str(path), table_name=name) for name, path in files.items()}
    if kind == SPARK:
        return {name: table.cast(_schema(files[name])) for name, table in spark.opened(files, spill.parent).items()}
    return _in_database(engine, files)


def _schema(path: Path) -> ibis.Schema:
    """The columns of a file as the embedded engine has them; what a file says is never missing is no type of its own."""
    found = ibis.Schema.from_pyarrow(parquet.read_schema(path))
    return ibis.schema({column: kind.copy(nullable=True) for column, kind in found.items()})


def _in_database(engine: str, files: Mapping[str, Path]) -> dict[str, ibis.Table]:
    """Temporary tables, filled from the files; the database drops them with the connection."""
    kind, url, address = _address(engine)
    connection = copying.connected(address, kind, lambda: _postgres(url) if kind == "postgres" else ibis.connect(url))
    try:
        return {name: filled(connection, f"segkit_{name}", path) for name, path in files.items()}
    except Exception as error:  # what drivers say quotes rows
        fact = "its account may not make temporary tables" if type(error).__name__ == "InsufficientPrivilege" else type(error).__name__
        raise BadInput(f"engine {kind}: the gathered tables cannot be copied there", fact, "see docs/engines.md") from None


def filled(connection: ibis.BaseBackend, name: str, path: Path) -> ibis.Table:
    """A temporary table with the rows of a Parquet file, a batch of them in memory at a time; money stays decimal."""
    rows, schema = parquet.ParquetFile(path), _schema(path)
    table = connection.create_table(name, schema=schema, temp=True)
    if connection.name != "postgres":
        for batch in rows.iter_batches(BATCH):
            connection.insert(name, ibis.memtable(pa.Table.from_batches([batch])))
        return table
    quoted = copying.quoted(name)
    for column in (column for column, kind in schema.items() if kind.is_string()):  # text in the order of its bytes, as everywhere else
        connection.raw_sql(f'ALTER TABLE {quoted} ALTER COLUMN {copying.quoted(column)} TYPE text COLLATE "C"').close()
    with connection.con.cursor() as cursor, cursor.copy(f"COPY {quoted} FROM STDIN") as copy:
        for batch in rows.iter_batches(BATCH):
            for row in zip(*(column.to_pylist() for column in batch.columns)):
                copy.write_row(row)
    connection.raw_sql(f"ANALYZE {quoted}").close()  # nobody else does, of a temporary table
    return table


def _postgres(url: str) -> ibis.BaseBackend:
    """By its own driver, which takes every address that PostgreSQL's clients do."""
    import psycopg

    limit = {} if "connect_timeout" in url else {"connect_timeout": 30}
    return ibis.postgres.from_connection(psycopg.connect(url, autocommit=True, client_encoding="utf8", **limit))


def _address(engine: str) -> tuple[str, str, Input]:
    """Kind and address of a database, with what the environment says; and as messages know it."""
    address = Input(database=engine, table="engine")
    return *databases.place_of(address), address
