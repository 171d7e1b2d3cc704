"""Gamma-Gamma: what an order of each customer is worth on average, from the mean of the few that were seen.

P. S. Fader, B. G. S. Hardie and K. L. Lee (2005), RFM and CLV: Using Iso-Value Curves for Customer Base Analysis, Journal of Marketing
Research 42, 415-430; P. S. Fader and B. G. S. Hardie (2013), The Gamma-Gamma Model of Monetary Value.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from segkit.kpis.clv.data import Amounts, counted, refuse
from segkit.kpis.clv.fitting import fitted
from segkit.kpis.clv.maximum import Function

STARTS = [(5.0, 4.0, 0.6), (1.0, 2.0, 1.0)]  # gamma in mean amounts


@dataclass(frozen=True)
class GammaGamma:
    """Amounts of one customer are Gamma(p, v), v of customers Gamma(q, gamma); gamma in the currency.

    `log_likelihood` is of the mean amounts of the `n` repeat buyers, in the caller's currency. `correlation` is Pearson's between number
    and mean amount of repeat orders: the model has customers who order more often spend neither more nor less an order.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float
    n: int
    correlation: float = float("nan")

    NAME: ClassVar = "Gamma-Gamma"
    HAS_UNIT: ClassVar = (False, False, True)
    MEANINGS: ClassVar = ("how much orders of one customer differ",) + 2 * ("how much customers differ in what an order is worth",)

    @staticmethod
    def rows_of(x: ArrayLike, mean_amount: ArrayLike, weights: ArrayLike | None = None) -> Amounts:
        """The repeat buyers among these customers: see `repeat_buyers`."""
        return repeat_buyers(x, mean_amount, weights)

    @staticmethod
    def log_likelihood_of(of: Amounts) -> Function:
        """The log-likelihood of the mean amounts with its gradient: see `log_likelihood`."""
        return log_likelihood(of)

    @property
    def mean_amount(self) -> float:
        """What an order of a customer of whom nothing is known is worth; NaN where q <= 1 gives it no mean."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("nan")

    def expected_amount(self, x: ArrayLike, mean_amount: ArrayLike) -> np.ndarray:
        """(n,) expected mean order value of each customer: the mean of the repeat orders, drawn towards that of all customers.

        x repeat orders with this mean amount, which is not looked at where x = 0. NaN where p x + q <= 1 gives it no mean.
        """
        x, mean_amount = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(mean_amount, dtype=float))
        spent = np.where(x > 0, x * mean_amount, 0.0)
        shape = self.p * x + self.q - 1
        return np.where(shape > 0, self.p * (self.gamma + spent) / np.where(shape > 0, shape, 1.0), np.nan)


def fit_gamma_gamma(x: ArrayLike, mean_amount: ArrayLike, weights: ArrayLike | None = None) -> GammaGamma:
    """The Gamma-Gamma model most likely for these customers. NotIdentified where they cannot tell it.

    x : (n,) repeat orders, counted as for the other models; mean_amount : (n,) mean amount of these orders, without the first one, above
    0; what stands there for customers without repeat orders is not looked at. weights : how many customers each row stands for.
    """
    rows = repeat_buyers(x, mean_amount, weights)
    return replace(fitted(GammaGamma, rows, STARTS), correlation=correlation(rows))


def repeat_buyers(x: ArrayLike, mean_amount: ArrayLike, weights: ArrayLike | None = None) -> Amounts:
    """Those who ordered again, sorted. A ValueError counts whose numbers cannot be."""
    x, mean_amount = np.asarray(x, dtype=float), np.asarray(mean_amount, dtype=float)
    if not (x.ndim == 1 and x.shape == mean_amount.shape):
        raise ValueError(
            f"x and mean_amount take one number for each of the same customers: their shapes are {x.shape}, {mean_amount.shape}"
        )
    weights = counted(weights, len(x))
    with np.errstate(invalid="ignore"):
        odd = ~np.isfinite(x) | (x < 0) | (x != np.floor(x))
        worthless = (x > 0) & ~((mean_amount > 0) & (mean_amount < np.inf))
        refuse({"x missing, negative or not whole": odd, "mean_amount not above 0": worthless}, len(x))
    order = np.lexsort((weights, mean_amount, x))
    order = order[x[order] > 0]
    x, mean_amount, weights = x[order], mean_amount[order], weights[order]
    unit = float((weights * mean_amount).sum() / weights.sum()) if len(x) else 1.0
    return Amounts(x, mean_amount / unit, weights, unit)


def correlation(of: Amounts) -> float:
    """Pearson's correlation of the number and the mean amount of repeat orders; NaN where one of them does not vary."""
    if not (np.ptp(of.x) > 0 and np.ptp(of.mean_amount) > 0):
        return float("nan")
    x, amount = (column - (of.count * column).sum() / of.n for column in (of.x, of.mean_amount))
    return float((of.count * x * amount).sum() / np.sqrt((of.count * x * x).sum() * (of.count * amount * amount).sum()))


def log_likelihood(of: Amounts) -> Function:
    """Logarithms of (p, q, gamma) -> the log-likelihood of the mean amounts and its gradient in them (equation 1a of the note of 2013)."""
    xs, which = np.unique(of.x, return_inverse=True)
    n_x = np.bincount(which, of.count)
    x, amount, count = of.x, of.mean_amount, of.count
    log_spent = np.log(x * amount)
    constant = (count * np.log(amount)).sum()
    n = n_x.sum()

    def at(logs: np.ndarray) -> tuple[float, np.ndarray]:
        p, q, gamma = np.exp(logs)
        share = log_spent - np.log(gamma + x * amount)
        log_rest = logs[2] - np.log(gamma + x * amount)
        by_x = gammaln(p * xs + q) - gammaln(p * xs) - gammaln(q)
        value = (n_x * by_x).sum() + (count * (p * x * share + q * log_rest)).sum() - constant
        of_all = digamma(p * xs + q)
        gradient = (
            (n_x * xs * (of_all - digamma(p * xs))).sum() + (count * x * share).sum(),
            (n_x * (of_all - digamma(q))).sum() + (count * log_rest).sum(),
            n * q / gamma - (count * (p * x + q) / (gamma + x * amount)).sum(),
        )
        return float(value), np.array(gradient) * (p, q, gamma)

    return at
