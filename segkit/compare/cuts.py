"""k-means cuts of a sample, of draws from one population, and of bootstrap samples, made alike; and how far one beats the other."""

import numpy as np
import pandas as pd

from segkit.compare import means
from segkit.compare.indices import adjusted_rand
from segkit.errors import BadInput

MAX_ROWS = 1_000  # sampled, so that power does not grow with the number of customers
K_MIN, K_MAX = 2, 8
SD_ABOVE = 2.33  # the normal 99 % point, in sd of the draws' maxima
PULL_IN = 2.5  # rows further out than this many median norms are pulled in: outliers make no segment
RESTARTS = 2  # the same for data, draws and bootstraps
PAIRS = 20  # bootstrap pairs at each k
SMALLEST_WITHIN = 1e-9  # a cut that explains everything would have an infinite logarithm


def complete(matrix: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Names and values, as floats, of the columns that have any spread; missing values are refused."""
    values = matrix.to_numpy(dtype=float, na_value=np.nan) + 0.0  # -0.0 becomes 0.0: they sort alike but are not the same bytes
    missing = int((~np.isfinite(values)).sum())
    if missing:
        raise BadInput(
            "the matrix is not complete",
            f"{missing} of its {values.size} cells are missing or infinite",
            "build it with segkit.matrix, which fills or drops them and says so",
        )
    names = np.array(matrix.columns, dtype=object)
    spread = np.ptp(values, axis=0) > 0 if len(values) else np.ones(len(names), bool)
    return list(names[spread]), values[:, spread]


def by_values(values: np.ndarray) -> np.ndarray:
    """Rows sorted by their values, so that the order in which customers arrive changes nothing."""
    return np.ascontiguousarray(values[np.lexsort(values.T[::-1])]) if values.shape[1] else values


def sample(columns: list[str], rows: np.ndarray, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """At most MAX_ROWS of the rows, still sorted, and the columns in which they differ."""
    if len(rows) > MAX_ROWS:
        rows = rows[np.sort(rng.choice(len(rows), MAX_ROWS, replace=False))]
        spread = np.ptp(rows, axis=0) > 0
        return [name for name, differs in zip(columns, spread) if differs], rows[:, spread]
    return columns, rows


def cuttable(rows: np.ndarray) -> list[int]:
    """The numbers of segments worth trying: k as large as the number of distinct rows would only list them."""
    return list(range(K_MIN, min(K_MAX, len(np.unique(rows, axis=0)) - 1) + 1))


def prepared(rows: np.ndarray) -> np.ndarray:
    """Standardised columns; rows beyond PULL_IN median norms moved in along their own direction."""
    sd = rows.std(axis=0)
    scaled = (rows - rows.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    norms = np.sqrt((scaled**2).sum(axis=1))
    radius = PULL_IN * np.median(norms)
    if radius == 0:  # more than half of the rows are the mean itself
        return scaled
    return scaled * (radius / np.maximum(norms, radius))[:, None]


def cut(samples: np.ndarray, ks: list[int], rng: np.random.Generator) -> tuple[np.ndarray, list[list[np.ndarray]]]:
    """k-means of b samples, b x n x d, for each k. Out: log(W_k / W_1), b x ks, W the sum of squared distances to the segment centres; and of
    each sample the labels of each cut."""
    total = ((samples - samples.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))
    found = [means.cuts(samples, k, RESTARTS, rng) for k in ks]
    explained = np.array([each.within for each in found]).T / np.where(total > 0, total, 1.0)[:, None]
    logs = np.where(total[:, None] > 0, np.log(np.maximum(explained, SMALLEST_WITHIN)), 0.0)
    return logs, [[numbered(each.labels[sample]) for each in found] for sample in range(len(samples))]


def numbered(labels: np.ndarray) -> np.ndarray:
    """Labels from 0 on without a gap: a cut may have left a segment empty."""
    return np.unique(labels, return_inverse=True)[1]


def gains(observed: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """z_k of the data, and the largest z_k of each draw measured against the *other* draws.

    A draw that were part of its own mean and sd would look tamer than the data can, and the data would win too often.
    """
    others = (np.delete(drawn, i, axis=0) for i in range(len(drawn)))
    return _z(observed, drawn), np.array([_z(draw, rest).max() for draw, rest in zip(drawn, others)])


def _z(logs: np.ndarray, reference: np.ndarray) -> np.ndarray:
    sd = reference.std(axis=0, ddof=1)
    return (reference.mean(axis=0) - logs) / np.where(sd > 0, sd, 1.0)


def threshold(maxima: np.ndarray) -> float:
    """What a statistic must exceed: every draw, and the mean of the draws by SD_ABOVE sd."""
    return float(max(maxima.max(), maxima.mean() + SD_ABOVE * maxima.std(ddof=1)))


def bootstrap_ari(rows: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Adjusted Rand of PAIRS pairs of bootstrap cuts, both predicted on all rows (flexclust's bootFlexclust). Who is drawn twice counts twice."""
    drawn = rng.integers(len(rows), size=(2 * PAIRS, len(rows)))
    counts = np.stack([np.bincount(each, minlength=len(rows)) for each in drawn]).astype(float)
    again = means.cuts(np.broadcast_to(rows, (2 * PAIRS, *rows.shape)), k, RESTARTS, rng, counts)
    labels = means.nearest(rows, again.centers)
    return np.array([adjusted_rand(a, b) for a, b in zip(labels[::2], labels[1::2])])
