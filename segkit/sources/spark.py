"""Spark as an engine: an existing cluster as Spark's own configuration names it, else this machine.

Moments stay wall clock, money decimal, and nothing is shown or left lying: Spark quotes rows in what it says, and kernels are killed.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import ibis
import pyarrow as pa
from pyarrow import parquet

from segkit import home
from segkit.errors import BadInput

log = logging.getLogger("segkit")
INSTALL = "install segkit with its extra, `pip install 'segkit[spark]'`, and Java 17 or 21; or take `engine` out of the dataset file"
SETTINGS = {  # of our own Spark session, whatever the cluster's are
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # moments are wall clock: nobody's time zone shifts them
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",  # days before 1582 are those of the files
    "spark.sql.ansi.enabled": "true",  # a sum too large is an error, not a gap
    "spark.sql.execution.arrow.pyspark.enabled": "true",  # rows come back by the batch
}
QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR", "spark.app.name": "segkit"}


def check() -> None:
    """Raise BadInput where PySpark or Java is missing."""
    if not find_spec("pyspark"):
        raise BadInput("engine pyspark: PySpark is not installed", "", INSTALL)
    java = shutil.which(os.path.join(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java")
    if not java and not os.environ.get("SPARK_REMOTE"):
        raise BadInput("engine pyspark: there is no Java", "Spark runs on it", INSTALL)
    _ = ibis.pyspark  # has Ibis know the options of its dialect


def opened(files: Mapping[str, Path], beside: Path) -> dict[str, ibis.Table]:
    """Views in a Spark session beside the one there is, or in a new one, as Spark's own configuration has it."""
    check()
    session = _session(beside)
    with suppress(AttributeError, NotImplementedError):  # a session of Spark Connect is nobody else's
        session = session.newSession()
    connection = ibis.pyspark.connect(session, **SETTINGS)
    connection.to_pyarrow = partial(_collected, connection)
    return {name: _on_cluster(connection, session, f"segkit_{name}", path) for name, path in files.items()}


def _collected(connection: ibis.BaseBackend, expression: ibis.Expr, /, *, params=None, limit=None, **options) -> pa.Table:
    """What an expression comes to on Spark, by Arrow alone. Ibis goes through pandas: whole numbers beyond 2**53 lose digits where another is
    missing, and years before 1678 fail."""
    table = expression.as_table()
    rows = connection.raw_sql(connection.compile(table, params=params, limit=limit)).toArrow()
    return expression.__pyarrow_result__(rows.cast(table.schema().to_pyarrow()))


def _on_cluster(connection: ibis.BaseBackend, session, name: str, path: Path) -> ibis.Table:
    """A view of a file that all of Spark's nodes can read; where they cannot, its rows are sent to them."""
    try:
        return connection.read_parquet(path.absolute().as_uri(), table_name=name)
    except Exception as error:  # of as many classes as Spark has modes; its words name rows and hosts
        log.warning("engine pyspark: %s cannot be read from there (%s), its rows are sent", path, _class(error))
    session.createDataFrame(parquet.read_table(path)).createOrReplaceTempView(name)
    return connection.table(name)


def _class(error: Exception) -> str:
    """What Spark calls a kind of trouble."""
    return getattr(error, "getCondition", lambda: None)() or type(error).__name__


def _session(beside: Path):
    """The session there is, or a new one that keeps quiet and whose local files stay in the private folder."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    try:
        with _silence():
            if os.environ.get("SPARK_REMOTE"):
                return SparkSession.builder.getOrCreate()
            if there := SparkSession.getActiveSession():
                return there
            room = _room(beside)
            with _java_writes_to(room):
                SparkContext._ensure_initialized()  # without Java, SparkConf knows nothing of spark-defaults.conf, spark-submit and MASTER
            settings = SparkConf()
            for key, value in QUIET.items():
                settings.setIfMissing(key, value)
            if settings.get("spark.master", "local[*]").startswith("local"):
                settings.setIfMissing("spark.local.dir", str(room))
                settings.setIfMissing("spark.sql.shuffle.partitions", str(os.cpu_count()))
            return SparkSession.builder.config(conf=settings).getOrCreate()
    except Exception as error:
        raise BadInput(
            "engine pyspark: Spark does not start",
            _class(error),
            "`java -version` has to say 17 or 21, and `pyspark` has to start by itself; SPARK_REMOTE needs pyspark[connect]: see docs/engines.md",
        ) from None


@contextmanager
def _silence() -> Iterator[None]:
    """Whatever is started within says nothing: a notebook would show it, and Spark quotes rows."""
    kept = [os.dup(number) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in (1, 2):
            os.dup2(nowhere, number)
        yield
    finally:
        for number, copy in zip((1, 2), kept):
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


@contextmanager
def _java_writes_to(room: Path) -> Iterator[None]:
    """A Java that is started within unpacks its libraries there, not in a folder of everybody's where they would stay."""
    before = os.environ.get("JDK_JAVA_OPTIONS")
    os.environ["JDK_JAVA_OPTIONS"] = f'{before or ""} "-Djava.io.tmpdir={room}"'
    try:
        yield
    finally:
        os.environ.pop("JDK_JAVA_OPTIONS") if before is None else os.environ.update(JDK_JAVA_OPTIONS=before)


def _room(beside: Path) -> Path:
    """A private folder for what Spark and Java write on this machine, locked as long as this process lives."""
    sweep(beside)
    room = home.private(beside / f".spark-{os.getpid()}")
    with suppress(BlockingIOError):  # it is ours already
        fcntl.flock(os.open(room, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    return room


def sweep(beside: Path) -> None:
    """Remove what Spark left beside the gathered tables because its process was killed, as kernels are."""
    for left in beside.glob(".spark-*"):
        door = os.open(left, os.O_RDONLY)
        with suppress(BlockingIOError):  # somebody works there
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        os.close(door)
