"""How customers use the product: every feature by hand on a handful of events, and all of them against plain loops on random ones."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, CUSTOMERS, EVENTS, made

from segkit import features
from segkit.errors import BadInput

BARE = {key: values for key, values in EVENTS.items() if key != "duration_seconds"}
TIMED = {"usage_seconds", "minutes_per_active_day", "minutes_per_session"}
MOMENTS = {"first_seen_at", "last_used_on", "is_active"}


@pytest.fixture(scope="module")
def by_hand():
    return made(events=EVENTS)


@pytest.mark.parametrize(
    ("feature", "a", "c"),
    [
        ("n_events", 3, 1),
        ("active_days", 2, 1),
        ("usage_seconds", 180, None),
        ("features_used", 2, 1),
        ("minutes_per_active_day", 1.5, None),
        ("events_per_active_day", 1.5, 1.0),
        ("days_since_first_use", 31, 2),
        ("days_since_last_use", 30, 2),
        ("days_to_first_use", 0, 0),
        ("tenure_days", 31, 2),
        ("active_days_per_week", 2 * 7 / 31, 1.0),
        ("frequency_tier", "monthly", "weekly"),
        ("n_sessions", 2, 1),  # 10:00 to 10:01, and 23:59 to 00:00:30 across midnight
        ("minutes_per_session", (1 + 1.5) / 2, None),
        ("sessions_per_active_day", 1.0, 1.0),
        ("feature_breadth", 1.0, 0.5),
        ("uses_per_feature", 1.5, 1.0),
        ("top_feature_share", 2 / 3, 1.0),
        ("feature_concentration", 5 / 9, 1.0),
        ("engagement_score", 0.75, 0.25),
        ("engagement_level", "high", "low"),
        ("recent_active_days", 0, 1),
        ("earlier_active_days", 2, 0),
        ("usage_trend", -1.0, 1.0),
        ("user_status", "lapsed", "new"),
        ("is_declining", 0, 0),
    ],
)
def test_each_feature_by_hand(by_hand, feature, a, c):
    found = by_hand[feature]
    assert found["a"] == (pytest.approx(a, abs=1e-12) if isinstance(a, (int, float)) else a)
    assert pd.isna(found["c"]) if c is None else found["c"] == c


def test_every_feature_has_a_line_by_hand(by_hand):
    mark = next(mark for mark in test_each_feature_by_hand.pytestmark if mark.name == "parametrize")
    assert {name for name, *_ in mark.args[1]} == set(by_hand.columns) - MOMENTS


def test_tenure_counts_from_sign_up_when_that_was_earlier():
    found = made(events=EVENTS, customers=CUSTOMERS)
    assert found.tenure_days["a"] == 62 and found.active_days_per_week["a"] == pytest.approx(14 / 62)
    assert found.days_to_first_use["a"] == 31 and pd.isna(found.days_to_first_use["n"])


def test_who_never_used_the_product_has_counts_of_zero_and_no_places():
    quiet = made(events=EVENTS, customers=CUSTOMERS).loc["n"]
    zero = ["n_events", "active_days", "features_used", "n_sessions", "feature_breadth", "active_days_per_week", "is_declining"]
    zero += ["recent_active_days", "earlier_active_days"]
    words = {"frequency_tier": "none", "engagement_level": "none", "user_status": "non-user"}
    assert (quiet[zero] == 0).all() and quiet[list(words)].to_dict() == words
    assert quiet.drop([*zero, *words, "first_seen_at", "tenure_days", "is_active"]).isna().all()


def test_without_durations_what_needs_them_is_not_there_and_the_rest_is_the_same(by_hand):
    found = made(events=BARE)
    assert set(by_hand.columns) - set(found.columns) == TIMED
    pd.testing.assert_frame_equal(found, by_hand[found.columns])
    assert TIMED <= set(features.glossary({"events": pd.DataFrame(EVENTS)}).feature)
    assert not TIMED & set(features.glossary({"events": pd.DataFrame(BARE)}).feature)
    for name in TIMED:
        with pytest.raises(BadInput, match=f"{name}', which needs duration_seconds in the table events"):
            features.check_names([name], {"events": pd.DataFrame(BARE)})


def used(*times, customer="a", feature="x", **columns) -> dict:
    """Events of one customer at some times."""
    n = len(times)
    rows = {"customer_id": [customer] * n, "feature": [feature] * n, "occurred_at": [str(time) for time in times]}
    return rows | {name: list(values) for name, values in columns.items()}


def both(*parts: dict) -> dict:
    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True).to_dict("list")


def sessions(*times, **columns) -> tuple[int, float]:
    """Number of sessions and minutes in one."""
    row = made(events=used(*times, **columns)).loc["a"]
    return int(row.n_sessions), row.get("minutes_per_session")


def test_a_pause_of_more_than_thirty_minutes_ends_a_session_counted_from_the_end_of_what_came_before():
    assert sessions("2025-01-01 10:00", "2025-01-01 10:30:00")[0] == 1
    assert sessions("2025-01-01 10:00", "2025-01-01 10:30:01")[0] == 2
    assert sessions("2025-01-01 10:00", "2025-01-01 10:30:01", duration_seconds=[1, 59]) == (1, 31.0)
    assert sessions("2025-01-01 10:00", "2025-01-01 10:05", "2025-01-01 11:29", duration_seconds=[3600, 10, 60]) == (1, 90.0)
    assert sessions("2025-01-01 10:00", "2025-01-01 10:05", "2025-01-01 11:31", duration_seconds=[3600, 10, 60]) == (2, 30.5)


def test_named_sessions_are_taken_as_named_and_nameless_events_are_cut():
    hours = [f"2025-01-01 {hour}:00" for hour in (8, 10, 12, 14, 20)]
    assert sessions(*hours, session_id=["s", "s", "t", None, None])[0] == 4
    assert sessions(*hours[:2], session_id=["s", "t"])[0] == 2
    assert sessions(*hours[:3], session_id=["s", None, "s"], duration_seconds=[60, 60, 60]) == (2, (241 + 1) / 2)
    found = made(events=both(used(hours[0], session_id=["s"]), used(hours[0], customer="b", session_id=["s"])))
    assert found.n_sessions.to_dict() == {"a": 1, "b": 1}, "the same name, two customers, two sessions"


def test_one_event_identical_moments_and_a_decade_of_silence():
    assert sessions("2025-01-01", duration_seconds=[0]) == (1, 0.0)
    assert sessions(*["2025-01-01 10:00:00.5"] * 4, duration_seconds=[5, 0, 5, 7]) == (1, 7 / 60)
    assert sessions("2015-01-01", "2025-01-01", duration_seconds=[60, 120]) == (2, 1.5)
    row = made(events=used("2015-01-01", "2025-01-01")).loc["a"]
    assert row.frequency_tier == "rare" and row.active_days_per_week == pytest.approx(14 / 3684)
    assert row.user_status == "lapsed" and row.usage_trend == -1


def test_where_clocks_change_no_session_has_a_negative_length():
    spring = sessions("2024-03-31 01:55", "2024-03-31 03:02", duration_seconds=[300, 60])  # 2 to 3 o'clock does not exist
    autumn = sessions("2024-10-27 02:50", "2024-10-27 02:05", duration_seconds=[60, 60])  # 2 to 3 o'clock exists twice
    assert spring == (2, 3.0) and autumn == (2, 1.0)


def test_a_duration_below_zero_is_not_known_and_one_of_zero_is():
    times = ["2025-01-01 10:00", "2025-01-01 10:10", "2025-01-02 10:00"]
    row = made(events=used(*times, duration_seconds=[-5, 60, 0])).loc["a"]
    assert (row.usage_seconds, row.minutes_per_active_day, row.minutes_per_session) == (60, 0.5, (11 + 0) / 2)
    assert made(events=used(*times, duration_seconds=[-5, -1, None])).loc["a", list(TIMED)].isna().all()
    assert made(events=used(*times, duration_seconds=[0, 0, -9])).loc["a", ["usage_seconds", "minutes_per_session"]].tolist() == [0, 10]


@pytest.mark.parametrize(
    ("days", "tenure", "tier"),
    [
        (5, 7, "daily"),
        (4, 7, "weekly"),
        (1, 7, "weekly"),
        (1, 3, "weekly"),
        (1, 8, "monthly"),
        (1, 30, "monthly"),
        (1, 31, "rare"),
        (5, 152, "monthly"),
    ],
)
def test_tiers_begin_at_five_one_and_twelve_a_year(days, tenure, tier):
    times = [AS_OF - timedelta(days=day + 1) for day in range(days)]
    known = {"customer_id": ["a"], "signed_up_at": [str(AS_OF - timedelta(days=tenure))]}
    assert made(events=used(*times), customers=known).frequency_tier["a"] == tier


STATUSES = {  # days before as_of with use
    "regular": ([1, 29], 0),
    "new": ([28], 0),
    "newer": ([1, 2, 3], 0),
    "reactivated": ([28, 57], 0),
    "lapsed": ([29], 0),
    "gone": ([500], 0),
    "halved": ([1, 2, 29, 30, 31, 32], 1),
    "nearly": ([1, 2, 3, 29, 30, 31, 32], 0),
    "too little to say": ([29, 30, 31], 0),
    "stopped": ([29, 40, 50, 56], 1),
    "long ago": ([29, 30, 31, 57], 0),
}


def test_the_status_and_the_decline_follow_from_the_days_with_use():
    parts = [used(*[AS_OF - timedelta(days=d, hours=-5) for d in days], customer=name) for name, (days, _) in STATUSES.items()]
    found = made(events=both(*parts))
    expected = {"newer": "new", "gone": "lapsed", "halved": "regular", "nearly": "regular"}
    expected |= {"too little to say": "lapsed", "stopped": "lapsed", "long ago": "lapsed"}
    assert found.user_status.to_dict() == {name: expected.get(name, name) for name in STATUSES}
    assert found.is_declining.to_dict() == {name: falls for name, (_, falls) in STATUSES.items()}
    assert found.usage_trend["halved"] == pytest.approx(-2 / 6) and pd.isna(found.usage_trend["gone"])


def test_breadth_is_of_the_features_anybody_used_before_as_of():
    later = both(used("2025-01-01"), used("2025-01-02", customer="b", feature="y"), used("2025-03-01", customer="b", feature="z"))
    assert made(events=later).feature_breadth.to_dict() == {"a": 0.5, "b": 0.5}


def test_equal_use_is_engaged_equally_and_thirds_are_as_even_as_ties_allow():
    day = "2025-01-01"
    same = made(events=both(*[used(day, customer=name) for name in "abcdefg"]))
    assert set(same.engagement_score) == {0.5} and set(same.engagement_level) == {"medium"}

    def rows(*counts: int) -> dict:
        return both(*[used(*[f"{day} {hour}:00" for hour in range(n)], customer=f"c{at}") for at, n in enumerate(counts, 1)])

    rising = made(events=rows(*range(1, 10)))
    assert rising.engagement_level.tolist() == ["low"] * 3 + ["medium"] * 3 + ["high"] * 3
    assert rising.engagement_score["c9"] == pytest.approx((0.5 + 2 * 8.5 / 9) / 3) and rising.engagement_score.mean() == pytest.approx(0.5)
    tied = made(events=rows(1, 2, 3, 4, 4, 5))  # the two alike stand at 2/3, the last of the middle third
    assert tied.engagement_level.tolist() == ["low", "low", "medium", "medium", "medium", "high"]


# The same by plain loops, written from the definitions and from nothing else.


def naive_sessions(rows: list[dict]) -> list[tuple[int, bool]]:
    """Seconds of each session, and whether any of its durations is known."""
    named, loose = {}, []
    for row in sorted(rows, key=lambda row: row["occurred_at"].floor("s")):
        begun = row["occurred_at"].floor("s")
        known = row.get("seconds") is not None
        piece = (begun, begun + pd.Timedelta(seconds=row["seconds"] if known else 0), known)
        if row.get("session_id") is not None:
            named.setdefault(row["session_id"], []).append(piece)
        elif loose and piece[0] - max(end for _, end, _ in loose[-1]) <= pd.Timedelta(minutes=30):
            loose[-1].append(piece)
        else:
            loose.append([piece])
    return [
        (int((max(end for _, end, _ in part) - min(begun for begun, _, _ in part)).total_seconds()), any(known for *_, known in part))
        for part in [*named.values(), *loose]
    ]


def naive_places(values: dict[str, float]) -> dict[str, float]:
    """Share of users below, and half of those alike."""
    every = list(values.values())
    return {name: (sum(v < own for v in every) + sum(v == own for v in every) / 2) / len(every) for name, own in values.items()}


def naive(events: pd.DataFrame, signed_up: dict[str, datetime], as_of: datetime) -> pd.DataFrame:
    """Every usage feature of every customer."""
    rows = [row | {"day": row["occurred_at"].date()} for row in events.to_dict("records") if row["occurred_at"] < as_of]
    for row in rows:
        row["seconds"] = None if pd.isna(row.get("duration_seconds", None)) or row["duration_seconds"] < 0 else int(row["duration_seconds"])
        row["session_id"] = None if pd.isna(row.get("session_id", None)) else row["session_id"]
    everything = {row["feature"] for row in rows}
    lines, today = {}, as_of.date()
    for name in sorted(set(signed_up) | {row["customer_id"] for row in rows}):
        own = [row for row in rows if row["customer_id"] == name]
        seen = min([signed_up[name].date()] * (name in signed_up) + [row["day"] for row in own])
        days, line = sorted({row["day"] for row in own}), {"tenure_days": (today - seen).days}
        ages = [(today - day).days for day in days]
        recent, earlier = sum(age <= 28 for age in ages), sum(28 < age <= 56 for age in ages)
        uses = pd.Series([row["feature"] for row in own], dtype=object).value_counts()
        seconds = [row["seconds"] for row in own if row["seconds"] is not None]
        cut = naive_sessions(own)
        lasting = [length for length, known in cut if known]
        per_week = len(days) * 7 / max(line["tenure_days"], 7)
        line |= {"n_events": len(own), "active_days": len(days), "recent_active_days": recent, "earlier_active_days": earlier}
        line |= {"features_used": len(uses), "n_sessions": len(cut), "active_days_per_week": per_week}
        line |= {"feature_breadth": len(uses) / max(len(everything), 1), "is_declining": int(earlier >= 4 and recent <= earlier / 2)}
        line |= {"frequency_tier": "none", "user_status": "non-user", "engagement_level": "none"}
        if own:
            tiers = [(5, "daily"), (1, "weekly"), (12 / 52.18, "monthly"), (0, "rare")]
            line["frequency_tier"] = next(tier for least, tier in tiers if per_week >= least)
            status = "lapsed" if not recent else "new" if ages[0] <= 28 else "regular" if earlier else "reactivated"
            line |= {"user_status": status, "days_since_first_use": ages[0], "days_since_last_use": ages[-1]}
            line |= {"days_to_first_use": (days[0] - seen).days, "events_per_active_day": len(own) / len(days)}
            line |= {"sessions_per_active_day": len(cut) / len(days), "uses_per_feature": len(own) / len(uses)}
            line |= {"top_feature_share": uses.max() / len(own), "feature_concentration": ((uses / len(own)) ** 2).sum()}
            line["usage_seconds"] = sum(seconds) if seconds else np.nan
            line["minutes_per_active_day"] = sum(seconds) / 60 / len(days) if seconds else np.nan
            line["minutes_per_session"] = sum(lasting) / 60 / len(lasting) if lasting else np.nan
            line["usage_trend"] = (recent - earlier) / (recent + earlier) if recent + earlier else np.nan
        lines[name] = line
    users = [name for name, line in lines.items() if line["n_events"]]
    places = [naive_places({name: lines[name][key] for name in users}) for key in ("features_used", "n_sessions", "uses_per_feature")]
    for name in users:
        lines[name]["engagement_score"] = sum(place[name] for place in places) / 3
    for name, place in naive_places({name: round(lines[name]["engagement_score"], 9) for name in users}).items():
        lines[name]["engagement_level"] = "high" if place > 2 / 3 + 1e-12 else "medium" if place > 1 / 3 + 1e-12 else "low"
    return pd.DataFrame.from_dict(lines, orient="index")


def world(seed: int) -> tuple[pd.DataFrame, dict[str, datetime]]:
    """Random events with ties, gaps, sub-seconds, events at and after as_of, missing and negative durations, some sessions named."""
    rng = np.random.default_rng(seed)
    n, people = int(rng.integers(1, 250)), int(rng.integers(1, 25))
    offset = rng.integers(-3, int(rng.choice([3, 40, 200])), n) * 86400 + rng.choice([0, 0, 1, 599.5, 1800, 1801, 3600.25, 86399.999999], n)
    events = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in rng.integers(0, people, n)],
            "occurred_at": (pd.Timestamp(AS_OF) - pd.to_timedelta(np.round(offset, 6), unit="s")).astype("datetime64[us]"),
            "feature": rng.choice(list("vwxyz"), n, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
        }
    )
    if seed % 3:
        drawn = rng.choice([-600, 0, 0, 30, 1800, 4000], n)
        events["duration_seconds"] = pd.array(drawn, dtype="Int64")
        events.loc[rng.random(n) < 0.3, "duration_seconds"] = pd.NA
    if seed % 2:
        events["session_id"] = np.where(rng.random(n) < 0.5, None, rng.choice(["s", "t", "u"], n))
    known = {f"c{i}": AS_OF - timedelta(days=int(rng.integers(1, 400))) for i in range(people + 2)}
    return events, known


@pytest.mark.parametrize("seed", range(8))
def test_all_features_agree_with_plain_loops_on_random_events(seed):
    events, known = world(seed)
    found = made(
        events=events.to_dict("list"), customers={"customer_id": list(known), "signed_up_at": [str(day) for day in known.values()]}
    )
    expected = naive(events, known, AS_OF).reindex(found.index)
    assert (set(expected) | {"usage_seconds"}) - set(found) <= TIMED | {"usage_seconds"} and set(found) - set(expected) == MOMENTS
    for name in set(found) - MOMENTS:
        if found[name].dtype == object and isinstance(found[name].iloc[0], str) or str(found[name].dtype).startswith("str"):
            assert found[name].tolist() == expected[name].tolist(), name
        else:
            np.testing.assert_allclose(found[name].astype(float), expected[name].astype(float), rtol=1e-12, atol=1e-12, err_msg=name)
    last = {name: max(rows.occurred_at[rows.occurred_at < AS_OF].dt.date, default=None) for name, rows in events.groupby("customer_id")}
    on = found.last_used_on.map(lambda day: None if pd.isna(day) else day if type(day) is date else day.date())
    assert on.where(on.notna(), None).to_dict() == {name: last.get(name) for name in found.index}


def test_other_names_and_another_order_of_rows_change_no_feature():
    events, _ = world(5)
    first = made(events=events.to_dict("list"))
    names = {name: f"p{number}" for number, name in enumerate(reversed(sorted(set(events.customer_id))))}
    other = made(events=events.assign(customer_id=events.customer_id.map(names)).sample(frac=1, random_state=1).to_dict("list"))
    pd.testing.assert_frame_equal(other.reindex([names[name] for name in first.index]).set_axis(first.index), first)
