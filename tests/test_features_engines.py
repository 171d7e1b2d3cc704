"""The same features on every engine: DuckDB, Spark and PostgreSQL agree about customers that break engines, feature by feature."""

import datetime as dt
import inspect
import os
import shutil
import time
from decimal import Decimal
from functools import partial
from importlib.util import find_spec

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from test_sources_engine import KINDS, ROWS

from segkit import behavior, features, kpis, runs
from segkit.errors import BadInput
from segkit.features import engines
from segkit.sources import engine
from segkit.sources.dataset import Dataset
from segkit.sources.reading import Reading
from segkit.sources.use_cases import UseCase
from segkit.tables import DTYPES, STAGES, TABLES

try:
    from test_sources_databases import postgres, server  # noqa: F401
except pytest.skip.Exception:
    postgres = None

AS_OF = dt.datetime(2025, 3, 30)
ZONE = "America/New_York"  # of Python, of Java, and of the server; no moment of ours may notice
WORDS = [
    "Ünïcode ☕",
    "O'Brien",
    'says "so"',
    "a`b",
    "back\\slash",
    "semi;colon --",
    "Zed",
    "apple",
    "Apple",
    "äpfel",
    "",
    " ",
    "100 %",
    "{x}",
]
ATTRIBUTES = {
    "age": Reading(column="age", kind="demographic", type="integer"),
    "score": Reading(column="score", kind="need", type="number"),
    "premium": Reading(column="premium", kind="need", type="boolean"),
    "region": Reading(column="region", kind="geographic"),
    "born": Reading(column="born", kind="demographic", type="date"),
    "size": Reading(column="size", kind="need", ordered=["small", "middle", "large"], missing_informs=True),
}
MOMENTS = [  # where clocks, days, months and years turn
    *(dt.datetime(2024, 3, 10, hour, minute) for hour in (1, 2, 3) for minute in (0, 30)),  # 2:30 does not exist in New York
    *(dt.datetime(2024, 11, 3, hour, 30) for hour in (0, 1, 2)),  # 1:30 comes twice
    dt.datetime(2024, 3, 31, 2, 30),
    dt.datetime(2024, 10, 27, 2, 30),
    dt.datetime(2024, 2, 29),
    dt.datetime(2020, 2, 29, 23, 59, 59, 999999),
    dt.datetime(2024, 12, 31, 23, 59, 59, 999999),
    dt.datetime(2025, 1, 1),
    dt.datetime(2024, 6, 8, 0, 0, 0, 1),
    dt.datetime(2024, 6, 9, 11, 59, 59),
    dt.datetime(2024, 6, 10, 12),
    dt.datetime(2024, 6, 10, 17, 59, 59, 999999),
    dt.datetime(2024, 6, 10, 18),
    dt.datetime(2024, 6, 11, 5, 59, 59),
    dt.datetime(2024, 6, 11, 6),
    AS_OF - dt.timedelta(days=90),
    AS_OF - dt.timedelta(days=90, microseconds=1),
    AS_OF - dt.timedelta(microseconds=1),
    AS_OF,
    AS_OF + dt.timedelta(days=3),
]


