"""Values far from the others, by a rule that outliers cannot bend, and the span the others lie in.

A value is told as unusual when it lies further from the median than 3.5 robust standard deviations: 1.4826 times the median absolute
deviation (Iglewicz and Hoaglin 1993), or, where more than half of the values are equal, what 99 % of them keep, divided by 2.576. Money,
and whatever else is skewed to the right, is compared by its size on a log scale. Quantiles are read from values of four significant
digits: some ten thousand numbers stand for any number of rows, and no order of rows changes them.
"""

import ibis
import numpy as np
import pandas as pd

from segkit.tables import Column

COLUMNS = [
    *("table", "column", "unit", "scale", "rows", "p1", "median", "p99", "usual_from", "usual_to"),
    *("unusual", "share", "total_share", "customers", "tail"),
]
K = 3.5
SKEWED = 2  # how many times as far p99 lies above the median as p1 below it


def lines(table: str, kept: ibis.Table, columns: dict[str, Column], currency: str) -> list[dict]:
    """One line per column of numbers. Out: COLUMNS; `unusual` rows, their share of rows and of the total size, the customers they belong to,
    and `tail`, the fewer of the customers at or below p1 and at or above p99: too few, and these may not be shown.
    """
    spread = {
        name: found
        for name, spec in columns.items()
        if spec.dtype in ("money", "integer", "number") and (found := measured(values(kept, name), spec.dtype == "money"))
    }
    counts = beyond(kept, spread)
    return [
        {
            "table": table,
            "column": name,
            "unit": currency if columns[name].unit == "currency" else columns[name].unit,
            "scale": found["scale"],
            "rows": found["rows"],
            **{each: found[each] for each in ("p1", "median", "p99", "usual_from", "usual_to")},
            "unusual": counts[f"unusual_{name}"],
            "share": round(counts[f"unusual_{name}"] / found["rows"], 6),
            "total_share": found["total_share"] if counts[f"unusual_{name}"] else 0.0,
            "customers": counts[f"customers_{name}"] if "customer_id" in kept.columns else None,
            "tail": min(counts[f"low_{name}"], counts[f"high_{name}"]) if "customer_id" in kept.columns else None,
        }
        for name, found in spread.items()
    ]


def rounded(column: ibis.expr.types.NumericValue) -> ibis.expr.types.FloatingValue:
    """A number to four significant digits."""
    value = column.cast("float64")
    step = ibis.literal(10.0) ** ibis.cases((value != 0, value.abs().log10().floor() - 3), else_=0.0)
    return (value / step).round() * step


def values(kept: ibis.Table, name: str) -> pd.DataFrame:
    """The different values of a column, to four significant digits, in order. Out: value, n."""
    rows = kept.select(value=rounded(kept[name]))
    found = rows.filter(rows.value.notnull()).group_by("value").aggregate(n=ibis._.count()).execute()
    found["value"] = [float(f"{value:.4g}") for value in found.value]
    return found.groupby("value", as_index=False).n.sum().sort_values("value", ignore_index=True)


def quantile(values: np.ndarray, n: np.ndarray, share: float) -> float:
    """The smallest value that at least this share of rows does not exceed. `values` ascending, each standing for `n` rows."""
    total = n.cumsum()
    return float(values[np.searchsorted(total, share * total[-1])])


def measured(seen: pd.DataFrame, is_money: bool) -> dict:
    """Quantiles and the usual span of a column; {} when it is empty. `usual_from` and `usual_to` are sizes on a log scale, else values."""
    if seen.empty:
        return {}
    value, n = seen.value.to_numpy(), seen.n.to_numpy()
    p1, median, p99 = (quantile(value, n, share) for share in (0.01, 0.5, 0.99))
    by_size = (value != 0).any() and (is_money or value[0] >= 0 and p99 - median > SKEWED * (median - p1))
    low, high = usual(np.log(np.abs(value[value != 0])), n[value != 0]) if by_size else usual(value, n)
    low = low if by_size or value[0] < 0 else max(low, 0.0)  # nothing below 0 is usual where nothing is
    low, high = (float(f"{limit:.4g}") for limit in (np.exp([low, high]) if by_size else (low, high)))
    size = np.abs(value)
    unusual = ((size < low) & (size > 0) | (size > high)) if by_size else (value < low) | (value > high)
    total = (size * n).sum()
    return {
        "scale": "log" if by_size else "plain",
        "rows": int(n.sum()),
        "p1": p1,
        "median": median,
        "p99": p99,
        "usual_from": low,
        "usual_to": high,
        "total_share": round(float((size * n)[unusual].sum() / total), 4) if total else 0.0,
    }


def usual(values: np.ndarray, n: np.ndarray) -> tuple[float, float]:
    """The median less and plus 3.5 robust standard deviations."""
    order = np.argsort(values, kind="stable")
    median = quantile(values[order], n[order], 0.5)
    away = np.abs(values - median)
    order = np.argsort(away, kind="stable")
    spread = 1.4826 * quantile(away[order], n[order], 0.5) or quantile(away[order], n[order], 0.99) / 2.576
    return median - K * spread, median + K * spread


def beyond(kept: ibis.Table, spread: dict[str, dict]) -> dict[str, int]:
    """Rows outside the usual span and their customers, and customers in either tail."""
    flags = {f"{where}_{name}": flag for name, found in spread.items() for where, flag in outside(kept[name], found).items()}
    if not flags:
        return {}
    if "customer_id" in kept.columns:  # one row per customer first: distinct counts of so many columns would not fit into memory
        kept = kept.group_by("customer_id").aggregate(**{name: flag.sum() for name, flag in flags.items()})
        flags = {name: kept[name] for name in flags}
    measures = {name.replace("unusual_", "customers_", 1): (flag.cast("int64") > 0).sum() for name, flag in flags.items()}
    measures |= {name: flag.sum() for name, flag in flags.items() if name.startswith("unusual_")}
    return kept.aggregate(**measures).execute().iloc[0].fillna(0).astype(int).to_dict()


def outside(column: ibis.expr.types.NumericValue, found: dict) -> dict[str, ibis.expr.types.BooleanValue]:
    """Whether a value lies outside the usual span, at or below p1, at or above p99; all to four significant digits."""
    value, slack = rounded(column), 1e-9
    size = value.abs() if found["scale"] == "log" else value
    low, high = found["usual_from"], found["usual_to"]
    unusual = (size > high + slack * abs(high)) | (size < low - slack * abs(low))
    return {
        "unusual": unusual & (value != 0) if found["scale"] == "log" else unusual,
        "low": value <= found["p1"] + slack * abs(found["p1"]),
        "high": value >= found["p99"] - slack * abs(found["p99"]),
    }
