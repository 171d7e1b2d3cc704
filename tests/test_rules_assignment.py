"""Everyone assigned by a query: the segment of every customer is the one that memory says, on every engine, for recipes of every kind."""

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from test_features_engines import at_rest, on, other, spark  # noqa: F401

from segkit import matrix, rules, segments
from segkit.errors import BadInput
from segkit.matrix import Column, Recipe
from segkit.segments import Solution

try:
    from test_sources_databases import postgres, server  # noqa: F401
except pytest.skip.Exception:
    postgres = None

WORDS = ["retail", "O'Neil & sons", "naïve", "other", "not known", "Retail", "50% off", ""]


def customers(seed: int, n: int = 400) -> pd.DataFrame:
    """Features of every type, with gaps of either kind, zeros, ties, and values no recipe has seen."""
    rng = np.random.default_rng(seed)
    spend = np.round(rng.lognormal(3, 2, n), 2)
    spend[:20], spend[20:30], spend[30:40] = 0, np.nan, -5
    table = pd.DataFrame(
        {
            "spend": spend,
            "change": rng.normal(0, 3, n) ** 3,
            "n_orders": pd.array(rng.poisson(3, n), "Int64"),
            "minutes": rng.exponential(20, n),
            "is_business": pd.array(rng.random(n) < 0.3, "boolean"),
            "kind": rng.choice(WORDS, n, p=[0.3, 0.2, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05]),
        },
        index=pd.Index([f"c{i:04d}" for i in rng.permutation(n)], name="customer_id"),
    )
    for name in table:
        table.loc[rng.random(n) < 0.1, name] = None
    return table


def column(rng: np.random.Generator, name: str, shape: str, power: float) -> Column:
    low, high = (None, None) if rng.random() < 0.5 else sorted(rng.normal(2, 4, 2))
    center, scale = rng.normal(), rng.choice([0.0, 0.5, 3.0])
    return Column(name, name, "number", center, scale, rng.choice([1.0, 0.7]), rng.normal(2), low, high, shape, power)


def recipe_of_every_kind(seed: int) -> Recipe:
    """Numbers of each shape and some powers, whether a feature is known, and the levels of a word with and without the rest."""
    rng = np.random.default_rng(seed)
    power = [0.0, 2.0, 1.0, 0.5, -1.3, 3.1, 0.001][seed % 7]
    kept = tuple(rng.permutation(WORDS)[: rng.integers(1, len(WORDS))])
    words = [Column(f"kind: {level}", "kind", "level", 0.2, 0.4, 1.3, level=level, levels=kept) for level in (*kept, "(other)")]
    return Recipe(
        (
            column(rng, "spend", "log1p", 1.0),
            Column("spend_known", "spend", "known", 0.9, 0.3, 0.5),
            column(rng, "change", "yeo_johnson", power),
            column(rng, "n_orders", "none", 1.0),
            column(rng, "minutes", rng.choice(["none", "log1p", "yeo_johnson"]), 2 - power),
            Column("minutes_known", "minutes", "known", 0.9, 0.3),
            column(rng, "is_business", "none", 1.0),
            *{each.name: each for each in words}.values(),
        )
    )


def solution_of(recipe: Recipe, k: int, seed: int, kind: str = "full") -> Solution:
    """Scores at random: of k-means, whose precision is the same everywhere, or of a mixture."""
    rng, d = np.random.default_rng(seed), len(recipe.columns)
    roots = rng.normal(size=(k, d, d)) / d**0.5
    precision = {
        "kmeans": np.broadcast_to(np.eye(d) / 1.7, (k, d, d)),
        "tied": np.broadcast_to(roots[0].T @ roots[0], (k, d, d)),
        "diag": rng.uniform(0.2, 2, (k, d, 1)) * np.eye(d),
        "full": np.swapaxes(roots, 1, 2) @ roots,
    }[kind]
    names = tuple(rng.permutation(recipe.names))
    return Solution(kind, k, seed, names, rng.normal(size=(k, d)), precision, rng.normal(size=k), pd.Series(dtype="str"))


def in_memory(features: pd.DataFrame, recipe: Recipe, solution: Solution) -> pd.DataFrame:
    return segments.membership(solution, matrix.prepare(features, recipe)).set_index("customer_id").sort_index()


