"""Mixtures: scikit-learn's likelihood from the same start, customers who count twice, mclust's published fit, collinear columns."""

import numpy as np
import pytest
from faithful import FAITHFUL
from sklearn.mixture import GaussianMixture

from segkit import mixture


def cloud(seed: int, n: int = 400, d: int = 4, k: int = 3):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n, d)) + 2 * rng.standard_normal((k, d))[rng.integers(k, size=n)]
    return values, ((values[:, None] - values[:k][None]) ** 2).sum(axis=-1).argmin(axis=1)


@pytest.mark.parametrize("kind", mixture.KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_likelihood_is_scikit_learns_from_the_same_start(kind, seed):
    values, cut = cloud(seed, d=2 + 2 * seed, k=2 + seed)
    ours = mixture.fit(values, np.ones(len(values)), cut, kind)
    twin = GaussianMixture(2 + seed, covariance_type=kind, max_iter=mixture.MOST_STEPS)
    twin._initialize_parameters = lambda rows, *_, **__: twin._initialize(rows, np.eye(2 + seed)[cut])
    twin.fit(values)
    assert ours.log_likelihood == pytest.approx(twin.score(values), abs=1e-9) and ours.bic == pytest.approx(twin.bic(values), abs=1e-6)
    assert np.allclose(mixture.expected(mixture.terms(values), np.ones(len(values)), ours)[0], twin.predict_proba(values), atol=1e-7)
    assert ours.converged == twin.converged_


def test_a_row_that_counts_twice_is_two_rows():
    values, cut = cloud(9)
    counts = np.random.default_rng(9).integers(1, 4, len(values)).astype(float)
    again = np.repeat(np.arange(len(values)), counts.astype(int))
    weighed, repeated = mixture.fit(values, counts, cut), mixture.fit(values[again], np.ones(len(again)), cut[again])
    assert weighed.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-10) and weighed.rows == repeated.rows == len(again)
    assert np.allclose(weighed.means, repeated.means) and weighed.bic == pytest.approx(repeated.bic)


def test_old_faithful_is_three_groups_of_one_shape_as_mclust_says():
    """mclust's best for these 272 x 2 is EEE with 3 components: log-likelihood -1126.326, BIC -2314.316 in its sign."""
    values = FAITHFUL
    best = {}
    for kind in mixture.KINDS:
        for k in range(1, 6):
            starts = [np.random.default_rng(seed).integers(k, size=len(values)) for seed in range(12)]
            starts += [nearest(values, k, seed) for seed in range(12)]
            fits = [mixture.fit(values, np.ones(len(values)), cut, kind) for cut in starts if len(set(cut)) == k]
            best[kind, k] = min(fits, key=lambda fit: fit.bic)
    found = best["tied", 3]
    assert found.bic == pytest.approx(2314.3, abs=0.6) and found.log_likelihood * 272 == pytest.approx(-1126.326, abs=0.3)
    assert min(best, key=lambda each: best[each].bic) == ("tied", 3)


def nearest(values, k, seed):
    centers = values[np.random.default_rng(seed).choice(len(values), k, replace=False)]
    scaled = values / values.std(axis=0)
    return ((scaled[:, None] - (centers / values.std(axis=0))[None]) ** 2).sum(axis=-1).argmin(axis=1)


def test_collinear_columns_and_tied_rows_have_a_fit():
    values, cut = cloud(2, d=2)
    collinear = np.column_stack([values, values[:, 0]])
    assert np.isfinite(mixture.fit(collinear, np.ones(len(values)), cut).log_likelihood)
    alike = np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0)
    assert np.isfinite(mixture.fit(alike, np.ones(40), np.repeat([0, 1], 20)).bic)
