"""The same features on every engine: DuckDB, Spark and PostgreSQL agree about customers that break engines, feature by feature."""

import datetime as dt
import inspect
import os
import shutil
import time
from functools import partial
from importlib.util import find_spec

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from nasty import AS_OF, ATTRIBUTES, USE_CASES
from nasty import tables as nasty
from pyarrow import parquet
from test_sources_engine import KINDS, ROWS

from segkit import behavior, features, kpis, runs
from segkit.errors import BadInput
from segkit.features import engines
from segkit.kpis import campaigns, measured
from segkit.kpis.repeat import repeat_purchases
from segkit.sources import engine
from segkit.sources.dataset import Dataset
from segkit.studies import Window
from segkit.tables import STAGES, TABLES

try:
    from test_sources_databases import postgres, server  # noqa: F401
except pytest.skip.Exception:
    postgres = None

ZONE = "America/New_York"  # of Python, of Java, and of the server; no moment of ours may notice


def at_rest(folder, tables: dict[str, pa.Table]) -> dict:
    """The tables as gathering leaves them: a Parquet file each."""
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        parquet.write_table(rows, folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in tables}


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A Spark of our own on this machine, whose Java and whose sessions live by another clock."""
    if not find_spec("pyspark"):
        pytest.skip("PySpark is not installed: pip install 'segkit[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("there is no Java")
    folder = tmp_path_factory.mktemp("spark")
    options = {
        "spark.driver.extraJavaOptions": f"-Duser.timezone={ZONE} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.session.timeZone": "Asia/Tokyo",  # and what else a cluster's defaults may say
        "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
        "spark.sql.parquet.datetimeRebaseModeInRead": "LEGACY",
        "spark.sql.ansi.enabled": "false",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.sql.shuffle.partitions": 2,
        "spark.sql.adaptive.enabled": "false",
        # A few rows through a wide plan: compiling Java for it takes four times as long as computing it without
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    with pytest.MonkeyPatch.context() as patch:
        said = " ".join(f'--conf "{key}={value}"' for key, value in options.items())
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[2] {said} pyspark-shell")
        yield "pyspark"
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.stop()


@pytest.fixture(params=["pyspark", "postgres"])
def other(request):
    """An engine other than the embedded one."""
    if request.param == "pyspark":
        return request.getfixturevalue("spark")
    return request.getfixturevalue("postgres") if postgres else pytest.skip("PostgreSQL for tests is not installed")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    """This process lives in New York, too."""
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def on(which: str, files: dict, folder) -> dict:
    return engine.opened(which, files, folder / ".spill-0")


def all_features(tables: dict) -> pa.Table:
    return features.customer_features(tables, AS_OF, ATTRIBUTES, STAGES, USE_CASES).to_pyarrow()


def differences(expected: pa.Table, found: pa.Table) -> dict[str, str]:
    """Column by column what differs: type, what is missing, values (floats beyond 1e-9 of them)."""
    said = {} if expected.column_names == found.column_names else {"columns": f"{expected.column_names} are {found.column_names}"}
    for name in expected.column_names if not said else ():
        ours, theirs = expected[name], found[name]
        pairs = list(zip(ours.to_pylist(), theirs.to_pylist()))
        wrong = [pair for pair in pairs if not same(*pair)]
        if ours.type != theirs.type or len(ours) != len(theirs):
            said[name] = f"{len(ours)} {ours.type} are {len(theirs)} {theirs.type}"
        elif wrong:
            said[name] = f"{len(wrong)} of {len(pairs)}, such as {wrong[:3]}"
    return said


def same(x, y) -> bool:
    if isinstance(x, float) and isinstance(y, float):
        return x == y or (np.isnan(x) and np.isnan(y)) or abs(x - y) <= 1e-9 * max(abs(x), abs(y))
    return x == y and type(x) is type(y)


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> dict:
    """Customers of every kind, one of whom bought in 10,000 categories."""
    return at_rest(tmp_path_factory.mktemp("nasty"), nasty(seed=1, categories=10_000))


@pytest.fixture(scope="session")
def embedded(files, tmp_path_factory) -> dict:
    return engine.opened("duckdb", files, tmp_path_factory.mktemp("embedded") / ".spill-0")


@pytest.fixture(scope="session")
def expected(embedded) -> pa.Table:
    return all_features(embedded)


@pytest.fixture
def there(other, files, tmp_path) -> dict:
    """The tables on the other engine."""
    return engine.opened(other, files, tmp_path / ".spill-0")


def test_every_feature_has_something_to_differ_in(expected):
    known = features.glossary(None, ATTRIBUTES, use_cases=USE_CASES).feature
    assert not set(known) - set(expected.column_names)
    flat = [name for name in known if len(set(expected[name].drop_null().to_pylist())) < 2]
    assert not flat, "too few customers of the kind that these features tell apart"
    unknown = [name for name, column in zip(expected.column_names, expected.columns) if pa.types.is_floating(column.type)]
    nan = [name for name in unknown if any(value != value for value in expected[name].drop_null().to_pylist())]
    assert not nan, "what cannot be computed is missing, and not NaN"


def test_every_feature_is_the_same_on_every_engine(expected, embedded, there):
    assert {name: table.schema() for name, table in there.items()} == {name: table.schema() for name, table in embedded.items()}
    assert differences(expected, all_features(there)) == {}


@pytest.mark.parametrize("seen", [True, False])
def test_spark_gets_rows_as_they_are_whether_it_reads_the_files_or_is_sent_them(spark, tmp_path, monkeypatch, caplog, seen):
    rows = pa.table(ROWS, pa.schema(KINDS))
    files = at_rest(tmp_path, {"orders": rows})
    if not seen:
        monkeypatch.setattr(ibis.backends.pyspark.Backend, "read_parquet", None)
    table = on(spark, files, tmp_path)["orders"]
    assert bool(caplog.messages) != seen and (seen or "its rows are sent" in caplog.messages[0])
    assert table.schema()["amount"] == ibis.dtype("decimal(18, 4)") and table.schema()["ordered_at"].timezone is None
    there = dict(table.get_backend()._session.table("segkit_orders").dtypes)
    assert there["ordered_at"] == "timestamp_ntz" and there["amount"] == "decimal(18,4)" and there["born"] == "date"
    words = table.mutate(ordered_at=table.ordered_at.cast("string"), born=table.born.cast("string")).to_pyarrow()
    told = rows.drop_columns(["ordered_at", "born", "weight"]).to_pylist()
    assert words.drop_columns(["ordered_at", "born", "weight"]).to_pylist() == told
    assert words["ordered_at"].to_pylist() == [
        "2024-03-10 02:30:00",
        "2024-11-03 01:30:00",
        "0001-01-01 00:00:00",
        None,
        "9999-12-31 00:00:00",
    ]
    assert words["born"].to_pylist() == ["2024-02-29", "1600-01-01", "9999-12-31", None, "0001-01-01"]


def told(found) -> list[pd.DataFrame]:
    """The tables in what a function of behaviour hands out."""
    if isinstance(found, pd.DataFrame):
        return [found]
    parts = [getattr(found, name) for name in found.__dataclass_fields__]
    return [each if isinstance(each, pd.DataFrame) else pd.DataFrame({"value": list(each)}) for each in parts]


def described(customers: pd.DataFrame) -> dict:
    """Every function of behaviour that is given tables, with what else it asks for."""
    given = {"as_of": AS_OF, "stages": STAGES, "use_cases": USE_CASES, "column": "category", "min_cell": 2, "made": None}
    given |= {"customers": customers, "labels": customers.set_index("customer_id").buyer_type}
    found = {}
    for name, function in inspect.getmembers(behavior, inspect.isfunction):
        wanted = [each.name for each in inspect.signature(function).parameters.values() if each.default is each.empty]
        if wanted[:1] == ["tables"]:
            assert set(wanted[1:]) <= set(given), f"say above with what {name} is to be called"
            found[name] = partial(asked, function, {key: given[key] for key in wanted[1:]})
    return found


def asked(function, given: dict, tables: dict):
    """What a function of behaviour says of some tables; `made` is what another has made of them."""
    made = {"made": behavior.performed(tables, AS_OF, USE_CASES)} if "made" in given else {}
    return function(tables, **given | made)


def test_behaviour_and_outcomes_are_the_same_on_every_engine(embedded, expected, there):
    end = AS_OF + dt.timedelta(days=30)
    labels = pd.Series("S1", index=pd.Index(expected["customer_id"].to_pandas(), name="customer_id"))
    window = Window(start=AS_OF - dt.timedelta(days=200), as_of=AS_OF - dt.timedelta(days=60), end=end)
    functions = described(expected.to_pandas()) | {
        "outcomes": lambda tables: measured.measured(tables, window.as_of, end).reset_index(),
        "returning": lambda tables: kpis.returning(tables, window, labels),
        "adoption": lambda tables: kpis.adoption(tables, window, labels),
        "repeat_purchases": lambda tables: repeat_purchases(tables["orders"], AS_OF).reset_index(),
        "arms": lambda tables: campaigns.arms(tables["contacts"], labels.index),
    }
    assert {"monthly", "cohorts", "outcomes"} <= set(functions)
    wrong = {}
    for name, ask in functions.items():
        ours = ask(embedded)
        if isinstance(ours, ibis.Expr):
            continue  # a step towards one of the others
        for number, (a, b) in enumerate(zip(told(ours), told(ask(there)), strict=True)):
            if found := differences(*(pa.Table.from_pandas(each.reset_index(drop=True), preserve_index=False) for each in (a, b))):
                wrong[f"{name} {number}"] = found
    assert wrong == {}


def everything(which: str) -> Dataset:
    """A dataset with every column there can be, on an engine."""
    columns = {name: {column: column for column in table.columns} for name, table in TABLES.items()}
    columns["customers"] |= {name: reading.model_dump(exclude_defaults=True) for name, reading in ATTRIBUTES.items()}
    tables = {name: {"file": f"{name}.csv", "columns": said} for name, said in columns.items()}
    return Dataset.model_validate({"dataset": "everything", "title": "Everything", "engine": which, "tables": tables})


@pytest.mark.parametrize("kind", sorted({*engine.SERVERS} - {"postgres"}))
def test_what_is_said_to_be_an_engine_can_express_every_feature(kind):
    assert engines.inexpressible(kind, everything("duckdb"), USE_CASES) == {}


def test_spark_can_express_every_feature(spark):
    engines.check_engine(everything(spark), USE_CASES)


def small(*tables: str, **keys) -> Dataset:
    """A dataset with the columns that some tables cannot do without."""
    columns = {name: {column: column for column, said in TABLES[name].columns.items() if said.required} for name in tables}
    said = {name: {"file": f"{name}.csv", "columns": columns[name]} for name in tables}
    return Dataset.model_validate({"dataset": "small", "title": "Small", "tables": said} | keys)


def test_what_an_engine_cannot_express_is_refused_by_name_and_with_the_reason(monkeypatch):
    monkeypatch.setattr(engines.engine, "check", lambda said: None)
    monkeypatch.setattr(engines.engine, "kind_of", lambda said: "oracle")
    with pytest.raises(BadInput) as refused:
        engines.check_engine(small("orders"))
    assert str(refused.value) == (
        "engine oracle cannot express weekend_share\n"
        "  weekend_share: Compilation rule for 'DayOfWeekIndex' operation is not defined\n"
        "  -> compute on another engine, see docs/engines.md; the embedded one (duckdb) can"
    )
    monkeypatch.setattr(engines.engine, "kind_of", lambda said: "druid")
    with pytest.raises(BadInput, match=r"engine druid cannot express tenure_days, n_orders, spend, .* and \d+ more\n"):
        engines.check_engine(small("orders"))


def test_every_feature_attribute_and_use_case_is_asked_for_by_itself(monkeypatch):
    monkeypatch.setattr(engines, "refusal", lambda kind, expression: f"{kind} says {type(expression()).__name__}")
    found = engines.inexpressible("nobody", everything("duckdb"), USE_CASES)
    known = features.glossary(TABLES, ATTRIBUTES, use_cases=USE_CASES).feature
    assert set(known) - {"performances", "use_cases_performed", "size_known"} <= set(found) <= {*known, *ATTRIBUTES}
    assert set(found.values()) == {"nobody says Table"}


def test_only_what_a_dataset_allows_is_asked_for():
    assert list(engines.inexpressible("oracle", small("orders"))) == ["weekend_share"]
    assert "weekend_share" not in engines.inexpressible("oracle", small("events"))
    assert engines.inexpressible("druid", small("customers")) == {}  # a survey, without any date


def test_the_embedded_engine_is_not_asked(monkeypatch):
    monkeypatch.setattr(engines, "inexpressible", None)
    monkeypatch.setattr(engines.engine, "check", None)
    engines.check_engine(everything("duckdb"))


def test_a_run_on_an_engine_out_of_reach_is_refused_before_anything_is_gathered(bench, monkeypatch):
    monkeypatch.delenv("SEGKIT_TEST_DB", raising=False)
    path = bench / "data" / "datasets" / "demo.yaml"
    path.write_text(path.read_text().replace("tables:\n", "engine: postgres://$SEGKIT_TEST_DB@nowhere/shop\ntables:\n", 1))
    with pytest.raises(BadInput, match="the environment variable SEGKIT_TEST_DB is not set"):
        runs.run("demo")
    assert not (bench / "data" / "gathered").exists() and not (bench / "reports").exists()
