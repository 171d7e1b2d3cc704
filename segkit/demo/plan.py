"""What nobody sees: the calendar, the stories, and the people who live them."""

import numpy as np
import pandas as pd

START = np.datetime64("2024-01-01", "s")
DAYS = 731
AS_OF = DAYS - 90  # where `as_of: auto` falls with a horizon of 90 days: 2025-10-03. Days count from START
CALENDAR = START.astype("datetime64[D]") + np.arange(DAYS)
WEEK = np.float32([1.1, 1.12, 1.12, 1.1, 1.06, 0.74, 0.76])[(CALENDAR.astype(int) + 3) % 7]
SEASON = np.float32([0.82, 0.92, 0.97, 1, 1, 0.97, 0.9, 0.9, 1, 1.04, 1.3, 1.38])[CALENDAR.astype("datetime64[M]").astype(int) % 12]
RHYTHM = {"orders": WEEK * SEASON, "usage": WEEK**1.7 * SEASON**0.2}  # what calendar days do to the rate of a habit
PLAN = pd.DataFrame.from_records(
    [
        # share, signed up from day, to day, orders a month, days with usage, minutes a day, features, leaving a month, mood 1..5
        ("power", 0.125, 130, 360, 1.40, 0.455, 36, 8.8, 0.002, 4.3),
        ("steady", 0.245, 110, 370, 0.72, 0.15, 14.5, 5.3, 0.003, 4.0),
        ("shelfware", 0.155, 110, 370, 0.72, 0.016, 3.6, 2.2, 0.003, 2.7),
        ("newcomers", 0.140, 532, 606, 0.95, 0.34, 19, 5.6, 0.010, 4.1),
        ("occasional", 0.205, 0, 160, 0.15, 0.020, 8, 3.4, 0.006, 3.4),
        ("drifter", 0.085, 0, 600, *[np.nan] * 4, 0.020, 3.4),
        ("late", 0.020, 643, 722, 0.80, 0.20, 12, 4.5, 0.010, 3.8),
        ("never", 0.025, 0, 630, 0, 0, 8, 3.0, 0.010, 3.0),
    ],
    columns=["story", "share", "earliest", "latest", "orders", "usage", "minutes", "features", "leaving", "mood"],
)
SEGMENTS = PLAN.story[:5]
SPREAD = {"orders": 0.13, "usage": 0.17, "minutes": 0.18, "features": 0.12}  # sd of the log between customers of one story

FEATURES = np.array("dashboard search reports sharing alerts export templates automation forecast api".split())
NEEDS = np.array(["save_time", "cut_costs", "grow_sales", "stay_compliant"])
CAMPAIGNS = {"spring_offer": 435, "summer_bundle": 526, "back_to_work": 603, "holiday_upgrade": 673}  # the last one after as_of


def ids(letter: str, numbers: np.ndarray, digits: int) -> np.ndarray:
    """Ids such as C000123."""
    return np.char.mod(f"{letter}%0{digits}d", numbers).astype(object)


def moment(day: np.ndarray, second: np.ndarray | int = 0) -> np.ndarray:
    """Days since START, whole or not, plus seconds that never leave the day."""
    return START + (np.asarray(day) * 86400 + np.clip(second, 0, 86399)).astype("timedelta64[s]")


def people(rng: np.random.Generator, customers: int) -> pd.DataFrame:
    """What nobody sees: stories and habits, in order of signing up. Rates are per day, `until` is the day of leaving."""
    plan = PLAN.iloc[np.searchsorted(PLAN.share.cumsum() - 1e-9, (np.arange(customers) + 0.5) / customers)].reset_index(drop=True)
    people = plan[["story", "mood"]].assign(
        signed=rng.uniform(plan.earliest, plan.latest),
        price_level=rng.normal(0, 0.32, customers),
        need=rng.integers(0, len(NEEDS), customers),
        consent=rng.random(customers) < 0.74,
    )
    for habit, spread in SPREAD.items():
        low, high = np.log(PLAN[habit][:5].min() * 1.2), np.log(PLAN[habit][:5].max() / 1.2)
        untypical = pd.Series(np.exp(rng.uniform(low, high, customers)))
        people[habit] = (plan[habit] * np.exp(rng.normal(0, spread, customers))).fillna(untypical)
    people["orders"], people["features"] = people.orders / 30.4, people.features.round().clip(1, len(FEATURES)).astype(int)
    people["until"] = people.signed + rng.exponential(30.4 / plan.leaving)
    unrenewed = (people.story == "shelfware") & (rng.random(customers) < 0.78)
    people["until"] = people.until.mask(unrenewed, np.minimum(people.until, AS_OF + rng.uniform(-14, 12, customers)))
    return people.sort_values("signed", ignore_index=True).assign(customer_id=ids("C", np.arange(1, customers + 1), 6))


def rate(people: pd.DataFrame, habit: str) -> np.ndarray:
    """customers x DAYS: the chance of it on that day, none before signing up or after leaving. Newcomers grow with age."""
    age = np.arange(DAYS, dtype="float32") - people.signed.to_numpy("float32")[:, None]
    rate = people[habit].to_numpy("float32")[:, None] * RHYTHM[habit]
    rate *= np.where((people.story == "newcomers").to_numpy()[:, None], np.clip(age / 75, 0.35, 1.5), np.float32(1))
    return np.where((age > 0) & (np.arange(DAYS) < people.until.to_numpy()[:, None]), rate, np.float32(0))


def audience(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """Whom each campaign drew, a quarter of them held back at random. Only steady customers are ever `moved` to an order."""
    campaigns = pd.DataFrame({"campaign_id": CAMPAIGNS.keys(), "day": CAMPAIGNS.values()})
    rows = people.rename_axis("person").reset_index().merge(campaigns, how="cross")
    drawn = rows.consent & (rows.signed < rows.day) & (rows.until > rows.day) & (rows.story != "never")
    rows = rows[drawn].reset_index(drop=True)
    is_control, opened, clicked, moved = rng.random((4, len(rows))) < [[0.25], [0.41], [0.28], [0.25]]
    moved &= ~is_control & (rows.story == "steady").to_numpy() & (rows.until > rows.day + 8).to_numpy()
    return rows[["person", "customer_id", "campaign_id", "day"]].assign(
        is_control=is_control, opened=opened | moved, clicked=opened & clicked | moved, moved=moved
    )
