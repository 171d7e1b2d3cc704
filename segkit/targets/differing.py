"""Does a segment's outcome differ from everyone else's? Measured after as_of, with intervals that hold for all segments together."""

import numpy as np
import pandas as pd

from segkit import kpis
from segkit.errors import BadInput, nearest
from segkit.kpis import intervals
from segkit.targets.gates import by_number

LEVEL = 0.05  # for all segments together
COLUMNS = ["segment", "kpi", "unit", "value", "low", "high", "n", "n_others", "events", "events_others", "reason"]


def differing(
    labels: pd.Series, outcomes: pd.DataFrame, kpi: str, also_tested: int = 0, unfit: str = "", currency: str = "currency"
) -> pd.DataFrame:
    """Each segment's KPI less that of all other customers. Out: segment, kpi (what is skewed capped), unit, value, low, high, n, n_others,
    events, events_others (values other than 0), reason (why there is no interval).

    In: labels and `kpis.outcomes` by customer_id. The interval joins both sides' own (Zou & Donner, 2008, Statistics in Medicine 27,
    1693–1702) at level .05 / number of comparisons (Bonferroni): one for each segment, one for two segments, which are the same comparison
    seen from both sides, and `also_tested` for all that was tried on this outcome window besides (`looks.m`). So an interval that excludes 0
    is a finding also beside the others. None where either side is too small for `kpis.intervals.enough`, or where the outcomes are `unfit` for
    any verdict (a sentence, `verdicts.why_undecidable`).
    """
    if kpi not in kpis.KPIS:
        raise BadInput(f"There is no KPI {kpi!r}.", "segments are compared by one", nearest(kpi, kpis.KPIS))
    names = sorted(labels.dropna().unique(), key=by_number)
    name = f"{kpi}_capped" if kpis.KPIS[kpi].capped else kpi
    kind = kpis.KPIS[kpi].kind
    z = critical(len(names), also_tested)
    unit = kpis.KPIS[kpi].unit
    known = {"kpi": name, "unit": currency if unit == "currency" else unit}
    lines = []
    for segment in names:
        inside = labels == segment
        sizes = {"n": int(inside.sum()), "n_others": int(labels.notna().sum() - inside.sum())}
        found = {"reason": lacking(kpi, outcomes) or ("" if sizes["n_others"] else "it is everyone")}
        if not found["reason"]:
            one, others = (estimated(name, outcomes, labels.index[rows]) for rows in (inside, ~inside & labels.notna()))
            found = beside(one, others, kind, z, unfit)
        lines.append({"segment": segment} | known | sizes | found)
    return pd.DataFrame(lines, columns=COLUMNS)


def critical(segments: int, also_tested: int) -> float:
    """How many standard errors a difference must be away from 0, in all comparisons together."""
    from scipy.stats import norm

    comparisons = (1 if segments == 2 else segments) + also_tested
    return float(norm.isf(LEVEL / (2 * max(comparisons, 1))))


def lacking(kpi: str, outcomes: pd.DataFrame) -> str:
    """Why a KPI cannot be had of these outcomes."""
    if outcomes.columns.empty:
        return "there is no outcome window"
    if outcomes.attrs.get("caps", {}).get(kpi) == 0:
        return f"fewer than 1 % of customers had any {kpi.replace('_', ' ')} in the stretch before as_of, so its cap is 0"
    return "" if kpi in kpis.available(outcomes) else f"the data do not say {kpi.replace('_', ' ')}"


def estimated(name: str, outcomes: pd.DataFrame, customers: pd.Index) -> intervals.Estimate:
    """The KPI of some customers."""
    part = outcomes.loc[customers]
    part.attrs = outcomes.attrs
    return kpis.estimate(name, part)


def beside(one: intervals.Estimate, others: intervals.Estimate, kind: str, z: float, unfit: str) -> dict:
    """The difference of two estimates, its interval, or the reason for none."""
    short = [f"{whose}: {why}" for whose, each in (("its own", one), ("all others", others)) if (why := intervals.enough(kind, each))]
    found = {"value": one.value - others.value, "low": np.nan, "high": np.nan, "events": one.events, "events_others": others.events}
    if unfit or short:
        return found | {"reason": unfit or "; ".join(short)}
    (below, above), (below_others, above_others) = one.sides, others.sides
    limits = {"low": found["value"] - z * np.hypot(below, above_others), "high": found["value"] + z * np.hypot(above, below_others)}
    return found | {name: float(limit) for name, limit in limits.items()} | {"reason": ""}
