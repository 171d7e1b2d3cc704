"""What the company sees of its people: orders, events, touchpoints, contacts, feedback, costs."""

import numpy as np
import pandas as pd

from segkit.demo.plan import DAYS, FEATURES, NEEDS, START, ids, moment, rate

CATEGORIES = np.array("seats credits storage templates training add_ons".split())
PRICES = np.round(100 * np.exp(np.linspace(1.2, 5.2, 180))).astype(int) // 10 * 10 + 9  # cents
JOURNEY = pd.DataFrame(
    {  # channels of each stage, most used first
        "awareness": ["social_ads", "search_ads", "referral", "webinar"],
        "retention": ["email", "in_app", "webinar", "sales_call"],
        "consideration": ["search_ads", "email", "webinar", "sales_call"],
        "advocacy": ["referral", "community", "in_app", "email"],
        "decision": ["sales_call", "search_ads", "email", "referral"],
    }
)
TOUCH_COST = {"social_ads": 0.9, "search_ads": 1.8, "webinar": 4, "email": 0.02, "sales_call": 14}


def order_days(rng: np.random.Generator, people: pd.DataFrame, audience: pd.DataFrame) -> np.ndarray:
    """customers x DAYS, true where an order is placed. Every third impulse to buy becomes one: more regular than chance."""
    impulse = rng.random((len(people), DAYS), dtype="float32") < 3 * rate(people, "orders")
    ordered = impulse & (impulse.cumsum(axis=1, dtype="int16") % 3 == 0)
    starter = np.flatnonzero((people.story != "never") & (rng.random(len(people)) < 0.96))
    ordered[starter, np.ceil(people.signed.to_numpy()[starter]).astype(int)] = True
    moved = audience[audience.moved]
    ordered[moved.person, moved.day + rng.integers(1, 8, len(moved))] = True
    return ordered


def orders(rng: np.random.Generator, people: pd.DataFrame, ordered: np.ndarray) -> pd.DataFrame:
    """Clean order lines. A customer looks for a price and a category and takes the nearest of the products."""
    person, day = np.nonzero(ordered)
    second = rng.normal(52200, 10800, len(person)).clip(0, 86399).astype(int)
    by_time = np.lexsort((second, day))
    order = np.repeat(np.arange(len(person)), 1 + rng.poisson(0.22, len(person)).clip(0, 5))
    person, day, second = person[by_time][order], day[by_time][order], second[by_time][order]
    wanted = 100 * np.exp(rng.normal(3.35, 0.58, len(order)) + people.price_level.to_numpy()[person])
    category = np.where(rng.random(len(order)) < 0.35, people.need.to_numpy()[person], rng.integers(0, 6, len(order)))
    product = np.searchsorted(PRICES[:-1], wanted) // 6 * 6 + category  # neighbours in price are of the six categories
    quantity = rng.geometric(0.72, len(order)).clip(1, 12)
    channel = np.searchsorted([0.58, 0.88], rng.random(len(by_time)))[order]
    lines = pd.DataFrame(
        {
            "customer_id": people.customer_id.to_numpy()[person],
            "ordered_at": moment(day, second),
            "amount": quantity * PRICES[product] / 100,
            "order_id": ids("O", order + 1, 7),
            "product_id": ids("P", product + 1, 3),
            "category": CATEGORIES[category],
            "quantity": quantity,
            "unit_price": PRICES[product] / 100,
            "channel": np.array(["web", "app", "sales"])[channel],
            "is_return": False,
        }
    )
    return lines.drop_duplicates(["order_id", "product_id"], ignore_index=True)


