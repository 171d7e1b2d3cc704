"""Does a segment grow faster than all others, period by period after as_of."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr
from scipy.stats import ttest_ind

from segkit.kpis.intervals import NAN
from segkit.verdicts.tests.result import Result, undecidable

LEAST_PERIODS = 3


def slopes(values: ArrayLike) -> np.ndarray:
    """The least-squares slope of each customer's values over equal periods, per period: Σ (t − mean t)·y / Σ (t − mean t)².

    values : (n, periods), at least three periods, all of them after as_of. Segments are cut by what happened before: from there to
    the first period everybody falls back towards the average, and a slope across as_of is false in all cases. A customer with a
    missing period has no slope (NaN).
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] < LEAST_PERIODS:
        raise ValueError(f"a trend takes customers × at least {LEAST_PERIODS} periods, not an array of shape {values.shape}")
    time = np.arange(values.shape[1]) - (values.shape[1] - 1) / 2
    return (values * time).sum(axis=1) / (time @ time)


def trend(own: ArrayLike, others: ArrayLike, at_least: float) -> Result:
    """A segment's mean slope minus that of all others, against `at_least` (unit per period, of any sign).

    own, others : (n,) slopes of the segment's customers and of everybody else's (`slopes`), money capped. Welch's t (1947, Biometrika 34,
    28–35). Hall's intervals, better for money itself, are worse here: slopes are symmetric with long tails, whose sample skewness is
    noise (twice the nominal error at .025 with 15 % buyers). Fewer than two customers on a side, a missing slope, or slopes that are
    all equal on a side: undecidable.
    """
    own, others = np.sort(np.asarray(own, dtype=float)), np.sort(np.asarray(others, dtype=float))
    value = own.mean() - others.mean() if min(len(own), len(others)) else NAN
    if min(len(own), len(others)) < 2 or np.isnan(value) or not (np.ptp(own) > 0 and np.ptp(others) > 0):
        return undecidable(value)
    found = ttest_ind(own - at_least, others, equal_var=False)
    low, high = (at_least + limit for limit in found.confidence_interval(0.95))
    more, less = stdtr(found.df, -found.statistic), stdtr(found.df, found.statistic)
    return Result(float(value), float(low), float(high), float(more), float(less))