class Nasty:
    """Rows of random customers, each of a kind that breaks something."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)
        self.rows = {name: [] for name in TABLES if name != "costs"}

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def maybe(self, value, p=0.2):
        return None if self.rng.random() < p else value

    def moment(self) -> dt.datetime:
        if self.rng.random() < 0.4:
            return self.pick(MOMENTS)
        return dt.datetime(2023, 1, 1) + dt.timedelta(seconds=int(self.rng.integers(0, 2.4 * 365 * 86_400)))

    def money(self) -> Decimal:
        return self.pick([Decimal(0), Decimal("-3.5000"), Decimal("0.0001"), Decimal(int(self.rng.integers(-(10**6), 10**8))) / 10_000])

    def order(self, who, **said):
        at = said.get("ordered_at") or self.moment()
        line = {
            "customer_id": who,
            "ordered_at": at,
            "amount": self.money(),
            "order_id": self.maybe(self.pick(["A1", "a1", "B2", "ß", "Z", f"{who}-{self.rng.integers(9)}"])),
            "product_id": self.maybe(self.pick(WORDS)),
            "category": self.maybe(self.pick(WORDS)),
            "quantity": self.maybe(int(self.rng.integers(-2, 9))),
            "unit_price": self.maybe(abs(self.money())),
            "channel": self.maybe(self.pick(WORDS)),
            "is_return": self.maybe(bool(self.rng.random() < 0.15)),
        }
        self.rows["orders"].append(line | said)

    def customer(self, who, kind):
        everything = kind in ("many", "shared", "turn")
        if kind == "one":
            self.order(who, is_return=False)
        if kind == "returns":
            for _ in range(3):
                self.order(who, is_return=True, amount=-abs(self.money()))
        if kind == "same moment":
            at = self.moment()
            for number in range(6):
                self.order(who, ordered_at=at, order_id=self.pick(["x", "X", "é", "e", None, f"{number}"]))
        if kind == "silent":
            for year in (2004, 2014, 2024):
                self.order(who, ordered_at=dt.datetime(year, 2, 28, 12), is_return=False, order_id=str(year))
        if kind == "bare":
            optional = {name: None for name, column in TABLES["orders"].columns.items() if not column.required}
            for _ in range(4):
                self.order(who, **optional)
        if kind == "zero":
            for number in range(3):
                self.order(who, amount=Decimal(number - 1), is_return=None, order_id=f"z{number}")
        if kind == "clockwork":
            for number in range(5):
                at = dt.datetime(2024, 1, 1, 9) + dt.timedelta(days=30 * number)
                self.order(who, ordered_at=at, amount=Decimal("33.3300"), order_id=f"c{number}", is_return=False)
        if everything:
            for _ in range(int(self.rng.integers(2, 25))):
                self.order(who, **({"order_id": "shared"} if kind == "shared" and self.rng.random() < 0.5 else {}))
        if kind == "turn":
            for at in MOMENTS:
                self.order(who, ordered_at=at, is_return=False, order_id=f"t{at}")
        if everything or kind == "events":
            self.elsewhere(who)
        if kind in ("fading", "growing"):
            for days in range(180):
                if (days > 30) == (kind == "fading") and self.rng.random() < 0.8:
                    self.event(who, AS_OF - dt.timedelta(days=days, hours=3))
        if kind == "performing":
            for begun in (AS_OF - dt.timedelta(days=int(days)) for days in self.rng.integers(1, 300, 6)):
                self.perform(who, begun, self.pick([1, 4, 24 * 50]))
        known = {
            "customer_id": who,
            "signed_up_at": self.maybe(self.pick([self.moment(), self.moment(), dt.datetime(1, 1, 1), dt.datetime(1600, 2, 29)])),
            "consent_marketing": self.maybe(bool(self.rng.random() < 0.5)),
            "age": self.maybe(int(self.rng.integers(0, 99))),
            "score": self.maybe(self.pick([float("nan"), float("inf"), -float("inf"), 0.1, 1e300, -0.0])),
            "premium": self.maybe(bool(self.rng.random() < 0.7)),
            "region": self.maybe(self.pick(WORDS)),
            "size": self.maybe(self.pick(["small", "middle", "large", "huge"])),
            "born": self.maybe(dt.date(1900, 2, 28) + dt.timedelta(days=int(self.rng.integers(0, 40_000)))),
        }
        if kind != "unknown" and self.rng.random() < 0.9:
            self.rows["customers"].append(known)

    def event(self, who, at, **said):
        line = {
            "customer_id": who,
            "occurred_at": at,
            "feature": self.pick(WORDS),
            "duration_seconds": self.maybe(int(self.rng.integers(0, 4000))),
            "session_id": self.maybe(self.pick(["s1", "S1", f"{who}{at:%j%H}"]), 0.4),
        }
        self.rows["events"].append(line | said)

    def touch(self, who, at, **said):
        line = {
            "customer_id": who,
            "occurred_at": at,
            "stage": self.maybe(self.pick([*STAGES, "elsewhere", ""])),
            "channel": self.pick(WORDS),
            "cost": self.maybe(abs(self.money())),
            "is_conversion": bool(self.rng.random() < 0.2),
        }
        self.rows["touchpoints"].append(line | said)

    def perform(self, who, begun, hours):
        """One of the use cases, in time or too late, or two steps of it at one moment."""
        later = begun + dt.timedelta(hours=hours * int(self.rng.integers(0, 3)))
        which = self.pick(["in_order", "any_order", "mixed"])
        if which == "in_order":
            self.event(who, begun, feature="Zed")
            self.event(who, later, feature="apple")
        if which == "any_order":
            self.touch(who, begun, channel="a`b")
            self.order(who, ordered_at=begun, is_return=self.maybe(False))
            self.event(who, later, feature="O'Brien")
        if which == "mixed":
            self.touch(who, begun, stage="decision")
            self.order(who, ordered_at=later, category="Ünïcode ☕", is_return=False)

    def elsewhere(self, who):
        """What a customer does beside buying."""
        for _ in range(int(self.rng.integers(1, 30))):
            at = self.moment()
            for step in range(int(self.rng.integers(1, 4))):
                self.event(who, at + dt.timedelta(minutes=step * int(self.rng.integers(0, 40))))
        for _ in range(int(self.rng.integers(0, 12))):
            self.touch(who, self.moment())
            self.rows["contacts"].append(
                {
                    "customer_id": who,
                    "campaign_id": self.pick(WORDS),
                    "contacted_at": self.maybe(self.moment()),
                    "is_control": bool(self.rng.random() < 0.3),
                    "opened": self.maybe(bool(self.rng.random() < 0.5)),
                    "clicked": self.maybe(bool(self.rng.random() < 0.2)),
                    "converted": bool(self.rng.random() < 0.1),
                    "revenue": self.maybe(self.money()),
                    "cost": self.maybe(abs(self.money())),
                }
            )
            self.rows["feedback"].append(
                {
                    "customer_id": who,
                    "given_at": self.moment(),
                    "csat": self.maybe(int(self.rng.integers(1, 6))),
                    "nps": self.maybe(int(self.rng.integers(0, 11))),
                    "topic": self.maybe(self.pick(WORDS)),
                }
            )


CUSTOMERS = ["none", "one", "returns", "same moment", "silent", "bare", "zero", "clockwork", "many", "shared", "turn", "events", "unknown"]
CUSTOMERS += ["fading", "growing", "performing", "performing"]


def nasty(seed: int, per_kind: int = 5, categories: int = 0) -> dict[str, pa.Table]:
    """Canonical tables of such customers, all columns in; one of them may have bought in very many categories."""
    made = Nasty(seed)
    for number in range(per_kind):
        for kind in CUSTOMERS:
            made.customer(f"c{made.rng.integers(10**9):09d}{number}", kind)
    for number in range(categories):
        made.order("widely", category=f"{made.pick(WORDS)}{number}", ordered_at=dt.datetime(2024, 5, 5), order_id=f"w{number % 7}")
    return {name: typed(name, rows) for name, rows in made.rows.items()}


def typed(name: str, rows: list[dict]) -> pa.Table:
    """Rows with the types of the contract, attributes with theirs."""
    kinds = {column: DTYPES[each.dtype] for column, each in TABLES[name].columns.items()}
    if name == "customers":
        kinds |= {attribute: DTYPES[reading.type] for attribute, reading in ATTRIBUTES.items()}
    known = TABLES[name].columns
    fields = [field.with_nullable(field.name not in known or not known[field.name].required) for field in ibis.schema(kinds).to_pyarrow()]
    return pa.Table.from_pylist(rows, pa.schema(fields))  # as DuckDB writes them: what is never missing cannot be


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


USE_CASES = tuple(
    UseCase.model_validate({"actor": "somebody", "goal": "Something.", **said})
    for said in (
        {"name": "in_order", "pattern": {"within_days": 30, "steps": [{"feature": "Zed"}, {"feature": "apple"}]}},
        {
            "name": "any_order",
            "preconditions": {"premium": [True], "age": list(range(60))},
            "pattern": {"ordered": False, "within_days": 90, "steps": [{"feature": "O'Brien"}, {"order": "any"}, {"channel": "a`b"}]},
        },
        {"name": "mixed", "pattern": {"within_days": 0.5, "steps": [{"stage": "decision"}, {"category": "Ünïcode ☕"}]}},
    )
)


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
    functions = described(expected.to_pandas()) | {
        "outcomes": lambda tables: kpis.measured(tables, AS_OF - dt.timedelta(days=60), end).reset_index()
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
