"""Baselines: the plain labels that a segmentation has to beat."""

import numpy as np
import pandas as pd

from segkit.matrix import by_values

NAMES = {
    "rfm": "RFM",
    "best_feature": "quantiles of one feature",
    "expected_orders": "tenths by expected orders",
    "random": "random groups",
}
TENTHS = 10
RFM = ("days_since_last_order", "n_orders", "spend")


def rfm(features: pd.DataFrame) -> pd.Series:
    """The RFM cell of each customer, as a code such as 541. Ties share a score; without an order the code is 000.

    In: days_since_last_order, n_orders, spend, indexed by customer_id. Scores 1 to 5 by quintile among customers with an order, 5 is best.
    """
    buyers = features[features.n_orders > 0]

    def score(column: pd.Series) -> pd.Series:
        return np.ceil(column.rank(pct=True, method="average") * 5).clip(1, 5).astype(int).astype(str)

    code = score(-buyers.days_since_last_order) + score(buyers.n_orders) + score(buyers.spend)
    return code.reindex(features.index).fillna("000").rename("rfm")


def quantiles(values: pd.Series, k: int) -> pd.Series:
    """Groups Q1…Qk of equal size by one feature, highest last; ties share a group, so that there may be fewer. Who has no value is Q0."""
    names = np.array([f"Q{place}" for place in range(k + 1)], dtype=object)
    return pd.Series(names[quantile(doubled_ranks(values), k)], index=values.index, name=f"quantiles of {values.name}", dtype="str")


def tenths(expected: pd.Series) -> pd.Series:
    """Ten groups of equal size by what a model expects of each customer; who has no expectation is apart. The last digits say nothing."""
    return quantiles(expected.round(9), TENTHS)


def doubled_ranks(values: pd.Series) -> np.ndarray:
    """Twice the average rank of each value, a whole number; 0 of who has none."""
    return (2 * values.astype("float64").rank(method="average")).fillna(0).round().to_numpy()


def quantile(doubled: np.ndarray, k: int) -> np.ndarray:
    """Which k-th of those who have a value each rank lies in, 1 to k; 0 of who has none."""
    known = max(int((doubled > 0).sum()), 1)
    return np.ceil(doubled * k / (2 * known)).clip(0, k).astype(int)


def best_feature(features: pd.DataFrame, columns: list[str], k: int) -> pd.Series:
    """Quantiles of the one feature that says most about all: its k groups explain the largest share of the variance of the features' ranks.

    Outcomes have no say in the choice. Words are left out; without a number there is no such baseline, and the answer is empty.
    """
    numbers = [name for name in columns if pd.api.types.is_numeric_dtype(features[name].infer_objects())]
    ranks = {name: doubled_ranks(features[name]) for name in numbers}
    placed = [np.where(each > 0, each, (each > 0).sum() + 1) for each in ranks.values()]  # who has no value stands in the middle
    told = {name: np.mean([explained(each, quantile(ranks[name], k)) for each in placed]) for name in numbers}
    return quantiles(features[max(told, key=told.__getitem__)], k) if told else pd.Series(dtype="str")


def explained(values: np.ndarray, cut: np.ndarray) -> float:
    """Share of the variance of whole numbers that lies between groups; 0 where there is none. Sums of whole numbers are exact, so that the
    order of customers has no say."""
    n, sums = np.bincount(cut), np.bincount(cut, weights=values)
    mean = sums.sum() / len(values)
    between = (sums[n > 0] ** 2 / n[n > 0]).sum() / len(values) - mean**2
    total = (values**2).sum() / len(values) - mean**2
    return float(between / total) if total > 0 else 0.0


def random_like(labels: pd.Series, known: pd.DataFrame, seed: int) -> pd.Series:
    """The same segment sizes dealt out at random, to customers in the order of all that is known of them but their names.

    A deal at random is one in any order, so that `known` may hold outcomes too: they keep apart whom the features do not.
    """
    order = by_values(known.loc[labels.index]).index
    dealt = np.random.default_rng(seed).permutation(np.sort(labels.to_numpy().astype(str)))
    return pd.Series(dealt, index=order, name="random", dtype="str").reindex(labels.index)


def rivals(
    known: pd.DataFrame, labels: pd.Series, seed: int, columns: list[str], expected: pd.Series | None = None
) -> dict[str, pd.Series]:
    """RFM cells (when there are orders), quantiles of the best single feature of `columns`, tenths by the orders that a model expects (where
    there is one), and random groups of the same sizes.

    In: what is known of the customers, features at least (see `random_like`); expected orders by customer_id.
    """
    members = known.loc[labels.index]
    found = {"rfm": rfm(members)} if set(RFM) <= set(known) else {}
    best = best_feature(members, columns, labels.nunique())
    found |= {"best_feature": best} if len(best) else {}
    found |= {"expected_orders": tenths(expected.loc[labels.index])} if expected is not None else {}
    return found | {"random": random_like(labels, known, seed)}
