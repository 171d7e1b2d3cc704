"""Which features of the product are used: by how many, how much, how soon, and how many come back on a day."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from segkit.behavior.usage import proportion
from segkit.features import before, engagement, usage

ADOPTION_DAYS = (7, 30, 90)
STICKY_DAYS = 28
ANY = "any feature"


def feature_engagement(tables: dict, as_of: datetime | None) -> pd.DataFrame:
    """How each feature is used before as_of. In: events. Out: feature, n (customers who used it), users (of anything), unit, value, low,
    high (reach: n / users, 95 % Wilson), uses_per_user, days_per_week (days of use per week since a user's first use of it; the first
    week counts whole), and with durations minutes_per_use (of uses whose duration is known). Most reached first, then by name; empty
    without events or dates."""
    columns = ["feature", "n", "users", "unit", "value", "low", "high", "uses_per_user", "days_per_week"]
    rows = _feature_days(tables, as_of)
    timed = rows is not None and "seconds" in rows.columns
    columns += ["minutes_per_use"] if timed else []
    users = 0 if rows is None else int(rows.customer_id.nunique().execute())
    if not users:
        return pd.DataFrame(columns=columns)
    sums = {"uses": rows.uses.sum(), "days": rows.count(), "age": usage.days_since_first_use(rows, as_of)}
    sums |= {"seconds": rows.seconds.sum(), "timed": rows.timed.sum()} if timed else {}
    person = rows.group_by("customer_id", "feature").aggregate(**sums)
    totals = {name: person[name].sum() for name in sums if name != "age"} | {"age": person.age.clip(lower=7).sum()}
    table = person.group_by("feature").aggregate(n=person.count(), **totals).execute()
    numbers = [name for name in table if name != "feature"]
    table[numbers] = table[numbers].astype("float64")
    table = table.sort_values(["n", "feature"], ascending=[False, True], ignore_index=True).assign(users=users, unit="share")
    table[["value", "low", "high"]] = [proportion(int(n), users) for n in table.n]
    table = table.assign(uses_per_user=table.uses / table.n, days_per_week=7 * table.days / table.age)
    if timed:
        table["minutes_per_use"] = table.seconds / 60 / table.timed.where(table.timed > 0)
    return table.astype({"n": "int64"})[columns]


def feature_adoption(tables: dict, as_of: datetime | None, days: tuple[int, ...] = ADOPTION_DAYS) -> pd.DataFrame:
    """How soon each feature is taken up: the share of users who used it within their first 7, 30 and 90 days, that of their first event
    included. In: events. Out: feature, days, n (users whose first so many days were over by as_of), adopters, value, low, high (95 % Wilson).

    Who is not old enough to tell is left out, so that a growing company's features do not look slow; hence n differs between `days`, and
    the share may even fall. Who used the product before the data begin looks new. In the order of `feature_engagement`.
    """
    columns = ["feature", "days", "n", "adopters", "value", "low", "high"]
    rows = _feature_days(tables, as_of)
    if rows is None:
        return pd.DataFrame(columns=columns)
    user = rows.group_by("customer_id").aggregate(began=rows.day.min(), age=usage.days_since_first_use(rows, as_of))
    first = rows.group_by("customer_id", "feature").aggregate(first_on=rows.day.min()).join(user, "customer_id")
    after = first.first_on.delta(first.began, unit="day")
    took = {f"d{day}": first.count(where=(after < day) & (first.age >= day)) for day in days}
    table = first.group_by("feature").aggregate(users=first.count(), **took).execute()
    old = user.aggregate(**{f"d{day}": user.count(where=user.age >= day) for day in days}).execute().iloc[0]
    table = table.sort_values(["users", "feature"], ascending=[False, True])
    lines = [
        (row["feature"], day, int(old[f"d{day}"]), int(row[f"d{day}"]), *proportion(int(row[f"d{day}"]), int(old[f"d{day}"])))
        for row in table.to_dict("records")
        for day in days
        if old[f"d{day}"]
    ]
    return pd.DataFrame(lines, columns=columns)


def stickiness(tables: dict, as_of: datetime | None) -> pd.DataFrame:
    """Mean daily actives over monthly actives in the 28 days before as_of, of the product (first line) and of each feature. In: events.

    Out: feature (`any feature` first), n (customers active in the 28 days), daily (mean number active on a day), unit, value, low, high.
    The ratio is the mean share of the 28 days on which those customers were active; hence its interval (95 %, Student's t over customers;
    none where all are alike). Empty without events or dates, and where the data begin less than 28 days before as_of: days that nobody
    recorded are not days without use.
    """
    columns = ["feature", "n", "daily", "unit", "value", "low", "high"]
    rows = _feature_days(tables, as_of)
    if rows is None:
        return pd.DataFrame(columns=columns)
    start = (as_of - timedelta(days=STICKY_DAYS)).date()
    begins = rows.day.min().execute()
    if pd.isna(begins) or pd.Timestamp(begins).date() > start:
        return pd.DataFrame(columns=columns)
    rows = rows.filter(rows.day >= start)
    lines = []
    for group in ([], ["feature"]):
        person = rows.group_by("customer_id", *group).aggregate(days=rows.day.nunique())
        sums = {"n": person.count(), "total": person.days.sum(), "squares": (person.days * person.days).sum()}
        table = person.group_by(*group).aggregate(**sums).execute() if group else person.aggregate(**sums).execute().assign(feature=ANY)
        table = table[table.n > 0].sort_values(["n", "feature"], ascending=[False, True])
        lines += [(row["feature"], int(row["n"]), *_sticky(**row)) for row in table.to_dict("records")]
    return pd.DataFrame(lines, columns=columns)


def _feature_days(tables: dict, as_of: datetime | None):
    """Customer, feature and day before as_of; None without events or dates."""
    if as_of is None or "events" not in tables:
        return None
    return engagement.per_feature_day(before(tables["events"], "events", as_of))


def _sticky(n: int, total: int, squares: int, feature: str) -> tuple:
    """daily, unit, value, low, high of n customers with their days of use and the squares of them summed up."""
    from scipy.stats import t

    n, total, squares = int(n), int(total), int(squares)
    value, apart = total / n / STICKY_DAYS, n * squares - total * total  # whole numbers: exactly 0 where all are alike
    if n < 2 or apart == 0:  # one customer, or all alike, tell nothing of how customers spread
        return total / STICKY_DAYS, "share", value, np.nan, np.nan
    half = t.ppf(0.975, n - 1) * np.sqrt(apart / (n - 1)) / n / STICKY_DAYS
    return total / STICKY_DAYS, "share", value, max(value - half, 0.0), min(value + half, 1.0)
