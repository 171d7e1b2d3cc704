"""Everyone assigned where the rows are: a Solution as one Ibis expression, or as the text of a query that a warehouse runs by itself.

The steps are those in memory: every feature filled and pulled in, the columns of the matrix, a score per segment, the highest score. Each
step is a named query, so that engines and readers meet nothing twice. A score is a polynomial of the columns, x * (b + a * x + c * y), in
place of distances. Where all segments have the same precision, as in k-means and in trees, the squares are the same in every score and are
left out: neither the order of the scores nor their softmax changes by them.
"""

import re
from collections.abc import Collection

import ibis
import numpy as np
from ibis.common.exceptions import IbisError

from segkit.errors import BadInput
from segkit.matrix import Column, Recipe
from segkit.matrix.columns import OTHER, UNKNOWN
from segkit.segments import TIED, Solution

POSTGRES = "postgres"
LEAST = -700.0  # exp of less is 0 here, and an error in PostgreSQL
LONGEST_NAME = 40  # letters; PostgreSQL cuts names at 63 bytes


def assigned(features: ibis.Table, recipe: Recipe, solution: Solution) -> ibis.Table:
    """The segment of every row, as `segments.membership` of the prepared features has it; the rows are in no order.

    In: customer_id and the recipe's features in business units, on whatever engine. NULL and NaN are both not known. An infinite value is
    refused where a recipe is made, and has no defined segment here.
    Out: customer_id, segment (the first of those whose scores tie), probability (0 … 1, softmax of the scores, of the segment assigned).
    Raises BadInput where a feature is missing.
    """
    refuse_missing(features, recipe)
    columns = [next(column for column in recipe.columns if column.name == name) for name in solution.columns]
    in_units = step(features.select("customer_id", **in_business_units(features, columns)), "customer_filled")
    names = [plain_name(at, column) for at, column in enumerate(columns, 1)]
    values = {name: in_matrix(in_units, column) for name, column in zip(names, columns)}
    matrix = step(in_units.select("customer_id", **values), "customer_matrix")
    segments = [f"S{s}" for s in range(1, solution.k + 1)]
    scores = {segment: score([matrix[name] for name in names], *terms) for segment, *terms in zip(segments, *polynomials(solution))}
    return highest(step(matrix.select("customer_id", **scores), "customer_scores"), segments)


def everyone(features: ibis.Table, recipe: Recipe, solution: Solution) -> ibis.Table:
    """Everyone known at as_of. In: customer features with is_active. Out: customer_id, segment, probability; who was never active has
    neither, and is still there."""
    found = assigned(features.filter(features.is_active), recipe, solution)
    return features.select("customer_id").left_join(found, "customer_id").drop("customer_id_right")


def sql(recipe: Recipe, solution: Solution, table: str, dialect: str = "duckdb", yes_no: Collection[str] = ()) -> str:
    """The same as the text of a query: SELECT customer_id, segment, probability of every row of `table`.

    `table` has customer_id and the recipe's features in business units, and may be written with its schema, `crm.features`. `dialect` is
    any that Ibis knows; seen to be the same are duckdb and postgres. Features may be of any type, since numbers are cast to double
    precision and words to text; PostgreSQL wants to know by `yes_no` which features it holds as booleans.
    """
    words = {column.feature for column in recipe.columns if column.kind == "level"}
    kinds = {column.feature: "int64" if column.feature in words else "float32" for column in recipe.columns}  # so that Ibis casts them
    name, *place = reversed(table.split("."))
    kinds |= {"customer_id": "string"} | dict.fromkeys(yes_no, "boolean")
    features = ibis.table(kinds, name=name, **dict(zip(("database", "catalog"), place)))
    told = str(ibis.to_sql(assigned(features, recipe, solution), dialect=dialect, pretty=True))
    return re.sub(r'^(WITH |\), )("customer_\w+") AS \(', r"\1\2 AS MATERIALIZED (", told, flags=re.M) if dialect == POSTGRES else told


def step(rows: ibis.Table, name: str) -> ibis.Table:
    """A query with a name of its own. PostgreSQL writes a step into the next one wherever it is used, which makes a mixture twenty times as
    slow; a limit that nothing reaches keeps it from that."""
    try:
        own = rows.get_backend().name != POSTGRES
    except IbisError:  # a table that is nowhere yet
        own = True
    return (rows if own else rows.limit(2**62)).alias(name)


def refuse_missing(features: ibis.Table, recipe: Recipe) -> None:
    """Nobody can be assigned without a feature the segments were made from."""
    missing = sorted({"customer_id", *(column.feature for column in recipe.columns)} - set(features.columns))
    if missing:
        there = f"the table has {', '.join(features.columns)}"
        raise BadInput(f"nobody can be assigned without {', '.join(missing)}", there, "hand in every feature of the recipe")


