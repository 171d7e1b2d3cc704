"""How sure a customer's segment is, and how many stand on the fence between two."""

import numpy as np
import pandas as pd

from segkit import segments
from segkit.kpis.intervals import proportion

# On the fence: own segment less than so many times as likely as the next best. Then the label, even of who can only be of these two, is
# wrong in more than one case of three, and what is done for the segment should do no harm in the other.
TWICE = 2.0
FENCE = ["value", "low", "high", "n_fence", "n_clear"]  # what speaks of customers on the fence, and of those who are not
SURENESS = ["median", "p25", "p75"]


def fence(solution: segments.Solution, matrix: pd.DataFrame) -> pd.DataFrame:
    """Membership and fence customers per segment, and of all. In: a solution; the matrix of everyone assigned.

    Out: segment (S1 … and `all`), n, unit (`share`), median, p25, p75 of the probability of the segment assigned; n_fence, n_clear (not
    on the fence), value (share on the fence), low, high (95 %, Wilson). Probabilities are the mixture's own; for k-means and trees those of
    equally large round groups around the centres, so that they rank customers rather than promise a rate.
    """
    probability, ahead = sureness(solution, matrix)
    labels, on_fence = segments.assign(solution, matrix).to_numpy(), ahead < np.log(TWICE)
    groups = {f"S{s + 1}": labels == f"S{s + 1}" for s in range(solution.k)} | {"all": np.ones(len(labels), dtype=bool)}
    lines = []
    for name, inside in groups.items():
        if not inside.any():
            continue
        share = proportion(on_fence[inside])
        p25, median, p75 = np.quantile(probability[inside], [0.25, 0.5, 0.75])
        lines.append(
            {"segment": name, "n": share.n, "unit": "share", "median": median, "p25": p25, "p75": p75}
            | {"n_fence": int(share.events), "n_clear": int(share.n - share.events)}
            | {"value": share.value, "low": share.low, "high": share.high}
        )
    return pd.DataFrame(lines)


def sureness(solution: segments.Solution, matrix: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Of every row the probability of its segment, and how far that is ahead of the second best (log of their ratio; inf if k = 1)."""
    from scipy.special import softmax

    scores = segments.scores(solution, matrix[list(solution.columns)].to_numpy())
    best = np.sort(scores, axis=1)[:, ::-1]
    return softmax(best, axis=1)[:, 0], best[:, 0] - best[:, 1] if solution.k > 1 else np.full(len(best), np.inf)
