"""Sentences on two classical answers to how many segments there are: the gap statistic and prediction strength."""

import pandas as pd

from segkit.compare.halves import FORETOLD, largest_foretold
from segkit.prose.wording import listed
from segkit.segments import NAMES
from segkit.show import Html, number, paragraph


def how_many(gap: pd.DataFrame, strength: pd.DataFrame) -> Html:
    """What either says, on how many customers, and what either is blind to.

    In: the rows of `gap_statistic` and of `prediction_strength`.
    """
    return paragraph(f"{beyond_the_box(gap)} {half_by_half(strength)}")


def beyond_the_box(gap: pd.DataFrame) -> str:
    """The gap statistic's k, with what it was compared to."""
    known = gap.dropna(subset=["value"])
    if known.empty:
        return "There is no gap statistic: too few different customers."
    against = f"(k-means against {gap.draws.iloc[0]} draws from an even box; n = {number(gap.n.iloc[0])})"
    said = f"chooses no k up to {known.k.max()}: it still rises there"
    if known.chosen.any():
        row = known[known.chosen].iloc[0]
        said = f"chooses {'one group' if row.k == 1 else f'k = {row.k}'} (gap {row.value:.2f}, {row.low:.2f} to {row.high:.2f})"
        highest = known.loc[known.value.idxmax(), "k"]
        said += f", the first that will do; the gap is largest at k = {highest}" if highest != row.k else ""
    return (
        f"The gap statistic {against} {said}. Customers never fill a box evenly: one population that is skewed and correlated "
        "can look like several to it, and groups that are there like one."
    )


def half_by_half(strength: pd.DataFrame) -> str:
    """How many segments one half of the customers foretells of the other, method by method."""
    found = strength.dropna(subset=["value"])
    if found.empty:
        return "There is no prediction strength: too few different customers."
    said = []
    for method, k in largest_foretold(found).items():
        own = found[(found.method == method) & ((found.k == k) | (k == 1))]
        best = own.loc[own.value.idxmax()]
        said.append(f"{NAMES[method]} {f'{k} segments' if k > 1 else f'none, at best k = {best.k}'} ({best.value:.2f})")
    return (
        f"One half of the customers foretells the other's segments (prediction strength of at least {FORETOLD:.2g} "
        f"with its standard error; {found.splits.max()} splits, n = {number(found.n.iloc[0])}) for these largest k: {listed(said)}. "
        "A cut through one long cloud can be foretold, too, and so can one that only takes off outliers."
    )
