"""The hypothesis tests: differences of at least δ between segments, shares, orders, lifts and trends, and what is left of them after Holm.

Every test gives one p per side: `p_supported` is small when the data speak for the hypothesis ("more than δ"), `p_refuted` when
they speak for its opposite. Each is valid under every truth on its own side, not only at δ, and far out, too: in a family of
twenty a p counts from .00125. Error rates and power are measured by benchmarks/verdicts. Whether segments are large enough to be
tested at all is `kpis.intervals.enough`, which the caller asks first.
"""

from segkit.verdicts.tests.baseline import beats_baseline, in_order, merged_cells, population_eta2
from segkit.verdicts.tests.family import LEVEL, holm, verdict
from segkit.verdicts.tests.lift import lift, lift_somewhere
from segkit.verdicts.tests.ordering import ordering
from segkit.verdicts.tests.power import (
    POWER,
    baseline_detectable,
    customers_needed,
    lift_detectable,
    ordering_detectable,
    share_detectable,
    spread_detectable,
    trend_detectable,
)
from segkit.verdicts.tests.result import Result
from segkit.verdicts.tests.share import top_share
from segkit.verdicts.tests.spread import spread, widest_pair_sf
from segkit.verdicts.tests.trend import slopes, trend

__all__ = [
    "LEVEL",
    "POWER",
    "Result",
    "baseline_detectable",
    "beats_baseline",
    "customers_needed",
    "holm",
    "in_order",
    "lift",
    "lift_detectable",
    "lift_somewhere",
    "merged_cells",
    "ordering",
    "ordering_detectable",
    "population_eta2",
    "share_detectable",
    "slopes",
    "spread",
    "spread_detectable",
    "top_share",
    "trend",
    "trend_detectable",
    "verdict",
    "widest_pair_sf",
]
