"""Sentences of notebook 02: who is in scope, how spending is spread, who comes back."""

from collections.abc import Iterable

import pandas as pd

from segkit.prose.wording import listed
from segkit.show import Html, bullets, number, paragraph
from segkit.studies import UNDATED
from segkit.tables import TABLES

BEHAVIOR = ("orders", "events", "touchpoints")  # whoever did something, somewhere


def absent(table: str, what: str = "This section") -> Html:
    """Why a section, or `what` would be in it, is not there."""
    return paragraph(f"{what} needs the table {table}, which this dataset does not have.")


def unseen(tables: Iterable[str]) -> Html | None:
    """What each table of behaviour that is not there would add to this page."""
    said = [f"Without {name}, nothing is said of {TABLES[name].adds}." for name in BEHAVIOR if name not in tables]
    return bullets(said) if said else None


def scope(customers: pd.DataFrame, day: str = "as_of") -> Html:
    """Who is clustered, and who is known but was never active by the cut-off `day`; everyone, where there is none."""
    active, known = int(customers.is_active.sum()), len(customers)
    if day == UNDATED:
        return paragraph(f"All {number(known)} customers in the data are clustered.")
    if active == known:
        return paragraph(f"All {number(known)} customers known at {day} had ordered or used the product, and are clustered.")
    return paragraph(
        f"{number(known)} customers were known at {day}; {number(active)} of them ({number(active / known, 'share')}) had ordered or used the "
        f"product and are clustered. The other {number(known - active)} carry no segment and stay in the counts."
    )


def concentration(rows: pd.DataFrame) -> Html:
    """How much the top fifth spends."""
    rows = rows.dropna(subset=["share"])
    if rows.empty:
        return paragraph("Nobody has spent anything, or too few customers to show it.")
    top = rows.loc[(rows.top - 0.2).abs().idxmin()]
    return paragraph(f"The top {100 * top.top:.0f} % of customers ({number(top.n)}) account for {number(top.share, 'share')} of spend.")


def cohorts(rows: pd.DataFrame) -> Html:
    """Coming back after one, three and six months, over all cohorts old enough."""
    parts = []
    for month in (1, 3, 6):
        old = rows[(rows.month == month) & rows.n.notna()]
        if old.n.sum():
            parts.append(
                f"{number((old.value * old.n).sum() / old.n.sum(), 'share')} after {month} month{'s' if month > 1 else ''} (n = {number(old.n.sum())})"
            )
    return paragraph(f"Of customers old enough to tell, active again: {listed(parts)}." if parts else "No cohort is old enough to tell.")
