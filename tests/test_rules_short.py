"""Short rules: what was planted is found and said in round numbers, chance is not taken for a rule, and no name has a say."""

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from segkit import matrix, rules
from segkit.rules import short
from segkit.rules.short import Condition


def customers(n: int, seed: int) -> pd.DataFrame:
    """Features in business units: a count, days with gaps, an amount, a yes/no answer, a level of a word."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "n_orders": rng.poisson(5, n).astype(float),
            "days_since_last_order": rng.integers(0, 200, n).astype(float),
            "spend": np.round(rng.lognormal(4, 1, n), 2),
            "is_business": (rng.random(n) < 0.4).astype(float),
            "plan: basic": (rng.random(n) < 0.5).astype(float),
        },
        index=pd.Index([f"c{i:05d}" for i in rng.permutation(n)], name="customer_id"),
    )
    table.loc[rng.random(n) < 0.1, "days_since_last_order"] = np.nan
    return table


def named(inside: dict[str, np.ndarray], features: pd.DataFrame) -> pd.Series:
    """S1 is the rest."""
    labels = pd.Series("S1", index=features.index, name="segment")
    for name, rows in inside.items():
        labels[rows] = name
    return labels


def planted(seed: int, n: int = 4000) -> tuple[pd.DataFrame, pd.Series]:
    f = customers(n, seed)
    loyal = (f.n_orders >= 6) & (f.days_since_last_order < 80)
    business = ~loyal & (f.is_business == 1) & (f.spend >= 40)
    return f, named({"S2": loyal, "S3": business & (f.n_orders < 6)}, f)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_rectangle_is_recovered(seed):
    features, labels = planted(seed)
    found = rules.rules(features, labels, seed).set_index("segment").loc[["S2", "S3"]]
    assert (found.precision > 0.95).all() and (found.recall > 0.95).all()
    assert found.rule["S2"] == "days_since_last_order < 80 and n_orders ≥ 6"
    assert set(found.rule["S3"].split(" and ")) == {"is_business = yes", "n_orders < 6", "spend ≥ 40"}


def test_the_table_says_what_was_measured_on_the_other_half():
    features, labels = planted(1)
    found = rules.rules(features, labels, 3)
    assert {name: str(kind) for name, kind in found.dtypes.items()} == {
        name: {"str": "str", "Int64": "Int64", "float64": "float64"}[kind] for name, kind in short.COLUMNS.items()
    }
    assert found.segment.tolist() == ["S1", "S2", "S3"] and set(found.n_measured) == {2000} and found.n.sum() == 2000
    chosen, measured = short.halves(features, labels, 3)
    assert not set(chosen.index) & set(measured.index) and len(chosen) == len(measured) == 2000
    for row in found.itertuples():
        picked = short.meets(rules.from_json(row.conditions), features.loc[measured.index])
        inside = (measured == row.segment).to_numpy()
        assert (row.n_rule, row.n, row.n_both) == (picked.sum(), inside.sum(), (picked & inside).sum())
        assert row.precision == row.n_both / row.n_rule and row.recall == row.n_both / row.n
        assert row.precision_low < row.precision <= row.precision_high and row.recall_low < row.recall <= row.recall_high


def test_by_hand_precision_recall_and_wilsons_limits():
    features = pd.DataFrame({"x": [1.0, 2, 3, 4, np.nan, 6]})
    found = short.line((Condition("x", ">=", 3.0),), features, np.array([True, False, True, True, True, False]))
    assert (found["n_measured"], found["n"], found["n_rule"], found["n_both"]) == (6, 4, 3, 2)
    assert (found["precision"], found["recall"]) == (2 / 3, 2 / 4)
    assert (found["recall_low"], found["recall_high"]) == pytest.approx((0.15004, 0.84996), abs=1e-5)


def test_a_condition_on_a_missing_value_is_false_whatever_it_says():
    features = pd.DataFrame({"x": [np.nan, 1.0, 0.0]})
    held = [Condition("x", sign, value).holds(features).tolist() for sign, value in ((">=", 1), ("<", 1), ("=", 1), ("=", 0))]
    assert held == [[False, True, False], [False, False, True], [False, True, False], [False, False, True]]


def test_the_names_and_the_order_of_customers_have_no_say():
    features, labels = planted(2, 1000)
    features["spend"] = features.spend.round(-2)  # so that some customers are alike, in different segments
    labels[features.index[:100]] = "S1"
    shuffled = features.sample(frac=1, random_state=1)
    other = {name: f"p{i}" for i, name in enumerate(shuffled.index)}
    again = rules.rules(shuffled.rename(index=other), labels.sample(frac=1, random_state=2).rename(index=other), 7)
    pd.testing.assert_frame_equal(again, rules.rules(features, labels, 7))


@pytest.mark.parametrize("seed", range(8))
def test_random_groups_have_no_rule_that_holds(seed):
    features = customers(1000, seed)
    labels = pd.Series(np.random.default_rng(seed + 100).choice(["S1", "S2", "S3"], 1000, p=[0.5, 0.3, 0.2]), index=features.index)
    found = rules.rules(features, labels, seed)
    base = (found.n / found.n_measured).astype(float)
    margin = 3 * np.sqrt(base * (1 - base) / found.n_rule.astype(float))
    assert (found.precision < base + margin).all()


def test_on_the_half_it_was_chosen_from_a_rule_of_random_groups_looks_better_than_it_is():
    apart = []
    for seed in range(10):
        features = customers(400, seed)
        labels = pd.Series(np.random.default_rng(seed).choice(["S1", "S2"], 400, p=[0.7, 0.3]), index=features.index)
        chosen, measured = short.halves(features, labels, seed)
        row = rules.rules(features, labels, seed).set_index("segment").loc["S2"]
        picked = short.meets(rules.from_json(row.conditions), features.loc[chosen.index])
        apart.append((chosen == "S2").to_numpy()[picked].mean() - row.precision)
    assert np.mean(apart) > 0.03


@pytest.mark.parametrize("seed", range(6))
def test_no_leaf_of_a_tree_of_the_same_depth_is_a_better_rule(seed):
    """Which is why no tree is asked."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(4, size=3000)
    features = pd.DataFrame(rng.normal(size=(3000, 8)) + rng.normal(scale=1.2, size=(4, 8))[groups], columns=[f"f{i}" for i in range(8)])
    inside, cuts = groups == 1, short.thresholds(features)
    ours = short.Search(features, inside, cuts).f1(short.best_rule(features, inside, cuts, 3))
    for weight in (None, "balanced"):
        leaves = DecisionTreeClassifier(max_depth=3, class_weight=weight, random_state=0).fit(features, inside).apply(features)
        theirs = max(2 * (inside & (leaves == leaf)).sum() / ((leaves == leaf).sum() + inside.sum()) for leaf in np.unique(leaves))
        assert ours > theirs - short.READABLE


