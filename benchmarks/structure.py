"""How often the structure verdict is wrong: one population called natural or reproducible, planted groups missed or miscounted.

`python benchmarks/structure.py --seeds 40` prints a line per case. Seeds start at 1000: the rule was tuned on smaller ones.
"""

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from benchmarks import populations
from benchmarks.populations import Make
from segkit.compare import verdict

FIRST_SEED = 1_000
MOST_NATURAL, MOST_FALSE, LEAST_NATURAL, LEAST_RIGHT_K, LEAST_FOUND = 0.02, 0.05, 0.95, 0.90, 0.90
HEADER = f"{'case':24s} {'seeds':>5s} {'natural':>7s} {'real':>6s} {'T1':>5s} {'T2':>5s} {'right k':>7s} {'seconds':>7s}  k where natural or reproducible"
LINE = "{case:24s} {seeds:5d} {natural:7.3f} {real:6.3f} {t1:5.2f} {t2:5.2f} {right_k:7.3f} {seconds:7.2f}  {ks}"


@dataclass(frozen=True)
class Case:
    """Data of known origin. `groups` is the truth; `claim` is what must hold:

    alone: neither natural nor reproducible. outside: not natural, though the null does not hold it. separate: natural, with the right k.
    several: natural or reproducible. limit: nothing, it is printed and the report names it.
    """

    make: Make
    groups: int
    claim: str


@dataclass(frozen=True)
class Row:
    """One line of bench.json. Without a target the value is a limit that the report names, and holds."""

    name: str
    value: float
    unit: str
    target: str
    holds: bool


CASES = {
    **{
        make.__name__: Case(make, 1, "alone")
        for make in (
            populations.gaussian,
            populations.gaussian_correlated,
            populations.uniform,
            populations.gamma,
            populations.gamma_log1p,
            populations.gamma_correlated,
            populations.t3_multivariate,
            populations.t3_independent,
            populations.bernoulli_items,
            populations.one_trait,
            populations.zero_inflated,
            populations.customers,
        )
    },
    "banana": Case(populations.banana, 1, "outside"),
    "customers_with_span": Case(populations.customers_with_span, 1, "outside"),
    **{f"blobs_{groups}": Case(populations.blobs(groups), groups, "separate") for groups in (3, 4, 6)},
    "blobs_3_noise_7": Case(populations.blobs(3, noise_columns=7), 3, "several"),
    "blobs_4_closer": Case(populations.blobs(4, separation=2.0), 4, "several"),
    "overlap_2.8": Case(populations.overlap(2.8), 3, "several"),
    "overlap_2.1": Case(populations.overlap(2.1), 3, "limit"),
    "latent_classes": Case(populations.latent_classes, 3, "several"),
    "zero_inflated_segments": Case(populations.zero_inflated_segments, 3, "limit"),
}


def rates(case: str, seeds: Iterable[int]) -> dict:
    """Shares of the seeds in which the case is natural, real (natural or reproducible), passes T1 and T2, is real with the right k."""
    start, seeds = time.perf_counter(), list(seeds)
    found = [verdict.structure(pd.DataFrame(CASES[case].make(np.random.default_rng(seed))), seed) for seed in seeds]
    real = [each for each in found if each.verdict in ("natural", "reproducible")]

    def share(hits: Iterable[bool]) -> float:
        return sum(hits) / len(seeds)

    return {
        "case": case,
        "seeds": len(seeds),
        "natural": share(each.verdict == "natural" for each in found),
        "real": share(True for _ in real),
        "t1": share(each.t1.passes for each in found),
        "t2": share(each.t2.passes for each in found),
        "right_k": share(each.k == CASES[case].groups for each in real),
        "ks": " ".join(f"{each.k}{'' if each.verdict == 'natural' else 'r'}" for each in real[:60]),
        "seconds": (time.perf_counter() - start) / len(seeds),
    }


def judged(rate: dict) -> list[Row]:
    """The rows of bench.json for one case."""
    name, claim, unit = f"structure {rate['case']}", CASES[rate["case"]].claim, f"share of {rate['seeds']} seeds"

    def at_most(what: str, key: str, bound: float) -> Row:
        return Row(f"{name}: {what}", rate[key], unit, f"<= {bound}", rate[key] <= bound)

    def at_least(what: str, key: str, bound: float) -> Row:
        return Row(f"{name}: {what}", rate[key], unit, f">= {bound}", rate[key] >= bound)

    printed = [
        Row(f"{name}: {what}", rate[key], unit, "", True) for what, key in (("natural or reproducible", "real"), ("right k", "right_k"))
    ]
    if claim == "alone":
        return [at_most("false natural", "natural", MOST_NATURAL), at_most("false natural or reproducible", "real", MOST_FALSE)]
    if claim == "outside":
        return [at_most("false natural", "natural", MOST_NATURAL), printed[0]]
    if claim == "separate":
        return [at_least("natural", "natural", LEAST_NATURAL), at_least("right k", "right_k", LEAST_RIGHT_K)]
    if claim == "several":
        return [at_least("natural or reproducible", "real", LEAST_FOUND), printed[1]]
    return printed


def main(arguments: list[str] | None = None) -> list[dict]:
    """Run the cases, print a line for each as it ends and the rows at the end; the rows are also returned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="seeds per case")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES), metavar="CASE")
    chosen = parser.parse_args(arguments)
    print(HEADER, flush=True)
    rows = []
    for case in chosen.cases:
        rate = rates(case, range(chosen.first_seed, chosen.first_seed + chosen.seeds))
        print(LINE.format(**rate), flush=True)
        rows += [asdict(row) for row in judged(rate)]
    print(json.dumps(rows, indent=1))
    return rows


if __name__ == "__main__":
    main()
