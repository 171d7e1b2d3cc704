"""The demo company: a seeded raw export with planted segments, so that the workbench can be held against a known truth.

A software firm sells seats and credits and sees how its product is used, 2024-01-01 to 2025-12-31. `power` customers order often
and work in it almost daily; `steady` ones order monthly and come weekly; `shelfware` buys like steady, hardly uses what it bought
and mostly leaves in autumn 2025; `newcomers` signed up in summer 2025 and grow fast; `occasional` ones have long been there and
rarely do anything. Everybody else is `none`. Order amounts have one distribution for all: baskets do not differ.
"""
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

START = np.datetime64("2024-01-01", "s")
DAYS = 731
AS_OF = DAYS - 90  # where `as_of: auto` falls with a horizon of 90 days: 2025-10-03. Days count from START
CALENDAR = START.astype("datetime64[D]") + np.arange(DAYS)
WEEK = np.float32([1.1, 1.12, 1.12, 1.1, 1.06, .74, .76])[(CALENDAR.astype(int) + 3) % 7]
SEASON = np.float32([.82, .92, .97, 1, 1, .97, .9, .9, 1, 1.04, 1.3, 1.38])[CALENDAR.astype("datetime64[M]").astype(int) % 12]
RHYTHM = {"orders": WEEK * SEASON, "usage": WEEK ** 1.7 * SEASON ** .2}  # what calendar days do to the rate of a habit
PLAN = pd.DataFrame.from_records([
    # share, signed up from day, to day, orders a month, days with usage, minutes a day, features, leaving a month, mood 1..5
    ("power", .125, 130, 360, 1.40, .455, 36, 8.8, .002, 4.3),
    ("steady", .245, 110, 370, .72, .15, 14.5, 5.3, .003, 4.0),
    ("shelfware", .155, 110, 370, .72, .016, 3.6, 2.2, .003, 2.7),
    ("newcomers", .140, 532, 606, .95, .34, 19, 5.6, .010, 4.1),
    ("occasional", .205, 0, 160, .15, .020, 8, 3.4, .006, 3.4),
    ("drifter", .085, 0, 600, *[np.nan] * 4, .020, 3.4),
    ("late", .020, 643, 722, .80, .20, 12, 4.5, .010, 3.8),
    ("never", .025, 0, 630, 0, 0, 8, 3.0, .010, 3.0),
], columns=["story", "share", "earliest", "latest", "orders", "usage", "minutes", "features", "leaving", "mood"])
SEGMENTS = PLAN.story[:5]
SPREAD = {"orders": .13, "usage": .17, "minutes": .18, "features": .12}  # sd of the log between customers of one story

FEATURES = np.array("dashboard search reports sharing alerts export templates automation forecast api".split())
CATEGORIES = np.array("seats credits storage templates training add_ons".split())
PRICES = np.round(100 * np.exp(np.linspace(1.2, 5.2, 180))).astype(int) // 10 * 10 + 9  # cents
NEEDS = np.array(["save_time", "cut_costs", "grow_sales", "stay_compliant"])
CAMPAIGNS = {"spring_offer": 435, "summer_bundle": 526, "back_to_work": 603, "holiday_upgrade": 673}  # the last one after as_of
JOURNEY = pd.DataFrame({  # channels of each stage, most used first
    "awareness": ["social_ads", "search_ads", "referral", "webinar"], "retention": ["email", "in_app", "webinar", "sales_call"],
    "consideration": ["search_ads", "email", "webinar", "sales_call"], "advocacy": ["referral", "community", "in_app", "email"],
    "decision": ["sales_call", "search_ads", "email", "referral"]})
TOUCH_COST = {"social_ads": .9, "search_ads": 1.8, "webinar": 4, "email": .02, "sales_call": 14}
MONEY = {"amount", "unit_price", "cost", "revenue"}


