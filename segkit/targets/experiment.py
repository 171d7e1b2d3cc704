"""How large an experiment must be: the A/B test that would show a lift in each segment, and whether it can be had."""

import numpy as np
import pandas as pd

from segkit.errors import BadInput
from segkit.targets.gates import by_number

LEVEL, POWER = 0.05, 0.8  # level for all segments together


def affordable(kpis: pd.DataFrame, kpi: str, reach: pd.DataFrame | None, lift: float) -> pd.DataFrame:
    """Customers that the A/B test of a lift takes in each segment. Out: segment, base_rate, lift, needed_per_arm, available, enough (whether two
    arms of that size can be had; NA where the base rate or the number of customers is not known).

    In: `kpis.by_segment` rows, of which `kpi`, a share, is the rate without the treatment; `targets.reach`, whose customers who may be
    contacted are available. `lift`: difference of the rate (.02 is two percentage points). Two-sided test of two proportions at level
    .05 / number of segments, since a finding in any of them would count, with power .8 (Fleiss, 1981, Statistical Methods for Rates and
    Proportions, §3.2, without correction for continuity). No number where the lift would take the rate below 0 or above 1.
    """
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail as sample_size  # here, because importing takes seconds

    if not (np.isfinite(lift) and 0 < abs(lift) < 1):
        raise BadInput("The lift to be shown is no difference of two shares.", f"it is {lift}", "Give a share such as 0.02.")
    rows = kpis[(kpis.kpi == kpi) & (kpis.segment != "all")]
    if rows.empty or not rows.unit.eq("share").all():
        raise BadInput(f"An experiment counts who does something, and {kpi} is no such share.", "", "Name a KPI such as retention.")
    contactable = {} if reach is None else reach[reach.measure == "contactable"].set_index("segment").n_yes.to_dict()
    level, lines = LEVEL / len(rows), []
    for segment, value in sorted(zip(rows.segment, rows.value), key=lambda each: by_number(each[0])):
        base = np.nan if value is pd.NA else float(value)
        possible = 0 <= base <= 1 and 0 <= base + lift <= 1
        needed = int(np.ceil(sample_size(lift, base, POWER, alpha=level))) if possible else pd.NA
        available = contactable.get(segment, pd.NA)
        lines.append({"segment": segment, "base_rate": base, "lift": lift, "needed_per_arm": needed, "available": available})
    found = pd.DataFrame(lines).astype({"needed_per_arm": "Int64", "available": "Int64"})
    return found.assign(enough=found.available >= 2 * found.needed_per_arm)
