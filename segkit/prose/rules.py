"""Sentences about the short rule of each segment: what it says, and how far it can be believed."""

import pandas as pd

from segkit.rules import from_json, told
from segkit.show import Html, bullets, interval, number, paragraph, words

WELL = 0.6  # precision and recall below which a rule does not describe its segment


def rules(rows: pd.DataFrame) -> Html:
    """A line per segment: its rule, how many of those it picks belong to the segment, how many of the segment it finds, and a warning where
    that is little. In: what `segkit.rules.rules` makes, cells of few customers hidden."""
    if rows.empty:
        return paragraph("There is no segment to describe by a rule.")
    measured = number(rows.n_measured.iloc[0])
    about = paragraph(f"Rules were looked for on one half of the customers and measured on the other (n = {measured}).")
    return Html(about + bullets([sentence(row) for row in rows.to_dict("records")]))


def sentence(row: dict) -> str:
    """What is said of one segment."""
    segment = row["segment"]
    if pd.isna(row["conditions"]):
        everyone = pd.notna(row["n"]) and row["n"] == row["n_measured"]
        return f"{segment}: no rule, since it is everyone." if everyone else f"{segment}: no rule, since too few customers could tell."
    rule = told(from_json(row["conditions"]), words)
    if pd.isna(row["precision"]) or pd.isna(row["recall"]):
        return f"{segment}: {rule}; too few customers to say how good a rule it is."
    precision, recall = (interval(row[name], row[f"{name}_low"], row[f"{name}_high"], "share") for name in ("precision", "recall"))
    picks = f"of those it picks {precision} are in {segment} (n = {number(row['n_rule'])})"
    return f"{segment}: {rule}: {picks}, and it finds {recall} of {segment} (n = {number(row['n'])}).{warning(row)}"


def warning(row: dict) -> str:
    """What a reader is to be warned of; nothing of a rule that describes its segment."""
    if min(row["precision"], row["recall"]) < WELL:
        return f" No short rule describes {row['segment']} well."
    if pd.notna(row["n"]) and row["precision_low"] <= row["n"] / row["n_measured"]:
        return " Customers picked at random would do as well."
    return ""