def make(customers: int = 5000, seed: int = 7) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The raw export of the demo company, one frame per canonical table, and apart from it the truth.

    Money is euros with two decimals, durations whole seconds, times naive (datetime64[s]), ids strings, unknown missing; rows are
    sorted by time. Orders are as dirty as exports are: 2 % returned lines (negative amount and quantity, same order_id, up to 30
    days later), 1 % of the orders without a customer, .5 % of the lines twice. The truth has (customer_id, segment): power,
    steady, shelfware, newcomers, occasional, or none for those who fit nowhere, signed up after as_of, or never did anything.
    """
    draws = np.random.default_rng(seed).spawn(10)
    people = _people(draws[0], customers)
    audience = _audience(draws[1], people)
    orders = _orders(draws[3], people, _order_days(draws[2], people, audience))
    touchpoints = _touchpoints(draws[4], people)
    tables = {"customers": _customers(draws[5], people), "orders": _dirty(draws[6], orders), "events": _events(draws[7], people),
              "touchpoints": touchpoints, "contacts": _contacts(draws[8], audience, orders),
              "feedback": _feedback(draws[9], people, touchpoints), "costs": _costs(touchpoints)}
    return tables, people[["customer_id"]].assign(segment=people.story.where(people.story.isin(SEGMENTS), "none"))


def write(folder: Path, truth: Path, customers: int = 5000, seed: int = 7) -> None:
    """`make` as CSV: `folder`/<table>.csv in a folder for the owner alone, the truth in a file apart. Same seed, same bytes."""
    tables, segments = make(customers, seed)
    folder, truth = Path(folder), Path(truth)
    for place in (truth.parent, folder):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for path, rows in {truth: segments, **{folder / f"{name}.csv": rows for name, rows in tables.items()}}.items():
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        table = pa.Table.from_pandas(rows, preserve_index=False)
        exact = [field.with_type(pa.decimal128(18, 2)) if field.name in MONEY else field for field in table.schema]
        csv.write_csv(table.cast(pa.schema(exact)), partial, csv.WriteOptions(quoting_style="none", quoting_header="none"))
        os.replace(partial, path)


def _ids(letter: str, numbers: np.ndarray, digits: int) -> np.ndarray:
    return np.char.mod(f"{letter}%0{digits}d", numbers).astype(object)


def _moment(day: np.ndarray, second: np.ndarray | int = 0) -> np.ndarray:
    """Days since START, whole or not, plus seconds that never leave the day."""
    return START + (np.asarray(day) * 86400 + np.clip(second, 0, 86399)).astype("timedelta64[s]")


def _people(rng: np.random.Generator, customers: int) -> pd.DataFrame:
    """What nobody sees: stories and habits, in order of signing up. Rates are per day, `until` is the day of leaving."""
    plan = PLAN.iloc[np.searchsorted(PLAN.share.cumsum() - 1e-9, (np.arange(customers) + .5) / customers)].reset_index(drop=True)
    people = plan[["story", "mood"]].assign(
        signed=rng.uniform(plan.earliest, plan.latest), price_level=rng.normal(0, .32, customers),
        need=rng.integers(0, len(NEEDS), customers), consent=rng.random(customers) < .74)
    for habit, spread in SPREAD.items():
        low, high = np.log(PLAN[habit][:5].min() * 1.2), np.log(PLAN[habit][:5].max() / 1.2)
        untypical = pd.Series(np.exp(rng.uniform(low, high, customers)))
        people[habit] = (plan[habit] * np.exp(rng.normal(0, spread, customers))).fillna(untypical)
    people["orders"], people["features"] = people.orders / 30.4, people.features.round().clip(1, len(FEATURES)).astype(int)
    people["until"] = people.signed + rng.exponential(30.4 / plan.leaving)
    unrenewed = (people.story == "shelfware") & (rng.random(customers) < .78)
    people["until"] = people.until.mask(unrenewed, np.minimum(people.until, AS_OF + rng.uniform(-14, 12, customers)))
    return people.sort_values("signed", ignore_index=True).assign(customer_id=_ids("C", np.arange(1, customers + 1), 6))


def _rate(people: pd.DataFrame, habit: str) -> np.ndarray:
    """customers x DAYS: the chance of it on that day, none before signing up or after leaving. Newcomers grow with age."""
    age = np.arange(DAYS, dtype="float32") - people.signed.to_numpy("float32")[:, None]
    rate = people[habit].to_numpy("float32")[:, None] * RHYTHM[habit]
    rate *= np.where((people.story == "newcomers").to_numpy()[:, None], np.clip(age / 75, .35, 1.5), np.float32(1))
    return np.where((age > 0) & (np.arange(DAYS) < people.until.to_numpy()[:, None]), rate, np.float32(0))


def _audience(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Whom each campaign drew, a quarter of them held back at random. Only steady customers are ever `moved` to an order."""
    campaigns = pd.DataFrame({"campaign_id": CAMPAIGNS.keys(), "day": CAMPAIGNS.values()})
    rows = people.rename_axis("person").reset_index().merge(campaigns, how="cross")
    drawn = rows.consent & (rows.signed < rows.day) & (rows.until > rows.day) & (rows.story != "never")
    rows = rows[drawn].reset_index(drop=True)
    is_control, opened, clicked, moved = rng.random((4, len(rows))) < [[.25], [.41], [.28], [.25]]
    moved &= ~is_control & (rows.story == "steady").to_numpy() & (rows.until > rows.day + 8).to_numpy()
    return rows[["person", "customer_id", "campaign_id", "day"]].assign(
        is_control=is_control, opened=opened | moved, clicked=opened & clicked | moved, moved=moved)


