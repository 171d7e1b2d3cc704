"""Are the segments in an order that was claimed beforehand."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from segkit.kpis.intervals import NAN, Z
from segkit.verdicts.tests.result import Result, undecidable
from segkit.verdicts.tests.sides import are_comparable, crossing, differences


def ordering(means: ArrayLike, sides: ArrayLike, at_least: float) -> Result:
    """The smallest difference between neighbours in an order fixed before as_of, against `at_least` (same unit, ≥ 0).

    means : (k,) in the claimed order, highest first. sides : (k,) standard errors, or better (k, 2), `Estimate.sides`.
    The order holds when every mean exceeds the next one by more than δ. With the limits d − side₋(z) and d + side₊(z) of each of the
    k − 1 differences (`sides.differences`):
    low  = min(d − side₋(1.96)): it exceeds the smallest true difference only if that pair's own lower limit does;
    high = min(d + side₊(c)), c the 1 − .025/(k − 1) point of the normal: it falls below the smallest true difference, and so below each,
    only if some pair's own upper limit does, of which each does in .025/(k − 1) (Bonferroni);
    p_supported = Φ(−z) where min(d − side₋(z)) = δ, the largest p of the pairs (all must hold: an intersection-union test, R. L. Berger,
    1982, Technometrics 24, 295–300); p_refuted = (k − 1) Φ(−z) where min(d + side₊(z)) = δ (one that fails is enough).
    Undecidable where `spread` is.
    """
    k = len(means)
    value = float(-np.diff(np.asarray(means, dtype=float)).max()) if k > 1 else NAN
    if not are_comparable(means, sides):
        return undecidable(value)
    limits = differences(means, sides, np.arange(k - 1), np.arange(1, k))
    low, high = limits(Z)[0].min(), limits(-ndtri(0.025 / (k - 1)))[1].min()
    above, below = crossing(lambda z: limits(z)[0].min() - at_least), crossing(lambda z: at_least - limits(z)[1].min())
    return Result(value, float(low), float(high), float(ndtr(below - above)), float(min(1, (k - 1) * ndtr(above - below))))
