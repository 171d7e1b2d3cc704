"""Means, ratios and shares of money and counts, whose skew the limits follow."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from segkit.kpis.intervals.estimate import NAN, Estimate, Z, column, complete, nothing, standard_error


def mean(values: ArrayLike) -> Estimate:
    """Mean per customer, with Hall's interval, which follows the skew of money instead of assuming none.

    values : (n,) in any unit, money best capped at a cap frozen before as_of.
    T = √n (mean − μ)/sd is skewed; g(T) = T + cT² + c²T³/3 + bγ/√n with c = aγ/√n, a = 1/3, b = 1/6 and γ the sample skewness is
    nearly normal and, being a cube plus a constant, increasing: its inverse by cube root gives the limits (P. Hall, 1992, "On the
    removal of skewness by transformation", JRSS B 54, 221–228). Without skew it is the normal interval.
    n < 2: only the value. All values equal: se 0 and no limits, since [v, v] would claim a certainty that equal values do not
    give.
    """
    values = column(values)
    if not complete(values):
        return nothing(values)
    n, events, value = len(values), int(np.count_nonzero(values)), float(values.mean())
    if n < 2 or np.ptp(values) == 0:
        return Estimate(value, NAN, NAN, n, standard_error(values), events)
    centred, se = values - value, standard_error(values)
    skew = np.mean(centred**3) / np.mean(centred**2) ** 1.5
    high, low = (value - _hall_inverse(y, skew / np.sqrt(n)) * se for y in (-Z, Z))
    return Estimate(value, float(low), float(high), n, se, events)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Estimate:
    """Sum of the numerator per sum of the denominator (revenue per order, after per before …), money best capped on both sides.

    numerator, denominator : (n,) per customer, in the same order. `se` is linearised over customers: influence value (numerator −
    ratio · denominator) / mean denominator (Cochran, 1977, Sampling Techniques, §2.11). Limits: see `_ratio_limits`; they follow
    the skew. `events` counts non-zero numerators. NaN where the denominator sums to 0; n < 2, or a numerator that is everywhere
    the same multiple of the denominator, leaves only the value.
    """
    numerator, denominator = column(numerator), column(denominator)
    if len(numerator) != len(denominator):
        raise ValueError(f"a ratio takes the same customers twice: {len(numerator)} numerators, {len(denominator)} denominators")
    if not (complete(numerator) and complete(denominator)) or denominator.sum() == 0:
        return nothing(numerator + denominator * 0)
    value = numerator.sum() / denominator.sum()
    n, events = len(numerator), int(np.count_nonzero(numerator))
    residual = numerator - value * denominator
    flat = np.abs(residual).max() <= 1e-12 * np.abs(numerator).max()
    se = 0.0 if flat and n > 1 else standard_error(residual / denominator.mean())
    below, above = _ratio_limits(residual, denominator) if se > 0 else (NAN, NAN)
    return Estimate(float(value), float(value - below), float(value + above), n, se, events)


def share_of_total(values: ArrayLike, members: ArrayLike) -> Estimate:
    """The members' share of the sum of `values` over all customers (0 … 1): revenue share of a segment, best of capped money.

    values : (n,) per customer of all segments, ≥ 0. members : (n,) bool, in the segment. It is the ratio of two sums over the
    same customers, and its limits are that ratio's, which follow the skew (they covered .94–.97 where normal limits on the logit
    covered .92–.95). `events`: customers with a value other than 0 inside or outside the segment, whichever are fewer. A negative value
    leaves only the value; a total of 0 or less nothing.
    """
    values, members = column(values), column(members)
    if len(values) != len(members) or not np.isin(members, (0, 1)).all():
        raise ValueError(f"a share takes values and 0 or 1 of the same customers: {len(values)} values, {len(members)} members")
    if not complete(values) or values.sum() <= 0:
        return nothing(values)
    order = np.lexsort((members, values))  # the order of customers changes no digit
    values, inside = values[order], (values * members)[order]
    found = ratio(inside, values)
    fewer = int(min(found.events, np.count_nonzero(values) - found.events))
    if values[0] < 0:
        return replace(found, low=NAN, high=NAN, se=NAN, events=fewer)
    low, high = np.clip([found.low, found.high], 0, 1).tolist()  # a missing limit stays missing
    return replace(found, low=low, high=high, events=fewer)


def _ratio_limits(residual: np.ndarray, denominator: np.ndarray) -> tuple[float, float]:
    """How far the 95 % limits lie below and above the ratio.

    Fieller's limits (1954, JRSS B 16, 175–185), which allow for a denominator that varies too, each stretched by T/z: T is Hall's
    skewness-corrected point (see `mean`), taken at Student's t instead of z, since the se is itself uncertain: its degrees of
    freedom are Satterthwaite's 2n/(κ − 1 − γ²), κ the kurtosis of the residuals, γ their skewness, whose part Hall has corrected
    already. With 200 to 1,000 customers it covered .94–.97, value ± z·se only .92–.95. NaN where the mean denominator does not
    differ from 0 by 1.96 of its se: then any ratio may be true.
    """
    n, average = len(residual), denominator.mean()
    centred, residual = (denominator - average) * np.sign(average), residual * np.sign(average)
    var_denominator, var_residual, both = (np.mean(each) / (n - 1) for each in (centred * centred, residual * residual, centred * residual))
    room = average * average - Z * Z * var_denominator
    if room <= 0:
        return NAN, NAN
    square = np.mean(residual**2)
    skew, kurtosis = np.mean(residual**3) / square**1.5, np.mean(residual**4) / square**2
    point = stdtrit(2 * n / max(kurtosis - 1 - skew * skew, 1e-9), 0.975)
    root = np.sqrt(Z * Z * both * both + room * var_residual)
    below, above = var_residual / (root - Z * both), var_residual / (root + Z * both)
    return below * _hall_inverse(point, skew / np.sqrt(n)), -above * _hall_inverse(-point, skew / np.sqrt(n))


def _hall_inverse(y: float, skew: float) -> float:
    """T with g(T) = y; `skew` is γ/√n. ((1 + u)^⅓ − 1)/c with u = 3c(y − bγ/√n), written so that c → 0 is no special case."""
    y = y - skew / 6
    root = np.cbrt(1 + skew * y)
    return 3 * y / (root * root + root + 1)
