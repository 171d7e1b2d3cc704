"""The house's style: what every picture shares."""

from dataclasses import dataclass
from io import BytesIO

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

INK, MUTED, ACCENT, SECOND, GRID = "#1f2933", "#7b8794", "#2f6f8f", "#c8553d", "#e4e7eb"
PALE = "#b8d0dc"  # what is not whole
PALETTE = (ACCENT, SECOND, "#8a9a5b", "#7d5ba6")
WIDTH = 5.6  # inches: legible on a phone, sharp on a desk
STYLE = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "font.family": "DejaVu Sans",
}


@dataclass(frozen=True)
class Picture:
    """A figure and its alternative text."""

    figure: Figure
    alt: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        png = BytesIO()
        self.figure.savefig(png, format="png", dpi=192, facecolor="white", metadata={"Software": None})
        return {"image/png": png.getvalue(), "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def drawn(draw, alt: str, height: float, rows: int = 1, columns: int = 1, **subplots) -> Picture:
    """Run `draw(axes)` on a fresh figure of the house's style; no global figure is left behind."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure.subplots(rows, columns, **subplots))
        return Picture(figure, alt)


def heat(axes, grid: pd.DataFrame, texts: pd.DataFrame, cmap: str, low: float, high: float, size: float = 8.5) -> None:
    """A heat map with its numbers written in; empty cells stay white."""
    import seaborn as sns

    sns.heatmap(
        grid.astype("float64"),
        annot=texts,
        fmt="",
        cmap=cmap,
        vmin=low,
        vmax=high,
        cbar=False,
        linewidths=1.2,
        linecolor="white",
        ax=axes,
        annot_kws={"fontsize": size},
        mask=grid.isna(),
    )
    axes.set_facecolor("white")
    axes.tick_params(length=0)
    axes.grid(False)
    axes.tick_params(axis="y", rotation=0)
    axes.tick_params(axis="x", rotation=0)


def whiskers(value, low, high) -> list:
    """Lengths of error bars: never negative, even where a limit touches the value and rounding puts it on the wrong side."""
    import numpy as np

    value, low, high = (np.asarray(each, dtype="float64") for each in (value, low, high))
    return [np.maximum(value - low, 0), np.maximum(high - value, 0)]


def known(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows that have a value in these columns, as plain floats: hidden cells are not drawn."""
    return rows.dropna(subset=list(columns)).astype(dict.fromkeys(columns, "float64"))


def nothing(why: str) -> Picture:
    """A picture that says why there is nothing to see."""
    return drawn(lambda axes: (axes.text(0.5, 0.5, why, ha="center", va="center", color=MUTED), axes.set_axis_off()), why, 1.2)
