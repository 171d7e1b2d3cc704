"""How broadly and deeply customers use the product. Each function is the column it names; its first parameter is its grain."""

import ibis

from segkit.features.fold import ranked
from segkit.features.usage import per_event

TABLE = "events"
ABSENT = {"features_used": 0, "feature_breadth": 0.0}


def per_feature_day(events):
    """One row per customer, feature and calendar day. Out: customer_id, feature, day, uses, and with durations seconds, timed (uses whose
    duration is known)."""
    rows = per_event(events)
    columns = {"seconds": rows.seconds.sum(), "timed": rows.seconds.count()} if "seconds" in rows.columns else {}
    return rows.group_by("customer_id", "feature", "day").aggregate(uses=rows.count(), **columns)


def per_feature(events):
    """One row per customer and feature used. Out: customer_id, feature, uses, n_features (used by anybody before as_of)."""
    everything = events.aggregate(n=events.feature.nunique()).n.as_scalar()
    return events.group_by("customer_id", "feature").aggregate(uses=events.count()).mutate(n_features=everything)


def features_used(per_feature):
    """Number of different features used. [features]"""
    return per_feature.count()


def feature_breadth(per_feature):
    """Breadth: the features a customer used over all that anybody used before as_of. [share]"""
    return per_feature.count().cast("float64") / per_feature.n_features.max().cast("float64")


def top_feature_share(per_feature):
    """Share of a customer's events that are of the feature used most. [share]"""
    return per_feature.uses.max().cast("float64") / per_feature.uses.sum().cast("float64")


def feature_concentration(per_feature):
    """Herfindahl index of events over features: 1 is all of one, 1/n is evenly of n. [ratio]"""
    uses, total = per_feature.uses, per_feature.uses.sum().cast("float64")
    return (uses * uses).sum().cast("float64") / (total * total)


def uses_per_feature(customer):
    """Depth: events per feature used. [events]"""
    return customer.n_events.cast("float64") / customer.features_used.nullif(0).cast("float64")


def engagement_score(customer):
    """Mean of a customer's places among users in features used, sessions, and events per feature used (depth). A place is the share of
    users below, and half of those alike. Breadth ranks like features used and counts once; null without an event. [share]"""
    measured = [customer[name] for name in ("features_used", "n_sessions", "uses_per_feature")]
    (first, n), *others = [ranked(customer, customer.active_days > 0, column) for column in measured]
    return sum((twice for twice, _ in others), first).cast("float64") / (6 * n).cast("float64")


def engagement_level(customer):
    """High, medium and low: thirds of users by engagement, equal values alike; none without an event. [class]"""
    twice, n = ranked(customer, customer.active_days > 0, customer.engagement_score)
    return ibis.cases((customer.active_days == 0, "none"), (3 * twice > 4 * n, "high"), (3 * twice > 2 * n, "medium"), else_="low")
