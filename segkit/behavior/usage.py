"""How customers use the product: how often by how much, and who comes, stays and goes."""

from datetime import datetime

import numpy as np
import pandas as pd

from segkit.errors import BadInput
from segkit.features import before
from segkit.features.usage import LEAST_ACTIVE_DAYS, TIERS

FREQUENCY_CUT = 1.0  # active days a week
NAMES = ("casual", "social", "competitive", "hardcore")  # low/low, high/low, low/high, high/high in frequency/intensity
STATUSES = ("new", "regular", "reactivated", "lapsed", "non-user")  # the first three are active
INTENSITY = {"minutes_per_active_day": "minutes", "events_per_active_day": "events"}  # the first that is known of anybody


def usage_grid(
    customers: pd.DataFrame, frequency_cut: float = FREQUENCY_CUT, intensity_cut: float | None = None, names: tuple[str, ...] = NAMES
) -> pd.DataFrame:
    """Users by how often and how much they use the product. In: customer_features. Out: frequency, intensity (low, high), name, n, share,
    measure (of intensity: minutes, events), frequency_cut, intensity_cut.

    High frequency is at least `frequency_cut` active days per week; high intensity is more than `intensity_cut` minutes (without
    durations: events) per active day, by default the median of these users, so that those at the median are low. To look at another
    window with the same eyes give it the cuts of the first. Users whose minutes are not known are left out. `names` are those of low/low,
    high/low, low/high and high/high. Empty without users. Raises BadInput for cuts below 0 and for names that are not four.
    """
    for word, cut in (("frequency_cut", frequency_cut), ("intensity_cut", 0.0 if intensity_cut is None else intensity_cut)):
        if isinstance(cut, (bool, str)) or not np.isfinite(cut) or cut < 0:
            raise BadInput(f"{word} is {cut!r}", "a cut is a number of days, minutes or events, from 0", "give another one")
    if isinstance(names, str) or len(set(names)) != 4 or len(names) != 4:
        raise BadInput(f"the usage grid has 4 cells, and names are {names!r}", do="give four different names")
    columns = ["frequency", "intensity", "name", "n", "share", "measure", "frequency_cut", "intensity_cut"]
    column = next((name for name in INTENSITY if name in customers and customers[name].notna().any()), None)
    if column is None:
        return pd.DataFrame(columns=columns)
    users = customers[customers[column].notna()]
    amounts = users[column].astype("float64")
    cut = float(np.median(amounts.sort_values())) if intensity_cut is None else float(intensity_cut)
    often, much = users.active_days_per_week.astype("float64") >= frequency_cut, amounts > cut
    cells = [(False, False), (True, False), (False, True), (True, True)]
    counts = [int(((often == cell[0]) & (much == cell[1])).sum()) for cell in cells]
    level = {False: "low", True: "high"}
    lines = [
        (level[cell[0]], level[cell[1]], name, n, n / len(users), INTENSITY[column], float(frequency_cut), cut)
        for cell, name, n in zip(cells, names, counts)
    ]
    return pd.DataFrame(lines, columns=columns)


def frequency_tiers(customers: pd.DataFrame) -> pd.DataFrame:
    """How often users use the product. Out: tier (daily, weekly, monthly, rare; see the feature frequency_tier), n, share (of users)."""
    return _sizes(customers, "frequency_tier", "tier", (*TIERS, "rare"))


def engagement_levels(customers: pd.DataFrame) -> pd.DataFrame:
    """How engaged users are. Out: level (high, medium, low; see the feature engagement_level), n, share (of users)."""
    return _sizes(customers, "engagement_level", "level", ("high", "medium", "low"))


def user_statuses(customers: pd.DataFrame) -> pd.DataFrame:
    """Who is new, regular, back or gone in the last 28 days. Out: status (see the feature user_status), is_active (in the last 28 days:
    how many are is told elsewhere, too, so that small cells are hidden within it), n, share (of all customers)."""
    table = _sizes(customers, "user_status", "status", STATUSES)
    table.insert(1, "is_active", table.status.isin(STATUSES[:3]))
    return table


