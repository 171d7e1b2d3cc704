"""Sentences of notebook 03: which segments stay whole over k, who stands between two, and what tells each from everyone else."""

import re

import pandas as pd

from segkit.compare.flow import WHOLE
from segkit.prose.wording import listed
from segkit.show import Html, bullets, interval, number, paragraph, words

MOST_NAMED = 6  # features in one sentence


def flow(rows: pd.DataFrame) -> Html:
    """Which segments of the k that is used are there at the neighbouring ks, too. In: `compare.recruitment`."""
    if rows.empty:
        return paragraph("Only one number of segments was tried: whether segments stay whole over k cannot be told.")
    lines = [
        neighbour(rows, "previous_k", "source", ("lies", "lie"), "is drawn from several"),
        neighbour(rows, "next_k", "target", ("stays", "stay"), "is split"),
    ]
    told = rows.dropna(subset=["slsa"])
    if len(told):
        worst = told.loc[told.slsa.astype(float).idxmin()]
        which = f"{worst.segment}, SLSA {worst.slsa:.2f}" if worst.slsa < 0.995 else "none, SLSA is 1 for every segment"
        lines.append(f"Put together from several segments of k = {worst.previous_k} most: {which} (1: from one alone; 0: from all alike).")
    return bullets([line for line in lines if line])


def neighbour(rows: pd.DataFrame, other_k: str, other: str, stays: tuple[str, str], torn: str) -> str:
    """What becomes of each segment at the k before, or after: the same, whole within a larger one, or torn; nothing without such a k."""
    ks = rows[other_k].dropna()
    if ks.empty:
        return ""
    share, kept = rows[f"{other}_share"].astype("Float64"), rows[f"{other}_kept"].astype("Float64")
    whole = (share >= WHOLE).fillna(False)
    same = whole & (kept >= WHOLE).fillna(False)
    said = []
    if same.any():
        said.append(f"{listed(list(rows.segment[same]))} {'are' if same.sum() > 1 else 'is'} the same")
    if (whole & ~same).any():
        names = list(rows.segment[whole & ~same])
        said.append(f"{listed(names)} {stays[len(names) > 1]} whole within a larger segment")
    said += [
        f"{row.segment} {torn} ({number(part, 'share')} {'come from one' if other == 'source' else 'stay together'})"
        for row, part in zip(rows[~whole & share.notna()].itertuples(), share[~whole & share.notna()])
    ]
    if share.isna().any():
        said.append(f"of {listed(list(rows.segment[share.isna()]))} too few customers can be shown")
    return f"With k = {int(ks.iloc[0])}: {'; '.join(said)}."


def fence(rows: pd.DataFrame) -> Html:
    """How many customers stand between two segments, and where most of them are."""
    everyone, parts = rows[rows.segment == "all"], rows[rows.segment != "all"].dropna(subset=["value"])
    said = [
        f"{share(row)} of {number(row.n)} customers stand on the fence: another segment is more than half as likely as their own."
        for row in everyone.dropna(subset=["value"]).itertuples()
    ]
    if parts.empty:
        return paragraph(" ".join([*said, "By segment they, or the others, are too few to show."]))
    values = parts.value.astype(float)
    worst, best = parts.loc[values.idxmax()], parts.loc[values.idxmin()]
    said.append(f"Most of them are in {worst.segment}: {share(worst)} of its {number(worst.n)} customers")
    said[-1] += f"; fewest in {best.segment}: {share(best)} of {number(best.n)}." if len(parts) > 1 else "."
    return paragraph(" ".join(said))


def share(row) -> str:
    """The share on the fence with its interval."""
    return interval(row.value, row.low, row.high, "share")


def differences(rows: pd.DataFrame, most: int = 3) -> Html:
    """What each segment has more or less of than other customers, beyond what it was cut by; and how much was tested."""
    if rows.empty:
        return paragraph("There is no feature to compare segments in.")
    differ = rows.differs.astype("boolean").fillna(False).astype(bool) & rows.effect.notna()
    lines = []
    for segment in rows.segment.unique():
        part = rows[differ & (rows.segment == segment)].astype({"effect": "float64"})
        top = part.iloc[(-(part.effect - 0.5).abs()).argsort(kind="stable")].head(most)
        said = "; ".join(map(superiority, top.itertuples())) or "is not shown to differ, beyond what the segments were cut by"
        lines.append(f"Compared with another customer, one of {segment} {said}.")
    tested = int(rows.p.notna().sum())
    seen = (rows.n.astype("Float64") + rows.n_others.astype("Float64")).max()
    own = list(dict.fromkeys(rows.feature[rows.by_construction.astype(bool)]))
    told = f"{number(tested)} differences were tested, on at most {number(seen)} customers; {number(int(differ.sum()))} were shown (Holm)."
    if own:
        named = [words(name) for name in own[:MOST_NAMED]] + [f"{len(own) - MOST_NAMED} more"] * (len(own) > MOST_NAMED)
        told += f" Not tested, since segments differ in them by construction: {listed(named)}."
    return Html(bullets(lines) + paragraph(told))


def superiority(row) -> str:
    """An effect in words: who has more with which probability, or how much more often the answer is yes."""
    more = row.effect >= 0.5
    low, high = sorted((float(row.low), float(row.high)) if more else (1 - row.low, 1 - row.high))
    if row.unit == "yes/no":
        effect, low, high = (200 * abs(row.effect - 0.5), 200 * (low - 0.5), 200 * (high - 0.5))
        what = re.sub("^(is|was) ", "", words(row.feature))
        return f"is {'more' if more else 'less'} often {what}, by {effect:.0f} percentage points ({low:.0f} to {high:.0f})"
    effect = row.effect if more else 1 - row.effect
    return f"is {'higher' if more else 'lower'} in {words(row.feature)} with probability {effect:.2f} ({low:.2f} to {high:.2f})"
