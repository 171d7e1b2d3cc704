"""The dip: how far a sample is from every distribution with a single mode (Hartigan & Hartigan 1985, doi 10.1214/aos/1176346577)."""

import numpy as np
from scipy.optimize import isotonic_regression


def dip(values: np.ndarray) -> float:
    """Largest distance between the empirical distribution function and the closest unimodal one; at least 1/(2n), near 1/4 for two far halves.

    Between `low` and `high`, where the mode must lie, the greatest convex minorant and the least concave majorant of the empirical
    function are compared: where they are furthest apart the interval is narrowed, until what lies outside deviates more than the two differ.
    """
    x, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    n = int(counts.sum())
    if len(x) < 2:
        return 1 / (2 * n) if n else float("nan")
    upper = np.cumsum(counts).astype(float)  # the empirical function jumps from lower to upper at each value
    lower = upper - counts
    low, high, found = 0, len(x) - 1, 1.0
    while True:
        inside = slice(low, high + 1)
        minorant, touching_below = _hull(x[inside], lower[inside], convex=True)
        majorant, touching_above = _hull(x[inside], upper[inside], convex=False)
        apart = majorant - minorant
        below, above = low + touching_below, low + touching_above
        furthest_below, furthest_above = apart[touching_below].max(), apart[touching_above].max()
        if furthest_below >= furthest_above:
            start = below[np.argmax(apart[touching_below])]
            end = above[np.searchsorted(above, start)]
        else:
            end = above[len(above) - 1 - np.argmax(apart[touching_above][::-1])]
            start = below[np.searchsorted(below, end, side="right") - 1]
        if max(furthest_below, furthest_above) <= found:
            break
        left = (upper[low : start + 1] - minorant[: start + 1 - low]).max()
        right = (majorant[end - low :] - lower[end : high + 1]).max()
        found = max(found, left, right)
        if (start, end) == (low, high):
            break
        low, high = start, end
    return float(found / (2 * n))


def _hull(x: np.ndarray, height: np.ndarray, convex: bool) -> tuple[np.ndarray, np.ndarray]:
    """Greatest convex minorant (or least concave majorant) of points, at each of them, and the positions at which it touches them."""
    if len(x) < 2:
        return height, np.arange(len(x))
    widths = np.diff(x)
    pooled = isotonic_regression(np.diff(height) / widths, weights=widths, increasing=convex)
    touching = pooled.blocks
    return np.interp(x, x[touching], height[touching]), touching
