"""Pictures of notebook 02: how customers behave."""

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from segkit.figures.style import ACCENT, INK, MUTED, PALE, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.show import number, words


def monthly(rows: pd.DataFrame) -> Picture:
    """Active customers, and revenue when there is any, month by month; months cut short are pale."""
    shown = [name for name in ("n", "revenue") if name in rows]
    top = rows.loc[rows[shown[-1]].astype("float64").idxmax()]

    def draw(axes):
        for axis, name in zip(np.ravel(axes), shown):
            axis.bar(rows.month, rows[name].astype("float64"), color=[ACCENT if done else PALE for done in rows.complete], width=0.75)
            axis.set_title("active customers" if name == "n" else name)
            axis.yaxis.set_major_formatter(lambda value, _: number(value))
            axis.set_xticks(range(0, len(rows), max(1, -(-len(rows) // 6))))
            axis.grid(axis="x", visible=False)

    return drawn(
        draw,
        f"{words(shown[-1]) if shown[-1] != 'n' else 'activity'} peaks in {top.month}; pale bars are months cut short by as_of.".capitalize(),
        1.9 * len(shown),
        len(shown),
        sharex=True,
    )


def distributions(histogram: pd.DataFrame, distribution: pd.DataFrame) -> Picture:
    """One small histogram per feature, from the 1st to the 99th percentile; yes/no answers have a picture of their own (`answers`)."""
    asked, told = set(distribution.feature[distribution.unit == "yes/no"]), set(histogram.feature[histogram.n.fillna(0) > 0])
    names = [name for name in histogram.feature.unique() if name in told - asked]
    if not names:
        return nothing("There is no feature with more than yes and no for an answer.")
    rows = -(-len(names) // 2)
    skewed = [words(name) for name in names if histogram.log[histogram.feature == name].iloc[0]]

    def draw(axes):
        flat = np.ravel(axes)
        for axis, name in zip(flat, names):
            part = histogram[histogram.feature == name]
            axis.bar(
                part.left,
                part.n.fillna(0).astype(float),
                width=part.right - part.left,
                align="edge",
                color=ACCENT,
                edgecolor="white",
                linewidth=0.4,
            )
            unit = distribution.unit[distribution.feature == name].iloc[0]
            axis.set_title(words(name) + (f" ({unit})" if unit not in words(name) else ""))
            if part.log.iloc[0]:
                axis.set_xscale("symlog", linthresh=max(1.0, part.right.iloc[0]))
                axis.set_xticks(round_steps(part.left.iloc[0], part.right.iloc[-1]))
            elif (part.right - part.left).eq(1).all():
                axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axis.xaxis.set_major_formatter(lambda value, _: short(value))
            axis.minorticks_off()
            axis.grid(axis="x", visible=False)
        for axis in flat[len(names) :]:
            axis.set_visible(False)

    alt = f"Distributions of {len(names)} features. Skewed, drawn on a log axis: {', '.join(skewed) or 'none'}."
    return drawn(draw, alt, 1.75 * rows, rows, 2, squeeze=False)


def answers(distribution: pd.DataFrame) -> Picture:
    """The share of yes of every yes/no answer, with its interval."""
    rows = known(distribution[distribution.unit == "yes/no"], "mean", "low", "high")
    if rows.empty:
        return nothing("There are no yes/no answers, or too few to show them.")
    most, least = rows.loc[rows["mean"].idxmax()], rows.loc[rows["mean"].idxmin()]

    def draw(axes):
        axes.barh([words(name) for name in rows.feature], rows["mean"], color=ACCENT, height=0.6)
        axes.errorbar(
            rows["mean"],
            range(len(rows)),
            xerr=whiskers(rows["mean"], rows.low, rows.high),
            fmt="none",
            ecolor=INK,
            elinewidth=1.2,
            capsize=3,
        )
        axes.set(xlim=(0, 1.02), xlabel="share of yes, 95 % interval")
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)

    said = (
        f"The answer is most often yes to {words(most.feature)} ({number(most['mean'], 'share')}), "
        f"and least often to {words(least.feature)} ({number(least['mean'], 'share')})."
    )
    return drawn(draw, said, 0.7 + 0.27 * len(rows))


def round_steps(low: float, high: float) -> list[float]:
    """At most six ticks of a log(1 + x) axis, from 1, 2 and 5 times powers of ten, none too close to the one before."""
    steps = [step for step in (0.0, *(digit * 10.0**power for power in range(-3, 12) for digit in (1, 2, 5))) if low <= step <= high]
    apart, found = (np.log1p(high) - np.log1p(low)) / 6, []
    for step in steps:
        if not found or np.log1p(step) - np.log1p(found[-1]) >= apart:
            found.append(step)
    return found


def short(value: float) -> str:
    """An axis label: 12k rather than 12,000; but 1960, which may be a year."""
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"


def concentration(rows: pd.DataFrame, what: str) -> Picture:
    """Share of the total held by the top customers."""
    rows = known(rows, "share")
    if rows.empty:
        return nothing(f"Nobody has any {what}, or too few customers to show it.")
    fifth = rows.loc[(rows.top - 0.2).abs().idxmin()]

    def draw(axes):
        axes.plot([0, *rows.top], [0, *rows.share], color=ACCENT, linewidth=2)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
        axes.plot([fifth.top, fifth.top, 0], [0, fifth.share, fifth.share], color=SECOND, linewidth=1)
        axes.text(
            fifth.top + 0.02, fifth.share - 0.02, f"top {100 * fifth.top:.0f} %: {number(fifth.share, 'share')}", va="top", color=SECOND
        )
        axes.set(xlabel="top share of customers", ylabel=f"share of {what}", xlim=(0, 1), ylim=(0, 1.02))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")

    return drawn(
        draw,
        f"The top {100 * fifth.top:.0f} % of customers hold {number(fifth.share, 'share')} of {what}; the dashed line would be equal shares.",
        3.2,
    )


def cohorts(rows: pd.DataFrame) -> Picture:
    """Share of each cohort active again, month by month."""
    later = rows[rows.month > 0]
    grid = later.pivot(index="cohort", columns="month", values="value").astype("float64")
    sizes = rows[rows.month == 0].set_index("cohort").n
    texts = grid.map(lambda value: "" if value != value else f"{100 * value:.0f}")

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, 1, 7.5)
        axes.set_yticklabels([f"{cohort}  (n {number(sizes[cohort])})" for cohort in grid.index], fontsize=8)
        axes.set(xlabel="months after the first, % active", ylabel="")

    first = later[later.month == 1].dropna(subset=["value"])
    mean = (first.value * first.n).sum() / first.n.sum() if len(first) else float("nan")
    return drawn(
        draw,
        f"Cohort retention: {number(mean, 'share')} are active one month after their first; blank cells lie after as_of, or hold too few.",
        max(2.0, 0.26 * len(grid) + 0.6),
    )
