"""How customers behave, as aggregates of customer_features and the gathered tables: what notebook 02 shows."""

from datetime import datetime

import numpy as np
import pandas as pd

from segkit.features import before
from segkit.features.orders import per_order
from segkit.tables import TABLES

TIERS = [(5.0, "daily"), (1.0, "weekly"), (12 / 52.18, "monthly"), (0.0, "rare")]  # active days per week, at least
QUANTILES = {"p1": 0.01, "p25": 0.25, "median": 0.5, "p75": 0.75, "p99": 0.99}


def distribution(customers: pd.DataFrame, glossary: pd.DataFrame) -> pd.DataFrame:
    """One line per numeric feature. Out: feature, unit, n, n_missing, mean, low, high (95 % of the mean), p1, p25, median, p75, p99.

    Of a yes/no answer (unit `share`) the mean, the share of yes, says it all: it has no percentiles.
    """
    lines = []
    for name, unit in zip(glossary.feature, glossary.unit):
        known = customers[name].dropna().astype("float64").sort_values()  # sorted: the order of customers changes no digit
        half = 1.96 * known.std() / np.sqrt(max(len(known), 1))
        lines.append(
            {
                "feature": name,
                "unit": unit,
                "n": len(known),
                "n_missing": len(customers) - len(known),
                "mean": known.mean(),
                "low": known.mean() - half,
                "high": known.mean() + half,
                **{key: np.nan if unit == "share" else known.quantile(q) for key, q in QUANTILES.items()},
            }
        )
    return pd.DataFrame(lines)


def histogram(customers: pd.DataFrame, names: list[str], bins: int = 16) -> pd.DataFrame:
    """Counts between the 1st and 99th percentile. Out: feature, left, right, log, n.

    Whole numbers that span few values, such as answers on a scale, get a bin each; else there are `bins`, on a log scale where the
    middle is far from the mean. Customers beyond the percentiles are counted in the outermost bins: an axis that reached to the
    maximum would show a person.
    """
    lines = []
    for name in names:
        known = customers[name].dropna().astype("float64").sort_values()
        low, high = known.quantile(0.01), known.quantile(0.99)
        few = bool(len(known) and (known % 1 == 0).all() and high - low < bins)
        log = bool(not few and known.min() >= 0 and known.skew() > 1)
        shape, back = (np.log1p, np.expm1) if log else (np.asarray, np.asarray)
        if few:
            edges = np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
        else:
            edges = np.linspace(shape(low), shape(high if high > low else low + 1), bins + 1)
        counts, _ = np.histogram(np.clip(shape(known), edges[0], edges[-1]), edges)
        lines += [
            {"feature": name, "left": float(back(a)), "right": float(back(b)), "log": log, "n": int(n)}
            for a, b, n in zip(edges, edges[1:], counts)
        ]
    return pd.DataFrame(lines)


def concentration(customers: pd.DataFrame, column: str) -> pd.DataFrame:
    """What share of a total the top customers hold. Out: top (share of customers, 5 % to 100 %), n, share (of the total); empty
    when there is no such column."""
    if column not in customers:
        return pd.DataFrame(columns=["top", "n", "share"])
    amounts = customers[column].fillna(0).astype("float64").sort_values(ascending=False).to_numpy()
    tops = np.arange(1, 21) / 20
    counts = [int(np.ceil(round(top * len(amounts), 9))) for top in tops]
    return pd.DataFrame({"top": tops, "n": counts, "share": [amounts[:n].sum() / amounts.sum() for n in counts]})


def activity(tables: dict, as_of: datetime):
    """Customer and month of every order and event before as_of, once each. Out: customer_id, month."""
    months = [
        before(tables[name], name, as_of).select("customer_id", month=tables[name][TABLES[name].time].truncate("M").cast("date"))
        for name in ("orders", "events")
        if name in tables
    ]
    both = months[0] if len(months) == 1 else months[0].union(months[1])
    return both.distinct()


