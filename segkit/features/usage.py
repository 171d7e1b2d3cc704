"""How often and how much customers use the product. Each function is the column it names; its first parameter is its grain.

An event belongs whole to the day and moment it begins. A duration below 0 says nothing and counts as not known.
"""

import ibis

from segkit.features.fold import needs

TABLE = "events"
ABSENT = {"n_events": 0, "active_days": 0, "recent_active_days": 0, "earlier_active_days": 0}  # what a customer without any event has
TIERS = {"daily": 5.0, "weekly": 1.0, "monthly": 12 / 52.18}  # active days per week, at least; less is rare
TREND_DAYS = 28  # what counts as recent, and the stretch before it to compare with: whole weeks, so that weekends weigh alike
LEAST_ACTIVE_DAYS = 4  # once a week in the earlier stretch: fewer days fall by half too easily to mean anything


def per_event(events):
    """One row per event. Out: customer_id, occurred_at, feature, day, and where there are such columns seconds, session_id."""
    columns = {"day": events.occurred_at.date()}
    if "duration_seconds" in events.columns:
        columns["seconds"] = ibis.cases((events.duration_seconds >= 0, events.duration_seconds))
    kept = [name for name in ("customer_id", "occurred_at", "feature", "session_id") if name in events.columns]
    return events.select(*kept, **columns)


def per_day(events):
    """One row per customer and calendar day with at least one event. Out: customer_id, day, events, and with durations seconds."""
    rows = per_event(events)
    columns = {"seconds": rows.seconds.sum()} if "seconds" in rows.columns else {}
    return rows.group_by("customer_id", "day").aggregate(events=rows.count(), **columns)


def n_events(per_day):
    """Number of events. [events]"""
    return per_day.events.sum().cast("int64")


def active_days(per_day):
    """Number of days with at least one event. [days]"""
    return per_day.count()


@needs("duration_seconds")
def usage_seconds(per_day):
    """Sum of all event durations that are known. [seconds]"""
    return per_day.seconds.sum().cast("int64")


def last_used_on(per_day):
    """Day of the last event."""
    return per_day.day.max()


def days_since_first_use(per_day, as_of):
    """Calendar days from the first event to as_of. [days]"""
    return ibis.literal(as_of).date().delta(per_day.day.min(), unit="day")


def recent_active_days(per_day, as_of):
    """Number of days with at least one event among the last 28 before as_of. [days]"""
    return per_day.count(where=_age(per_day, as_of) <= TREND_DAYS)


def earlier_active_days(per_day, as_of):
    """Number of days with at least one event among the 28 before the last 28. [days]"""
    return per_day.count(where=_age(per_day, as_of).between(TREND_DAYS + 1, 2 * TREND_DAYS))


def days_since_last_use(customer, as_of):
    """Calendar days from the last event to as_of. [days]"""
    return ibis.literal(as_of).date().delta(customer.last_used_on, unit="day")


def days_to_first_use(customer):
    """Calendar days from the day a customer was first seen (signed up, ordered or used the product) to the first event; null if there is none. [days]"""
    return customer.tenure_days - customer.days_since_first_use


def active_days_per_week(customer):
    """Usage frequency: days with at least one event per week of tenure; the first week counts whole. [days]"""
    return customer.active_days.cast("float64") * 7.0 / ibis.greatest(customer.tenure_days, 7).cast("float64")


def frequency_tier(customer):
    """Active days per week: daily (at least 5), weekly (at least 1), monthly (at least 12 a year), rare (fewer), none (no event). [class]"""
    tiers = [(customer.active_days_per_week >= least, tier) for tier, least in TIERS.items()]
    return ibis.cases((customer.active_days == 0, "none"), *tiers, else_="rare")


@needs("duration_seconds")
def minutes_per_active_day(customer):
    """Usage intensity: minutes per day with at least one event, never per calendar day. [minutes]"""
    return customer.usage_seconds.cast("float64") / 60.0 / customer.active_days.nullif(0).cast("float64")


def events_per_active_day(customer):
    """Usage intensity in actions: events per day with at least one event, never per calendar day. [events]"""
    return customer.n_events.cast("float64") / customer.active_days.nullif(0).cast("float64")


def usage_trend(customer):
    """Active days of the last 28 days against the 28 before: (recent - earlier) / (recent + earlier), from -1 (stopped) to 1 (began); 0 is steady. [ratio]"""
    recent, earlier = customer.recent_active_days, customer.earlier_active_days
    return (recent - earlier).cast("float64") / (recent + earlier).nullif(0).cast("float64")


def user_status(customer):
    """Non-user (no event), new (first event in the last 28 days), regular (active in the last 28 and in the 28 before), reactivated
    (active in the last 28, not in the 28 before, but earlier), lapsed (active before, not in the last 28). [class]"""
    return ibis.cases(
        (customer.active_days == 0, "non-user"),
        (customer.recent_active_days == 0, "lapsed"),
        (customer.days_since_first_use <= TREND_DAYS, "new"),
        (customer.earlier_active_days > 0, "regular"),
        else_="reactivated",
    )


def is_declining(customer):
    """1 if use fell by half or more: at least 4 active days in the 28 before the last 28, and at most half as many in the last 28. [yes_no]"""
    recent, earlier = customer.recent_active_days, customer.earlier_active_days
    return ibis.cases(((earlier >= LEAST_ACTIVE_DAYS) & (2 * recent <= earlier), 1), else_=0).cast("int64")


def _age(per_day, as_of):
    """Calendar days from a day to as_of, which is a midnight: 1 is the day before."""
    return ibis.literal(as_of).date().delta(per_day.day, unit="day")