def dirty(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, ordered_at, amount, order_id, product_id, category, quantity, unit_price, channel, is_return), dirty."""
    anonymous = orders.order_id.isin(orders.order_id.drop_duplicates().sample(frac=0.01, random_state=rng))
    rows = orders.assign(customer_id=orders.customer_id.mask(anonymous))
    back = rows[rng.random(len(rows)) < 0.0205]
    later = (rng.integers(3600, 30 * 86400, len(back)) * (rng.random(len(back)) < 0.8)).astype("timedelta64[s]")
    back = back.assign(ordered_at=back.ordered_at + later, amount=-back.amount, quantity=-back.quantity, is_return=True)
    rows = pd.concat([rows, back[back.ordered_at < moment(DAYS)]])
    rows = pd.concat([rows, rows[rng.random(len(rows)) < 0.005]])
    return rows.sort_values(["ordered_at", "order_id", "product_id"], kind="stable", ignore_index=True)


def events(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, occurred_at, feature, duration_seconds, session_id): an active day has some sessions of some events."""
    active = rng.random((len(people), DAYS), dtype="float32") < rate(people, "usage")
    active[people.until.where(people.usage > 0).argmax(), -1] = True  # `as_of: auto` counts back from the last active day
    person, day = np.nonzero(active)
    size = 1 + rng.poisson(0.42, len(person))
    visit, first = np.repeat(np.arange(len(person)), size), np.cumsum(size) - size
    opens = rng.random(len(visit)) < 0.2
    opens[first] = True
    seconds = people.minutes.to_numpy()[person][visit] * 60 / 1.42 * np.exp(rng.normal(-0.245, 0.7, len(visit)))
    seconds = seconds.clip(4, 14400).astype(int)
    pause = np.where(opens, rng.integers(3600, 10800, len(visit)), rng.integers(5, 90, len(visit)))
    elapsed = np.cumsum(seconds + pause) - seconds
    begin = (rng.normal(46800, 9000, len(person)).clip(0, 72000) - elapsed[first])[visit] + elapsed
    # everybody starts with the well-known features; the advanced ones, last in the list, are reached by few
    repertoire = np.argsort(np.arange(len(FEATURES)) + rng.normal(0, 1.5, (len(people), len(FEATURES))), axis=1)
    choice = (people.features.to_numpy()[person][visit] * rng.random(len(visit)) ** 1.3).astype(int)
    rows = pd.DataFrame(
        {
            "customer_id": people.customer_id.to_numpy()[person][visit],
            "occurred_at": moment(day[visit], begin),
            "feature": FEATURES[repertoire[person[visit], choice]],
            "duration_seconds": seconds,
            "session_id": ids("S", np.arange(1, opens.sum() + 1), 7)[np.cumsum(opens) - 1],
        }
    )
    return rows.sort_values("occurred_at", kind="stable", ignore_index=True)


def customers(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, signed_up_at, consent_marketing) and attributes of every kind, loosely tied to the story, partly unknown."""

    def drawn(weights: dict, unknown: float = 0, lean: float = 0, story: str = "") -> np.ndarray:
        place = rng.random(len(people)) + lean * (people.story == story).to_numpy() * rng.random(len(people))
        chosen = np.searchsorted(np.cumsum(list(weights.values()))[:-1], place)
        return np.where(rng.random(len(people)) < unknown, None, np.array(list(weights), dtype=object)[chosen])

    return pd.DataFrame(
        {
            "customer_id": people.customer_id,
            "signed_up_at": moment(people.signed),
            "consent_marketing": people.consent,
            "age_band": drawn({"60+": 0.12, "45-59": 0.28, "30-44": 0.37, "18-29": 0.23}, 0.02, 0.3, "newcomers"),
            "gender": drawn({"female": 0.48, "male": 0.5, "diverse": 0.02}, 0.05),
            "region": drawn({"north": 0.3, "south": 0.27, "east": 0.18, "west": 0.25}),
            "country": drawn({"DE": 0.46, "AT": 0.15, "CH": 0.14, "NL": 0.13, "FR": 0.12}),
            "price_attitude": pd.array(drawn({1: 0.1, 2: 0.2, 3: 0.32, 4: 0.24, 5: 0.14}, 0.1, 0.4, "occasional"), dtype="Int64"),
            "device": drawn({"desktop": 0.45, "both": 0.27, "mobile": 0.22, "tablet": 0.06}, 0, 0.3, "newcomers"),
            "main_need": NEEDS[people.need],
            "company_size": drawn({"1-9": 0.44, "10-49": 0.3, "50-249": 0.18, "250+": 0.08}, 0.03, 0.4, "power"),
        }
    )


def touchpoints(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, occurred_at, stage, channel, cost, is_conversion): the way to signing up, which converts, and later care."""
    known = people[people.story != "never"]
    before = known.loc[known.index.repeat(rng.poisson(2.1, len(known)))]
    lead = rng.exponential(16, len(before)) + 0.05
    span = np.minimum(known.until, DAYS) - known.signed
    care = known.assign(span=span).loc[known.index.repeat(rng.poisson(span / 50))]
    fan, since = rng.random(len(care)) < (care.mood - 3) / 5, rng.random(len(care)) * care.span
    rows = pd.concat(
        [
            before.assign(time=before.signed - lead, stage=np.where(lead > 14, "awareness", "consideration")),
            known.assign(time=known.signed, stage="decision"),
            care.assign(time=care.signed + since, stage=np.where(fan, "advocacy", "retention")),
        ]
    )
    rows = rows[rows.time >= 0].sort_values(["time", "customer_id"], ignore_index=True)
    rank = np.searchsorted([0.45, 0.75, 0.9], rng.random(len(rows)))
    channel = JOURNEY.to_numpy()[rank, JOURNEY.columns.get_indexer(rows.stage)]
    cost = pd.Series(channel).map(TOUCH_COST).fillna(0) * np.exp(rng.normal(0, 0.3, len(rows)))
    return pd.DataFrame(
        {
            "customer_id": rows.customer_id,
            "occurred_at": moment(rows.time),
            "stage": rows.stage,
            "channel": channel,
            "cost": cost.round(2),
            "is_conversion": rows.stage == "decision",
        }
    )


