"""Sentences of notebook 04: what came later, and what the hypotheses say of it."""

import pandas as pd

from segkit.baselines import NAMES
from segkit.prose.wording import listed, times
from segkit.show import Html, bullets, interval, number, p_value, paragraph, words


def no_outcomes() -> Html:
    """Why nothing is said about what came later."""
    return paragraph("There is no outcome window: horizon_days is 0.")


def no_claims() -> Html:
    """Why there is no verdict."""
    return paragraph("No hypothesis was declared.")


def explained(rows: pd.DataFrame) -> Html:
    """Do the segments know more than RFM about what came later?"""
    lines = []
    for kpi, part in rows.groupby("kpi", sort=False):
        said = [
            f"{NAMES.get(row.segmentation, row.segmentation)} {interval(row.value, row.low, row.high, 'share')} in {row.cells} cells"
            for row in part.itertuples()
        ]
        lines.append(f"{words(kpi).capitalize()}: {listed(said)} (n = {number(part.n.iloc[0])}).")
    return bullets(lines)


SHARES = ("retention", "engagement")


def claim(row) -> str:
    """What a hypothesis says, in words."""
    if row.test == "beats_baseline":
        least = f"at least {number(row.at_least, 'share')} more" if row.at_least else "more"
        return f"the segments explain {least} of the variance of {words(row.kpi)} than {NAMES.get(row.baseline, row.baseline)} does"
    least = f"{100 * row.at_least:g} percentage points" if row.kpi in SHARES else number(row.at_least)
    return f"the highest and the lowest segment differ in {words(row.kpi)} by at least {least}"


def seen(row) -> str:
    """What was seen of a claim, with its interval, in the unit of the claim."""
    return interval(row.value, row.low, row.high, "share" if row.test == "beats_baseline" or row.kpi in SHARES else "")


def claims(declared) -> Html:
    """The question and the hypotheses, as declared."""
    lines = [f"{each.name}: {claim(each)}." for each in declared.hypotheses]
    return Html(paragraph(declared.question) + (bullets(lines) if lines else no_claims()))


def hypotheses(judged: pd.DataFrame, looks) -> Html:
    """Each claim with its verdict."""
    if judged.empty:
        return no_claims()
    lines = [
        f"{row.name}: {row.verdict}. Claim: {claim(row)}. Seen: {seen(row)}, p {p_value(row.p)}, "
        f"adjusted {p_value(row.p_adjusted)}, n = {number(row.n)}.{f' {row.reason[0].upper()}{row.reason[1:]}.' if row.reason else ''}"
        for row in judged.drop(columns="name").assign(name=judged["name"]).itertuples(index=False)
    ]
    return Html(
        bullets(lines)
        + paragraph(
            f"Adjusted by Holm over m = {looks.m} distinct tests on this outcome window, "
            f"which has been opened {times(len(looks.so_far))}. Lock {looks.lock.sha256}."
        )
    )
