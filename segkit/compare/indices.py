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
    return silhouettes([labels], distances)[0]


def silhouettes(partitions: list[np.ndarray], distances: np.ndarray) -> list[float]:
    """Mean silhouette widths of several partitions of the same rows: their distances to all groups of all partitions are one product."""
    cuts = [np.unique(labels, return_inverse=True)[1] for labels in partitions]
    ends = np.cumsum([cut.max(initial=-1) + 1 for cut in cuts])
    members = np.zeros((len(distances), ends[-1]))
    for cut, end in zip(cuts, ends):
        members[np.arange(len(cut)), end - 1 - cut.max(initial=-1) + cut] = 1
    sums = distances @ members
    parts = zip(cuts, np.split(sums, ends[:-1], axis=1), np.split(members, ends[:-1], axis=1))
    return [float(widths(*part).mean()) if part[0].max(initial=0) else float("nan") for part in parts]


def widths(cut: np.ndarray, sums: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Silhouette width per row, from its summed distances to the rows of each group; 0 in groups of one."""
    sizes = members.sum(axis=0)
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
    squares, of_a, of_b = (int((each**2).sum()) for each in (both, both.sum(axis=1), both.sum(axis=0)))  # whole numbers have no rounding
    together, only_a, only_b = squares - len(a), of_a - squares, of_b - squares  # pairs of rows, each counted from either side
    apart = len(a) ** 2 - squares - only_a - only_b
    if only_a == only_b == 0:
        return 1.0
    spread = (together + only_a) * (only_a + apart) + (together + only_b) * (only_b + apart)
    return 2 * (together * apart - only_a * only_b) / spread


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
