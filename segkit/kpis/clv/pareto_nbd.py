"""Pareto/NBD: customers order at a steady rate of their own and leave at a moment of their own, also without any repeat order.

D. C. Schmittlein, D. G. Morrison and R. Colombo (1987), Counting Your Customers: Who Are They and What Will They Do Next?, Management
Science 33, 1-24. The likelihood keeps the integral over the moment of leaving instead of its hypergeometric functions (P. S. Fader and
B. G. S. Hardie, 2005, A Note on Deriving the Pareto/NBD Model): its gradient is then exact, and nothing overflows or cancels.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, expit, exprel, gammaln

from segkit.kpis.clv.data import Histories, checked, histories
from segkit.kpis.clv.fitting import fitted
from segkit.kpis.clv.maximum import Function

STARTS = [(0.5, 0.5, 0.5, 0.5), (2.0, 2.0, 0.5, 2.0)]  # alpha and beta in mean ages at as_of
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)  # 20 give the integral to 10 digits, 16 to 9
NOTHING = 36.0  # e^-36 of the largest value adds nothing to an integral
BLOCK = 5000  # histories whose integrals are computed at a time: they stay in the processor's cache


@dataclass(frozen=True)
class ParetoNbd:
    """Rates of ordering are Gamma(r, alpha), rates of leaving Gamma(s, beta); alpha and beta in units of time.

    `log_likelihood` is of the dates of repeat orders in the caller's unit of time; `n` customers were fitted.
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float
    n: int

    NAME: ClassVar = "Pareto/NBD"
    HAS_UNIT: ClassVar = (False, True, False, True)
    MEANINGS: ClassVar = 2 * ("how much customers differ in how often they order",) + 2 * ("how soon customers leave",)
    rows_of: ClassVar = staticmethod(histories)

    @staticmethod
    def log_likelihood_of(of: Histories) -> Function:
        """The log-likelihood of the histories with its gradient: see `log_likelihood`."""
        return log_likelihood(of)

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> np.ndarray:
        """(n,) probability that the customer has not left by age T."""
        return self._p_alive(*checked(x, t_x, T))

    def expected_orders(self, t: ArrayLike, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> np.ndarray:
        """(n,) orders expected in (T, T + t] of customers with these histories."""
        x, t_x, T = checked(x, t_x, T)
        return self._p_alive(x, t_x, T) * self._if_alive(t, x, T)

    def expected_orders_new(self, t: ArrayLike) -> np.ndarray:
        """Repeat orders expected of a customer of whom nothing is known yet, until age t."""
        return self._if_alive(np.asarray(t, dtype=float), 0.0, 0.0)

    def _p_alive(self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
        return expit(-np.log(self.s) - log_integral(x, t_x, T, self.r, self.alpha, self.s, self.beta)[0])

    def _if_alive(self, t: ArrayLike, x: ArrayLike, T: ArrayLike) -> np.ndarray:
        """Orders expected in (T, T + t] of who is there at T; (1 - (1 + t/(beta + T))^(1 - s))/(s - 1), written so that s = 1 is no case."""
        time = np.log1p(t / (self.beta + T))
        return (self.r + x) * (self.beta + T) / (self.alpha + T) * time * exprel((1 - self.s) * time)


def fit_pareto_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> ParetoNbd:
    """The Pareto/NBD model most likely for these customers. NotIdentified where they cannot tell it.

    x, t_x, T : (n,) repeat orders, age at the last order, age at as_of, ages in one unit of time (see `data.checked`).
    weights : how many customers each row stands for.
    """
    return fitted(ParetoNbd, histories(x, t_x, T, weights), STARTS)


def log_likelihood(of: Histories) -> Function:
    """Logarithms of (r, alpha, s, beta) -> the log-likelihood and its gradient in them.

    A customer adds what one still there at T would have, plus log(1 + odds of having left), odds = s x integral (`log_integral`).
    """
    xs, which = np.unique(of.x, return_inverse=True)
    n_x = np.bincount(which, of.count)
    n = n_x.sum()

    def at(logs: np.ndarray) -> tuple[float, np.ndarray]:
        r, alpha, s, beta = parameters = np.exp(logs)
        value = (n_x * (gammaln(r + xs) - gammaln(r))).sum() + n * (r * logs[1] + s * logs[3])
        gradient = np.array([(n_x * (digamma(r + xs) - digamma(r))).sum() + n * logs[1], n * r / alpha, n * logs[3], n * s / beta])
        for start in range(0, len(of.x), BLOCK):
            x, t_x, T, count = (column[start : start + BLOCK] for column in (of.x, of.t_x, of.T, of.count))
            log_alpha, log_beta = np.log(alpha + T), np.log(beta + T)
            log_odds, slopes = log_integral(x, t_x, T, *parameters, slopes=True)
            log_odds = log_odds + logs[2]
            value += (count * (np.logaddexp(0, log_odds) - (r + x) * log_alpha - s * log_beta)).sum()
            gone = count * expit(log_odds)
            there = np.array([log_alpha, (r + x) / (alpha + T), log_beta, s / (beta + T)])
            slopes += there + [[0], [0], [1 / s], [0]]
            gradient += (gone * slopes - count * there).sum(axis=1)
        return float(value), gradient * parameters

    return at


def log_integral(x, t_x, T, r: float, alpha: float, s: float, beta: float, slopes: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
    """Log of the integral over the moment of leaving, from t_x to T, of (alpha + u)^-(r + x) (beta + u)^-(s + 1) du, relative to
    (alpha + T)^-(r + x) (beta + T)^-s; and, if asked for, (4, m) derivatives of the integral's own log in r, alpha, s, beta.

    Gauss-Legendre in v = log(u + the smaller of alpha and beta), where the integrand is log-concave and has no singularity nearby; cut
    off on the right where nothing is left of it. That point is found by Newton's steps from the end, which never overstep it, since the
    logarithm is concave.
    """
    order_power, leave_power = r + x, np.full(len(x), s + 1)
    near, gap = min(alpha, beta), abs(alpha - beta)
    near_power, far_power = (order_power, leave_power) if alpha <= beta else (leave_power, order_power)

    def log_integrand(v, near_power, far_power):
        return (1 - near_power) * v - far_power * np.log(np.exp(v) + gap)

    first = np.log(near + t_x)
    last = first + np.log1p((T - t_x) / (near + t_x))
    floor = log_integrand(first, near_power, far_power) - NOTHING
    for _ in range(5):
        below = floor - log_integrand(last, near_power, far_power)
        slope = 1 - near_power - far_power / (1 + gap * np.exp(-last))
        last = np.where(below > 0, last + below / np.minimum(slope, -1e-300), last)
    half = (last - first) / 2
    log_near = first + half + half * NODES[:, None]
    u = np.exp(log_near)
    log_far = np.log(u + gap)
    values = (1 - near_power) * log_near - far_power * log_far
    top = values.max(axis=0)
    values = np.exp(values - top) * WEIGHTS[:, None]
    total = values.sum(axis=0)
    with np.errstate(divide="ignore"):  # nobody can have left between t_x and T where they are equal
        found = top + np.log(total) + np.log(half) + order_power * np.log(alpha + T) + s * np.log(beta + T)
    if not slopes:
        return found, None
    near_slopes = [-(values * log_near).sum(axis=0) / total, -near_power * (values / u).sum(axis=0) / total]
    far_slopes = [-(values * log_far).sum(axis=0) / total, -far_power * (values / (u + gap)).sum(axis=0) / total]
    return found, np.array(near_slopes + far_slopes if alpha <= beta else far_slopes + near_slopes)
