"""Finished tables, sentences and figures as HTML in which everything that came from data is escaped."""

import re
from decimal import Decimal
from html import escape
from typing import Any

import numpy as np
import pandas as pd

NUMBERS = ("value", "low", "high", "median", "p1", "p25", "p75", "p99", "overall", "mean", "se")
SHARES = ("share", "filled", "probability", "top")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


OF_TOTAL = ("revenue_share",)  # KPIs whose n is all customers, and not the segment's
WORDS = {
    "aov": "average order value",
    "revenue_retention": "net revenue retention",
    "gross_retention": "gross revenue retention",
    "usage_days": "days of use",
    "csat": "satisfied (CSAT)",
    "nps": "net promoter score",
    "answered": "answered a survey",
    "campaign_roi": "return on campaign cost",
    "lead_to_customer": "lead to customer",
    "revenue_to_cac": "revenue over acquisition cost",
    "margin_to_cac": "margin over acquisition cost",
    "aov_capped": "average order value, capped",
    "revenue_capped": "revenue, capped",
    "orders_capped": "orders, capped",
    "margin_capped": "margin, capped",
}


def words(name: str) -> str:
    """A column's name as words: n_orders is orders, aov is average order value."""
    return WORDS.get(name, name.removeprefix("n_").replace("_", " "))


class Html(str):
    """A piece of HTML that a notebook displays as such."""

    def _repr_html_(self) -> str:
        return str(self)


def paragraph(text: str) -> Html:
    """A computed sentence or two."""
    return Html(f'<p class="finding">{escape(text)}</p>')


def bullets(lines: "list[str] | tuple[str, ...]") -> Html:
    """Computed sentences, one each line."""
    return Html('<ul class="finding">' + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")


def number(value: Any, unit: str = "") -> str:
    """A number for people: thousands separated, shares as per cent, three significant digits below a hundred, two below 2 %; – for
    what is not known."""
    if value is None or value is pd.NA or value != value:
        return "–"
    if unit in ("share", "yes/no"):
        digits = 2 if 0.00005 <= abs(value) < 0.02 else 1 if abs(value) < 10 else 0
        return f"{100 * value:,.{digits}f} %".replace("-0.0 %", "0.0 %")
    if isinstance(value, (bool, str)):
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    if abs(value) < 1e15 and float(value) == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}"


def p_value(p: float) -> str:
    """A p-value as readers expect it."""
    if p is None or p is pd.NA or p != p:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def table(rows: pd.DataFrame, *columns: str, **headings: str) -> Html:
    """An escaped table of some columns (all by default). Headings are the column's words, or given by name.

    `value`, `low` and `high` side by side become one cell, value (low to high); a `unit` column says how to write the numbers of its row.
    """
    chosen = list(columns or rows.columns)
    merged = {"value", "low", "high"} <= set(chosen)
    chosen = [name for name in chosen if not (merged and name in ("low", "high")) and (name != "unit" or not merged)]
    units = rows["unit"].fillna("") if "unit" in rows else pd.Series("", index=rows.index)
    heads = "".join(
        f'<th scope="col"{right(rows, name)}>{escape(headings.get(name, words(name) if name != "n" else name))}</th>' for name in chosen
    )
    body = []
    for position, row in enumerate(rows.to_dict("records")):
        texts = {name: cell(row, name, units.iloc[position], merged) for name in chosen}
        cells = [f"<td{right(rows, name) or long(text)}>{cell_html(text)}</td>" for name, text in texts.items()]
        body.append(f"<tr>{''.join(cells)}</tr>")
    width = " wide-table" if len(chosen) > 4 or any(len(re.sub("<[^>]+>", "", each)) > 60 * len(chosen) for each in body) else ""
    return Html(f'<div class="table{width}"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table></div>')


def right(rows: pd.DataFrame, name: str) -> str:
    """Numbers are set flush right."""
    numeric = name == "amount_left" or pd.api.types.is_numeric_dtype(rows[name]) and not pd.api.types.is_bool_dtype(rows[name])
    return ' class="number"' if numeric else ""


def long(text: str) -> str:
    """A sentence in a cell gets room, so that it does not become a tower of words."""
    return ' class="long"' if len(text) > 28 and not re.search(r"\)( n [\d,]+)?$", text) else ""