def contacts(rng: np.random.Generator, audience: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, campaign_id, contacted_at, is_control, opened, clicked, converted, revenue, cost).

    Converted = ordered in the seven days after the contact day, revenue = those orders. Nobody wrote to the controls.
    """
    day = (orders.ordered_at.to_numpy() - START).astype("timedelta64[D]").astype(int)
    spent = orders.groupby(["customer_id", day]).amount.sum()
    each = [spent.reindex(pd.MultiIndex.from_arrays([audience.customer_id, audience.day + later])) for later in range(1, 8)]
    revenue = pd.Series(np.nansum(each, axis=0).round(2))
    rows = pd.DataFrame(
        {
            "customer_id": audience.customer_id,
            "campaign_id": audience.campaign_id,
            "contacted_at": moment(audience.day, rng.integers(32400, 39600, len(audience))),
            "is_control": audience.is_control,
            "opened": audience.opened.astype("boolean").mask(audience.is_control),
            "clicked": audience.clicked.astype("boolean").mask(audience.is_control),
            "converted": revenue > 0,
            "revenue": revenue.where(revenue > 0),
            "cost": np.where(audience.is_control, 0, 0.35),
        }
    )
    return rows.sort_values(["contacted_at", "customer_id"], ignore_index=True)


def feedback(rng: np.random.Generator, people: pd.DataFrame, touchpoints: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, given_at, csat 1..5, nps 0..10, topic), asked after some contacts; an answer may leave any of them out."""
    rows = touchpoints[touchpoints.stage.isin(["retention", "advocacy"])].sample(frac=0.12, random_state=rng).sort_index()
    mood = people.mood.to_numpy()[people.customer_id.searchsorted(rows.customer_id)] + rng.normal(0, 0.7, len(rows))
    csat = pd.Series(mood + rng.normal(0, 0.4, len(rows))).round().clip(1, 5).astype("Int64")
    nps = pd.Series(2.4 * mood - 1.8 + rng.normal(0, 1.2, len(rows))).round().clip(0, 10).astype("Int64")
    topic = np.array(["onboarding", "price", "speed", "support", "features", None], dtype=object)[rng.integers(0, 6, len(rows))]
    return pd.DataFrame(
        {
            "customer_id": rows.customer_id.array,
            "given_at": rows.occurred_at.array,
            "csat": csat.mask(rng.random(len(rows)) < 0.1),
            "nps": nps.mask(rng.random(len(rows)) < 0.25),
            "topic": topic,
        }
    )


def costs(touchpoints: pd.DataFrame) -> pd.DataFrame:
    """(period_start, channel, amount): what winning customers cost by month and channel; four fifths of it won nobody."""
    winning = touchpoints[touchpoints.stage.isin(["awareness", "consideration", "decision"]) & (touchpoints.cost > 0)]
    months = winning.occurred_at.dt.to_period("M").dt.start_time.dt.date.rename("period_start")
    return winning.groupby([months, "channel"]).cost.sum().mul(5).round(2).rename("amount").reset_index()
