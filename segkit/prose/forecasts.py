"""Sentences of notebook 04 on who stays, what winning customers cost, and what a model of repeat buying expected."""

import numpy as np
import pandas as pd

from segkit.prose.wording import listed
from segkit.show import Html, bullets, interval, number, p_value, paragraph, words


def staying(curves: pd.DataFrame, test) -> Html:
    """How many of each segment are still heard of at the end, and whether segments differ."""
    last = curves.dropna(subset=["staying"]).groupby("segment", sort=False).tail(1)
    said = [f"{row.segment} {interval(row.staying, row.low, row.high, 'share')} after {number(row.day)} days" for row in last.itertuples()]
    told = f"log-rank chi-squared {number(test.chi2)} with {test.df} degrees of freedom, p {p_value(test.p)}"
    differ = (
        "too few are gone to tell segments apart"
        if np.isnan(test.p)
        else f"segments {'differ' if test.p <= 0.05 else 'do not differ beyond chance'}, {told}"
    )
    return paragraph(f"Still heard of: {listed(said)}. Taken together, {differ}.")


def adoption(rows: pd.DataFrame) -> Html:
    """Which features tell segments apart most."""
    shown = rows.dropna(subset=["value"])
    if shown.empty:
        return paragraph("No use of features after the cut-off date can be shown.")
    widths = (
        shown.groupby("feature", sort=False).value.agg(lambda part: part.max() - part.min()).sort_values(ascending=False, kind="stable")
    )
    said = []
    for feature in widths.index[:3]:
        part = shown[shown.feature == feature].sort_values("value", kind="stable")
        low, high = part.iloc[0], part.iloc[-1]
        said.append(f"{feature} from {number(low.value, 'share')} in {low.segment} to {number(high.value, 'share')} in {high.segment}")
    return paragraph(f"Segments differ most in the use of {listed(said)}.")


def acquisition(channels: pd.DataFrame, rows: pd.DataFrame, flow: pd.DataFrame) -> Html:
    """What a new customer cost, by channel, and what comes of it."""
    lines, paid = (
        [],
        channels[(channels.channel != "all") & (channels.value > 0)].sort_values("value", kind="stable") if len(channels) else channels,
    )
    if len(paid):
        ends = [f"{interval(row.value, row.low, row.high)} on {row.channel}" for row in (paid.iloc[0], paid.iloc[-1])]
        lines.append(f"A new customer cost from {ends[0]} to {ends[1]}.")
    for table in (rows, flow):
        for kpi, part in table[table.segment != "all"].dropna(subset=["value"]).groupby("kpi", sort=False):
            if kpi.endswith(("_to_cac", "pipeline_velocity")):
                said = [f"{row.segment} {interval(row.value, row.low, row.high)}" for row in part.itertuples()]
                lines.append(f"{words(kpi).capitalize()} ({part.unit.iloc[0]}): {listed(said)}.")
    return bullets(lines) if lines else paragraph("No channel has both spend and new customers.")


def expected(found, rows: pd.DataFrame, calibrated: pd.DataFrame, months: int, margin_share: float) -> Html:
    """What the model expects of each segment, and whether it was right so far; or why there is no model."""
    if found.orders is None:
        return paragraph(f"No model of repeat buying can be had: {found.reason}.")
    lines = [f"{found.orders.NAME}, fitted to {number(found.orders.n)} customers with an order."]
    for kpi, part in rows.groupby("kpi", sort=False):
        said = [f"{row.segment} {interval(row.value, row.low, row.high, row.unit)}" for row in part.itertuples()]
        what = {
            "p_alive": "Probably still there",
            "expected_orders": f"Orders expected in {months} months",
            "clv": f"{'Revenue' if margin_share == 1 else 'Margin'} expected in {months} months, discounted ({part.unit.iloc[0]})",
        }[kpi]
        lines.append(f"{what}: {listed(said)}.")
    if found.amounts is None:
        lines.append(f"No worth of an order can be had: {found.reason}.")
    if len(calibrated):
        inside = int(((calibrated.low <= calibrated.expected) & (calibrated.expected <= calibrated.high)).sum())
        total = [number(float((calibrated.n * calibrated[name]).sum())) for name in ("expected", "observed")]
        lines.append(
            f"In the outcome window {total[0]} days with an order were expected and {total[1]} were seen; in {inside} of {len(calibrated)} "
            "tenths of customers the expectation lies within the interval of what was seen."
        )
    return bullets(lines)