def test_a_segment_of_few_customers_or_of_everyone_has_no_rule():
    features = customers(500, 1)
    few = named({"S2": features.index[:40]}, features)
    found = rules.rules(features, few, 1).set_index("segment")
    assert pd.notna(found.rule["S1"]) is not None and pd.isna(found.rule["S2"]) and pd.isna(found.conditions["S2"])
    assert pd.isna(found.n_rule["S2"]) and pd.isna(found.precision["S2"]) and found.n["S2"] < 30
    everyone = rules.rules(features, named({}, features), 1)
    assert everyone.rule.isna().tolist() == [True] and everyone.n.tolist() == everyone.n_measured.tolist() == [250]
    assert rules.rules(features.head(20), few.head(20), 1).rule.isna().all()
    assert list(rules.rules(features, few.where(few == ""), 1).columns) == list(short.COLUMNS)


def test_who_has_no_segment_is_left_out():
    features, labels = planted(4, 1000)
    labels[labels == "S3"] = None
    found = rules.rules(features, labels, 1)
    assert found.segment.tolist() == ["S1", "S2"] and found.n_measured.iloc[0] == labels.notna().sum() // 2


def test_at_most_so_many_conditions_and_no_more_than_are_worth_it():
    features, labels = planted(5)
    assert [len(rules.from_json(text)) for text in rules.rules(features, labels, 1, most=1).conditions] == [1, 1, 1]
    halved = named({"S2": features.spend >= 60}, features)
    assert rules.rules(features, halved, 1).rule.tolist() == ["spend < 60", "spend ≥ 60"]


def test_both_sides_of_one_feature_may_be_bounded():
    features = customers(4000, 6)
    labels = named({"S2": features.days_since_last_order.between(50, 99)}, features)
    found = rules.rules(features, labels, 1).set_index("segment")
    assert set(found.rule["S2"].split(" and ")) == {"days_since_last_order ≥ 50", "days_since_last_order < 100"}


def test_at_most_20000_customers_are_looked_at():
    features = customers(30_000, 7)
    chosen, measured = short.halves(features, pd.Series("S1", index=features.index), 1)
    assert len(chosen) == len(measured) == 10_000


def test_no_threshold_tells_an_extreme_value():
    features = customers(1000, 8)
    for name, cuts in short.thresholds(features).items():
        values = features[name].dropna()
        assert all(min((values < cut).sum(), (values >= cut).sum()) >= 10 for cut in cuts)


def test_rules_are_read_and_written():
    rule = (Condition("is_business", "=", 0.0), Condition("n_orders", ">=", 1200.0), Condition("plan: basic", "=", 0.0))
    assert short.told(rule) == "is_business = no and n_orders ≥ 1,200 and plan ≠ basic"
    assert rules.from_json(short.to_json(rule)) == rule


def test_described_features_of_a_recipe_are_what_it_takes():
    rng = np.random.default_rng(9)
    index = pd.Index([f"c{i:04d}" for i in range(1000)], name="customer_id")
    raw = pd.DataFrame({"plan": rng.choice(["basic", "plus"], 1000), "spend": rng.lognormal(3, 1, 1000)}, index=index)
    raw.loc[index[:200], "spend"] = np.nan
    described = matrix.described(raw, matrix.recipe(raw, ["plan", "spend"], indicate_missing=["spend"]))
    labels = named({"S2": (raw.plan == "plus") & raw.spend.isna(), "S3": (raw.plan == "basic") & (raw.spend >= 20)}, raw)
    found = rules.rules(described, labels, 1).set_index("segment").rule
    assert set(found["S2"].split(" and ")) in ({"plan = plus", "spend_known = no"}, {"plan ≠ basic", "spend_known = no"})
    assert found["S3"].split(" and ")[-1] == "spend ≥ 20"
