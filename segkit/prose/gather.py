"""Sentences of notebook 01: what came in and what was set aside, from when to when, who is in it, what is missing."""

from decimal import Decimal

import pandas as pd

from segkit.prose.wording import listed
from segkit.show import Html, bullets, number, paragraph
from segkit.studies import Window


def dataset(gathered) -> Html:
    """What these data are; said first when they are made up."""
    said = gathered.dataset
    text = f"{said.title}. {said.about}".strip()
    if said.synthetic:
        return Html(f'<p class="synthetic">These data are synthetic: made up to show the workbench, about nobody.</p>{paragraph(text)}')
    return paragraph(text)


def ledger(rows: pd.DataFrame) -> Html:
    """What came in and what is used, table by table; what a warning found is told both ways, with it and without."""
    lines, whole = [], []
    for table, part in rows.groupby("table", sort=False):
        taken = part[part.severity.isin(["", "reject", "refuse"])]
        came, used = taken.rows_left.iloc[0], taken.iloc[-1].to_dict()
        if came == used["rows_left"]:
            whole.append(f"{table} ({number(came)} rows)")
        else:
            share, aside = number(used["rows_left"] / came, "share"), number(came - used["rows_left"])
            lines.append(f"{table}: {number(came)} rows came in, {aside} are set aside, {number(used['rows_left'])} ({share}) are used.")
        for row in part[(part.severity == "warn") & (part["rows"] > 0)].to_dict("records"):
            lines.append(
                f"{table}, {row['rule']}: {number(row['rows'])} rows, which stay. With them there are {left(used)}, without them {left(row)}."
            )
    return bullets([*lines, f"Used to the last row: {listed(whole)}."] if whole else lines)


def left(row: dict) -> str:
    """Rows, customers and money of a line of the ledger."""
    parts = [f"{number(row['rows_left'])} rows"]
    if pd.notna(row.get("customers_left")):
        parts.append(f"{number(row['customers_left'])} customers")
    if pd.notna(row.get("amount_left")):
        parts.append(f"{Decimal(row['amount_left']):,} in money")
    return listed(parts)


def completeness(rows: pd.DataFrame) -> Html:
    """Columns that are mostly empty, and columns nobody declared."""
    read = rows[rows.dtype != ""]
    thin = [f"{row.table}.{row.column} ({number(row.filled, 'share')})" for row in read[read.filled < 0.5].itertuples()]
    unread = rows[rows.dtype == ""].groupby("table", sort=False).column.agg(list)
    lines = [f"Less than half filled: {listed(thin)}." if thin else "Every column that is read is filled for more than half of its rows."]
    lines += [f"Delivered with {table}, not declared and hence not read: {listed(names)}." for table, names in unread.items()]
    return bullets(lines)


def coverage(freshness: pd.DataFrame, months: pd.DataFrame) -> Html:
    """Where tables begin and end, which stop before the others, which have gaps or stray dates."""
    if freshness.empty:
        return paragraph("No table has dates.")
    lines = []
    for row in freshness.itertuples():
        ended = f"{row.table} ends on {row.last}"
        if row.stopped:
            lines.append(
                f"{ended}, {number(row.days_behind)} days before the latest table: what came later is not in it, and looks like silence."
            )
        if row.empty_months:
            one = "1 month" if row.empty_months == 1 else f"{number(row.empty_months)} months"
            lines.append(f"{row.table} has no row in {one} between its first and its last, beginning with {row.first_empty}.")
        if row.stray_rows:
            lines.append(
                f"{row.table}: dates of {number(row.stray_rows)} rows lie a year or more away from all others. Do they stand for an unknown date?"
            )
    if not freshness.stopped.any():
        first, last = freshness["last"].min(), freshness["last"].max()
        lines.insert(0, f"No table stops before it should: the last rows are of {first}{f' to {last}' * (first < last)}.")
    short = [f"{row.month} of {row.table}" for row in months[~months.complete].itertuples()]
    return bullets([*lines, f"Cut short: {listed(short)}."] if 0 < len(short) <= 12 else lines)


def ids(rows: pd.DataFrame) -> Html:
    """Whether anything is wrong with the customer ids."""
    if rows.empty:
        return paragraph(
            "Nothing is wrong with the customer ids: no spaces, no pairs that differ only by case or leading zeros, no tails of .0, no "
            "scientific notation, no words that stand for nobody, no addresses or numbers of persons."
        )
    return paragraph(f"Customer ids have problems in {listed(list(rows.table.unique()))}. Shares are of the different ids.")


