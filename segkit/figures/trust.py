"""Pictures of notebook 03: do segments stay whole over k, who stands between two, what tells a segment from everyone else."""

from textwrap import shorten

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALE, SECOND, Picture, drawn, known, nothing, whiskers
from segkit.show import number, words

WIDEST = 22  # points: the line of a flow of all customers
SMALLEST, LARGEST = 230, 900  # square points: a node that holds its name, and one of all customers


def flow(rows: pd.DataFrame, k: int) -> Picture:
    """Segments at every k as columns of nodes, and where their customers go. In: `compare.flow`; the k that is used.

    Nodes grow with their customers, lines with the share of all customers that go together; a line is faint where it is a small part of the
    segment that it leaves. Nodes stand near those that their customers come from.
    """
    if rows.empty:
        return nothing("Only one number of segments was tried: nothing can flow.")
    nodes, shown = places(rows), known(rows, "n", "share_of_segment")
    everyone = float(nodes.groupby("k").n.sum().max()) or 1.0

    def draw(axes):
        for row in shown.itertuples():
            start, end = nodes.loc[(row.k, row.segment)], nodes.loc[(row.next_k, row.next_segment)]
            axes.plot(
                [start.x, end.x],
                [start.y, end.y],
                color=ACCENT,
                linewidth=max(0.6, WIDEST * row.n / everyone),
                alpha=0.12 + 0.6 * row.share_of_segment,
                solid_capstyle="butt",
                zorder=1,
            )
        for (its_k, name), node in nodes.iterrows():
            size = SMALLEST + (LARGEST - SMALLEST) * node.n / everyone
            color, text = (ACCENT, "white") if its_k == k else ("white", INK)
            axes.scatter([node.x], [node.y], s=size, color=color, edgecolor=ACCENT, linewidth=1.2, zorder=2)
            axes.text(node.x, node.y, name, ha="center", va="center", fontsize=8.5, color=text, zorder=3)
        at = nodes.reset_index().drop_duplicates("k")
        axes.set_xticks(at.x, [f"k = {each}" for each in at.k])
        axes.set(yticks=[], xlim=(at.x.min() - 0.35, at.x.max() + 0.35), ylim=(-0.13, 1.13))
        axes.grid(False)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)

    together = shown[shown.k == k]
    alt = f"Flows of customers between the segments of k = {rows.k.min()} to {rows.next_k.max()}; k = {k} is used."
    if len(together):
        least = together.groupby("segment", sort=False).share_of_segment.max()
        alt += f" With one more step in k, {least.idxmin()} is torn most: {number(least.min(), 'share')} of it stay together."
    return drawn(draw, alt, max(2.2, 0.5 + 0.5 * nodes.groupby("k").size().max()))


def places(rows: pd.DataFrame) -> pd.DataFrame:
    """Where each node stands, in the order of where its customers come from. Out, by k and segment: n (0 where not told), x, y (0 to 1)."""
    first = rows[["k", "segment", "n_segment"]].set_axis(["k", "segment", "n"], axis=1)
    then = rows[["next_k", "next_segment", "n_next"]].set_axis(["k", "segment", "n"], axis=1)
    nodes = pd.concat([first, then]).drop_duplicates(["k", "segment"]).astype({"n": "Float64"}).fillna({"n": 0}).astype({"n": "float64"})
    found, y = [], {}
    for x, (k, part) in enumerate(nodes.sort_values("k", kind="stable").groupby("k")):
        wanted = [height(rows[(rows.next_k == k) & (rows.next_segment == name)], y) for name in part.segment]
        part = part.assign(wanted=wanted).sort_values("wanted", kind="stable", ascending=False)
        part = part.assign(x=float(x), y=np.linspace(1, 0, len(part)) if len(part) > 1 else [0.5])
        y |= {(k, name): each for name, each in zip(part.segment, part.y)}
        found.append(part)
    return pd.concat(found).set_index(["k", "segment"])[["n", "x", "y"]]


def height(sources: pd.DataFrame, y: dict) -> float:
    """The mean height of where a segment's customers come from; flows that are not told weigh little."""
    if sources.empty:
        return 0.0
    weights = sources.n.astype("Float64").fillna(0.1).to_numpy(float)
    return float(np.average([y[each] for each in zip(sources.k, sources.segment)], weights=weights))


