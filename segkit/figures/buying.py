"""Pictures of notebook 02: how customers buy, and which features say the same."""

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALE, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.show import MONTHS, number, words


def rfm(rows: pd.DataFrame) -> Picture | None:
    """Share of buyers and share of spend of each RFM name."""
    rows = known(rows, "share", "spend_share")
    if rows.empty:
        return None
    top = rows.loc[rows.spend_share.idxmax()]

    def draw(axes):
        at = np.arange(len(rows))
        axes.hlines(at, rows.share, rows.spend_share, color=PALE, linewidth=3, zorder=1)
        axes.scatter(rows.share, at, color=MUTED, s=42, zorder=2, label="of buyers")
        axes.scatter(rows.spend_share, at, color=ACCENT, s=42, zorder=2, label="of spend")
        axes.set_yticks(at, rows.name)
        axes.invert_yaxis()
        axes.set(xlabel="share", xlim=(0, None))
        axes.xaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 6):g} %")
        axes.legend(loc="lower right")

    said = f"{top['name'].capitalize()} are {number(top.share, 'share')} of buyers and {number(top.spend_share, 'share')} of spend."
    return drawn(draw, said, 0.8 + 0.27 * len(rows))


def mix(rows: pd.DataFrame, what: str) -> Picture | None:
    """Share of revenue by channel or category."""
    rows = known(rows, "share")
    if rows.empty:
        return None

    def draw(axes):
        axes.barh(np.arange(len(rows)), rows.share, color=ACCENT, height=0.65)
        axes.set_yticks(np.arange(len(rows)), [shortened(level) for level in rows.level])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(f"share of revenue by {what}")
        axes.xaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 6):g} %")

    top = rows.iloc[0]
    return drawn(draw, f"Most revenue, {number(top.share, 'share')}, comes by the {what} {top.level}.", 0.7 + 0.27 * len(rows))


def shortened(text: str, most: int = 28) -> str:
    """A label that fits beside an axis, and nothing that matplotlib would take for a formula."""
    text = str(text).replace("$", r"\$")
    return text if len(text) <= most else text[: most - 1] + "…"


def clock(rows: pd.DataFrame) -> Picture | None:
    """Orders by weekday and part of the day."""
    rows = known(rows, "share")
    if rows.empty:
        return None
    days, parts = list(dict.fromkeys(rows.day)), list(dict.fromkeys(rows.part))
    grid = rows.pivot(index="part", columns="day", values="share").reindex(index=parts, columns=days)
    texts = grid.map(lambda share: "" if pd.isna(share) else f"{100 * share:.0f}")
    top = rows.loc[rows.share.idxmax()]

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, float(rows.share.max()) * 1.4, 9)
        axes.set(xlabel="% of orders", ylabel="")

    return drawn(draw, f"Most orders, {number(top.share, 'share')}, are placed on {top.day}, {top.part}.", 2.1)


def seasons(rows: pd.DataFrame) -> Picture | None:
    """Each calendar month against its year."""
    rows = known(rows, "value")
    if rows.empty:
        return None
    high, low = rows.loc[rows.value.idxmax()], rows.loc[rows.value.idxmin()]

    def draw(axes):
        labels = [MONTHS[int(month) - 1] for month in rows.month]
        axes.bar(labels, rows.value - 1, bottom=1, color=[SECOND if value < 1 else ACCENT for value in rows.value], width=0.7)
        axes.axhline(1, color=INK, linewidth=0.8)
        axes.set_ylabel("month over its year's mean")
        axes.grid(axis="x", visible=False)

    return drawn(
        draw,
        f"{MONTHS[int(high.month) - 1]} lies highest, at {number(high.value)} times its year's mean, {MONTHS[int(low.month) - 1]} lowest, at {number(low.value)}.",
        2.2,
    )


def classes(rows: pd.DataFrame, *names: str) -> Picture | None:
    """Share of customers in each class, with its interval; one panel for each of the classes named that there are."""
    rows = known(rows, "share", "low", "high")
    names = [name for name in names if name in set(rows.feature)]
    if not names:
        return None
    parts = [rows[rows.feature == name] for name in names]
    heights = [len(part) + 1 for part in parts]

    def draw(axes):
        for axis, name, part in zip(np.ravel(axes), names, parts):
            at = np.arange(len(part))
            axis.barh(at, part.share, color=ACCENT, height=0.6)
            axis.errorbar(
                part.share, at, xerr=whiskers(part.share, part.low, part.high), fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5
            )
            axis.set_yticks(at, [shortened(level) for level in part.level])
            axis.invert_yaxis()
            axis.set_title(words(name))
            axis.xaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 6):g} %")
            axis.grid(axis="y", visible=False)

    most = [(name, part.loc[part.share.idxmax()]) for name, part in zip(names, parts)]
    said = "; ".join(f"{words(name)}: mostly {top.level} ({number(top.share, 'share')})" for name, top in most) + "."
    sizes = {"height_ratios": heights}
    return drawn(draw, said[0].upper() + said[1:], 0.4 + 0.25 * sum(heights), len(names), 1, squeeze=False, gridspec_kw=sizes)


def correlations(rows: pd.DataFrame, names: list[str]) -> Picture | None:
    """Rank correlations of some features among each other."""
    rows = known(rows[rows.feature.isin(names) & rows.other.isin(names)], "value")
    if rows.empty:
        return nothing("No two of these features vary among enough customers.")
    grid = pd.DataFrame(np.nan, index=names, columns=names)
    for row in rows.itertuples():
        later, earlier = sorted((row.feature, row.other), key=names.index, reverse=True)
        grid.loc[later, earlier] = row.value
    grid = grid.iloc[1:, :-1]
    texts = grid.map(lambda value: "" if pd.isna(value) else f"{value:.1f}".replace("-0.0", "0.0"))
    top = rows.loc[rows.value.abs().idxmax()]

    def draw(axes):
        heat(axes, grid.rename(index=words, columns=words), texts, "RdBu_r", -1, 1, 8)
        axes.tick_params(axis="x", rotation=90)

    said = f"Strongest rank correlation of {len(names)} features: {words(top.feature)} and {words(top.other)}, {top.value:.2f} (n = {number(top.n)})."
    return drawn(draw, said, 1.6 + 0.3 * len(grid))
