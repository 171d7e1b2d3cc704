"""Journey features: worked by hand, against a slow retelling in pandas, and whatever order the rows come in."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, EVENTS, tables

from segkit import features
from segkit.errors import BadInput
from segkit.features import fold, journey

STAGES = ("one", "two", "three")
TOUCHES = {
    "customer_id": ["a", "a", "a", "a", "b", "b", "c", "a", "d"],
    "occurred_at": ["2025-01-02", "2025-01-02 09:00", "2025-01-05 23:59", "2025-01-09", "2025-01-07", "2025-01-07", "2025-01-31", *["2025-02-01"] * 2],
    "stage": ["one", "three", "two", "three", "two", "one", None, "three", "one"],
    "channel": ["ads", "mail", "mail", "call", "mail", "ads", "ads", "late", "ads"],
    "cost": [1.1, None, 2.2, 0, 3, 4, None, 99, 1],
    "is_conversion": [False, False, True, True, True, False, False, True, False],
}  # fmt: skip
MOMENTS = {"first_touched_at", "last_touched_at", "first_converted_at"}


def everything(touches=TOUCHES) -> pd.DataFrame:
    """All features of customers who also use the product."""
    found = features.customer_features(tables(touchpoints=touches, events=EVENTS), AS_OF, stages=STAGES)
    return found.execute().set_index("customer_id")


def made(touches=TOUCHES, stages=STAGES, as_of=AS_OF) -> pd.DataFrame:
    """The features of this module alone, of whom it knows."""
    rows = features.before(tables(touchpoints=touches)["touchpoints"], "touchpoints", as_of)
    defined, given = fold.defined([journey], rows.columns), {"as_of": as_of, "stages": stages}
    parts = []
    for name in ("per_touch", "per_touch_channel"):
        of_grain = {column: each for column, each in defined.items() if fold.grain(each) == name}
        grained = fold.called(defined[name], rows, given)
        columns = {column: fold.called(each, grained, given) for column, each in of_grain.items()}
        parts.append(grained.group_by("customer_id").aggregate(**columns))
    found = fold.of_customers(parts[0].join(parts[1], "customer_id"), defined, given)
    found = found.execute().set_index("customer_id").sort_index()
    return found.astype({name: float for name in found.columns if name == "touch_cost"})


def test_a_journey_by_hand():
    a = made().loc["a"]
    assert (a.n_touchpoints, a.n_conversions, a.path_length, a.touches_per_conversion) == (4, 2, 3, 2.0)
    assert (a.first_touch_channel, a.last_touch_channel, a.n_touch_channels, a.top_touch_channel_share) == ("ads", "call", 3, 0.5)
    assert (a.journey_days, a.days_to_conversion, a.days_since_last_touch) == (7, 3, 23)
    assert (a.touch_cost, a.furthest_stage, a.furthest_stage_name, a.days_in_stage) == (pytest.approx(3.3), 3, "three", 30)


def test_of_two_contacts_at_one_moment_the_conversion_is_the_last():
    b = made().loc["b"]
    assert (b.first_touch_channel, b.last_touch_channel, b.path_length) == ("ads", "mail", 2)
    assert (b.days_to_conversion, b.furthest_stage_name, b.days_in_stage) == (0, "two", 25)


def test_without_a_conversion_the_path_is_all_there_is_so_far():
    c = made().loc["c"]
    assert (c.n_touchpoints, c.n_conversions, c.path_length) == (1, 0, 1)
    assert c[["days_to_conversion", "touches_per_conversion", "furthest_stage", "furthest_stage_name", "days_in_stage"]].isna().all()


def test_who_was_only_reached_is_known_and_neither_active_nor_older_for_it():
    found = everything({name: values[4:] for name, values in TOUCHES.items()})
    assert list(found.index) == ["a", "b", "c"] and found.is_active.to_dict() == {"a": True, "b": False, "c": True}  # d is reached later
    assert pd.isna(found.tenure_days["b"]) and pd.isna(found.first_seen_at["b"]) and found.active_days["b"] == 0
    assert (found.n_touchpoints["a"], found.path_length["a"], found.touch_cost["a"]) == (0, 0, 0) and pd.isna(found.journey_days["a"])
    assert found.touch_cost["c"] == 0 and found.tenure_days["a"] == 31
    assert features.n_active(tables(touchpoints=TOUCHES, events=EVENTS), AS_OF) == 2


def test_nothing_at_or_after_as_of_counts():
    early = {name: [value for value, at in zip(values, TOUCHES["occurred_at"]) if at < "2025-02-01"] for name, values in TOUCHES.items()}
    pd.testing.assert_frame_equal(made(), made(early))
    assert made(as_of=datetime(2025, 1, 2, 9)).loc["a", "n_touchpoints"] == 1


def test_without_stages_or_costs_there_are_no_features_of_them():
    bare = {name: values for name, values in TOUCHES.items() if name not in ("stage", "cost")}
    found = made(bare)
    lost = {"touch_cost", "furthest_stage", "furthest_stage_name", "days_in_stage"}
    assert not lost & set(found.columns) and found.path_length["a"] == 3
    for known in (["touchpoints", "events"], {"touchpoints": pd.DataFrame(bare), "events": pd.DataFrame(EVENTS)}):
        words = set(features.glossary(known).feature)
        assert lost <= words if isinstance(known, list) else not lost & words
    with pytest.raises(BadInput, match="needs stage in the table touchpoints"):
        features.check_names(["days_in_stage"], {"touchpoints": pd.DataFrame(bare), "events": pd.DataFrame(EVENTS)})


def test_every_feature_says_what_it_is_and_classes_are_not_clustered_on():
    defined = fold.defined([journey])
    named = {name for name in defined if not name.startswith("per_")}
    assert {name for name in named if not fold.unit(defined[name])} == MOMENTS and set(journey.ABSENT) <= named
    words = features.glossary(["touchpoints", "events"]).set_index("feature")
    assert set(words.index[words.table == "touchpoints"]) == named - MOMENTS
    classes = {"first_touch_channel", "last_touch_channel", "furthest_stage_name"}
    assert set(words.index[words.unit == "class"]) & named == classes


def retold(touches: pd.DataFrame, stages) -> dict:
    """One customer's features, contact by contact."""
    rank = {name: at for at, name in enumerate(stages, 1)}
    rows = sorted(zip(touches.occurred_at, touches.is_conversion, touches.stage.map(rank).fillna(0), touches.channel))
    path, first = len(rows), None
    for position, row in enumerate(rows, 1):
        if row[1] and first is None:
            path, first = position, row[0]
    furthest = max(row[2] for row in rows)
    since = min(row[0] for row in rows if row[2] == furthest)
    days = lambda a, b: (b.normalize() - a.normalize()).days  # noqa: E731
    return {
        "n_touchpoints": len(rows),
        "n_conversions": sum(row[1] for row in rows),
        "path_length": path,
        "first_touch_channel": rows[0][3],
        "last_touch_channel": rows[-1][3],
        "n_touch_channels": len({row[3] for row in rows}),
        "top_touch_channel_share": touches.channel.value_counts().max() / len(rows),
        "journey_days": days(rows[0][0], rows[-1][0]),
        "days_to_conversion": days(rows[0][0], first) if first is not None else np.nan,
        "days_since_last_touch": days(rows[-1][0], pd.Timestamp(AS_OF)),
        "furthest_stage": furthest or np.nan,
        "furthest_stage_name": stages[int(furthest) - 1] if furthest else None,
        "days_in_stage": days(since, pd.Timestamp(AS_OF)) if furthest else np.nan,
        "touch_cost": touches.cost.sum(),
    }


