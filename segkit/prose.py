"""Findings as sentences computed from finished tables. No number in a report is typed."""

import pandas as pd

from segkit.segments import NAMES
from segkit.show import Html, bullets, interval, number, p_value, paragraph, words


def listed(words: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def times(n: int) -> str:
    """Once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def dataset(gathered) -> Html:
    """What these data are; said first when they are made up."""
    said = gathered.dataset
    text = f"{said.title}. {said.about}".strip()
    if said.synthetic:
        return Html(f'<p class="synthetic">These data are synthetic: made up to show the workbench, about nobody.</p>{paragraph(text)}')
    return paragraph(text)


def ledger(rows: pd.DataFrame) -> Html:
    """What came in and what is used, table by table."""
    lines = []
    for table, part in rows.groupby("table", sort=False):
        came, used = part.iloc[0].rows_left, part[part.severity != "warn"].iloc[-1].rows_left
        left = f", {number(came - used)} set aside" if came > used else ""
        lines.append(f"{table}: {number(came)} rows came in, {number(used)} are used ({number(used / came, 'share')}){left}.")
    return bullets(lines)


def missing_tables(gathered, contracts: dict) -> Html:
    """What each table that is not there would add."""
    absent = [f"{name} would add {spec.adds}" for name, spec in contracts.items() if name not in gathered.dataset.tables]
    return paragraph(f"Not delivered: {'; '.join(absent)}." if absent else "Every table the workbench knows is there.")


def absent(table: str) -> Html:
    """Why a section is empty."""
    return paragraph(f"This section needs the table {table}, which this dataset does not have.")


def no_outcomes() -> Html:
    """Why nothing is said about what came later."""
    return paragraph("There is no outcome window: horizon_days is 0.")


def no_claims() -> Html:
    """Why there is no verdict."""
    return paragraph("No hypothesis was declared.")


def windows(window) -> Html:
    """The two windows in words."""
    outcome = f"Outcomes are measured from {window.as_of:%d %B %Y} up to, not including, {window.end:%d %B %Y} ({window.days} days)."
    return paragraph(
        f"Behaviour is observed from {window.start:%d %B %Y} up to, not including, {window.as_of:%d %B %Y}. "
        + (
            outcome
            if window.days
            else "horizon_days is 0: there is no outcome window, and nothing can be said about what the segments are worth later."
        )
    )


def scope(customers: pd.DataFrame) -> Html:
    """Who is clustered, and who is known but was never active."""
    active, known = int(customers.is_active.sum()), len(customers)
    return paragraph(
        f"{number(known)} customers were known at as_of; {number(active)} of them ({number(active / known, 'share')}) had ordered or used the "
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


def structure(found) -> Html:
    """The verdict, its reasons, and what was not tested."""
    return Html(f'<p class="verdict">Structure: {found.verdict}.</p>{bullets((*found.reasons, found.not_tested))}')


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


def agreement(rows: pd.DataFrame) -> Html:
    """Do other methods find the same segments?"""
    pairs = [f"{NAMES[row.method]} and {NAMES[row.other]} {row.value:.2f}" for row in rows.itertuples()]
    return paragraph(
        f"Adjusted Rand index between the methods at this k (1 is the same partition, 0 is chance; n = {number(rows.n.iloc[0])}): {listed(pairs)}."
        if pairs
        else "Only one method was run: nothing to agree with."
    )


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


def names(profile: pd.DataFrame) -> dict[str, str]:
    """A neutral description of each segment from its strongest traits, such as `high spend, low tenure days`."""
    from segkit.compare.profiles import traits

    small = set(profile.segment[profile.z.isna()])
    return {
        segment: "too few customers to describe"
        if segment in small
        else ", ".join(f"{side} {words(feature)}" for side, feature in found) or "near everyone's average"
        for segment, found in traits(profile).items()
    }


def segments(profile: pd.DataFrame) -> Html:
    """One line per segment: size and what sets it apart."""
    sizes = profile.drop_duplicates("segment").set_index("segment")
    return bullets(
        [
            f"{segment}, {number(sizes.share[segment], 'share')} of customers (n = {number(sizes.n[segment])}): {said}."
            for segment, said in names(profile).items()
        ]
    )


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


SHARES = ("retention", "engagement")


def claim(row) -> str:
    """What a hypothesis says, in words."""
    if row.test == "beats_baseline":
        least = f"at least {number(row.at_least, 'share')} more" if row.at_least else "more"
        return f"the segments explain {least} of the variance of {words(row.kpi)} than {NAMES.get(row.baseline, row.baseline)} does"
    least = f"{100 * row.at_least:g} percentage points" if row.kpi in SHARES else number(row.at_least)
    return f"the highest and the lowest segment differ in {words(row.kpi)} by at least {least}"


def seen(row) -> str:
    """What was seen of a claim, with its interval, in the unit of the claim."""
    return interval(row.value, row.low, row.high, "share" if row.test == "beats_baseline" or row.kpi in SHARES else "")


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