def usage_decline(customers: pd.DataFrame) -> pd.DataFrame:
    """Whose use fell by half or more, among those with at least 4 active days in the 28 before the last 28. In: customer_features.

    Out: use (declining, holding), n, unit, value, low, high (share of them, 95 % Wilson interval); empty where there is nobody to tell of.
    """
    columns = ["use", "n", "unit", "value", "low", "high"]
    if "is_declining" not in customers or not (asked := customers[customers.earlier_active_days >= LEAST_ACTIVE_DAYS]).size:
        return pd.DataFrame(columns=columns)
    down = int(asked.is_declining.sum())
    lines = [(use, n, "share", *proportion(n, len(asked))) for use, n in (("declining", down), ("holding", len(asked) - down))]
    return pd.DataFrame(lines, columns=columns)


def user_status_by_month(tables: dict, as_of: datetime | None) -> pd.DataFrame:
    """Who came, stayed, came back and left, month by month. In: events. Out: month, n (active), new (first month), regular (active the
    month before, too), reactivated (active before, but not the month before), lapsed (active the month before, not now), least (the
    smallest count above 0 in the row: `privacy.hide_small_cells` hides by it, since a row's counts tell each other).

    n = n of the month before - lapsed + new + reactivated. Only months that ended by as_of, from the first one with an event; those
    without any event are there. The first month makes everybody new. Empty without events or dates.
    """
    columns = ["month", "n", "new", "regular", "reactivated", "lapsed", "least"]
    if as_of is None or "events" not in tables:
        return pd.DataFrame(columns=columns)
    moment = before(tables["events"], "events", as_of).occurred_at
    ends = as_of.year * 12 + as_of.month - 1  # the month of as_of is not whole
    rows = before(tables["events"], "events", as_of).select("customer_id", month=moment.year() * 12 + moment.month() - 1).distinct()
    rows = rows.filter(rows.month < ends)
    in_time = {"group_by": "customer_id", "order_by": "month"}
    rows = rows.mutate(earlier=rows.month.lag().over(**in_time), later=rows.month.lead().over(**in_time))
    known = rows.earlier.notnull()  # Spark counts nothing as null, not as 0
    counts = rows.group_by("month").aggregate(
        n=rows.count(),
        new=rows.count(where=rows.earlier.isnull()),
        regular=rows.count(where=known & (rows.earlier == rows.month - 1)),
        reactivated=rows.count(where=known & (rows.earlier < rows.month - 1)),
        leaving=rows.count(where=rows.later.isnull() | (rows.later > rows.month + 1)),
    )
    table = counts.order_by("month").execute().set_index("month")
    if table.empty:
        return pd.DataFrame(columns=columns)
    table = table.reindex(range(int(table.index.min()), ends), fill_value=0)
    table["lapsed"] = table.leaving.shift(1, fill_value=0)
    table["least"] = table[columns[1:-1]].where(table[columns[1:-1]] > 0).min(axis=1).fillna(0)
    table = table.drop(columns="leaving").astype("int64").reset_index()
    return table.assign(month=[f"{month // 12}-{month % 12 + 1:02d}" for month in table.month])[columns]


def proportion(n: int, total: int) -> tuple[float, float, float]:
    """n / total with its 95 % Wilson interval."""
    from scipy.stats import binomtest

    seen = binomtest(n, total)
    low, high = seen.proportion_ci(method="wilson")
    return float(seen.statistic), float(low), float(high)


def _sizes(customers: pd.DataFrame, column: str, name: str, classes: tuple[str, ...]) -> pd.DataFrame:
    """How many customers are in each of these classes, and their share of those in any; empty without the column or anybody."""
    counts = customers[column].value_counts().reindex(classes, fill_value=0) if column in customers else pd.Series(dtype=int)
    if not counts.sum():
        return pd.DataFrame(columns=[name, "n", "share"])
    return pd.DataFrame({name: classes, "n": counts.to_numpy(dtype=int), "share": counts.to_numpy(dtype=int) / int(counts.sum())})
