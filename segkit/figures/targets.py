"""Pictures of target selection: which segments are attractive and fit the firm, and how sure their ranking is."""

from collections.abc import Mapping
from textwrap import shorten

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALE, SECOND, Picture, drawn, known, nothing
from segkit.show import number

SMALLEST, LARGEST = 40, 1000  # square points: a bubble that can still be seen, and the largest
GAP = 3  # points between a bubble and its name
WAYS = 8  # a name may stand from its bubble
STANDING = {
    "in": (ACCENT, "white", "passes every knock-out"),
    "open": (PALE, ACCENT, "fails none, not all known"),
    "out": ("white", MUTED, "out"),
}
STANDING[""] = STANDING["in"]


def attractiveness(rows: pd.DataFrame, called: Mapping[str, str] | None = None) -> Picture:
    """The segment evaluation plot: attractiveness over fit, bubbles as large as what segments spend, hollow where a knock-out took one out.
    In: `targets.placed`; what people call the segments."""
    shown = known(rows, "score", "fit")
    if shown.empty:
        return nothing("Attractiveness, or fit, is not known of any segment.")
    shown = shown.assign(share=pd.to_numeric(shown.share).astype("float64"))
    most = shown.share.max()
    area = np.fmax(SMALLEST, LARGEST * (shown.share / most).to_numpy()) if most > 0 else np.full(len(shown), SMALLEST)
    texts = [shorten(f"{segment} {(called or {}).get(segment, '')}", 30, placeholder=" …") for segment in shown.segment]

    def draw(axes):
        for at in np.argsort(-area, kind="stable"):  # small ones before large ones
            row = shown.iloc[at]
            face, edge, _ = STANDING[row.standing]
            line = "--" if row.standing == "out" else "-"
            axes.scatter(row.fit, row.score, s=area[at], color=face, edgecolor=edge, linewidth=1.3, linestyle=line, alpha=0.85, zorder=2)
        for word in dict.fromkeys(each for each in STANDING if each and each in set(shown.standing)):
            face, edge, text = STANDING[word]
            axes.scatter([], [], s=60, color=face, edgecolor=edge, linewidth=1.3, linestyle="--" if word == "out" else "-", label=text)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2, handletextpad=0.3, columnspacing=1.0)
        axes.set(xlabel=shown.fit_is.iloc[0], ylabel="attractiveness", ylim=(-0.16, 1.16))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.margins(x=0.2)
        name(axes, shown.fit.to_numpy(), shown.score.to_numpy(), np.sqrt(area / np.pi), texts)

    return drawn(draw, finding(rows, shown), 4.0)


def finding(rows: pd.DataFrame, shown: pd.DataFrame) -> str:
    """Which segment is the most attractive, and which cannot be had or shown."""
    left, out = shown[shown.standing != "out"], list(shown.segment[shown.standing == "out"])
    said = "No segment is left after the knock-outs."
    if len(left):
        best, fits = left.loc[left.score.idxmax()], left.loc[left.fit.idxmax()]
        same = f"It is also first in {best.fit_is}" if best.segment == fits.segment else f"{fits.segment} is first in {fits.fit_is}"
        said = f"The most attractive segment is {best.segment}, score {best.score:.2f}. {same}."
    out_ = f" A knock-out took out {', '.join(out)}." if out else ""
    missing = [each for each in rows.segment if each not in set(shown.segment)]
    return said + out_ + (f" Not known of {', '.join(missing)}." if missing else "") + f" Bubbles: share of {rows.share_is.iloc[0]}."


