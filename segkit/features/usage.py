"""How customers use the product. Each function is the column it names; its first parameter is the grain it is computed on."""

import ibis

ABSENT = {"active_days": 0, "features_used": 0}  # what a customer without any event has


def per_day(events):
    """One row per customer and calendar day with at least one event."""
    seconds = events.duration_seconds.sum() if "duration_seconds" in events.columns else ibis.null("int64")
    return events.group_by("customer_id", day=events.occurred_at.date()).aggregate(seconds=seconds)


def per_feature(events):
    """One row per customer and feature used."""
    return events.group_by("customer_id", "feature").aggregate(uses=events.count())


def active_days(per_day):
    """Number of days with at least one event. [days]"""
    return per_day.count()


def usage_seconds(per_day):
    """Sum of all event durations. [seconds]"""
    return per_day.seconds.sum().cast("int64")


def last_used_on(per_day):
    """Day of the last event."""
    return per_day.day.max()


def features_used(per_feature):
    """Number of different features used. [features]"""
    return per_feature.count()


def minutes_per_active_day(customer):
    """Usage intensity: minutes per day with at least one event, never per calendar day. [minutes]"""
    return customer.usage_seconds.cast("float64") / 60.0 / customer.active_days.nullif(0).cast("float64")


def active_days_per_week(customer):
    """Usage frequency: days with at least one event per week of tenure; the first week counts whole. [days]"""
    return customer.active_days.cast("float64") * 7.0 / ibis.greatest(customer.tenure_days, 7).cast("float64")


def days_since_last_use(customer, as_of):
    """Calendar days from the last event to as_of. [days]"""
    return ibis.literal(as_of).date().delta(customer.last_used_on, unit="day")
