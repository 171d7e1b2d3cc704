"""Sentences about how customers use the product."""

import pandas as pd

from segkit.features.usage import LEAST_ACTIVE_DAYS, TREND_DAYS
from segkit.prose.wording import listed
from segkit.show import Html, bullets, interval, number, paragraph, words


def usage_grid(rows: pd.DataFrame) -> Html | None:
    """Where the cuts are, and which cell most users are in."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["share"])
    if shown.empty:
        return paragraph("Too few users to show how often and how much they use the product.")
    first, top = rows.iloc[0], shown.loc[shown.share.astype("float64").idxmax()]
    often = "at least" if top.frequency == "high" else "fewer than"
    much = "more than" if top.intensity == "high" else "at most"
    days = f"{number(first.frequency_cut)} active day{'' if first.frequency_cut == 1 else 's'} a week"
    return paragraph(
        f"The largest cell is {top['name']} with {number(top.share, 'share')} of users (n = {number(top.n)}): {often} {days}, and {much} "
        f"{number(first.intensity_cut)} {first.measure.removesuffix('s') if first.intensity_cut == 1 else first.measure} on an active day."
    )


def user_statuses(statuses: pd.DataFrame, decline: pd.DataFrame) -> Html | None:
    """Who is new, regular, back, gone or never came, and whose use is falling."""
    if statuses.empty:
        return None
    said = {
        "regular": f"are regular (active in the last {TREND_DAYS} days and in the {TREND_DAYS} before)",
        "new": f"are new (first active in the last {TREND_DAYS} days)",
        "reactivated": f"came back after a pause of more than {TREND_DAYS} days",
        "lapsed": f"have lapsed (not active in the last {TREND_DAYS} days)",
        "non-user": "have never used the product",
    }
    shown = statuses.dropna(subset=["share"]).set_index("status")
    parts = [
        f"{number(shown.share[status], 'share')} {text}" for status, text in said.items() if status in shown.index and shown.n[status] > 0
    ]
    lines = [f"Of all known customers, {listed(parts)}."] if parts else []
    return bullets(lines + declining(decline)) if lines or declining(decline) else None


def declining(rows: pd.DataFrame) -> list[str]:
    """Whose use fell by half or more, as a sentence in a list; none where nobody can be told of."""
    if rows.empty:
        return []
    row = rows[rows.use == "declining"].iloc[0]
    if pd.isna(row.n):
        return ["Whose use is falling are too few to show, or too few others are not."]
    asked = number(rows.n.sum())
    return [
        f"Use is falling for {number(row.n)} of {asked} customers, {interval(row.value, row.low, row.high, 'share')}: active on at least "
        f"{LEAST_ACTIVE_DAYS} of {TREND_DAYS} days, and on half as many or fewer of the next {TREND_DAYS}. They are the ones to ask before they leave."
    ]


def feature_engagement(rows: pd.DataFrame) -> Html | None:
    """The features most and least reached."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["value"])
    if shown.empty:
        return paragraph("Every feature is used by too few customers to show it.")
    first, last, users = shown.iloc[0], shown.iloc[-1], number(rows.users.iloc[0])
    if len(rows) == 1:
        return paragraph(
            f"The data tell only one feature, {words(str(first.feature))}, apart: what is used says nothing here, only how often."
        )
    hidden = len(rows) - len(shown)
    less = f" {number(hidden)} more {'is' if hidden == 1 else 'are'} used by too few customers to show." if hidden else ""
    if len(shown) == 1:
        return paragraph(f"Of {users} users, {reached(first)} have used {words(str(first.feature))}.{less}")
    return paragraph(
        f"Of {users} users, {reached(first)} have used {words(str(first.feature))}, the feature most reached, and {reached(last)} "
        f"{words(str(last.feature))}, {'the least reached that can be shown' if hidden else 'the least reached'}.{less}"
    )


def reached(row: pd.Series) -> str:
    """A feature's reach with its interval."""
    return interval(row.value, row.low, row.high, "share")


def stickiness(rows: pd.DataFrame) -> Html | None:
    """How sticky the product is, and which feature most."""
    if rows.empty:
        return None
    every, features = rows.iloc[0], rows.iloc[1:].dropna(subset=["value"])
    if pd.isna(every.value):
        return paragraph("Too few customers were active in the last 28 days to show how sticky the product is.")
    said = (
        f"On an average day {number(every.daily)} of the {number(every.n)} customers active in the last 28 days were there: a stickiness of "
        f"{interval(every.value, every.low, every.high, 'share')}, or {number(28 * float(every.value))} days in 28 per active customer."
    )
    if len(features) > 1:
        top = features.loc[features.value.astype("float64").idxmax()]
        said += (
            f" The stickiest feature is {words(str(top.feature))}, {interval(top.value, top.low, top.high, 'share')} (n = {number(top.n)})."
        )
    return paragraph(said)


def user_status_by_month(rows: pd.DataFrame) -> Html | None:
    """What changed in the last whole month that can be shown."""
    if rows.empty:
        return None
    shown = rows.dropna(subset=["n", "new", "regular", "reactivated", "lapsed"])
    if shown.empty:
        return paragraph("Too few customers a month to show who comes and goes.")
    last = shown.iloc[-1]
    if last.name == rows.index[0]:
        return paragraph(f"{last.month} is the first month there is: everybody active in it, {number(last.n)} customers, counts as new.")
    net = int(last.new + last.reactivated - last.lapsed)
    change = f"{number(abs(net))} {'more' if net > 0 else 'fewer'} than" if net else "as many as"
    return paragraph(
        f"In {last.month}, {number(last.n)} customers were active, {change} the month before: {number(last.new)} new and "
        f"{number(last.reactivated)} back after a pause came in, {number(last.lapsed)} went."
    )
