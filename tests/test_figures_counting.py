"""The picture of how many segments: what is ringed, what is said, and what happens where nothing can be computed."""

import numpy as np
import pandas as pd
import pytest
from test_figures import is_picture

from segkit.figures import counting
from segkit.figures.style import INK
from segkit.studies import METHODS


def gap(values=(0.3, 0.4, 0.6, 0.55), k: int = 3) -> pd.DataFrame:
    """Rows of the gap statistic, k being the chosen one."""
    rows = pd.DataFrame({"k": range(1, len(values) + 1), "value": np.array(values, dtype=float), "n": 400, "draws": 20})
    return rows.assign(low=rows.value - 0.02, high=rows.value + 0.02, chosen=rows.k == k)


def strength(**values) -> pd.DataFrame:
    """Rows of prediction strength, method by method, from k = 2 on."""
    values = values or {"kmeans": (0.9, 0.85, 0.4), "ward": (0.7, 0.6, 0.5)}
    rows = [{"method": method, "k": k, "value": value} for method, each in values.items() for k, value in enumerate(each, start=2)]
    rows = pd.DataFrame(rows).astype({"value": float})
    return rows.assign(low=rows.value - 0.03, high=rows.value + 0.03, n=400, splits=np.where(rows.value.isna(), 0, 10))


def test_it_states_what_either_says():
    picture = counting.how_many(gap(), strength())
    assert is_picture(picture)
    assert picture.alt == (
        "The gap statistic chooses k = 3 of 1 to 4. "
        "Prediction strength, with its standard error, reaches 0.8: k-means to k = 3, Ward at no k."
    )


@pytest.mark.parametrize(
    ("gaps", "strengths", "said"),
    [
        (gap(k=0), strength(), "chooses no k up to 4."),
        (gap([0.3, 0.4, np.nan, np.nan], 0), strength(kmeans=(0.9, np.nan)), "chooses no k up to 2. Prediction"),
        (gap([np.nan] * 3, 0), strength(), "There is no gap statistic"),
        (gap(), strength(kmeans=(np.nan, np.nan), ward=(0.9, 0.1)), "reaches 0.8: Ward to k = 2."),
        (gap(), strength(kmeans=(np.nan, np.nan)), "There is no prediction strength"),
        (gap([np.nan] * 3, 0), strength(kmeans=(np.nan,)), "Too few customers"),
    ],
)
def test_what_is_missing_is_said_and_drawn_around(gaps, strengths, said):
    picture = counting.how_many(gaps, strengths)
    assert is_picture(picture) and said in picture.alt


def test_the_chosen_k_is_ringed_and_every_method_has_a_line_of_its_own():
    apart, foretold = counting.how_many(gap(), strength(**dict.fromkeys(METHODS, (0.9, 0.5)))).figure.axes
    rings = [line for line in apart.get_lines() if line.get_fillstyle() == "none"]
    assert [(*ring.get_xdata(), *ring.get_ydata()) for ring in rings] == [(3, 0.6)] and rings[0].get_color() == INK
    lines = [line for line in foretold.get_lines() if not line.get_label().startswith("_")]
    assert len({line.get_color() for line in lines}) == len(lines) == len(METHODS)
