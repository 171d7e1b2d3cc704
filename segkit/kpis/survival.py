"""How long customers stay after as_of: the time until their final silence, curves per segment and the log-rank test.

A customer is gone when nothing was heard of them for the last `gap` days of the outcome window, since the day of their last
activity. Whether a shorter silence is final nobody knows yet: those customers count as still there, so nobody is followed for longer
than the window less the gap (censored). Who comes back after the window was called gone too early: the curve describes the window.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from segkit.kpis.intervals import NAN, Z

MOST_DAYS = 30  # lines of a segment's curve
LEAST_GONE = 5  # customers of each segment expected to leave; below it chi-square is not the distribution of the log-rank statistic
COLUMNS = ["segment", "day", "staying", "low", "high", "n"]


class LogRank(NamedTuple):
    """Do the segments' curves differ anywhere? Chi-square with `df` degrees of freedom, and its p; NaN where undecidable."""

    chi2: float
    df: int
    p: float


def until_silence(last_day: ArrayLike, days: int, gap: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Days until each customer's final silence, and whether they are gone (else they were still there when last seen).

    last_day : (n,) days from as_of to the last activity in the outcome window, 0 ≤ … < days; NaN or −1 for none, who left at day 0.
    days : length of the outcome window. gap : days of silence at its end that make a customer gone; a third of it, at least 1.
    Out: durations (n,) in days, at most days − gap; gone (n,) bool.
    """
    last_day = np.asarray(last_day, dtype=float).ravel()
    gap = max(1, days // 3) if gap is None else gap
    if not 0 < gap < days:
        raise ValueError(f"a silence of {gap} days has no room in a window of {days} days")
    if (last_day >= days).any() or ((last_day < 0) & (last_day != -1)).any():
        raise ValueError(f"the last activity lies outside the {days} days of the window (−1 or NaN: there was none)")
    last_day = np.where(last_day >= 0, last_day, 0.0)
    return np.minimum(last_day, days - gap), last_day < days - gap


def curve(labels: ArrayLike, durations: ArrayLike, gone: ArrayLike) -> pd.DataFrame:
    """The share of each segment still there after each day, with its 95 % interval.

    labels, durations, gone : (n,) of the same customers, see `until_silence`. Out, one line per segment and day, at most 30 evenly
    spaced days including 0 and the last: segment, day, staying (after that day), low, high (0 … 1; for that day alone, not for the
    whole curve), n (customers still under observation on that day).
    Kaplan & Meier (1958), Greenwood's variance, limits on the log(−log) scale (Kalbfleisch & Prentice, 1980); no limits where
    all or none are left, NaN after the last day on which somebody was observed.
    """
    from statsmodels.duration.survfunc import SurvfuncRight  # here, because importing it takes seconds

    labels, durations, gone = _same_customers(labels, durations, gone)
    days, lines = _days(durations), []
    for segment in sorted(np.unique(labels).tolist(), key=lambda name: (len(name), name)):  # S2 before S10
        inside = labels == segment
        found = SurvfuncRight(durations[inside], gone[inside])
        steps = np.searchsorted(found.surv_times, days, side="right")
        staying, se = np.r_[1.0, found.surv_prob][steps], np.r_[NAN, found.surv_prob_se][steps]
        observed = len(durations[inside]) - np.searchsorted(np.sort(durations[inside]), days, side="left")
        staying = np.where((observed == 0) & (staying > 0), NAN, staying)
        low, high = _log_log(staying, se)
        lines.append(pd.DataFrame({"segment": segment, "day": days, "staying": staying, "low": low, "high": high, "n": observed}))
    return pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(columns=COLUMNS)


def _days(durations: np.ndarray) -> np.ndarray:
    """At most 30 days from 0 to the last, whole ones but for the last."""
    last = durations.max(initial=0.0)
    return np.unique(np.r_[np.arange(0, last, max(1, np.ceil(last / (MOST_DAYS - 1)))), last])


def _log_log(staying: np.ndarray, se: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """staying^exp(±z·se/(staying·log staying)); NaN where staying is 0 or 1."""
    between = np.where((staying > 0) & (staying < 1), staying, NAN)
    factor = np.exp(Z * se / (between * -np.log(between)))
    return between**factor, between ** (1 / factor)


def log_rank(labels: ArrayLike, durations: ArrayLike, gone: ArrayLike) -> LogRank:
    """Whether customers of all segments stay equally long (Mantel, 1966; Peto & Peto, 1972); no pair is tested.

    labels, durations, gone : (n,) of the same customers. Undecidable: fewer than two segments, all left together, or a segment of
    whom fewer than 5 would be gone if all segments were alike (of 2 customers against 100 the p was below .05 in 10 %).
    """
    from scipy.stats import chi2
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    labels, durations, gone = _same_customers(labels, durations, gone)
    _, segment = np.unique(labels, return_inverse=True)
    df = max(0, segment.max(initial=0))
    if df == 0 or not gone.any():
        return LogRank(NAN, int(df), NAN)
    everyone = SurvfuncRight(durations, gone)
    hazard = np.r_[0.0, np.cumsum(everyone.n_events / everyone.n_risk)]
    expected = np.bincount(segment, hazard[np.searchsorted(everyone.surv_times, durations, side="right")])
    if expected.min() < LEAST_GONE or everyone.n_events[0] == everyone.n_risk[0]:
        return LogRank(NAN, int(df), NAN)
    statistic = float(survdiff(durations, gone, segment)[0])
    return LogRank(statistic, int(df), float(chi2.sf(statistic, df)))  # its own p is 1 − cdf, which ends at 1e-16


def _same_customers(labels: ArrayLike, durations: ArrayLike, gone: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three columns as arrays of one length."""
    labels = np.asarray(labels).astype(str)
    durations, gone = np.asarray(durations, dtype=float), np.asarray(gone, dtype=bool)
    if not len(labels) == len(durations) == len(gone):
        raise ValueError(f"{len(labels)} labels, {len(durations)} durations and {len(gone)} fates are not of the same customers")
    if not (durations >= 0).all():
        raise ValueError("durations are days of 0 or more")
    return labels, durations, gone