def orphans(rows: pd.DataFrame, gathered) -> Html:
    """Customers that one table knows and another does not."""
    if "customers" not in gathered.dataset.tables:
        return paragraph("There is no table of customers: whoever never ordered, used or answered anything is not known here.")
    lines = []
    for row in rows[rows.unknown > 0].itertuples():
        found = f"{number(row.unknown)} of {number(row.customers)} customers ({number(row.unknown_share, 'share')})"
        alike = f"; {number(row.alike)} of these ids differ from a known one only by spaces, case or leading zeros" if row.alike else ""
        lines.append(f"{row.table}: {found}, with {number(row.unknown_rows)} rows, are not in customers{alike}.")
    if whole := list(rows.table[rows.unknown == 0]):
        lines.append(f"All customers of {listed(whole)} are in customers.")
    return bullets(lines) if lines else paragraph("There is no other table to hold the customers against.")


def personal(rows: pd.DataFrame) -> Html:
    """What looks like a person's own data, and what to do about it."""
    lines = []
    for row in rows[rows["where"] != "not read"].itertuples():
        if row.seen_in == "texts":
            found = f"{number(row.rows)} texts ({number(row.share, 'share')}) look as if they held {a(row.looks_like)}"
            lines.append(
                f"{row.table}.{row.column} is kept, and {found}. Do not declare it as a column, or cut out what is needed by a formula."
            )
        elif row.where == "kept":
            lines.append(
                f"{row.table}.{row.column} is kept, and its name in the file promises {a(row.looks_like)}. A coarser value would do."
            )
        else:
            lines.append(
                f"{row.table}: the key of customers is called {a(row.looks_like)} in the file. Only pseudonyms are kept; a key of your own is safer."
            )
    for table, part in rows[rows["where"] == "not read"].groupby("table", sort=False):
        named = listed([f"{row.column} ({row.looks_like})" for row in part.itertuples()])
        lines.append(f"Delivered with {table} and not read, by their names about persons: {named}. Better not to export them at all.")
    return bullets(lines) if lines else paragraph("Nothing that was delivered looks like a name, an address or a number of a person.")


def a(noun: str) -> str:
    """A noun with its article."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def attributes(rows: pd.DataFrame) -> Html:
    """Which attributes can be trusted to describe segments, and which cannot."""
    if rows.empty:
        return paragraph("No attribute is declared: segments can be told apart by what customers do, not by who they are.")
    thin = [f"{row.attribute} ({number(row.filled, 'share')})" for row in rows[rows.filled < 0.5].itertuples()]
    lines = [
        f"Known of less than half of the customers: {listed(thin)}."
        if thin
        else "Each attribute is known of more than half of the customers."
    ]
    says = {
        "Sensitive, and left out of clustering unless the study says why": rows.sensitive,
        "The same for everyone, or nearly": (rows["values"] == 1) & (rows.rare < 0.05 * rows.known),
        "Different for almost everyone, which is a name, an address or free text rather than an attribute": rows.all_differ,
    }
    lines += [f"{said}: {listed(list(rows.attribute[which]))}." for said, which in says.items() if which.any()]
    return bullets(lines)


def outliers(rows: pd.DataFrame) -> Html:
    """Which columns hold values far from the others, and how much of the total lies there."""
    lines = []
    for row in rows[rows.unusual > 0].itertuples():
        share = f", and make up {little(row.total_share)} of the total" if pd.notna(row.total_share) else ""
        span = f"{number(row.usual_from)} to {number(row.usual_to)} {row.unit}".strip()
        lines.append(
            f"{row.table}.{row.column}: {number(row.unusual)} of {number(row.rows)} rows ({little(row.share)}) lie outside {span}{share}."
        )
    return bullets(lines) if lines else paragraph("No value lies far from the others.")


def little(share: float) -> str:
    """A share that may be small."""
    return "less than 0.1 %" if share < 0.001 else number(share, "share")


def missing(rows: pd.DataFrame) -> Html:
    """How much of what the workbench could use is not there."""
    if rows.empty:
        return paragraph("Every table and every column the workbench knows is there.")
    tables, columns = int((rows.column == "").sum()), int((rows.column != "").sum())
    counts = [f"{number(n)} {word}{'s' * (n != 1)}" for n, word in ((tables, "table"), (columns, "column")) if n]
    return paragraph(f"Not delivered: {listed(counts)} the workbench would have a use for.")


def windows(window: Window | None) -> Html:
    """The two windows in words; or that there are none."""
    if window is None:
        return paragraph(
            "The data are of one moment, as a survey is: without orders or events there is no before and after. Segments are formed from "
            "everything that is known, and nothing can be said about what they do, or are worth, later."
        )
    outcome = f"Outcomes are measured from {window.as_of:%d %B %Y} up to, not including, {window.end:%d %B %Y} ({window.days} days)."
    return paragraph(
        f"Behaviour is observed from {window.start:%d %B %Y} up to, not including, {window.as_of:%d %B %Y}. "
        + (
            outcome
            if window.days
            else "horizon_days is 0: there is no outcome window, and nothing can be said about what the segments are worth later."
        )
    )
