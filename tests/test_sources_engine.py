"""Engines: which may be named, what is refused before any work, and that tables arrive there as they were gathered and leave nothing behind."""

import datetime as dt
import fcntl
import logging
import os
import subprocess
import sys
import time
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from pyarrow import parquet

from segkit import studies
from segkit.errors import BadInput
from segkit.sources import engine, spark
from segkit.sources.dataset import Dataset

try:
    import psycopg
    from test_sources_databases import ask, postgres, server  # noqa: F401
except pytest.skip.Exception:
    postgres = None

needs_postgres = pytest.mark.skipif(not postgres, reason="PostgreSQL for tests is not installed")
ROWS = {
    "customer_id": ["b", "ä", "B", None, 'x"y\t\\z\n;'],
    "ordered_at": [dt.datetime(2024, 3, 10, 2, 30), dt.datetime(2024, 11, 3, 1, 30), dt.datetime(1, 1, 1), None, dt.datetime(9999, 12, 31)],
    "amount": [Decimal("1.1000"), Decimal("-0.0001"), Decimal("99999999999999.9999"), None, Decimal(0)],
    "quantity": [1, -(2**62), 2**53 + 1, None, 0],
    "is_return": [True, False, None, True, False],
    "weight": [0.1, float("inf"), float("nan"), None, -0.0],
    "born": [dt.date(2024, 2, 29), dt.date(1600, 1, 1), dt.date(9999, 12, 31), None, dt.date(1, 1, 1)],
}
KINDS = {
    "customer_id": pa.string(),
    "ordered_at": pa.timestamp("us"),
    "amount": pa.decimal128(18, 4),
    "quantity": pa.int64(),
    "is_return": pa.bool_(),
    "weight": pa.float64(),
    "born": pa.date32(),
}


@pytest.fixture
def files(tmp_path) -> dict:
    """A gathered table with the values that get lost on the way."""
    parquet.write_table(pa.table(ROWS, pa.schema(KINDS)), tmp_path / "orders.parquet")
    return {"orders": tmp_path / "orders.parquet"}


def declared(which: str) -> Dataset:
    tables = {"customers": {"file": "c.csv", "columns": {"customer_id": "id"}}}
    return studies.check({"dataset": "shop", "title": "A shop", "engine": which, "tables": tables}, "shop.yaml", Dataset)


@pytest.mark.parametrize(
    ("which", "kind"),
    [
        ("duckdb", "duckdb"),
        ("pyspark", "pyspark"),
        ("postgres://$USER:$PASSWORD@host:5432/shop?sslmode=require", "postgres"),
        ("postgresql+psycopg://host/shop", "postgres"),
        ("snowflake://$USER:$PASSWORD@account/shop", "snowflake"),
    ],
)
def test_an_engine_is_the_embedded_one_spark_or_the_address_of_a_database(which, kind):
    assert engine.kind_of(declared(which).engine) == kind


@pytest.mark.parametrize(
    ("which", "complaint"),
    [
        ("spark", "engine: 'spark' is no engine; do you mean 'pyspark'?"),
        ("postgres", "engine: 'postgres' is no engine; do you mean 'postgres://…'?"),
        ("postgress://host/shop", "engine: 'postgress://' is no engine; do you mean 'postgres://…'?"),
        ("duckdb:///data/shop.duckdb", "engine: 'duckdb://' is no engine; do you mean 'duckdb'?"),
        ("", "engine: '' is no engine; known: bigquery://…, duckdb, postgres://…, pyspark, snowflake://…"),
        ("trino://host/shop", "engine: trino:// cannot be an engine: Ibis makes no temporary tables there"),
        ("clickhouse://host/shop", "engine: clickhouse:// cannot be an engine: its joins say 0 where nothing is known"),
        ("mysql://host/shop", "engine: mysql:// cannot be an engine: it opens a temporary table but once in a query, and takes a for A"),
        ("postgres://me:secret@host/shop", "engine: a password does not belong here: write $NAME in its place"),
        ("postgres://host/shop?password=secret", "engine: a password does not belong here: write $NAME in its place"),
    ],
)
def test_other_engines_are_refused_with_the_nearest(which, complaint):
    with pytest.raises(BadInput) as refused:
        declared(which)
    assert complaint in str(refused.value) and "secret" not in str(refused.value)


def test_a_dataset_without_an_engine_is_computed_here(files, tmp_path):
    assert Dataset.model_fields["engine"].default == "duckdb"
    table = engine.opened("duckdb", files, tmp_path / ".spill-0")["orders"]
    assert table.get_backend().name == "duckdb" and table.count().execute() == 5


def test_what_is_missing_here_is_told_before_any_work(monkeypatch):
    monkeypatch.delenv("SEGKIT_TEST_DB", raising=False)
    with pytest.raises(BadInput, match="the environment variable SEGKIT_TEST_DB is not set"):
        engine.check("postgres://me:$SEGKIT_TEST_DB@host/shop")
    monkeypatch.setitem(sys.modules, "ibis.backends.snowflake", None)
    with pytest.raises(BadInput, match=r"the driver for snowflake:// is not installed\n  -> pip install 'ibis-framework\[snowflake\]'"):
        engine.check("snowflake://account/shop")


def test_an_engine_that_was_never_tested_is_warned_of(caplog, monkeypatch):
    monkeypatch.setattr(engine.copying, "connected", lambda *given: None)
    with caplog.at_level(logging.WARNING, "segkit"):
        engine.check("postgres://host/shop")
        assert not caplog.messages
        engine.check("bigquery://project/shop")
    assert caplog.messages == ["engine bigquery: it was never tested that features are the same there; see docs/engines.md"]


