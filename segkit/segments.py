"""Segments: three families of methods, one `Solution`.

A Solution is k quadratic scores, score_s(x) = offset_s - 1/2 (x - center_s)' precision_s (x - center_s), and a customer belongs
to the segment with the highest one. For k-means and Ward the precision is the identity over the pooled within variance (the
nearest centre wins, and the softmax of the scores is a membership probability of equal round groups); for a Gaussian mixture it is
the component's, with its weight and determinant in the offset, so that the argmax is the mixture's own prediction.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit import mixture
from segkit.errors import BadInput
from segkit.matrix import Recipe, in_value_order, to_json

NAMES = {
    "kmeans": "k-means",
    "gmm": "Gaussian mixture",
    "ward": "Ward",
    "average": "average linkage",
    "complete": "complete linkage",
}
HIERARCHICAL = ("ward", "average", "complete")
MOST_IN_TREE = {
    "ward": 50_000,
    "average": 20_000,
    "complete": 20_000,
}  # rows: time grows with rows squared, and so does memory but for Ward
RESTARTS = 25
ROWS_AT_ONCE = 20_000  # scored together
TIED = 1e-9  # scores apart by less are equal: what rounding leaves of a tie must not decide
LEAST_SPREAD = 1e-12  # variance within segments that is no more than rounding
SMALLEST_VARIANCE = 1e-6  # added to a mixture's variances, as scikit-learn does by default


@dataclass(frozen=True)
class Solution:
    """A segmentation. `labels`: the method's own cut of the fitted rows (S1… largest first), indexed by customer_id.

    `center` k x d, `precision` k x d x d, `offset` k, over the matrix columns `columns`; `bic` and `icl` for mixtures only, in
    scikit-learn's sign (lower is better; ICL adds twice the entropy of the soft memberships).
    """

    method: str
    k: int
    seed: int
    columns: tuple[str, ...]
    center: np.ndarray
    precision: np.ndarray
    offset: np.ndarray
    labels: pd.Series = field(repr=False)
    bic: float = float("nan")
    icl: float = float("nan")
    covariances: str = ""


def kmeans(matrix: pd.DataFrame, k: int, seed: int, restarts: int = RESTARTS) -> Solution:
    """k-means (Lloyd, k-means++ starts, the best of `restarts`). In: matrix indexed by customer_id."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rows = in_value_order(matrix)
    with threadpool_limits(1):
        fitted = KMeans(at_most_distinct(k, rows.to_numpy()), n_init=restarts, random_state=seed, tol=0, max_iter=1000).fit(rows.to_numpy())
    return around_centers("kmeans", rows, fitted.labels_, seed)


def at_most_distinct(k: int, values: np.ndarray) -> int:
    """k, or the number of distinct rows when that is smaller: customers who are alike cannot be told apart. Rows are in value order."""
    return min(k, 1 + int((np.diff(values, axis=0) != 0).any(axis=1).sum()))


def tree(matrix: pd.DataFrame, method: str = "ward") -> np.ndarray:
    """The whole hierarchy of the rows in value order, as scipy's linkage: one tree serves every k. Ward's needs no memory beyond the rows."""
    import fastcluster

    rows = in_value_order(matrix).to_numpy()
    if len(rows) > MOST_IN_TREE[method]:
        raise BadInput(
            f"{NAMES[method]} of {len(rows):,} customers",
            f"a tree of more than {MOST_IN_TREE[method]:,} takes too long, or more memory than there is",
            "set max_fit_rows in the study: a sample is fitted and everyone assigned",
        )
    return fastcluster.linkage_vector(rows, "ward") if method == "ward" else fastcluster.linkage(rows, method)


def ward(matrix: pd.DataFrame, k: int, seed: int = 0, tree: np.ndarray | None = None) -> Solution:
    """Ward's hierarchical clustering cut at k; `tree` saves work when it is known. `seed` is not used."""
    return hierarchical("ward", matrix, k, seed, tree)


def hierarchical(method: str, matrix: pd.DataFrame, k: int, seed: int = 0, known: np.ndarray | None = None) -> Solution:
    """A tree by Ward, average or complete linkage, cut at k."""
    from scipy.cluster.hierarchy import fcluster

    rows = in_value_order(matrix)
    cut = fcluster(tree(rows, method) if known is None else known, k, criterion="maxclust")
    return around_centers(method, rows, cut, seed)


