"""Pictures of how customers use the product."""

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALE, PALETTE, SECOND, Picture, drawn, heat, known, nothing, whiskers
from segkit.show import number, words

MOST = 15  # features a picture has room for
FLOWS = {"regular": ACCENT, "new": PALE, "reactivated": PALETTE[2]}  # of who is active, from the bottom up


def usage_grid(rows: pd.DataFrame) -> Picture | None:
    """Frequency by intensity with the names of the cells and the share of users in each; nothing without users."""
    if rows.empty:
        return None
    shown = known(rows, "share")
    if shown.empty:
        return nothing("Too few users to show how often and how much they use the product.")
    first, top = rows.iloc[0], shown.loc[shown.share.idxmax()]
    grid = rows.pivot(index="frequency", columns="intensity", values="share").reindex(index=["high", "low"], columns=["low", "high"])
    names = rows.pivot(index="frequency", columns="intensity", values="name").reindex_like(grid)
    texts = names + grid.map(lambda share: "" if pd.isna(share) else f"\n{100 * share:.0f} %")

    def draw(axes):
        heat(axes, grid, texts, "Blues", 0, float(shown.share.max()) * 1.4, 11)
        often, much = number(first.frequency_cut), number(first.intensity_cut)
        axes.set_yticklabels([f"{often} or more", f"fewer than {often}"])
        axes.set_xticklabels([f"up to {much}", f"more than {much}"])
        axes.set(xlabel=f"{first.measure} per active day", ylabel="active days per week")
        for row, column in zip(*np.nonzero(grid.isna().to_numpy())):
            axes.text(column + 0.5, row + 0.5, f"{names.iat[row, column]}\nnot shown", ha="center", va="center", color=MUTED, fontsize=10)

    return drawn(draw, f"Of users, {number(top.share, 'share')} are {top['name']}, more than any other cell holds.", 2.7)


def feature_engagement(rows: pd.DataFrame, adoption: pd.DataFrame) -> Picture | None:
    """The reach of each feature with its interval, and dots for who had taken it up after 7, 30 and 90 days; nothing where there is one
    feature only, which everybody used."""
    if len(rows) < 2:
        return None
    rows = known(rows, "value", "low", "high").head(MOST)
    if rows.empty:
        return nothing("Every feature is used by too few customers to show it.")
    dots = known(adoption, "value")
    dots = dots[dots.feature.isin(rows.feature)]
    most, least, days = rows.iloc[0], rows.iloc[-1], sorted(dots.days.unique())

    def draw(axes):
        place = {name: at for at, name in enumerate(rows.feature)}
        axes.barh(range(len(rows)), rows.value, color=PALE, height=0.7, label="ever")
        axes.errorbar(
            rows.value,
            range(len(rows)),
            xerr=whiskers(rows.value, rows.low, rows.high),
            fmt="none",
            ecolor=MUTED,
            elinewidth=1.2,
            capsize=3,
        )
        for day, color in zip(days, (SECOND, ACCENT, INK)):
            part = dots[dots.days == day]
            axes.plot(part.value, part.feature.map(place), "o", color=color, markersize=5, label=f"in {day} days")
        axes.set_yticks(range(len(rows)), [words(str(name)) for name in rows.feature])
        axes.set(xlim=(0, 1.02), xlabel="share of users, 95 % interval")
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=4, columnspacing=1.0, handletextpad=0.3)

    said = f"Most users, {number(most.value, 'share')}, have used {words(str(most.feature))}"
    said += f"; {number(least.value, 'share')} have used {words(str(least.feature))}" if len(rows) > 1 else ""  # the others are hidden
    said += f". Dots show who had used a feature within the first {', '.join(map(str, days))} days." if days else "."
    return drawn(draw, said, 0.9 + 0.32 * len(rows))


def user_status_by_month(rows: pd.DataFrame) -> Picture | None:
    """Who is active each month by where they come from, above the line; who left since the month before, below it."""
    if rows.empty:
        return None
    whole = known(rows, *FLOWS, "lapsed")
    if whole.empty:
        return nothing("Too few customers a month to show who comes and goes.")

    def draw(axes):
        at = [rows.index.get_loc(index) for index in whole.index]
        base = np.zeros(len(whole))
        for name, color in FLOWS.items():
            axes.bar(at, whole[name], bottom=base, color=color, width=0.8, label=name)
            base += whole[name].to_numpy()
        axes.bar(at, -whole.lapsed, color=SECOND, width=0.8, label="lapsed")
        axes.axhline(0, color=INK, linewidth=0.8)
        step = max(1, -(-len(rows) // 6))
        axes.set_xticks(range(0, len(rows), step), rows.month[::step])
        axes.set_xlim(-0.6, len(rows) - 0.4)
        axes.yaxis.set_major_formatter(lambda value, _: number(abs(value)))
        axes.set(ylabel="customers")
        axes.grid(axis="x", visible=False)
        axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=4, columnspacing=1.0, handlelength=1.2)

    last, hidden = whole.iloc[-1], len(rows) - len(whole)
    gaps = f" Too few customers to show in {hidden} of {len(rows)} months." if hidden else ""
    return drawn(
        draw,
        f"In {last.month}, {number(last.regular)} customers stayed, {number(last.new)} were new, {number(last.reactivated)} came back "
        f"and {number(last.lapsed)} of the month before were not active.{gaps}",
        3.0,
    )
