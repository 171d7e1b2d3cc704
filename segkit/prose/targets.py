"""Sentences about target selection: who passes the knock-outs, how sure the first place is, whether segmenting is worth it at all."""

from collections.abc import Mapping

import pandas as pd

from segkit.prose.wording import listed
from segkit.show import Html, bullets, number, paragraph, words
from segkit.targets import DRAWN, POLICIES, standing

SURE = 0.9  # share of draws in which a first place is called safe
DOUBTS = dict(
    zip(DRAWN, ("other criteria could matter more", "somewhat other weights would change it", "the figures are not known well enough"))
)


def gates(rows: pd.DataFrame, called: dict[str, str] | None = None) -> Html:
    """Which segments pass every knock-out, which fail what and why, and what is not known. In: `targets.gates`, small cells hidden."""
    if rows.empty:
        return paragraph("There is no segment to judge.")
    stands = standing(rows).set_index("segment").standing
    of_all = [measure for measure, part in rows.groupby("measure", sort=False) if part.passes.isna().all()]
    passing = list(stands.index[stands == "in"])
    said = (
        f"{listed(passing)} {'passes' if len(passing) == 1 else 'pass'} every knock-out."
        if passing
        else "No segment passes every knock-out."
    )
    if unknown := [why(rows[rows.measure == measure].iloc[0], lone=False).rstrip(".") for measure in of_all]:
        said += f" Not known of any segment, and so passed by none: {'; '.join(unknown)}."
    lines = []
    for segment in stands.index[stands != "in"]:
        part = rows[rows.segment == segment]
        failed = [why(row) for _, row in part[part.passes.eq(False).fillna(False)].iterrows()]
        open_ = [why(row) for _, row in part[part.passes.isna() & ~part.measure.isin(of_all)].iterrows()]
        name = f"{segment} “{called[segment]}”" if (called or {}).get(segment) else segment
        told = f"{name} is out: {' '.join(failed)}" if failed else f"{name} fails none."
        lines.append(told + (f" Not known: {' '.join(open_)}" if open_ else ""))
    return Html(paragraph(said) + (bullets(lines) if lines else ""))


def why(row: pd.Series, lone: bool = True) -> str:
    """Why a measure passes or not, also where its number is hidden; `lone`: of one segment."""
    measure = row.measure.replace("_", " ")
    if isinstance(row.why, str):
        inside = (row.why.partition(": ")[2] or row.why).rstrip(".").replace("The study", "the study")
        return row.why if lone else f"{measure} ({inside})."
    return f"{measure}{'' if pd.isna(row.passes) else ' does not suffice'}; too few customers to show the number."


def ranking(rows: pd.DataFrame, weights: Mapping[str, float]) -> Html:
    """What is weighed, and how robust the first place is. In: `targets.sensitivity`, `targets.weights`."""
    told = rows.dropna(subset=["score", "first_share"])
    if told.empty:
        return paragraph(f"{weighed(weights)} No segment can be ranked: of none are all criteria known, or all are knocked out.")
    if told.segment.nunique() == 1:
        return paragraph(f"{weighed(weights)} Only {told.segment.iloc[0]} is left after the knock-outs, so that there is nothing to rank.")
    stated = told[told.drawn != told.drawn.iloc[0]] if told.drawn.nunique() > 1 else told
    first = stated.loc[stated.score.idxmax()].segment
    parts, rivals, unsure = [], [], []
    for way, part in told.groupby("drawn", sort=False):
        shares = part.set_index("segment").first_share
        parts.append(f"{number(shares[first], 'share')} of draws of {way}")
        if shares.idxmax() != first:
            rivals.append(f"With {way} {shares.idxmax()} is first more often ({number(shares.max(), 'share')}).")
        if shares[first] < SURE:
            unsure.append(DOUBTS[way])
    verdict = f"The first place is not safe: {listed(unsure)}." if unsure else "The first place is safe."
    return paragraph(
        f"{weighed(weights)} By these weights {first} is the most attractive. It is first in {listed(parts)}. {' '.join([*rivals, verdict])}"
    )


def weighed(weights: Mapping[str, float]) -> str:
    """What is weighed, by how much."""
    if list(weights) == ["share"]:
        return "Weighed is size alone, since nothing is known of what segments bring and the study states nothing (attractiveness)."
    return f"Weighed are {listed([f'{words(name)} by {number(weight)}' for name, weight in weights.items()])}."


