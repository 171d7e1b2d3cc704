"""The one matrix: standardised whatever the columns, invertible, the same in any order, and refused when it says nothing."""

import numpy as np
import pandas as pd
import pytest

from segkit import matrix
from segkit.errors import BadInput


@pytest.fixture
def features():
    """Columns of every kind: skewed and positive, skewed and negative, symmetric, with gaps."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "spend": rng.lognormal(4, 1, 200),
            "balance": -rng.lognormal(2, 1, 200),
            "tenure_days": rng.normal(300, 40, 200),
            "n_orders": rng.geometric(0.3, 200).astype(float),
            "minutes": rng.lognormal(1, 1, 200),
        },
        index=pd.Index([f"c{i:03d}" for i in rng.permutation(200)], name="customer_id"),
    )
    table.loc[table.index[:9], "minutes"] = np.nan
    return table


def test_every_column_has_mean_0_and_standard_deviation_1_whether_taken_as_log_or_not(features):
    recipe = matrix.recipe(features, list(features))
    prepared = matrix.prepare(features, recipe)
    assert [column.shape for column in recipe.columns] == ["log1p", "yeo_johnson", "none", "log1p", "log1p"]
    assert np.allclose(prepared.mean(), 0, atol=1e-12) and np.allclose(prepared.std(ddof=0), 1)


def test_each_column_is_its_own_formula(features):
    prepared = matrix.prepare(features, matrix.recipe(features, ["tenure_days", "spend"])).loc[features.index]
    for name, shaped in (("tenure_days", features.tenure_days), ("spend", np.log1p(features.spend))):
        assert np.allclose(prepared[name], (shaped - shaped.mean()) / shaped.std(ddof=0))


def test_a_square_table_is_still_standardised_by_columns():
    square = pd.DataFrame({"a": [1.0, 2, 6], "b": [10.0, 30, 20], "c": [5.0, 5, 9]}, index=list("xyz"))
    assert np.allclose(matrix.prepare(square, matrix.recipe(square, list("abc"))).mean(), 0)


def test_business_units_undo_it(features):
    recipe = matrix.recipe(features, list(features))
    back = matrix.business_units(matrix.prepare(features, recipe), recipe).loc[features.index]
    assert np.allclose(back, features.fillna(features.median()))


def test_a_gap_is_filled_with_the_median_and_counted(features):
    recipe = matrix.recipe(features, ["minutes", "spend"])
    prepared = matrix.prepare(features, recipe)
    expected = (np.log1p(features.minutes.median()) - recipe.columns[0].center) / recipe.columns[0].scale
    assert np.allclose(prepared.minutes.loc[features.index[:9]], expected)
    assert recipe.table(features).to_dict("records")[0] == {
        "feature": "minutes",
        "transform": "log(1 + x), standardised",
        "weight": pytest.approx(1),
        "filled_with": features.minutes.median(),
        "n": 200,
        "n_filled": 9,
        "n_pulled_in": 0,
    }


def test_the_order_of_customers_and_their_names_change_nothing(features):
    columns = list(features)
    here = matrix.prepare(features, matrix.recipe(features, columns))
    shuffled = features.sample(frac=1, random_state=1)
    there = matrix.prepare(shuffled, matrix.recipe(shuffled, columns))
    renamed = matrix.prepare(features.set_axis(range(200)), matrix.recipe(features, columns))
    pd.testing.assert_frame_equal(here, there, check_exact=False, rtol=1e-12)
    assert (here.to_numpy() == renamed.to_numpy()).all() and here.index.equals(there.index)
    assert (np.diff(here.spend) >= 0).all()


def test_new_customers_are_prepared_with_the_old_recipe(features):
    recipe = matrix.recipe(features, ["spend", "tenure_days"])
    new = pd.DataFrame({"spend": [np.nan, -5.0, 100.0], "tenure_days": [300.0, np.nan, 1.0]}, index=["x", "y", "z"])
    prepared = matrix.prepare(new, recipe)
    back = matrix.business_units(prepared, recipe)
    assert back.loc["x", "spend"] == pytest.approx(features.spend.median()) and back.loc["y", "spend"] == pytest.approx(0)
    assert back.loc["y", "tenure_days"] == pytest.approx(features.tenure_days.median()) and back.loc["z"].tolist() == pytest.approx(
        [100, 1]
    )


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"a": [1.0, 2, 3], "b": [7.0, 7, 7]}, "cluster_on: b: the same for everyone"),
        ({"a": [1.0, 2, 3], "b": [np.nan] * 3}, "cluster_on: b is empty"),
        ({"a": [1.0, 1, 1], "b": [7.0, 7, 7]}, "all customers are identical"),
        ({"a": [1.0, 2, 3], "b": [7.0, np.nan, np.nan]}, "b: the same for everyone"),
        ({"a": [1.0], "b": [2.0]}, "all customers are identical"),
        ({"a": [1.0, 2, 3], "b": ["x", "x", "x"]}, "b: the same for everyone"),
        ({"a": [1.0, 2, 3], "b": [7.0, np.inf, 1.0]}, "b holds infinite values\n  1 of 3 active customers"),
    ],
)
def test_what_tells_nobody_apart_is_refused(values, complaint):
    with pytest.raises(BadInput, match=complaint):
        matrix.recipe(pd.DataFrame(values), ["a", "b"])


def test_whole_numbers_and_decimals_of_the_engine_are_numbers(features):
    from decimal import Decimal

    table = pd.DataFrame(
        {"n": pd.array([1, 2, None], dtype="Int64"), "spend": [Decimal("1.5"), Decimal("2.5"), Decimal("9")]}, index=list("abc")
    )
    assert matrix.prepare(table, matrix.recipe(table, ["n", "spend"])).dtypes.eq("float64").all()


def test_a_sample_is_drawn_by_seed_and_not_by_order(features):
    prepared = matrix.prepare(features, matrix.recipe(features, ["spend", "tenure_days"]))
    shuffled = prepared.sample(frac=1, random_state=2)
    drawn = matrix.sample(prepared, 50, seed=4)
    assert len(drawn) == 50 and drawn.index.is_unique and drawn.equals(matrix.sample(shuffled, 50, seed=4))
    assert not drawn.equals(matrix.sample(prepared, 50, seed=5))
    assert matrix.sample(shuffled, 200, seed=4).equals(prepared)


def test_a_yes_no_answer_is_not_taken_as_log_however_rare_a_yes_is():
    answers = pd.DataFrame({"yes": [1.0] + [0.0] * 29, "spend": np.arange(30.0) ** 4})
    recipe = matrix.recipe(answers, ["yes", "spend"])
    assert [column.shape for column in recipe.columns] == ["none", "log1p"]


def test_the_recipe_has_the_same_digits_in_any_order(features):
    columns = list(features)
    recipes = {matrix.recipe(features.sample(frac=1, random_state=seed), columns) for seed in range(8)}
    assert len(recipes) == 1


def test_rows_that_tie_come_in_the_order_of_what_else_is_known():
    known = pd.DataFrame({"a": [1.0, 1, 0], "b": [2.0, 2, 1], "else": ["y", "x", None]}, index=["p1", "p2", "p3"])
    recipe = matrix.recipe(known, ["a", "b"])
    assert list(matrix.prepare(known, recipe).index) == ["p3", "p2", "p1"] == list(matrix.prepare(known.iloc[::-1], recipe).index)


def test_values_of_any_type_can_be_put_in_order():
    from datetime import date

    table = pd.DataFrame(
        {"n": [2, 1, 1, 1], "day": [None, date(2025, 1, 2), None, date(2025, 1, 1)], "word": [None, "b", "a", "a"]}, index=list("abcd")
    )
    assert list(matrix.by_values(table).index) == ["d", "b", "c", "a"] == list(matrix.by_values(table.iloc[::-1]).index)


def test_a_study_may_say_how_each_feature_is_shaped(features):
    recipe = matrix.recipe(features, list(features), {"all": "none", "spend": "yeo_johnson", "minutes": "log1p"})
    assert [column.shape for column in recipe.columns] == ["yeo_johnson", "none", "none", "none", "log1p"]
    with pytest.raises(BadInput, match="transforms: balance cannot be taken as log1p"):
        matrix.recipe(features, ["balance"], {"balance": "log1p"})


@pytest.mark.parametrize("seed", range(3))
def test_yeo_and_johnsons_power_is_that_of_scikit_learn_and_can_be_undone(seed):
    from sklearn.preprocessing import PowerTransformer

    rng = np.random.default_rng(seed)
    both = pd.DataFrame({"down": -rng.gamma(2, 3, 400) + 2, "up": rng.lognormal(0, 1, 400) - 1, "flat": rng.normal(0, 2, 400)})
    recipe = matrix.recipe(both, list(both), {"all": "yeo_johnson"})
    theirs = PowerTransformer().fit(both)
    assert [column.power for column in recipe.columns] == pytest.approx(theirs.lambdas_, abs=6e-4)
    prepared = matrix.prepare(both, recipe).loc[both.index]
    assert np.allclose(prepared, theirs.transform(both), atol=5e-3)
    assert np.allclose(matrix.business_units(prepared, recipe), both, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("power", [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0])
def test_every_power_can_be_undone(power):
    from segkit.matrix.columns import reshaped, unshaped

    values = np.array([-30.0, -1.5, -1e-6, 0, 1e-6, 0.7, 40])
    assert np.allclose(unshaped(reshaped(values, "yeo_johnson", power), "yeo_johnson", power), values, rtol=1e-9)


def test_the_far_ends_are_pulled_in_and_counted(features):
    features.loc[features.index[0], "spend"] = 1e12
    recipe = matrix.recipe(features, ["spend", "tenure_days"], {"all": "none"}, winsorise=0.05)
    spend = recipe.columns[0]
    assert (spend.low, spend.high) == pytest.approx(tuple(features.spend.quantile([0.05, 0.95])))
    prepared = matrix.prepare(features, recipe)
    assert prepared.spend.max() < 4 and recipe.table(features).n_pulled_in.tolist() == [20, 20]
    back = matrix.business_units(prepared, recipe).loc[features.index]
    assert np.allclose(back.spend, features.spend.clip(spend.low, spend.high))


def test_pulling_in_leaves_alone_what_it_would_make_the_same_for_everyone():
    rare = pd.DataFrame({"returns": [0.0] * 97 + [1.0, 2.0, 9.0], "spend": np.arange(100.0)})
    recipe = matrix.recipe(rare, ["returns", "spend"], winsorise=0.05)
    assert recipe.columns[0].low is None and matrix.prepare(rare, recipe).returns.nunique() == 4


def test_robust_scaling_is_by_quartiles_and_falls_back_where_they_are_equal(features):
    features["mostly_none"] = np.r_[np.zeros(150), np.arange(50)]
    recipe = matrix.recipe(features, ["tenure_days", "mostly_none"], {"all": "none"}, scaling="robust")
    q1, median, q3 = features.tenure_days.quantile([0.25, 0.5, 0.75])
    assert (recipe.columns[0].center, recipe.columns[0].scale) == pytest.approx((median, (q3 - q1) / 1.349))
    assert recipe.columns[1].scale == pytest.approx(features.mostly_none.std(ddof=0))
    assert recipe.table(features)["transform"].tolist() == ["by median and quartiles", "standardised"]


def test_a_group_weighs_as_much_as_it_is_given(features):
    features["plan"] = np.resize(["free", "basic", "pro", "pro"], len(features))
    groups = {("spend", "n_orders", "minutes"): 1.0, ("tenure_days",): 2.5, ("plan",): 1.0}
    recipe = matrix.recipe(features, ["spend", "n_orders", "minutes", "tenure_days", "balance", "plan"], weights=groups)
    variance = matrix.prepare(features, recipe).var(ddof=0)
    assert variance[["spend", "n_orders", "minutes"]].to_list() == pytest.approx([1 / 3] * 3)
    assert variance.tenure_days == pytest.approx(2.5) and variance.balance == pytest.approx(1)
    assert variance.filter(like="plan").sum() == pytest.approx(1)
    assert recipe.table(features).weight.to_list() == pytest.approx([1 / 3] * 3 + [2.5, 1, 1])
    back = matrix.business_units(matrix.prepare(features, recipe), recipe).loc[features.index]
    assert np.allclose(back.spend, features.spend) and np.allclose(back["plan: pro"], features.plan == "pro")


def test_whether_a_feature_is_known_can_be_a_column_of_its_own(features):
    recipe = matrix.recipe(features, ["minutes", "spend"], indicate_missing=["minutes", "spend"])
    assert recipe.names == ["minutes", "minutes_known", "spend"]
    prepared = matrix.prepare(features, recipe)
    assert prepared.minutes_known.nunique() == 2 and prepared.minutes_known.std(ddof=0) == pytest.approx(1)
    assert matrix.described(features, recipe).minutes_known.tolist() == features.minutes.notna().astype(float).tolist()
    assert "whether it is known" in recipe.table(features)["transform"][0]


def test_words_are_on_the_scale_of_factor_analysis_of_mixed_data():
    rng = np.random.default_rng(1)
    features = pd.DataFrame({"spend": rng.lognormal(4, 1, 4000), "plan": rng.choice(["free", "basic", "pro"], 4000, p=[0.6, 0.3, 0.1])})
    features.loc[:59, "plan"] = None
    features.loc[60:99, "plan"] = [f"beta {i}" for i in range(39)] + ["(other)"]
    recipe = matrix.recipe(features, ["spend", "plan"])
    assert recipe.names == ["spend", "plan: (not known)", "plan: basic", "plan: free", "plan: pro", "plan: (other)"]
    prepared = matrix.prepare(features, recipe).loc[features.index]
    shares = features.plan.fillna("(not known)").value_counts(normalize=True)
    apart = prepared.loc[features.plan.eq("pro").idxmax()] - prepared.loc[features.plan.eq("free").idxmax()]
    assert (apart.drop("spend") ** 2).sum() == pytest.approx(1 / shares["pro"] + 1 / shares["free"])  # Pages (2004)
    assert prepared.drop(columns="spend").var(ddof=0).sum() == pytest.approx(5 - 1)  # levels less one
    assert prepared["plan: (other)"].gt(0).sum() == 40
    new = pd.DataFrame({"spend": [1.0, 1.0], "plan": ["never seen", "pro"]}, index=["x", "y"])
    again = matrix.described(new, recipe)
    assert again.loc["x", "plan: (other)"] == 1 and again.loc["y", "plan: pro"] == 1 and again.loc["y", "plan: (other)"] == 0


@pytest.mark.parametrize(("counts", "kept"), [((270, 27, 3), ["a"]), ((200, 60, 37, 3), ["a", "b"]), ((150, 150), ["a", "b"])])
def test_no_column_is_about_a_few_persons(counts, kept):
    words = np.repeat(list("abcd")[: len(counts)], counts)
    recipe = matrix.recipe(pd.DataFrame({"word": words}), ["word"])
    assert [column.level for column in recipe.columns] == kept + ["(other)"] * (len(kept) < len(counts))
    assert min(round(column.center * 300) for column in recipe.columns) >= 30


def test_what_is_known_of_a_few_persons_is_no_feature():
    rare = pd.DataFrame({"rare": [111.1, 123.4, 150.5] + [np.nan] * 297, "spend": np.arange(300.0)})
    with pytest.raises(BadInput, match="rare is known of too few\n  3 of 300 active customers"):
        matrix.recipe(rare, ["rare", "spend"])


@pytest.mark.parametrize("shape", ["auto", "yeo_johnson", "none"])
def test_a_number_that_stands_for_something_else_is_refused(shape):
    odd = pd.DataFrame({"spend": np.r_[np.arange(99.0), -1e200]})
    with pytest.raises(BadInput, match="spend holds values beyond 1e\\+100\n  1 of 100 active"):
        matrix.recipe(odd, ["spend"], {"spend": shape})


def test_no_power_puts_a_new_customer_infinitely_far_away():
    recipe = matrix.recipe(pd.DataFrame({"x": 100 + np.random.default_rng(1).random(500) ** 0.1}), ["x"], {"x": "yeo_johnson"})
    assert recipe.columns[0].power == 5 and np.isfinite(matrix.prepare(pd.DataFrame({"x": [1e9, -1e9]}), recipe)).all(axis=None)


def test_a_yes_no_answer_as_a_word_and_as_a_number_are_equally_far_apart():
    answers = pd.DataFrame({"number": np.r_[np.zeros(70), np.ones(30)], "word": ["no"] * 70 + ["yes"] * 30})
    prepared = matrix.prepare(answers, matrix.recipe(answers, ["number", "word"])).loc[answers.index]
    apart = (prepared.iloc[0] - prepared.iloc[-1]) ** 2
    assert apart["number"] == pytest.approx(apart[["word: no", "word: yes"]].sum())


def test_a_recipe_survives_being_written_down(features):
    import json

    features["plan"] = np.resize(["free", "pro"], len(features))
    recipe = matrix.recipe(features, list(features), winsorise=0.01, weights={("plan", "spend"): 1.0}, indicate_missing=["minutes"])
    again = matrix.from_json(json.loads(json.dumps(matrix.to_json(recipe))))
    assert again == recipe and matrix.prepare(features, again).equals(matrix.prepare(features, recipe))


def test_shapes_are_quantiles_in_standard_deviations_before_and_after(features):
    recipe = matrix.recipe(features, ["spend", "minutes"])
    found = matrix.shapes(features, matrix.prepare(features, recipe), recipe).set_index(["feature", "stage"])
    spend = (features.spend - features.spend.mean()) / features.spend.std(ddof=0)
    before = found.loc[("spend", "before")]
    assert [before.p1, before["median"], before.p99] == pytest.approx(spend.quantile([0.01, 0.5, 0.99]).tolist())
    assert before.skewness == pytest.approx((spend**3).mean()) and abs(found.skewness["spend", "after"]) < 0.5 < before.skewness
    assert found.n["minutes", "before"] == 191 and found.n["minutes", "after"] == 200
    again = matrix.recipe(features, ["spend"], weights={("spend",): 4.0})
    assert matrix.shapes(features, matrix.prepare(features, again), again).p99[1] == pytest.approx(found.p99["spend", "after"])