def _order_days(rng: np.random.Generator, people: pd.DataFrame, audience: pd.DataFrame) -> np.ndarray:
    """customers x DAYS, true where an order is placed. Every third impulse to buy becomes one: more regular than chance."""
    impulse = rng.random((len(people), DAYS), dtype="float32") < 3 * _rate(people, "orders")
    ordered = impulse & (impulse.cumsum(axis=1, dtype="int16") % 3 == 0)
    starter = np.flatnonzero((people.story != "never") & (rng.random(len(people)) < .96))
    ordered[starter, np.ceil(people.signed.to_numpy()[starter]).astype(int)] = True
    moved = audience[audience.moved]
    ordered[moved.person, moved.day + rng.integers(1, 8, len(moved))] = True
    return ordered


def _orders(rng: np.random.Generator, people: pd.DataFrame, ordered: np.ndarray) -> pd.DataFrame:
    """Clean order lines. A customer looks for a price and a category and takes the nearest of the products."""
    person, day = np.nonzero(ordered)
    second = rng.normal(52200, 10800, len(person)).clip(0, 86399).astype(int)
    by_time = np.lexsort((second, day))
    order = np.repeat(np.arange(len(person)), 1 + rng.poisson(.22, len(person)).clip(0, 5))
    person, day, second = person[by_time][order], day[by_time][order], second[by_time][order]
    wanted = 100 * np.exp(rng.normal(3.35, .58, len(order)) + people.price_level.to_numpy()[person])
    category = np.where(rng.random(len(order)) < .35, people.need.to_numpy()[person], rng.integers(0, 6, len(order)))
    product = np.searchsorted(PRICES[:-1], wanted) // 6 * 6 + category  # neighbours in price are of the six categories
    quantity = rng.geometric(.72, len(order)).clip(1, 12)
    channel = np.searchsorted([.58, .88], rng.random(len(by_time)))[order]
    lines = pd.DataFrame({
        "customer_id": people.customer_id.to_numpy()[person], "ordered_at": _moment(day, second),
        "amount": quantity * PRICES[product] / 100, "order_id": _ids("O", order + 1, 7), "product_id": _ids("P", product + 1, 3),
        "category": CATEGORIES[category], "quantity": quantity, "unit_price": PRICES[product] / 100,
        "channel": np.array(["web", "app", "sales"])[channel], "is_return": False})
    return lines.drop_duplicates(["order_id", "product_id"], ignore_index=True)


