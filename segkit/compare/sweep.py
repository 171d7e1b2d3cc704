"""Every method at every k on the same matrix, as long rows; and a recommendation that gives its reasons."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit import segments
from segkit.compare import indices
from segkit.compare.bootstrap import PAIRS, Labels, bootstrap, pair_agreement
from segkit.compare.mixtures import by_k, criteria, mixtures
from segkit.matrix import sample
from segkit.segments import NAMES

EVALUATION_ROWS = 1000  # indices and stability are computed on at most so many rows, drawn by seed
STABLE = 0.80  # median adjusted Rand index from which a solution counts as stable
NEAR = 0.05  # medians of the adjusted Rand index closer than this are a tie


@dataclass(frozen=True)
class Sweep:
    """`solutions` by (method, k); `rows` the evaluation rows; `refits` the bootstrap labels of these rows; `scores` long rows; `mixtures`
    the criteria of mixtures by k and covariances."""

    solutions: dict[tuple[str, int], segments.Solution]
    rows: pd.DataFrame
    refits: list[Labels]
    scores: pd.DataFrame
    mixtures: pd.DataFrame


def sweep(matrix: pd.DataFrame, methods: list[str], k_min: int, k_max: int, seed: int, max_fit_rows: int) -> Sweep:
    """Fit on at most `max_fit_rows` rows, score on at most EVALUATION_ROWS, refit 2 x PAIRS bootstrap samples of those.

    Out (`scores`): method, k, metric, value, low, high, direction, n. For silhouette, Calinski-Harabasz and Davies-Bouldin the
    interval is the middle 95 % of the same index over independent bootstrap refits; for stability the value is the median adjusted
    Rand index of PAIRS pairs and the interval its quartiles; BIC and ICL are of the fitted rows. `smallest_segment` counts all rows.
    """
    ks = list(range(k_min, k_max + 1))
    fitted, rows = sample(matrix, max_fit_rows, seed), sample(matrix, EVALUATION_ROWS, seed + 1)
    mixed = mixtures(fitted, k_max, seed) if "gmm" in methods else {}
    solutions = {(method, k): found for method in methods for k, found in fits(method, fitted, ks, seed, mixed).items()}
    kinds = {k: solutions["gmm", k].covariances for k in ks if "gmm" in methods}
    refits = bootstrap(rows, methods, ks, kinds, seed)
    distances = np.sqrt(np.maximum(squared_distances(rows.to_numpy()), 0))
    lines = [
        line
        for (method, k), solution in solutions.items()
        for line in score(solution, method, k, matrix, rows, [labels[method, k] for labels in refits], distances, len(fitted))
    ]
    return Sweep(solutions, rows, refits, pd.DataFrame(lines), criteria(mixed, fitted))


def fits(method: str, rows: pd.DataFrame, ks: list[int], seed: int, mixed: dict) -> dict[int, segments.Solution]:
    """One method at every k, on rows in value order: a tree is grown once; of mixtures the kind of covariances with the lowest BIC."""
    if method == "gmm":
        return {k: solution for k, solution in by_k(mixed).items() if k in ks}
    if method in segments.HIERARCHICAL:
        tree = segments.tree(rows, method)
        return {k: segments.hierarchical(method, rows, k, seed, tree) for k in ks}
    return {k: segments.kmeans(rows, k, seed) for k in ks}


def squared_distances(values: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances between all rows."""
    norms = np.sum(values**2, axis=1)
    return norms[:, None] + norms - 2 * np.einsum("id,jd->ij", values, values, optimize=False)


def score(solution, method: str, k: int, matrix, rows, refits: list[np.ndarray], distances: np.ndarray, n_fitted: int) -> list[dict]:
    """All metrics of one solution as long rows."""
    own, everyone = segments.assign(solution, rows).to_numpy(), segments.assign(solution, matrix)
    agreement = pair_agreement(refits)
    low, median, high = np.quantile(agreement, [0.25, 0.5, 0.75])
    smallest = int(everyone.value_counts().min()) if everyone.nunique() == k else 0

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
    for name, index, over in (
        ("silhouette", indices.silhouette, distances),
        ("calinski_harabasz", indices.calinski_harabasz, rows.to_numpy()),
        ("davies_bouldin", indices.davies_bouldin, rows.to_numpy()),
    ):
        again = pd.Series([index(refit, over) for refit in refits[::2]])
        lines.append(line(name, index(own, over), *again.quantile([0.025, 0.975]), len(rows)))
    if method == "gmm":
        lines += [line(name, getattr(solution, name), np.nan, np.nan, n_fitted) for name in ("bic", "icl")]
    return lines


@dataclass(frozen=True)
class Recommendation:
    """The solution to use, in plain words why, who came second, and every candidate with its gate."""

    method: str
    k: int
    reasons: tuple[str, ...]
    runner_up: str
    candidates: pd.DataFrame


