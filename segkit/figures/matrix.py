"""The picture of what the matrix does to features."""

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, Picture, drawn, nothing
from segkit.show import words

MOST_SHOWN = 20


def shapes(rows: pd.DataFrame) -> Picture:
    """Each feature before and after: a line from p1 to p99, a bar from p25 to p75, a dot at the median. In: `matrix.shapes`."""
    if rows.empty:
        return nothing("No feature is a number: each level of a word is a column of its own.")
    order = rows[rows.stage == "before"].sort_values("skewness", key=abs, ascending=False, kind="stable").feature.head(MOST_SHOWN)
    wide = rows.set_index(["feature", "stage"])

    def draw(axes):
        for place, name in enumerate(order):
            for stage, shift, colour in (("before", -0.17, MUTED), ("after", 0.17, ACCENT)):
                at = wide.loc[(name, stage)]
                axes.plot([at.p1, at.p99], [place + shift] * 2, color=colour, linewidth=1)
                axes.plot(
                    [at.p25, at.p75], [place + shift] * 2, color=colour, linewidth=5, solid_capstyle="butt", label=None if place else stage
                )
                axes.plot([at["median"]], [place + shift], marker="o", markersize=3.5, color=INK)
        axes.axvline(0, color=MUTED, linewidth=0.7)
        axes.set_yticks(np.arange(len(order)), [words(name) for name in order])
        axes.set(xlabel="standard deviations from the mean\n(line: p1 to p99, bar: p25 to p75, dot: median)")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)

    most = order.iloc[0]
    left = f" The {MOST_SHOWN} most skewed of {rows.feature.nunique()} are shown." if rows.feature.nunique() > MOST_SHOWN else ""
    return drawn(
        draw,
        f"Most skewed before was {words(most)}, with a skewness of {wide.skewness[(most, 'before')]:.1f}; "
        f"as the methods see it {wide.skewness[(most, 'after')]:.1f}.{left}",
        0.9 + 0.42 * len(order),
    )
