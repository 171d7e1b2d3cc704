"""Pictures of notebook 04: who is still heard of, who uses what, and whether a forecast came true."""

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, MUTED, PALETTE, Picture, drawn, heat, known, whiskers
from segkit.show import number

COLOURS = (*PALETTE, "#b58900", "#4a4e69", "#2a9d8f", MUTED)


def staying(curves: pd.DataFrame) -> Picture:
    """The share of each segment still heard of, day by day, with its interval."""
    parts = list(curves.groupby("segment", sort=False))

    def draw(axes):
        for at, (segment, part) in enumerate(parts):
            colour = COLOURS[at % len(COLOURS)]
            axes.plot(part.day, part.staying.astype("float64"), color=colour, drawstyle="steps-post", label=segment)
            limits = [part[name].astype("float64").to_numpy() for name in ("low", "high")]
            axes.fill_between(part.day, *limits, step="post", color=colour, alpha=0.15, linewidth=0)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set(xlabel="days after as_of", ylabel="still heard of")
        axes.legend(ncols=2, loc="lower left")

    last = [(segment, part.staying.dropna().iloc[-1]) for segment, part in parts if part.staying.notna().any()]
    said = ", ".join(f"{number(float(share), 'share')} of {segment}" for segment, share in last)
    return drawn(draw, f"Still heard of at the end: {said}.", 3.2)


def adoption(rows: pd.DataFrame) -> Picture:
    """Share of each segment that used each feature."""
    grid = known(rows, "value").pivot(index="feature", columns="segment", values="value").reindex(rows.feature.unique())
    texts = grid.map(lambda share: "" if np.isnan(share) else f"{100 * share:.0f}")

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0.0, 1.0)
        axes.set(xlabel="", ylabel="", title="% of customers who used it")

    top = grid.stack().idxmax()
    return drawn(draw, f"Most used: {top[0]}, by {number(float(grid.loc[top]), 'share')} of {top[1]}.", 0.8 + 0.28 * len(grid))


def calibration(rows: pd.DataFrame) -> Picture:
    """Days with an order expected and seen, by tenths of customers; on the line the model was right."""

    def draw(axes):
        end = 1.05 * max(rows.expected.max(), rows.high.max(skipna=True))
        axes.plot([0, end], [0, end], color=MUTED, linewidth=1)
        axes.errorbar(
            rows.expected, rows.observed, yerr=whiskers(rows.observed, rows.low, rows.high), fmt="o", color=ACCENT, capsize=3, markersize=5
        )
        axes.set(xlabel="expected per customer", ylabel="seen, 95 % interval", xlim=(0, end))

    over = int((rows.expected > rows.high).sum())
    under = int((rows.expected < rows.low).sum())
    return drawn(draw, f"Of {len(rows)} tenths of customers the model expected too much of {over} and too little of {under}.", 3.2)
