"""Every hypothesis put to its test on what was seen of customers; what cannot be tested says why."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from segkit import features, kpis
from segkit.studies import Hypothesis
from segkit.verdicts import tests
from segkit.verdicts.cases import TESTS, Case, Tested

MISSING_CUSTOMERS = 0.01  # a customer table that lacks more ids than this has lost people, and who is lost is rarely random
CLAIM = ("kpi", "test", "at_least", "baseline", "top", "order", "campaign", "segment")
COLUMNS = ["name", *CLAIM, "value", "low", "high", "n", "p_supported", "p_refuted", "p", "reason"]


def evaluate(
    hypotheses: list[Hypothesis],
    labels: pd.Series,
    rivals: dict[str, pd.Series],
    seen: kpis.Seen,
    missing: float = 0.0,
    undated: Sequence[str] = (),
) -> pd.DataFrame:
    """Test every hypothesis. Out: name, what is claimed (kpi, test, at_least, baseline, top, order, campaign, segment), value, low, high, n,
    p_supported, p_refuted, p, p_holm, reason.

    In: segments and baselines by customer_id, and what was seen of the same customers. p is two-sided and unadjusted; p_holm is adjusted
    within this list; `reason` says why a hypothesis cannot be decided, or what was left out: none can when the customer table lacks people (`missing`, a share),
    or when the segments rest on attributes without a date (`undated`).
    """
    lines, unfit = [], why_undecidable(missing, undated)
    for hypothesis in hypotheses:
        found = tested(hypothesis, Case(labels, rivals, seen))
        reason, result = unfit or found.reason, found.result
        if reason:
            result = tests.Result(result.value, result.low, result.high, np.nan, np.nan)
        claimed = hypothesis.model_dump(include=set(CLAIM)) | {"order": " > ".join(hypothesis.order)}
        lines.append({"name": hypothesis.name, **claimed, **asdict(result), "n": found.n, "p": result.p, "reason": reason or found.caveat})
    table = pd.DataFrame(lines, columns=COLUMNS)
    table.insert(COLUMNS.index("reason"), "p_holm", tests.holm(list(table.p), len(table)))
    return table


def tested(hypothesis: Hypothesis, case: Case) -> Tested:
    """One hypothesis put to its test, where the data have its KPI."""
    kpi = kpis.KPIS[hypothesis.kpi]
    if hypothesis.test != "lift" and not set(kpi.needs) <= set(case.seen.after):
        return Tested(n=len(case.labels), reason=f"{hypothesis.kpi} needs {kpi.source}")
    if case.seen.after.attrs.get("caps", {}).get(hypothesis.kpi) == 0:
        why = f"fewer than 1 % of customers bought in the stretch before as_of, so the cap of {hypothesis.kpi} is 0"
        return Tested(n=len(case.labels), reason=why)
    return TESTS[hypothesis.test](hypothesis, case)


def why_undecidable(missing: float, undated: Sequence[str]) -> str:
    """Why no hypothesis can be decided, whatever was seen ("" when nothing stands against it)."""
    if missing > MISSING_CUSTOMERS:
        return f"the customer table lacks {missing:.1%} of the ids seen before as_of"
    if undated:
        return f"the segments rest on attributes of which nobody recorded when they were known, perhaps after as_of: {', '.join(undated)}"
    return ""


def undated_attributes(cluster_on: Sequence[str], attributes: dict) -> list[str]:
    """The attributes clustered on that nobody dated and nobody declared static: they may have been known only afterwards."""
    return [name for name in cluster_on if name in attributes and not attributes[name].static]


def missing_customers(tables: dict, as_of) -> float:
    """Share of the ids seen in orders or events before as_of that the customer table lacks; 0 where there is nothing to compare."""
    behaviour = {name: table for name, table in tables.items() if name in ("orders", "events")}
    if "customers" not in tables or not behaviour:
        return 0.0
    seen = features.spine(behaviour, as_of)
    lacking = seen.anti_join(tables["customers"], "customer_id").count().execute()
    return float(lacking / max(seen.count().execute(), 1))


def outlook(
    judged: pd.DataFrame, hypotheses: list[Hypothesis], labels: pd.Series, rivals: dict[str, pd.Series], seen: kpis.Seen, m: int
) -> pd.DataFrame:
    """What each test could have found: the smallest true value that these customers would have shown to exceed the threshold in four of
    five such studies, at level .05 / m. Out: name, kpi, test, verdict, at_least, value, low, high, n, detectable."""
    case = Case(labels, rivals, seen)
    found = {each.name: tested(each, case) for each in hypotheses}
    smallest = [
        np.nan if found[name].detectable is None or np.isnan(p) else found[name].detectable(m) for name, p in zip(judged.name, judged.p)
    ]
    return judged[["name", "kpi", "test", "verdict", "at_least", "value", "low", "high", "n"]].assign(detectable=smallest)