def fence(rows: pd.DataFrame) -> Picture:
    """Share of each segment's customers who stand on the fence, with its interval; a line at the share of all."""
    rows = known(rows, "value", "low", "high")
    parts, everyone = rows[rows.segment != "all"], rows[rows.segment == "all"]
    if parts.empty:
        return nothing("Too few customers on the fence, or off it, to show them by segment.")

    def draw(axes):
        at = np.arange(len(parts))
        axes.barh(at, parts.value, height=0.55, color=ACCENT)
        axes.errorbar(parts.value, at, xerr=whiskers(parts.value, parts.low, parts.high), fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
        for value in everyone.value:
            axes.axvline(value, color=SECOND, linewidth=1, linestyle="--", label=f"all customers: {number(value, 'share')}")
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2)
        axes.set_yticks(at, parts.segment)
        axes.invert_yaxis()
        axes.set(xlim=(0, max(1.05 * float(rows.high.max()), 0.05)), xlabel="customers on the fence")
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.grid(axis="y", visible=False)

    worst = parts.loc[parts.value.idxmax()]
    alt = f"Most customers on the fence are in {worst.segment}: {number(worst.value, 'share')}"
    alt += f", of all customers {number(everyone.value.iloc[0], 'share')}." if len(everyone) else "."
    return drawn(draw, alt, 1.1 + 0.36 * len(parts))


def differences(rows: pd.DataFrame, tested: int = 3, own: int = 2) -> Picture:
    """The strongest effects of each segment with their intervals: `tested` that were not clustered on, and `own` that were (hollow)."""
    rows = known(rows, "effect", "low", "high")
    if rows.empty:
        return nothing("Too few customers in every segment to compare them with the others.")
    parts = {name: strongest(part, tested, own) for name, part in rows.groupby("segment", sort=False)}
    sizes = [len(part) for part in parts.values()]

    def draw(axes):
        for axis, (name, part) in zip(np.ravel(axes), parts.items()):
            at = np.arange(len(part))
            axis.axvline(0.5, color=MUTED, linewidth=1)
            for place, row in zip(at, part.itertuples()):
                color = MUTED if row.by_construction else ACCENT if is_shown(row) else PALE
                axis.plot([row.low, row.high], [place, place], color=color, linewidth=2, zorder=2)
                face = "white" if row.by_construction else color
                axis.plot([row.effect], [place], marker="o", markersize=7, color=color, markerfacecolor=face)
            axis.set_yticks(at, [shorten(words(feature), 30, placeholder=" …") for feature in part.feature])
            axis.set(xlim=(-0.02, 1.02), ylim=(len(part) - 0.4, -0.6))
            axis.set_title(name, fontweight="bold", pad=2)
            axis.grid(axis="y", visible=False)
        last = np.ravel(axes)[-1]
        last.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        last.set_xlabel("probability of a higher value than another customer's\n(hollow: by construction; pale: not shown to differ)")

    alt = [f"{name}: {said(part)}" for name, part in parts.items()]
    return drawn(
        draw,
        f"Strongest differences not clustered on, as the probability of a higher value than another customer's: {'; '.join(alt)}.",
        0.7 + 0.26 * sum(sizes) + 0.3 * len(parts),
        len(parts),
        1,
        sharex=True,
        height_ratios=sizes,
    )


def strongest(part: pd.DataFrame, tested: int, own: int) -> pd.DataFrame:
    """A segment's features furthest from .5, of both kinds, from more to less."""
    ranked = part.iloc[(-(part.effect - 0.5).abs()).argsort(kind="stable")]
    by_construction = ranked.by_construction.astype(bool)
    return pd.concat([ranked[~by_construction].head(tested), ranked[by_construction].head(own)]).sort_values(
        "effect", ascending=False, kind="stable"
    )


def is_shown(row) -> bool:
    """Whether a feature was tested and differs."""
    return bool(not pd.isna(row.differs) and row.differs)


def said(part: pd.DataFrame) -> str:
    """The strongest feature of a segment that was shown to differ."""
    shown = part[[is_shown(row) for row in part.itertuples()]]
    if shown.empty:
        return "none shown"
    top = shown.loc[(shown.effect - 0.5).abs().idxmax()]
    return f"{words(top.feature)} {top.effect:.2f}"
