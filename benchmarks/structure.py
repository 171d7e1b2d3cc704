"""How often the structure verdict is wrong: one population called reproducible, planted groups missed or miscounted.

`python benchmarks/structure.py --seeds 40` prints a line per case. Seeds start at 1000: the rule was tuned on smaller ones.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, ndtr
from scipy.stats import gamma as gamma_law

from segkit.compare import verdict

ROWS, COLUMNS, ITEMS = 1_000, 5, 11
FIRST_SEED = 1_000
MOST_FALSE, LEAST_FOUND, LEAST_RIGHT_K = 0.05, 0.90, 0.80
HEADER = f"{'case':24s} {'seeds':>5s} {'reproducible':>12s} {'T1':>5s} {'right k':>7s} {'seconds':>7s}  k where reproducible"
LINE = "{case:24s} {seeds:5d} {reproducible:12.3f} {several:5.2f} {right_k:7.2f} {seconds:7.2f}  {ks}"

Make = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Case:
    """Data of known origin. `groups` is the truth; `claim` is what must hold:

    alone: not reproducible. found: reproducible. counted: found, with the right k. limit: nothing, the report names it.
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


# ---- one population -------------------------------------------------------------------------------------------------
def _correlated_normal(rng: np.random.Generator, columns: int = COLUMNS) -> np.ndarray:
    """Gaussian rows whose columns load on one common factor and one contrast."""
    shared = rng.standard_normal((ROWS, 2))
    loadings = rng.uniform(-0.9, 0.9, (2, columns))
    return shared @ loadings + 0.5 * rng.standard_normal((ROWS, columns))


def gaussian(rng):
    return rng.standard_normal((ROWS, COLUMNS))


def gaussian_correlated(rng):
    return _correlated_normal(rng)


def uniform(rng):
    return rng.random((ROWS, COLUMNS))


def gamma(rng):
    return rng.gamma(1.0, size=(ROWS, COLUMNS))


def gamma_log1p(rng):
    return np.log1p(10 * gamma(rng))


def gamma_correlated(rng):
    normal = _correlated_normal(rng)
    return gamma_law.ppf(ndtr(normal / normal.std(axis=0)), 1.0)


def t3_independent(rng):
    return rng.standard_t(3, (ROWS, COLUMNS))


def t3_multivariate(rng):
    return gaussian(rng) / np.sqrt(rng.chisquare(3, ROWS) / 3)[:, None]


def bernoulli_items(rng):
    return (rng.random((ROWS, ITEMS)) < rng.uniform(0.1, 0.9, ITEMS)).astype(float)


def one_trait(rng):
    """Yes/no items that all ask for one trait, at different thresholds (a two-parameter logistic model)."""
    trait = rng.standard_normal(ROWS)[:, None]
    return (rng.random((ROWS, ITEMS)) < expit(rng.uniform(1, 2.5, ITEMS) * (trait - rng.uniform(-1.5, 1.5, ITEMS)))).astype(float)


def zero_inflated(rng):
    absent = rng.random((ROWS, COLUMNS)) < rng.uniform(0.3, 0.7, COLUMNS)
    return np.where(absent, 0.0, rng.gamma(2.0, size=(ROWS, COLUMNS)))


def customers(rng):
    """Half of the customers ordered once; orders, spend, recency, tenure and minutes of use follow from one loyalty."""
    loyalty = rng.standard_normal(ROWS)
    orders = np.where(rng.random(ROWS) < 0.5, 1, 2 + rng.poisson(np.exp(0.5 + 0.7 * loyalty)))
    spend = orders * rng.lognormal(3.5, 0.6, ROWS)
    tenure = rng.uniform(30, 730, ROWS)
    recency = tenure * rng.beta(1.2, 1.5, ROWS)
    minutes = rng.lognormal(2 + 0.5 * loyalty, 0.8)
    return np.column_stack([np.log1p(orders), np.log1p(spend), recency, tenure, np.log1p(minutes)])


def customers_with_span(rng):
    """The same with days between first and last order: structurally 0 for whoever ordered once."""
    known = customers(rng)
    span = np.where(known[:, 0] < np.log(2.5), 0.0, (known[:, 3] - known[:, 2]) * rng.beta(3, 1, ROWS))
    return np.column_stack([known, span])


def banana(rng):
    normal = gaussian(rng)
    normal[:, 1] = normal[:, 0] ** 2 + 0.5 * normal[:, 1]
    return normal


# ---- several populations --------------------------------------------------------------------------------------------
def _sizes(rng: np.random.Generator, groups: int, smallest: float = 0.05) -> np.ndarray:
    """Group shares: one is exactly the smallest, the others divide the rest at random."""
    return np.concatenate([[smallest], smallest + (1 - groups * smallest) * rng.dirichlet(np.full(groups - 1, 2.0))])


