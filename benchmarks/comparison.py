"""What comparing three families costs on a real shop: ours beside the straightforward scikit-learn script for the same statistics."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.gather import REAL_DATA, claim
from benchmarks.runtime import measured, new_home

COLUMNS = ["days_since_last_order", "n_orders", "spend", "tenure_days", "mean_order_value", "n_products", "active_span_days"]
KS, METHODS, REFITS, RESTARTS, SEED = range(2, 9), ("kmeans", "gmm", "ward"), 50, 10, 7
PAIRS_OF_ESTIMATE = 100  # 3.5 standard errors: of 21 differences that are chance the largest lies beyond them once in a hundred runs
KINDS = ("full", "tied", "diag", "spherical")
MATRIX = f"""
import sys
from datetime import datetime
from segkit import features, matrix, sources
sources.gather('online_retail')
tables = sources.gathered('online_retail').tables
known = features.customer_features(tables, datetime(2011, 12, 10)).execute().set_index('customer_id')
known = known[known.is_active]
matrix.prepare(known, matrix.recipe(known, {COLUMNS})).to_parquet(sys.argv[1])
"""
OURS = f"""
import sys
import pandas as pd
from segkit.compare import bootstrap, sweep as sweeping
sweep = sys.modules['segkit.compare.sweep']
sweep.EVALUATION_ROWS, sweep.PAIRS, bootstrap.PAIRS = 10**6, {REFITS} // 2, {REFITS} // 2
sweep.sweep(pd.read_parquet(sys.argv[1]), {list(METHODS)}, {min(KS)}, {max(KS)}, {SEED}, 10**6).scores.to_parquet(sys.argv[2])
"""
PLAIN = """
import sys
import pandas as pd
from benchmarks.comparison import plain
plain(pd.read_parquet(sys.argv[1])).to_parquet(sys.argv[2])
"""


def mixture(k: int, kind: str, restarts: int, rows: np.ndarray, seed: int):
    """A mixture as scikit-learn fits it."""
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(k, covariance_type=kind, n_init=restarts, reg_covar=1e-3, max_iter=200, random_state=seed).fit(rows)


def started(cut: np.ndarray, kind: str, rows: np.ndarray):
    """A mixture started from a cut, as scikit-learn does with the cut it makes itself."""
    from sklearn.mixture import GaussianMixture

    class Started(GaussianMixture):
        def _initialize_parameters(self, X, random_state, xp=None):
            self._initialize(X, np.eye(cut.max() + 1)[cut])

    return Started(cut.max() + 1, covariance_type=kind, reg_covar=1e-3, max_iter=200).fit(rows)


def nearest(values: np.ndarray, rows: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Values to the nearest mean of the groups of a cut of rows."""
    centers = np.array([rows[cut == s].mean(axis=0) for s in np.unique(cut)])
    return ((values[:, None] - centers) ** 2).sum(axis=-1).argmin(axis=1)


