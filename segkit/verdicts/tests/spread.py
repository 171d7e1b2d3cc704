"""Do the segments differ: largest minus smallest mean."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from segkit.kpis.intervals import NAN, Z
from segkit.verdicts.tests.result import Result, undecidable
from segkit.verdicts.tests.sides import are_comparable, crossing, differences


def spread(means: ArrayLike, ses: ArrayLike, at_least: float) -> Result:
    """Largest minus smallest segment mean, against a spread of `at_least` (same unit, ≥ 0).

    means : (k,) one per segment. ses : (k,) standard errors, or better (k, 2): those below and above the mean, `Estimate.sides`.
    The value is the plain max − min, which noise inflates: read `low`. Over all ordered pairs, with limits d − side₋(z) and
    d + side₊(z) of their difference at z (`sides.differences`):
    low  = max(d − side₋(c)), at least 0, with c the 97.5 % point of max |Z_i − Z_j|/se;
    high = max(d + side₊(1.96)), since one pair is the widest;
    p_supported = P(max |Z_i − Z_j|/se ≥ z) at the z where max(d − side₋(z)) = δ;
    p_refuted = Φ(−z) at the z where max(d + side₊(z)) = δ, since every pair must be below δ.
    The distribution of max |Z_i − Z_j|/se is the studentized range's with infinite degrees of freedom: exact for equal ses and
    for k = 2, conservative otherwise (Tukey–Kramer; Hayter, 1984, Annals of Statistics 12, 61–75).
    Two sides matter where sizes differ and money is skewed: a small segment without big spenders has a low mean and a low se
    together, and plain ses then support a spread of 0 in up to 18 %.
    Fewer than two segments, a missing mean, or a se that is missing or 0: undecidable, since equal values do not show certainty.
    """
    k = len(means)
    value = float(np.ptp(np.asarray(means, dtype=float))) if k > 1 else NAN
    if not are_comparable(means, ses):
        return undecidable(value)
    limits = differences(means, ses, *np.nonzero(~np.eye(k, dtype=bool)))
    low, high = limits(widest_pair_point(0.025, k))[0].max(), limits(Z)[1].max()
    above, below = crossing(lambda z: limits(z)[0].max() - at_least), crossing(lambda z: at_least - limits(z)[1].max())
    return Result(value, max(0.0, float(low)), float(high), widest_pair_sf(above, k), float(ndtr(above - below)))


def widest_pair_sf(t: float, k: int) -> float:
    """P(max over pairs of |Z_i − Z_j|/√2 ≥ t), k independent standard normals: the studentized range's upper tail at q = t√2.

    k ∫ φ(z) Φ(z)^{k−1} {1 − [1 − Φ(z − q)/Φ(z)]^{k−1}} dz, an integrand without cancellation, so that far tails keep their
    digits (down to 1e-300; scipy's 1 − cdf ends at 1e-16, or at 2e-16 for ever). The trapezoidal rule is exact to rounding for
    such a bell.
    """
    if t <= 0:
        return 1.0
    q = t * np.sqrt(2)
    z = np.linspace(-9.0, q + 9.0, 1001)
    at_z = log_ndtr(z)
    below = np.minimum(np.exp(log_ndtr(z - q) - at_z), 1 - 1e-16)
    bell = np.exp((k - 1) * at_z - z * z / 2) / np.sqrt(2 * np.pi)
    return float(min(1.0, k * np.trapezoid(-bell * np.expm1((k - 1) * np.log1p(-below)), z)))


@cache
def widest_pair_point(p: float, k: int) -> float:
    """The t that `widest_pair_sf` gives p."""
    return brentq(lambda t: widest_pair_sf(t, k) - p, 0.1, 40, xtol=1e-10)
