"""From customer features to the one numeric matrix every method sees, and back to business units.

Scaling happens here and nowhere else. The recipe is small and plain: missing values take the column's median; a column that is
never negative, has more than two values and skewness above 1 is taken as log(1 + x); every column is standardised (mean 0, standard deviation 1).
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from segkit.errors import BadInput

SKEWED = 1.0  # moment skewness above which a non-negative column is taken as log(1 + x)


@dataclass(frozen=True)
class Recipe:
    """How each column became a column of the matrix: name, log or not, the median that fills gaps (business units), centre and scale."""

    columns: tuple[str, ...]
    log: tuple[bool, ...]
    fill: tuple[float, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]

    def table(self, features: pd.DataFrame) -> pd.DataFrame:
        """The recipe for readers. Out: feature, transform, filled_with (business units), n, n_filled."""
        return pd.DataFrame(
            {
                "feature": self.columns,
                "transform": ["log(1 + x), standardised" if log else "standardised" for log in self.log],
                "filled_with": self.fill,
                "n": len(features),
                "n_filled": [int(features[name].isna().sum()) for name in self.columns],
            }
        )


def recipe(features: pd.DataFrame, columns: list[str]) -> Recipe:
    """Choose the recipe from the customers to be clustered. Raises BadInput for columns that cannot tell customers apart."""
    values = by_values(features[list(columns)].astype("float64"))
    for name in columns:
        if values[name].isna().all():
            raise BadInput(f"cluster_on: {name} is empty", f"for all {len(values):,} active customers", "take it out of cluster_on")
    if constant := [name for name in columns if values[name].fillna(values[name].median()).nunique() < 2]:
        same = "all customers are identical" if len(constant) == len(columns) else f"{', '.join(constant)}: the same for everyone"
        raise BadInput(
            f"cluster_on: {same}", f"{len(values):,} active customers", "a constant feature separates nobody: take it out of cluster_on"
        )
    fill = values.median()
    filled = values.fillna(fill)
    log = tuple(bool(filled[name].min() >= 0 and filled[name].skew() > SKEWED and filled[name].nunique() > 2) for name in columns)
    shaped = reshaped(filled, log)
    return Recipe(tuple(columns), log, tuple(map(float, fill)), tuple(map(float, shaped.mean())), tuple(map(float, shaped.std(ddof=0))))


def prepare(features: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """The matrix. In: features indexed by customer_id. Out: float64, same index, one column per recipe column, sorted by value.

    Sorted rows make every later random draw the same whatever order, or whatever pseudonyms, the customers came in. Rows that tie are
    sorted by whatever else `features` holds, since a sample of them takes their other labels along.
    """
    values = by_values(features)[list(recipe.columns)].astype("float64").fillna(dict(zip(recipe.columns, recipe.fill)))
    return in_value_order((reshaped(values, recipe.log) - np.array(recipe.center)) / np.array(recipe.scale))


def reshaped(values: pd.DataFrame, log: tuple[bool, ...]) -> pd.DataFrame:
    """log(1 + x) of the columns marked; a new customer's negative value counts as 0 there."""
    return pd.DataFrame({name: np.log1p(values[name].clip(lower=0)) if is_log else values[name] for name, is_log in zip(values, log)})


def by_values(table: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by the values of all columns, of whatever type: names of customers, their index, have no say in any result."""
    return table.sort_values(list(table.columns), kind="stable")


def in_value_order(matrix: pd.DataFrame) -> pd.DataFrame:
    """Rows of a numeric matrix sorted by the values of all columns; rows that tie are equal and keep their order."""
    return matrix.iloc[np.lexsort(matrix.to_numpy().T[::-1])]


def business_units(matrix: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """The inverse of `prepare`, except that a filled value stays filled."""
    values = matrix * np.array(recipe.scale) + np.array(recipe.center)
    return pd.DataFrame({name: np.expm1(values[name]) if is_log else values[name] for name, is_log in zip(values, recipe.log)})


def sample(matrix: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """At most `rows` rows, drawn without replacement from the matrix in value order."""
    if len(matrix) <= rows:
        return in_value_order(matrix)
    chosen = np.sort(np.random.default_rng(seed).choice(len(matrix), rows, replace=False))
    return in_value_order(matrix).iloc[chosen]


def to_json(recipe: Recipe) -> dict:
    """The recipe as plain data."""
    return asdict(recipe)