def least_size(n: int) -> int:
    """The fewest customers a recommended segment may have: a smaller one is an anecdote, however fine its silhouette."""
    return max(30, int(np.ceil(n / 100)))


def recommend(scores: pd.DataFrame, structure_verdict: str, structure_k: int) -> Recommendation:
    """Choose among the solutions whose smallest segment is large enough.

    If the structure verdict is natural or reproducible, its k is taken (when some candidate has it and is stable); then the most stable candidate;
    among those within NEAR of it, the one with the best silhouette.
    """
    wide = scores.pivot(index=["method", "k"], columns="metric", values="value").reset_index()
    n = int(scores.loc[scores.metric == "smallest_segment", "n"].iloc[0])
    least = least_size(n)
    wide["passes"] = wide.smallest_segment >= least
    pool, reasons = wide[wide.passes], []
    refused = int((~wide.passes).sum())
    if refused:
        reasons.append(f"{refused} of {len(wide)} solutions are out because their smallest segment has fewer than {least} customers.")
    if pool.empty:
        pool = wide[wide.smallest_segment == wide.smallest_segment.max()]
        reasons.append("No solution passes that gate: the one with the largest smallest segment is shown, and should not be used.")
    if structure_verdict in ("natural", "reproducible"):
        there = pool[(pool.k == structure_k) & (pool.stability >= STABLE)]
        if len(there):
            pool = there
            reasons.append(f"The structure verdict is {structure_verdict} with k = {structure_k}, so k is {structure_k}.")
        else:
            reasons.append(
                f"The structure verdict is {structure_verdict} with k = {structure_k}, but no solution there passes the gate and is stable."
            )
    best = pool.stability.max()
    near = pool[pool.stability >= best - NEAR].sort_values(["silhouette", "method", "k"], ascending=[False, True, True])
    pick = near.iloc[0]
    reasons.append(
        f"{NAMES[pick.method]} with k = {pick.k}: median adjusted Rand index of {PAIRS} bootstrap pairs {pick.stability:.2f}, "
        f"silhouette {pick.silhouette:.2f}."
    )
    others = [f"{NAMES[row.method]} k = {row.k}" for row in near.iloc[1:].itertuples()]
    if others:
        reasons.append(f"As stable within {NEAR}: {', '.join(others[:4])}. Take it as a tie; silhouette decided.")
    rest = pd.concat([near, pool.sort_values(["stability", "silhouette"], ascending=False)]).drop_duplicates(["method", "k"]).iloc[1:2]
    runner_up = "; ".join(
        f"{NAMES[row.method]} k = {row.k} (stability {row.stability:.2f}, silhouette {row.silhouette:.2f})" for row in rest.itertuples()
    )
    columns = ["method", "k", "smallest_segment", "passes", "stability", "silhouette"]
    return Recommendation(str(pick.method), int(pick.k), tuple(reasons), runner_up, wide[columns])


def choose(scores: pd.DataFrame, structure_verdict: str, structure_k: int, method: str, k: int) -> tuple[str, int]:
    """The solution to use: the recommended one among those a person left open (`auto` and 0 leave everything open)."""
    left = scores[((scores.method == method) | (method == "auto")) & ((scores.k == k) | (k == 0))]
    best = recommend(left, structure_verdict, structure_k)
    return best.method, best.k


def beside(segmentations: dict[str, pd.Series], rows: pd.DataFrame) -> pd.DataFrame:
    """The segments beside plain baselines, on the evaluation rows. Out: segmentation, groups, silhouette, agreement (adjusted Rand
    index with the first one), n."""
    distances = np.sqrt(np.maximum(squared_distances(rows.to_numpy()), 0))
    labels = {name: each.loc[rows.index].to_numpy() for name, each in segmentations.items()}
    first = next(iter(labels.values()))
    return pd.DataFrame(
        [
            {
                "segmentation": name,
                "groups": len(set(each)),
                "silhouette": indices.silhouette(each, distances),
                "agreement": indices.adjusted_rand(first, each),
                "n": len(rows),
            }
            for name, each in labels.items()
        ]
    )


def agreement(solutions: dict, rows: pd.DataFrame, k: int) -> pd.DataFrame:
    """Do the methods agree at k? Out: method, other, k, value (adjusted Rand index), n."""
    labels = {method: segments.assign(solution, rows).to_numpy() for (method, its_k), solution in solutions.items() if its_k == k}
    return pd.DataFrame(
        [
            {"method": a, "other": b, "k": k, "value": indices.adjusted_rand(labels[a], labels[b]), "n": len(rows)}
            for a in labels
            for b in labels
            if a < b
        ],
        columns=["method", "other", "k", "value", "n"],
    )
