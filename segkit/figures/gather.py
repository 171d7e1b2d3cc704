"""Pictures of notebook 01: what each rule leaves of what came in, and from when to when each table has rows."""

from textwrap import wrap

import numpy as np
import pandas as pd

from segkit.figures.style import ACCENT, INK, MUTED, PALE, SECOND, Picture, drawn, nothing
from segkit.show import number

BARS = 0.35  # the share of a waterfall's width that its bars take; numbers stand in the rest
COLUMNS = {"rows": 0.505, "rows_left": 0.655, "customers_left": 0.805, "amount_left": 1.0}
HEADS = {"rows": "set aside", "rows_left": "rows left", "customers_left": "customers", "amount_left": "money"}
LATEST = 60  # months drawn at most


def ledger(rows: pd.DataFrame) -> Picture:
    """A waterfall for each table that lost rows or bears money: what came in, what each rule takes away, what is left."""
    tables = [part for _, part in rows.groupby("table", sort=False) if is_lossy(part) or bears_money(part)] or [
        rows[rows.table == rows.table.iloc[0]]
    ]
    falls = [steps(part) for part in tables]
    lines = [len(fall) + 1.4 for fall in falls]

    def draw(axes):
        for axis, part, fall in zip(np.ravel(axes), tables, falls):
            waterfall(axis, part.table.iloc[0], fall)

    return drawn(draw, " ".join(finding(part) for part in tables), 0.31 * sum(lines), len(tables), height_ratios=lines)


def is_lossy(part: pd.DataFrame) -> bool:
    """Whether a table lost rows."""
    return bool(part["rows"][part.severity.isin(["reject", "refuse"])].sum())


def bears_money(part: pd.DataFrame) -> bool:
    """Whether the ledger counts the money of a table."""
    return "amount_left" in part and part.amount_left.notna().any()


def finding(part: pd.DataFrame) -> str:
    """What the waterfall of a table shows, in words."""
    taken = part[part.severity.isin(["", "reject", "refuse"])]
    came, used = taken.rows_left.iloc[0], taken.rows_left.iloc[-1]
    text = f"Of {number(came)} rows of {part.table.iloc[0]}, {number(used)} ({number(used / came, 'share')}) are used"
    if not taken["rows"].max():
        return f"{text}."
    most = taken.loc[taken["rows"].idxmax()]
    return f"{text}; most are set aside by the rule {most.rule} ({number(most['rows'])})."


def steps(part: pd.DataFrame) -> pd.DataFrame:
    """The bars of one waterfall, from top to bottom. Out: rule, kind (came, taken, would, used), start, end, and the ledger's numbers.

    Inputs hang side by side, when there are no more than five; rules that found nothing have no bar.
    """
    inputs = part[part.severity == "input"]
    inputs = inputs.assign(kind="input", end=inputs.rows_left.cumsum(), start=inputs.rows_left.cumsum() - inputs.rows_left)
    came = part[part.severity == ""].assign(kind="came", start=0, end=lambda line: line.rows_left)
    taken = part[part.severity.isin(["reject", "refuse"]) & (part["rows"] > 0)]
    taken = taken.assign(kind="taken", start=taken.rows_left, end=taken.rows_left + taken["rows"])
    left = pd.concat([came, taken]).iloc[[-1]].assign(kind="used", rule="used", rows=0, start=0, end=lambda line: line.rows_left)
    would = part[(part.severity == "warn") & (part["rows"] > 0)]
    would = would.assign(kind="would", start=would.rows_left, end=would.rows_left + would["rows"], rule=would.rule + " (kept)")
    if taken.empty and would.empty:
        came, left = came.iloc[:0], left.assign(rule="all used")
    return pd.concat([inputs if len(inputs) <= 5 else inputs.iloc[:0], came, taken, left, would], ignore_index=True)


COLOURS = {"input": PALE, "came": MUTED, "taken": SECOND, "used": ACCENT, "would": "white"}


