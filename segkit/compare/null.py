"""One population that looks like the data: the null that a claim of structure has to beat.

Each column keeps its atoms and is otherwise made unimodal; the columns are joined by a Gaussian copula that reproduces the
observed Pearson correlations. So skewness, zeros, discreteness and correlation alone can never look like segments.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import ndtr

ATOM_SHARE = 0.02  # a value held by at least this share of the rows ...
ATOM_ROWS = 10  # ... and by at least this many rows is an atom, kept as it is
HERMITE_TERMS = 200  # a two-valued column needs many: its coefficients fall only as j ** -0.75
QUADRATURE_Z = np.linspace(-8.0, 8.0, 8001)
BISECTIONS = 50
MIN_EIGENVALUE = 1e-8


@dataclass(frozen=True)
class Margin:
    """One column's distribution as its quantile function: straight lines through (levels, values); an atom is a flat piece."""

    levels: np.ndarray
    values: np.ndarray
    atoms: np.ndarray
    atom_shares: np.ndarray

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """The value below which `share` of the population lies (any shape in, the same shape out)."""
        return np.interp(share, self.levels, self.values)


@dataclass(frozen=True)
class Population:
    """One population: its margins, and the symmetric root of its latent correlation matrix (d × d)."""

    margins: tuple[Margin, ...]
    root: np.ndarray

    def draw(self, rows: int, rng: np.random.Generator) -> np.ndarray:
        """A fresh sample: rows × d."""
        shares = ndtr(rng.standard_normal((rows, len(self.margins))) @ self.root)
        return np.column_stack([margin.quantile(share) for margin, share in zip(self.margins, shares.T)])


def one_population(matrix: np.ndarray) -> Population:
    """The closest single population to an n × d matrix without missing values. The fit uses no randomness; `draw` does.

    A Gaussian copula with arbitrary margins is NORTA (Cario & Nelson 1997): the latent correlation of each pair is the one
    whose image under the two quantile functions is the observed Pearson correlation.
    """
    matrix = np.asarray(matrix, dtype=float)
    margins = tuple(one_mode(column) for column in matrix.T)
    latent = latent_correlations(margins, pearson(matrix))
    return Population(margins, symmetric_root(nearest_correlation(latent)))


def recorded(counts: np.ndarray, rows: int) -> np.ndarray:
    """Which values are atoms: held by so many rows that they are a recorded value, not a coincidence."""
    return (counts >= ATOM_ROWS) & (counts >= ATOM_SHARE * rows)


def one_mode(column: np.ndarray) -> Margin:
    """The column's atoms as they are, and the closest unimodal distribution for the rest of its rows."""
    values, counts = np.unique(column, return_counts=True)
    is_atom = recorded(counts, len(column))
    if (~is_atom).sum() == 1:  # a single rare value spans no interval: it is a point as well
        is_atom[:] = True
    shares = counts / len(column)
    below = np.zeros(len(values))  # mass of the unimodal part up to each value; atoms lie on its line
    if not is_atom.all():
        rest = ~is_atom
        below = shares[rest].sum() * np.interp(values, values[rest], unimodal(values[rest], counts[rest]))
    jump = np.where(is_atom, shares, 0.0)
    upper = below + np.cumsum(jump)
    levels = np.column_stack([upper - jump, upper]).ravel()
    return Margin(np.clip(levels, 0.0, 1.0), np.repeat(values, 2), values[is_atom], shares[is_atom])


