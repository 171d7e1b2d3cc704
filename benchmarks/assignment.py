"""What assigning a million customers costs in the embedded engine, from a file of features to a file of segments, and whether all agree."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.gather import claim
from benchmarks.runtime import measured, new_home
from segkit import matrix, segments

CUSTOMERS, FEATURES, K, FITTED, SEED = 1_000_000, 12, 5, 5_000, 7
TARGETS = {"kmeans": 3, "gmm": 6}  # seconds on two cores
ASSIGN = """
import json, sys, time
from pathlib import Path
import numpy as np, pandas as pd
from segkit import matrix, rules, segments
from segkit.sources import engine
folder, method = Path(sys.argv[1]), sys.argv[2]
said = json.loads((folder / f"{method}.json").read_text())
recipe, scores = matrix.from_json(said["recipe"]), said["segments"]
parts = [np.array([each[name] for each in scores]) for name in ("center", "precision", "offset")]
solution = segments.Solution(method, said["k"], said["seed"], tuple(recipe.names), *parts, pd.Series(dtype="str"))
began, busy = time.monotonic(), time.process_time()
connection = engine.connect()
features = connection.read_parquet(folder / "features.parquet")
connection.to_parquet(rules.assigned(features, recipe, solution), folder / f"{method}.parquet")
spent = [time.monotonic() - began, time.process_time() - busy]
(folder / f"{method}.seconds").write_text(" ".join(map(str, spent)))
"""


def customers(n: int, seed: int) -> pd.DataFrame:
    """Features of customers in groups: every other one skewed, one of them with gaps, one a yes/no answer."""
    rng = np.random.default_rng(seed)
    group = rng.integers(K, size=n)
    values = {f"f{at}": rng.normal(rng.normal(size=K)[group], 1) for at in range(FEATURES)}
    made = {name: np.exp(each) if at % 2 else each for at, (name, each) in enumerate(values.items())}
    made["f1"] = np.where(rng.random(n) < 0.05, np.nan, made["f1"])
    made["f2"] = (made["f2"] > 0).astype(float)
    return pd.DataFrame({"customer_id": [f"c{at:07d}" for at in range(n)]} | made)


def otherwise(features: pd.DataFrame, recipe: matrix.Recipe, solution: segments.Solution, found: pd.DataFrame) -> int:
    """How many customers memory assigns otherwise than the engine did."""
    by_engine, apart = found.set_index("customer_id").segment, 0
    for start in range(0, len(features), 100_000):
        labels = segments.assign(solution, matrix.prepare(features.iloc[start : start + 100_000], recipe))
        apart += int((by_engine.loc[labels.index] != labels).sum())
    return apart + abs(len(found) - len(features))


def rows() -> list[dict]:
    """Seconds with their targets, memory of the whole process, and customers assigned otherwise, for a hard cut and for a mixture."""
    lines = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        features = customers(CUSTOMERS, SEED)
        features.to_parquet(folder / "features.parquet", index=False)
        features = features.set_index("customer_id")
        few = features.sample(FITTED, random_state=SEED)
        recipe = matrix.recipe(few, list(few), winsorise=0.01)
        prepared = matrix.prepare(few, recipe)
        for solution in (segments.kmeans(prepared, K, SEED, 5), segments.gmm(prepared, K, SEED)):
            method = solution.method
            (folder / f"{method}.json").write_text(segments.to_text(solution, recipe))
            _, memory = measured([sys.executable, "-c", ASSIGN, str(folder), method], new_home(folder / f"home_{method}"), folder)
            seconds, busy = map(float, (folder / f"{method}.seconds").read_text().split())
            apart = otherwise(features, recipe, solution, pd.read_parquet(folder / f"{method}.parquet"))
            what = f"assign {CUSTOMERS:,} customers by {FEATURES} features, k = {K}, {segments.NAMES[method]}"
            lines += [
                claim(f"{what}: Parquet to Parquet", seconds, "s", TARGETS[method]),
                claim(f"{what}: processor time, all cores together", busy, "s", None),
                claim(f"{what}: resident memory", memory, "GB", None),
                claim(f"{what}: assigned otherwise than in memory", apart, "customers", 0),
            ]
    return [*lines, claim("assign customers: load of the machine", os.getloadavg()[0], "processes", None)]


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
