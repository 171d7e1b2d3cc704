"""Pictures of notebook 04: what happened after as_of, and what the hypotheses say of it."""

import numpy as np
import pandas as pd

from segkit.baselines import NAMES
from segkit.figures.style import ACCENT, INK, MUTED, PALETTE, SECOND, Picture, drawn, whiskers
from segkit.kpis import in_shares
from segkit.show import number, words

MAIN = ["revenue", "aov", "revenue_retention", "retention", "engagement", "conversion"]  # one or two of each family


def kpis(rows: pd.DataFrame) -> Picture:
    """The main KPIs by segment with their intervals; the line is everyone."""
    names = [name for name in MAIN if name in set(rows.kpi)] or list(rows.kpi.unique()[:6])
    lines = -(-len(names) // 2)
    wide = rows[rows.kpi.isin(names) & (rows.segment != "all")]

    def draw(axes):
        flat = np.ravel(axes)
        for axis, name in zip(flat, names):
            part, everyone = wide[wide.kpi == name], rows[(rows.kpi == name) & (rows.segment == "all")]
            value, low, high = (part[column].astype("float64") for column in ("value", "low", "high"))
            axis.errorbar(
                value,
                part.segment,
                xerr=whiskers(value, low, high),
                fmt="o",
                color=ACCENT,
                ecolor=ACCENT,
                elinewidth=1.6,
                capsize=3,
                markersize=5,
            )
            axis.axvline(float(everyone.value.iloc[0]), color=MUTED, linewidth=1, linestyle="--")
            unit = part.unit.iloc[0]
            axis.set_title(f"{words(name)}" + ("" if unit == "share" else f" ({unit})" if unit != name else ""))
            axis.xaxis.set_major_formatter(
                (lambda value, _: f"{100 * value:.3g} %") if unit == "share" else (lambda value, _: number(round(value, 6)))
            )
            axis.margins(x=0.08, y=0.18)
            axis.invert_yaxis()
        for axis in flat[len(names) :]:
            axis.set_visible(False)

    first = wide[wide.kpi == names[0]].dropna(subset=["value"])
    top, low = first.loc[first.value.astype("float64").idxmax()], first.loc[first.value.astype("float64").idxmin()]
    what = words(names[0]).capitalize() + ("" if top.unit == "share" else " per customer")
    ends = " to ".join(f"{number(end.value, top.unit)} in {end.segment}" for end in (low, top))
    unit = "" if top.unit == "share" else f" ({top.unit})"
    return drawn(
        draw,
        f"{what} runs from {ends}{unit}; bars are 95 % intervals, the dashed line is everyone.",
        1.0 + lines * (0.55 + 0.26 * wide.segment.nunique()),
        lines,
        2,
        squeeze=False,
    )


def explained(rows: pd.DataFrame) -> Picture:
    """Share of each outcome's variance that the segments, RFM and random groups explain."""
    segmentations = list(rows.segmentation.unique())
    names = list(rows.kpi.unique())

    def draw(axes):
        for offset, colour, segmentation in zip(np.linspace(-0.28, 0.28, len(segmentations)), (*PALETTE, MUTED), segmentations):
            part = rows[rows.segmentation == segmentation].set_index("kpi").loc[names]
            axes.errorbar(
                part.value,
                np.arange(len(names)) + offset,
                xerr=whiskers(part.value, part.low, part.high),
                fmt="o",
                color=colour,
                label=NAMES.get(segmentation, segmentation),
                elinewidth=1.6,
                capsize=3,
                markersize=5,
            )
        axes.set_yticks(range(len(names)), [words(name) for name in names])
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set(xlabel="share of variance explained, 95 % interval")
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=2)

    said = rows[rows.kpi == names[0]].set_index("segmentation").value
    return drawn(
        draw,
        f"Share of the variance of {words(names[0])} after as_of that is explained: "
        + ", ".join(f"{NAMES.get(name, name)} {number(max(said[name], 0.0), 'share')}" for name in segmentations)
        + ".",
        1.5 + 0.5 * len(names),
    )


COLOURS = {"supported": ACCENT, "refuted": SECOND, "undecided": MUTED}


def hypotheses(judged: pd.DataFrame) -> Picture:
    """Each hypothesis: what was seen with its interval, the threshold it had to pass, the verdict."""

    def draw(axes):
        for axis, row in zip(np.ravel(axes), judged.to_dict("records")):
            colour = COLOURS[row["verdict"]]
            if row["value"] == row["value"]:
                known = row["low"] == row["low"]
                axis.errorbar(
                    [row["value"]],
                    [0],
                    xerr=whiskers([row["value"]], [row["low"]], [row["high"]]) if known else None,
                    fmt="o",
                    color=colour,
                    capsize=4,
                    elinewidth=2,
                )
            axis.axvline(row["at_least"], color=INK, linewidth=1, linestyle="--")
            axis.set_yticks([])
            axis.set_title(f"{row['name']}: {row['verdict']}", color=colour, fontweight="bold")
            axis.spines["left"].set_visible(False)
            axis.margins(x=0.12)
            axis.locator_params(axis="x", nbins=6)
            if in_shares(row["test"], row["kpi"]):
                axis.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")

    said = "; ".join(f"{row.name_} {row.verdict}" for row in judged.rename(columns={"name": "name_"}).itertuples())
    return drawn(
        draw,
        f"Hypotheses: {said}. Dots are what was seen, dashed lines what was claimed at least.",
        0.4 + 0.85 * len(judged),
        len(judged),
        1,
        squeeze=False,
    )
