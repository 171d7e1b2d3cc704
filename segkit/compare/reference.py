"""The gap statistic: how much tighter are k groups than k groups cut out of a crowd that has none?

Tibshirani, Walther & Hastie 2001 (doi 10.1111/1467-9868.00293). That crowd is uniform over a box, which customers never are: a single
population that is skewed and correlated may beat it as well, and groups may fail to. The rule stops at the first k that will do: three
groups equally far apart, of which a cut into two says nothing, may be taken for one. `null` has the data's own margins and is fairer.
"""

import numpy as np
import pandas as pd

from segkit.compare.cuts import RESTARTS
from segkit.matrix import in_value_order
from segkit.segments import at_most_distinct

DRAWS = 20  # their number enters s_k as sqrt(1 + 1/DRAWS): more draws could make it smaller by 2.4 % at most


def gap_statistic(rows: pd.DataFrame, k_max: int, seed: int) -> pd.DataFrame:
    """How far log(W_k) of the rows lies below its mean over draws from the box, for k from 1 to `k_max`. In: a matrix, in any order.

    Out: k, value (the gap, in natural logarithms: 0.1 is about 10 % less spread than in the box), low, high (value -/+ s_k), chosen (the
    smallest k whose gap is at least that of k + 1 less its s), n, draws. W_k is the sum of squared distances to the k-means centres, s_k
    the draws' standard deviation times sqrt(1 + 1/draws). From as many groups as there are distinct rows on W_k is 0 and the gap NA. None
    is chosen where the gap still rises at the last k that has one. Seeds are drawn up front: any number of workers gives the same answer.
    """
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    values = np.ascontiguousarray(in_value_order(rows).to_numpy(dtype=float))
    asked = np.arange(1, k_max + 1)
    ks = [k for k in asked if k < at_most_distinct(k_max + 1, values)]
    start, *seeds = (int(each) for each in np.random.default_rng(seed).integers(2**31, size=DRAWS + 1))
    gap, s = np.full(k_max, np.nan), np.full(k_max, np.nan)
    if ks:
        with threadpool_limits(1):  # here too: of several workers each would lift the limit under the others when it is done
            widths = box(values)
            drawn = np.array(
                Parallel(n_jobs=cpu_count(), prefer="threads")(delayed(log_within_draw)(len(values), widths, ks, each) for each in seeds)
            )
            gap[: len(ks)] = drawn.mean(axis=0) - log_within(values, ks, start)
        s[: len(ks)] = drawn.std(axis=0) * np.sqrt(1 + 1 / DRAWS)
    return pd.DataFrame(
        {
            "k": asked,
            "value": gap,
            "low": gap - s,
            "high": gap + s,
            "chosen": asked == first_sufficient(gap, s),
            "n": len(values),
            "draws": DRAWS,
        }
    )


def box(values: np.ndarray) -> np.ndarray:
    """Widths of the smallest box around the rows whose sides run along their principal components (variant b of the paper).

    Nothing is turned back: W_k is the same wherever the box lies and however it is turned, and the signs of the components do not matter.
    """
    centred = values - values.mean(axis=0)
    return np.ptp(centred @ np.linalg.eigh(centred.T @ centred)[1], axis=0)


def log_within_draw(n: int, widths: np.ndarray, ks: list[int], seed: int) -> np.ndarray:
    """`log_within` of n rows drawn evenly over a box."""
    rng = np.random.default_rng(seed)
    return log_within(rng.random((n, len(widths))) * widths, ks, int(rng.integers(2**31)))


def log_within(values: np.ndarray, ks: list[int], start: int) -> np.ndarray:
    """log(W_k) for each k, of the best of RESTARTS k-means cuts.

    As many for the draws as for the data: else whoever had more would look the tighter.
    """
    from sklearn.cluster import KMeans

    return np.log([within(values, KMeans(k, n_init=RESTARTS, random_state=start).fit(values).labels_) for k in ks])


def within(values: np.ndarray, labels: np.ndarray) -> float:
    """Sum of squared distances to the centres of groups 0 to k - 1.

    Added up row by row: neither the names of groups nor the number of threads changes a bit of it, as they do k-means' own sum.
    """
    sums = np.array([np.bincount(labels, weights=column) for column in values.T])
    return float(((values - (sums / np.bincount(labels)).T[labels]) ** 2).sum())


def first_sufficient(gap: np.ndarray, s: np.ndarray) -> int:
    """The smallest k with gap(k) >= gap(k + 1) - s(k + 1), gaps being told from k = 1 on; 0 if there is none."""
    enough = np.flatnonzero(gap[:-1] >= gap[1:] - s[1:])
    return int(enough[0]) + 1 if len(enough) else 0