def _dirty(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, ordered_at, amount, order_id, product_id, category, quantity, unit_price, channel, is_return), dirty."""
    anonymous = orders.order_id.isin(orders.order_id.drop_duplicates().sample(frac=.01, random_state=rng))
    rows = orders.assign(customer_id=orders.customer_id.mask(anonymous))
    back = rows[rng.random(len(rows)) < .0205]
    later = (rng.integers(3600, 30 * 86400, len(back)) * (rng.random(len(back)) < .8)).astype("timedelta64[s]")
    back = back.assign(ordered_at=back.ordered_at + later, amount=-back.amount, quantity=-back.quantity, is_return=True)
    rows = pd.concat([rows, back[back.ordered_at < _moment(DAYS)]])
    rows = pd.concat([rows, rows[rng.random(len(rows)) < .005]])
    return rows.sort_values(["ordered_at", "order_id", "product_id"], kind="stable", ignore_index=True)


def _events(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, occurred_at, feature, duration_seconds, session_id): an active day has some sessions of some events."""
    active = rng.random((len(people), DAYS), dtype="float32") < _rate(people, "usage")
    active[people.until.where(people.usage > 0).argmax(), -1] = True  # `as_of: auto` counts back from the last active day
    person, day = np.nonzero(active)
    size = 1 + rng.poisson(.42, len(person))
    visit, first = np.repeat(np.arange(len(person)), size), np.cumsum(size) - size
    opens = rng.random(len(visit)) < .2
    opens[first] = True
    seconds = people.minutes.to_numpy()[person][visit] * 60 / 1.42 * np.exp(rng.normal(-.245, .7, len(visit)))
    seconds = seconds.clip(4, 14400).astype(int)
    pause = np.where(opens, rng.integers(3600, 10800, len(visit)), rng.integers(5, 90, len(visit)))
    elapsed = np.cumsum(seconds + pause) - seconds
    begin = (rng.normal(46800, 9000, len(person)).clip(0, 72000) - elapsed[first])[visit] + elapsed
    # everybody starts with the well-known features; the advanced ones, last in the list, are reached by few
    repertoire = np.argsort(np.arange(len(FEATURES)) + rng.normal(0, 1.5, (len(people), len(FEATURES))), axis=1)
    choice = (people.features.to_numpy()[person][visit] * rng.random(len(visit)) ** 1.3).astype(int)
    rows = pd.DataFrame({"customer_id": people.customer_id.to_numpy()[person][visit], "occurred_at": _moment(day[visit], begin),
                         "feature": FEATURES[repertoire[person[visit], choice]], "duration_seconds": seconds,
                         "session_id": _ids("S", np.arange(1, opens.sum() + 1), 7)[np.cumsum(opens) - 1]})
    return rows.sort_values("occurred_at", kind="stable", ignore_index=True)


def _customers(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, signed_up_at, consent_marketing) and attributes of every kind, loosely tied to the story, partly unknown."""
    def drawn(weights: dict, unknown: float = 0, lean: float = 0, story: str = "") -> np.ndarray:
        place = rng.random(len(people)) + lean * (people.story == story).to_numpy() * rng.random(len(people))
        chosen = np.searchsorted(np.cumsum(list(weights.values()))[:-1], place)
        return np.where(rng.random(len(people)) < unknown, None, np.array(list(weights), dtype=object)[chosen])
    return pd.DataFrame({
        "customer_id": people.customer_id, "signed_up_at": _moment(people.signed), "consent_marketing": people.consent,
        "age_band": drawn({"60+": .12, "45-59": .28, "30-44": .37, "18-29": .23}, .02, .3, "newcomers"),
        "gender": drawn({"female": .48, "male": .5, "diverse": .02}, .05),
        "region": drawn({"north": .3, "south": .27, "east": .18, "west": .25}),
        "country": drawn({"DE": .46, "AT": .15, "CH": .14, "NL": .13, "FR": .12}),
        "price_attitude": pd.array(drawn({1: .1, 2: .2, 3: .32, 4: .24, 5: .14}, .1, .4, "occasional"), dtype="Int64"),
        "device": drawn({"desktop": .45, "both": .27, "mobile": .22, "tablet": .06}, 0, .3, "newcomers"),
        "main_need": NEEDS[people.need],
        "company_size": drawn({"1-9": .44, "10-49": .3, "50-249": .18, "250+": .08}, .03, .4, "power")})


def _touchpoints(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, occurred_at, stage, channel, cost, is_conversion): the way to signing up, which converts, and later care."""
    known = people[people.story != "never"]
    before = known.loc[known.index.repeat(rng.poisson(2.1, len(known)))]
    lead = rng.exponential(16, len(before)) + .05
    span = np.minimum(known.until, DAYS) - known.signed
    care = known.assign(span=span).loc[known.index.repeat(rng.poisson(span / 50))]
    fan, since = rng.random(len(care)) < (care.mood - 3) / 5, rng.random(len(care)) * care.span
    rows = pd.concat([before.assign(time=before.signed - lead, stage=np.where(lead > 14, "awareness", "consideration")),
                      known.assign(time=known.signed, stage="decision"),
                      care.assign(time=care.signed + since, stage=np.where(fan, "advocacy", "retention"))])
    rows = rows[rows.time >= 0].sort_values(["time", "customer_id"], ignore_index=True)
    rank = np.searchsorted([.45, .75, .9], rng.random(len(rows)))
    channel = JOURNEY.to_numpy()[rank, JOURNEY.columns.get_indexer(rows.stage)]
    cost = pd.Series(channel).map(TOUCH_COST).fillna(0) * np.exp(rng.normal(0, .3, len(rows)))
    return pd.DataFrame({"customer_id": rows.customer_id, "occurred_at": _moment(rows.time), "stage": rows.stage,
                         "channel": channel, "cost": cost.round(2), "is_conversion": rows.stage == "decision"})


