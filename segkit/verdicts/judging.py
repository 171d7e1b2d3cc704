"""Verdicts that count, adjusted for everything ever tried on the outcome window, and what a machine is told of them."""

import pandas as pd

from segkit.verdicts import tests
from segkit.verdicts.lock import Looks

EXPLORATORY = "not in the lock of the first look at this window: exploratory"


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
    reasons = ["; ".join(filter(None, (row.reason, "" if row.status == "declared" else EXPLORATORY))) for row in judged.itertuples()]
    return judged.assign(verdict=words, reason=reasons)


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
