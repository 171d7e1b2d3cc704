"""What notebook 03 costs on a million customers: the whole page, its memory, and what fitting a sample of them loses."""

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.gather import claim
from benchmarks.runtime import measured, new_home

CUSTOMERS, FEATURES, SEGMENTS, SEED = 1_000_000, 12, 5, 7
NAMES = [f"f{i:02d}" for i in range(FEATURES)]
DATASET = f"""
dataset: million
title: A million customers
about: Simulated.
synthetic: true
tables:
  customers:
    file: million.parquet
    columns:
      customer_id: {{}}
{"".join(f"      {name}: {{kind: behavioral, type: number}}" + chr(10) for name in NAMES)}
"""
STUDY = f"""
study: million
dataset: million
question: What does a million cost?
horizon_days: 0
cluster_on: [{", ".join(NAMES)}]
"""
GATHER = """
from segkit import features, sources, store
gathered = sources.gather("million")
known = features.customer_features(gathered.tables, None, gathered.dataset.attributes)
store.shelf("million").write_customers("customer_features", known, **gathered.stamps(None))
"""
RUN = f"""
import papermill
given = dict(study="million", dataset="million", as_of="none", horizon_days=0, cluster_on={NAMES}, methods=["kmeans", "gmm", "ward"])
papermill.execute_notebook("notebooks/03_segments.ipynb", "out.ipynb", given, progress_bar=False)
"""


def million(rng: np.random.Generator) -> pd.DataFrame:
    """Customers of five kinds in twelve features, half of them skewed, as a shop has them: kinds overlap, and the smallest is 5 %."""
    kind = rng.choice(SEGMENTS, CUSTOMERS, p=[0.35, 0.25, 0.2, 0.15, 0.05])
    values = rng.normal(0, 2, (SEGMENTS, FEATURES))[kind] + rng.normal(0, 1, (CUSTOMERS, FEATURES))
    values[:, ::2] = np.expm1(np.clip(values[:, ::2] + 4, 0, None) / 2)
    table = pd.DataFrame(values.round(4), columns=NAMES)
    table.insert(0, "customer_id", [f"c{i:07d}" for i in rng.permutation(CUSTOMERS)])
    return table


def lost(folder: Path) -> float:
    """Inertia of everyone around the centres of the sample's k-means, over that of k-means fitted to everyone; less 1."""
    from sklearn.cluster import KMeans

    from segkit import matrix, segments

    table = pd.read_parquet(folder / "data" / "raw" / "million.parquet").set_index("customer_id")
    prepared = matrix.prepare(table, matrix.recipe(table, NAMES))
    sampled = segments.kmeans(matrix.sample(prepared, 5000, SEED), SEGMENTS, SEED).center
    full = KMeans(SEGMENTS, n_init=3, random_state=SEED).fit(prepared.to_numpy())
    return -KMeans(SEGMENTS, init=sampled, n_init=1, max_iter=1).fit(sampled).score(prepared.to_numpy()) / full.inertia_ - 1


def rows() -> list[dict]:
    """Seconds and memory of notebook 03, what the sample loses, and the slowest cells."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        env = new_home(folder) | {"SEGKIT_KEY": "the key of the benchmarks"}
        (folder / "data" / "raw").mkdir(parents=True)
        million(np.random.default_rng(SEED)).to_parquet(folder / "data" / "raw" / "million.parquet", index=False)
        (folder / "data" / "datasets" / "million.yaml").write_text(DATASET)
        (folder / "notebooks" / "studies" / "million.yaml").write_text(STUDY)
        measured([sys.executable, "-c", GATHER], env, folder)
        seconds, memory = measured([sys.executable, "-c", RUN], env, folder)
        slowest(folder / "out.ipynb")
        excess = lost(folder)
    what = f"notebook 03 on {CUSTOMERS:,} customers x {FEATURES}"
    return [
        claim(f"{what}: seconds", seconds, "s", 150),
        claim(f"{what}: memory", memory, "GB", 3),
        claim(f"{what}: inertia of the sample's fit over the full fit's, less 1", excess, "share", 0.002) | {"value": round(excess, 5)},
        claim(f"{what}: load of the machine", os.getloadavg()[0], "processes", None),
    ]


def slowest(notebook: Path, most: int = 12) -> None:
    """Print which cells took longest."""
    cells = [c for c in json.loads(notebook.read_text())["cells"] if c["cell_type"] == "code"]
    for cell in sorted(cells, key=lambda c: -c["metadata"]["papermill"]["duration"])[:most]:
        print(f"{cell['metadata']['papermill']['duration']:7.1f} s  {''.join(cell['source']).splitlines()[0][:110]}", flush=True)


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
