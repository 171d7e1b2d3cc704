"""Would it have mattered before, too? The same way of segmenting at earlier cut-off dates, each followed by its own outcome window.

Windows overlap in people, and the earlier ones were before the eyes of whoever chose the features: they are shown beside each other, never
pooled, and support nothing.
"""

import pandas as pd

from segkit import baselines, features, kpis, matrix, segments
from segkit.sources import Gathered
from segkit.studies import Window, outcome_days, transforms_of, weights_of
from segkit.verdicts.explained import COLUMNS, explained

MOST = 3  # earlier dates
LEAST_CUSTOMERS = 1000  # who are assigned, as for every comparison with a baseline
FIT_ROWS = 5000
SHOWN = ("revenue", "retention", "engagement")  # KPIs: one of each family


def earlier(window: Window | None) -> list[Window]:
    """The windows that end where the next begins, latest first, as many as leave an observation window at least as long as the horizon."""
    if not outcome_days(window):
        return []
    length = window.end - window.as_of
    dates = [window.as_of - (at + 1) * length for at in range(MOST)]
    return [Window(start=window.start, as_of=date, end=date + length) for date in dates if date - window.start >= length]


def origins(gathered: Gathered, window: Window | None, made: dict, names: list[str], seed: int) -> pd.DataFrame:
    """Share of variance explained at each earlier date, by segments made anew in the study's way and by RFM cells. Out: as_of, and the
    columns of `verdicts.explained`; dates with fewer than 1,000 active customers are left out.

    In: the dataset, the window of the study, what the assignments are stamped with (how the matrix is made, method and k), and the KPIs,
    of which revenue, retention and engagement are shown.
    """
    lines, names = [], [name for name in names if name in SHOWN]
    how = {"transforms": transforms_of(made["transforms"]), "weights": weights_of(made["weights"])}
    how |= {key: made[key] for key in ("winsorise", "scaling", "indicate_missing")}
    for each in earlier(window):
        if features.n_active(gathered.tables, each.as_of) < LEAST_CUSTOMERS:
            continue
        customers = features.known_at(gathered, each.as_of, [*made["cluster_on"], *baselines.RFM])
        active = customers[customers.is_active]
        recipe = matrix.recipe(active, made["cluster_on"], **how)
        prepared = matrix.prepare(active, recipe)
        solution = fitted(made["method"], matrix.sample(prepared, FIT_ROWS, seed), made["k"], seed)
        labels = segments.assign(solution, prepared)
        rivals = {"rfm": baselines.rfm(active.loc[labels.index])} if set(baselines.RFM) <= set(active) else {}
        found = explained({"segments": labels, **rivals}, kpis.outcomes(gathered.tables, each, labels.index), names)
        lines.append(found.assign(as_of=f"{each.as_of:%Y-%m-%d}"))
    return pd.concat(lines, ignore_index=True)[["as_of", *COLUMNS]] if lines else pd.DataFrame(columns=["as_of", *COLUMNS])


def fitted(method: str, rows: pd.DataFrame, k: int, seed: int) -> segments.Solution:
    """One method at one k; mixtures with a covariance of its own for each component."""
    if method in segments.HIERARCHICAL:
        return segments.hierarchical(method, rows, k, seed)
    return segments.kmeans(rows, k, seed) if method == "kmeans" else segments.gmm(rows, k, seed)
