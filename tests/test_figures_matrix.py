"""The picture of the matrix names the most skewed feature, and survives a matrix without numbers."""

import numpy as np
import pandas as pd

from segkit import figures, matrix


def shapes(**columns) -> pd.DataFrame:
    features = pd.DataFrame(columns)
    recipe = matrix.recipe(features, list(features))
    return matrix.shapes(features, matrix.prepare(features, recipe), recipe)


def test_the_most_skewed_feature_is_named_and_drawn_first():
    rng = np.random.default_rng(1)
    picture = figures.shapes(shapes(tenure_days=rng.normal(100, 9, 300), n_orders=rng.lognormal(1, 1, 300)))
    assert picture.alt.startswith("Most skewed before was orders, with a skewness of ") and "shown" not in picture.alt
    [axes] = picture.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["orders", "tenure days"]


def test_words_alone_have_no_tails_and_many_features_are_not_all_drawn():
    assert "column of its own" in figures.shapes(shapes(plan=["free", "pro"] * 20)).alt
    many = {f"f{i}": np.random.default_rng(i).normal(size=50) for i in range(25)}
    assert figures.shapes(shapes(**many)).alt.endswith("The 20 most skewed of 25 are shown.")