def _contacts(rng: np.random.Generator, audience: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, campaign_id, contacted_at, is_control, opened, clicked, converted, revenue, cost).

    Converted = ordered in the seven days after the contact day, revenue = those orders. Nobody wrote to the controls.
    """
    day = (orders.ordered_at.to_numpy() - START).astype("timedelta64[D]").astype(int)
    spent = orders.groupby(["customer_id", day]).amount.sum()
    each = [spent.reindex(pd.MultiIndex.from_arrays([audience.customer_id, audience.day + later])) for later in range(1, 8)]
    revenue = pd.Series(np.nansum(each, axis=0).round(2))
    rows = pd.DataFrame({
        "customer_id": audience.customer_id, "campaign_id": audience.campaign_id,
        "contacted_at": _moment(audience.day, rng.integers(32400, 39600, len(audience))), "is_control": audience.is_control,
        "opened": audience.opened.astype("boolean").mask(audience.is_control),
        "clicked": audience.clicked.astype("boolean").mask(audience.is_control),
        "converted": revenue > 0, "revenue": revenue.where(revenue > 0), "cost": np.where(audience.is_control, 0, .35)})
    return rows.sort_values(["contacted_at", "customer_id"], ignore_index=True)


def _feedback(rng: np.random.Generator, people: pd.DataFrame, touchpoints: pd.DataFrame) -> pd.DataFrame:
    """(customer_id, given_at, csat 1..5, nps 0..10, topic), asked after some contacts; an answer may leave any of them out."""
    rows = touchpoints[touchpoints.stage.isin(["retention", "advocacy"])].sample(frac=.12, random_state=rng).sort_index()
    mood = people.mood.to_numpy()[people.customer_id.searchsorted(rows.customer_id)] + rng.normal(0, .7, len(rows))
    csat = pd.Series(mood + rng.normal(0, .4, len(rows))).round().clip(1, 5).astype("Int64")
    nps = pd.Series(2.4 * mood - 1.8 + rng.normal(0, 1.2, len(rows))).round().clip(0, 10).astype("Int64")
    topic = np.array(["onboarding", "price", "speed", "support", "features", None], dtype=object)[rng.integers(0, 6, len(rows))]
    return pd.DataFrame({
        "customer_id": rows.customer_id.array, "given_at": rows.occurred_at.array, "csat": csat.mask(rng.random(len(rows)) < .1),
        "nps": nps.mask(rng.random(len(rows)) < .25), "topic": topic})


def _costs(touchpoints: pd.DataFrame) -> pd.DataFrame:
    """(period_start, channel, amount): what winning customers cost by month and channel; four fifths of it won nobody."""
    winning = touchpoints[touchpoints.stage.isin(["awareness", "consideration", "decision"]) & (touchpoints.cost > 0)]
    months = winning.occurred_at.dt.to_period("M").dt.start_time.dt.date.rename("period_start")
    return winning.groupby([months, "channel"]).cost.sum().mul(5).round(2).rename("amount").reset_index()
