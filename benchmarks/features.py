"""What features cost at size: a log of fifty million order lines, beside plain pandas, beside SQL written by hand, and as it grows."""

import os
import resource
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.gather import claim
from benchmarks.runtime import PROJECT, measured

ORDERS = 18_000_000  # (customer, order) pairs of the largest log
LINES = 2.865  # lines of an order on average
AS_OF = "2025-08-01"
SIZES = (5, 10, 25, 50)  # million lines
OURS = f"""
import sys
from datetime import datetime
from pathlib import Path
from segkit import features
from segkit.sources import engine
orders = engine.connect(spill=Path(sys.argv[2]).parent / 'spill').read_parquet(sys.argv[1], table_name='orders')
features.customer_features({{'orders': orders}}, datetime.fromisoformat('{AS_OF}')).to_parquet(sys.argv[2])
"""
BY_HAND = f"""
import os, sys, duckdb
from pathlib import Path
here = duckdb.connect(config={{'memory_limit': os.environ['SEGKIT_MEMORY'], 'temp_directory': str(Path(sys.argv[2]).parent / 'spill')}})
text = Path(sys.argv[3]).read_text().replace(':log', sys.argv[1]).replace(':as_of', '{AS_OF}')
here.execute("SET enable_progress_bar = false")
here.execute(f"COPY ({{text}}) TO '{{sys.argv[2]}}' (FORMAT parquet)")
"""
PANDAS = f"""
import sys
from datetime import datetime
import pandas as pd
from benchmarks.baselines import order_features
columns = ['customer_id', 'order_id', 'ordered_at', 'amount', 'quantity', 'category', 'channel']
lines = pd.read_parquet(sys.argv[1], columns=columns)
lines['amount'] = lines.amount.astype('float64')
order_features(lines, datetime.fromisoformat('{AS_OF}')).sort_index().reset_index().to_parquet(sys.argv[2])
"""


def log_of(path: Path, orders: int, integer_ids: bool = False) -> int:
    """Order lines in no order at all, of customers some of whom buy a hundred times as often as others. Returns how many lines."""
    import duckdb

    path.parent.mkdir(parents=True, exist_ok=True)
    customer = "floor(1000000 * pow(u, 2.5))::BIGINT"
    ids = (
        f"{customer} AS customer_id, i AS order_id"
        if integer_ids
        else (f"'p' || substr(md5(({customer})::VARCHAR), 1, 20) AS customer_id, 'O' || lpad(i::VARCHAR, 8, '0') AS order_id")
    )
    here = duckdb.connect(config={"memory_limit": "8GB", "temp_directory": str(path.parent / "spill")})
    here.execute("SET enable_progress_bar = false")
    here.execute(
        f"""COPY (
        WITH drawn AS (SELECT i, (hash(i) % 1000003) / 1000003.0 AS u, hash(i + 77) AS h, hash(i + 991) AS g FROM range({orders}) t(i)),
        placed AS (SELECT i, {ids}, TIMESTAMP '2022-01-01' + to_seconds((h % 1400) * 86400 + g % 86400) AS ordered_at,
          ['web', 'app', 'sales'][1 + (g % 7 % 3)::INT] AS channel, 1 + least(floor(-ln((h % 99991 + 1) / 99992.0) * 2.33)::INT, 30) AS n FROM drawn)
        SELECT customer_id, order_id, ordered_at, 'category ' || (hash(i * 31 + j) % 40) AS category, (1 + hash(i * 17 + j) % 5)::BIGINT AS quantity,
          ((100 + hash(i * 13 + j) % 20000) / 100)::DECIMAL(18, 4) AS amount, channel
        FROM (SELECT *, unnest(range(n)) AS j FROM placed) ORDER BY hash(i, j)) TO '{path}' (FORMAT parquet)"""
    )
    lines, pairs = here.execute(f"SELECT count(*), count(DISTINCT (customer_id, order_id)) FROM '{path}'").fetchone()
    assert pairs == orders, f"{pairs:,} pairs of customer and order"
    return lines


