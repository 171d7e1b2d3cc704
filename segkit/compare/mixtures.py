"""Gaussian mixtures with every kind of covariances at every k from 1 on: one group is an answer, too."""

import pandas as pd

from segkit import mixture, segments

SMALLEST_VARIANCE = 1e-3  # a component thinner than 0.03 standard deviations has collapsed onto tied values
RESTARTS = 3
Mixtures = dict[tuple[int, str], segments.Solution]


def mixtures(rows: pd.DataFrame, k_max: int, seed: int) -> Mixtures:
    """A mixture for each k from 1 to `k_max` and each kind of covariances, on rows in value order. Out: (k, kind) -> Solution."""
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    asked = [(k, kind) for k in range(1, k_max + 1) for kind in mixture.KINDS]
    with threadpool_limits(1):
        fits = Parallel(n_jobs=cpu_count(), prefer="threads")(
            delayed(segments.gmm)(rows, k, seed, RESTARTS, SMALLEST_VARIANCE, kind) for k, kind in asked
        )
    return dict(zip(asked, fits))


def criteria(fits: Mixtures, rows: pd.DataFrame) -> pd.DataFrame:
    """Out: k, covariances, bic, icl (scikit-learn's sign: lower is better; ICL adds twice the entropy of soft memberships), n (fitted rows)."""
    return pd.DataFrame(
        [{"k": k, "covariances": kind, "bic": fit.bic, "icl": fit.icl, "n": len(rows)} for (k, kind), fit in fits.items()],
        columns=["k", "covariances", "bic", "icl", "n"],
    )


def by_k(fits: Mixtures) -> dict[int, segments.Solution]:
    """Of each k the mixture whose kind of covariances has the lowest BIC."""
    ks = dict.fromkeys(k for k, _ in fits)
    return {k: min((fit for (its_k, _), fit in fits.items() if its_k == k), key=lambda fit: fit.bic) for k in ks}
