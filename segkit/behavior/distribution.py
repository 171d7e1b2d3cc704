"""How features are spread over customers, and how concentrated a total is."""

import numpy as np
import pandas as pd

QUANTILES = {"p1": 0.01, "p25": 0.25, "median": 0.5, "p75": 0.75, "p99": 0.99}


def interval(hits: int, n: int) -> dict[str, float]:
    """Wilson's 95 % interval of a share. Out: low, high."""
    from scipy.stats import binomtest

    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return {"low": float(low), "high": float(high)}


def distribution(customers: pd.DataFrame, glossary: pd.DataFrame) -> pd.DataFrame:
    """One line per numeric feature. Out: feature, unit, n, n_missing, mean, low, high (95 % of the mean), p1, p25, median, p75, p99.

    Of a yes/no answer (unit `yes/no`) the mean, the share of yes, says it all: it has no percentiles.
    """
    lines = []
    for name, unit in zip(glossary.feature, glossary.unit):
        known = customers[name].dropna().astype("float64").sort_values()  # sorted: the order of customers changes no digit
        half = 1.96 * known.std() / np.sqrt(max(len(known), 1))
        lines.append(
            {
                "feature": name,
                "unit": unit,
                "n": len(known),
                "n_missing": len(customers) - len(known),
                "mean": known.mean(),
                "low": known.mean() - half,
                "high": known.mean() + half,
                **{key: np.nan if unit == "yes/no" else known.quantile(q) for key, q in QUANTILES.items()},
            }
        )
    return pd.DataFrame(lines)


def histogram(customers: pd.DataFrame, names: list[str], bins: int = 16) -> pd.DataFrame:
    """Counts between the 1st and 99th percentile. Out: feature, left, right, log, n.

    Whole numbers that span few values, such as answers on a scale, get a bin each; else there are `bins`, on a log scale where the
    middle is far from the mean. Customers beyond the percentiles are counted in the outermost bins: an axis that reached to the
    maximum would show a person.
    """
    lines = []
    for name in names:
        known = customers[name].dropna().astype("float64").sort_values()
        low, high = known.quantile(0.01), known.quantile(0.99)
        few = bool(len(known) and (known % 1 == 0).all() and high - low < bins)
        log = bool(not few and known.min() >= 0 and known.skew() > 1)
        shape, back = (np.log1p, np.expm1) if log else (np.asarray, np.asarray)
        if few:
            edges = np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
        else:
            edges = np.linspace(shape(low), shape(high if high > low else low + 1), bins + 1)
        counts, _ = np.histogram(np.clip(shape(known), edges[0], edges[-1]), edges)
        lines += [
            {"feature": name, "left": float(back(a)), "right": float(back(b)), "log": log, "n": int(n)}
            for a, b, n in zip(edges, edges[1:], counts)
        ]
    return pd.DataFrame(lines)


def concentration(customers: pd.DataFrame, column: str) -> pd.DataFrame:
    """What share of a total the top customers hold. Out: top (share of customers, 5 % to 100 %), n, share (of the total); empty
    when there is no such column."""
    if column not in customers:
        return pd.DataFrame(columns=["top", "n", "share"])
    amounts = customers[column].fillna(0).astype("float64").sort_values(ascending=False).to_numpy()
    tops = np.arange(1, 21) / 20
    counts = [int(np.ceil(round(top * len(amounts), 9))) for top in tops]
    return pd.DataFrame({"top": tops, "n": counts, "share": [amounts[:n].sum() / amounts.sum() for n in counts]})
