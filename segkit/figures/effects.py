"""Pictures of notebook 04: what campaigns moved by segment, how well rankings foresaw, and whether it was so before."""

import numpy as np
import pandas as pd

from segkit.baselines import NAMES
from segkit.figures.style import ACCENT, MUTED, PALETTE, Picture, drawn, known, whiskers
from segkit.show import number, words


def lifts(rows: pd.DataFrame) -> Picture:
    """The lift of each campaign by segment; filled where it is shown after Holm, the dashed line is everyone."""
    rows = known(rows, "value", "low", "high").assign(p_holm=lambda part: part.p_holm.astype("float64"))
    panels = [(name, part) for name, part in rows.groupby(["campaign", "answer"], sort=False) if (part.segment != "all").any()]

    def draw(axes):
        for axis, ((campaign, answer), part) in zip(np.ravel(axes), panels):
            segments, everyone = part[part.segment != "all"], part[part.segment == "all"]
            shown = (segments.p_holm <= 0.05).to_numpy()
            value, low, high = (segments[column].astype("float64").to_numpy() for column in ("value", "low", "high"))
            places = np.arange(len(segments))
            axis.errorbar(value, places, xerr=whiskers(value, low, high), fmt="none", ecolor=ACCENT, elinewidth=1.6, capsize=3)
            axis.scatter(value, places, s=34, zorder=3, edgecolor=ACCENT, facecolor=np.where(shown, ACCENT, "white"), linewidth=1.4)
            axis.axvline(0, color=MUTED, linewidth=1)
            if len(everyone):
                axis.axvline(float(everyone.value.iloc[0]), color=MUTED, linewidth=1, linestyle="--")
            axis.set_yticks(places, segments.segment)
            axis.invert_yaxis()
            axis.margins(y=0.18)
            axis.set_title(f"{campaign}: {answer}s")
            axis.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.1f} %")
        np.ravel(axes)[len(panels) - 1].set_xlabel("contacted less held out, percentage points, 95 % interval")

    said = []
    for (campaign, answer), part in panels:
        shown = part[(part.segment != "all") & (part.p_holm <= 0.05)]
        said.append(f"{campaign}, {answer}s: {', '.join(shown.segment) if len(shown) else 'no segment'}")
    height = 0.7 + sum(0.55 + 0.24 * (len(part) - 1) for _, part in panels)
    return drawn(draw, f"Segments in which a lift is shown: {'; '.join(said)}.", height, len(panels), 1, squeeze=False)


def foreseen(rows: pd.DataFrame) -> Picture:
    """How well each ranking made before as_of foresaw who brought what afterwards."""
    names = list(rows.kpi.unique())

    def draw(axes):
        for axis, name in zip(np.ravel(axes), names):
            part = rows[rows.kpi == name]
            colours = [ACCENT if each == "segments" else MUTED for each in part.segmentation]
            for place, (row, colour) in enumerate(zip(part.itertuples(), colours)):
                axis.errorbar(
                    [row.value], [place], xerr=whiskers([row.value], [row.low], [row.high]), fmt="o", color=colour, capsize=3, markersize=5
                )
            axis.set_yticks(range(len(part)), [NAMES.get(each, each) for each in part.segmentation])
            axis.axvline(0, color=MUTED, linewidth=1)
            axis.invert_yaxis()
            axis.margins(y=0.18)
            axis.set_title(words(name))
        np.ravel(axes)[len(names) - 1].set_xlabel("concentration coefficient, 95 % interval")

    first = rows[rows.kpi == names[0]].sort_values("value", ascending=False)
    said = ", ".join(f"{NAMES.get(row.segmentation, row.segmentation)} {number(round(row.value, 2))}" for row in first.itertuples())
    height = 0.6 + len(names) * (0.5 + 0.25 * rows.segmentation.nunique())
    return drawn(draw, f"How well rankings foresaw {words(names[0])}: {said}.", height, len(names), 1, squeeze=False)


def origins(rows: pd.DataFrame) -> Picture:
    """Share of variance explained at earlier cut-off dates, by segments made anew and by RFM."""
    names, dates = list(rows.kpi.unique()), sorted(rows.as_of.unique())

    def draw(axes):
        for axis, name in zip(np.ravel(axes), names):
            for offset, colour, (segmentation, part) in zip(
                (-0.08, 0.08), PALETTE, rows[rows.kpi == name].groupby("segmentation", sort=False)
            ):
                place = np.array([dates.index(each) for each in part.as_of]) + offset
                axis.errorbar(
                    place, part.value, yerr=whiskers(part.value, part.low, part.high), fmt="o", color=colour, capsize=3, markersize=5,
                    label=NAMES.get(segmentation, segmentation),
                )  # fmt: skip
            axis.set_xticks(range(len(dates)), [each[:7] for each in dates])
            axis.axhline(0, color=MUTED, linewidth=1)
            axis.margins(x=0.2)
            axis.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
            axis.set_title(words(name))
        for axis in np.ravel(axes)[len(names) :]:
            axis.set_visible(False)
        np.ravel(axes)[0].legend(loc="best")

    own = rows[(rows.kpi == names[0]) & (rows.segmentation == "segments")].sort_values("as_of")
    said = ", ".join(f"{number(max(row.value, 0.0), 'share')} at {row.as_of}" for row in own.itertuples())
    lines = -(-len(names) // 2)
    return drawn(
        draw, f"Of the variance of {words(names[0])}, segments made anew explained {said}.", 0.5 + 1.7 * lines, lines, 2, squeeze=False
    )
