"""A value with its interval, the difference of two, and which customers are asked at all."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

Z = 1.959963984540054  # 97.5 % point of the standard normal
NAN = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, in the value's own unit; `n` customers, of whom `events` have a non-zero value.

    For an NPS or a share `events` counts the rarer side, see there: it is the number that `enough` asks for.
    """

    value: float
    low: float
    high: float
    n: int
    se: float
    events: float  # a count; NaN where a value is missing

    @property
    def sides(self) -> tuple[float, float]:
        """The standard error below and above the value that the interval implies; a skewed value has two."""
        return (self.value - self.low) / Z, (self.high - self.value) / Z


class Difference(NamedTuple):
    """One estimate minus another with its 95 % interval, in their unit."""

    value: float
    low: float
    high: float
    se: float


def difference(one: Estimate, other: Estimate) -> Difference:
    """`one` minus `other`, two independent estimates of the same kind (two segments, not one and everybody).

    Each limit adds the squares of the two distances that move it: low = d − √((v₁ − l₁)² + (u₂ − v₂)²), high likewise. For shares
    it is Newcombe's method 10 (1998, Statistics in Medicine 17, 873–890), in general Zou and Donner's (2008, Statistics in
    Medicine 27, 1693–1702). NaN where either has no interval.
    """
    (below, above), (other_below, other_above) = one.sides, other.sides
    value = one.value - other.value
    low, high = value - Z * np.hypot(below, other_above), value + Z * np.hypot(above, other_below)
    return Difference(value, float(low), float(high), float(np.hypot(one.se, other.se)))


def eligible(*columns: ArrayLike) -> tuple[list[np.ndarray], int]:
    """The columns without the customers who are NaN in all of them (not eligible, not asked …), and how many those are.

    A customer with a value in one column and none in another stays, and makes the estimate NaN: a value is missing there.
    """
    columns = [column(values) for values in columns]
    out = np.all([np.isnan(values) for values in columns], axis=0)
    return [values[~out] for values in columns], int(out.sum())


def column(values: ArrayLike) -> np.ndarray:
    """The values as a flat float column."""
    return np.asarray(values, dtype=float).ravel()


def complete(values: np.ndarray) -> bool:
    """At least one customer, and a finite value for each."""
    return len(values) > 0 and bool(np.isfinite(values).all())


def nothing(values: np.ndarray) -> Estimate:
    """Only the counts are known."""
    return Estimate(NAN, NAN, NAN, len(values), NAN, int(np.count_nonzero(values)) if np.isfinite(values).all() else NAN)


def standard_error(influence: np.ndarray) -> float:
    """Standard error of the mean of the influence values; NaN below two customers, exactly 0 where they are all equal."""
    if len(influence) < 2:
        return NAN
    return float(influence.std(ddof=1) / np.sqrt(len(influence))) if np.ptp(influence) > 0 else 0.0
