"""Gaussian mixtures of customers who may count more than once: expectation maximisation in which either step is one matrix product.

A bootstrap sample is the rows with counts, so that nobody is computed twice. From the same start the likelihood is that of scikit-learn's
GaussianMixture, with the same rule when to stop (a test compares them for each kind of covariance).
"""

from dataclasses import dataclass, replace

import numpy as np

KINDS = ("full", "tied", "diag", "spherical")  # covariances: each group its own, one for all, without correlations, round
LEAST_GAIN = 1e-3  # of the mean log-likelihood: a step that brings less is the last
MOST_STEPS = 200


@dataclass(frozen=True)
class Mixture:
    """k groups in d columns: shares k, means k x d, precisions k x d x d, half the log determinant of each; and how well they fit."""

    kind: str
    shares: np.ndarray
    means: np.ndarray
    precisions: np.ndarray
    half_log_determinants: np.ndarray
    log_likelihood: float
    rows: int
    converged: bool

    @property
    def parameters(self) -> int:
        """How many numbers were fitted."""
        k, d = self.means.shape
        covariances = {"full": k * d * (d + 1) // 2, "tied": d * (d + 1) // 2, "diag": k * d, "spherical": k}[self.kind]
        return covariances + k * d + k - 1

    @property
    def bic(self) -> float:
        """Schwarz's criterion in scikit-learn's sign: lower is better."""
        return -2 * self.log_likelihood * self.rows + self.parameters * np.log(self.rows)


def fit(values: np.ndarray, counts: np.ndarray, cut: np.ndarray, kind: str = "full", smallest_variance: float = 1e-6) -> Mixture:
    """A mixture started from a cut. In: values n x d, how often each row counts, its group from 0 to k - 1.

    `smallest_variance` is added to every variance: a group cannot collapse onto tied values. The log-likelihood is the mean over rows.
    """
    of = terms(values)
    weighted, rows = of * counts[:, None], int(counts.sum())
    found = maximised(weighted.T @ np.eye(cut.max() + 1)[cut], kind, smallest_variance, rows)
    before, converged = -np.inf, False
    for _ in range(MOST_STEPS):
        belongs, likelihood = expected(of, counts, found)
        found = maximised(weighted.T @ belongs, kind, smallest_variance, rows)
        converged = abs(likelihood - before) < LEAST_GAIN
        if converged:
            break
        before = likelihood
    return replace(found, log_likelihood=expected(of, counts, found)[1], converged=bool(converged))


def terms(values: np.ndarray) -> np.ndarray:
    """1, x and the products of any two columns of each row: all that a Gaussian's density and its estimates are made of. Out: n x p."""
    upper = np.triu_indices(values.shape[1])
    return np.column_stack([np.ones(len(values)), values, values[:, upper[0]] * values[:, upper[1]]])


def maximised(sums: np.ndarray, kind: str, smallest_variance: float, rows: int) -> Mixture:
    """The likeliest mixture given the weighted sums of `terms` in each group (p x k)."""
    d = int(np.sqrt(2 * len(sums) + 0.25) - 1.5)
    upper = np.triu_indices(d)
    size = sums[0] + 10 * np.finfo(float).eps
    means = (sums[1 : d + 1] / size).T
    second = np.empty((len(size), d, d))
    second[:, upper[0], upper[1]] = second[:, upper[1], upper[0]] = (sums[d + 1 :] / size).T
    covariances = second - means[:, :, None] * means[:, None, :]
    if kind == "tied":
        covariances = np.broadcast_to(np.average(covariances, axis=0, weights=size), covariances.shape).copy()
    elif kind != "full":
        variances = np.diagonal(covariances, axis1=1, axis2=2)
        variances = variances if kind == "diag" else np.broadcast_to(variances.mean(axis=1, keepdims=True), variances.shape)
        covariances = variances[:, :, None] * np.eye(d)
    covariances[:, range(d), range(d)] += smallest_variance
    halves = np.linalg.inv(np.linalg.cholesky(covariances))
    log_determinants = np.log(np.diagonal(halves, axis1=1, axis2=2)).sum(axis=1)
    return Mixture(kind, size / size.sum(), means, np.swapaxes(halves, 1, 2) @ halves, log_determinants, np.nan, rows, False)


def expected(of: np.ndarray, counts: np.ndarray, found: Mixture) -> tuple[np.ndarray, float]:
    """How far each row belongs to each group, n x k, and the mean log-likelihood: log densities are linear in the `terms` of rows."""
    means, precisions, d = found.means, found.precisions, found.means.shape[1]
    upper = np.triu_indices(d)
    pulled = np.einsum("kij,kj->ki", precisions, means)
    constant = np.log(found.shares) + found.half_log_determinants - d / 2 * np.log(2 * np.pi) - np.einsum("ki,ki->k", pulled, means) / 2
    squares = -np.where(upper[0] == upper[1], 0.5, 1.0) * precisions[:, upper[0], upper[1]]
    logs = of @ np.vstack([constant, pulled.T, squares.T])
    most = logs.max(axis=1, keepdims=True)
    belongs = np.exp(logs - most)
    total = belongs.sum(axis=1, keepdims=True)
    likelihood = float(counts @ (np.log(total) + most)[:, 0] / counts.sum())
    return belongs / total, likelihood
