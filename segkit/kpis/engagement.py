"""How much customers use the product after as_of. In: outcomes, one row per customer (see `segkit.kpis.outcomes`); out: values per customer."""

from dataclasses import asdict
from datetime import datetime, timedelta

import ibis
import pandas as pd

from segkit.kpis import intervals
from segkit.studies import Window, outcome_days

MONTH = 28  # days: whole weeks, so that weekends weigh alike


def used(events: ibis.Table, end: datetime) -> ibis.Table:
    """How much each customer used before `end`. Out: customer_id, usage_days, usage_days_of_month (of the last 28 days), features_tried,
    last_at."""
    day, late = events.occurred_at.date(), events.occurred_at >= end - timedelta(days=MONTH)
    return events.group_by("customer_id").aggregate(
        usage_days=day.nunique(),
        usage_days_of_month=day.nunique(where=late),
        features_tried=events.feature.nunique(),
        last_at=events.occurred_at.max(),
    )


def engagement(outcomes):
    """Share of the segment's customers (all are eligible) who used the product on at least one day a week of the outcome window. [share]"""
    return (outcomes.usage_days * 7 >= outcomes.attrs["days"]).astype(float)


def usage_days(outcomes):
    """Days of use per customer in the outcome window; who did not use it counts 0. [days]"""
    return outcomes.usage_days


def features_tried(outcomes):
    """Different features used per customer in the outcome window; who used none counts 0. [features]"""
    return outcomes.features_tried


def stickiness(outcomes):
    """Daily over monthly users: mean share of the last 28 days of the window on which those who came at all in them came. [share]"""
    return outcomes.usage_days_of_month / MONTH, (outcomes.usage_days_of_month > 0).astype(float)


def adoption(tables: dict[str, ibis.Table], window: Window | None, labels: pd.Series) -> pd.DataFrame:
    """Share of each segment's customers who used each feature in the outcome window. Out: segment, feature, value, low, high, n, se, events
    (who used it); the feature with most users first; no rows without events or an outcome window."""
    lines = []
    if "events" in tables and outcome_days(window):
        events = tables["events"]
        rows = events.filter((events.occurred_at >= window.as_of) & (events.occurred_at < window.end))
        # not `distinct`: sorted, ibis 12 keeps the moment among what PostgreSQL and Spark are to tell apart
        pairs = rows.group_by("customer_id", "feature").aggregate(times=rows.count())
        users = pairs.order_by("feature", "customer_id").execute()
        users = users[users.customer_id.isin(labels.index)]
        many = users.feature.value_counts(sort=False).to_dict()
        for feature in sorted(many, key=lambda feature: (-many[feature], feature)):
            used = labels.index.isin(users.customer_id[users.feature == feature])
            for segment in sorted(labels.unique(), key=lambda name: (len(name), name)):
                found = intervals.proportion(used[(labels == segment).to_numpy()])
                lines.append({"segment": segment, "feature": feature, **asdict(found)})
    return pd.DataFrame(lines, columns=["segment", "feature", "value", "low", "high", "n", "se", "events"])