def worth(rows: pd.DataFrame, currency: str = "") -> Html:
    """Is segmenting worth it at all? Gains are told per 1,000 customers. In: `targets.worth`, campaign by campaign."""
    return Html("".join(of_campaign(name, part, currency) for name, part in rows.groupby("campaign", sort=False)))


def of_campaign(name: str, rows: pd.DataFrame, currency: str) -> Html:
    """Whether segmenting would have been worth it in one campaign."""
    found = rows.set_index("policy").loc[list(POLICIES)]
    every, one, by, more = found.loc["treat all"], found.loc["one for all"], found.loc["by segment"], found.loc["difference"]
    if pd.isna(more.value):
        return paragraph(f"{f'{name}: w' if name else 'W'}hether segmenting is worth it cannot be told: {more.why}.")
    lines = [
        f"{name}: treating everybody gains {money(every, currency)} per 1,000 customers, compared with treating nobody (n = {number(every.n)}).",
        f"One choice for all says to treat {whom(one, every)}; chosen on one half of the customers, it gains {money(one, currency)} on the other.",
        f"A choice for each segment says to treat {whom(by, every)}; chosen on one half, it gains {money(by, currency)} on the other.",
    ]
    left_out = f" {more.why[0].upper()}{more.why[1:]}." if more.why else ""
    if pd.isna(more.low):
        return Html(bullets(lines) + paragraph(f"Segmenting changes nothing here.{left_out}"))
    verdict = "is worth it" if more.low > 0 else "does harm" if more.high < 0 else "is not shown to be worth it"
    said = f"Segmenting {verdict}: the difference is {money(more, currency)} per 1,000 customers. Chosen and measured on the same customers, it would"
    return Html(bullets(lines) + paragraph(f"{said} have seemed to be {amount(more.plug_in, currency)}.{left_out}"))


def whom(row: pd.Series, every: pd.Series) -> str:
    """Whom a policy treats."""
    return "nobody" if not row.treated else "everybody" if row.treated == every.treated else listed(row.treated.split(", "))


def money(row, currency: str) -> str:
    """An amount per 1,000 customers with its interval."""
    return amount(row.value, currency) + ("" if pd.isna(row.low) else f" ({number(1000 * row.low)} to {number(1000 * row.high)})")


def amount(value: float, currency: str) -> str:
    """An amount per 1,000 customers in the dataset's currency."""
    return f"{number(1000 * value)} {currency}".strip()


def decisions(rows: pd.DataFrame, currency: str = "") -> Html:
    """What treating 1,000 customers of each segment gains, and how sure the choice is. In: `targets.decisions`."""
    if not rows.value.notna().any():
        return paragraph("Of no segment can be told whether treating it pays.")
    about = paragraph("Gain per 1,000 customers treated; the intervals hold for all segments of a campaign together.")
    told = []
    for name, part in rows.groupby("campaign", sort=False):
        known, small = part.dropna(subset=["value"]), list(part.segment[part.value.isna()])
        told += [f"{name}, {row.segment}: {money(row, currency)}, n = {number(row.n)}: {choice(row)}." for row in known.itertuples()]
        told += [f"{name}: too small to decide, or to show: {listed(small)}."] if small else []
    return Html(about + bullets(told))


def choice(row) -> str:
    """What to do in a segment, as far as it is known."""
    if row.low > 0 or row.high < 0:
        return "treat it" if row.low > 0 else "leave it alone"
    return f"not shown to pay or to lose, {number(row.treats, 'share')} of halves would treat it"


def experiments(rows: pd.DataFrame) -> Html:
    """How large the experiment must be that would show a lift. In: `targets.affordable`."""
    lines = []
    for row in rows.itertuples():
        rate = f"from {number(row.base_rate, 'share')}"
        if pd.isna(row.needed_per_arm):
            lines.append(
                f"{row.segment}: {'no such lift is possible ' + rate if pd.notna(row.base_rate) else 'the rate without treatment is not known'}."
            )
            continue
        has = "how many may be contacted is not known" if pd.isna(row.available) else f"{number(row.available)} may be contacted"
        verdict = "" if pd.isna(row.enough) else ", which is enough" if row.enough else ", too few"
        lines.append(f"{row.segment}, {rate}: {number(row.needed_per_arm)} customers in each of two arms; {has}{verdict}.")
    lift = number(100 * rows.lift.iloc[0]) if len(rows) else ""
    about = f"To show a lift of {lift} percentage points with power 80 %, at a level of 5 % for all {len(rows)} segments together:"
    return Html(paragraph(about) + bullets(lines)) if lines else paragraph("There is no segment to experiment with.")