def _separations(centres: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """|mu_i - mu_j| / (sigma_i + sigma_j), each sigma taken along the line between the two centres."""
    found = []
    for i in range(len(centres)):
        for j in range(i):
            line = centres[i] - centres[j]
            distance = np.linalg.norm(line)
            sigmas = [math.sqrt(line @ covariances[g] @ line) / distance for g in (i, j)]
            found.append(distance / sum(sigmas))
    return np.array(found)


def blobs(groups: int, separation: float = 3.0, noise_columns: int = 0) -> Make:
    """Gaussian groups, the smallest 5 %, axis sd .5 to 1.5, turned at random; the closest pair `separation` apart."""

    def make(rng: np.random.Generator) -> np.ndarray:
        turns = [np.linalg.qr(rng.standard_normal((COLUMNS, COLUMNS)))[0] for _ in range(groups)]
        axes = rng.uniform(0.5, 1.5, (groups, COLUMNS))
        covariances = np.array([turn @ np.diag(axis**2) @ turn.T for turn, axis in zip(turns, axes)])
        centres = rng.standard_normal((groups, COLUMNS))
        centres *= separation / _separations(centres, covariances).min()
        labels = rng.choice(groups, ROWS, p=_sizes(rng, groups))
        noise = rng.standard_normal((ROWS, COLUMNS))
        rows = np.array([centres[g] + turns[g] @ (axes[g] * point) for g, point in zip(labels, noise)])
        return np.column_stack([rows, rng.standard_normal((ROWS, noise_columns))])

    return make


def overlap(distance: float) -> Make:
    """Three spherical groups of equal size, every two centres `distance` sd apart."""

    def make(rng: np.random.Generator) -> np.ndarray:
        return gaussian(rng) + distance / math.sqrt(2) * np.eye(3, COLUMNS)[rng.integers(3, size=ROWS)]

    return make


def latent_classes(rng):
    """Three classes of respondents: .85 yes on their own third of the items, .15 on the others."""
    own = np.arange(ITEMS) % 3 == rng.integers(3, size=ROWS)[:, None]
    return (rng.random((ROWS, ITEMS)) < np.where(own, 0.85, 0.15)).astype(float)


def zero_inflated_segments(rng):
    """Three segments, each using two features of its own; who does not use a feature has a 0."""
    uses = rng.random((ROWS, 6)) < np.where(np.arange(6) // 2 == rng.integers(3, size=ROWS)[:, None], 0.9, 0.1)
    return np.where(uses, rng.gamma(6.0, size=(ROWS, 6)), 0.0)


CASES = {
    **{
        make.__name__: Case(make, 1, "alone")
        for make in (
            gaussian,
            gaussian_correlated,
            uniform,
            gamma,
            gamma_log1p,
            gamma_correlated,
            t3_multivariate,
            t3_independent,
            bernoulli_items,
            one_trait,
            zero_inflated,
            customers,
            banana,
        )
    },
    "customers_with_span": Case(customers_with_span, 1, "limit"),
    **{f"blobs_{groups}": Case(blobs(groups), groups, "found") for groups in (3, 4, 6)},
    "blobs_3_noise_7": Case(blobs(3, noise_columns=7), 3, "found"),
    "blobs_4_closer": Case(blobs(4, separation=2.0), 4, "found"),
    "overlap_2.8": Case(overlap(2.8), 3, "counted"),
    "overlap_2.1": Case(overlap(2.1), 3, "limit"),
    "latent_classes": Case(latent_classes, 3, "counted"),
    "zero_inflated_segments": Case(zero_inflated_segments, 3, "counted"),
}


def rates(case: str, seeds: Iterable[int]) -> dict:
    """Shares of the seeds in which the case is reproducible, beats one population (T1), is reproducible with the right k."""
    start, seeds = time.perf_counter(), list(seeds)
    found = [verdict.structure(pd.DataFrame(CASES[case].make(np.random.default_rng(seed))), seed) for seed in seeds]
    cut = [each.k for each in found if each.verdict == "reproducible"]
    return {
        "case": case,
        "seeds": len(seeds),
        "reproducible": len(cut) / len(seeds),
        "several": sum(each.several for each in found) / len(seeds),
        "right_k": sum(k == CASES[case].groups for k in cut) / len(seeds),
        "ks": "".join(map(str, cut)),
        "seconds": (time.perf_counter() - start) / len(seeds),
    }


def judged(rate: dict) -> list[Row]:
    """The rows of bench.json for one case."""
    name, claim, unit = f"structure {rate['case']}", CASES[rate["case"]].claim, f"share of {rate['seeds']} seeds"
    called, right = rate["reproducible"], rate["right_k"]
    if claim == "alone":
        return [Row(f"{name}: false reproducible", called, unit, f"<= {MOST_FALSE}", called <= MOST_FALSE)]
    if claim == "limit":
        return [Row(f"{name}: reproducible (a named limit)", called, unit, "", True)]
    rows = [Row(f"{name}: reproducible", called, unit, f">= {LEAST_FOUND}", called >= LEAST_FOUND)]
    if claim == "counted":
        rows.append(Row(f"{name}: right k", right, unit, f">= {LEAST_RIGHT_K}", right >= LEAST_RIGHT_K))
    return rows


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
