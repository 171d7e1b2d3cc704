"""How customers use the product, in aggregates: by hand, against plain loops, and as it is shown and hidden."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, EVENTS, ORDERS, made, tables
from test_features_usage import STATUSES, both, used, world

from segkit import behavior, figures, privacy, prose
from segkit.errors import BadInput

FLOWS = ["new", "regular", "reactivated", "lapsed"]
OF_CUSTOMERS = ["usage_grid", "frequency_tiers", "engagement_levels", "user_statuses", "usage_decline"]
OF_TABLES = ["feature_engagement", "feature_adoption", "stickiness", "user_status_by_month"]
USERS = pd.DataFrame(
    {
        "active_days": [9, 9, 9, 9, 9, 0],
        "active_days_per_week": [5.0, 1.0, 0.99, 0.1, 2.0, 0.0],
        "minutes_per_active_day": [1.0, 4.0, 2.0, 3.0, np.nan, np.nan],
        "events_per_active_day": [1.0, 1.0, 1.0, 1.0, 2.0, np.nan],
    }
)


def ago(*days: int, hour: int = 12) -> list[datetime]:
    return [AS_OF - timedelta(days=day) + timedelta(hours=hour) for day in days]


def grid(rows: pd.DataFrame, **how) -> dict:
    return behavior.usage_grid(rows, **how).set_index("name").n.to_dict()


def test_the_usage_grid_counts_users_whose_minutes_are_known_and_says_where_it_cuts():
    found = behavior.usage_grid(USERS)
    assert found[["frequency", "intensity", "name", "n"]].to_numpy().tolist() == [
        ["low", "low", "casual", 1],
        ["high", "low", "social", 1],
        ["low", "high", "competitive", 1],
        ["high", "high", "hardcore", 1],
    ]
    assert (found[["measure", "frequency_cut", "intensity_cut"]] == ["minutes", 1.0, 2.5]).all(axis=None) and found.share.sum() == 1


def test_without_minutes_the_grid_counts_actions_and_who_ties_with_the_median_is_not_intense():
    found = behavior.usage_grid(USERS.drop(columns="minutes_per_active_day"))
    assert (found.measure[0], found.intensity_cut[0], found.n.tolist()) == ("events", 1.0, [2, 2, 0, 1])
    unknown = behavior.usage_grid(USERS.assign(minutes_per_active_day=np.nan))
    assert unknown.equals(found)


def test_cuts_and_names_are_given_and_the_cuts_of_one_window_serve_another():
    first = behavior.usage_grid(USERS).iloc[0]
    later = USERS.assign(minutes_per_active_day=USERS.minutes_per_active_day + 2)
    assert grid(later) == grid(USERS)
    frozen = grid(later, frequency_cut=first.frequency_cut, intensity_cut=first.intensity_cut)
    assert frozen == {"casual": 0, "social": 0, "competitive": 2, "hardcore": 2}
    assert list(grid(USERS, frequency_cut=0, names=("w", "x", "y", "z"))) == ["w", "x", "y", "z"]
    assert grid(USERS, frequency_cut=0) == {"casual": 0, "social": 2, "competitive": 0, "hardcore": 2}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"frequency_cut": -1}, "frequency_cut is -1"),
        ({"frequency_cut": float("nan")}, "frequency_cut is nan"),
        ({"intensity_cut": float("inf")}, "intensity_cut is inf"),
        ({"intensity_cut": "median"}, "intensity_cut is 'median'"),
        ({"names": ("a", "b", "c")}, "has 4 cells"),
        ({"names": ("a", "b", "c", "a")}, "four different names"),
        ({"names": "abcd"}, "has 4 cells"),
    ],
)
def test_cuts_and_names_that_cannot_be_are_refused(how, said):
    with pytest.raises(BadInput, match=said):
        behavior.usage_grid(USERS, **how)


@pytest.fixture(scope="module")
def customers():
    """A customer for each story of use, and one who never used anything."""
    parts = [used(*ago(*days), customer=name) for name, (days, _) in STATUSES.items()]
    return made(events=both(*parts), customers={"customer_id": ["quiet"], "signed_up_at": ["2024-12-01"]})


def test_classes_are_counted_and_a_table_has_everybody_of_its_kind(customers):
    statuses = behavior.user_statuses(customers).set_index("status")
    assert statuses.n.to_dict() == {"new": 2, "regular": 3, "reactivated": 1, "lapsed": 5, "non-user": 1}
    assert statuses.index[statuses.is_active].tolist() == ["new", "regular", "reactivated"] and statuses.share["lapsed"] == 5 / 12
    for table in (behavior.frequency_tiers(customers), behavior.engagement_levels(customers)):
        assert table.n.sum() == 11 and table.share.sum() == pytest.approx(1), "users only"
    assert behavior.engagement_levels(customers).level.tolist() == ["high", "medium", "low"]
    assert behavior.frequency_tiers(customers).tier.tolist() == ["daily", "weekly", "monthly", "rare"]


def test_the_decline_is_a_share_of_those_who_could_decline(customers):
    found = behavior.usage_decline(customers).set_index("use")
    assert found.n.to_dict() == {"declining": 2, "holding": 1}
    row = found.loc["declining"]
    assert row.value == pytest.approx(2 / 3) and (row.low, row.high) == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4))
    assert behavior.usage_decline(customers[customers.earlier_active_days < 4]).empty


PRODUCT = both(
    used(*ago(100, 99, 10, 9), customer="a", feature="map", duration_seconds=[60, 120, None, -3]),
    used(*ago(60), customer="a", feature="chat", duration_seconds=[0]),
    used(*ago(20, 20, 13), customer="b", feature="map", duration_seconds=[600, 0, 0]),
    used(*ago(13), customer="b", feature="chat", duration_seconds=[None]),
    used(*ago(5), customer="c", feature="map", duration_seconds=[30]),
    used(*ago(0, -5), customer="c", feature="new", duration_seconds=[30, 30]),
)


def test_reach_depth_and_frequency_of_each_feature_by_hand():
    found = behavior.feature_engagement(tables(events=PRODUCT), AS_OF).set_index("feature")
    assert found.index.tolist() == ["map", "chat"] and (found.users == 3).all() and found.n.tolist() == [3, 2]
    assert found.value.tolist() == [1.0, pytest.approx(2 / 3)] and found.low["chat"] == pytest.approx(0.2077, abs=1e-4)
    assert found.uses_per_user.tolist() == [8 / 3, 1.0]
    assert found.days_per_week["map"] == pytest.approx(7 * (4 + 2 + 1) / (100 + 20 + 7)), "c's first week counts whole"
    assert found.days_per_week["chat"] == pytest.approx(7 * 2 / (60 + 13))
    assert found.minutes_per_use["map"] == pytest.approx(810 / 60 / 6) and found.minutes_per_use["chat"] == 0
    bare = behavior.feature_engagement(tables(events={k: v for k, v in PRODUCT.items() if k != "duration_seconds"}), AS_OF)
    assert "minutes_per_use" not in bare and bare.uses_per_user.tolist() == [8 / 3, 1.0]


def test_adoption_asks_only_those_who_are_old_enough_to_tell():
    found = behavior.feature_adoption(tables(events=PRODUCT), AS_OF).set_index(["feature", "days"])
    assert found.n.to_dict() == {(f, d): {7: 2, 30: 1, 90: 1}[d] for f in ("map", "chat") for d in (7, 30, 90)}
    assert found.adopters.to_dict() == {("map", 7): 2, ("map", 30): 1, ("map", 90): 1, ("chat", 7): 0, ("chat", 30): 0, ("chat", 90): 1}


@pytest.mark.parametrize(("day", "adopters"), [(7, 1), (6, 1), (8, 0)])
def test_the_seventh_day_is_the_last_of_the_first_seven(day, adopters):
    rows = both(used(*ago(20)), used(*ago(20 - day + 1, hour=23), feature="late"))
    assert behavior.feature_adoption(tables(events=rows), AS_OF, (7,)).set_index("feature").adopters["late"] == adopters


def test_who_is_seven_days_old_is_asked_about_seven_days_and_who_is_six_is_not():
    for age, asked in ((7, [[1, 1]]), (6, [])):
        found = behavior.feature_adoption(tables(events=used(*ago(age, hour=23))), AS_OF, (7,))
        assert found[["n", "adopters"]].to_numpy().tolist() == asked


def test_stickiness_is_daily_over_monthly_actives_and_its_interval_is_over_customers():
    rows = both(
        used(*ago(28, 27, 1, hour=0), customer="a"),
        used(*ago(28, hour=1), customer="a", feature="y"),
        used(*ago(10), customer="b"),
        used(*ago(29), customer="c"),
        used(*ago(0), customer="d"),
    )
    found = behavior.stickiness(tables(events=rows), AS_OF).set_index("feature")
    assert found.n.to_dict() == {"any feature": 2, "x": 2, "y": 1} and found.daily.to_dict() == {
        "any feature": 4 / 28,
        "x": 4 / 28,
        "y": 1 / 28,
    }
    assert found.value.tolist() == [2 / 28, 2 / 28, 1 / 28] and found.low.iloc[0] == 0 and pd.isna(found.low["y"])
    alike = behavior.stickiness(tables(events=both(used(*ago(40, 1)), used(*ago(2), customer="b"))), AS_OF)
    assert alike.value[0] == 1 / 28 and alike[["low", "high"]].isna().all(axis=None), "customers all alike tell nothing of how they spread"
    days = np.array([3, 1]) / 28
    assert found.high.iloc[0] == pytest.approx(days.mean() + 12.7062 * days.std(ddof=1) / np.sqrt(2), rel=1e-4)


def test_data_that_begin_in_the_last_28_days_tell_no_stickiness():
    assert behavior.stickiness(tables(events=used(*ago(27, 1))), AS_OF).empty
    assert len(behavior.stickiness(tables(events=used(*ago(28, 1))), AS_OF)) == 2


def test_the_interval_of_stickiness_holds_what_it_promises():
    """Customers with skewed shares of active days, of which samples are drawn: 95 % of intervals hold the mean share of all."""
    rng = np.random.default_rng(3)
    held, trials, n = 0, 1000, 60
    shares = rng.beta(0.5, 2, 100_000)
    days = rng.binomial(28, shares)
    days = days[days > 0]
    for _ in range(trials):
        drawn = rng.choice(days, n)
        _, _, _, low, high = behavior.product._sticky(n, drawn.sum(), (drawn**2).sum(), "x")
        held += low <= days.mean() / 28 <= high
    assert 0.92 < held / trials < 0.97


def months_by_sets(events: pd.DataFrame, as_of: datetime) -> list[list]:
    """Who is active each whole month, by sets of names."""
    seen = events[events.occurred_at < as_of]
    month = seen.occurred_at.dt.to_period("M")
    active = {period: set(part) for period, part in seen.customer_id.groupby(month) if period < pd.Period(as_of, "M")}
    if not active:
        return []
    lines, ever, before = [], set(), set()
    for period in pd.period_range(min(active), pd.Period(as_of, "M") - 1, freq="M"):
        now = active.get(period, set())
        lines.append([str(period), len(now), len(now - ever), len(now & before), len((now & ever) - before), len(before - now)])
        ever, before = ever | now, now
    return lines


@pytest.mark.parametrize("seed", range(6))
def test_who_comes_and_goes_adds_up_every_month(seed):
    events, _ = world(100 + seed)
    rng = np.random.default_rng(seed)
    events["occurred_at"] -= pd.to_timedelta(rng.choice([0, 30, 60, 61, 400], len(events)), unit="D")
    as_of = AS_OF + timedelta(days=int(rng.choice([0, 1, 14])))
    found = behavior.user_status_by_month(tables(events=events.to_dict("list")), as_of)
    assert found[["month", "n", *FLOWS]].to_numpy().tolist() == months_by_sets(events, as_of)
    before = found.n.shift(1, fill_value=0)
    assert (found.n == before - found.lapsed + found.new + found.reactivated).all()
    assert (found.n == found[["new", "regular", "reactivated"]].sum(axis=1)).all() and (before == found.regular + found.lapsed).all()


def test_silent_months_are_there_and_months_cut_short_are_not():
    rows = both(used("2024-10-05", "2025-01-31 23:59", "2025-02-01"), used("2024-10-31", customer="b"))
    found = behavior.user_status_by_month(tables(events=rows), AS_OF)
    assert found.to_numpy().tolist() == [
        ["2024-10", 2, 2, 0, 0, 0, 2],
        ["2024-11", 0, 0, 0, 0, 2, 2],
        ["2024-12", 0, 0, 0, 0, 0, 0],
        ["2025-01", 1, 0, 0, 1, 0, 1],
    ]
    assert behavior.user_status_by_month(tables(events=rows), datetime(2025, 1, 31)).month.tolist() == ["2024-10", "2024-11", "2024-12"]
    assert behavior.user_status_by_month(tables(events=rows), datetime(2024, 10, 31)).empty


def test_where_nothing_is_told_there_are_empty_tables_and_no_sentence_or_picture():
    bought, shop = made(orders=ORDERS), tables(orders=ORDERS)
    found = {name: getattr(behavior, name)(bought) for name in OF_CUSTOMERS}
    found |= {name: getattr(behavior, name)(shop, AS_OF) for name in OF_TABLES}
    undated = [getattr(behavior, name)(tables(events=EVENTS), None) for name in OF_TABLES]
    unused = [getattr(behavior, name)(tables(events=EVENTS), datetime(2000, 1, 1)) for name in OF_TABLES]
    full = {name: getattr(behavior, name)(made(events=EVENTS)) for name in OF_CUSTOMERS if name != "usage_decline"}
    full |= {name: getattr(behavior, name)(tables(events=EVENTS), AS_OF) for name in OF_TABLES}
    for table in (*found.values(), *undated, *unused):
        assert table.empty
    for name, table in full.items():
        assert len(table) and set(found[name]) >= set(table) - {"minutes_per_use", "is_active"}, name
    assert prose.usage_grid(found["usage_grid"]) is None is figures.usage_grid(found["usage_grid"])
    assert prose.user_statuses(found["user_statuses"], found["usage_decline"]) is None
    assert prose.feature_engagement(found["feature_engagement"]) is None is prose.stickiness(found["stickiness"])
    assert figures.feature_engagement(found["feature_engagement"], found["feature_adoption"]) is None
    assert prose.user_status_by_month(found["user_status_by_month"]) is None is figures.user_status_by_month(found["user_status_by_month"])


def big(seed: int = 1, names: int = 0) -> dict:
    """Two hundred users of five features, some of them hardly used, over a year."""
    rng = np.random.default_rng(seed)
    n, people = 4000, 200
    events = pd.DataFrame(
        {
            "customer_id": rng.integers(0, people, n) ** 2 // people,
            "feature": rng.choice(["map", "chat", "<b>x</b>", "rare"], n, p=[0.6, 0.3, 0.095, 0.005]),
            "occurred_at": pd.Timestamp("2024-02-03") + pd.to_timedelta(rng.integers(0, 363 * 86400, n), unit="s"),
            "duration_seconds": rng.integers(0, 900, n),
        }
    )
    few = events.sort_values("occurred_at").drop_duplicates("customer_id").iloc[:3].assign(feature="api")
    events = pd.concat([events, few], ignore_index=True)
    called = np.array([f"p{number:04d}" for number in np.random.default_rng(names).permutation(people)])
    return tables(events=events.assign(customer_id=called[events.customer_id]))


def published(gathered: dict, min_cell: int = 5) -> dict[str, pd.DataFrame]:
    """As the notebook shows them: small cells hidden."""
    customers = behavior_of(gathered)
    hide = privacy.hide_small_cells
    shown = {name: getattr(behavior, name)(customers) for name in OF_CUSTOMERS}
    shown |= {name: getattr(behavior, name)(gathered, AS_OF) for name in OF_TABLES}
    within = {"user_statuses": ["is_active"]}
    found = {name: hide(shown[name], ["share", "value", "low", "high"], min_cell, within=within.get(name, [])) for name in OF_CUSTOMERS}
    told = ["value", "low", "high", "uses_per_user", "days_per_week", "minutes_per_use", "daily"]
    found |= {name: hide(shown[name], told, min_cell) for name in ("feature_engagement", "stickiness")}
    found["feature_adoption"] = hide(shown["feature_adoption"], told, min_cell, n="adopters")
    by_month = hide(shown["user_status_by_month"], [], min_cell)
    return found | {"user_status_by_month": hide(by_month, FLOWS, min_cell, n="least", within=[])}


def behavior_of(gathered: dict) -> pd.DataFrame:
    from segkit import features

    return features.customer_features(gathered, AS_OF).execute().set_index("customer_id")


@pytest.fixture(scope="module")
def shown():
    return published(big())


def test_other_names_give_the_same_tables_to_the_last_digit(shown):
    other = published(big(names=7))
    assert {name for name in shown if shown[name].to_csv(float_format="%.10g") != other[name].to_csv(float_format="%.10g")} == set()


def test_small_cells_are_hidden_and_a_month_with_one_hides_all_that_would_tell_it(shown):
    rare = shown["feature_engagement"].set_index("feature").loc["api"]
    assert rare[["n", "value", "low", "high", "uses_per_user", "days_per_week", "minutes_per_use"]].isna().all()
    adoption = shown["feature_adoption"].set_index("feature")
    assert adoption.loc["api", ["adopters", "value", "low", "high"]].isna().all(axis=None) and adoption.n.notna().all()
    months = shown["user_status_by_month"]
    gone = months[FLOWS].isna()
    assert 2 <= gone.new.sum() < len(months) and (gone.all(axis=1) == gone.any(axis=1)).all()
    whole = behavior.user_status_by_month(big(), AS_OF)
    small = ((whole[FLOWS] > 0) & (whole[FLOWS] < 5)).any(axis=1)
    assert small.any() and gone.new[small].all() and months.n.notna().all()


def test_sentences_say_what_the_tables_hold(shown):
    grid, top = shown["usage_grid"], shown["usage_grid"].dropna(subset=["n"]).sort_values("n").iloc[-1]
    said = prose.usage_grid(grid)
    assert f"The largest cell is {top['name']} with {100 * top.share:.1f} % of users (n = {top.n})" in said
    assert "1 active day a week" in said and "minutes on an active day" in said
    statuses = prose.user_statuses(shown["user_statuses"], shown["usage_decline"])
    down = shown["usage_decline"].iloc[0]
    assert f"Use is falling for {down.n} of {shown['usage_decline'].n.sum()} customers" in statuses and "are regular" in statuses
    assert "never used" not in statuses, "there is nobody of that kind"
    reach = prose.feature_engagement(shown["feature_engagement"])
    assert "Of 150 users, 100.0 % (97.5 % to 100.0 %) have used map, the feature most reached" in reach and "rare" in reach
    assert "the least reached that can be shown" in reach and "1 more is used by too few customers to show" in reach
    sticky = shown["stickiness"].iloc[0]
    assert f"of the {sticky.n} customers active in the last 28 days" in prose.stickiness(shown["stickiness"])
    assert f"{100 * sticky.value:.1f} %" in prose.stickiness(shown["stickiness"])
    last = shown["user_status_by_month"].dropna().iloc[-1]
    assert f"In {last.month}, {last.n} customers were active" in prose.user_status_by_month(shown["user_status_by_month"])


def test_the_month_says_whether_more_or_fewer_were_active():
    rows = pd.DataFrame([["2025-01", 9, 9, 0, 0, 0], ["2025-02", 12, 2, 8, 2, 1]], columns=["month", "n", *FLOWS])
    assert "12 customers were active, 3 more than the month before: 2 new and 2 back after a pause came in, 1 went" in (
        prose.user_status_by_month(rows)
    )
    assert "first month" in prose.user_status_by_month(rows.iloc[:1])
    rows.loc[1, ["n", "lapsed", "regular"]] = [9, 4, 5]
    assert "as many as the month before" in prose.user_status_by_month(rows)
    rows.loc[1, ["n", "lapsed", "regular"]] = [7, 6, 3]
    assert "2 fewer than" in prose.user_status_by_month(rows)


def test_foreign_words_are_escaped_and_one_feature_alone_says_so():
    rows = behavior.feature_engagement(tables(events=both(used(*ago(1)), used(*ago(1), customer="b", feature="<b>x</b>"))), AS_OF)
    assert "&lt;b&gt;x" in prose.feature_engagement(rows) and "<b>" not in prose.feature_engagement(rows)
    alone = behavior.feature_engagement(tables(events=used(*ago(1))), AS_OF)
    assert "only one feature, x" in prose.feature_engagement(alone)
    assert figures.feature_engagement(alone, behavior.feature_adoption(tables(events=used(*ago(1))), AS_OF)) is None
    once = behavior.usage_grid(made(events=both(*[used(*ago(1), customer=name) for name in "abcdef"])))
    assert "and at most 1 event on an active day" in prose.usage_grid(once)


def pictures(shown: dict) -> list:
    return [
        figures.usage_grid(shown["usage_grid"]),
        figures.feature_engagement(shown["feature_engagement"], shown["feature_adoption"]),
        figures.user_status_by_month(shown["user_status_by_month"]),
    ]


def written(picture) -> str:
    """Everything a picture says, in it and beside it."""
    texts = [
        text for axes in picture.figure.axes for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label)
    ]
    legends = [text for axes in picture.figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()]
    return "\n".join([picture.alt, *(text.get_text() for text in (*texts, *legends))])


def test_pictures_show_what_can_be_shown_and_say_it(shown):
    grid, features, months = map(written, pictures(shown))
    for picture in pictures(shown):
        image = picture._repr_mimebundle_()[0]
        assert image["image/png"].startswith(b"\x89PNG") and picture.alt.endswith(".")
    assert all(name in grid for name in ("casual", "social", "competitive", "hardcore", "1 or more", "minutes per active day"))
    assert "map" in features and "\napi" not in features and "in 90 days" in features and "Most users, 100.0 %, have used map" in features
    assert "lapsed" in months and "Too few customers to show in" in months
    assert not [text for text in (grid, features, months) if "nan" in text or "<NA>" in text]


def test_where_everything_is_hidden_sentences_and_pictures_say_that_it_is(shown):
    hidden = published(big(), min_cell=10_000)
    assert all("oo few" in written(picture) for picture in pictures(hidden))
    said = [
        prose.usage_grid(hidden["usage_grid"]),
        prose.feature_engagement(hidden["feature_engagement"]),
        prose.stickiness(hidden["stickiness"]),
    ]
    said += [
        prose.user_status_by_month(hidden["user_status_by_month"]),
        prose.user_statuses(hidden["user_statuses"], hidden["usage_decline"]),
    ]
    assert all("oo few" in sentence for sentence in said)
