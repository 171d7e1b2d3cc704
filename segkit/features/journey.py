"""How customers were reached on their journey. Each function is the column it names; its first parameter is its grain.

Contacts of one moment have an order, too: a conversion comes last, an earlier stage first, then the channel's name decides.
"""

import ibis

from segkit.features.fold import needs

TABLE = "touchpoints"
ABSENT = {"n_touchpoints": 0, "n_touch_channels": 0, "n_conversions": 0, "path_length": 0, "touch_cost": 0}
EVER = 1_000_000  # days: longer than anything


def per_touch(touchpoints, stages):
    """One row per contact, in its place on the customer's way. Columns of the table, and:

    stage_rank (1 is the first of `stages`; 0 where no stage is known), position (1 is the customer's first contact), is_last (of the
    customer), journey (conversions before it: what follows a conversion is a new journey).
    """
    rows = touchpoints.mutate(stage_rank=_rank(touchpoints, stages))
    in_time = {"group_by": "customer_id", "order_by": ["occurred_at", "is_conversion", "stage_rank", "channel"]}
    so_far = ibis.cumulative_window(**in_time)
    won = rows.is_conversion.ifelse(1, 0)
    return rows.mutate(
        position=ibis.row_number().over(so_far) + 1,
        is_last=rows.channel.lead().over(ibis.window(**in_time)).isnull(),
        journey=won.sum().over(so_far) - won,
    )


def per_touch_channel(touchpoints):
    """One row per customer and channel of contact. Out: customer_id, channel, touches."""
    return touchpoints.group_by("customer_id", "channel").aggregate(touches=lambda rows: rows.count())


def n_touchpoints(per_touch):
    """Number of contacts. [contacts]"""
    return per_touch.count()


def n_conversions(per_touch):
    """Number of contacts that led to a purchase. [conversions]"""
    return per_touch.count(where=per_touch.is_conversion)


def path_length(per_touch):
    """Contacts up to the first conversion, itself included; without a conversion all contacts so far. [contacts]"""
    return per_touch.count(where=per_touch.journey == 0)


def first_touch_channel(per_touch):
    """Channel of the first contact. [class]"""
    return per_touch.channel.max(where=per_touch.position == 1)


def last_touch_channel(per_touch):
    """Channel of the last contact. [class]"""
    return per_touch.channel.max(where=per_touch.is_last)


def first_touched_at(per_touch):
    """Moment of the first contact."""
    return per_touch.occurred_at.min()


def last_touched_at(per_touch):
    """Moment of the last contact."""
    return per_touch.occurred_at.max()


def first_converted_at(per_touch):
    """Moment of the first conversion."""
    return per_touch.occurred_at.min(where=per_touch.is_conversion)


@needs("cost")
def touch_cost(per_touch):
    """Sum of what the contacts cost, as far as it is known. [currency]"""
    return per_touch.cost.sum()


@needs("stage")
def furthest_stage(per_touch):
    """The furthest stage of the journey a customer has reached: 1 is the first. [stage]"""
    return per_touch.stage_rank.max().nullif(0)


@needs("stage")
def days_in_stage(per_touch, as_of):
    """Calendar days since a customer first reached their furthest stage. [days]"""
    ago = ibis.literal(as_of).date().delta(per_touch.occurred_at.date(), unit="day")
    return (per_touch.stage_rank.nullif(0) * EVER + ago).max() % EVER  # the furthest stage, and of its contacts the oldest


def n_touch_channels(per_touch_channel):
    """Number of different channels of contact. [channels]"""
    return per_touch_channel.count()


def top_touch_channel_share(per_touch_channel):
    """Share of contacts in a customer's main channel. [share]"""
    return per_touch_channel.touches.max().cast("float64") / per_touch_channel.touches.sum().cast("float64")


def journey_days(customer):
    """Calendar days from the first contact to the last. [days]"""
    return customer.last_touched_at.date().delta(customer.first_touched_at.date(), unit="day")


def days_to_conversion(customer):
    """Calendar days from the first contact to the first conversion. [days]"""
    return customer.first_converted_at.date().delta(customer.first_touched_at.date(), unit="day")


def days_since_last_touch(customer, as_of):
    """Calendar days from the last contact to as_of. [days]"""
    return ibis.literal(as_of).date().delta(customer.last_touched_at.date(), unit="day")


def touches_per_conversion(customer):
    """Contacts per conversion; nothing where there is none yet. [contacts]"""
    return customer.n_touchpoints.cast("float64") / customer.n_conversions.nullif(0).cast("float64")


@needs("stage")
def furthest_stage_name(customer, stages):
    """Name of the furthest stage a customer has reached. [class]"""
    return customer.furthest_stage.cases(*((at, name) for at, name in enumerate(stages, 1)))


def _rank(touchpoints, stages):
    """The number of a contact's stage, from 1; 0 where it has none."""
    if "stage" not in touchpoints.columns:
        return ibis.literal(0, "int64")
    return touchpoints.stage.cases(*((name, at) for at, name in enumerate(stages, 1)), else_=0).cast("int64")