def unimodal(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Distribution function, at the distinct sorted `values`, of the unimodal distribution closest to the sample.

    Grenander (1956): left of the mode the greatest convex minorant of the empirical distribution function, right of it the
    least concave majorant. The mode is where the larger of the two sup distances is smallest (as in Hartigan & Hartigan 1985).
    Moving the mode right can only worsen the left fit and improve the right one, so that the best mode is found by halving.
    The empirical function goes through the mid-ranks, so that a mirrored column gets the mirrored fit.
    """
    empirical = np.cumsum(counts) - counts / 2
    empirical = (empirical - empirical[0]) / (empirical[-1] - empirical[0])
    widths = np.diff(values)
    density = np.diff(empirical) / widths

    def fit(mode: int) -> tuple[np.ndarray, float, float]:
        left = _monotone(density[:mode], widths[:mode], increasing=True)
        right = _monotone(density[mode:], widths[mode:], increasing=False)
        fitted = np.concatenate([[0.0], np.cumsum(np.concatenate([left, right]) * widths)])
        distance = np.abs(fitted - empirical)
        return fitted, distance[: mode + 1].max(), distance[mode:].max()

    low, high = 0, len(density)
    while low < high:
        middle = (low + high) // 2
        _, left_distance, right_distance = fit(middle)
        low, high = (low, middle) if left_distance >= right_distance else (middle + 1, high)
    fitted, *_ = min((fit(mode) for mode in {low, max(low - 1, 0)}), key=lambda fit_: max(fit_[1:]))
    return fitted / fitted[-1]


def _monotone(density: np.ndarray, widths: np.ndarray, increasing: bool) -> np.ndarray:
    """Slopes of the convex minorant (increasing) or concave majorant: pooling adjacent violators."""
    return isotonic_regression(density, weights=widths, increasing=increasing).x if len(density) else density


def pearson(matrix: np.ndarray) -> np.ndarray:
    """Observed correlations, d × d; a column without spread correlates with nothing."""
    centred = matrix - matrix.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(norms > 0, norms, 1.0)
    correlations = np.clip(scaled.T @ scaled, -1.0, 1.0)
    np.fill_diagonal(correlations, 1.0)
    return correlations


def latent_correlations(margins: tuple[Margin, ...], observed: np.ndarray) -> np.ndarray:
    """Correlation of each Gaussian pair whose images under the two quantile functions correlate as `observed`.

    With h the quantile function of a normal score and c_j its Hermite coefficients, corr(h_a, h_b) = sum_j c_aj c_bj rho ** j
    (Mehler's formula), which rises with rho: bisection solves all pairs at once. Out of reach -> the nearest end, -1 or 1.
    """
    coefficients = np.array([hermite_coefficients(margin) for margin in margins])
    series = np.einsum("aj,bj->jab", coefficients, coefficients)
    low, high = -np.ones_like(observed), np.ones_like(observed)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        image = np.zeros_like(middle)
        for term in series[::-1]:
            image = (image + term) * middle
        low, high = np.where(image < observed, middle, low), np.where(image < observed, high, middle)
    latent = (low + high) / 2
    spread = (coefficients**2).sum(axis=1) > 0
    latent[~np.outer(spread, spread)] = 0.0
    np.fill_diagonal(latent, 1.0)
    return latent


def hermite_coefficients(margin: Margin) -> np.ndarray:
    """Coefficients 1 … HERMITE_TERMS of the standardised quantile function of a normal score (normalised polynomials)."""
    z = QUADRATURE_Z
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()
    shape = margin.quantile(ndtr(z))
    shape = shape - weights @ shape
    sd = np.sqrt(weights @ shape**2)
    if sd == 0:
        return np.zeros(HERMITE_TERMS)
    weighted = weights * shape / sd
    before, now, coefficients = np.ones_like(z), z, []
    for j in range(1, HERMITE_TERMS + 1):
        coefficients.append(weighted @ now)
        before, now = now, (z * now - np.sqrt(j) * before) / np.sqrt(j + 1)
    return np.array(coefficients)


def nearest_correlation(matrix: np.ndarray) -> np.ndarray:
    """The correlation matrix left when negative eigenvalues are clipped: pairs solved one by one need not fit together."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    clipped = (vectors * np.maximum(eigenvalues, MIN_EIGENVALUE)) @ vectors.T
    sd = np.sqrt(np.diag(clipped))
    return clipped / np.outer(sd, sd)


def symmetric_root(correlation: np.ndarray) -> np.ndarray:
    """The symmetric square root: unlike an eigenvector, it has no sign that a numeric library could choose differently."""
    eigenvalues, vectors = np.linalg.eigh(correlation)
    return (vectors * np.sqrt(np.maximum(eigenvalues, 0.0))) @ vectors.T
