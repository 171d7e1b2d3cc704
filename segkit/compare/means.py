"""k-means of many samples at once: the same cut of the data, of draws from one population, and of bootstrap samples.

A verdict needs more than a thousand cuts of a thousand rows, and a call of scikit-learn's KMeans costs several times what such a cut does.
Lloyd's algorithm from k-means++ starts, as there; a stack of samples is worked through chunk by chunk, so that it stays in the cache.
"""

from typing import NamedTuple

import numpy as np

CHUNK = 20  # problems worked on together: their distances fit a processor's cache
MOST_STEPS = 300
TOLERANCE = 1e-3  # a step that moves the centres less, in units of the mean variance, is the last: of data and draws alike


class Cuts(NamedTuple):
    """Of each of b samples its best cut: `labels` b x n, `within` b (sum of squared distances to the segment centres), `centers` b x k x d."""

    labels: np.ndarray
    within: np.ndarray
    centers: np.ndarray


def cuts(samples: np.ndarray, k: int, restarts: int, rng: np.random.Generator, counts: np.ndarray | None = None) -> Cuts:
    """The best of `restarts` k-means cuts of each sample. In: b x n x d; `counts` b x n, how often each row counts, if not once."""
    b, n, d = samples.shape
    counts = np.broadcast_to(1.0, (b, n)) if counts is None else counts
    seeds = rng.integers(2**63, size=(b, restarts))
    found = Cuts(np.empty((b, n), np.int8), np.empty(b), np.empty((b, k, d)))
    at_once = max(CHUNK // restarts, 1)
    for start in range(0, b, at_once):
        part = slice(start, start + at_once)
        of = np.repeat(np.arange(b)[part], restarts)
        chances = np.stack([np.random.default_rng(seed).random(k) for seed in seeds[part].ravel()])
        columns = np.ascontiguousarray(np.swapaxes(samples[of], 1, 2))
        tried = _lloyd(columns, counts[of], _plus_plus(columns, counts[of], chances))
        best = tried.within.reshape(-1, restarts).argmin(axis=1) + np.arange(0, len(of), restarts)
        for kept, each in zip(found, tried):
            kept[part] = each[best]
    return found


def _plus_plus(columns: np.ndarray, counts: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Starting centres (Arthur & Vassilvitskii 2007): each is a row drawn in proportion to counts and squared distance to the nearest so far.

    Where no row is left that differs from all centres, the last row is taken again.
    """
    b, d, n = columns.shape
    everyone, weight = np.arange(b), counts
    centers, nearest = np.empty((b, chances.shape[1], d)), np.full((b, n), np.inf)
    for s, chance in enumerate(chances.T):
        heaped = weight.cumsum(axis=1)
        drawn = np.minimum((heaped <= chance[:, None] * heaped[:, -1:]).sum(axis=1), n - 1)
        centers[:, s] = columns[everyone, :, drawn]
        nearest = np.minimum(nearest, ((columns - centers[:, s, :, None]) ** 2).sum(axis=1))
        weight = counts * nearest
    return centers


def _lloyd(columns: np.ndarray, counts: np.ndarray, centers: np.ndarray) -> Cuts:
    """Rows to their nearest centre, centres to the mean of their rows, until nothing moves. A centre that loses all its rows stays."""
    b, d, n = columns.shape
    weights = np.concatenate([counts[:, None], columns * counts[:, None]], axis=1)  # what is summed over a segment: rows, and their values
    sums = weights.sum(axis=2)
    spread = (weights[:, 1:] * columns).sum(axis=2) / sums[:, :1] - (sums[:, 1:] / sums[:, :1]) ** 2
    least, centers, moving = TOLERANCE * spread.mean(axis=1), centers.copy(), np.arange(b)
    left, weighed = columns, weights  # of the samples whose centres still move
    for _ in range(MOST_STEPS):
        before = centers[moving]
        after = _means(weighed, _nearest(left, before), before)
        centers[moving] = after
        moves = ((after - before) ** 2).sum(axis=(1, 2)) > least[moving]
        if not moves.all():
            moving, left, weighed = moving[moves], left[moves], weighed[moves]
        if not len(moving):
            break
    labels = _nearest(columns, centers)
    away = ((columns - np.take_along_axis(centers, labels[:, :, None].astype(np.intp), axis=1).swapaxes(1, 2)) ** 2).sum(axis=1)
    return Cuts(labels, (away * counts).sum(axis=1), centers)


def _means(weights: np.ndarray, labels: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The mean of each segment. In: counts and counted values b x (1 + d) x n, labels b x n, centres to keep where a segment is empty."""
    belongs = (labels[:, None, :] == np.arange(before.shape[1], dtype=np.int8)[:, None]).astype(float)
    sums = belongs @ weights.swapaxes(1, 2)
    size = sums[:, :, :1]
    return np.where(size > 0, sums[:, :, 1:] / np.where(size > 0, size, 1.0), before)


def _nearest(columns: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The nearest centre of each row. In: b x d x n, b x k x d. Out: b x n."""
    scores = centers @ columns
    scores -= (centers**2).sum(axis=2)[:, :, None] / 2
    labels, best = np.zeros(scores[:, 0].shape, np.int8), scores[:, 0].copy()
    for s in range(1, scores.shape[1]):
        np.copyto(labels, np.int8(s), where=scores[:, s] > best)
        np.maximum(best, scores[:, s], out=best)
    return labels


def nearest(values: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The nearest of each sample's centres to each of the same rows. In: n x d, b x k x d. Out: b x n."""
    return _nearest(np.broadcast_to(values.T, (len(centers), *values.T.shape)), centers)
