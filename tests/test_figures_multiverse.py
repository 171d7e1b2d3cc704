"""Pictures of the multiverse: what they say, what is drawn, and what happens where cells are hidden."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from test_figures import is_picture

from segkit import multiverse
from segkit.figures import multiverse as pictures
from segkit.figures.style import ACCENT, PALE, WIDTH


def specs(**columns) -> pd.DataFrame:
    """24 specifications, those with three segments like the study, those with two less so."""
    rows = multiverse.specifications(multiverse.OwnChoices("standard", {}, 0.0, "kmeans", 2), ["kmeans"], 2, 3)
    rows = rows.assign(agreement=np.where(rows.k == 2, 0.9, 0.5) - rows.index / 1000, passes=rows.k == 2, fitted=2000, n=1000, smallest=40)
    return rows.assign(**columns)


def by_choice(value: float | None = 0.5) -> pd.DataFrame:
    rows = [
        {"choice": choice, "level": level, "segment": segment, "n": 10, "specifications": 12, "value": 1.0}
        for choice, levels in (("scaling", ("standard", "robust")), ("k", ("2", "3")))
        for level in levels
        for segment in ("S1", "S2", "all")
    ]
    table = pd.DataFrame(rows)
    table.loc[(table.level == "3") & (table.segment == "S2"), "value"] = value
    return table


def consensus() -> pd.DataFrame:
    pairs = [("S1", "S1", 0.9), ("S1", "S2", 0.2), ("S2", "S1", 0.2), ("S2", "S2", 0.8)]
    return pd.DataFrame([{"segment": a, "other": b, "n": 10, "n_other": 10, "value": value} for a, b, value in pairs])


def claims() -> pd.DataFrame:
    rows = pd.DataFrame(
        {"specification": [1, 2, 3, 1, 2, 3], "name": ["stay"] * 3 + ["spend"] * 3, "kpi": ["retention"] * 3 + ["revenue"] * 3}
    )
    rows = rows.assign(at_least=[0.1] * 3 + [0.0] * 3, value=[0.3, 0.2, 0.1, 5.0, np.nan, 6.0], low=[0.2, 0.1, np.nan, 4.0, np.nan, 5.0])
    return rows.assign(
        high=[0.4, 0.3, np.nan, 6.0, np.nan, 7.0], would_say=["supported", "supported", "undecided", "refuted", "undecided", "supported"]
    )


def test_the_curve_states_median_range_and_the_studys_own():
    picture = pictures.specification_curve(specs())
    assert is_picture(picture)
    assert picture.alt == (
        "Over 24 specifications the adjusted Rand index with the study's own segments has a median of 0.69, from 0.48 to 0.90; "
        "the study's own choices, ringed, come to 0.90 when fitted anew."
    )
    assert picture.figure.get_size_inches()[0] == WIDTH


def test_the_curve_falls_and_what_may_not_be_used_is_pale():
    curve, table = pictures.specification_curve(specs()).figure.axes
    dots = curve.collections[0]
    heights = dots.get_offsets()[:, 1]
    assert (np.diff(heights) <= 0).all() and len(heights) == 24
    colours = [tuple(colour) for colour in dots.get_facecolors()]
    assert colours[0] == to_rgba(ACCENT) and colours[-1] == to_rgba(PALE) and len(set(colours)) == 2
    assert [label.get_text() for label in table.get_yticklabels()][:4] == [
        "standard scaling",
        "robust scaling",
        "transform by rule",
        "no transform",
    ]
    assert len(table.get_yticklabels()) == 2 + 3 + 2 + 1 + 2


def test_every_specification_has_a_dot_in_each_group_of_choices():
    _, table = pictures.specification_curve(specs()).figure.axes
    assert sum(len(each.get_offsets()) for each in table.collections) == 24 * len(multiverse.CHOICES)


def test_the_consensus_names_the_pair_most_often_mixed_up():
    picture = pictures.consensus(consensus())
    assert is_picture(picture)
    assert (
        picture.alt
        == "Two customers of a segment are together in 80.0 % (S2) to 90.0 % (S1) of specifications. Most often mixed up: S1 and S2, together in 20.0 %."
    )


@pytest.mark.parametrize("hidden", [[3], [0, 1, 2], [0, 3], [0, 1, 2, 3]])
def test_hidden_pairs_stay_white(hidden):
    rows = consensus().astype({"value": "Float64"})
    rows.loc[hidden, "value"] = pd.NA
    picture = pictures.consensus(rows)
    assert is_picture(picture) and "nan" not in picture.alt
    assert (picture.alt == "The segments are too small to show.") == (len(hidden) == 4)


def test_holding_names_the_segment_and_the_level_where_it_is_lost():
    picture = pictures.holding(by_choice())
    assert is_picture(picture)
    assert picture.alt == "Found again least often: S2 with k = 3, in 50.0 % of those specifications."
    assert [label.get_text() for label in picture.figure.axes[0].get_yticklabels()] == [
        "standard scaling",
        "robust scaling",
        "k = 2",
        "k = 3",
    ]
    assert is_picture(pictures.holding(by_choice(None))), "a hidden cell"
    nothing = pictures.holding(by_choice().assign(value=pd.array([pd.NA] * 12, "Float64")))
    assert is_picture(nothing) and nothing.alt == "The segments are too small to show."


def test_claims_are_drawn_with_what_p_alone_would_say():
    picture = pictures.claims(claims())
    assert is_picture(picture) and len(picture.figure.axes) == 2
    assert picture.alt == "Share of specifications in which p alone would support a claim: stay 66.7 %; spend 50.0 %."
    nothing = pictures.claims(claims().assign(value=np.nan))
    assert nothing.alt == "No claim could be estimated under any specification."


def test_one_claim_and_one_specification_are_enough():
    assert is_picture(pictures.claims(claims().head(1))) and is_picture(pictures.specification_curve(specs().head(1)))
