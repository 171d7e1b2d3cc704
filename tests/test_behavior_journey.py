"""How customers travel: funnels, stages, moves and ways counted by hand, against slow retellings, and with names that try to confuse."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight
from test_features import ORDERS, tables

from segkit.behavior import journey
from segkit.behavior.journeys import journeys, shares, shown

STAGES = ("one", "two", "three")
AS_OF = datetime(2025, 2, 1)


def contacts(*rows: str) -> dict:
    """`who day stage channel` in words, an exclamation mark for a conversion: "a 1 one mail", "a 3 - call!"."""
    cells = [row.split(" ", 3) for row in rows]
    return {
        "customer_id": [who for who, *_ in cells],
        "occurred_at": [f"2025-01-{int(day):02d}" if day.isdigit() else day for _, day, *_ in cells],
        "stage": [None if stage == "-" else stage for _, _, stage, _ in cells],
        "channel": [channel.rstrip("!") for *_, channel in cells],
        "is_conversion": [channel.endswith("!") for *_, channel in cells],
    }


TOUCHES = contacts(
    "a 1 one ads",
    "a 3 two mail",
    "a 9 two mail!",
    "a 20 three call",
    "b 2 one ads",
    "b 2 three call!",
    "b 25 one mail",
    "c 5 two ads",
    "c 6 - mail",
    "d 2025-02-01 three call!",
)


@pytest.fixture(scope="module")
def there():
    return tables(touchpoints=TOUCHES)


def test_the_funnel_counts_who_reached_a_stage_or_a_later_one(there):
    found = journey.funnel(there, AS_OF, STAGES)
    assert found[["stage", "n", "n_seen"]].to_numpy().tolist() == [["one", 3, 2], ["two", 3, 2], ["three", 2, 2]]
    assert found.share.tolist() == [1, 1, pytest.approx(2 / 3)]
    assert found.value.isna().tolist() == [True, False, False] and found.value.tolist()[1:] == [1, pytest.approx(2 / 3)]
    assert (found.drop_off + found.value).dropna().eq(1).all()
    assert (round(found.low[2], 4), round(found.high[2], 4)) == (0.2077, 0.9385)  # Wilson, 2 of 3
    assert found[["share_low", "share_high"]].iloc[2].tolist() == found[["low", "high"]].iloc[2].tolist()


def test_shares_are_those_of_statsmodels_and_of_nothing_there_is_none():
    from statsmodels.stats.proportion import proportion_confint

    hits, n = np.array([0, 1, 5, 50, 50]), np.array([1, 3, 50, 50, 10**6])
    low, high = proportion_confint(hits, n, method="wilson")
    assert np.allclose(shares(hits, n).to_numpy().T, [hits / n, low, high]) and shares([0], [0]).isna().all(axis=None)


def test_a_funnel_hides_who_stopped_where_few_did_and_the_steps_that_would_tell():
    counts = {"stage": list("pqrs"), "n": [100, 60, 57, 20], "n_seen": [100, 58, 30, 3]}
    rates = {name: [0.5] * 4 for name in ("share", "share_low", "share_high", "value", "low", "high", "drop_off")}
    found = journey.hide_small_stages(pd.DataFrame(counts | rates), 5)
    assert found.n.isna().tolist() == [False, True, False, False]  # 60 - 57 are three customers
    assert found.value.isna().tolist() == [False, True, True, False]  # 57 over the rate would be 60
    assert found.n_seen.isna().tolist() == [False, True, False, True]
    assert journey.hide_small_stages(pd.DataFrame(counts | rates), 0).notna().all(axis=None)


def test_time_in_a_stage_ends_with_a_later_one_or_is_cut_off_by_as_of(there):
    found = journey.time_in_stage(there, AS_OF, STAGES).set_index("stage")
    assert found.loc["one", ["n", "n_left", "n_there", "median"]].tolist() == [2, 2, 0, 0]  # a: 2 days; b: 0, and the return later is none
    assert found.loc["two", ["n", "n_left", "n_there", "median"]].tolist() == [2, 1, 1, 17]  # a: 17 days; c: 27 so far
    assert list(found.index) == ["one", "two"] and np.isnan(found.high["two"])
    assert journey.time_in_stage(there, None, STAGES).empty


@pytest.mark.parametrize("seed", range(6))
def test_quartiles_of_staying_are_those_of_another_kaplan_meier(seed):
    rng = np.random.default_rng(seed)
    days, left = rng.integers(0, 60, 150), rng.random(150) < (0.3, 0.9)[seed % 2]
    cells = pd.DataFrame({"days": days, "left": left}).value_counts().rename("n").reset_index().sort_values(["days", "left"])
    found = journey.kaplan_meier(cells.days.to_numpy(), cells.left.to_numpy(), cells.n.to_numpy())
    other = SurvfuncRight(days, left.astype(int))
    theirs = [other.quantile(p) for p in (0.25, 0.5, 0.75)] + [*other.quantile_ci(0.5, method="cloglog")]
    ours = [found[name] for name in ("p25", "median", "p75", "low", "high")]
    assert ours == pytest.approx([np.nan if np.isinf(each) else each for each in theirs], nan_ok=True)


def test_half_gone_is_the_median_and_the_censored_count_until_then():
    found = journey.kaplan_meier(np.array([1, 2, 3, 4]), np.array([True, True, False, False]), np.ones(4))
    assert (found["p25"], found["median"]) == (1, 2) and np.isnan(found["p75"])
    none = journey.kaplan_meier(np.array([5]), np.array([False]), np.array([9]))
    assert all(np.isnan(value) for value in none.values())


def test_the_interval_of_a_median_covers_it_in_19_of_20_data_sets():
    rng, hits = np.random.default_rng(1000), 0
    for _ in range(400):
        true, cut = rng.geometric(0.05, 120), rng.integers(5, 80, 120)  # the median of the days is 14
        found = journey.kaplan_meier(np.minimum(true, cut), true <= cut, np.ones(120))
        hits += found["low"] <= 14 <= (np.inf if np.isnan(found["high"]) else found["high"])
    assert 0.93 <= hits / 400 <= 0.98  # .955 on these seeds; days are whole, which makes it a little wider than 95 %


def test_moves_between_stages_and_to_the_ends_of_journeys(there):
    found = journey.transitions(journeys(there, AS_OF, STAGES, "stage"))
    told = {(row.origin, row.target): (row.moves, row.n) for row in found.itertuples()}
    assert told == {
        ("(start)", "one"): (3, 2),
        ("(start)", "two"): (1, 1),
        ("(start)", "three"): (1, 1),
        ("one", "two"): (1, 1),
        ("one", "three"): (1, 1),
        ("one", "(open)"): (1, 1),
        ("two", "two"): (1, 1),
        ("two", "(no stage)"): (1, 1),
        ("two", "(conversion)"): (1, 1),
        ("three", "(conversion)"): (1, 1),
        ("three", "(open)"): (1, 1),
        ("(no stage)", "(open)"): (1, 1),
    }
    assert found.groupby("origin").value.sum().to_numpy() == pytest.approx(1)
    assert (found.low <= found.value).all() and (found.value <= found.high).all()


def test_the_interval_of_a_move_knows_that_customers_repeat_themselves():
    rng, hits, naive = np.random.default_rng(1000), 0, 0
    for _ in range(200):
        taste = rng.beta(1, 1, 60)  # each customer has a way of their own; half of all moves go to x
        rows = [(f"c{who}", day, "xy"[int(rng.random() > taste[who])]) for who in range(60) for day in range(1, 13)]
        touches = {"customer_id": [who for who, *_ in rows], "occurred_at": [f"2025-01-{day:02d}" for _, day, _ in rows]}
        touches |= {"channel": [where for *_, where in rows], "is_conversion": [True] * len(rows)}
        found = journey.transitions(flat(touches)).set_index(["origin", "target"]).loc[("(start)", "x")]
        hits += found.low <= 0.5 <= found.high
        plain = shares([found.moves], [720]).iloc[0]
        naive += plain.low <= 0.5 <= plain.high
    assert hits / 200 >= 0.92 and naive / 200 <= 0.8


def flat(touches: dict):
    """Journeys of one contact each, put together without an engine (which would take its time 200 times)."""
    from segkit.behavior.journeys import Journeys

    rows = pd.DataFrame(touches)
    state = rows.channel.map({"x": 1, "y": 2}).to_numpy()
    owner = rows.customer_id.factorize()[0]
    ones = np.ones(owner.max() + 1, np.int64)
    totals = pd.DataFrame({"touches": [np.nan, 1, 1], "n": 1, "conversions": 1, "cost": np.nan})
    return Journeys("channel", ("(other)", "x", "y"), totals, state, np.arange(1, len(rows) + 1), np.ones(len(rows), bool), owner, ones)


def test_typical_paths_collapse_repeats_and_count_customers(there):
    found = journey.typical_paths(journeys(there, AS_OF, STAGES)).set_index("path")
    assert found[["steps", "n", "n_converted"]].T.to_dict("list") == {
        "ads > call": [2, 1, 1],
        "ads > mail": [2, 2, 1],  # a bought on it, c is still on the way
        "call": [1, 1, 0],
        "mail": [1, 1, 0],
    }
    assert list(found.index)[0] == "ads > mail" and found.share["ads > mail"] == pytest.approx(2 / 3)
    assert (found.value["ads > mail"], found.value["call"]) == (0.5, 0)
    assert len(journey.typical_paths(journeys(there, AS_OF, STAGES), most=2)) == 2


def test_a_channel_mix_over_everything_and_by_stage(there):
    found = journey.channel_mix(there, AS_OF, STAGES).set_index("channel")
    assert found[["touches", "n", "conversions"]].T.to_dict("list") == {"mail": [4, 3, 1], "ads": [3, 3, 0], "call": [2, 2, 1]}
    assert found.value["call"] == pytest.approx(2 / 3) and "cost" not in found
    staged = journey.channel_mix(there, AS_OF, STAGES, by_stage=True).set_index(["stage", "channel"])
    assert staged.n.to_dict() == {
        ("one", "ads"): 2,
        ("one", "mail"): 1,
        ("two", "mail"): 1,
        ("two", "ads"): 1,
        ("three", "call"): 2,
        ("(no stage)", "mail"): 1,
    }
    assert staged.value[("one", "ads")] == 1 and staged.value[("two", "ads")] == 0.5
    cost = tables(touchpoints=TOUCHES | {"cost": [1, 2, 3, 4, 5, 6, 7, 8, None, 99]})
    priced = journey.channel_mix(cost, AS_OF, STAGES).set_index("channel")
    assert (priced.cost["mail"], priced.cost_per_touch["mail"]) == (12, 3)


def test_names_that_look_like_ways_or_like_ours_stay_apart():
    touches = contacts("a 1 one x > y", "b 1 one x", "b 2 one y!", 'c 1 one x"', "d 1 one (start)!", "e 1 one x\\ > y!", "f 1 one ☕'!")
    found = journeys(tables(touchpoints=touches), AS_OF, STAGES)
    ways = journey.typical_paths(found).set_index("path")
    assert ways.n.to_dict() == {'"x > y"': 1, "x > y": 1, r'"x\""': 1, '"(start)"': 1, r'"x\\ > y"': 1, "☕'": 1}
    moves = journey.transitions(found)
    assert moves.moves[(moves.origin == "(start)")].sum() == 6 and (moves.origin == '"(start)"').sum() == 1
    assert [shown(name) for name in ("mail", "(other)", "a>b")] == ["mail", "(other)", '"a>b"']


def test_thousands_of_channels_become_the_most_used_and_the_rest():
    names = [f'channel {i} "é" > \'' for i in range(10_000)]
    rows = {"customer_id": [f"c{i % 500}" for i in range(12_000)], "channel": names + ["top"] * 2_000}
    rows |= {"occurred_at": [f"2025-01-{1 + i // 500:02d}" for i in range(12_000)], "is_conversion": [i % 7 == 0 for i in range(12_000)]}
    there = tables(touchpoints=rows)
    found = journeys(there, AS_OF, STAGES)
    assert len(found.names) == 31 and found.names[1] == "top" and found.totals.n[0] == 500
    contacts_of_all = found.n[found.owner] @ (found.ends - found.starts)
    assert (
        found.totals.touches.sum() == 12_000 == contacts_of_all and found.totals.conversions.sum() == found.n[found.owner] @ found.converted
    )
    assert len(journey.channel_mix(there, AS_OF, STAGES)) == 13 and len(journey.transitions(found).origin.unique()) == 14


@pytest.mark.parametrize("seed", range(3))
def test_random_journeys_come_out_as_they_are_retold(seed):
    rng = np.random.default_rng(seed)
    touches = pd.DataFrame(
        {
            "customer_id": rng.choice([f"c{i}" for i in range(40)], 300),
            "occurred_at": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 35, 300), "D"),
            "stage": rng.choice([*STAGES, None], 300),
            "channel": rng.choice(["mail", "call", "ads"], 300),
            "is_conversion": rng.random(300) < 0.2,
        }
    )
    found = journeys(tables(touchpoints=touches.sample(frac=1, random_state=seed)), AS_OF, STAGES)
    rank = {name: at for at, name in enumerate(STAGES, 1)}
    known = touches[touches.occurred_at < AS_OF].assign(rank=lambda rows: rows.stage.map(rank).fillna(0))
    expected = []
    for _, rows in known.sort_values(["occurred_at", "is_conversion", "rank", "channel"]).groupby("customer_id"):
        way = []
        for row in rows.itertuples():
            way.append(row.channel)
            if row.is_conversion:
                expected.append((tuple(way), True))
                way = []
        expected += [(tuple(way), False)] if way else []
    ours = [
        (tuple(found.names[state] for state in found.states[a:b]), bool(won))
        for a, b, won, owner in zip(found.starts, found.ends, found.converted, found.owner)
        for _ in range(found.n[owner])
    ]
    assert sorted(ours) == sorted(expected)


def test_without_touchpoints_or_without_stages_there_are_columns_and_no_line():
    orders, old = tables(orders=ORDERS), tables(touchpoints=contacts("a 2025-06-01 one mail!"))
    for there in (orders, old):
        found = journeys(there, AS_OF, STAGES)
        for table in (
            journey.funnel(there, AS_OF, STAGES),
            journey.time_in_stage(there, AS_OF, STAGES),
            journey.transitions(found),
            journey.typical_paths(found),
            journey.channel_mix(there, AS_OF, STAGES),
            journey.channel_mix(there, AS_OF, STAGES, by_stage=True),
        ):
            assert table.empty and "n" in table.columns
    bare = tables(touchpoints={name: values for name, values in TOUCHES.items() if name != "stage"})
    assert journey.funnel(bare, AS_OF, STAGES).empty and journey.channel_mix(bare, AS_OF, STAGES, by_stage=True).empty
    assert journeys(bare, AS_OF, STAGES, "stage").of == "channel"


def test_without_a_cut_off_date_all_contacts_count(there):
    assert journeys(there, None, STAGES).n.sum() == 4 and journey.funnel(there, None, STAGES).n.tolist() == [4, 4, 3]
