"""Sentences of notebook 03: is there structure, which solution, which segments to trust, what they are."""

import re

import pandas as pd

from segkit.matrix import business_units
from segkit.prose.wording import listed
from segkit.segments import NAMES
from segkit.show import Html, bullets, number, paragraph, words

CUSTOMERS_PER_COLUMN = 100  # Dolnicar, Gruen & Leisch (2016), Journal of Business Research 69, 992: beyond that more customers gain little


def structure(found, recipe=None) -> Html:
    """The verdict, its reasons, splits that are definitions, and what the rule cannot see. `recipe`: brings values back to business units."""
    splits = [split(name, value, recipe) for name, value in found.definitions]
    named = [f"Told apart by one recorded value alone, which is a definition and no finding: {listed(splits)}."] if splits else []
    return Html(f'<p class="verdict">Structure: {found.verdict}.</p>{bullets((*found.reasons, *named, found.blind))}')


def adequacy(n: int, columns: int) -> Html:
    """Whether there are enough customers for so many columns."""
    wanted = CUSTOMERS_PER_COLUMN * columns
    if n >= wanted:
        return paragraph(
            f"{number(n)} customers for {columns} columns are enough: {number(wanted)}, {CUSTOMERS_PER_COLUMN} for each, are advised."
        )
    return paragraph(
        f"Warning: {number(n)} customers are few for {columns} columns; {number(wanted)}, {CUSTOMERS_PER_COLUMN} for each, are advised. With fewer, "
        "segments that are there are often not found, and those found depend on the sample. Take out features that say the same."
    )


def split(name: str, value: float, recipe) -> str:
    """A recorded value in words and in business units."""
    if recipe is not None:
        value = business_units(pd.DataFrame({column: [value] for column in recipe.names}), recipe)[name].iloc[0]
    return f"{words(name)} = {value:.4g}"


def mixtures(rows: pd.DataFrame) -> Html:
    """How many groups a mixture wants, by BIC and by ICL; one is an answer."""
    best, apart = rows.loc[rows.bic.idxmin()], rows.loc[rows.icl.idxmin()]
    said = f"By BIC a mixture of {groups(best.k)} fits best ({COVARIANCES[best.covariances]}; n = {best.n:,})"
    if best.k == rows.k.max():
        said += ", the most that were tried"
    if (best.k, best.covariances) == (apart.k, apart.covariances):
        return paragraph(f"{said}, and by ICL, which asks for groups that are apart, too.")
    return paragraph(f"{said}; by ICL, which asks for groups that are apart, {groups(apart.k)} ({COVARIANCES[apart.covariances]}).")


COVARIANCES = {"full": "each its own shape", "tied": "one shape for all", "diag": "without correlations", "spherical": "round"}


def groups(k: int) -> str:
    """A number of groups in words."""
    return "one group" if k == 1 else f"{k} groups"


def recommendation(chosen) -> Html:
    """Why this solution, and who came second."""
    return bullets((*chosen.reasons, *([f"Runner-up: {chosen.runner_up}."] if chosen.runner_up else [])))


def choice(method: str, k: int, recommended, why: str) -> Html:
    """The solution used, and whether a person overrode the recommendation."""
    own = (method, k) == (recommended.method, recommended.k)
    if own:
        return paragraph(f"Used: {NAMES[method]} with k = {k}, as recommended.")
    return paragraph(
        f"Used: {NAMES[method]} with k = {k}, chosen by a person{f' ({why})' if why else ''}; "
        f"recommended was {NAMES[recommended.method]} with k = {recommended.k}."
    )


def agreement(rows: pd.DataFrame, k: int) -> Html:
    """Do other methods, and solutions as stable at another k, find the same segments?"""
    if rows.empty:
        return paragraph("Only one solution was a candidate: nothing to agree with.")
    here = rows[(rows.k == k) & (rows.other_k == k)]
    pairs = [f"{NAMES[row.method]} and {NAMES[row.other]} {row.value:.2f}" for row in here.itertuples()]
    said = (
        f"Adjusted Rand index at k = {k} (1 is the same partition, 0 is chance; n = {number(rows.n.iloc[0])}): {listed(pairs)}."
        if pairs
        else ""
    )
    worst = rows.loc[rows.value.idxmin()]
    least = (
        f" Of all candidates {NAMES[worst.method]} k = {worst.k} and {NAMES[worst.other]} k = {worst.other_k} agree least, {worst.value:.2f}."
        if len(rows) > len(here)
        else ""
    )
    return paragraph((said + least).strip())


def own_cut(agree: float, method: str) -> Html:
    """How far the assignment rule reproduces the method's own labels."""
    return paragraph(
        f"The assignment rule, which also serves new customers, gives {number(agree, 'share')} of the fitted customers the label of {NAMES[method]}'s own cut."
    )


def trust(rows: pd.DataFrame) -> Html:
    """Which segments can be trusted."""
    said = [
        f"{row.segment} {row.trust} ({row.value:.2f}, {row.low:.2f} to {row.high:.2f})"
        if pd.notna(row.value)
        else f"{row.segment} too small to show"
        for row in rows.itertuples()
    ]
    return paragraph(f"Best Jaccard overlap, median and quartiles of {number(rows.refits.iloc[0])} bootstrap refits: {'; '.join(said)}.")


def sensitive(used: list[str], why: str) -> Html:
    """Which sensitive attributes customers are clustered on, and the reason the study gives; nothing where there are none."""
    said = f"Customers are clustered on what the dataset calls sensitive: {listed(used)}. Reason given: {why}"
    return paragraph(said) if used else Html()


def names(profile: pd.DataFrame) -> dict[str, str]:
    """A neutral description of each segment from its strongest traits, such as `high spend, low tenure days`."""
    from segkit.compare.profiles import traits

    hidden = profile.z.isna().groupby(profile.segment).all()
    small, answers = set(hidden.index[hidden]), set(profile.feature[profile.unit == "yes/no"])
    return {
        segment: "too few customers to describe"
        if segment in small
        else ", ".join(trait(side, feature, feature in answers) for side, feature in found) or "near everyone's average"
        for segment, found in traits(profile).items()
    }


def trait(side: str, feature: str, is_answer: bool) -> str:
    """What a segment is high or low in; a yes/no answer is more or less often yes."""
    if not is_answer:
        return f"{side} {words(feature)}"
    return f"{'more' if side == 'high' else 'less'} often {re.sub('^(is|was) ', '', words(feature))}"


def segments(profile: pd.DataFrame, called: dict[str, str] | None = None) -> Html:
    """One line per segment: what people call it, size and what sets it apart."""
    sizes, called = profile.drop_duplicates("segment").set_index("segment"), called or {}
    return bullets(
        [
            f"{segment}{f' “{name}”' if (name := called.get(segment)) else ''}, {number(sizes.share[segment], 'share')} of customers "
            f"(n = {number(sizes.n[segment])}): {said}."
            for segment, said in names(profile).items()
        ]
    )


def prototypes(rows: pd.DataFrame) -> Html:
    """Where the prototype customers are: not on a page."""
    return paragraph(
        f"The customers nearest to each segment's centre, {rows.groupby('segment').size().max()} of each, are in prototypes.parquet beside the assignments: "
        "rows about persons, which no report shows."
    )
