"""From a hypothesis and what was seen to the numbers its test takes, or to the reason why it cannot be tested."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from segkit import kpis
from segkit.kpis import intervals
from segkit.studies import Hypothesis
from segkit.verdicts import tests

LEAST_FOR_BASELINE = 1000  # customers
LEAST_PERIODS = 3
NOT_BY_LOT = 0.001  # p below which the share treated differs between segments more than a lot allows
UNDECIDABLE = tests.Result(*[float("nan")] * 5)


class Case(NamedTuple):
    """A segmentation and what came of it: labels and baselines by customer_id, and what was seen of the same customers."""

    labels: pd.Series
    rivals: dict[str, pd.Series]
    seen: kpis.Seen


class Tested(NamedTuple):
    """A result and how many customers it rests on; why it must stay undecided ("" when it need not); given m, the smallest true value that
    would be found to exceed the threshold in four of five such studies; and what the result leaves out, if anything."""

    result: tests.Result = UNDECIDABLE
    n: int = 0
    reason: str = ""
    detectable: Callable[[int], float] | None = None
    caveat: str = ""


def shown_as(kpi: str) -> str:
    """The KPI as hypotheses use it: what is skewed capped."""
    return f"{kpi}_capped" if kpis.KPIS[kpi].capped else kpi


def too_small(kpi: str, found: dict[str, intervals.Estimate]) -> dict[str, str]:
    """The segments that are too small for a test of the KPI, and why."""
    reasons = {segment: intervals.enough(kpis.KPIS[kpi].kind, each) for segment, each in found.items()}
    return {segment: why for segment, why in reasons.items() if why}


def shortfalls(kpi: str, found: dict[str, intervals.Estimate]) -> str:
    """Why segments are too small for a test of the KPI."""
    return "; ".join(f"{segment}: {why}" for segment, why in too_small(kpi, found).items())


def spread(hypothesis: Hypothesis, case: Case) -> Tested:
    """Highest and lowest segment. Those large enough may show by themselves that the spread of all is as large as claimed; that it is smaller
    they cannot."""
    kpi, at_least = hypothesis.kpi, hypothesis.at_least
    found = kpis.estimates(shown_as(kpi), case.labels, case.seen.after)
    small, n = too_small(kpi, found), sum(each.n for each in found.values())
    large = [each for name, each in found.items() if name not in small]
    sides = [each.sides for each in large]
    result = tests.spread([each.value for each in large], sides, at_least)
    detectable = lambda m: tests.spread_detectable(sides, at_least, m)
    if not small:
        return Tested(result, n, detectable=detectable)
    why = shortfalls(kpi, found)
    of_all = tests.spread([each.value for each in found.values()], [each.sides for each in found.values()], at_least)
    if np.isnan(result.p):
        return Tested(of_all, n, why)
    part = tests.Result(of_all.value, result.low, np.nan, result.p_supported, 1.0)
    return Tested(part, n, detectable=detectable, caveat=f"judged without {why}: so it can be supported, and not refuted")


def ranked(kpi: str, case: Case) -> list[str]:
    """Segments by the KPI in the stretch before as_of, highest first; ties in the order of their names."""
    before = {name: each.value for name, each in kpis.estimates(shown_as(kpi), case.labels, case.seen.before).items()}
    return sorted(before, key=lambda name: (-np.nan_to_num(before[name], nan=-np.inf), len(name), name))


def ordering(hypothesis: Hypothesis, case: Case) -> Tested:
    """Each segment above the next, in an order fixed before as_of."""
    order, there = hypothesis.order or ranked(hypothesis.kpi, case), sorted(case.labels.unique())
    if sorted(order) != there:
        return Tested(n=len(case.labels), reason=f"the order names {', '.join(sorted(order))}, the segments are {', '.join(there)}")
    found = kpis.estimates(shown_as(hypothesis.kpi), case.labels, case.seen.after)
    means, sides = [found[name].value for name in order], [found[name].sides for name in order]
    result, n = tests.ordering(means, sides, hypothesis.at_least), sum(each.n for each in found.values())
    return Tested(result, n, shortfalls(hypothesis.kpi, found), lambda m: tests.ordering_detectable(sides, hypothesis.at_least, m))


def top_share(hypothesis: Hypothesis, case: Case) -> Tested:
    """What the segments that were highest before as_of hold of the total."""
    kpi, order = hypothesis.kpi, ranked(hypothesis.kpi, case)
    if hypothesis.top >= len(order):
        return Tested(n=len(case.labels), reason=f"the top {hypothesis.top} of {len(order)} segments are everyone")
    values = kpis.one_value_per_customer(kpi, case.seen.after.loc[case.labels.index])
    in_top = case.labels.isin(order[: hypothesis.top]).to_numpy()
    found = {name: each for name, each in kpis.estimates(shown_as(kpi), case.labels, case.seen.after).items()}
    result = tests.top_share(values, in_top, hypothesis.at_least)
    return Tested(result, len(values), shortfalls(kpi, found), lambda m: tests.share_detectable(values, in_top, hypothesis.at_least, m))


def beats_baseline(hypothesis: Hypothesis, case: Case) -> Tested:
    """The variance that segments explain, and that a baseline explains, of those who are asked."""
    if hypothesis.baseline not in case.rivals:
        return Tested(
            n=len(case.labels), reason=f"the baseline {hypothesis.baseline} {WHY_NO_RIVAL.get(hypothesis.baseline, 'could not be made')}"
        )
    values = kpis.one_value_per_customer(hypothesis.kpi, case.seen.after.loc[case.labels.index])
    asked = ~np.isnan(values)
    labels, rival = case.labels.to_numpy()[asked], case.rivals[hypothesis.baseline].loc[case.labels.index].to_numpy()[asked]
    n = int(asked.sum())
    reason = f"{n:,} customers, beats_baseline needs {LEAST_FOR_BASELINE:,}" if n < LEAST_FOR_BASELINE else ""
    result = tests.beats_baseline(values[asked], labels, rival, hypothesis.at_least)
    return Tested(result, n, reason, lambda m: tests.baseline_detectable(result, hypothesis.at_least, m))


WHY_NO_RIVAL = {"rfm": "needs the table orders", "expected_orders": "needs orders in which who buys again can be told from who does not"}


def lift(hypothesis: Hypothesis, case: Case) -> Tested:
    """Conversion of who was contacted, less that of who was held out by lot."""
    arms, n = case.seen.arms, len(case.labels)
    if arms is None or arms.empty:
        return Tested(n=n, reason="there are no contacts in the outcome window")
    campaigns = sorted(arms.campaign.unique())
    campaign = hypothesis.campaign or (campaigns[0] if len(campaigns) == 1 else "")
    if campaign not in campaigns:
        return Tested(
            n=n,
            reason=f"{campaign or 'no campaign is named, and there'} {'is none of' if campaign else 'are several:'} {', '.join(campaigns)}",
        )
    rows = arms[arms.campaign == campaign].assign(segment=lambda part: part.customer_id.map(case.labels)).dropna(subset="segment")
    if hypothesis.kpi == "click_rate":
        if "clicked" not in rows or not rows.clicked[~rows.treated].any():
            return Tested(
                n=len(rows), reason=f"nobody who was held out from {campaign} clicked or visited, so that there is nothing to compare with"
            )
        rows = rows.assign(converted=rows.clicked)
    if rows.treated.all():
        return Tested(n=len(rows), reason=f"{campaign} has no control group: its conversion is a rate, and no lift can be told")
    if by_lot(rows) < NOT_BY_LOT:
        return Tested(
            n=len(rows), reason=f"the share contacted differs between segments more than a lot allows: {campaign} was no experiment"
        )
    groups = {name: part for name, part in rows.groupby("segment")} if hypothesis.segment == "any" else {"all": rows}
    if hypothesis.segment not in ("", "any"):
        groups = {hypothesis.segment: rows[rows.segment == hypothesis.segment]}
        if groups[hypothesis.segment].empty:
            return Tested(n=0, reason=f"nobody of {hypothesis.segment} was in {campaign}")
    counts = {name: counted(part) for name, part in groups.items()}
    results = [tests.lift(*each, hypothesis.at_least) for each in counts.values()]
    reason = "; ".join(f"{name}: {why}" for name, part in groups.items() if (why := too_few(part)))
    result = tests.lift_somewhere(results) if hypothesis.segment == "any" else results[0]
    return Tested(result, sum(map(len, groups.values())), reason, lambda m: smallest_lift(list(counts.values()), hypothesis.at_least, m))


def counted(rows: pd.DataFrame) -> tuple[int, int, int, int]:
    """Converted and number of the treated, then of the held out."""
    return tuple(
        int(each) for treated in (True, False) for each in (rows.converted[rows.treated == treated].sum(), (rows.treated == treated).sum())
    )


def smallest_lift(counts: list[tuple[int, int, int, int]], at_least: float, m: int) -> float:
    """The smallest detectable lift, of one group of customers or of the one among several in which it is smallest."""
    return min(
        tests.lift_detectable(n, held, converted / held if held else np.nan, at_least, m * len(counts)) for _, n, converted, held in counts
    )


def too_few(rows: pd.DataFrame) -> str:
    """Why a group is too small for a lift."""
    found = {
        arm: intervals.proportion(rows.converted[rows.treated == treated]) for arm, treated in (("contacted", True), ("held out", False))
    }
    return "; ".join(f"{arm}, {why}" for arm, each in found.items() if (why := intervals.enough("proportion", each)))


def by_lot(rows: pd.DataFrame) -> float:
    """p of the share treated being the same in all segments, which it is when lots were drawn (Pearson's chi-squared)."""
    from scipy.stats import chi2_contingency

    table = pd.crosstab(rows.segment, rows.treated)
    return float(chi2_contingency(table, correction=False).pvalue) if min(table.shape) > 1 else 1.0


def trend(hypothesis: Hypothesis, case: Case) -> Tested:
    """How a segment's KPI moves from period to period, against all others."""
    periods = case.seen.periods.get(hypothesis.kpi)
    if periods is None or periods.shape[1] < LEAST_PERIODS:
        many = 0 if periods is None else periods.shape[1]
        return Tested(
            n=len(case.labels), reason=f"the outcome window has {many} whole periods of {kpis.PERIOD} days, a trend needs {LEAST_PERIODS}"
        )
    inside = (case.labels == hypothesis.segment).to_numpy()
    if not inside.any():
        return Tested(n=len(inside), reason=f"there is no segment {hypothesis.segment}")
    slopes = tests.slopes(periods.loc[case.labels.index].to_numpy())
    found = {hypothesis.segment: intervals.mean(slopes[inside]), "the others": intervals.mean(slopes[~inside])}
    result, ses = tests.trend(slopes[inside], slopes[~inside], hypothesis.at_least), [each.se for each in found.values()]
    reason = "; ".join(f"{name}: {why}" for name, each in found.items() if (why := intervals.enough("mean", each)))
    return Tested(result, len(inside), reason, lambda m: tests.trend_detectable(*ses, hypothesis.at_least, m))


TESTS: dict[str, Callable[[Hypothesis, Case], Tested]] = {
    "spread": spread,
    "beats_baseline": beats_baseline,
    "top_share": top_share,
    "ordering": ordering,
    "lift": lift,
    "trend": trend,
}