def plain_refit(values: np.ndarray, seed: int, kinds: dict[int, str]) -> dict:
    """One bootstrap sample, duplicates and all, cut by three families at every k, everyone predicted."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import KMeans

    drawn = values[np.random.default_rng(seed).integers(len(values), size=len(values))]
    tree, found = linkage(drawn, "ward"), {}
    for k in KS:
        fitted = KMeans(k, n_init=RESTARTS, random_state=seed).fit(drawn)
        found["kmeans", k] = fitted.predict(values)
        found["gmm", k] = started(fitted.labels_, kinds[k], drawn).predict(values)
        found["ward", k] = nearest(values, drawn, fcluster(tree, k, "maxclust"))
    return found


def plain(matrix: pd.DataFrame) -> pd.DataFrame:
    """The same scores as anybody would write them: every fit a call of scikit-learn or scipy, bootstrap samples with their duplicates, joblib."""
    from joblib import Parallel, delayed
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score, silhouette_score

    values = matrix.to_numpy()

    def indices(labels: np.ndarray) -> dict[str, float]:
        return {
            "silhouette": silhouette_score(values, labels),
            "calinski_harabasz": calinski_harabasz_score(values, labels),
            "davies_bouldin": davies_bouldin_score(values, labels),
        }

    asked = [(k, kind) for k in (1, *KS) for kind in KINDS]
    mixed = dict(zip(asked, Parallel(n_jobs=-1)(delayed(mixture)(k, kind, 3, values, SEED) for k, kind in asked)))
    kinds = {k: min(KINDS, key=lambda kind: mixed[k, kind].bic(values)) for k in KS}
    tree = linkage(values, "ward")
    own = {("kmeans", k): KMeans(k, n_init=25, random_state=SEED).fit_predict(values) for k in KS}
    own |= {("gmm", k): mixed[k, kinds[k]].predict(values) for k in KS}
    own |= {("ward", k): nearest(values, values, fcluster(tree, k, "maxclust")) for k in KS}
    refits = Parallel(n_jobs=-1)(delayed(plain_refit)(values, seed, kinds) for seed in range(REFITS))
    scored = Parallel(n_jobs=-1)(delayed(indices)(labels) for at in own for labels in (own[at], *(each[at] for each in refits[::2])))
    lines = []
    for number, (method, k) in enumerate(own):
        pairs = [adjusted_rand_score(a[method, k], b[method, k]) for a, b in zip(refits[::2], refits[1::2])]
        lines.append({"method": method, "k": k, "metric": "stability", "value": np.median(pairs)})
        of = scored[number * (1 + REFITS // 2) : (number + 1) * (1 + REFITS // 2)]
        lines += [
            {"method": method, "k": k, "metric": name, "value": of[0][name]}
            | dict(zip(("low", "high"), np.quantile([each[name] for each in of[1:]], [0.025, 0.975])))
            for name in of[0]
        ]
    return pd.DataFrame(lines)


def apart(matrix: pd.DataFrame) -> pd.DataFrame:
    """Mean adjusted Rand of PAIRS_OF_ESTIMATE pairs of refits by method and k, ours and plain, on 1,000 rows; and how many standard errors of
    their difference lie between them."""
    from joblib import Parallel, delayed
    from sklearn.metrics import adjusted_rand_score

    from segkit.compare import bootstrap
    from segkit.matrix import sample

    values = np.ascontiguousarray(sample(matrix, 1000, SEED).to_numpy())
    kinds, seeds = dict.fromkeys(KS, "full"), range(2 * PAIRS_OF_ESTIMATE)
    ours = Parallel(n_jobs=-1)(delayed(bootstrap.refit)(values, list(METHODS), list(KS), kinds, seed) for seed in seeds)
    theirs = Parallel(n_jobs=-1)(delayed(plain_refit)(values, 10_000 + seed, kinds) for seed in seeds)
    lines = []
    for at in theirs[0]:
        found = [np.array([adjusted_rand_score(a[at], b[at]) for a, b in zip(each[::2], each[1::2])]) for each in (ours, theirs)]
        error = np.sqrt(sum(each.var(ddof=1) / len(each) for each in found))
        lines.append(dict(zip(("method", "k", "ours", "plain"), (*at, *(each.mean() for each in found)))) | {"error": error})
    table = pd.DataFrame(lines)
    return table.assign(errors=(table.ours - table.plain).abs() / table.error)


def rows() -> list[dict]:
    """Seconds, ratio, and how far the two sets of statistics are apart; none without the real data."""
    if not REAL_DATA.is_dir():
        return []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        env = new_home(folder) | {"SEGKIT_DATA": str(REAL_DATA), "SEGKIT_KEY": "the key of the benchmarks"}
        measured([sys.executable, "-c", MATRIX, str(folder / "matrix.parquet")], env, folder)
        seconds = {
            name: measured([sys.executable, "-c", code, str(folder / "matrix.parquet"), str(folder / name)], env, folder)[0]
            for name, code in (("ours", OURS), ("plain", PLAIN))
        }
        ours, plain_ones = (pd.read_parquet(folder / name).set_index(["method", "k", "metric"]).value for name in ("ours", "plain"))
        estimates = apart(pd.read_parquet(folder / "matrix.parquet"))
        print(estimates.round(3).to_string(index=False), flush=True)
    away = (ours - plain_ones).dropna()
    what = "comparison of 3 families, k = 2 to 8, 50 bootstraps, Online Retail"
    return [
        claim(f"{what}: seconds", seconds["ours"], "s", None),
        claim(f"{what}: seconds of plain scikit-learn and joblib", seconds["plain"], "s", None),
        claim(f"{what}: seconds over plain", seconds["ours"] / seconds["plain"], "ratio", 0.4),
        claim(f"{what}: silhouettes apart, median", float(away.xs("silhouette", level="metric").abs().median()), "difference", None),
        claim(
            f"{what}: mean adjusted Rand of {2 * PAIRS_OF_ESTIMATE} refits, ours and plain apart at most",
            estimates.errors.max(),
            "standard errors",
            3.5,
        ),
        claim(f"{what}: load of the machine", os.getloadavg()[0], "processes", None),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row, flush=True)
