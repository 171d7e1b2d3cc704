"""What the models read, checked: histories of orders and amounts, in units of their own, customers with the same history counted once."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike


class NotIdentified(ValueError):
    """The data cannot tell a model's parameters: one sentence says why. Nothing was estimated."""


@dataclass(frozen=True)
class Histories:
    """Distinct histories, sorted, each (m,): x repeat orders, t_x age at the last, T age at as_of; and how many customers share each.

    Ages count in the mean T (`unit`, in the caller's own unit), so that days and weeks lead to the same fit.
    """

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    count: np.ndarray
    unit: float

    @property
    def n(self) -> int:
        """Customers."""
        return int(self.count.sum())

    @property
    def repeat_buyers(self) -> int:
        """Customers with at least one repeat order."""
        return int(self.count[self.x > 0].sum())

    @property
    def measured(self) -> float:
        """How many moments were observed: each repeat order adds a density per unit of time to the likelihood."""
        return float((self.count * self.x).sum())


@dataclass(frozen=True)
class Amounts:
    """Repeat buyers, sorted, each (m,): x repeat orders, the mean amount of these, in units of the mean over customers; how many count."""

    x: np.ndarray
    mean_amount: np.ndarray
    count: np.ndarray
    unit: float

    @property
    def n(self) -> int:
        """Repeat buyers."""
        return int(self.count.sum())

    @property
    def repeat_buyers(self) -> int:
        """All of them: nobody else enters."""
        return self.n

    @property
    def measured(self) -> float:
        """How many amounts were observed: one mean of each customer."""
        return float(self.count.sum())


def thinned(rows: Histories | Amounts, most: int) -> Histories | Amounts:
    """From `most` to twice as many of the rows, every k-th of the sorted ones: enough to see where to look for a maximum."""
    columns = {name: column for name, column in vars(rows).items() if isinstance(column, np.ndarray)}
    step = max(1, len(rows.count) // most)
    return replace(rows, **{name: column[::step] for name, column in columns.items()})


def histories(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> Histories:
    """Histories counted. In: (n,) each, as `checked` wants them, and how many customers each row stands for (default: one)."""
    x, t_x, T = checked(x, t_x, T)
    weights = counted(weights, len(x))
    order = np.lexsort((T, t_x, x))
    x, t_x, T, weights = x[order], t_x[order], T[order], weights[order]
    is_new = np.ones(len(x), dtype=bool)
    is_new[1:] = (np.diff(x) != 0) | (np.diff(t_x) != 0) | (np.diff(T) != 0)
    first = np.flatnonzero(is_new)
    count = np.add.reduceat(weights, first)
    unit = float((count * T[first]).sum() / count.sum()) if len(x) else 1.0
    return Histories(x[first], t_x[first] / unit, T[first] / unit, count, unit)


def checked(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three columns as floats of one length. A ValueError counts who breaks a rule.

    x : repeat orders, whole, not negative. t_x : age of the customer at the last order, counted from the first; 0 if and only if there
    is no repeat order, so orders of one moment (or one day, where time counts in days) are one order. T : age at as_of, above 0.
    """
    x, t_x, T = (np.asarray(column, dtype=float) for column in (x, t_x, T))
    if not (x.ndim == 1 and x.shape == t_x.shape == T.shape):
        raise ValueError(f"x, t_x and T take one number for each of the same customers: their shapes are {x.shape}, {t_x.shape}, {T.shape}")
    with np.errstate(invalid="ignore"):
        broken = {
            "x, t_x or T missing or infinite": ~np.isfinite(x + t_x + T),
            "x negative or not whole": (x < 0) | (x != np.floor(x)),
            "T not above 0": T <= 0,
            "t_x below 0 or above T": (t_x < 0) | (t_x > T),
            "t_x is 0 for some x above 0, or not 0 for x = 0": (t_x == 0) != (x == 0),
        }
    refuse(broken, len(x))
    return x, t_x, T


def refuse(broken: dict[str, np.ndarray], n: int) -> None:
    """A ValueError with how many of n customers break each rule, if any does."""
    facts = [f"{rule}: {int(rows.sum()):,}" for rule, rows in broken.items() if rows.any()]
    if facts:
        raise ValueError(f"of {n:,} customers some cannot be ({'; '.join(facts)})")


def counted(weights: ArrayLike | None, n: int) -> np.ndarray:
    """(n,) how many customers each row stands for, whole and above 0; 1 where nothing is said."""
    if weights is None:
        return np.ones(n)
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (n,) or not (np.isfinite(weights) & (weights >= 1) & (weights == np.floor(weights))).all():
        raise ValueError(f"weights say how many customers each of {n:,} rows stands for: whole numbers above 0")
    return weights
