"""Sentences of notebook 02 on buying: RFM bins, names and classes, seasons, and features that say the same."""

import pandas as pd

from segkit.prose.wording import listed
from segkit.show import MONTHS, Html, bullets, number, paragraph, words


def score_bins(rows: pd.DataFrame) -> Html | None:
    """How many bins the ties leave of five."""
    if rows.empty:
        return None
    said = []
    for score, part in rows.groupby("score", sort=False):
        largest = part.loc[part.share.astype("float64").fillna(0).idxmax()]
        missing = f", {5 - len(part)} of the five bins stay empty because of ties" if len(part) < 5 else ""
        said.append(f"{score.capitalize()}: {len(part)} bins{missing}; the largest holds {number(largest.share, 'share')} of buyers.")
    return bullets(said)


def rfm(rows: pd.DataFrame) -> Html | None:
    """Who spends most, by RFM name."""
    rows = rows.dropna(subset=["share", "spend_share"])
    if rows.empty:
        return None
    top = rows.loc[rows.spend_share.astype("float64").idxmax()]
    return paragraph(
        f"All 125 combinations of scores have exactly one name. {top['name'].capitalize()} are {number(top.share, 'share')} of buyers "
        f"(n = {number(top.n)}) and {number(top.spend_share, 'share')} of spend."
    )


def seasons(rows: pd.DataFrame) -> Html | None:
    """The months that stand out, and over how many years."""
    if rows.empty or rows.value.isna().all():
        return None
    years = int(rows.years.iloc[0])
    out = [f"{MONTHS[int(row.month) - 1]} ({number(row.value)})" for row in rows.itertuples() if abs(row.value - 1) >= 0.2]
    over = f"Over {years} whole year{'s' * (years > 1)} before the cut-off date"
    warned = " One year cannot tell a season from an event." if years == 1 else ""
    return paragraph(
        f"{over}, {listed(out) + ' stand out from their year by a fifth or more' if out else 'no month is a fifth off its year'}.{warned}"
    )


def redundant(rows: pd.DataFrame, wanted: list[str]) -> Html:
    """What could be left out of the features that are clustered on, and how much of all features is repetition."""
    if rows.empty:
        return paragraph("No two features say nearly the same (rank correlation of .8 or more).")
    inside = rows[rows.feature.isin(wanted) & rows.other.isin(wanted)]
    said = [
        f"{words(row.feature)} and {words(row.other)}: {row.value:.2f} ({row.low:.2f} to {row.high:.2f}, n = {number(row.n)}); {words(row.drop)} could be dropped"
        for row in inside.itertuples()
    ]
    every = (
        f"{len(rows)} pair{'s' * (len(rows) > 1)} of all features {'have' if len(rows) > 1 else 'has'} a rank correlation of .8 or more."
    )
    return bullets([*said, every]) if said else paragraph(f"No such pair is among the features that are clustered on. {every}")
