"""Hypotheses in, verdicts out: supported, refuted or undecided, adjusted for everything ever tried on the outcome window."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from segkit import features, kpis
from segkit.kpis import intervals
from segkit.studies import Hypothesis
from segkit.verdicts import tests
from segkit.verdicts.lock import Lock, Looks, lock, open_window

LEAST_FOR_BASELINE = 1000  # customers
MISSING_CUSTOMERS = 0.01  # a customer table that lacks more ids than this has lost people, and who is lost is rarely random

__all__ = ["Lock", "Looks", "evaluate", "explained", "judge", "lock", "missing_customers", "open_window", "record"]


def evaluate(
    hypotheses: list[Hypothesis],
    labels: pd.Series,
    baselines: dict[str, pd.Series],
    outcomes: pd.DataFrame,
    missing: float = 0.0,
    undated: Sequence[str] = (),
) -> pd.DataFrame:
    """Test every hypothesis. Out: name, kpi, test, at_least, baseline, value, low, high, n, p_supported, p_refuted, p, p_holm, reason.

    p is two-sided and unadjusted; p_holm is adjusted within this list; `reason` says why a hypothesis cannot be decided: none can when
    the customer table lacks people (`missing`, a share), or when the segments rest on attributes without a date (`undated`).
    """
    lines, unfit = [], why_undecidable(missing, undated)
    for hypothesis in hypotheses:
        result, reason = tested(hypothesis, labels, baselines, outcomes)
        reason = unfit or reason
        if reason:
            result = tests.Result(result.value, result.low, result.high, np.nan, np.nan)
        lines.append(
            {
                "name": hypothesis.name,
                **hypothesis.model_dump(include={"kpi", "test", "at_least", "baseline"}),
                **asdict(result),
                "n": len(labels),
                "p": result.p,
                "reason": reason,
            }
        )
    table = pd.DataFrame(
        lines,
        columns=["name", "kpi", "test", "at_least", "baseline", "value", "low", "high", "n", "p_supported", "p_refuted", "p", "reason"],
    )
    table.insert(12, "p_holm", tests.holm(list(table.p), len(table)))
    return table


def why_undecidable(missing: float, undated: Sequence[str]) -> str:
    """Why no hypothesis can be decided, whatever was seen ("" when nothing stands against it)."""
    if missing > MISSING_CUSTOMERS:
        return f"the customer table lacks {missing:.1%} of the ids seen before as_of"
    if undated:
        return f"the segments rest on attributes of which nobody recorded when they were known, perhaps after as_of: {', '.join(undated)}"
    return ""


def tested(hypothesis: Hypothesis, labels: pd.Series, baselines: dict[str, pd.Series], outcomes: pd.DataFrame) -> tuple[tests.Result, str]:
    """The result of one hypothesis, and why it must stay undecided ("" when it need not)."""
    nothing = tests.Result(*[float("nan")] * 5)
    if needs := kpis.KPIS[hypothesis.kpi].needs:
        column = {"orders": "revenue", "events": "active_days"}[needs]
        if column not in outcomes:
            return nothing, f"{hypothesis.kpi} needs the table {needs}"
    if outcomes.attrs.get("caps", {}).get(hypothesis.kpi) == 0:
        return nothing, f"fewer than 1 % of customers bought in the stretch before as_of, so the cap of {hypothesis.kpi} is 0"
    if hypothesis.test == "beats_baseline":
        if hypothesis.baseline not in baselines:
            return nothing, f"the baseline {hypothesis.baseline} needs the table orders"
        values = kpis.one_value_per_customer(hypothesis.kpi, outcomes)
        baseline = baselines[hypothesis.baseline].loc[labels.index].to_numpy()
        reason = f"{len(labels):,} customers, beats_baseline needs {LEAST_FOR_BASELINE:,}" if len(labels) < LEAST_FOR_BASELINE else ""
        return tests.beats_baseline(values, labels.to_numpy(), baseline, hypothesis.at_least), reason
    name = f"{hypothesis.kpi}_capped" if kpis.KPIS[hypothesis.kpi].kind == "mean" else hypothesis.kpi
    estimates = {}
    for segment, members in labels.groupby(labels):
        part = outcomes.loc[members.index]
        part.attrs = outcomes.attrs
        estimates[segment] = kpis.estimate(name, part)
    shortfalls = [
        f"{segment}: {why}" for segment, found in estimates.items() if (why := intervals.enough(kpis.KPIS[hypothesis.kpi].kind, found))
    ]
    found = estimates.values()
    return tests.spread([each.value for each in found], [each.sides for each in found], hypothesis.at_least), "; ".join(shortfalls)


def explained(segmentations: dict[str, pd.Series], outcomes: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """How much of each outcome's variance each segmentation explains (population eta squared; money capped).

    Out: segmentation, kpi, value, low, high, n, cells (after cells below 5 customers are merged).
    """
    lines = []
    for segmentation, labels in segmentations.items():
        aligned = labels.loc[outcomes.index].to_numpy()
        for name in names:
            if kpis.KPIS[name].kind != "ratio":
                found = tests.population_eta2(kpis.one_value_per_customer(name, outcomes), aligned)
                lines.append(
                    {
                        "segmentation": segmentation,
                        "kpi": name,
                        "value": found.value,
                        "low": found.low,
                        "high": found.high,
                        "n": found.n,
                        "cells": len(np.unique(tests.merged_cells(aligned))),
                    }
                )
    return pd.DataFrame(lines, columns=["segmentation", "kpi", "value", "low", "high", "n", "cells"])


def judge(results: pd.DataFrame, looks: Looks) -> pd.DataFrame:
    """The verdicts that count: adjusted for every distinct look at the window. Adds p_adjusted, status (declared | exploratory), verdict.

    Earlier looks' p-values are not kept; they count as larger, which is conservative for these (`tests.holm`). An exploratory
    hypothesis supports and refutes nothing.
    """
    judged = results.assign(
        p_adjusted=tests.holm(list(results.p), max(looks.m, len(results))),
        status=["declared" if looks.is_declared(name) else "exploratory" for name in results.name],
    )
    words = [
        tests.verdict(tests.Result(row.value, row.low, row.high, row.p_supported, row.p_refuted), row.p_adjusted)
        if row.status == "declared"
        else "undecided"
        for row in judged.itertuples()
    ]
    reasons = [
        row.reason or ("" if row.status == "declared" else "not in the lock of the first look at this window: exploratory")
        for row in judged.itertuples()
    ]
    return judged.assign(verdict=words, reason=reasons)


def missing_customers(tables: dict, as_of) -> float:
    """Share of the ids seen in orders or events before as_of that the customer table lacks; 0 where there is nothing to compare."""
    behaviour = {name: table for name, table in tables.items() if name in ("orders", "events")}
    if "customers" not in tables or not behaviour:
        return 0.0
    seen = features.spine(behaviour, as_of)
    lacking = seen.anti_join(tables["customers"], "customer_id").count().execute()
    return float(lacking / max(seen.count().execute(), 1))


def record(study: str, run: str, structure: pd.DataFrame, sizes: pd.DataFrame, judged: pd.DataFrame, looks: Looks) -> dict:
    """Everything a machine needs to know of a run's findings: what verdict.json holds. `m` and the looks are the window's, at this moment."""
    first = structure.iloc[0]
    tested_by = {key: None if pd.isna(first[key]) else float(first[key]) for key in ("t1", "t1_threshold", "t2", "t2_threshold")}
    lines = judged.drop(columns="p_holm").astype(object).where(judged.notna(), None).to_dict("records")
    return {
        "study": study,
        "run": run,
        "window": looks.lock.window,
        "structure": {"verdict": first.verdict, "k": int(first.best_k), "n": int(first.n)} | tested_by,
        "segmentation": looks.lock.segmentation
        | {"sizes": {row.segment: None if pd.isna(row.n) else int(row.n) for row in sizes.itertuples()}},
        "lock": looks.lock.sha256,
        "m": looks.m,
        "looks": [{key: look[key] for key in ("when", "study", "run", "lock")} for look in looks.so_far],
        "hypotheses": lines,
    }
