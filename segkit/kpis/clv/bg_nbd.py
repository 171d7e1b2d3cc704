"""BG/NBD: customers order at a steady rate of their own and may leave after any repeat order, each with a probability of their own.

P. S. Fader, B. G. S. Hardie and K. L. Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24, 275-284.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1, log_expit

from segkit.kpis.clv.data import Histories, checked, histories
from segkit.kpis.clv.fitting import fitted
from segkit.kpis.clv.maximum import Function

STARTS = [(0.5, 0.5, 0.5, 1.0), (3.0, 3.0, 0.1, 3.0), (0.1, 0.1, 0.1, 0.1)]  # alpha in mean ages at as_of
BLOCK = 10_000  # histories computed at a time: they stay in the processor's cache


@dataclass(frozen=True)
class BgNbd:
    """Rates of ordering are Gamma(r, alpha), alpha in units of time; probabilities to leave after a repeat order are Beta(a, b).

    `log_likelihood` is of the dates of repeat orders in the caller's unit of time; `n` customers were fitted.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    n: int

    NAME: ClassVar = "BG/NBD"
    HAS_UNIT: ClassVar = (False, True, False, False)
    MEANINGS: ClassVar = 2 * ("how much customers differ in how often they order",) + 2 * ("how likely customers leave after an order",)
    rows_of: ClassVar = staticmethod(histories)

    @staticmethod
    def log_likelihood_of(of: Histories) -> Function:
        """The log-likelihood of the histories with its gradient: see `log_likelihood`."""
        return log_likelihood(of)

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> np.ndarray:
        """(n,) probability that the customer has not left by age T; 1 without a repeat order, as the model lets nobody leave before."""
        return expit(-self._log_odds_gone(*checked(x, t_x, T)))

    def expected_orders(self, t: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> np.ndarray:
        """(n,) orders expected in (T, T + t] of customers with these histories."""
        x, t_x, T = checked(x, t_x, T)
        return expit(-self._log_odds_gone(x, t_x, T)) * self._if_alive(t, x, T)

    def expected_orders_new(self, t: ArrayLike) -> np.ndarray:
        """Repeat orders expected of a customer of whom nothing is known yet, until age t."""
        t = np.asarray(t, dtype=float)
        return self._if_alive(t, np.zeros(t.shape), np.zeros(t.shape))

    def _log_odds_gone(self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Log odds that the customer left right after the last order."""
        with np.errstate(divide="ignore"):
            left = np.where(x > 0, np.log(self.a) - np.log(np.maximum(self.b + x - 1, 0)), -np.inf)
        return left + (self.r + x) * np.log1p((T - t_x) / (self.alpha + t_x))

    def _if_alive(self, t: ArrayLike, x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Orders expected in (T, T + t] of customers who are there at T."""
        if min(abs(self.a - 1), abs(self.a + self.b - 1)) > 1e-5:
            return orders_if_alive(t, x, T, self.r, self.alpha, self.a, self.b)
        # at a = 1 and, without repeat orders, at a + b = 1 the formula is 0/0, with nothing special about the limit: the middle of both sides
        return sum(orders_if_alive(t, x, T, self.r, self.alpha, self.a + side, self.b) for side in (-1e-4, 1e-4)) / 2


def fit_bg_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> BgNbd:
    """The BG/NBD model most likely for these customers. NotIdentified where they cannot tell it.

    x, t_x, T : (n,) repeat orders, age at the last order, age at as_of, ages in one unit of time (see `data.checked`).
    weights : how many customers each row stands for.
    """
    return fitted(BgNbd, histories(x, t_x, T, weights), STARTS)


def log_likelihood(of: Histories) -> Function:
    """Logarithms of (r, alpha, a, b) -> the log-likelihood and its gradient in them (equation 6 of the paper).

    A customer adds what one still there at T would have, plus log(1 + odds of having left). The first is made of terms in x alone and in
    T alone, computed once for each distinct x and T.
    """
    xs, which = np.unique(of.x, return_inverse=True)
    n_x = np.bincount(which, of.count)
    Ts, which = np.unique(of.T, return_inverse=True)
    n_T, orders_T = np.bincount(which, of.count), np.bincount(which, of.count * of.x)
    again = of.x > 0
    columns = [column[again] for column in (of.x, of.t_x, of.T, of.count)]
    blocks = [[column[start : start + BLOCK] for column in columns] for start in range(0, len(columns[0]), BLOCK)]

    def at(logs: np.ndarray) -> tuple[float, np.ndarray]:
        r, alpha, a, b = parameters = np.exp(logs)
        log_age, exponent = np.log(alpha + Ts), r * n_T + orders_T
        by_x = gammaln(r + xs) - gammaln(r) + r * logs[1] + gammaln(b + xs) - gammaln(b) + gammaln(a + b) - gammaln(a + b + xs)
        of_ab = digamma(a + b) - digamma(a + b + xs)
        value = (n_x * by_x).sum() - (exponent * log_age).sum()
        gradient = np.array(
            [
                (n_x * (digamma(r + xs) - digamma(r) + logs[1])).sum() - (n_T * log_age).sum(),
                n_x.sum() * r / alpha - (exponent / (alpha + Ts)).sum(),
                (n_x * of_ab).sum(),
                (n_x * (of_ab + digamma(b + xs) - digamma(b))).sum(),
            ]
        )
        for block in blocks:
            more, slopes = leaving(*block, *parameters)
            value, gradient = value + more, gradient + slopes
        return float(value), gradient * parameters

    return at


def leaving(x, t_x, T, count, r: float, alpha: float, a: float, b: float) -> tuple[float, np.ndarray]:
    """Sum of log(1 + odds of having left right after the last order) over repeat buyers, and its derivatives in r, alpha, a, b."""
    silence = np.log1p((T - t_x) / (alpha + t_x))
    log_odds = np.log(a) - np.log(b + x - 1) + (r + x) * silence
    small = np.exp(-np.abs(log_odds))
    gone = count * np.where(log_odds > 0, 1.0, small) / (1 + small)
    slope = (r + x) * (T - t_x) / ((alpha + T) * (alpha + t_x))
    value = (count * (np.maximum(log_odds, 0) + np.log1p(small))).sum()
    return value, np.array([(gone * silence).sum(), -(gone * slope).sum(), gone.sum() / a, -(gone / (b + x - 1)).sum()])


def orders_if_alive(t: ArrayLike, x: np.ndarray, T: np.ndarray, r: float, alpha: float, a: float, b: float) -> np.ndarray:
    """Orders expected in (T, T + t] of a customer who has not left by T (numerator of equation 10 of the paper).

    Its 2F1 grows with x beyond all numbers; Euler's transformation leaves x in one parameter, where it only helps. Where horizon and
    parameters are so extreme that even this overflows, the mean is taken over the probability to leave instead.
    """
    z, c = t / (alpha + T + t), a + b + x - 1
    with np.errstate(over="ignore", invalid="ignore"):
        found = c / (a - 1) * (1 - (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, c, z))
    t, x, T, found = np.broadcast_arrays(t, x, T, found)
    lost = ~np.isfinite(found)
    if lost.any():
        found = found.copy()
        found[lost] = [mean_over_leaving(*row, r, alpha, a, b) for row in zip(t[lost], x[lost], T[lost])]
    return found


def mean_over_leaving(t: float, x: float, T: float, r: float, alpha: float, a: float, b: float) -> float:
    """The mean of (1 - (1 + p t/(alpha + T))^-(r + x))/p over p ~ Beta(a, b + x), by the trapezoidal rule in the log odds of p."""
    b = b + x
    middle, wide = np.log(a / b), 9 * np.sqrt(1 / a + 1 / b)
    u = np.linspace(middle - wide - 40 / a, middle + wide + 40 / b, 4001)
    weight = np.exp(a * log_expit(u) + b * log_expit(-u) - betaln(a, b))
    return float((weight * -np.expm1(-(r + x) * np.log1p(expit(u) * t / (alpha + T))) / expit(u)).sum() * (u[1] - u[0]))
