"""How much a segmentation knows of what came later: the variance it explains, and the concentration it foresaw; and how much more than others."""

import numpy as np
import pandas as pd

from segkit import kpis
from segkit.kpis.intervals import NAN, Z
from segkit.verdicts import tests

ADDED_UP = ("revenue", "orders", "usage_days")  # KPIs of which a ranking may hold a share
SOME = ("churn", "conversion", "lead_to_customer", "csat", "answered", "delivered")  # KPIs that ask some customers only, ask whether they
# were asked, or tell what the firm did
COLUMNS = ["segmentation", "kpi", "value", "low", "high", "n", "cells"]


def of_everyone(names: list[str]) -> list[str]:
    """The KPIs that have one value for each customer, whoever they are."""
    return [name for name in names if kpis.KPIS[name].kind in ("mean", "proportion") and name not in SOME]


def explained(segmentations: dict[str, pd.Series], outcomes: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """How much of each outcome's variance each segmentation explains (population eta squared; what is skewed capped).

    Out: segmentation, kpi, value, low, high, n, cells (after cells below 5 customers are merged).
    """
    lines = []
    for segmentation, labels in segmentations.items():
        aligned = labels.loc[outcomes.index].to_numpy()
        for name in of_everyone(names):
            found = tests.population_eta2(kpis.one_value_per_customer(name, outcomes), aligned)
            cells = len(np.unique(tests.merged_cells(aligned)))
            line = {"segmentation": segmentation, "kpi": name, "value": found.value, "low": found.low, "high": found.high}
            lines.append(line | {"n": found.n, "cells": cells})
    return pd.DataFrame(lines, columns=COLUMNS)


def beyond(labels: pd.Series, rivals: dict[str, pd.Series], outcomes: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """How much more of each outcome's variance the segments explain than each rival does, on the same customers: the difference of population
    eta squared (`tests.beats_baseline`). Out: baseline, kpi, value, low, high, n."""
    lines, aligned = [], labels.loc[outcomes.index].to_numpy()
    for baseline, rival in rivals.items():
        for name in of_everyone(names):
            found = tests.beats_baseline(kpis.one_value_per_customer(name, outcomes), aligned, rival.loc[outcomes.index].to_numpy())
            lines.append(
                {"baseline": baseline, "kpi": name, "value": found.value, "low": found.low, "high": found.high, "n": len(outcomes)}
            )
    return pd.DataFrame(lines, columns=["baseline", "kpi", "value", "low", "high", "n"])


def concentration(segmentations: dict[str, pd.Series], before: pd.DataFrame, after: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """How well a ranking of cells by what they brought before as_of foresees who brings what afterwards.

    Out: segmentation, kpi, value, low, high, n, cells, and how much more the first segmentation foresees, on the same customers: lead,
    lead_low, lead_high. The value is the `concentrated` of the later outcome (capped). `before` and `after` are outcomes of the same
    customers (`kpis.Seen`). Intervals are normal, from influence values, and take the ranking as given, which was fixed before as_of.
    """
    lines, cut = [], [tests.merged_cells(labels.loc[after.index].to_numpy()) for labels in segmentations.values()]
    for name in (each for each in names if each in ADDED_UP):
        columns = (kpis.one_value_per_customer(name, each.loc[after.index]) for each in (after, before))
        later, past, *cells = tests.in_order(*columns, *cut)
        found = [concentrated(later, past, each) for each in cells]
        for segmentation, (value, influence), each in zip(segmentations, found, cells):
            lead = with_interval(found[0][0] - value, found[0][1] - influence)
            line = {"segmentation": segmentation, "kpi": name} | dict(zip(("value", "low", "high"), with_interval(value, influence)))
            line |= {"n": len(after), "cells": len(np.unique(each))} | dict(zip(("lead", "lead_low", "lead_high"), lead))
            lines.append(line)
    return pd.DataFrame(lines, columns=[*COLUMNS, "lead", "lead_low", "lead_high"])


def concentrated(later: np.ndarray, past: np.ndarray, cells: np.ndarray) -> tuple[float, np.ndarray]:
    """Concentration coefficient of what came `later` over customers in the order of their cells' mean in the `past`, and its influence values.

    Twice the area between the curve of cumulated shares, highest cells first, and the diagonal (Kakwani, Wagstaff & van Doorslaer 1997,
    Journal of Econometrics 77, 87-103): 0 for a ranking that knows nothing, below it for one that is wrong, and the Gini coefficient for
    the best that there is. Cells of equal mean share a rank. NaN where nothing came later.
    """
    means = np.bincount(cells, past) / np.bincount(cells)
    rank = np.unique(-means, return_inverse=True)[1][cells]
    people, sums = np.bincount(rank) / len(later), np.bincount(rank, later) / len(later)
    total = sums.sum()
    if not total > 0:
        return NAN, np.full(len(later), NAN)
    above, below = np.cumsum(sums) - sums / 2, 1 - np.cumsum(people) + people / 2
    area = float(people @ above)
    influence = (above[rank] + below[rank] * later - 2 * area) / total - area / total * (later - total) / total
    return 2 * area / total - 1, 2 * influence


def with_interval(value: float, influence: np.ndarray) -> tuple[float, float, float]:
    """A value with its normal 95 % interval from influence values."""
    half = Z * influence.std(ddof=1) / np.sqrt(len(influence)) if len(influence) > 1 else NAN
    return float(value), float(value - half), float(value + half)
