"""Counts of customers: shares of those who did or said something, and the net promoter score."""

import numpy as np
from numpy.typing import ArrayLike

from segkit.kpis.intervals.estimate import Estimate, Z, column, complete, nothing, standard_error


def proportion(values: ArrayLike) -> Estimate:
    """Share of customers whose value is 1, by Wilson's score interval (0 … 1).

    values : (n,) 0 or 1 (or bool) per customer. With n = 0 all is NaN. With no event, or only events, the interval is still
    Wilson's and `se` is 0, which `verdicts.tests.spread` refuses to use.
    """
    from statsmodels.stats.proportion import proportion_confint  # here, because importing it takes seconds

    values = np.sort(column(values))  # the order of customers changes no digit
    if not complete(values):
        return nothing(values)
    odd = int(((values != 0) & (values != 1)).sum())
    if odd:
        raise ValueError(f"a proportion takes 0 or 1 per customer: {odd} of {len(values)} values are neither")
    events = int(values.sum())
    low, high = proportion_confint(events, len(values), alpha=0.05, method="wilson")
    return Estimate(float(values.mean()), max(0.0, float(low)), min(1.0, float(high)), len(values), standard_error(values), events)


def net_promoters(scores: ArrayLike) -> Estimate:
    """Net promoter score: share of answers 9–10 (promoters) minus share of 0–6 (detractors), −1 … 1.

    scores : (n,) whole numbers 0 … 10, one per customer who answered (`eligible` drops the others). se = √((p + d − (p − d)²)/n).
    Interval: adjusted Wald, after adding ¾ promoters, 1½ passives and ¾ detractors (B. Rocks, 2016, "Interval estimation for the
    'Net Promoter Score'", The American Statistician 70, 365–372). `events`: answers outside the commonest of the three groups.
    """
    scores = column(scores)
    if not complete(scores):
        return nothing(scores)
    odd = int((~np.isin(scores, np.arange(11))).sum())
    if odd:
        raise ValueError(f"an NPS takes whole numbers from 0 to 10: {odd} of {len(scores)} scores are not")
    n, promoters, detractors = len(scores), int((scores >= 9).sum()), int((scores <= 6).sum())
    value, se = _net(promoters, detractors, n)
    centre, half = _net(promoters + 0.75, detractors + 0.75, n + 3)
    low, high = max(-1.0, min(centre - Z * half, value)), min(1.0, max(centre + Z * half, value))
    return Estimate(value, low, high, n, se, n - max(promoters, detractors, n - promoters - detractors))


def _net(promoters: float, detractors: float, n: float) -> tuple[float, float]:
    """(p − d) and its se."""
    value = (promoters - detractors) / n
    return value, float(np.sqrt(max(0.0, (promoters + detractors) / n - value * value) / n))
