"""Which solution to use: gates, ties and reasons in plain words, and a person's own choice."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.compare.bootstrap import PAIRS
from segkit.segments import NAMES

STABLE = 0.80  # median adjusted Rand index from which a solution counts as stable
NEAR = 0.05  # medians of the adjusted Rand index closer than this are a tie
COLUMNS = ["method", "k", "smallest_segment", "passes", "stability", "silhouette"]


@dataclass(frozen=True)
class Recommendation:
    """The solution to use, in plain words why, who came second; `candidates`: every solution with its gate; `ties`: (method, k) as stable as
    the one recommended, itself first."""

    method: str
    k: int
    reasons: tuple[str, ...]
    runner_up: str
    candidates: pd.DataFrame
    ties: tuple[tuple[str, int], ...]


def least_size(n: int) -> int:
    """The fewest customers a recommended segment may have: a smaller one is an anecdote, however fine its silhouette."""
    return max(30, int(np.ceil(n / 100)))


def recommend(scores: pd.DataFrame, structure_verdict: str, structure_k: int) -> Recommendation:
    """Choose among the solutions whose smallest segment is large enough.

    If the structure verdict is natural or reproducible, its k is taken (when some candidate has it and is stable); then the most stable candidate;
    among those within NEAR of it, which are ties, the one with the best silhouette. One group has neither, and is taken where nothing else was tried.
    """
    wide = scores.pivot(index=["method", "k"], columns="metric", values="value").reset_index()
    least = least_size(int(scores.loc[scores.metric == "smallest_segment", "n"].iloc[0]))
    wide["passes"] = wide.smallest_segment >= least
    if (wide.k == 1).all():
        only = wide.iloc[0]
        why = "One group is all that was tried: there is nothing to compare."
        return Recommendation(str(only.method), 1, (why,), "", wide[COLUMNS], ((str(only.method), 1),))
    cuts = wide[wide.k > 1]
    pool, reasons = cuts[cuts.passes], []
    if refused := int((~cuts.passes).sum()):
        reasons.append(f"{refused} of {len(cuts)} solutions are out because their smallest segment has fewer than {least} customers.")
    if pool.empty:
        pool = cuts[cuts.smallest_segment == cuts.smallest_segment.max()]
        reasons.append("No solution passes that gate: the one with the largest smallest segment is shown, and should not be used.")
    pool, why = at_the_verdicts_k(pool, structure_verdict, structure_k)
    near = pool[pool.stability >= pool.stability.max() - NEAR].sort_values(["silhouette", "method", "k"], ascending=[False, True, True])
    pick = near.iloc[0]
    reasons += [
        why,
        f"{NAMES[pick.method]} with k = {pick.k}: median adjusted Rand index of {PAIRS} bootstrap pairs {pick.stability:.2f}, "
        f"silhouette {pick.silhouette:.2f}.",
    ]
    others = [f"{NAMES[row.method]} k = {row.k}" for row in near.iloc[1:].itertuples()]
    if others:
        more = f" and {len(others) - 4} more" * (len(others) > 4)
        reasons.append(f"As stable within {NEAR}: {', '.join(others[:4])}{more}. Take it as a tie; silhouette decided.")
    ties = tuple((str(row.method), int(row.k)) for row in near.itertuples())
    return Recommendation(str(pick.method), int(pick.k), tuple(reasons), runner_up(near, pool), wide[COLUMNS], ties)


def at_the_verdicts_k(pool: pd.DataFrame, verdict: str, k: int) -> tuple[pd.DataFrame, str]:
    """The candidates at the k of the structure verdict, where it found structure and one of them is stable; and why, or why not."""
    if verdict not in ("natural", "reproducible"):
        return pool, f"The structure verdict is {verdict}: every cut is one of convenience, and the most stable is the handiest."
    there = pool[(pool.k == k) & (pool.stability >= STABLE)]
    if len(there):
        return there, f"The structure verdict is {verdict} with k = {k}, so k is {k}."
    return pool, f"The structure verdict is {verdict} with k = {k}, but no solution there passes the gate and is stable."


def runner_up(near: pd.DataFrame, pool: pd.DataFrame) -> str:
    """The candidate that comes second: of the ties the next by silhouette, else the next by stability."""
    ranked = pd.concat([near, pool.sort_values(["stability", "silhouette"], ascending=False)]).drop_duplicates(["method", "k"])
    said = [
        f"{NAMES[r.method]} k = {r.k} (stability {r.stability:.2f}, silhouette {r.silhouette:.2f})" for r in ranked.iloc[1:2].itertuples()
    ]
    return "; ".join(said)


def choose(scores: pd.DataFrame, structure_verdict: str, structure_k: int, method: str, k: int) -> tuple[str, int]:
    """The solution to use: the recommended one among those a person left open (`auto` and 0 leave everything open)."""
    left = scores[((scores.method == method) | (method == "auto")) & ((scores.k == k) | (k == 0))]
    best = recommend(left, structure_verdict, structure_k)
    return best.method, best.k
