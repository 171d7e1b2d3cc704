"""Sentences about use cases: which are performed, where the first try fails, what goes together, what none explains."""

import pandas as pd

from segkit.prose.wording import listed
from segkit.show import Html, bullets, interval, number, paragraph, words

FEW = "Too few customers perform any use case to say more."


def use_case_problems(rows: pd.DataFrame) -> Html | None:
    """What is wrong with patterns that nobody ever fulfilled; nothing when there is no such pattern."""
    if rows.empty:
        return None
    return bullets([f"{words(row.use_case)}: {row.problem}." for row in rows.fillna({"problem": ""}).itertuples()])


def use_case_shares(rows: pd.DataFrame) -> Html | None:
    """The most and the least performed, and where the first try succeeds most and least often."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["value"])
    if shown.empty:
        return paragraph(FEW)
    most, least = shown.iloc[0], shown.iloc[-1]
    parts = [
        f"Performed most, of those who may: {words(most.use_case)}, by {_share(most, 'value', 'low', 'high')} of {number(most.n)} customers."
    ]
    if len(shown) > 1:
        parts.append(f"Least: {words(least.use_case)}, by {_share(least, 'value', 'low', 'high')} of {number(least.n)}.")
    tried = shown.dropna(subset=["success_share"])
    if len(tried):
        hard, easy = (tried.loc[each] for each in (tried.success_share.astype(float).idxmin(), tried.success_share.astype(float).idxmax()))
        parts.append(f"The first try fails most often in {words(hard.use_case)}: {_success(hard)} went through with it in time.")
        if len(tried) > 1:
            parts.append(f"It succeeds most often in {words(easy.use_case)}: {_success(easy)}.")
    return paragraph(" ".join(parts))


def use_case_overlap(rows: pd.DataFrame) -> Html | None:
    """The pair that goes together most beyond chance."""
    told = rows.dropna(subset=["lift"])
    if told.empty:
        return None
    top = told.loc[told.lift.astype(float).idxmax()]
    pair = f"{words(top['first'])} and {words(top['second'])}"
    if top.lift <= 1:
        return paragraph(f"No two use cases go together more often than by chance; closest to it are {pair}.")
    return paragraph(
        f"Going together most, compared with chance: {pair}. {number(top.n)} customers perform both, {number(float(top.lift))} times as many as if "
        "one had nothing to do with the other."
    )


def use_case_coverage(rows: pd.DataFrame) -> Html | None:
    """How much of what customers do is explained, by table, and the largest behaviours that hardly are."""
    told = rows.dropna(subset=["value"])
    whole, parts = told[told.table == "all"], told[(told.table != "all") & (told.behavior == "all")]
    if told.empty or whole.empty:
        return None
    by_table = listed([f"{number(row.value, 'share')} of {row.table}" for row in parts.itertuples()])
    said = [
        f"{_share(whole.iloc[0], 'value', 'low', 'high')} of what customers did is a step of a use case that they perform"
        + (f": {by_table}." if len(parts) > 1 else ".")
    ]
    single = told[told.behavior != "all"]
    left = (single.lines.astype(float) * (1 - single.value.astype(float))).sort_values(ascending=False, kind="stable")
    top = single.loc[left.index[:3]]
    if len(top):
        lines = [
            f"{row.behavior} ({row.table}, {number(row.lines)} rows, {number(row.value, 'share')} explained)" for row in top.itertuples()
        ]
        said.append(f"Most of what is left unexplained: {listed(lines)}.")
    return paragraph(" ".join(said))


def use_cases_by_segment(rows: pd.DataFrame) -> Html | None:
    """The use case in which segments differ most."""
    told = rows[rows.segment != "all"].dropna(subset=["value"])
    if rows.empty:
        return None
    values = told.assign(value=told.value.astype(float)).groupby("use_case", sort=False).value
    spread = (values.max() - values.min())[values.count() > 1]
    if spread.empty:
        return paragraph("Too few customers of any two segments may perform the same use case to compare them.")
    part = told[told.use_case == spread.idxmax()]
    high, low = (part.loc[each] for each in (part.value.astype(float).idxmax(), part.value.astype(float).idxmin()))
    return paragraph(
        f"Segments differ most in {words(high.use_case)}: {_share(high, 'value', 'low', 'high')} of {high.segment} perform it, and "
        f"{_share(low, 'value', 'low', 'high')} of {low.segment}."
    )


def _share(row: pd.Series, value: str, low: str, high: str) -> str:
    return interval(row[value], row[low], row[high], "share")


def _success(row: pd.Series) -> str:
    return f"{_share(row, 'success_share', 'success_low', 'success_high')} of {number(row.n_tried)} customers"