def cell(row: dict, name: str, unit: str, merged: bool) -> str:
    """The text of one cell."""
    value = row[name]
    if name == "value" and merged:
        return interval(value, row["low"], row["high"], unit)
    if name.startswith("p_") or name == "p":
        return p_value(value)
    if isinstance(value, str):
        return f"{Decimal(value):,}" if name == "amount_left" else value
    shares = name in SHARES or name.endswith(("_share", "_filled")) and not name.startswith("n_")
    return number(value, "share" if shares else unit if name in NUMBERS else "")


def interval(value: float, low: float, high: float, unit: str = "") -> str:
    """A value with its interval; the value alone where there is none."""
    if low is None or low is pd.NA or low != low:
        return number(value, unit)
    return f"{number(value, unit)} ({number(low, unit)} to {number(high, unit)})"


def points(value: float, low: float | None = None, high: float | None = None) -> str:
    """A difference of shares in percentage points (a word the caller adds), with its interval where there is one."""
    if value is None or value is pd.NA or value != value:
        return "–"
    written = lambda each: f"{100 * each:.{2 if abs(value) < 0.02 else 1}f}" if each == each else "–"
    limits = "" if low is None or low is pd.NA or low != low else f" ({written(low)} to {written(high)})"
    return f"{'+' * (float(written(value)) > 0)}{written(value)}{limits}".replace("-0.00", "0.00")


def cell_html(text: str) -> str:
    """Escaped; an interval in brackets, and an n, go below their value, in small print; none of them, nor a date, ever breaks."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f'<span class="date">{text}</span>'
    found = re.fullmatch(r"(\S+(?: %)?)(?: (\(\S+.* to .*\)))?(?: (n [\d,]+))?", text)
    small = [f'<br><span class="interval">{escape(part)}</span>' for part in found.groups()[1:] if part] if found else []
    return escape(found[1]) + "".join(small) if found else escape(text)


def kpis(rows: pd.DataFrame, names: "list[str] | None" = None) -> Html:
    """KPIs with a line per KPI and a column per segment, each value with its interval; `names` picks some. Under a segment stands its n, and
    beside a value its own where fewer were asked."""
    rows = rows if names is None else rows[rows.kpi.isin(names)]
    plain = {
        name: pd.to_numeric(rows[name]).astype("Float64").to_numpy("float64", na_value=np.nan) for name in ("value", "low", "high", "n")
    }
    rows = rows.assign(**plain)
    rows = rows[rows.groupby("kpi").n.transform("max") > 0]  # what nobody is asked, such as to become a customer where all are
    most = rows[~rows.kpi.isin(OF_TOTAL)].groupby("segment", sort=False).n.max()
    texts = [
        f"{interval(row.value, row.low, row.high, row.unit)}{f' n {number(row.n)}' if row.n < most[row.segment] else ''}"
        for row in rows.itertuples()
    ]
    rows = rows.assign(text=texts, heading=[f"{segment} · n {number(most[segment])}" for segment in rows.segment])
    order = rows.assign(last=rows.segment == "all").sort_values("last", kind="stable").heading.unique()
    wide = rows.pivot(index="kpi", columns="heading", values="text").reindex(index=rows.kpi.unique(), columns=order).fillna("–")
    units = rows.drop_duplicates("kpi").set_index("kpi").unit
    wide.insert(0, "unit", ["%" if units[name] == "share" else units[name] for name in wide.index])
    return table(wide.rename(index=words).rename_axis("KPI").reset_index())


def profile(rows: pd.DataFrame, called: dict[str, str] | None = None) -> Html:
    """Segments as columns, under what people call them, features as lines: the median in business units, or the share of yes, and a marker."""
    typical = [row["yes"] if row["unit"] == "yes/no" else row["median"] for row in rows.to_dict("records")]
    texts = rows.assign(
        text=[
            f"{number(value, unit)} {marker if isinstance(marker, str) else ''}".strip()
            for value, unit, marker in zip(typical, rows.unit, rows.marker)
        ]
    )
    wide = texts.pivot(index="feature", columns="segment", values="text").reindex(
        index=texts.feature.unique(), columns=texts.segment.unique()
    )
    overall = texts.drop_duplicates("feature").set_index("feature")
    wide.insert(0, "unit", ["% yes" if unit == "yes/no" else unit for unit in overall.unit])
    wide["everyone"] = [number(value, unit) for value, unit in zip(overall.overall, overall.unit)]
    sizes = rows.drop_duplicates("segment").set_index("segment")
    heads = {segment: f"{segment} {(called or {}).get(segment, '')}".strip() for segment in sizes.index}
    wide = wide.rename(columns={segment: f"{head} · {number(sizes.share[segment], 'share')}" for segment, head in heads.items()})
    return table(wide.reset_index())
