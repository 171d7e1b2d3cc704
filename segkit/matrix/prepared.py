"""The matrix of customers: values in an order of their own, samples of it, and the way back to business units."""

import numpy as np
import pandas as pd

from segkit.matrix.columns import Column, in_business_units, in_matrix
from segkit.matrix.recipe import Recipe


def prepare(features: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """The matrix. In: features indexed by customer_id. Out: float64, same index, one column per recipe column, sorted by value.

    Sorted rows make every later random draw the same whatever order, or whatever pseudonyms, the customers came in. Rows that tie are
    sorted by whatever else `features` holds, since a sample of them takes their other labels along.
    """
    values = {column.name: in_matrix(features[column.feature], column) for column in recipe.columns}
    matrix = pd.DataFrame(values, index=features.index)
    tied, place = matrix.duplicated(keep=False).to_numpy(), np.zeros(len(matrix), int)
    if tied.any():
        order = by_values(features[tied].reset_index(drop=True)).index.to_numpy()
        place[np.flatnonzero(tied)[order]] = np.arange(tied.sum())
    return matrix.iloc[np.lexsort((place, *matrix.to_numpy().T[::-1]))]


def by_values(table: pd.DataFrame) -> pd.DataFrame:
    """Rows sorted by the values of all columns, of whatever type: names of customers, their index, have no say in any result."""
    return table.sort_values(list(table.columns), kind="stable")


def in_value_order(matrix: pd.DataFrame) -> pd.DataFrame:
    """Rows of a numeric matrix sorted by the values of all columns; rows that tie are equal and keep their order."""
    return matrix.iloc[np.lexsort(matrix.to_numpy().T[::-1])]


def business_units(matrix: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """The inverse of `prepare`, except that what was filled or pulled in stays so. Of a level, and of whether a feature is known: its share."""
    return pd.DataFrame({c.name: in_business_units(matrix[c.name].to_numpy(), c) for c in recipe.columns}, index=matrix.index)


def described(features: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """What readers are told of each column of the matrix: numbers as they are, levels and whether a feature is known as 1 or 0."""
    return pd.DataFrame({column.name: plain(features[column.feature], column) for column in recipe.columns}, index=features.index)


def plain(values: pd.Series, column: Column) -> np.ndarray:
    """A column in business units, gaps left open."""
    if column.kind == "number":
        return values.astype("float64").to_numpy()
    return np.round(in_business_units(in_matrix(values, column), column))


def units(recipe: Recipe, of_features: dict[str, str]) -> dict[str, str]:
    """The unit of each column of the matrix, given those of the features."""
    return {column.name: of_features.get(column.feature, "") if column.kind == "number" else "yes/no" for column in recipe.columns}


def sample(matrix: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """At most `rows` rows, drawn without replacement from the matrix in value order."""
    if len(matrix) <= rows:
        return in_value_order(matrix)
    chosen = np.sort(np.random.default_rng(seed).choice(len(matrix), rows, replace=False))
    return in_value_order(matrix).iloc[chosen]
