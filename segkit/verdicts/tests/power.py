"""What could have been found: the smallest true value that a test shows to exceed its threshold in four of five studies.

Each function returns that value itself, threshold included, in the KPI's unit; `m` hypotheses share the level, so each has .05/m
(Bonferroni's bound of Holm's first step), two-sided. Power is aimed at .84, one standard error beyond: four of five are then found also where standard errors are
not quite those at hand. Standard errors are taken as they would be at that value: where they grow with it (money, rates below one
half) and were seen without it, more is needed. NaN where no value can be detected.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import norm, t

from segkit.kpis.intervals import NAN, Z
from segkit.verdicts.tests.family import LEVEL
from segkit.verdicts.tests.lift import constrained
from segkit.verdicts.tests.result import Result
from segkit.verdicts.tests.share import excess, sums
from segkit.verdicts.tests.sides import are_comparable, reach, two_sided
from segkit.verdicts.tests.spread import widest_pair_point

POWER = 0.8
BEYOND = 1.0  # standard errors above what is just found
AIMED = float(norm.cdf(BEYOND))
LEAST_FOR_TREND = 100  # customers on either side (`kpis.intervals.enough`)


def side(m: int) -> float:
    """The level of one side of one of m tests."""
    if m < 1:
        raise ValueError(f"a family has at least one hypothesis, not {m}")
    return LEVEL / 2 / m


def spread_detectable(sides: ArrayLike, at_least: float, m: int) -> float:
    """The smallest spread that is found when one segment, whichever, lies so far above all others, which are alike.

    sides : (k,) or (k, 2), as for `spread`. Where the others lie between, more is needed; where several lie above, less. Missed are
    studies in which no difference to another segment exceeds its side at the level of max |Z_i − Z_j|/se: an integral over the one mean
    of the product over the others.
    """
    k = len(sides)
    if not are_comparable(np.zeros(k), sides):
        return NAN
    z, u = widest_pair_point(side(m), k), np.linspace(-8, 8, 321)[:, None]
    (below, above), own, theirs = reach(sides)(z), two_sided(sides)[0], np.mean(two_sided(sides), axis=0)
    weight = norm.pdf(u[:, 0]) * 0.05

    def of(i: int) -> float:
        others = np.arange(k) != i
        length, sd = np.hypot(below[i], above[others]), np.maximum(theirs[others], 1e-9 * own[i])
        missed = lambda effect: weight @ ndtr((length - effect - own[i] * u) / sd).prod(axis=1) - (1 - AIMED)
        return brentq(missed, 0, length.max() + 9 * (own[i] + sd.max()))

    return float(at_least + max(map(of, range(k))))


def ordering_detectable(sides: ArrayLike, at_least: float, m: int) -> float:
    """The smallest difference between neighbours that, if all neighbours are as far apart, is found for all of them together.

    sides : (k,) or (k, 2), in the claimed order. Each of the k − 1 differences may be missed in its part of what may be missed at all.
    """
    k = len(sides)
    if not are_comparable(np.zeros(k), sides):
        return NAN
    z, beyond = norm.isf(side(m)), norm.isf((1 - AIMED) / (k - 1))
    (below, above), (own, theirs) = reach(sides)(z), wobble(sides, z)
    return float(at_least + (np.hypot(below[:-1], above[1:]) + beyond * np.hypot(own[:-1], theirs[1:])).max())


def wobble(ses: ArrayLike, z: float) -> np.ndarray:
    """Standard deviations of lower and upper limits at z from study to study, (2, k).

    A skewed mean that comes out high has a larger standard error, too, so that its upper limit moves more than the mean: midway between
    the standard error of its side and what the limit moves from z to z + 1, if that is more.
    """
    at, ses = reach(ses), np.array(two_sided(ses))
    return (ses + np.maximum(ses, (np.array(at(z + BEYOND)) - at(z)) / BEYOND)) / 2


def share_detectable(values: ArrayLike, in_top: ArrayLike, at_least: float, m: int) -> float:
    """The smallest share of the top that is found, if its customers all brought the same multiple of what they did.

    In: as for `top_share`. NaN as well where the top's own sum is not known well enough for any share to be found.
    """
    values, in_top, z = np.asarray(values, dtype=float), np.asarray(in_top, dtype=bool), norm.isf(side(m))
    known = sums(values, in_top)
    if known is None:
        return NAN
    (top, rest), ses = known

    def margin(share: float) -> float:
        times = np.array([share / (1 - share) * rest / top, 1])
        then = ses * times[:, None]
        own, theirs = np.diagonal(wobble(then * [[1 - at_least], [at_least]], z))
        return (excess(times * known[0], then, at_least)(z)[0] - BEYOND * np.hypot(own, theirs)) / times[0]

    most = 1 - 1e-9
    return float(brentq(margin, at_least, most)) if margin(most) > 0 else NAN


def baseline_detectable(result: Result, at_least: float, m: int) -> float:
    """The smallest difference of explained variance that is found, by the standard error of a `beats_baseline`."""
    return at_least + (norm.isf(side(m)) + BEYOND) * (result.high - result.low) / 2 / Z


def trend_detectable(own_se: float, others_se: float, at_least: float, m: int) -> float:
    """The smallest difference of mean slopes that is found, by the standard error of each.

    Student's t with 99 degrees of freedom, the fewest of a group that is large enough.
    """
    point = t.isf(side(m), LEAST_FOR_TREND - 1) + t.ppf(AIMED, LEAST_FOR_TREND - 1)
    return float(at_least + point * np.hypot(own_se, others_se))


def lift_detectable(n_treated: int, n_control: int, base_rate: float, at_least: float, m: int) -> float:
    """The smallest lift that is found when the control group converts at `base_rate`; NaN if not even 1 − base_rate is.

    The score test rejects above z of the standard error under δ, corrected for skewness; the difference varies by its own standard error
    (Farrington & Manning, 1990, Statistics in Medicine 9, 1447–1454). For `lift_somewhere` of s groups take m·s.
    """
    if not (n_treated > 0 and n_control > 0 and 0 < base_rate < 1):
        return NAN
    z = norm.isf(side(m))

    def margin(true: float) -> float:
        rate = base_rate + true
        null = constrained(n_treated * rate, n_treated, n_control * base_rate, n_control, at_least)
        own = np.sqrt(rate * (1 - rate) / n_treated + base_rate * (1 - base_rate) / n_control)
        return true - at_least - (z + null.skew * (z * z - 1)) * np.sqrt(null.variance) - BEYOND * own

    least, most = at_least + 1e-9, 1 - base_rate - 1e-9
    if least >= most or margin(most) < 0:
        return NAN
    return float(brentq(margin, least, most))


def customers_needed(base_rate: float, lift: float, m: int, power: float = POWER) -> int:
    """Customers in each of two equal groups, so that a true `lift` over `base_rate` is found to exceed 0 with that power.

    By the z-test's formula of statsmodels (pooled variance under 0), level .05/m two-sided; for `lift_somewhere` of s groups take m·s.
    """
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    if not (0 < base_rate < 1 and 0 < base_rate + lift < 1 and lift != 0):
        raise ValueError(f"a rate of {base_rate:g} cannot move by {lift:g}")
    return math.ceil(samplesize_proportions_2indep_onetail(lift, base_rate, power, alpha=2 * side(m), alternative="two-sided"))
