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
    assert recipe.log == (True, False, False, True, True)
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
    expected = (np.log1p(features.minutes.median()) - recipe.center[0]) / recipe.scale[0]
    assert np.allclose(prepared.minutes.loc[features.index[:9]], expected)
    assert recipe.table(features).to_dict("records")[0] == {
        "feature": "minutes",
        "transform": "log(1 + x), standardised",
        "filled_with": features.minutes.median(),
        "n": 200,
        "n_filled": 9,
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
    assert recipe.log == (False, True)


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