def monthly(tables: dict, as_of: datetime | None) -> pd.DataFrame:
    """Month by month. Out: month, n (customers active), orders, revenue (when there are orders), complete (the month ended before as_of).

    Without a cut-off date, in a cross-sectional dataset, no month.
    """
    if as_of is None:
        return pd.DataFrame(columns=["month", "n", "complete"])
    active = activity(tables, as_of)
    table = active.group_by("month").aggregate(n=active.count()).order_by("month").execute()
    if "orders" in tables:
        placed = per_order(before(tables["orders"], "orders", as_of))
        sales = placed.group_by(month=placed.ordered_at.truncate("M").cast("date")).aggregate(
            orders=placed.count(), revenue=placed.amount.sum().cast("float64")
        )
        table = table.merge(sales.execute(), how="left", on="month")
    month = pd.to_datetime(table.month)
    return table.assign(month=month.dt.strftime("%Y-%m"), complete=month + pd.offsets.MonthEnd(0) < pd.Timestamp(as_of))


def cohorts(tables: dict, as_of: datetime | None, months: int = 12) -> pd.DataFrame:
    """Who came back, by month of first activity. Out: cohort, month (0 is the first), n (cohort's customers), value, low, high (Wilson).

    A cohort's month is shown only when it ended before as_of: a month cut short would look like churn. Without a cut-off date, none.
    """
    from scipy.stats import binomtest

    columns = ["cohort", "month", "n", "value", "low", "high"]
    if as_of is None:
        return pd.DataFrame(columns=columns)
    rows = activity(tables, as_of).order_by("customer_id", "month").execute()
    index = pd.PeriodIndex(pd.to_datetime(rows.month), freq="M").asi8
    last = pd.Period(as_of, freq="M").ordinal - 1
    rows = pd.DataFrame({"customer_id": rows.customer_id, "month": index})
    rows["cohort"] = rows.groupby("customer_id").month.transform("min")
    sizes = rows[rows.month == rows.cohort].groupby("cohort").size()
    back = rows[rows.month <= last].groupby(["cohort", "month"]).size()
    lines = []
    for cohort, n in sizes.items():
        for month in range(cohort, min(last, cohort + months) + 1):
            seen = binomtest(int(back.get((cohort, month), 0)), int(n))
            low, high = seen.proportion_ci(method="wilson")
            lines.append(
                {
                    "cohort": str(pd.Period(ordinal=cohort, freq="M")),
                    "month": month - cohort,
                    "n": int(n),
                    "value": seen.statistic,
                    "low": float(low),
                    "high": float(high),
                }
            )
    return pd.DataFrame(lines, columns=columns)


def usage_grid(customers: pd.DataFrame) -> pd.DataFrame:
    """Frequency x intensity of usage. Out: frequency (daily, weekly, monthly, rare), intensity (third of minutes per active day), n, share.

    Tiers are active days per week of tenure; thirds are cut on these same customers, who used the product at least once and
    whose minutes are known. Empty without usage.
    """
    columns = ["frequency", "intensity", "n", "share"]
    if "active_days" not in customers or customers.minutes_per_active_day.isna().all():
        return pd.DataFrame(columns=columns)
    users = customers[(customers.active_days > 0) & customers.minutes_per_active_day.notna()]
    frequency = users.active_days_per_week.map(lambda days: next(name for least, name in TIERS if days >= least))
    rank = users.minutes_per_active_day.rank(pct=True, method="average")
    intensity = np.select([rank <= 1 / 3, rank <= 2 / 3], ["short", "middle"], "long")
    counts = pd.crosstab(frequency, intensity).reindex(index=[name for _, name in TIERS], columns=["short", "middle", "long"], fill_value=0)
    return pd.DataFrame(
        [
            {
                "frequency": row,
                "intensity": column,
                "n": int(counts.loc[row, column]),
                "share": counts.loc[row, column] / max(len(users), 1),
            }
            for row in counts.index
            for column in counts.columns
        ]
    )
