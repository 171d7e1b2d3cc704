"""Pictures of journeys: how far customers get, where they go from where, what each model credits a channel with, what comes before an upgrade."""

import numpy as np
import pandas as pd

from segkit.figures.buying import shortened
from segkit.figures.style import ACCENT, INK, MUTED, PALETTE, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.show import number

FEW = "Too few customers to show it."


def funnel(rows: pd.DataFrame) -> Picture | None:
    """A bar per stage: the customers who reached it or a later one; at its end the share of those who reached the stage before."""
    if rows.empty:
        return None
    shown = known(rows, "n")
    if shown.empty:
        return nothing(FEW)
    places = [list(rows.stage).index(stage) for stage in shown.stage]
    top = shown.n.max()
    steps = known(shown, "drop_off")

    def draw(axes):
        axes.barh(places, shown.n, color=ACCENT, height=0.62)
        for place, row in zip(places, shown.itertuples()):
            step = f"  ({number(row.value, 'share')} of the stage before)" if pd.notna(row.value) else ""
            inside = row.n > 0.55 * top
            axes.text(
                row.n + (-0.01 if inside else 0.01) * top,
                place,
                f"{number(row.n)}{step}",
                va="center",
                ha="right" if inside else "left",
                color="white" if inside else INK,
                fontsize=9,
            )
        for place in sorted(set(range(len(rows))) - set(places)):
            axes.text(
                0.01 * top, place, "hidden: hardly anybody stopped here, or at a stage beside it", va="center", color=MUTED, fontsize=9
            )
        axes.set_yticks(range(len(rows)), [shortened(stage) for stage in rows.stage])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set(xlabel="customers who reached the stage or a later one", xlim=(0, 1.02 * top))
        axes.xaxis.set_major_formatter(lambda value, _: number(value))
        axes.grid(axis="y", visible=False)

    said = (
        "Customers who reached each stage or a later one: " + ", ".join(f"{row.stage} {number(row.n)}" for row in shown.itertuples()) + "."
    )
    if len(steps) and steps.drop_off.max() > 0:
        worst = steps.loc[steps.drop_off.idxmax()]
        said += f" Most are lost before {worst.stage} ({number(worst.drop_off, 'share')})."
    return drawn(draw, said, 0.9 + 0.42 * len(rows))


def transitions(rows: pd.DataFrame) -> Picture | None:
    """From where (lines) to where (columns) journeys go next, as shares of the moves from there."""
    if rows.empty:
        return None
    shown = known(rows, "value")
    if shown.empty:
        return nothing(FEW)
    grid = shown.pivot(index="origin", columns="target", values="value")
    grid = grid.reindex(index=[name for name in rows.origin.unique() if name in grid.index])
    order = [*rows.origin.unique(), *(name for name in ("(conversion)", "(open)") if name in grid.columns)]
    grid = grid.reindex(columns=[name for name in order if name in grid.columns])
    texts = grid.map(lambda share: "" if share != share or share < 0.005 else f"{100 * share:.0f}")
    moves = shown[(shown.origin != "(start)") & (shown.origin != shown.target) & ~shown.target.isin(["(conversion)", "(open)"])]
    top = (moves if len(moves) else shown).sort_values("moves", ascending=False).iloc[0]
    size = 9 if grid.shape[1] <= 8 else 7.5 if grid.shape[1] <= 12 else 6.5

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, 1, size)
        axes.set_yticklabels([shortened(name, 20) for name in grid.index], fontsize=size + 0.5)
        axes.set_xticklabels(
            [shortened(name, 20) for name in grid.columns], rotation=45, ha="right", rotation_mode="anchor", fontsize=size + 0.5
        )
        axes.set(xlabel="next", ylabel="")
        axes.set_title("% of the moves from the line's state", fontsize=9.5)

    said = f"The most frequent change is from {top.origin} to {top.target}: {number(top.value, 'share')} of the moves from {top.origin}."
    return drawn(draw, said, 1.5 + 0.32 * len(grid))


def attribution(rows: pd.DataFrame, most: int = 10) -> Picture | None:
    """The share of conversions that each model credits the `most` credited channels with, with its interval."""
    if rows.empty:
        return None
    shown = known(rows, "share", "share_low", "share_high")
    if shown.empty:
        return nothing(FEW)
    models = list(dict.fromkeys(shown.model))
    best = shown.groupby("channel").share.max().sort_values(ascending=False, kind="stable").index[:most].tolist()

    def draw(axes):
        for offset, colour, marker, model in zip(np.linspace(-0.27, 0.27, len(models)), PALETTE, "osD^", models):
            part = shown[(shown.model == model) & shown.channel.isin(best)]
            axes.errorbar(
                part.share,
                [best.index(channel) + offset for channel in part.channel],
                xerr=whiskers(part.share, part.share_low, part.share_high),
                fmt=marker,
                color=colour,
                label=model,
                elinewidth=1.4,
                capsize=2,
                markersize=4.5,
            )
        axes.set_yticks(range(len(best)), [shortened(channel) for channel in best])
        axes.set_ylim(len(best) - 0.45, -0.55)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_xlim(left=-0.01)
        axes.set(xlabel="share of all conversions, 95 % interval")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, columnspacing=1.2, handletextpad=0.3)

    leaders = [(model, shown[shown.model == model].sort_values("share", ascending=False, kind="stable").iloc[0]) for model in models]
    said = "Most conversions are credited to: " + "; ".join(
        f"{model}: {row.channel} ({number(row.share, 'share')})" for model, row in leaders
    )
    return drawn(draw, said + ".", 1.2 + 0.5 * len(best))


def upsell(rows: pd.DataFrame) -> Picture | None:
    """How much more often an upgrade follows a state than expected, in percentage points, with its interval."""
    if rows.empty:
        return None
    shown = known(rows, "value", "low", "high")
    if shown.empty:
        return nothing("Too few customers to compare with themselves.")
    names = [f"{shortened(row.state, 22)} ({'first use' if row.kind == 'feature' else row.kind})" for row in shown.itertuples()]
    called = (shown.finding == "upsell moment").to_numpy()

    def draw(axes):
        for at, row in enumerate(shown.itertuples()):
            colour = SECOND if called[at] else MUTED
            axes.errorbar(
                [100 * row.value],
                [at],
                xerr=whiskers([100 * row.value], [100 * row.low], [100 * row.high]),
                fmt="o",
                color=colour,
                elinewidth=1.6,
                capsize=3,
                markersize=5,
            )
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set(xlabel="percentage points above what was expected, 95 % interval")

    found = [f"{row.state} ({row.kind})" for row in shown[called].itertuples()]
    if found:
        said = f"An upgrade is more likely than expected after {', '.join(found)}; the other {len(shown) - len(found)} states show no difference."
    else:
        said = f"After none of {len(shown)} states is an upgrade shown to be more likely than at the same customers' other moments."
    return drawn(draw, said, 0.9 + 0.3 * len(shown))
