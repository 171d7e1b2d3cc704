"""Pictures of notebook 03: is there structure, which k, which method, which segments to trust, what they are."""

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALETTE, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.segments import NAMES
from segkit.show import number, words


def structure(found) -> Picture:
    """Both tests beside the draws of one population; below, by k, how far cuts beat one population and whether they come back."""
    by_k = pd.DataFrame(found.by_k)
    if by_k.empty:
        return nothing("Too few customers, or too few different ones, to test for structure.")

    def draw(axes):
        (one, two), (z, ari) = axes
        beside_draws(one, found.t1, "T1: more than one population?")
        beside_draws(two, found.t2, "T2: a gap between groups?")
        z.axhspan(min(0, by_k.z.min()) - 1, found.t1.threshold, color="#f1f3f5", zorder=0)
        z.plot(by_k.k, by_k.z, color=ACCENT, marker="o")
        z.set(title="tighter than one population (z);\ngrey: as chance allows", ylim=(min(0, by_k.z.min()) - 1, None), xlabel="k")
        ari.plot(by_k.k, by_k.ari, color=ACCENT, marker="o")
        ari.fill_between(by_k.k, by_k.ari_low, by_k.ari_high, color=ACCENT, alpha=0.15, linewidth=0)
        ari.axhline(0.8, color=SECOND, linewidth=1, linestyle="--")
        ari.set(title="comes back in bootstraps\n(adjusted Rand, quartiles)", xlabel="k", ylim=(0, 1.03))
        for axis in (z, ari):
            axis.set_xticks(by_k.k)

    return drawn(
        draw,
        f"{'More' if found.t1.passes else 'No more'} than one population: T1 is {found.t1.value:.1f}, chance alone reaches {found.t1.threshold:.1f}. "
        f"{'A' if found.t2.passes else 'No'} gap: T2 is {found.t2.value:.2f}, needed {found.t2.threshold:.2f}. "
        f"The verdict is {found.verdict} with k = {found.k}.",
        5.0,
        2,
        2,
    )


def beside_draws(axis, test, title: str) -> None:
    """A statistic of the data on the line of the same statistic of each draw of one population, and what it must exceed."""
    place = np.linspace(-0.3, 0.3, len(test.draws)) if test.draws else []
    axis.plot(sorted(test.draws), place, linestyle="", marker="o", markersize=4, color=MUTED, alpha=0.7, label=f"{len(test.draws)} draws")
    axis.axvline(test.threshold, color=SECOND, linewidth=1, linestyle="--", label="needed")
    axis.plot([test.value], [0], linestyle="", marker="D", markersize=8, color=ACCENT, label="the data")
    axis.set(title=title, ylim=(-1.4, 1.0), yticks=[])
    axis.grid(axis="y", visible=False)
    axis.legend(loc="lower center", ncols=3, fontsize=7.5, handletextpad=0.2, columnspacing=0.8, borderaxespad=0.1)


METRICS = {
    "silhouette": "silhouette (higher is better)",
    "stability": "stability: adjusted Rand (higher)",
    "calinski_harabasz": "Calinski–Harabasz (higher)",
    "davies_bouldin": "Davies–Bouldin (lower)",
}


def scores(rows: pd.DataFrame, method: str, k: int) -> Picture:
    """Four indices over k for every method, with intervals; the solution used is ringed."""
    methods = list(rows.method.unique())

    def draw(axes):
        for axis, (metric, title) in zip(np.ravel(axes), METRICS.items()):
            for colour, name in zip((*PALETTE, MUTED), methods):
                part = rows[(rows.metric == metric) & (rows.method == name)]
                axis.plot(part.k, part.value, marker="o", markersize=3.5, color=colour, label=NAMES[name], linewidth=1.5)
                axis.fill_between(part.k, part.low, part.high, color=colour, alpha=0.12, linewidth=0)
                used = part[(part.method == method) & (part.k == k)]
                axis.plot(used.k, used.value, marker="o", markersize=10, color=INK, fillstyle="none", linestyle="")
            axis.set_title(title, fontsize=9)
            axis.set_xticks(sorted(rows.k.unique()))
        axes[0][0].legend(loc="best", fontsize=8)
        for axis in axes[1]:
            axis.set_xlabel("k")

    best = []
    for metric in METRICS:
        part = rows[rows.metric == metric].dropna(subset=["value"])
        if part.empty:
            continue
        top = part.loc[part.value.idxmax() if part.direction.iloc[0] == "higher" else part.value.idxmin()]
        best.append(f"{words(metric)} says {NAMES[top.method]} k = {top.k}")
    return drawn(draw, f"Which k? {'; '.join(best)}. The ring is the solution used: {NAMES[method]} k = {k}.", 4.8, 2, 2, sharex=True)


