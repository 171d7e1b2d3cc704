"""Which features say the same: rank correlations, and which of two to leave out."""

import numpy as np
import pandas as pd

ALIKE = 0.8  # from this rank correlation on, one feature nearly tells the other
LEAST = 30  # customers who have both
MOST = 5000  # customers looked at: evenly spread over all, in the order of their values


def correlations(customers: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Spearman's rank correlation of every pair of features. Out: feature, other, n (who has both), value, low, high.

    The interval is 95 % by Fisher's z with Bonett and Wright's (2000) standard error, sqrt((1 + r²/2) / (n - 3)). Pairs that fewer than
    30 customers have both of, or of which one is constant among them, are left out.
    """
    rows = customers[names].astype("float64").sort_values(names)
    rows = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(int)] if len(rows) else rows
    there = rows.notna().to_numpy(dtype="float64")
    both, rho = (there.T @ there).astype(int), rows.corr(method="spearman", min_periods=LEAST).to_numpy()
    first, second = np.triu_indices(len(names), 1)
    known = np.isfinite(rho[first, second])
    first, second = first[known], second[known]
    n, r = both[first, second], np.clip(rho[first, second], -1, 1)
    z, half = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)), 1.96 * np.sqrt((1 + r * r / 2) / (n - 3))
    labels = np.array(names, dtype=object)
    return pd.DataFrame(
        {"feature": labels[first], "other": labels[second], "n": n, "value": r, "low": np.tanh(z - half), "high": np.tanh(z + half)}
    )


def redundant(pairs: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    """Pairs that say nearly the same, strongest first, and which one to drop. In: `correlations`. Out: its columns and drop.

    Of two features the one that is not clustered on goes; else the one that says more of what others say, too (the higher mean |rho|).
    """
    close = pairs[pairs.value.abs() >= ALIKE].sort_values(["feature", "other"])
    size = pd.concat([pairs.set_index("feature").value, pairs.set_index("other").value]).abs().groupby(level=0).mean()
    lines = []
    for row in close.to_dict("records"):
        two = sorted((row["feature"], row["other"]), key=lambda name: (name in wanted, -size[name], name))
        lines.append(row | {"drop": two[0]})
    found = pd.DataFrame(lines, columns=[*pairs.columns, "drop"])
    return found.iloc[(-found.value.abs()).argsort(kind="stable")].reset_index(drop=True)
