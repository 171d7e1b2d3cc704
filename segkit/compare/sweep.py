"""Every method at every k on the same matrix, as long rows; and the segments beside plain baselines and other methods."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from segkit import segments
from segkit.compare import indices
from segkit.compare.bootstrap import Labels, bootstrap, pair_agreement
from segkit.compare.memory import refuse_beyond
from segkit.compare.mixtures import by_k, criteria, mixtures
from segkit.matrix import sample

EVALUATION_ROWS = 1000  # indices and stability are computed on at most so many rows, drawn by seed


@dataclass(frozen=True)
class Sweep:
    """`solutions` by (method, k); `rows` the evaluation rows; `refits` the bootstrap labels of these rows; `scores` long rows; `mixtures`
    the criteria of mixtures by k and covariances; `trees` by hierarchical method, as scipy's linkage."""

    solutions: dict[tuple[str, int], segments.Solution]
    rows: pd.DataFrame
    refits: list[Labels]
    scores: pd.DataFrame
    mixtures: pd.DataFrame
    trees: dict[str, np.ndarray]


def sweep(matrix: pd.DataFrame, methods: list[str], k_min: int, k_max: int, seed: int, max_fit_rows: int) -> Sweep:
    """Fit on at most `max_fit_rows` rows, score on at most EVALUATION_ROWS, refit 2 x PAIRS bootstrap samples of those.

    Out (`scores`): method, k, metric, value, low, high, direction, n. For silhouette, Calinski-Harabasz and Davies-Bouldin the
    interval is the middle 95 % of the same index over independent bootstrap refits; for stability the value is the median adjusted
    Rand index of PAIRS pairs and the interval its quartiles; BIC and ICL are of the fitted rows. `smallest_segment` counts all rows.
    """
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    ks = list(range(k_min, k_max + 1))
    fitted, rows = sample(matrix, max_fit_rows, seed), sample(matrix, EVALUATION_ROWS, seed + 1)
    refuse_beyond(len(fitted), len(rows), matrix.shape[1], methods)
    mixed = mixtures(fitted, k_max, seed) if "gmm" in methods else {}
    trees = {method: segments.tree(fitted, method) for method in methods if method in segments.HIERARCHICAL}
    solutions = {(method, k): found for method in methods for k, found in fits(method, fitted, ks, seed, mixed, trees).items()}
    kinds = {k: solutions["gmm", k].covariances for k in ks if "gmm" in methods}
    refits = bootstrap(rows, methods, ks, kinds, seed)
    distances = np.sqrt(np.maximum(squared_distances(rows.to_numpy()), 0))
    with threadpool_limits(1):
        scored = Parallel(n_jobs=cpu_count(), prefer="threads")(
            delayed(score)(solution, method, k, matrix, rows, [labels[method, k] for labels in refits], distances, len(fitted))
            for (method, k), solution in solutions.items()
        )
    return Sweep(solutions, rows, refits, pd.DataFrame([line for lines in scored for line in lines]), criteria(mixed, fitted), trees)


def fits(method: str, rows: pd.DataFrame, ks: list[int], seed: int, mixed: dict, trees: dict) -> dict[int, segments.Solution]:
    """One method at every k, on rows in value order: one tree serves all; of mixtures the kind of covariances with the lowest BIC."""
    if method == "gmm":
        return {k: solution for k, solution in by_k(mixed).items() if k in ks}
    if method in trees:
        return {k: segments.hierarchical(method, rows, k, seed, trees[method]) for k in ks}
    return {k: segments.kmeans(rows, k, seed) for k in ks}


def squared_distances(values: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances between all rows."""
    norms = np.sum(values**2, axis=1)
    return norms[:, None] + norms - 2 * np.einsum("id,jd->ij", values, values, optimize=False)


def score(solution, method: str, k: int, matrix, rows, refits: list[np.ndarray], distances: np.ndarray, n_fitted: int) -> list[dict]:
    """All metrics of one solution as long rows."""
    own = segments.assign(solution, rows).to_numpy()
    agreement = pair_agreement(refits)
    low, median, high = np.quantile(agreement, [0.25, 0.5, 0.75]) if k > 1 else [np.nan] * 3  # one group is always the same one
    sizes = segments.sizes(solution, matrix)
    smallest = int(sizes.min()) if len(sizes) == k else 0

    def line(metric: str, value: float, low: float, high: float, n: int) -> dict:
        return {
            "method": method,
            "k": k,
            "metric": metric,
            "value": value,
            "low": low,
            "high": high,
            "direction": indices.DIRECTION[metric],
            "n": n,
        }

    lines = [line("stability", median, low, high, len(rows)), line("smallest_segment", smallest, np.nan, np.nan, len(matrix))]
    partitions, values = [own, *refits[::2]], rows.to_numpy()
    for name, (value, *again) in (
        ("silhouette", indices.silhouettes(partitions, distances)),
        ("calinski_harabasz", [indices.calinski_harabasz(labels, values) for labels in partitions]),
        ("davies_bouldin", [indices.davies_bouldin(labels, values) for labels in partitions]),
    ):
        lines.append(line(name, value, *pd.Series(again).quantile([0.025, 0.975]), len(rows)))
    if method == "gmm":
        lines += [line(name, getattr(solution, name), np.nan, np.nan, n_fitted) for name in ("bic", "icl")]
    return lines


def beside(segmentations: dict[str, pd.Series], rows: pd.DataFrame) -> pd.DataFrame:
    """The segments beside plain baselines, on the evaluation rows. Out: segmentation, what (it is), groups, silhouette, agreement (adjusted
    Rand index with the first one), n."""
    distances = np.sqrt(np.maximum(squared_distances(rows.to_numpy()), 0))
    labels = {name: each.loc[rows.index].to_numpy() for name, each in segmentations.items()}
    first = next(iter(labels.values()))
    return pd.DataFrame(
        [
            {
                "segmentation": name,
                "what": str(segmentations[name].name),
                "groups": len(set(each)),
                "silhouette": indices.silhouette(each, distances),
                "agreement": indices.adjusted_rand(first, each),
                "n": len(rows),
            }
            for name, each in labels.items()
        ]
    )


def agreement(solutions: dict, rows: pd.DataFrame, k: int, ties: tuple[tuple[str, int], ...] = ()) -> pd.DataFrame:
    """Do the methods agree at k, and the solutions that are as stable? Out: method, k, other, other_k, value (adjusted Rand index), n."""
    asked = dict.fromkeys([each for each in solutions if each[1] == k] + [each for each in ties if each in solutions])
    labels = {each: segments.assign(solutions[each], rows).to_numpy() for each in asked}
    return pd.DataFrame(
        [
            {
                "method": a[0],
                "k": a[1],
                "other": b[0],
                "other_k": b[1],
                "value": indices.adjusted_rand(labels[a], labels[b]),
                "n": len(rows),
            }
            for a, b in combinations(labels, 2)
        ],
        columns=["method", "k", "other", "other_k", "value", "n"],
    )