def name(axes, x: np.ndarray, y: np.ndarray, radii: np.ndarray, texts: list[str]) -> None:
    """Write a name beside every bubble, where it covers no bubble and no other name; a line leads to a name that stands further away, or
    whose bubble is behind another. In: places in data units, radii in points."""
    axes.figure.draw_without_rendering()  # so that the axes have their final place
    scale = axes.figure.dpi / 72
    centres, frame, taken = axes.transData.transform(np.column_stack([x, y])), axes.get_window_extent(), []
    in_data, radii = axes.transData.inverted().transform, radii * scale
    bubbles = [(*(centre - radius), *(centre + radius)) for centre, radius in zip(centres, radii)]
    for at in sorted(range(len(texts)), key=lambda at: (centres[at][0], texts[at])):
        written = axes.text(0, 0, texts[at], fontsize=8.5, color=INK, ha="center", va="center", zorder=4, parse_math=False)
        box = written.get_window_extent()
        half = np.array([box.width, box.height]) / 2
        tried = [centres[at] + away for away in beside(radii[at] + GAP * scale, half)]
        boxes = [(*(each - half), *(each + half)) for each in tried]
        covered = [sum(overlap(each, other) for other in (*bubbles, *taken)) + outside(each, frame) for each in boxes]
        best = int(np.argmin(np.round(covered, 3)))
        taken.append(boxes[best])
        written.set_position(in_data(tried[best]))
        written.set_in_layout(False)
        behind = (np.hypot(*(centres - centres[at]).T) < radii).sum() > 1
        if best >= WAYS or behind:
            end = np.clip(centres[at], tried[best] - half, tried[best] + half)
            axes.plot(*in_data([centres[at], end]).T, color=INK, linewidth=0.7, marker=".", markevery=[0], markersize=4, zorder=3)


def beside(radius: float, half: np.ndarray) -> list[np.ndarray]:
    """Where a name may stand, seen from the middle of its bubble: in 8 ways, nearer places first, the right before the left."""
    ways = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)])
    return [way * (radius * far + half) for far in (1, 1.8, 2.8) for way in ways]


def overlap(one: tuple, other: tuple) -> float:
    """The area that two boxes (left, bottom, right, top) share."""
    width, height = (min(one[at + 2], other[at + 2]) - max(one[at], other[at]) for at in (0, 1))
    return max(width, 0.0) * max(height, 0.0)


def outside(box: tuple, frame) -> float:
    """The area of a box that is outside the axes."""
    return (box[2] - box[0]) * (box[3] - box[1]) - overlap(box, (frame.x0, frame.y0, frame.x1, frame.y1))


def ranking(rows: pd.DataFrame) -> Picture:
    """How sure each segment's rank is, and how often it is first, by what was drawn. In: `targets.sensitivity`."""
    shown = known(rows, "rank_low", "rank", "rank_high", "first_share")
    if shown.empty:
        return nothing("No segment has a rank: of none are all criteria known.")
    ways = list(shown.drawn.unique())
    by_score = shown[shown.drawn == ways[-1]].sort_values("score", ascending=False, kind="stable")  # the last goes by the stated weights
    segments = list(dict.fromkeys([*by_score.segment, *shown.segment]))
    offsets = dict(zip(ways, np.linspace(-0.24, 0.24, len(ways)) if len(ways) > 1 else [0.0]))

    def draw(axes):
        places, firsts = axes
        for color, way in zip((MUTED, ACCENT, SECOND), ways):
            part = shown[shown.drawn == way].set_index("segment").reindex(segments).dropna(subset=["rank"])
            at = np.array([segments.index(each) for each in part.index]) + offsets[way]
            places.hlines(at, part.rank_low, part.rank_high, color=color, linewidth=4, alpha=0.5)
            places.plot(part["rank"], at, linestyle="", marker="o", markersize=5, color=color, label=way)
            firsts.barh(at, part.first_share, height=0.2, color=color)
        places.set_yticks(range(len(segments)), segments)
        places.set(xlabel="rank: median and quartiles", xlim=(0.6, len(segments) + 0.4), xticks=range(1, len(segments) + 1))
        firsts.set(xlabel="first in … of draws", xlim=(0, 1.02))
        firsts.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        places.set_ylim(len(segments) - 0.5, -0.5)
        for axis in axes:
            axis.grid(axis="y", visible=False)
        places.figure.legend(*places.get_legend_handles_labels(), loc="outside upper left", ncols=3, handletextpad=0.2, columnspacing=0.9)

    said = [firstling(shown[shown.drawn == way], way) for way in ways]
    return drawn(draw, f"First in most draws: {'; '.join(said)}.", 1.2 + 0.5 * len(segments), 1, 2, sharey=True, width_ratios=[3, 2])


def firstling(part: pd.DataFrame, way: str) -> str:
    """Which segment is first most often."""
    top = part.loc[part.first_share.idxmax()]
    return f"{top.segment} with {way} ({number(top.first_share, 'share')})"
