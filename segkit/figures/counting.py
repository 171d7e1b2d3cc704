"""Picture of two classical answers to how many segments there are: the gap statistic and prediction strength."""

import numpy as np
import pandas as pd

from segkit.compare.halves import FORETOLD, largest_foretold
from segkit.figures.style import ACCENT, INK, MUTED, PALETTE, Picture, drawn, known, nothing, whiskers
from segkit.segments import NAMES


def how_many(gap: pd.DataFrame, strength: pd.DataFrame) -> Picture:
    """The gap over k with its standard error, the k it chooses ringed; beside it, prediction strength by method with the line to reach.

    In: the rows of `gap_statistic` and of `prediction_strength`.
    """
    gaps, strengths = known(gap, "value", "low", "high"), known(strength, "value", "low", "high")
    if gaps.empty and strengths.empty:
        return nothing("Too few customers, or too few different ones, to ask how many segments there are.")

    def draw(axes):
        apart, foretold = axes
        apart.errorbar(
            gaps.k, gaps.value, yerr=whiskers(gaps.value, gaps.low, gaps.high), color=ACCENT, marker="o", markersize=4, capsize=3
        )
        chosen = gaps[gaps.chosen]
        apart.plot(chosen.k, chosen.value, marker="o", markersize=12, color=INK, fillstyle="none", linestyle="")
        apart.set(title="gap statistic (± s)", xlabel="k", xticks=gap.k)
        for colour, (method, part) in zip((*PALETTE, MUTED), strengths.groupby("method", sort=False)):
            foretold.plot(part.k, part.value, marker="o", markersize=3.5, color=colour, label=NAMES[method], linewidth=1.5)
            foretold.fill_between(part.k, part.low, part.high, color=colour, alpha=0.15, linewidth=0)
        foretold.axhline(FORETOLD, color=INK, linewidth=1, linestyle="--")
        foretold.set(title="prediction strength (± se)", xlabel="k", ylim=(0, 1.05), xticks=np.unique(strength.k))
        if len(strengths):
            foretold.legend(loc="best", fontsize=7.5)

    return drawn(draw, f"{gap_chooses(gap)} {strength_reaches(strength)}", 2.9, 1, 2)


def gap_chooses(gap: pd.DataFrame) -> str:
    """What the gap statistic says, as a sentence."""
    gaps = gap.dropna(subset=["value"])
    if gaps.empty:
        return "There is no gap statistic: too few different customers."
    if not gaps.chosen.any():
        return f"The gap statistic chooses no k up to {gaps.k.max()}."
    return f"The gap statistic chooses k = {gaps.k[gaps.chosen].iloc[0]} of 1 to {gaps.k.max()}."


def strength_reaches(strength: pd.DataFrame) -> str:
    """Up to which k each method's prediction strength reaches the line, as a sentence."""
    known_ones = strength[strength.groupby("method").value.transform("count") > 0]
    if known_ones.empty:
        return "There is no prediction strength: too few different customers."
    said = [f"{NAMES[method]} to k = {k}" if k > 1 else f"{NAMES[method]} at no k" for method, k in largest_foretold(known_ones).items()]
    return f"Prediction strength, with its standard error, reaches {FORETOLD:.2g}: {', '.join(said)}."