def cost(code: str, log: Path, found: Path) -> dict[str, float]:
    """Seconds, seconds of processors, and gigabytes of one way to compute the features, in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "SEGKIT_MEMORY": "3GB"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-c", code, str(log), str(found), str(PROJECT / "benchmarks" / "features.sql")]
    seconds, memory = measured(words, env, log.parent)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "memory": memory}


def same(found: Path, expected: Path) -> bool:
    """Whether two tables agree about every customer, in every column that both have: numbers to 1e-9."""
    import pandas as pd

    ours, theirs = (pd.read_parquet(path).sort_values("customer_id", ignore_index=True) for path in (found, expected))
    both = [name for name in theirs.columns if name in ours.columns]
    assert len(both) >= 40 and len(ours) == len(theirs)
    for name in both:
        a, b = ours[name], theirs[name]
        if pd.api.types.is_numeric_dtype(b):
            agree = np.isclose(a.astype("float64"), b.astype("float64"), rtol=1e-9, atol=1e-9, equal_nan=True)
        else:
            agree = (a == b) | (a.isna() & b.isna())
        if not agree.all():
            return False
    return True


def beside(folder: Path, orders: int, integer_ids: bool) -> list[dict]:
    """Ours beside pandas and beside SQL by hand on one log."""
    log = folder / "log.parquet"
    lines = log_of(log, orders, integer_ids)
    what = f"features of {lines:,} lines, {'integer' if integer_ids else 'string'} ids"
    ours, by_hand, pandas = (
        cost(code, log, folder / f"{name}.parquet") for name, code in (("ours", OURS), ("sql", BY_HAND), ("pandas", PANDAS))
    )
    found = [
        claim(f"{what}: seconds", ours["seconds"], "s", None),
        claim(f"{what}: processor seconds", ours["cpu"], "s", None),
        claim(f"{what}: memory", ours["memory"], "GB", 3.5),
        claim(f"{what}: plain pandas, processor seconds", pandas["cpu"], "s", None),
        claim(f"{what}: seconds over plain pandas", ours["seconds"] / pandas["seconds"], "ratio", 1 / 2.2 if integer_ids else 1 / 3),
        claim(f"{what}: memory over plain pandas", ours["memory"] / pandas["memory"], "ratio", None if integer_ids else 1 / 3),
        claim(f"{what}: processor seconds over SQL by hand", ours["cpu"] / by_hand["cpu"], "ratio", 1.1),
        claim(f"{what}: not the same as plain pandas", float(not same(folder / "ours.parquet", folder / "pandas.parquet")), "0 or 1", 0),
        claim(f"{what}: not the same as SQL by hand", float(not same(folder / "ours.parquet", folder / "sql.parquet")), "0 or 1", 0),
        claim(f"{what}: load of the machine", os.getloadavg()[0], "processes", None),
    ]
    log.unlink()
    return found


def growth(folder: Path, sizes: tuple[int, ...] = SIZES) -> list[dict]:
    """How processor seconds grow with the log: the slope of a line through logarithms, medians of three."""
    spent, counted = [], []
    for million in sizes:
        log = folder / "log.parquet"
        counted.append(log_of(log, int(million * 1_000_000 / LINES)))
        spent.append(statistics.median(cost(OURS, log, folder / "ours.parquet")["cpu"] for _ in range(3)))
        log.unlink()
    slope = float(np.polyfit(np.log(counted), np.log(spent), 1)[0])
    lines = [claim(f"features of {n:,} lines: processor seconds, median of 3", s, "s", None) for n, s in zip(counted, spent)]
    return [*lines, claim(f"features: growth from {sizes[0]} to {sizes[-1]} million lines", slope, "exponent", 1.25)]


def rows():
    """Both kinds of ids, then growth."""
    with tempfile.TemporaryDirectory() as place:
        for integer_ids in (False, True):
            yield from beside(Path(place), ORDERS, integer_ids)
        yield from growth(Path(place))


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