def mixtures(rows: pd.DataFrame) -> Picture:
    """BIC of mixtures over k from 1, by kind of covariances; the lowest is ringed."""
    best = rows.loc[rows.bic.idxmin()]

    def draw(axes):
        for colour, (kind, part) in zip(PALETTE, rows.groupby("covariances", sort=False)):
            axes.plot(part.k, part.bic, marker="o", markersize=3.5, color=colour, label=kind, linewidth=1.5)
        axes.plot([best.k], [best.bic], marker="o", markersize=10, color=INK, fillstyle="none", linestyle="")
        axes.set(xlabel="k", ylabel="BIC (lower is better)")
        axes.set_xticks(sorted(rows.k.unique()))
        axes.legend(loc="best", fontsize=8)

    return drawn(draw, f"BIC is lowest for k = {best.k} with {best.covariances} covariances.", 2.8)


def stability(rows: pd.DataFrame) -> Picture:
    """Jaccard overlap of each segment with its best match in the bootstrap refits."""
    rows = known(rows, "value", "low", "high")
    if rows.empty:
        return nothing("Every segment is too small to show.")

    def draw(axes):
        axes.barh(rows.segment, rows.value, color=ACCENT, height=0.55)
        axes.errorbar(
            rows.value, rows.segment, xerr=whiskers(rows.value, rows.low, rows.high), fmt="none", ecolor=INK, elinewidth=1.2, capsize=3
        )
        for least, word in ((0.6, "doubtful"), (0.75, "valid"), (0.85, "highly stable")):
            axes.axvline(least, color=SECOND, linewidth=0.9, linestyle="--")
            axes.text(least + 0.005, -0.62, word, fontsize=8, color=SECOND, rotation=30, va="bottom")
        axes.set(xlim=(0, 1.02), xlabel="best Jaccard overlap, median and quartiles")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)

    worst = rows.loc[rows.value.idxmin()]
    return drawn(
        draw,
        f"The least stable segment is {worst.segment}, with a median Jaccard overlap of {worst.value:.2f} ({worst.trust}).",
        0.9 + 0.42 * len(rows),
    )


def profiles(rows: pd.DataFrame) -> Picture:
    """Segments by features: how far each is from everyone, in standard deviations."""
    features, segments = rows.feature.unique(), rows.segment.unique()
    grid = rows.pivot(index="feature", columns="segment", values="z").reindex(index=features, columns=segments)
    texts = grid.map(lambda z: f"{z:+.1f}")
    sizes = rows.drop_duplicates("segment").set_index("segment").share
    strongest = rows.loc[rows.z.abs().idxmax()]

    def draw(axes):
        heat(axes, grid, texts, "RdBu_r", -2, 2, 9)
        axes.set_yticklabels([words(name) for name in features])
        axes.set_xticklabels([f"{segment}\n{number(sizes[segment], 'share')}" for segment in segments])
        axes.set(xlabel="", ylabel="")

    return drawn(
        draw,
        f"The strongest trait: {strongest.segment} is {'high' if strongest.z > 0 else 'low'} in {words(strongest.feature)}, "
        f"{abs(strongest.z):.1f} standard deviations from everyone.",
        0.9 + 0.36 * len(features),
    )


def sizes_and_value(sizes: pd.DataFrame) -> Picture:
    """Share of customers and share of spend, segment by segment. In: segment, share, spend_share."""
    sizes = known(sizes, "share", "spend_share")
    if sizes.empty:
        return nothing("Nobody has spent anything, or the segments are too small to show.")

    def draw(axes):
        at = np.arange(len(sizes))
        axes.barh(at - 0.18, sizes.share, height=0.34, color=MUTED, label="of customers")
        axes.barh(at + 0.18, sizes.spend_share, height=0.34, color=ACCENT, label="of spend before as_of")
        axes.set_yticks(at, sizes.segment)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
        axes.grid(axis="y", visible=False)

    top = sizes.loc[sizes.spend_share.idxmax()]
    return drawn(
        draw,
        f"{top.segment} holds {number(top.share, 'share')} of customers and {number(top.spend_share, 'share')} of spend.",
        0.8 + 0.5 * len(sizes),
    )
