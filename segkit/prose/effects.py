"""Sentences of notebook 04: what campaigns moved, how much more than simple rules the segments know, and what could have been found at all."""

import pandas as pd

from segkit.baselines import NAMES
from segkit.prose.outcomes import measured
from segkit.prose.wording import listed
from segkit.show import Html, bullets, interval, number, p_value, paragraph, points, words

LEVEL = 0.05


def lifts(rows: pd.DataFrame) -> Html:
    """What each campaign moved over all, and in which segments."""
    lines = []
    for (campaign, answer), part in rows.groupby(["campaign", "answer"], sort=False):
        everyone, segments = part[part.segment == "all"].iloc[0], part[part.segment != "all"]
        reached = f"{campaign}, {answer}s of {number(everyone.n)} contacted"
        if pd.isna(everyone.value):
            lines.append(f"{reached}: {interval_of_rate(everyone)}; {everyone.reason}.")
            continue
        moved = segments[(segments.p_holm <= LEVEL).fillna(False).astype(bool)]
        where = (
            f"shown for {listed([f'{row.segment} {points(row.value, row.low, row.high)}' for row in moved.itertuples()])}"
            if len(moved)
            else "shown in no segment by itself"
        )
        held = f"{number(everyone.n_held_out)} held out"
        doubt = f" No test: {everyone.reason}." if everyone.reason else ""
        lift = f"lift {points(everyone.value, everyone.low, everyone.high)} percentage points, p {p_value(everyone.p)}"
        lines.append(f"{reached} and {held}: {lift}; {where} (Holm over {len(segments)} segments).{doubt}")
    return bullets(lines)


def interval_of_rate(row) -> str:
    """The rate of a campaign that held nobody out."""
    return f"{number(row.rate, 'share')} did it"


def beyond(rows: pd.DataFrame) -> Html:
    """On which outcomes the segments know more than each rival, and on which less."""
    lines = []
    for baseline, part in rows.groupby("baseline", sort=False):
        told = {
            "more of": part[part.low > 0],
            "less of": part[part.high < 0],
            "about as much of": part[(part.low <= 0) & (part.high >= 0)],
        }
        said = [
            f"{how} {listed([f'{words(row.kpi)} {points(row.value, row.low, row.high)}' for row in found.itertuples()])}"
            for how, found in told.items()
            if len(found)
        ]
        if said:
            lines.append(f"Beside {NAMES.get(baseline, baseline)}, the segments explain {'; '.join(said)}.")
    return Html(
        bullets(lines) + paragraph("Percentage points of variance explained on the same customers; 95 % intervals, each for itself.")
    )


def foreseen(rows: pd.DataFrame) -> Html:
    """How well rankings made before as_of foresaw who brought what."""
    lines = []
    for kpi, part in rows.groupby("kpi", sort=False):
        rounded = part.assign(**part[["value", "low", "high"]].round(2))
        said = [f"{NAMES.get(row.segmentation, row.segmentation)} {interval(row.value, row.low, row.high)}" for row in rounded.itertuples()]
        lines.append(f"{words(kpi).capitalize()}: {listed(said)} (n = {number(part.n.iloc[0])}).")
    return bullets(lines)


def origins(rows: pd.DataFrame) -> Html:
    """Whether the same way of segmenting explained as much at earlier dates."""
    lines = []
    for kpi, part in rows.groupby("kpi", sort=False):
        own = part[part.segmentation == "segments"]
        said = [f"{interval(row.value, row.low, row.high, 'share')} at {row.as_of}" for row in own.itertuples()]
        lines.append(f"{words(kpi).capitalize()}: segments made anew explain {listed(said)}.")
    return bullets(lines)


def outlook(rows: pd.DataFrame, m: int) -> Html:
    """What the data could have shown: the smallest true value that would have been found."""
    if rows.empty:
        return paragraph("Nothing was claimed, so that there is nothing to plan for.")
    lines = []
    for row in rows.drop(columns="name").assign(called=rows["name"]).itertuples(index=False):
        if pd.isna(row.detectable):
            lines.append(f"{row.called}: {row.verdict}; it could not be tested, so that no size of sample follows from it.")
            continue
        least = f"a true value of {measured(row, row.detectable)} or more would have been found above {measured(row, row.at_least) if row.at_least else 0}"
        lines.append(
            f"{row.called}: {row.verdict}. With these {number(row.n)} customers {least} four times in five; seen was {measured(row, row.value)}."
        )
    return Html(bullets(lines) + paragraph(f"At level .05 divided by m = {m}. Half the distance takes about four times the customers."))


def no_worth() -> Html:
    """Why nothing is said of what segmenting is worth."""
    return paragraph(
        "The study does not say what a conversion is worth (conversion_value), so that nothing can be said of what segmenting gains."
    )
