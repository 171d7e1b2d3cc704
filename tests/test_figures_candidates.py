"""Pictures of candidates: their agreement and the tree."""

import numpy as np
import pandas as pd
from test_segments import blobs

from segkit import figures, segments

ROWS = pd.DataFrame(
    [("kmeans", 3, "ward", 3, 0.9, 500), ("kmeans", 3, "ward", 4, 0.6, 500), ("ward", 3, "ward", 4, 0.7, 500)],
    columns=["method", "k", "other", "other_k", "value", "n"],
)


def test_the_least_agreement_is_named_and_the_matrix_is_symmetric():
    picture = figures.agreement(ROWS)
    assert picture.alt == "Agreement of candidates (adjusted Rand index): least, 0.60, between k-means k = 3 and Ward k = 4."
    texts = [text.get_text() for text in picture.figure.axes[0].texts]
    assert texts == ["1.00", "0.90", "0.60", "0.90", "1.00", "0.70", "0.60", "0.70", "1.00"]
    assert "nothing to agree with" in figures.agreement(ROWS.iloc[:0]).alt


def test_the_tree_is_drawn_from_the_top_with_its_cut():
    tree = segments.tree(blobs(1), "ward")
    picture = figures.tree(tree, "ward", 3, 8)
    assert picture.alt.startswith("The top of the tree of Ward: the join that leaves 2 groups is ")
    [axes] = picture.figure.axes
    assert len(axes.collections[0].get_segments()) + sum(len(each.get_segments()) for each in axes.collections[1:]) == 15
    assert tree[-3, 2] < axes.lines[0].get_ydata()[0] < tree[-2, 2]
    assert "no cut" in figures.tree(tree, "ward", 1, 8).alt and "no cut" in figures.tree(tree[:1], "ward", 3, 8).alt


def test_a_tree_of_equal_customers_is_no_error():
    alike = pd.DataFrame(np.repeat([[0.0, 0], [1, 1]], 20, axis=0))
    assert "times as far" in figures.tree(segments.tree(alike, "ward"), "ward", 3, 8).alt
