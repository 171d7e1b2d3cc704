"""Customers who stand for their segment: the real ones nearest its centre. They are persons, and stay under data/."""

import numpy as np
import pandas as pd

from segkit import segments
from segkit.matrix import by_values

NEAREST = 3


def prototypes(solution: segments.Solution, matrix: pd.DataFrame, features: pd.DataFrame, most: int = NEAREST) -> pd.DataFrame:
    """The `most` customers of each segment nearest to its centre. In: matrix, and features in business units, by customer_id.

    Out: customer_id (unique), segment, rank (1 is nearest), distance (in the segment's own standard deviations: Mahalanobis by its
    precision), and a column per column of `features`. Customers at the same distance go by their values: which values are shown depends
    neither on the order of rows nor on pseudonyms; of customers alike in everything any one is as good.
    """
    labels, parts = segments.assign(solution, matrix), []
    for s in range(solution.k):
        members = matrix[labels == f"S{s + 1}"]
        distance = from_center(solution, s, members)
        near = distance[distance <= distance.nsmallest(most).max()]  # more than `most` where some tie
        by_value = by_values(features.loc[near.index].join(members.add_suffix(" in the matrix"))).index
        nearest = near.loc[by_value].sort_values(kind="stable").head(most)
        parts.append(nearest.rename_axis("customer_id").reset_index().assign(segment=f"S{s + 1}", rank=range(1, len(nearest) + 1)))
    found = pd.concat(parts, ignore_index=True)[["customer_id", "segment", "rank", "distance"]]
    shown = features.rename(columns={name: f"{name}_of_customer" for name in found if name in features})
    return found.join(shown.loc[found.customer_id].reset_index(drop=True))


def from_center(solution: segments.Solution, s: int, rows: pd.DataFrame) -> pd.Series:
    """How far rows are from the centre of segment number s, in its own standard deviations. Rounded: the order of a sum breaks no tie."""
    away = rows[list(solution.columns)].to_numpy() - solution.center[s]
    squared = np.einsum("nd,de,ne->n", away, solution.precision[s], away)
    return pd.Series(np.sqrt(np.maximum(squared, 0)).round(9), index=rows.index, name="distance")
