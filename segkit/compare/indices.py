"""Indices of a partition, computed from (matrix, labels) only, each with the direction in which it is better."""

import numpy as np

HIGHER, LOWER = "higher", "lower"
DIRECTION = {
    "silhouette": HIGHER,
    "calinski_harabasz": HIGHER,
    "davies_bouldin": LOWER,
    "bic": LOWER,
    "icl": LOWER,
    "stability": HIGHER,
    "smallest_segment": HIGHER,
    "jaccard": HIGHER,
}


def silhouette(labels: np.ndarray, distances: np.ndarray) -> float:
    """Mean silhouette width (Rousseeuw 1987) from a full matrix of Euclidean distances; NaN for a single group."""
    values = silhouettes(labels, distances)
    return float(values.mean()) if len(values) else float("nan")


def silhouettes(labels: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Silhouette width per row; 0 in groups of one; empty for a single group."""
    groups, cut = np.unique(labels, return_inverse=True)
    if len(groups) < 2:
        return np.array([])
    members = np.eye(len(groups))[cut]
    sums, sizes = distances @ members, members.sum(axis=0)
    own = sums[np.arange(len(cut)), cut] / np.maximum(sizes[cut] - 1, 1)
    others = np.where(members == 1, np.inf, sums / sizes).min(axis=1)
    width = (others - own) / np.maximum(np.maximum(own, others), 1e-300)
    return np.where(sizes[cut] > 1, width, 0.0)


def calinski_harabasz(labels: np.ndarray, values: np.ndarray) -> float:
    """Between over within variance, each per degree of freedom (Calinski & Harabasz 1974)."""
    from sklearn.metrics import calinski_harabasz_score

    return float(calinski_harabasz_score(values, labels)) if 1 < len(set(labels)) < len(labels) else float("nan")


def davies_bouldin(labels: np.ndarray, values: np.ndarray) -> float:
    """Mean similarity of each group to its most similar one (Davies & Bouldin 1979)."""
    from sklearn.metrics import davies_bouldin_score

    return float(davies_bouldin_score(values, labels)) if 1 < len(set(labels)) < len(labels) else float("nan")


def adjusted_rand(a: np.ndarray, b: np.ndarray) -> float:
    """Agreement of two partitions, 1 for equal ones, 0 on average for independent ones (Hubert & Arabie 1985).

    Own arithmetic, since a comparison asks for thousands: scikit-learn's checks of its input take fifty times as long as the counting.
    """
    both = contingency(a, b)
    together, of_a, of_b = (float((each * (each - 1)).sum()) for each in (both, both.sum(axis=1), both.sum(axis=0)))  # pairs, in order
    pairs = float(len(a)) * (len(a) - 1)
    expected = of_a * of_b / pairs if pairs else 0.0
    most = (of_a + of_b) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def contingency(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How many rows each group of `a` shares with each of `b`, groups in sorted order."""
    (_, left), (_, right) = (np.unique(each, return_inverse=True) for each in (a, b))
    width = right.max(initial=-1) + 1
    return np.bincount(left * width + right, minlength=(left.max(initial=-1) + 1) * width).reshape(-1, max(width, 1))


def jaccard(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """For each group of `a` (in sorted order), its best Jaccard overlap with a group of `b` (Hennig 2007)."""
    overlap = contingency(a, b)
    union = overlap.sum(axis=1, keepdims=True) + overlap.sum(axis=0) - overlap
    return (overlap / union).max(axis=1)
