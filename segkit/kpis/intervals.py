"""One number per segment with its 95 % interval: proportion, mean, ratio. Values in, `Estimate` out; no segment is known here.

Every function takes one value per customer of the segment, inactive ones included as 0: leaving them out answers another
question. What cannot be computed is NaN; a missing value makes the whole estimate NaN, since dropping it would change who is
counted. Standard errors are sd / √n of per-customer influence values (divisor n − 1): they condition on the labels and add up
over segments.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

Z = 1.959963984540054  # 97.5 % point of the standard normal
NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, in the value's own unit; `n` customers, of whom `events` have a non-zero value."""

    value: float
    low: float
    high: float
    n: int
    se: float
    events: float  # a count; NaN where a value is missing

    @property
    def sides(self) -> tuple[float, float]:
        """The standard error below and above the value that the interval implies; a skewed value has two."""
        return (self.value - self.low) / Z, (self.high - self.value) / Z


def proportion(values: ArrayLike) -> Estimate:
    """Share of customers whose value is 1, by Wilson's score interval (0 … 1).

    values : (n,) 0 or 1 (or bool) per customer. With n = 0 all is NaN. With no event, or only events, the interval is still
    Wilson's and `se` is 0, which `verdicts.tests.spread` refuses to use.
    """
    from statsmodels.stats.proportion import proportion_confint  # here, because importing it takes seconds

    values = _column(values)
    if not _complete(values):
        return _nothing(values)
    odd = int(((values != 0) & (values != 1)).sum())
    if odd:
        raise ValueError(f"a proportion takes 0 or 1 per customer: {odd} of {len(values)} values are neither")
    events = int(values.sum())
    low, high = proportion_confint(events, len(values), alpha=0.05, method="wilson")
    return Estimate(float(values.mean()), max(0.0, float(low)), min(1.0, float(high)), len(values), _se(values), events)


def mean(values: ArrayLike) -> Estimate:
    """Mean per customer, with Hall's interval, which follows the skew of money instead of assuming none.

    values : (n,) in any unit, money best capped at a cap frozen before as_of.
    T = √n (mean − μ)/sd is skewed; g(T) = T + cT² + c²T³/3 + bγ/√n with c = aγ/√n, a = 1/3, b = 1/6 and γ the sample skewness is
    nearly normal and, being a cube plus a constant, increasing: its inverse by cube root gives the limits (P. Hall, 1992, "On the
    removal of skewness by transformation", JRSS B 54, 221–228). Without skew it is the normal interval.
    n < 2: only the value. All values equal: se 0 and no limits, since [v, v] would claim a certainty that equal values do not
    give.
    """
    values = _column(values)
    if not _complete(values):
        return _nothing(values)
    n, events, value = len(values), int(np.count_nonzero(values)), float(values.mean())
    if n < 2 or np.ptp(values) == 0:
        return Estimate(value, NAN, NAN, n, _se(values), events)
    centred, se = values - value, _se(values)
    skew = np.mean(centred**3) / np.mean(centred**2) ** 1.5
    high, low = (value - _hall_inverse(y, skew / np.sqrt(n)) * se for y in (-Z, Z))
    return Estimate(value, float(low), float(high), n, se, events)


def _hall_inverse(y: float, skew: float) -> float:
    """T with g(T) = y; `skew` is γ/√n. ((1 + u)^⅓ − 1)/c with u = 3c(y − bγ/√n), written so that c → 0 is no special case."""
    y = y - skew / 6
    root = np.cbrt(1 + skew * y)
    return 3 * y / (root * root + root + 1)


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Estimate:
    """Sum of the numerator per sum of the denominator (revenue per order …), linearised over customers, normal interval.

    numerator, denominator : (n,) per customer, in the same order. Influence value (numerator − ratio · denominator) / mean
    denominator. `events` counts non-zero numerators. NaN where the denominator sums to 0; n < 2, or a numerator that is
    everywhere the same multiple of the denominator, leaves only the value (Cochran, 1977, Sampling Techniques, §2.11).
    """
    numerator, denominator = _column(numerator), _column(denominator)
    if len(numerator) != len(denominator):
        raise ValueError(f"a ratio takes the same customers twice: {len(numerator)} numerators, {len(denominator)} denominators")
    if not (_complete(numerator) and _complete(denominator)) or denominator.sum() == 0:
        return _nothing(numerator + denominator * 0)
    value = numerator.sum() / denominator.sum()
    n, events = len(numerator), int(np.count_nonzero(numerator))
    residual = numerator - value * denominator
    flat = np.abs(residual).max() <= 1e-12 * np.abs(numerator).max()
    se = 0.0 if flat and n > 1 else _se(residual / denominator.mean())
    half = Z * se if se > 0 else NAN
    return Estimate(float(value), float(value - half), float(value + half), n, se, events)


def enough(kind: str, estimate: Estimate) -> str:
    """Why the segment is too small for its interval and for a verdict, as one sentence; "" when it is large enough.

    kind : "proportion", "mean" (of capped money) or "ratio". Below these sizes the 95 % intervals were seen to miss too often:
    ratios over 200 customers of whom 16 had ordered covered .90. An estimate without an interval is never enough.
    """
    n, events = estimate.n, estimate.events
    n_least, events_least, others_least = {"proportion": (50, 10, 10), "mean": (100, 0, 0), "ratio": (200, 50, 0)}[kind]
    if n < n_least:
        return f"{n:,} customers, a {kind} needs {n_least}"
    if np.isnan(events):
        return f"of {n:,} customers some have no value"
    if events < events_least:
        return f"fewer than {events_least} of {n:,} customers have a value other than 0, a {kind} needs {events_least}"
    if n - events < others_least:
        return f"fewer than {others_least} of {n:,} customers have the value 0, a {kind} needs {others_least}"
    if np.isnan(estimate.low):
        return f"the values of {n:,} customers do not vary, so there is no interval"
    return ""


def _column(values: ArrayLike) -> np.ndarray:
    """The values as a flat float column."""
    return np.asarray(values, dtype=float).ravel()


def _complete(values: np.ndarray) -> bool:
    """At least one customer, and a finite value for each."""
    return len(values) > 0 and bool(np.isfinite(values).all())


def _nothing(values: np.ndarray) -> Estimate:
    """Only the counts are known."""
    return Estimate(NAN, NAN, NAN, len(values), NAN, int(np.count_nonzero(values)) if np.isfinite(values).all() else NAN)


def _se(influence: np.ndarray) -> float:
    """Standard error of the mean of the influence values; NaN below two customers, exactly 0 where they are all equal."""
    if len(influence) < 2:
        return NAN
    return float(influence.std(ddof=1) / np.sqrt(len(influence))) if np.ptp(influence) > 0 else 0.0
