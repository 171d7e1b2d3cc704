"""Pictures of the multiverse: how much of the study's segments other analyses find again, and which choices decide it."""

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALE, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.multiverse import CHOICES, in_words
from segkit.show import number

SAYS = {"supported": ACCENT, "refuted": SECOND, "undecided": MUTED}


def specification_curve(specs: pd.DataFrame) -> Picture:
    """Agreement with the study's own segments, best first, and below each specification the choices it consists of.

    In: scaling, transform, winsorise, method, k, own, agreement, passes. The study's own choices, fitted anew, are ringed; specifications
    with a segment too small to use are pale.
    """
    rows = specs.sort_values(["agreement", "specification"], ascending=[False, True]).reset_index(drop=True)
    rows.index += 1
    levels = [(choice, level) for choice in CHOICES for level in sorted(specs[choice].unique(), key=list(specs[choice]).index)]
    heights = [1.7, 0.19 * (len(levels) + len(CHOICES))]

    def draw(axes):
        curve, table = axes
        curve.scatter(rows.index, rows.agreement, s=12, color=np.where(rows.passes, ACCENT, PALE), linewidths=0, zorder=3)
        own = rows[rows.own]
        curve.plot(own.index, own.agreement, marker="o", markersize=10, color=INK, fillstyle="none", linestyle="", zorder=4)
        curve.set(ylabel="adjusted Rand", ylim=(min(0, rows.agreement.min()) - 0.03, 1.05))
        curve.set_title("agreement with the study's own segments", fontsize=9.5)
        places, names, at = [], [], 0.0
        for before, (choice, level) in zip([None, *levels], levels):
            at += 1.9 if before and before[0] != choice else 1.0
            has = rows.index[rows[choice] == level]
            table.scatter(has, np.full(len(has), at), s=7, marker="s", color=np.where(rows.passes[has], INK, PALE), linewidths=0)
            own_has = own.index[own[choice] == level]
            table.plot(own_has, np.full(len(own_has), at), marker="s", markersize=6, color=SECOND, linestyle="")
            places.append(at)
            names.append(in_words(choice, level))
        table.set_yticks(places, names, fontsize=8.5)
        table.set(ylim=(at + 0.8, 0.2), xlabel="specifications, those most like the study's own first", xlim=(-0.5, len(rows) + 1.5))
        table.grid(False)
        table.spines["left"].set_visible(False)
        table.tick_params(axis="y", length=0)

    return drawn(
        draw,
        f"Over {len(rows)} specifications the adjusted Rand index with the study's own segments has a median of "
        f"{rows.agreement.median():.2f}, from {rows.agreement.min():.2f} to {rows.agreement.max():.2f}; "
        f"the study's own choices, ringed, come to {own_agreement(rows)} when fitted anew.",
        sum(heights) + 0.75,
        2,
        sharex=True,
        gridspec_kw={"height_ratios": heights},
    )


def own_agreement(specs: pd.DataFrame) -> str:
    """How far the study's own choices, fitted on another draw of customers, give its own segments."""
    return f"{specs.agreement[specs.own].iloc[0]:.2f}"


def consensus(rows: pd.DataFrame) -> Picture:
    """How often customers of two segments are together, over all specifications. In: segment, other, value (hidden ones stay white)."""
    names = list(rows.segment.unique())
    grid = rows.pivot(index="segment", columns="other", values="value").reindex(index=names, columns=names).astype("float64")
    apart = known(rows[rows.segment < rows.other], "value")
    if grid.isna().all(axis=None):
        return nothing("The segments are too small to show.")

    def draw(axes):
        heat(axes, grid, grid.map(lambda value: number(value, "share")), "Blues", 0, 1.15, 9)
        axes.set(xlabel="", ylabel="")

    closest = apart.loc[apart.value.idxmax()] if len(apart) else None
    said = (
        f" Most often mixed up: {closest.segment} and {closest.other}, together in {number(closest.value, 'share')}." if len(apart) else ""
    )
    own = pd.Series(np.diagonal(grid), index=names).dropna()
    span = f"{number(own.min(), 'share')} ({own.idxmin()}) to {number(own.max(), 'share')} ({own.idxmax()})" if len(own) else "–"
    return drawn(draw, f"Two customers of a segment are together in {span} of specifications.{said}", 0.7 + 0.42 * len(names))


def holding(rows: pd.DataFrame) -> Picture:
    """Share of specifications in which each segment holds, by every level of every choice. In: choice, level, segment, value."""
    names = list(rows.segment.unique())
    grid = rows.pivot(index=["choice", "level"], columns="segment", values="value").astype("float64")
    grid = grid.reindex(index=pd.MultiIndex.from_frame(rows[["choice", "level"]].drop_duplicates()), columns=names)
    if grid.isna().all(axis=None):
        return nothing("The segments are too small to show.")
    texts = grid.map(lambda value: "" if np.isnan(value) else f"{100 * value:.0f} %")

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, 1.15, 8.5)
        axes.set_yticklabels([in_words(*each) for each in grid.index])
        axes.set(xlabel="", ylabel="")
        for edge in np.flatnonzero(grid.index.get_level_values(0)[1:] != grid.index.get_level_values(0)[:-1]) + 1:
            axes.axhline(edge, color=INK, linewidth=1)

    lowest = grid.stack().idxmin()
    choice, level, segment = lowest
    who = "segments" if segment == "all" else segment
    return drawn(
        draw,
        f"Found again least often: {who} with {in_words(choice, level)}, "
        f"in {number(grid.loc[(choice, level), segment], 'share')} of those specifications.",
        0.6 + 0.3 * len(grid),
    )


def claims(rows: pd.DataFrame) -> Picture:
    """Each claim under every specification: estimates in order with unadjusted intervals, coloured by what p alone would say.

    In: name, kpi, at_least, value, low, high, would_say.
    """
    shown = known(rows, "value")
    if shown.empty:
        return nothing("No claim could be estimated under any specification.")
    names = list(shown.name.unique())

    def draw(axes):
        for axis, name in zip(np.ravel(axes), names):
            part = shown[shown.name == name].sort_values("value").reset_index(drop=True)
            for word, colour in SAYS.items():
                these = part[part.would_say == word]
                drawn_with = these.dropna(subset=["low", "high"])
                spans = whiskers(drawn_with.value, drawn_with.low, drawn_with.high)
                axis.errorbar(drawn_with.index, drawn_with.value, yerr=spans, fmt="none", ecolor=colour, elinewidth=0.7, alpha=0.5)
                if len(these):
                    axis.plot(these.index, these.value, marker="o", markersize=2.5, linestyle="", color=colour, label=f"would be {word}")
            axis.axhline(part.at_least.iloc[0], color=INK, linewidth=1, linestyle="--")
            axis.set_title(f"{name} ({part.kpi.iloc[0]}; dashed: what is claimed)", fontsize=9)
            axis.legend(loc="best", fontsize=7.5)
        np.ravel(axes)[-1].set_xlabel("specifications, by estimate")

    said = [f"{name} {number(shown[shown.name == name].would_say.eq('supported').mean(), 'share')}" for name in names]
    return drawn(
        draw, f"Share of specifications in which p alone would support a claim: {'; '.join(said)}.", 0.4 + 1.75 * len(names), len(names)
    )
