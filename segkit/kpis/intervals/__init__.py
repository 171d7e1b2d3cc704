"""One number per segment with its 95 % interval: proportion, mean, ratio, NPS, share of a total. Values in, `Estimate` out.

Every function takes one value per customer of the segment, inactive ones included as 0: leaving them out answers another
question. What cannot be computed is NaN; a missing value makes the whole estimate NaN, since dropping it would change who is
counted. Where only some customers are eligible the caller says so by `eligible`. Standard errors are sd / √n of per-customer
influence values (divisor n − 1, for NPS n): they condition on the labels and add up over segments. How often each interval holds
the truth is measured by benchmarks/coverage.py.
"""

from segkit.kpis.intervals.answers import net_promoters, proportion
from segkit.kpis.intervals.estimate import NAN, Difference, Estimate, Z, difference, eligible
from segkit.kpis.intervals.least import LEAST, enough
from segkit.kpis.intervals.money import mean, ratio, share_of_total

__all__ = [
    "LEAST",
    "NAN",
    "Difference",
    "Estimate",
    "Z",
    "difference",
    "eligible",
    "enough",
    "mean",
    "net_promoters",
    "proportion",
    "ratio",
    "share_of_total",
]
