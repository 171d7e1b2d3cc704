"""Stability: would other customers of the same kind have given the same segments?

As in flexclust, two bootstrap samples are clustered and both solutions predicted on the same full rows; their adjusted Rand index
is one of PAIRS values. As in fpc, each segment's best Jaccard overlap with each bootstrap solution says which segments to trust.
Stable does not mean valid: one correlated cloud can be cut the same way every time.
"""

import numpy as np
import pandas as pd

from segkit import mixture, segments
from segkit.compare import means
from segkit.compare.indices import adjusted_rand, jaccard
from segkit.compare.mixtures import SMALLEST_VARIANCE

PAIRS = 25
RESTARTS = 10  # of k-means in a refit: with one, answers of yes and no look unstable (median adjusted Rand .43 instead of .81) that are not
TRUST = [(0.85, "highly stable"), (0.75, "valid"), (0.6, "doubtful"), (0.0, "do not trust")]
Labels = dict[tuple[str, int], np.ndarray]


def refit(values: np.ndarray, methods: list[str], ks: list[int], kinds: dict[int, str], seed: int) -> Labels:
    """Cluster one bootstrap sample by every method at every k, and predict all rows."""
    rng = np.random.default_rng(seed)
    counts = np.bincount(rng.integers(len(values), size=len(values)), minlength=len(values))
    return cut_and_predict(values, counts, methods, ks, kinds, rng.integers(2**31, size=len(ks)))


def cut_and_predict(
    values: np.ndarray, counts: np.ndarray, methods: list[str], ks: list[int], kinds: dict[int, str], starts: np.ndarray
) -> Labels:
    """Cluster rows, each as often as it counts, by every method at every k, and predict all. Out: (method, k) -> segment of every row, n.

    Who was drawn twice counts twice instead of being there twice, except in trees. A mixture starts from the k-means cut of the same sample;
    `kinds` are its covariances and `starts` the seeds of k-means at each k.
    """
    from scipy.cluster.hierarchy import fcluster

    drawn, counts, found = values[counts > 0], counts[counts > 0].astype(float), {}
    everyone, once = mixture.terms(values) if "gmm" in methods else None, np.ones(len(values))
    for k, start in zip(ks, starts):
        if {"kmeans", "gmm"} & set(methods):
            fitted = means.cuts(drawn[None], k, RESTARTS, np.random.default_rng(start), counts[None])
        if "kmeans" in methods:
            found["kmeans", k] = nearest(values, fitted.centers[0])
        if "gmm" in methods:
            cut = np.unique(fitted.labels[0], return_inverse=True)[1]
            mixed = mixture.fit(drawn, counts, cut, kinds[k], SMALLEST_VARIANCE)
            found["gmm", k] = mixture.expected(everyone, once, mixed)[0].argmax(axis=1)
    again = np.repeat(drawn, counts.astype(int), axis=0)
    for method in (each for each in methods if each in segments.HIERARCHICAL):
        tree = segments.tree(pd.DataFrame(again), method)
        for k in ks:
            cut = fcluster(tree, k, criterion="maxclust") - 1
            sums = np.array([np.bincount(cut, weights=column) for column in again.T]).T
            found[method, k] = nearest(values, sums / np.bincount(cut)[:, None])
    return found


def nearest(values: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The nearest centre of every row."""
    return (values @ centers.T - (centers**2).sum(axis=1) / 2).argmax(axis=1)


def bootstrap(rows: pd.DataFrame, methods: list[str], ks: list[int], kinds: dict[int, str], seed: int) -> list[Labels]:
    """2 x PAIRS bootstrap refits, each predicted on `rows`. Seeds are drawn up front: any number of workers gives the same answer."""
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    seeds, values = np.random.default_rng(seed).integers(2**31, size=2 * PAIRS), np.ascontiguousarray(rows.to_numpy())
    with threadpool_limits(1):  # here too: of several workers each would lift the limit under the others when it is done
        return Parallel(n_jobs=cpu_count(), prefer="threads")(delayed(refit)(values, methods, ks, kinds, int(each)) for each in seeds)


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


def trusted(solution: segments.Solution, rows: pd.DataFrame, refits: list[Labels], k: int | None = None) -> pd.DataFrame:
    """`segment_stability` of one solution, with its method and k in front. `k`: how many segments were asked for, where fewer were found."""
    k = k or solution.k
    found = segment_stability(segments.assign(solution, rows), [labels[solution.method, k] for labels in refits])
    return found.assign(method=solution.method, k=k)[["method", "k", *found.columns]]


def trust(mean_jaccard: float) -> str:
    """fpc's words for a mean best Jaccard overlap (Hennig 2007)."""
    return next(word for least, word in TRUST if mean_jaccard >= least)