@pytest.mark.parametrize("seed", range(4))
def test_random_journeys_with_many_ties_are_retold_alike_in_any_order_of_rows(seed):
    rng = np.random.default_rng(seed)
    n, stages = 400, tuple(f'st\'age {i} > "é"' for i in range(12))
    touches = pd.DataFrame(
        {
            "customer_id": rng.choice([f"c{i}" for i in range(60)], n),
            "occurred_at": pd.Timestamp("2024-12-20") + pd.to_timedelta(rng.integers(0, 20 * 2, n) * 12, "h"),
            "stage": rng.choice([*stages[seed:], None, "unknown"], n),
            "channel": rng.choice(["mail", "a > b", "O'Brien", "ünï", "z\\n"], n),
            "cost": rng.integers(0, 500, n) / 100,
            "is_conversion": rng.random(n) < 0.15,
        }
    )
    found = made(touches, stages)
    expected = pd.DataFrame({who: retold(rows, stages) for who, rows in touches.groupby("customer_id")}).T
    for name in expected:
        ours, theirs = found[name].reindex(expected.index), expected[name]
        assert (ours.isna() == theirs.isna()).all(), name
        if pd.api.types.is_numeric_dtype(ours):
            assert np.allclose(ours.dropna().astype(float), theirs.dropna().astype(float)), name
        else:
            assert (ours.dropna() == theirs.dropna()).all(), name
    pd.testing.assert_frame_equal(found, made(touches.sample(frac=1, random_state=seed), stages))
