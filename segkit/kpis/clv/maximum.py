"""The most likely parameters, all of them above 0: searched in their logarithms with exact gradients, ended by Newton's steps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

FARTHEST = np.log(1e3)  # parameters are sought from 1e-3 to 1e3, in units in which the data are about 1
STEP = 1e-4  # for second derivatives, in logarithms

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]  # logarithms of the parameters -> value and gradient


@dataclass(frozen=True)
class Maximum:
    """Where a log-likelihood is highest: logarithms of the parameters, its value, and minus its second derivatives there."""

    logs: np.ndarray
    log_likelihood: float
    information: np.ndarray


def maximum(log_likelihood: Function, starts: list[tuple], n: int) -> Maximum:
    """The highest point reached from any start (parameters, not logarithms); `log_likelihood` is a sum over n customers."""
    cost = mean_cost(log_likelihood, n)
    logs = min((descended(cost, np.log(start)) for start in starts), key=lambda found: cost(found)[0])
    logs, curvature = newton(cost, logs)
    return Maximum(logs, -cost(logs)[0] * n, curvature * n)


def maximum_nearby(log_likelihood: Function, start: np.ndarray, inverse: np.ndarray, n: int) -> np.ndarray:
    """Logarithms of the most likely parameters of a sample much like one that was fitted already.

    start : logarithms fitted there; inverse : of the information of one customer there. With this curvature a few steps are enough.
    Who leaves the limits is searched for again within them.
    """
    cost = mean_cost(log_likelihood, n)
    with np.errstate(all="ignore"):  # a step too far has no likelihood, and is taken back
        found = minimize(cost, start, jac=True, method="BFGS", options={"gtol": 1e-5, "hess_inv0": inverse})
    inside = np.abs(found.x).max() < FARTHEST and np.abs(found.jac).max() < 1e-4
    return found.x if inside else descended(cost, start)


def mean_cost(log_likelihood: Function, n: int) -> Function:
    """Minus the log-likelihood of one customer: numbers about 1, however many customers there are."""

    def cost(logs: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = log_likelihood(logs)
        return -value / n, -gradient / n

    return cost


def descended(cost: Function, start: np.ndarray) -> np.ndarray:
    """A minimum within the limits (L-BFGS-B)."""
    limits = [(-FARTHEST, FARTHEST)] * len(start)
    how = {"ftol": 1e-12, "gtol": 1e-6, "maxiter": 500}
    return minimize(cost, start, jac=True, method="L-BFGS-B", bounds=limits, options=how).x


def newton(cost: Function, logs: np.ndarray, most: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A point near a minimum moved onto it, as long as the cost is convex there and falls; and its second derivatives at the point."""
    for _ in range(most):
        value, gradient = cost(logs)
        curvature = second_derivatives(cost, logs)
        if np.linalg.eigvalsh(curvature)[0] <= 0:
            break
        step = np.linalg.solve(curvature, gradient)
        moved = np.clip(logs - step, -FARTHEST, FARTHEST)
        if np.abs(step).max() < 1e-7 or not cost(moved)[0] <= value:
            break
        logs = moved
    return logs, curvature


def second_derivatives(cost: Function, logs: np.ndarray) -> np.ndarray:
    """Central differences of the gradient, made symmetric."""
    columns = np.array([(cost(logs + move)[1] - cost(logs - move)[1]) / (2 * STEP) for move in STEP * np.eye(len(logs))])
    return (columns + columns.T) / 2
