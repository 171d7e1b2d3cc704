"""Did being contacted, decided by lot, move more customers to convert than not being contacted."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from segkit.kpis.intervals import Z
from segkit.verdicts.tests.result import Result, undecidable

CURVED = 4.0  # standard errors up to which a score is corrected for skewness; beyond, by as much as there


def lift(treated_events: int, treated_n: int, control_events: int, control_n: int, at_least: float) -> Result:
    """Conversion of the treated minus conversion of the control group, against `at_least` (−1 < δ < 1); randomised contacts only.

    In: customers who converted and customers in all, of each group. Interval: Newcombe's (1998, Statistics in Medicine 17, 873–890,
    method 10). p: score test at a difference of δ (Miettinen & Nurminen, 1985, Statistics in Medicine 4, 213–226) with Gart & Nam's
    skewness correction (1990, Biometrics 46, 637–643; Laud, 2017, Pharmaceutical Statistics 16, 334–348): without it 50 treated
    against 2,000 were called better twice as often as p = .00125 says. Newcombe's limits and p may disagree by a little.
    A group of nobody, or no event and δ = 0: undecidable.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep  # here, because importing it takes seconds

    for events, n in ((treated_events, treated_n), (control_events, control_n)):
        if not 0 <= events <= n:
            raise ValueError(f"{events} of {n} customers cannot have converted")
    if not treated_n or not control_n:
        return undecidable()
    value = treated_events / treated_n - control_events / control_n
    null = constrained(treated_events, treated_n, control_events, control_n, at_least)
    if not null.variance > 0:
        return undecidable(value)
    score = unskewed((value - at_least) / np.sqrt(null.variance), null.skew)
    counts = (treated_events, treated_n, control_events, control_n)
    low, high = confint_proportions_2indep(*counts, method="newcomb", compare="diff", alpha=0.05)
    return Result(value, float(low), float(high), float(ndtr(-score)), float(ndtr(score)))


class Null(NamedTuple):
    """What the difference would vary by if it were truly δ: its variance, and γ/6 of the score, γ its skewness."""

    variance: float
    skew: float


def constrained(treated_events: float, treated_n: float, control_events: float, control_n: float, difference: float) -> Null:
    """Variance and skewness at the likeliest pair of rates that differ by exactly `difference`; the variance is NaN where there is none.

    The likelihood is concave, so that its derivative along the pair has one root; the variance is enlarged by N/(N − 1) (Miettinen &
    Nurminen). Counts need not be whole: power is computed from expected ones. Ours, since `test_proportions_2indep` of statsmodels 0.15
    solves another cubic when δ is not 0: it finds rates below 0, variances off by up to the double, and NaN.
    """
    least, most = max(0.0, -difference) + 1e-12, min(1.0, 1 - difference) - 1e-12

    def slope(p: float) -> float:
        q = p + difference
        control = control_events / p - (control_n - control_events) / (1 - p)
        return control + treated_events / q - (treated_n - treated_events) / (1 - q)

    if least >= most:
        return Null(np.nan, np.nan)
    p = least if slope(least) <= 0 else most if slope(most) >= 0 else brentq(slope, least, most, xtol=1e-15)
    rates = ((p + difference, treated_n, 1), (p, control_n, -1))
    if max(rate * (1 - rate) for rate, _, _ in rates) < 1e-11:  # both at 0 or 1: what was seen had to be
        return Null(np.nan, np.nan)
    total = treated_n + control_n
    variance = sum(rate * (1 - rate) / n for rate, n, _ in rates) * total / (total - 1)
    third = sum(sign * rate * (1 - rate) * (1 - 2 * rate) / n**2 for rate, n, sign in rates)
    return Null(variance, third / (6 * variance**1.5))


def unskewed(score: float, skew: float) -> float:
    """The z of a normal as far out as a score with that skewness is: skew·(z² − 1) + z = score."""
    near = float(np.clip(score, -CURVED, CURVED))
    if abs(skew) < 1e-9:
        return float(score)
    z = (np.sqrt(max(0.0, 1 + 4 * skew * (near + skew))) - 1) / (2 * skew)
    return float(z + score - near)


def lift_somewhere(results: Sequence[Result]) -> Result:
    """The largest lift of several groups of different customers, each tested by `lift` against the same δ: is it more than δ in any of them.

    p_supported = number of groups × the smallest p (choosing the best of six earns nothing); p_refuted = the largest p, since every
    group must be below δ. low = the largest of the groups' lower limits at .025/number; high = the largest of their upper limits at
    .025: the group whose true lift is largest has one, and lies below it. A group in which nothing can be decided counts among the
    groups, supports nothing and keeps the whole from being refuted; the value is the largest that was seen. None: undecidable.
    """
    decided = [each for each in results if not np.isnan(each.p)]
    if not decided:
        return undecidable(max((each.value for each in results if not np.isnan(each.value)), default=np.nan))
    wider = -ndtri(0.025 / len(results)) / Z
    low = max(each.value - wider * (each.value - each.low) for each in decided)
    supported = min(1.0, len(results) * min(each.p_supported for each in decided))
    value = max(each.value for each in results if not np.isnan(each.value))
    if len(decided) < len(results):
        return Result(value, low, np.nan, supported, 1.0)
    return Result(value, low, max(each.high for each in results), supported, max(each.p_refuted for each in results))
