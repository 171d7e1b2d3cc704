"""How far the limits of means, and of differences of means, lie away at any level, when the standard errors of both sides are known.

A 95 % interval tells two standard errors, below and above the value (`Estimate.sides`). Farther out the sides of a skewed mean
drift apart: taken as they are at 1.96, the mean of a small segment of capped money (100 customers against 2,000) lay beyond the
99.875 % limit five to six times too often, and that limit is what the first of twenty hypotheses under Holm is held against. Followed
outwards as here it is two to three times at 100 customers, and nearly right at 300.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from segkit.kpis.intervals import Z

FARTHEST = 40.0  # standard errors: a p beyond is 0 in double precision
CURVED = 5.0  # standard errors up to which limits follow the skew; what lies beyond, no sample of this size has seen


def hall(z: ArrayLike, skew: ArrayLike) -> np.ndarray:
    """Hall's skewness-corrected point in place of the normal z: the mean is above its lower limit by so many standard errors.

    skew : γ/√n. For the upper limit take −skew (P. Hall, 1992, JRSS B 54, 221–228; `kpis.intervals.mean`).
    """
    y = z - skew / 6
    root = np.cbrt(1 + skew * y)
    return 3 * y / (root * root + root + 1)


_SKEW = np.linspace(0, 0.586, 2001)  # beyond it the ratio of the sides falls again
_LOG_RATIO = np.log(hall(Z, -_SKEW) / hall(Z, _SKEW))


def reach(ses: ArrayLike) -> Callable[[float], tuple[np.ndarray, np.ndarray]]:
    """How far below and above k means their limits lie at z standard errors: a function z ≥ 0 -> two (k,).

    ses : (k,) standard errors, or better (k, 2): those below and above that the 95 % interval implies. The ratio of the two sides
    at 1.96 is that of Hall's interval for one skewness; at z each side is as much longer as that interval's. Exact for Hall's
    intervals; Wilson's differ a little (at most 1.25 times the nominal error, enumerated for n = 50 … 2,000 down to .0003). Without
    skew it is z standard errors.
    """
    below, above = two_sided(ses)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.nan_to_num(np.log(above / below), nan=0.0)
    skew = np.sign(ratio) * np.interp(np.abs(ratio), _LOG_RATIO, _SKEW)
    below, above = below * Z / hall(Z, skew), above * Z / hall(Z, -skew)

    def at(z: float) -> tuple[np.ndarray, np.ndarray]:
        curved = min(z, CURVED)
        beyond = z / curved if curved > 0 else 1.0
        return beyond * below * np.maximum(hall(curved, skew), 0), beyond * above * np.maximum(hall(curved, -skew), 0)

    return at


def two_sided(ses: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Standard errors below and above, (k,) each."""
    ses = np.asarray(ses, dtype=float)
    return tuple(ses.T) if ses.ndim == 2 else (ses, ses)


def differences(means: ArrayLike, ses: ArrayLike, one: np.ndarray, other: np.ndarray) -> Callable[[float], tuple[np.ndarray, np.ndarray]]:
    """Lower and upper limits of means[one] − means[other] at z: a function z -> two arrays of as many pairs.

    d − √(below_one² + above_other²) and d + √(above_one² + below_other²) (Zou & Donner, 2008, Statistics in Medicine 27,
    1693–1702), with sides as long as they are at z.
    """
    d, at = np.asarray(means, dtype=float)[one] - np.asarray(means, dtype=float)[other], reach(ses)

    def limits(z: float) -> tuple[np.ndarray, np.ndarray]:
        below, above = at(z)
        return d - np.hypot(below[one], above[other]), d + np.hypot(above[one], below[other])

    return limits


def are_comparable(means: ArrayLike, ses: ArrayLike) -> bool:
    """At least two means, none missing, each with a standard error: equal values do not show certainty."""
    means, (below, above) = np.asarray(means, dtype=float), two_sided(ses)
    if len(means) < 2 or not np.isfinite([means, below, above]).all() or not (np.maximum(below, above) > 0).all():
        return False
    pairs = np.hypot(below[:, None], above[None, :])[~np.eye(len(means), dtype=bool)]
    return bool((pairs > 0).all())


def crossing(limit: Callable[[float], float]) -> float:
    """The z at which a limit that falls with z reaches 0; 0 where it is not above 0 to begin with, at most 40."""
    if limit(0.0) <= 0:
        return 0.0
    return FARTHEST if limit(FARTHEST) > 0 else brentq(limit, 0.0, FARTHEST, xtol=1e-12)
