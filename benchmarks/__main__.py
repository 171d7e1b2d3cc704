"""Measure everything that is claimed and write reports/bench.json: a list of {name, value, unit, target, holds, versions}."""

import argparse
import json
import platform
from dataclasses import asdict
from importlib.metadata import version

from benchmarks import assignment, behavior, clv, comparison, coverage, features, gather, million, runtime, structure, verdicts, worth
from segkit import home

VERSIONS = {
    "python": platform.python_version(),
    "machine": platform.machine(),
    **{name: version(name) for name in ("segkit", "numpy", "pandas", "scikit-learn", "duckdb")},
}


def main() -> None:
    """Runtime first, on a machine that is still quiet; then error rates, seed by seed."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seeds", type=int, default=10, help="data sets per structure case")
    ask.add_argument("--reps", type=int, default=300, help="simulated studies per verdict row")
    asked = ask.parse_args()
    found = []
    for part in (
        runtime.rows(),
        gather.rows(),
        features.rows(),
        assignment.rows(),
        comparison.rows(),
        million.rows(),
        clv.rows(),
        structure_rows(asked.seeds),
        coverage.rows(4000, 1000),
        verdicts.rows(asked.reps, 1000),
        worth.rows(asked.reps, 1000),
        behavior.rows(asked.reps),
    ):
        for row in part:
            print(json.dumps(row), flush=True)
            found.append(row | {"versions": VERSIONS})
    path = home.root() / "reports" / "bench.json"
    with home.whole_file(path) as partial:
        partial.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(path)


def structure_rows(seeds: int):
    """The rows of benchmarks/structure.py, case by case."""
    for case in structure.CASES:
        yield from (
            asdict(row) for row in structure.judged(structure.rates(case, range(structure.FIRST_SEED, structure.FIRST_SEED + seeds)))
        )


if __name__ == "__main__":
    main()