def test_without_pyspark_or_java_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(
        BadInput, match=r"engine pyspark: PySpark is not installed\n  -> .*pip install 'segkit\[spark\]'`, and Java 17 or 21"
    ):
        engine.check("pyspark")
    monkeypatch.setattr(spark, "find_spec", lambda name: "there")
    for name, value in (("JAVA_HOME", str(tmp_path)), ("PATH", str(tmp_path))):
        monkeypatch.setenv(name, value)
        with pytest.raises(BadInput, match=r"engine pyspark: there is no Java\n  Spark runs on it\n  -> .*segkit\[spark\]"):
            engine.check("pyspark")
        monkeypatch.delenv("JAVA_HOME", raising=False)


@needs_postgres
def test_a_database_holds_the_rows_as_they_were_and_only_for_as_long_as_they_are_used(files, tmp_path, postgres):  # noqa: F811
    there = "SELECT relname FROM pg_class WHERE relname LIKE 'segkit%' OR relname = 'orders' AND relpersistence = 't'"
    table = engine.opened(postgres, files, tmp_path)["orders"]
    found = table.select(*(name for name in ROWS if name not in ("ordered_at", "born"))).to_pyarrow()
    expected = pa.table(ROWS, pa.schema(KINDS)).select(found.column_names)
    assert str(found.to_pylist()) == str(expected.to_pylist()) and found.schema.types == expected.schema.types
    moments = table.select(*(table[name].cast("string").name(name) for name in ("ordered_at", "born"))).to_pyarrow().to_pylist()
    assert moments[0] == {"ordered_at": "2024-03-10 02:30:00", "born": "2024-02-29"}
    assert moments[2] == {"ordered_at": "0001-01-01 00:00:00", "born": "9999-12-31"} and moments[3] == {"ordered_at": None, "born": None}
    backend = table.get_backend()
    collations = "SELECT collation_name FROM information_schema.columns WHERE table_name = 'segkit_orders' AND data_type = 'text'"
    assert backend.raw_sql(collations).fetchall() == [("C",)]  # words in the order of their bytes, whatever the database's own
    assert [row for (row,) in ask(postgres, there)] == ["segkit_orders"]
    assert "segkit_orders" not in {name for (name,) in ask(postgres, "SELECT relname FROM pg_class WHERE relpersistence <> 't'")}
    backend.disconnect()
    deadline = time.monotonic() + 10  # the server drops them when it notices
    while ask(postgres, there) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert ask(postgres, there) == []


@needs_postgres
def test_a_database_that_cannot_be_filled_is_told_without_a_word_of_its_own(files, tmp_path, postgres, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SEGKIT_TEST_DB", "p@ss/w:rd+%")
    ask_guarded = postgres.replace("postgres:@", "guarded:$SEGKIT_TEST_DB@")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("REVOKE TEMP ON DATABASE postgres FROM PUBLIC")
        try:
            with pytest.raises(BadInput) as refused:
                engine.opened(ask_guarded, files, tmp_path)
        finally:
            connection.execute("GRANT TEMP ON DATABASE postgres TO PUBLIC")
    assert str(refused.value) == (
        "engine postgres: the gathered tables cannot be copied there\n  its account may not make temporary tables\n  -> see docs/engines.md"
    )
    monkeypatch.setenv("SEGKIT_TEST_DB", "wrong")
    with pytest.raises(BadInput, match="no connection to the postgres database\n  the user or the password is not accepted"):
        engine.opened(ask_guarded, files, tmp_path)
    parquet.write_table(pa.table({"customer_id": ["Ada\0Lovelace"]}), files["orders"])
    with pytest.raises(BadInput, match="cannot be copied there") as refused:
        engine.opened(postgres, files, tmp_path)
    assert "Ada" not in str(refused.value) and "SEGKIT" not in str(refused.value)


def test_any_other_database_is_filled_a_batch_at_a_time(files, monkeypatch):
    monkeypatch.setattr(engine, "BATCH", 2)
    connection = ibis.duckdb.connect()
    table = engine.filled(connection, "segkit_orders", files["orders"])
    assert str(table.to_pyarrow().to_pylist()) == str(pa.table(ROWS, pa.schema(KINDS)).to_pylist())
    assert connection.raw_sql("SELECT temporary FROM duckdb_tables() WHERE table_name = 'segkit_orders'").fetchall() == [(True,)]


def test_what_is_started_in_silence_says_nothing(capfd):
    with spark._silence():
        subprocess.run(["sh", "-c", "echo rows; echo more rows >&2"], check=True)
    subprocess.run(["sh", "-c", "echo heard; echo heard too >&2"], check=True)
    assert capfd.readouterr() == ("heard\n", "heard too\n")


def test_room_for_spark_is_private_and_what_the_killed_left_is_swept(tmp_path):
    left, used = tmp_path / ".spark-1", tmp_path / ".spark-2"
    for folder in (left, used):
        (folder / "blockmgr-1").mkdir(parents=True)
        (folder / "blockmgr-1" / "rows").write_text("of persons")
    door = os.open(used, os.O_RDONLY)
    fcntl.flock(door, fcntl.LOCK_EX)
    try:
        for _ in range(2):  # a session may be started twice
            room = spark._room(tmp_path)
            (room / "blockmgr-1").mkdir(exist_ok=True)
            assert room.stat().st_mode & 0o777 == 0o700 and sorted(tmp_path.iterdir()) == sorted([used, room])
        spark.sweep(tmp_path)
        assert (room / "blockmgr-1").is_dir() and (used / "blockmgr-1" / "rows").is_file()
    finally:
        os.close(door)