def gmm(
    matrix: pd.DataFrame,
    k: int,
    seed: int,
    restarts: int = 3,
    smallest_variance: float = SMALLEST_VARIANCE,
    covariances: str = "full",
) -> Solution:
    """Gaussian mixture, the likeliest of `restarts`, each started from a k-means cut. `covariances`: full, tied, diag, spherical.
    `smallest_variance` keeps a component from collapsing onto tied values."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    rows = in_value_order(matrix)
    values, once = rows.to_numpy(), np.ones(len(rows))
    k = at_most_distinct(k, values)
    starts = np.random.default_rng(seed).integers(2**31, size=restarts)
    with threadpool_limits(1):
        cuts = [KMeans(k, n_init=1, random_state=int(start)).fit(values).labels_ for start in starts]
        fits = [mixture.fit(values, once, cut, covariances, smallest_variance) for cut in cuts]
        best = max(fits, key=lambda fit: fit.log_likelihood)
        belongs, _ = mixture.expected(mixture.terms(values), once, best)
    entropy = -np.sum(belongs * np.log(np.clip(belongs, 1e-300, None)))
    return largest_first(
        "gmm",
        rows,
        belongs.argmax(axis=1),
        seed,
        best.means,
        best.precisions,
        np.log(best.shares) + best.half_log_determinants,
        bic=float(best.bic),
        icl=float(best.bic + 2 * entropy),
        covariances=covariances,
    )


def around_centers(method: str, rows: pd.DataFrame, cut: np.ndarray, seed: int) -> Solution:
    """A Solution of equal round groups around the means of a cut."""
    values, cut = rows.to_numpy(), np.unique(cut, return_inverse=True)[1]
    k = cut.max() + 1
    center = np.stack([values[cut == s].mean(axis=0) for s in range(k)])
    variance = np.sum((values - center[cut]) ** 2) / values.size
    variance = variance if variance > LEAST_SPREAD else 1.0  # where all customers of a segment are alike, nobody is nearly in another
    precision = np.broadcast_to(np.eye(values.shape[1]) / variance, (k, values.shape[1], values.shape[1]))
    return largest_first(method, rows, cut, seed, center, precision, np.zeros(k))


def largest_first(method: str, rows: pd.DataFrame, cut: np.ndarray, seed: int, center, precision, offset, **criteria) -> Solution:
    """Name the groups S1…Sk by falling size; equal sizes by their centres, so that no fit's own numbering survives."""
    sizes = np.bincount(cut, minlength=len(center))
    order = np.lexsort((*np.asarray(center).T[::-1], -sizes))
    names = np.empty(len(center), dtype=object)
    names[order] = [f"S{rank}" for rank in range(1, len(center) + 1)]
    return Solution(
        method,
        len(center),
        seed,
        tuple(rows.columns),
        np.asarray(center)[order],
        np.asarray(precision)[order],
        np.asarray(offset, dtype=float)[order],
        pd.Series(names[cut], index=rows.index, name="segment", dtype="str"),
        **criteria,
    )


def scores(solution: Solution, values: np.ndarray) -> np.ndarray:
    """Quadratic scores, n x k, but for a term that all segments share. In: values n x d in the solution's column order.

    Where all segments have one precision the quadratic term is such a one, and the scores are linear.
    """
    pulled = np.einsum("kde,ke->kd", solution.precision, solution.center)
    constant = solution.offset - np.einsum("kd,kd->k", pulled, solution.center) / 2
    if (solution.precision == solution.precision[0]).all():
        return values @ pulled.T + constant
    upper = np.triu_indices(values.shape[1])
    squares = -np.where(upper[0] == upper[1], 0.5, 1.0) * solution.precision[:, upper[0], upper[1]]
    return mixture.terms(values) @ np.vstack([constant, pulled.T, squares.T])


def places(solution: Solution, matrix: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The segment of every row, from 0, the first of those that tie; and its probability (softmax of the scores). Some rows at a time:
    what lies between is large."""
    values = matrix[list(solution.columns)].to_numpy()
    found, probability = np.empty(len(values), np.int64), np.empty(len(values))
    for start in range(0, len(values), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scored = scores(solution, values[part])
        scored -= scored.max(axis=1, keepdims=True)
        found[part] = (scored >= -TIED).argmax(axis=1)
        probability[part] = 1 / np.exp(scored, out=scored).sum(axis=1)
    return found, probability


def sizes(solution: Solution, matrix: pd.DataFrame) -> np.ndarray:
    """How many rows each segment gets, S1 first."""
    return np.bincount(places(solution, matrix)[0], minlength=solution.k)


def assign(solution: Solution, matrix: pd.DataFrame) -> pd.Series:
    """The segment of every row: the highest score. Works for customers the fit never saw."""
    return pd.Series(named(places(solution, matrix)[0], solution.k), index=matrix.index, name="segment", dtype="str")


def named(cut: np.ndarray, k: int) -> np.ndarray:
    """S1…Sk for numbers from 0."""
    return np.array([f"S{s + 1}" for s in range(k)], dtype=object)[cut]


def membership(solution: Solution, matrix: pd.DataFrame) -> pd.DataFrame:
    """Out: customer_id, segment, probability (softmax of the scores, of the segment assigned)."""
    cut, probability = places(solution, matrix)
    return pd.DataFrame({"customer_id": matrix.index, "segment": named(cut, solution.k), "probability": probability})


def called(names: dict[str, str], k: int) -> dict[str, str]:
    """What people call each of S1…Sk, "" where nobody gave it a name. Raises BadInput for a name of a segment that is not there."""
    there = [f"S{s + 1}" for s in range(k)]
    if lost := [segment for segment in names if segment not in there]:
        raise BadInput(
            f"segment_names names {', '.join(lost)}", f"there are {k} segments", "look at the profiles again: names stay with S1, S2, …"
        )
    return {segment: names.get(segment, "") for segment in there}


def to_text(solution: Solution, recipe: Recipe) -> str:
    """Everything needed to assign a new customer, as JSON: the matrix recipe and the k scores."""
    return json.dumps(
        {
            "method": solution.method,
            "k": solution.k,
            "seed": solution.seed,
            "recipe": to_json(recipe),
            "segments": [
                {
                    "segment": f"S{s + 1}",
                    "center": solution.center[s].tolist(),
                    "precision": solution.precision[s].tolist(),
                    "offset": float(solution.offset[s]),
                }
                for s in range(solution.k)
            ],
        },
        indent=1,
    )
