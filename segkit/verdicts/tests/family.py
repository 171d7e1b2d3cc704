"""Holm over a family of hypotheses, and the word for what is left."""

from collections.abc import Sequence

import numpy as np

from segkit.kpis.intervals import NAN
from segkit.verdicts.tests.result import Result

LEVEL = 0.05  # two-sided, over the whole family


def holm(p: Sequence[float], m: int) -> list[float]:
    """Holm's adjusted p of each of `p` in a family of m ≥ len(p) hypotheses; NaN stays NaN and counts in m (Holm, 1979).

    adj_(i) = max over j ≤ i of min(1, (m − j + 1)·p_(j)). Hypotheses of earlier looks, whose p is not known here, count as if
    larger than all: that keeps the family's error at .05 for those in the list, since any smaller unknown p would only lower
    the factors.
    """
    if m < len(p):
        raise ValueError(f"the family has m = {m} hypotheses, but {len(p)} p-values were given")
    p = np.asarray(p, dtype=float)
    adjusted = np.full(len(p), NAN)
    order = np.argsort(p, kind="stable")[: np.isfinite(p).sum()]  # NaN sorts last
    adjusted[order] = np.maximum.accumulate(np.minimum(1, (m - np.arange(len(order))) * p[order]))
    return adjusted.tolist()


def verdict(result: Result, adjusted_p: float) -> str:
    """ "supported", "refuted" or "undecided": the side rejected at .05, two-sided, by the p adjusted for the family."""
    if not adjusted_p <= LEVEL:
        return "undecided"
    return "supported" if result.p_supported < result.p_refuted else "refuted"