def waterfall(axis, table: str, fall: pd.DataFrame) -> None:
    """One table: bars on the left, each hanging from where the one above ends, the ledger's numbers on the right."""
    came = fall.end.max()
    for at, line in enumerate(fall.to_dict("records")):
        would = line["kind"] == "would"
        axis.barh(
            at,
            line["end"] - line["start"],
            left=line["start"],
            height=0.62,
            color=COLOURS[line["kind"]],
            edgecolor=MUTED if would else COLOURS[line["kind"]],
            linewidth=1.2,
            hatch="////" if would else None,
        )
        if line["kind"] == "taken" or would:
            axis.plot([line["end"]] * 2, [at - 1, at], color=MUTED, linewidth=0.6, zorder=0)
        for column, where in COLUMNS.items():
            if text := written(line, column):
                faint = MUTED if would or line["kind"] == "input" else SECOND if column == "rows" else INK
                axis.text(where, at, text, transform=axis.get_yaxis_transform(), ha="right", va="center", fontsize=8.5, color=faint)
    for column, where in COLUMNS.items():
        if any(written(line, column) for line in fall.to_dict("records")):
            head = {"transform": axis.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": 8, "color": MUTED}
            axis.text(where, -1, HEADS[column], **head)
    axis.set_yticks(range(len(fall)), ["\n".join(wrap(rule, 20)[:2]) for rule in fall.rule], fontsize=8.5)
    axis.set(xlim=(0, came / BARS), ylim=(len(fall) - 0.5, -1.9), xticks=[])
    axis.text(0, -1, table, fontweight="bold", va="center")
    axis.tick_params(length=0)
    axis.grid(False)
    axis.spines[["left", "bottom"]].set_visible(False)


def written(line: dict, column: str) -> str:
    """A number beside a bar: rows set aside with a minus, money without its pence, nothing where it is not known or says nothing."""
    value = line.get(column)
    if value is None or value != value or value is pd.NA or column == "rows" and not value:
        return ""
    if column == "rows":
        return f"({number(value)})" if line["kind"] == "would" else f"−{number(value)}"
    return f"{float(value):,.0f}" if column == "amount_left" else number(value)


def months(rows: pd.DataFrame, freshness: pd.DataFrame) -> Picture:
    """Rows of each table with time, month by month; months cut short are pale. Stray rows are not drawn."""
    if freshness.empty:
        return nothing("No table has dates: nothing to draw.")
    ends = pd.PeriodIndex(freshness["last"], freq="M")
    span = pd.period_range(max(pd.PeriodIndex(freshness["first"], freq="M").min(), ends.max() - LATEST + 1), ends.max(), freq="M").astype(
        str
    )
    stopped = list(freshness.table[freshness.stopped])
    gaps = list(freshness.table[freshness.empty_months > 0])

    def draw(axes):
        for axis, line in zip(np.ravel(axes), freshness.to_dict("records")):
            part = rows[(rows.table == line["table"]) & (rows.month <= line["last"][:7])].set_index("month").reindex(span)
            whole = part.complete.eq(True).to_numpy()
            axis.bar(range(len(span)), part["rows"].astype("float64").fillna(0), color=np.where(whole, ACCENT, PALE), width=0.8)
            late = f": ends {number(line['days_behind'])} days before the latest table" if line["stopped"] else ""
            axis.set_title(f"{line['table']}{late}", color=SECOND if line["stopped"] else INK)
            axis.set_xticks(range(0, len(span), max(1, len(span) // 6)), span[:: max(1, len(span) // 6)])
            axis.set_xlim(-0.6, len(span) - 0.4)
            axis.yaxis.set_major_locator(_two_ticks())
            axis.yaxis.set_major_formatter(lambda value, _: number(value))
            axis.grid(axis="x", visible=False)

    said = [f"Dates of {', '.join(freshness.table)} run from {span[0]} to {span[-1]}"]
    said += [f"stopped early: {', '.join(stopped)}"] if stopped else ["none stopped early"]
    said += [f"months without rows: {', '.join(gaps)}"] if gaps else []
    return drawn(draw, "; ".join(said) + "; pale bars are months cut short.", 0.35 + 0.85 * len(freshness), len(freshness), sharex=True)


def _two_ticks():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(2, integer=True)