def plain_name(position: int, column: Column) -> str:
    """A name that every engine takes, whatever words a level has: engines do not tell A from a, and cut what is long."""
    return f"x{position}_{re.sub('[^a-z0-9]+', '_', column.name.lower()).strip('_')[:LONGEST_NAME]}"


def is_known(feature: str) -> str:
    """The name of the column that says whether a feature is known."""
    return f"{feature}_is_known"


def in_business_units(features: ibis.Table, columns: list[Column]) -> dict[str, ibis.Value]:
    """Each feature once, by its name, and where it is asked for whether it is known."""
    known = {is_known(each.feature): known_at_all(features[each.feature]) for each in columns if each.kind == "known"}
    return {each.feature: filled(features[each.feature], each) for each in columns if each.kind != "known"} | known


def as_float(values: ibis.Value) -> ibis.Value:
    """A number, or a yes/no answer as 1 and 0, which PostgreSQL takes for a whole number only."""
    return (values.cast("int32") if values.type().is_boolean() else values).cast("float64")


def known_at_all(values: ibis.Column) -> ibis.Value:
    """Whether a feature is known: neither NULL nor, of a float, NaN."""
    return values.notnull() & ~as_float(values).isnan() if values.type().is_floating() else values.notnull()


def filled(values: ibis.Column, column: Column) -> ibis.Value:
    """A feature in business units, its gaps filled and its values pulled in to the limits; of a word, not known is a level."""
    if column.kind == "level":
        return values.cast("string").fill_null(UNKNOWN)
    found = known_at_all(values).ifelse(as_float(values), column.fill)
    return found if column.low is None else ibis.least(ibis.greatest(found, column.low), column.high)


def in_matrix(rows: ibis.Table, column: Column) -> ibis.Value:
    """A column of the matrix from the filled feature."""
    if column.kind == "known":
        shaped = as_float(rows[is_known(column.feature)])
    elif column.kind == "level":
        word = rows[column.feature]
        shaped = as_float(word.notin(column.levels) if column.level == OTHER else word == column.level)
    else:
        shaped = reshaped(rows[column.feature], column.shape, column.power)
    centred = (shaped - column.center) / (column.scale or 1.0)
    return centred if column.weight == 1 else centred * column.weight


def reshaped(values: ibis.Value, shape: str, power: float) -> ibis.Value:
    """log(1 + x), or Yeo and Johnson's power of x: the part above 0 less the part below, each 0 where the other is not."""
    above, below = ibis.greatest(values, 0.0), ibis.greatest(-values, 0.0)
    if shape == "log1p":
        return (above + 1.0).ln()
    return values if shape == "none" else raised(above, power) - raised(below, 2.0 - power)


def raised(values: ibis.Value, power: float) -> ibis.Value:
    """((1 + x)^power - 1) / power of what is never negative; log(1 + x) where the power is 0."""
    if power == 0:
        return (values + 1.0).ln()
    exponent = (values + 1.0).ln() * power
    return ((exponent if power > 0 else ibis.greatest(exponent, LEAST)).exp() - 1.0) / power


def polynomials(solution: Solution) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scores as polynomials: k constants, k x d factors of x, and k x d x d factors of x y, above the diagonal and on it."""
    pulls = np.einsum("kde,ke->kd", solution.precision, solution.center)
    constants = solution.offset - np.einsum("kd,kd->k", pulls, solution.center) / 2
    if (solution.precision == solution.precision[0]).all():
        return constants, pulls, np.zeros_like(solution.precision)
    half = np.where(np.eye(pulls.shape[1]) > 0, 0.5, 1.0)
    return constants, pulls, -np.triu(solution.precision) * half


def score(values: list[ibis.Value], constant: float, pull: np.ndarray, products: np.ndarray) -> ibis.Value:
    """One segment's score. What counts 0 times is not written."""
    total = ibis.literal(float(constant))
    for i, x in enumerate(values):
        factor = ibis.literal(float(pull[i]))
        for j in np.flatnonzero(products[i]):
            factor = factor + values[j] * float(products[i, j])
        total = total + x * factor
    return total


def highest(scores: ibis.Table, segments: list[str]) -> ibis.Table:
    """The segment of the highest score, and its share of the exponentials of all scores."""
    of = [scores[segment] for segment in segments]
    best = step(scores.mutate(best=ibis.greatest(*of) if len(of) > 1 else of[0]), "customer_best")
    *before, last = segments
    segment = ibis.cases(*((best[each] >= best.best - TIED, each) for each in before), else_=last) if before else ibis.literal(last)
    weights = [ibis.greatest(best[each] - best.best, LEAST).exp() for each in segments]
    return best.select("customer_id", segment=segment, probability=1.0 / sum(weights[1:], weights[0]))
