"""Stability: would other customers of the same kind have given the same segments?

As in flexclust, two bootstrap samples are clustered and both solutions predicted on the same full rows; their adjusted Rand index
is one of PAIRS values. As in fpc, each segment's best Jaccard overlap with each bootstrap solution says which segments to trust.
Stable does not mean valid: one correlated cloud can be cut the same way every time.
"""

import numpy as np
import pandas as pd

from segkit import segments
from segkit.compare.indices import adjusted_rand, jaccard

PAIRS = 20
TRUST = [(0.85, "highly stable"), (0.75, "valid"), (0.6, "doubtful"), (0.0, "do not trust")]
SMALLEST_VARIANCE = 1e-3  # a mixture component thinner than 0.03 standard deviations has collapsed onto tied values
Labels = dict[tuple[str, int], np.ndarray]


def fit(method: str, rows: pd.DataFrame, k: int, seed: int, restarts: int, tree: np.ndarray | None = None) -> segments.Solution:
    """One method at one k, on rows in value order."""
    if method == "ward":
        return segments.ward(rows, k, seed, tree)
    if method == "gmm":
        return segments.gmm(rows, k, seed, restarts, SMALLEST_VARIANCE)
    return segments.kmeans(rows, k, seed, restarts)


def refit(rows: pd.DataFrame, methods: list[str], ks: list[int], seed: int) -> Labels:
    """Cluster one bootstrap sample by every method at every k, and predict all rows. Out: (method, k) -> segment names, n."""
    rng = np.random.default_rng(seed)
    drawn = rows.iloc[np.sort(rng.integers(len(rows), size=len(rows)))].reset_index(drop=True)
    tree = segments.ward_tree(drawn) if "ward" in methods else None
    seeds = {(method, k): int(rng.integers(2**31)) for method in methods for k in ks}
    return {
        (method, k): segments.assign(fit(method, drawn, k, seeds[method, k], 1, tree), rows).to_numpy() for method in methods for k in ks
    }


def bootstrap(rows: pd.DataFrame, methods: list[str], ks: list[int], seed: int) -> list[Labels]:
    """2 x PAIRS bootstrap refits, each predicted on `rows`. Seeds are drawn up front: any number of workers gives the same answer."""
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    seeds = np.random.default_rng(seed).integers(2**31, size=2 * PAIRS)
    with threadpool_limits(1):  # here too: of several workers each would lift the limit under the others when it is done
        return Parallel(n_jobs=cpu_count(), prefer="threads")(delayed(refit)(rows, methods, ks, int(each)) for each in seeds)


def pair_agreement(refits: list[np.ndarray]) -> np.ndarray:
    """Adjusted Rand index of each of the PAIRS pairs of refits."""
    return np.array([adjusted_rand(a, b) for a, b in zip(refits[::2], refits[1::2])])


def segment_stability(labels: pd.Series, refits: list[np.ndarray]) -> pd.DataFrame:
    """Trust per segment. Out: segment, n, value (median best Jaccard), low, high (quartiles), mean, trust, refits.

    In: labels of the rows that were refitted, in their order.
    """
    overlaps = np.array([jaccard(labels.to_numpy(), refit) for refit in refits])
    low, median, high = np.quantile(overlaps, [0.25, 0.5, 0.75], axis=0)
    names, sizes = np.unique(labels.to_numpy(), return_counts=True)
    return pd.DataFrame(
        {
            "segment": names,
            "n": sizes,
            "value": median,
            "low": low,
            "high": high,
            "mean": overlaps.mean(axis=0),
            "trust": [trust(mean) for mean in overlaps.mean(axis=0)],
            "refits": len(refits),
        }
    )


def trusted(solution: segments.Solution, rows: pd.DataFrame, refits: list[Labels]) -> pd.DataFrame:
    """`segment_stability` of one solution, with its method and k in front."""
    found = segment_stability(segments.assign(solution, rows), [labels[solution.method, solution.k] for labels in refits])
    return found.assign(method=solution.method, k=solution.k)[["method", "k", *found.columns]]


def trust(mean_jaccard: float) -> str:
    """fpc's words for a mean best Jaccard overlap (Hennig 2007)."""
    return next(word for least, word in TRUST if mean_jaccard >= least)
