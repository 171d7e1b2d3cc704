"""Data of known origin: single populations, what lies outside the null, and several populations. Every maker takes a generator, gives 1,000 rows."""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import expit, ndtr
from scipy.stats import gamma as gamma_law

ROWS, COLUMNS, ITEMS = 1_000, 5, 11

Make = Callable[[np.random.Generator], np.ndarray]


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