def agree(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Every single customer."""
    found = found.set_index("customer_id").sort_index()
    assert list(found.index) == list(expected.index)
    assert found.segment.tolist() == expected.segment.tolist()
    assert found.probability.to_numpy(float) == pytest.approx(expected.probability.to_numpy(), abs=1e-9)


def to_file(features: pd.DataFrame, path) -> None:
    """Every other gap of a float is NaN, the rest NULL."""
    rows = pa.Table.from_pandas(features.reset_index(), preserve_index=False)
    for name in ("spend", "minutes"):
        values = [
            float("nan") if value is None and at % 2 else value
            for at, value in enumerate(None if each != each else each for each in rows[name].to_pylist())
        ]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values, pa.float64()))
    parquet.write_table(rows, path)


KINDS = ("kmeans", "tied", "diag", "full")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(7))
def test_everyone_is_assigned_as_in_memory_whatever_the_recipe(seed, kind, tmp_path):
    features, recipe = customers(seed), recipe_of_every_kind(seed)
    solution = solution_of(recipe, 1 + seed % 5, seed, kind)
    to_file(features, tmp_path / "features.parquet")
    table = ibis.duckdb.connect().read_parquet(tmp_path / "features.parquet")
    found, expected = rules.assigned(table, recipe, solution), in_memory(features, recipe, solution)
    assert {name: str(kind).strip("!") for name, kind in found.schema().items()} == {
        "customer_id": "string",
        "segment": "string",
        "probability": "float64",
    }
    agree(found.to_pandas(), expected)
    told = rules.sql(recipe, solution, "features")
    with duckdb.connect() as plain:
        plain.execute(f"CREATE TABLE features AS FROM '{tmp_path / 'features.parquet'}'")
        agree(plain.execute(told).df(), expected)
    assert solution.k == 1 or expected.segment.nunique() > 1


@pytest.mark.parametrize("kind", ["kmeans", "full"])
def test_every_engine_assigns_everyone_alike(other, kind, tmp_path):  # noqa: F811
    features, recipe = customers(11), recipe_of_every_kind(0 if kind == "full" else 4)
    solution = solution_of(recipe, 4, 11, kind)
    to_file(features, tmp_path / "features.parquet")
    table = on(other, {"features": tmp_path / "features.parquet"}, tmp_path)["features"]
    found, expected = rules.assigned(table, recipe, solution).to_pandas(), in_memory(features, recipe, solution)
    agree(found, expected)
    if table.get_backend().name == "postgres":
        told = rules.sql(recipe, solution, "segkit_features", "postgres", yes_no=["is_business"])
        with table.get_backend().con.cursor() as cursor:
            agree(pd.DataFrame(cursor.execute(told).fetchall(), columns=found.columns), expected)


@pytest.mark.parametrize("method", ["kmeans", "ward", "gmm"])
def test_a_solution_that_was_fitted_says_the_same_in_the_engine(method):
    features = customers(3, 600)
    recipe = matrix.recipe(features, list(features), winsorise=0.01, weights={("kind",): 1.0}, indicate_missing=["spend"])
    prepared = matrix.prepare(features, recipe)
    solution = {"kmeans": segments.kmeans, "ward": segments.ward, "gmm": segments.gmm}[method](prepared, 4, 7)
    table = ibis.memtable(features.reset_index())
    agree(rules.assigned(table, recipe, solution).to_pandas(), in_memory(features, recipe, solution))


def test_a_tie_goes_to_the_first_segment_and_its_probability_is_even():
    recipe = Recipe((Column("x", "x", "number", 0.0, 1.0),))
    solution = Solution("kmeans", 2, 0, ("x",), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)), np.zeros(2), pd.Series(dtype="str"))
    table = ibis.memtable({"customer_id": ["a", "b", "c"], "x": [0.0, 0.5, -9000.0]})
    found = rules.assigned(table, recipe, solution).order_by("customer_id").to_pandas()
    assert found.segment.tolist() == ["S1", "S2", "S1"]
    assert found.probability.tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-1)), 1])


def test_who_is_midway_between_two_centres_is_in_the_first_however_numbers_are_rounded():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = pd.DataFrame(rng.integers(0, 3, (200, 3)).astype(float), columns=list("abc")).rename_axis("customer_id")
        recipe = matrix.recipe(rows, list("abc"), {"all": "none"})
        centers = matrix.prepare(pd.DataFrame({"a": [0.0, 2], "b": [1.0, 1], "c": [1.0, 1]}), recipe).to_numpy()
        precision = np.broadcast_to(np.eye(3) / rng.uniform(0.3, 2), (2, 3, 3))
        solution = Solution("kmeans", 2, 0, tuple("abc"), centers, precision, np.zeros(2), pd.Series(dtype="str"))
        found = rules.assigned(ibis.memtable(rows.reset_index()), recipe, solution).to_pandas().set_index("customer_id").segment
        assert (found[rows.index] == np.where(rows.a <= 1, "S1", "S2")).all()


def test_words_alone_are_enough_on_every_engine(other, tmp_path):  # noqa: F811
    features = customers(5)[["kind"]]
    recipe = Recipe(tuple(each for each in recipe_of_every_kind(5).columns if each.kind == "level"))
    solution = solution_of(recipe, 3, 5)
    parquet.write_table(pa.Table.from_pandas(features.reset_index(), preserve_index=False), tmp_path / "features.parquet")
    expected = in_memory(features, recipe, solution)
    for which in ("duckdb", other):
        table = on(which, {"features": tmp_path / "features.parquet"}, tmp_path)["features"]
        agree(rules.assigned(table, recipe, solution).to_pandas(), expected)


def test_levels_that_differ_in_case_alone_are_two_columns():
    features = pd.DataFrame({"kind": ["A", "a"] * 50}, index=pd.Index([f"c{i:02d}" for i in range(100)], name="customer_id"))
    recipe = matrix.recipe(features, ["kind"])
    solution = segments.kmeans(matrix.prepare(features, recipe), 2, 0)
    agree(rules.assigned(ibis.memtable(features.reset_index()), recipe, solution).to_pandas(), in_memory(features, recipe, solution))


def test_many_features_are_no_problem():
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(200, 40)), index=pd.Index([f"c{i:03d}" for i in range(200)], name="customer_id"))
    features.columns = [f"f{i}" for i in range(40)]
    recipe = matrix.recipe(features, list(features))
    solution = solution_of(recipe, 3, 1)
    agree(rules.assigned(ibis.memtable(features.reset_index()), recipe, solution).to_pandas(), in_memory(features, recipe, solution))


def test_a_missing_feature_is_named():
    table = ibis.table({"customer_id": "string", "spend": "float64"}, name="features")
    with pytest.raises(BadInput) as refused:
        rules.assigned(table, recipe_of_every_kind(0), solution_of(recipe_of_every_kind(0), 2, 0))
    assert str(refused.value) == (
        "nobody can be assigned without change, is_business, kind, minutes, n_orders\n"
        "  the table has customer_id, spend\n"
        "  -> hand in every feature of the recipe"
    )


def test_the_text_names_its_steps_and_its_table():
    recipe = Recipe((Column("n_orders", "n_orders", "number", 1.0, 2.0, fill=3.0, shape="log1p"),))
    told = rules.sql(recipe, solution_of(recipe, 2, 0, "kmeans"), "crm.features", "postgres")
    assert 'FROM "crm"."features"' in told and told.startswith('WITH "customer_filled" AS MATERIALIZED (')
    assert [step in told for step in ("customer_matrix", "customer_scores", "customer_best", "x1_n_orders")] == [True] * 4
    assert told.count("AS MATERIALIZED (") == 4
    assert "CAST" in told and "DOUBLE PRECISION" in told


def test_everyone_known_is_assigned_and_who_was_never_active_has_no_segment():
    features = customers(4, 300).reset_index()
    features["is_active"] = np.arange(300) % 3 > 0
    active = features[features.is_active].set_index("customer_id")
    recipe = matrix.recipe(active, ["n_orders", "minutes"])
    solution = segments.kmeans(matrix.prepare(active, recipe), 3, 1)
    found = rules.everyone(ibis.memtable(features), recipe, solution).execute().set_index("customer_id")
    assert len(found) == 300 and found.index.is_unique
    quiet = features.set_index("customer_id").index[~features.is_active]
    assert found.loc[quiet, ["segment", "probability"]].isna().all(axis=None) and found.drop(quiet).notna().all(axis=None)
    labels = segments.assign(solution, matrix.prepare(active, recipe))
    assert (found.segment[labels.index] == labels).all()
