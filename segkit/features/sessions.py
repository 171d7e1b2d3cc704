"""Sessions of use. Each function is the column it names; its first parameter is the grain it is computed on.

Times are read to the second. They are the wall clock's: where clocks go forward a pause looks an hour longer, where they go back an hour
is heard twice and a session may look shorter; its length is never negative.
"""

import ibis

from segkit.features.fold import needs
from segkit.features.usage import per_event

TABLE = "events"
ABSENT = {"n_sessions": 0}
PAUSE_SECONDS = 30 * 60  # a longer pause ends a session: the custom of web analytics


def per_session(events):
    """One row per session: what bears one session_id; a customer's events without one are cut where nothing happens for more than 30 minutes.

    A session lasts from its first event to the end of the last to end. Out: customer_id, begun, ended (seconds since 1970), and with
    durations seconds (null where no duration of the session is known: a single moment has no length).
    """
    rows = per_event(events)
    begun = rows.occurred_at.truncate("s").epoch_seconds().cast("int64")
    rows = rows.mutate(begun=begun, ended=begun + rows.seconds.fill_null(0) if "seconds" in rows.columns else begun)
    if "session_id" not in rows.columns:
        return _merged(_cut(rows), "number")
    loose = _merged(_cut(rows.filter(rows.session_id.isnull())), "number")
    return _merged(rows.filter(rows.session_id.notnull()), "session_id").union(loose)


def n_sessions(per_session):
    """Number of sessions: those named by the data, else cut by pauses of more than 30 minutes. [sessions]"""
    return per_session.count()


@needs("duration_seconds")
def minutes_per_session(per_session):
    """Mean minutes from the first event of a session to the end of its last, over sessions of which any duration is known. [minutes]"""
    seconds = per_session.seconds
    return seconds.sum().cast("float64") / 60.0 / seconds.count().nullif(0).cast("float64")


def sessions_per_active_day(customer):
    """Sessions per day with at least one event. [sessions]"""
    return customer.n_sessions.cast("float64") / customer.active_days.nullif(0).cast("float64")


def _cut(rows):
    """Events with the number of the session they belong to, by pauses. Rows that tie are the same in all that counts."""
    in_time = {"group_by": "customer_id", "order_by": ["begun", "ended"]}
    rows = rows.mutate(ended_before=rows.ended.max().over(rows=(None, -1), **in_time))
    rows = rows.mutate(opens=ibis.cases((rows.begun - rows.ended_before > PAUSE_SECONDS, 1), else_=0))
    return rows.mutate(number=rows.opens.sum().over(rows=(None, 0), **in_time))


def _merged(rows, session):
    """One row per customer and session."""
    columns = {"begun": rows.begun.min(), "ended": rows.ended.max()}
    if "seconds" in rows.columns:
        columns["seconds"] = ibis.cases((rows.seconds.notnull().any(), rows.ended.max() - rows.begun.min()))
    return rows.group_by("customer_id", session).aggregate(**columns).drop(session)
