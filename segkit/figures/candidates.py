"""Pictures of the candidates: how far they agree, and the tree that hierarchical methods cut."""

import matplotlib
import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, MUTED, SECOND, Picture, drawn, heat, nothing
from segkit.segments import NAMES

MOST_SHOWN = 10  # candidates whose agreement fits a page


def agreement(rows: pd.DataFrame) -> Picture:
    """Adjusted Rand index of each pair of candidates. In: `compare.agreement`."""
    if rows.empty:
        return nothing("Only one solution was a candidate: nothing to agree with.")
    pairs = [((row.method, row.k), (row.other, row.other_k), row.value) for row in rows.itertuples()]
    candidates = list(dict.fromkeys(each for a, b, _ in pairs for each in (a, b)))[:MOST_SHOWN]
    names = [f"{NAMES[method]} {k}" for method, k in candidates]
    grid = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    for a, b, value in pairs:
        if {a, b} <= set(candidates):
            i, j = candidates.index(a), candidates.index(b)
            grid.iloc[i, j] = grid.iloc[j, i] = value

    def draw(axes):
        heat(axes, grid, grid.map(lambda value: f"{value:.2f}"), "Blues", 0, 1.2, 8.5)
        axes.set_xticks(axes.get_xticks(), [name.replace(" ", "\n") for name in names], fontsize=8)
        axes.set(xlabel="", ylabel="")

    least = rows.loc[rows.value.idxmin()]
    return drawn(
        draw,
        f"Agreement of candidates (adjusted Rand index): least, {least.value:.2f}, between {NAMES[least.method]} k = {least.k} and "
        f"{NAMES[least.other]} k = {least.other_k}.",
        1.0 + 0.36 * len(names),
    )


def tree(linkage: np.ndarray, method: str, k: int, k_max: int) -> Picture:
    """The top of a tree, down to twice as many groups as were tried; above the line it is cut into k. In: scipy's linkage."""
    from scipy.cluster.hierarchy import dendrogram

    heights = linkage[:, 2]
    if len(heights) < k or k < 2:
        return nothing("There is no cut to show.")
    line = (heights[-(k - 1)] + heights[-k]) / 2 if len(heights) >= k else heights[0]

    def draw(axes):
        with matplotlib.rc_context({"lines.linewidth": 1.1}):
            dendrogram(
                linkage,
                2 * k_max,
                "lastp",
                color_threshold=line,
                above_threshold_color=MUTED,
                no_labels=True,
                ax=axes,
                link_color_func=lambda _: ACCENT,
            )
        axes.axhline(line, color=SECOND, linewidth=1, linestyle="--")
        axes.text(1, line, f"k = {k} ", color=SECOND, fontsize=8.5, va="bottom", ha="right", transform=axes.get_yaxis_transform())
        axes.set(ylabel="distance of the groups joined", xticks=[])
        axes.grid(axis="x", visible=False)

    gain = heights[-(k - 1)] / heights[-k] if heights[-k] > 0 else np.inf
    return drawn(
        draw,
        f"The top of the tree of {NAMES[method]}: the join that leaves {k - 1} group{'s' * (k > 2)} is {gain:.1f} times as far as the one that leaves {k}.",
        2.8,
    )
