"""Sentences of notebook 04: what came later, and what the hypotheses say of it."""

import pandas as pd

from segkit.baselines import NAMES
from segkit.kpis import KPIS, PERIOD, in_shares
from segkit.prose.wording import listed, times
from segkit.show import Html, bullets, interval, number, p_value, paragraph, points, words


def no_outcomes() -> Html:
    """Why nothing is said about what came later."""
    return paragraph("There is no outcome window: horizon_days is 0.")


def lacking(names: list[str]) -> Html | None:
    """The KPIs that these data do not have, by what they would need."""
    needed = {}
    for name, kpi in KPIS.items():
        if name not in names:
            needed.setdefault(kpi.source, []).append(words(name))
    lines = [f"{listed(kpis)}: {source}" for source, kpis in needed.items()]
    return paragraph(f"Not measured here, and what it would need: {'; '.join(lines)}.") if lines else None


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


def least(row) -> str:
    """The threshold of a difference, in the KPI's own unit."""
    return f"{100 * row.at_least:g} percentage points" if KPIS[row.kpi].unit == "share" else number(row.at_least)


def spread(row) -> str:
    """The claim of a spread."""
    return f"the highest and the lowest segment differ in {words(row.kpi)} by at least {least(row)}"


def beats_baseline(row) -> str:
    """The claim of knowing more than a baseline."""
    more = f"at least {100 * row.at_least:g} percentage points more" if row.at_least else "more"
    return f"the segments explain {more} of the variance of {words(row.kpi)} than {NAMES.get(row.baseline, row.baseline)} does"


def top_share(row) -> str:
    """The claim of a share held by the top."""
    who = "the segment that was highest" if row.top == 1 else f"the {row.top} segments that were highest"
    return f"{who} in {words(row.kpi)} before as_of hold{'s' * (row.top == 1)} at least {number(row.at_least, 'share')} of it afterwards"


def ordering(row) -> str:
    """The claim of an order."""
    order = row.order if isinstance(row.order, str) else " > ".join(row.order)
    by = f" by at least {least(row)}" if row.at_least else ""
    return f"each segment is higher in {words(row.kpi)} than the next{by}, in the order {order or 'they had before as_of'}"


def lift(row) -> str:
    """The claim of an effect."""
    where = {"": "", "any": " in at least one segment"}.get(row.segment, f" in {row.segment}")
    by = f"by at least {least(row)} more often" if row.at_least else "more often"
    did = {"conversion": "converts", "click_rate": "clicks or visits"}[row.kpi]
    return f"who was contacted{f' by {row.campaign}' * bool(row.campaign)} {did} {by} than who was held out{where}"


def trend(row) -> str:
    """The claim of a direction."""
    by = f"by at least {number(row.at_least)} more" if row.at_least else "more"
    return f"{words(row.kpi)} of {row.segment} moves up {by} per {PERIOD} days than that of everyone else"


CLAIMS = {each.__name__: each for each in (spread, beats_baseline, top_share, ordering, lift, trend)}


def claim(row) -> str:
    """What a hypothesis says, in words."""
    return CLAIMS[row.test](row)


def seen(row) -> str:
    """What was seen of a claim, with its interval."""
    return measured(row, row.value, row.low, row.high)


def measured(row, value: float, *limits: float) -> str:
    """A value of a test, with its interval if that is given, as what it is: a share, a difference of shares, or in the KPI's own unit."""
    if row.test == "top_share":
        return interval(value, *limits, "share") if limits else number(value, "share")
    if in_shares(row.test, row.kpi):
        return "–" if pd.isna(value) else f"{points(value, *limits)} percentage points"
    return interval(value, *limits) if limits else number(value)


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
