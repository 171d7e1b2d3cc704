"""What the recipe did to each feature: its quantiles before and after, both in standard deviations from the mean."""

import numpy as np
import pandas as pd

from segkit.matrix.prepared import described
from segkit.matrix.recipe import Recipe

POINTS = {"p1": 0.01, "p25": 0.25, "median": 0.5, "p75": 0.75, "p99": 0.99}


def shapes(features: pd.DataFrame, matrix: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Out: feature, stage (before | after), p1, p25, median, p75, p99 (standard deviations from the mean), skewness, n; of numbers with more
    than two values: a yes/no answer has no shape, and its skewness would tell how few said yes."""
    plain = described(features, recipe)
    return pd.DataFrame(
        [
            {"feature": column.name, "stage": stage, **shape(values[column.name].to_numpy())}
            for column in recipe.columns
            if column.kind == "number" and plain[column.name].nunique() > 2
            for stage, values in (("before", plain), ("after", matrix))
        ],
        columns=["feature", "stage", *POINTS, "skewness", "n"],
    )


def shape(values: np.ndarray) -> dict[str, float]:
    """Quantiles in standard deviations from the mean, skewness, and how many values are known."""
    known = np.sort(values[~np.isnan(values)])
    scaled = (known - known.mean()) / (known.std() or 1.0)
    return dict(zip(POINTS, map(float, np.quantile(scaled, list(POINTS.values()))))) | {
        "skewness": float((scaled**3).mean()),
        "n": len(known),
    }
