"""One column of the matrix: from a feature's values in business units to numbers on the common scale, and back."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

OTHER, UNKNOWN = "(other)", "(not known)"  # in brackets: a word may well be `other`


@dataclass(frozen=True)
class Column:
    """How one column of the matrix is made. `kind`: number; known (is the feature known); level (of a word). Fill and limits in business
    units; `power` is Yeo and Johnson's; then (shaped - center) / scale * weight."""

    name: str
    feature: str
    kind: str
    center: float
    scale: float
    weight: float = 1.0
    fill: float = 0.0
    low: float | None = None
    high: float | None = None
    shape: str = "none"
    power: float = 1.0
    by_quartiles: bool = False
    level: str = ""
    levels: tuple[str, ...] = ()


def in_matrix(values: pd.Series, column: Column) -> np.ndarray:
    """A feature's values as a column of the matrix. A new customer's value beyond the limits is pulled in; one below 0 counts as 0 under a log."""
    if column.kind == "known":
        shaped = values.notna().to_numpy(dtype=float)
    elif column.kind == "level":
        words = values.astype("object").where(values.notna(), UNKNOWN).astype(str)
        shaped = (words == column.level).to_numpy(dtype=float) if column.level != OTHER else (~words.isin(column.levels)).to_numpy(float)
    else:
        known = values.astype("float64").fillna(column.fill).to_numpy()
        shaped = reshaped(known if column.low is None else np.clip(known, column.low, column.high), column.shape, column.power)
    return (shaped - column.center) / (column.scale or 1.0) * column.weight


def reshaped(values: np.ndarray, shape: str, power: float) -> np.ndarray:
    """log(1 + x), or Yeo and Johnson's power of x."""
    if shape == "log1p":
        return np.log1p(np.maximum(values, 0))
    if shape == "none":
        return values
    from scipy.stats import yeojohnson

    return yeojohnson(values, power)


def unshaped(values: np.ndarray, shape: str, power: float) -> np.ndarray:
    """The inverse of `reshaped`."""
    if shape == "log1p":
        return np.expm1(values)
    if shape == "none":
        return values
    above, below = np.maximum(values, 0), np.maximum(-values, 0)
    up = np.expm1(above) if power == 0 else np.maximum(above * power + 1, 0) ** (1 / power) - 1
    down = -np.expm1(below) if power == 2 else 1 - np.maximum(below * (2 - power) + 1, 0) ** (1 / (2 - power))
    return np.where(values >= 0, up, down)


def in_business_units(values: np.ndarray, column: Column) -> np.ndarray:
    """The inverse of `in_matrix`, but for what was filled or pulled in. Of `known` and of a level it is the share of customers."""
    return unshaped(values / column.weight * (column.scale or 1.0) + column.center, column.shape, column.power)
