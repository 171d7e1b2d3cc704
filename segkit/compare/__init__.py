"""Are the segments real? Structure against one population, indices over method and k, stability, agreement, a recommendation."""

import pandas as pd

from segkit.compare.bootstrap import PAIRS, segment_stability, trusted
from segkit.compare.choice import Recommendation, choose, least_size, recommend
from segkit.compare.differences import EFFECT, KNOWN, differences
from segkit.compare.fence import FENCE, SURENESS, fence
from segkit.compare.flow import flow, in_steps, recruitment
from segkit.compare.halves import prediction_strength
from segkit.compare.profiles import COUNTED, TYPICAL, profiles, sizes, traits
from segkit.compare.prototypes import prototypes
from segkit.compare.reference import gap_statistic
from segkit.compare.sweep import Sweep, agreement, beside, sweep
from segkit.compare.verdict import AtK, Structure, structure

__all__ = [
    "COUNTED",
    "EFFECT",
    "FENCE",
    "KNOWN",
    "PAIRS",
    "SURENESS",
    "TYPICAL",
    "Recommendation",
    "Structure",
    "Sweep",
    "agreement",
    "beside",
    "choose",
    "differences",
    "fence",
    "flow",
    "gap_statistic",
    "in_steps",
    "least_size",
    "prediction_strength",
    "profiles",
    "prototypes",
    "recommend",
    "recruitment",
    "segment_stability",
    "sizes",
    "structure",
    "structure_table",
    "sweep",
    "traits",
    "trusted",
]


def structure_table(found: Structure) -> pd.DataFrame:
    """The structure verdict as rows, one per k. Out: verdict, best_k, t1, t1_threshold, t2, t2_threshold, n, and by k: z, significant, gap,
    ari, ari_low, ari_high. Where nothing could be tested, one row without a k.
    """
    table = pd.DataFrame(found.by_k or [[None] * len(AtK._fields)], columns=AtK._fields)
    tests = {"t1": found.t1.value, "t1_threshold": found.t1.threshold, "t2": found.t2.value, "t2_threshold": found.t2.threshold}
    return table.assign(verdict=found.verdict, best_k=found.k, **tests, n=found.rows)
