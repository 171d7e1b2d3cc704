"""Pictures of use cases: how many perform each and get through at the first try, which go together, who of which segment performs what."""

from textwrap import fill

import pandas as pd

from segkit.figures.style import ACCENT, INK, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.show import number, words

FEW = "Too few customers perform any use case to show it."


def use_case_shares(rows: pd.DataFrame) -> Picture | None:
    """Share performing each use case beside the share whose first try succeeded, both with their intervals."""
    if rows.empty:
        return None
    shown = known(rows, "value", "low", "high")
    if shown.empty:
        return nothing(FEW)
    tried = known(shown, "success_share", "success_low", "success_high")
    place = {name: at for at, name in enumerate(shown.use_case)}

    def draw(axes):
        for axis, part, columns, color, title in (
            (axes[0], shown, ("value", "low", "high"), ACCENT, "perform it"),
            (axes[1], tried, ("success_share", "success_low", "success_high"), SECOND, "succeed at the first try"),
        ):
            at, (value, low, high) = [place[name] for name in part.use_case], (part[name] for name in columns)
            axis.barh(at, value, color=color, height=0.55)
            axis.errorbar(value, at, xerr=whiskers(value, low, high), fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)
            axis.set_title(title)
            axis.set_xlim(0, max(1.08 * float(high.max()), 0.05) if len(part) else 1)
            axis.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
            axis.grid(axis="y", visible=False)
        axes[0].set_yticks(range(len(place)), [fill(words(name), 16) for name in place])
        axes[0].invert_yaxis()

    most, least = shown.iloc[0], shown.iloc[-1]
    alt = f"Performed by most of those who may: {words(most.use_case)} ({number(most.value, 'share')})"
    alt += f"; by fewest: {words(least.use_case)} ({number(least.value, 'share')})." if len(shown) > 1 else "."
    if len(tried):
        hard = tried.loc[tried.success_share.idxmin()]
        alt += f" The first try succeeds least often in {words(hard.use_case)} ({number(hard.success_share, 'share')})."
    return drawn(draw, alt, 0.8 + 0.42 * len(shown), 1, 2, sharey=True)


def use_case_overlap(rows: pd.DataFrame) -> Picture | None:
    """Of those who perform one of two use cases, the share who perform both, for every pair."""
    if rows.empty:
        return None
    pairs = known(rows, "value")
    if pairs.empty:
        return nothing("Too few customers perform two use cases to show which go together.")
    names = list(dict.fromkeys([*rows["first"], *rows["second"]]))
    grid = pairs.pivot(index="second", columns="first", values="value").reindex(index=names[1:], columns=names[:-1])
    texts = grid.map(lambda share: "" if share != share else f"{100 * share:.0f}")
    top = pairs.loc[pairs.value.idxmax()]

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, max(1.2 * float(pairs.value.max()), 0.01), 9)
        axes.set_yticks(
            [at + 0.5 for at in range(len(names) - 1)], [f"{fill(words(name), 20)} {at}" for at, name in enumerate(names[1:], 2)]
        )
        axes.set_xticks(
            [at + 0.5 for at in range(len(names) - 1)],
            [fill(f"{at} {words(name)}", 11) if len(names) < 6 else at for at, name in enumerate(names[:-1], 1)],
        )
        axes.set(xlabel="" if len(names) < 6 else f"1 is {words(names[0])}, the others as at the left", ylabel="")
        axes.set_title("% of those who perform either that perform both")

    return drawn(
        draw,
        f"{words(top['first'])} and {words(top['second'])} overlap most: {number(top.value, 'share')} of those who perform either perform both.".capitalize(),
        max(1.8, 0.9 + 0.4 * len(names)),
    )


def use_cases_by_segment(rows: pd.DataFrame) -> Picture | None:
    """Share of each segment that performs each use case."""
    if rows.empty:
        return None
    shown = known(rows, "value")
    if shown.empty:
        return nothing(FEW)
    grid = shown.pivot(index="use_case", columns="segment", values="value").reindex(
        index=rows.use_case.unique(), columns=rows.segment.unique()
    )
    texts = grid.map(lambda share: "" if share != share else f"{100 * share:.0f}")
    top = shown.loc[shown.value.idxmax()]

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, max(1.3 * float(shown.value.max()), 0.01), 9)
        axes.set_yticks([at + 0.5 for at in range(len(grid))], [fill(words(name), 20) for name in grid.index])
        axes.set(xlabel="% of the eligible in each segment that perform it", ylabel="")

    alt = f"Highest: {number(top.value, 'share')} of {top.segment} perform {words(top.use_case)}; blank cells hold too few customers, or nobody who may."
    return drawn(draw, alt, max(1.8, 0.8 + 0.38 * len(grid)))
