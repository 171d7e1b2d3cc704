"""Sentences of the multiverse: would other analysts have found the same segments, and does it hang on one choice?"""

import pandas as pd

from segkit.figures.multiverse import own_agreement
from segkit.multiverse import CHOICES, CORE, IN_WORDS, VALID, Price, in_words
from segkit.prose.wording import listed
from segkit.show import Html, bullets, number, paragraph


def choices(specs: pd.DataFrame) -> Html:
    """Which choices are crossed, and which are the study's own."""
    own = specs[specs.own].iloc[0]
    lines = []
    for choice in CHOICES:
        levels = [in_words(choice, level) for level in sorted(specs[choice].unique(), key=list(specs[choice]).index)]
        others = listed([level for level in levels if level != in_words(choice, own[choice])])
        lines.append(f"{IN_WORDS[choice]}: {in_words(choice, own[choice])}; elsewhere {others or 'the same'}.")
    return bullets([*(line[0].upper() + line[1:] for line in lines), f"Together {len(specs)} specifications."])


def agreement(specs: pd.DataFrame) -> Html:
    """How far specifications agree with the study."""
    low, median, high = specs.agreement.quantile([0.25, 0.5, 0.75])
    said = (
        f"Adjusted Rand index with the study's own segments: {median:.2f} in the median of {len(specs)} specifications "
        f"(quartiles {low:.2f} to {high:.2f}; n = {number(specs.n.iloc[0])} customers). The study's own choices, fitted on "
        f"{number(specs.fitted.iloc[0])} customers, come to {own_agreement(specs)}: what that lacks of 1 is chance, "
        "all below it is choice. "
    )
    failing = int((~specs.passes).sum())
    gate = f"{failing} of {len(specs)} have a segment too small to use." if failing else "All pass the gate for small segments."
    return paragraph(said + gate)


def holding(rows: pd.DataFrame) -> Html:
    """In what share of specifications each segment is found again."""
    lines = [
        f"{row.segment} holds in {number(row.value, 'share')} of {row.specifications} specifications, "
        f"in {number(row.same_k, 'share')} of those with as many segments "
        f"(best Jaccard overlap {row.median:.2f}, quartiles {row.low:.2f} to {row.high:.2f}; n = {number(row.n)})."
        if pd.notna(row.value)
        else f"{row.segment} is too small to show."
        for row in rows.itertuples()
    ]
    shown = rows.dropna(subset=["value"])
    robust, weak = list(shown.segment[shown.same_k >= CORE]), list(shown.segment[shown.same_k < 0.5])
    found = (
        f"{listed(robust)}: found by nearly everyone who makes as many segments." if robust else "No segment is found by nearly everyone."
    )
    lost = f" {listed(weak)}: most would not have found {'it' if len(weak) == 1 else 'them'}." if weak else ""
    rule = f"A segment holds where its best overlap is at least {VALID:g}; nearly everyone is {number(CORE, 'share')}. "
    return Html(bullets(lines) + paragraph(f"{rule}{found}{lost}"))


def matters(rows: pd.DataFrame) -> Html:
    """Which choice decides."""
    named = rows[rows.choice != "combinations"].dropna(subset=["share"])
    if named.empty:
        return paragraph("All specifications agree with the study's segments to the same degree: no choice matters.")
    lines = [
        f"{IN_WORDS[row.choice].capitalize()}: {number(row.share, 'share')} of the difference; "
        f"{in_words(row.choice, row.lowest)} {row.lowest_value:.2f}, {in_words(row.choice, row.highest)} {row.highest_value:.2f}."
        for row in named.itertuples()
    ]
    rest = rows.share[rows.choice == "combinations"].iloc[0]
    return bullets([*lines, f"{number(rest, 'share')} lies in combinations of choices."])


def cores(rows: pd.DataFrame) -> Html:
    """Who belongs to a segment whoever cuts, and whom analysts would dispute."""
    lines = [
        f"{'All segments' if row.segment == 'all' else row.segment}: {number(row.value, 'share')} core "
        f"({number(row.low, 'share')} to {number(row.high, 'share')}; n = {number(row.n)})."
        if pd.notna(row.value)
        else f"{row.segment}: its core, or those disputed, are too few to show."
        for row in rows.itertuples()
    ]
    return bullets(lines)


def outlook(cost: Price, verdicts: int) -> Html:
    """What opening the outcome window costs, or has cost. `verdicts`: claims of the study."""
    more = cost.after - cost.before
    if not more:
        return paragraph(f"These tests were counted before: the family of tests on this outcome window stays at m = {cost.before}.")
    return paragraph(
        f"Testing {verdicts} {'claim' if verdicts == 1 else 'claims'} under every specification adds {more} tests "
        "to those made on this outcome window: "
        f"m grows from {cost.before} to {cost.after}, and with it the adjusted p of every verdict given from now on."
    )


def claims(rows: pd.DataFrame) -> Html:
    """How often each claim comes out which way. No verdict is among them."""
    lines = [
        f"{row.name}: beyond what is claimed in {number(row.beyond, 'share')} of {row.specifications} specifications; p alone would say "
        + listed([f"{word} in {number(getattr(row, word), 'share')}" for word in ("supported", "refuted", "undecided")])
        + f"; estimates from {number(row.lowest)} to {number(row.highest)}."
        for row in rows.rename(columns={"name": "claim"}).assign(name=rows["name"]).itertuples(index=False)
    ]
    return Html(
        bullets(lines)
        + paragraph("This is exploration: it supports and refutes nothing. The study's verdicts are those of its own report.")
    )


def no_claims() -> Html:
    """Why claims were left alone."""
    return paragraph(
        "Claims were not tested here: every test under another specification would count among those made on the outcome window."
    )
