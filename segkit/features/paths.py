"""Journeys counted inside the engine: only counts leave it. Names of channels and stages become numbers, so that no name can be mistaken.

`touches` are rows of `segkit.features.journey.per_touch`.
"""

import ibis


def per_state(touches, *keys):
    """One row per value of some columns, such as the channel. Out: these, touches, n (customers), conversions, and cost where it is known."""
    cost = {"cost": touches.cost.sum().cast("float64")} if "cost" in touches.columns else {}
    won = touches.is_conversion.ifelse(1, 0).sum().cast("int64")
    made = touches.group_by(*keys).aggregate(touches=touches.count(), n=touches.customer_id.nunique(), conversions=won, **cost)
    return made.order_by(*keys)


def numbered(touches, names):
    """The contacts with `state`: the number of their channel in `names`, from 1, and 0 for all others."""
    number = touches.channel.cases(*((name, at) for at, name in enumerate(names, 1)), else_=0) if names else ibis.literal(0)
    return touches.mutate(state=number.cast("int64"))


def first_uses(events, most):
    """When each customer first used a feature. Out: rows of customer_id, feature (a number from 1; 0 beyond the `most` used), first_used_at; and
    the features by number."""
    used = events.group_by("feature").aggregate(n=events.customer_id.nunique()).order_by(ibis.desc("n"), "feature").limit(most).execute()
    names = used.sort_values(["n", "feature"], ascending=[False, True]).feature.tolist()
    first = events.group_by("customer_id", "feature").aggregate(first_used_at=events.occurred_at.min())
    number = first.feature.cases(*((name, at) for at, name in enumerate(names, 1)), else_=0) if names else ibis.literal(0)
    return first.mutate(feature=number.cast("int64")), ("", *names)


def first_reached(touches):
    """One row per customer and stage they were in. Out: stage_rank, since (the first day in it), until (the first day in any later stage)."""
    rows = touches.filter(touches.stage_rank > 0)
    first = rows.group_by("customer_id", "stage_rank").aggregate(since=rows.occurred_at.min().date())
    later = ibis.window(group_by="customer_id", order_by=ibis.desc("stage_rank"), preceding=(None, 1))
    return first.mutate(until=first.since.min().over(later))


def histories(touches, width):
    """How many customers have the same contacts in the same order. Out: history (an array of numbers), n (customers).

    Each element is position * width + 2 * state + (1 if it is a conversion); width is above any 2 * state + 1.
    """
    return alike(touches, touches.position * width + touches.state * 2 + touches.is_conversion.ifelse(1, 0))


def alike(rows, code):
    """How many customers have the same numbers in their rows. Out: history (the numbers, sorted), n (customers); in the order of history."""
    each = rows.select("customer_id", code=code.cast("int64"))
    each = each.group_by("customer_id").aggregate(codes=each.code.collect())
    each = each.mutate(history=each.codes.sort())  # sorted afterwards: not every engine collects in an order
    return each.group_by("history").aggregate(n=each.count()).order_by("history")


def upgrades(placed):
    """Orders that are larger than each of the customer's earlier ones, of whom there is at least one. Out: the orders, and is_upgrade."""
    earlier = ibis.window(group_by="customer_id", order_by="order_number", preceding=(None, 1))
    return placed.mutate(is_upgrade=(placed.amount > placed.amount.max().over(earlier)).fill_null(False))


def moments(placed, touches, first_uses, as_of, days):
    """Contacts and first uses of a feature by customers who had ordered before, until `days` before as_of, when it is known what followed.

    In: orders numbered in time (`per_order`), touches with a state, first_uses with a feature's number (each may be None). A conversion is no
    such moment: it is the purchase itself. An order at the very moment of a contact counts as before it. Out: customer_id, month (since year
    0), n_orders (so far), days_since_order, is_first_use, stage_rank, state, feature (numbers; 0 for none), upgrades (1 if one follows in time).
    """
    none, numbers = (
        ibis.null("timestamp(6)"),
        {name: ibis.literal(0, "int64") for name in ("is_first_use", "stage_rank", "state", "feature")},
    )
    orders = upgrades(placed.filter(placed.is_placed))
    rows = orders.select(
        "customer_id",
        at=orders.ordered_at,
        ordered_at=orders.ordered_at,
        upgraded_at=orders.is_upgrade.ifelse(orders.ordered_at, none),
        turn=ibis.literal(0, "int64"),
        **numbers,
    )
    for each, time, known in ((touches, "occurred_at", ("stage_rank", "state")), (first_uses, "first_used_at", ("feature",))):
        if each is not None:
            each = each.filter(~each.is_conversion) if each is touches else each
            said = numbers | {name: each[name] for name in known} | {"is_first_use": ibis.literal(int("feature" in known), "int64")}
            moment = {"at": each[time], "ordered_at": none, "upgraded_at": none, "turn": ibis.literal(1, "int64")}
            rows = rows.union(each.select("customer_id", **moment, **said))
    so_far = ibis.cumulative_window(group_by="customer_id", order_by=["at", "turn"])
    still_to_come = ibis.cumulative_window(group_by="customer_id", order_by=[ibis.desc("at"), ibis.desc("turn")])
    rows = rows.mutate(
        n_orders=(1 - rows.turn).sum().over(so_far),
        last_at=rows.ordered_at.max().over(so_far),
        next_at=rows.upgraded_at.min().over(still_to_come),
    )
    seen = ibis.literal(as_of).date().delta(rows.at.date(), unit="day") > days
    rows = rows.filter((rows.turn == 1) & (rows.n_orders > 0) & seen)
    soon = rows.next_at.date().delta(rows.at.date(), unit="day") <= days
    return rows.select(
        "customer_id",
        "n_orders",
        *numbers,
        month=rows.at.year() * 12 + rows.at.month() - 1,
        days_since_order=rows.at.date().delta(rows.last_at.date(), unit="day"),
        upgrades=soon.fill_null(False).ifelse(1, 0),
    )
