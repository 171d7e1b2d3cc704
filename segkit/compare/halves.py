"""Prediction strength: does half of the customers say how the other half falls into segments?

Tibshirani & Walther 2005 (doi 10.1198/106186005X59243), with both directions of a split averaged and groups of one counted as foretold, as
in fpc. Foretold is not the same as real: so is a cut through one long cloud, and one that only takes off outliers.
"""

import numpy as np
import pandas as pd

from segkit.compare.bootstrap import cut_and_predict
from segkit.matrix import in_value_order
from segkit.segments import at_most_distinct

SPLITS = 10
FORETOLD = 0.80  # Tibshirani & Walther: .8 to .9 marks groups that are well apart


def prediction_strength(rows: pd.DataFrame, methods: list[str], ks: list[int], kinds: dict[int, str], seed: int) -> pd.DataFrame:
    """The least share, over the segments of one half, of pairs of their customers whom the other half's rule puts together as well.

    In: a matrix, in any order; `kinds`, a mixture's covariances at each k. Out: method, k, value (mean over splits, from 0 to 1), low, high
    (value -/+ its standard error over splits: the paper's own reading asks whether `high` reaches .8), n, splits (those in which both
    halves fell into k segments; without any the value is NA). Splits share their customers, so that the error understates what other
    customers would change. In either half a customer's segment is the one that half's rule assigns, as everywhere in a report; for trees
    that need not be the method's own cut. Seeds are drawn up front: any number of workers gives the same answer.
    """
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    values = np.ascontiguousarray(in_value_order(rows).to_numpy(dtype=float))
    seeds = np.random.default_rng(seed).integers(2**31, size=SPLITS)
    with threadpool_limits(1):  # here too: of several workers each would lift the limit under the others when it is done
        found = Parallel(n_jobs=cpu_count(), prefer="threads")(
            delayed(strengths_of_split)(values, methods, ks, kinds, int(each)) for each in seeds
        )
    lines = []
    for method in methods:
        for k in ks:
            over_splits = pd.Series([split[method, k] for split in found], dtype=float).dropna()
            value, error, splits = over_splits.mean(), over_splits.sem(), len(over_splits)
            lines.append((method, k, value, value - error, value + error, len(values), splits))
    return pd.DataFrame(lines, columns=["method", "k", "value", "low", "high", "n", "splits"])


def strengths_of_split(values: np.ndarray, methods: list[str], ks: list[int], kinds: dict[int, str], seed: int) -> dict:
    """One random split. Out: (method, k) -> how well either half foretells the other, the mean of both; NaN unless both have k segments.

    All methods and all k share the two halves, so that their strengths differ by nothing else.
    """
    rng = np.random.default_rng(seed)
    first = np.zeros(len(values), dtype=bool)
    first[rng.permutation(len(values))[: len(values) // 2]] = True
    halves, starts = (first, ~first), rng.integers(2**31, size=(2, len(ks)))
    most = min(at_most_distinct(max(ks), values[half]) for half in halves)
    asked = [k for k in ks if k <= most]
    if not asked:
        return dict.fromkeys(((method, k) for method in methods for k in ks), np.nan)
    rules = [
        cut_and_predict(values, half.astype(int), methods, asked, kinds, start[np.isin(ks, asked)]) for half, start in zip(halves, starts)
    ]
    found = {}
    for method in methods:
        for k in ks:
            both = [rule[method, k] for rule in rules] if k in asked else []
            whole = both and all(len(np.unique(labels[half])) == k for labels, half in zip(both, halves))
            ways = zip(halves, both, both[::-1])
            found[method, k] = np.mean([strength(own[half], other[half]) for half, own, other in ways]) if whole else np.nan
    return found


def strength(own: np.ndarray, foretold: np.ndarray) -> float:
    """The least share, over groups of `own`, of pairs of members that share a group of `foretold`, too; a group of one counts as 1."""
    own, foretold = (np.unique(each, return_inverse=True)[1] for each in (own, foretold))
    both = np.bincount(own * (foretold.max() + 1) + foretold, minlength=(own.max() + 1) * (foretold.max() + 1)).reshape(own.max() + 1, -1)
    sizes = both.sum(axis=1)
    together = (both * (both - 1)).sum(axis=1)
    return float(np.where(sizes > 1, together / np.maximum(sizes * (sizes - 1), 1), 1.0).min())


def largest_foretold(rows: pd.DataFrame) -> dict[str, int]:
    """Method -> the largest k whose strength, plus its standard error, is at least FORETOLD.

    In: the rows of `prediction_strength`. 1 where there is none: one group is always foretold.
    """
    reached = rows[rows.high >= FORETOLD].groupby("method").k.max()
    return {method: int(reached.get(method, 1)) for method in rows.method.unique()}
