"""Attractiveness by hand, and rankings whose probabilities are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, norm

from segkit import targets
from segkit.errors import BadInput

VALUES = pd.DataFrame({"revenue": [10.0, 20, 30], "retention": [0.5, 0.4, 0.3], "share": [0.2, 0.2, 0.2]}, index=["S1", "S2", "S3"])
ANY, STATED, FIGURES = targets.DRAWN


def of(found: pd.DataFrame, drawn: str) -> pd.DataFrame:
    return found[found.drawn == drawn].set_index("segment")


def out(*segments: str) -> pd.DataFrame:
    names = ["S1", "S2", "S3", "S4"]
    return pd.DataFrame({"segment": names, "standing": ["out" if name in segments else "in" for name in names]})


def test_scores_by_hand():
    found = targets.attractiveness(VALUES, {"revenue": 3, "retention": 1})
    assert found.score.to_list() == pytest.approx([0.25, 0.5, 0.75]) and found["rank"].to_list() == [3, 2, 1]
    assert targets.attractiveness(VALUES, {"share": 7}).score.to_list() == [0.5] * 3
    assert targets.attractiveness(VALUES, {"share": 7})["rank"].to_list() == [2] * 3
    assert targets.attractiveness(VALUES, {"revenue": 30, "retention": 10}).equals(found)
    assert targets.attractiveness(VALUES, {"retention": -2}).score.to_list() == pytest.approx([0, 0.5, 1])


def test_who_is_out_has_no_rank_and_no_say_in_the_scale():
    values = pd.concat([VALUES, pd.DataFrame({"revenue": [900.0], "retention": [0.01], "share": [0.2]}, index=["S4"])])
    found = targets.attractiveness(values, {"revenue": 3, "retention": 1}, out("S4")).set_index("segment")
    assert found.score.to_list() == pytest.approx([0.25, 0.5, 0.75, 0.75]) and found["rank"].to_list()[:3] == [3, 2, 1]
    assert np.isnan(found["rank"]["S4"]) and found.standing.to_list() == ["in", "in", "in", "out"]
    assert targets.attractiveness(values, {"revenue": 1}, out("S1", "S2", "S3")).score.to_list() == pytest.approx(
        [0, 10 / 890, 20 / 890, 1]
    )


def test_missing_values_are_not_guessed():
    values = VALUES.assign(retention=[np.nan, 0.4, 0.3])
    found = targets.attractiveness(values, {"revenue": 1, "retention": 1})
    assert found.score.isna().to_list() == [True, False, False] and found["rank"].to_list()[1:] == [1.5, 1.5]
    assert targets.attractiveness(VALUES * np.nan, {"revenue": 1}).score.isna().all()
    drawn = of(targets.sensitivity(values, {"revenue": 1, "retention": 1}, 7, draws=50), ANY)
    assert drawn.first_share.isna().to_list() == [True, False, False] and drawn.first_share.sum() == 1


def test_first_places_have_the_probability_that_they_must():
    values = pd.DataFrame({"a": [1.0, 0.0], "b": [0.0, 1.0]}, index=["S1", "S2"])
    errors = pd.DataFrame({"a": [1.0, 1.0], "b": [0.0, 0.0]}, index=["S1", "S2"])
    found = targets.sensitivity(values, {"a": 4, "b": 1}, 7, errors, draws=4000)
    assert of(found, ANY).first_share["S1"] == pytest.approx(0.5, abs=0.025)
    assert of(found, STATED).first_share["S1"] == pytest.approx(beta(8 * 0.8, 8 * 0.2).sf(0.5), abs=0.02)
    assert of(found, STATED).low["S1"] == pytest.approx(beta(6.4, 1.6).ppf(0.025), abs=0.02)
    assert of(found, FIGURES).first_share["S1"] == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.02)  # a difference of 1 ± √2
    assert of(found, ANY).score.to_list() == [0.5, 0.5] and of(found, STATED).score.to_list() == pytest.approx([0.8, 0.2])
    assert found.groupby("drawn").first_share.sum().to_list() == pytest.approx([1, 1, 1])


def test_a_sure_first_place_is_sure_and_ranks_are_quartiles():
    values = pd.DataFrame({"a": [3.0, 2, 1], "b": [9.0, 8, 7]}, index=["S1", "S2", "S3"])
    found = targets.sensitivity(values, {"a": 1, "b": 1}, 7, values * 0, draws=200)
    assert list(found.drawn.unique()) == list(targets.DRAWN)
    for way in targets.DRAWN:
        part = of(found, way)
        assert part.first_share.to_list() == [1, 0, 0]
        assert part.rank_low.to_list() == part["rank"].to_list() == part.rank_high.to_list() == [1, 2, 3]
    ties = targets.sensitivity(values * 0, {"a": 1, "b": 1}, 7, draws=20)
    assert of(ties, ANY).first_share.to_list() == pytest.approx([1 / 3] * 3)


def test_same_seed_same_bytes_whatever_the_order():
    rng = np.random.default_rng(4)
    names = [f"S{s}" for s in range(1, 12)]
    values = pd.DataFrame(rng.normal(size=(11, 4)), index=names, columns=list("abcd"))
    errors, weights = values.abs() / 5, {"a": 1, "b": 2, "c": 0.5, "d": -1}
    found = targets.sensitivity(values, weights, 7, errors, draws=100)
    order = rng.permutation(11)
    again = targets.sensitivity(values.iloc[order, ::-1], dict(reversed(weights.items())), 7, errors.iloc[order[::-1]], draws=100)
    pd.testing.assert_frame_equal(found, again, check_exact=True)
    assert list(found.segment[:11]) == names
    assert not found.equals(targets.sensitivity(values, weights, 8, errors, draws=100))


def test_where_an_error_is_missing_nothing_is_said_of_chance():
    errors = VALUES * 0 + 0.1
    errors.loc["S2", "revenue"] = np.nan
    found = of(targets.sensitivity(VALUES, {"revenue": 1}, 7, errors, draws=50), FIGURES)
    assert found.first_share.isna().all() and found["rank"].isna().all() and found.score.notna().all()
    alone = of(targets.sensitivity(VALUES, {"revenue": 1}, 7, errors, out("S2"), draws=50), FIGURES)
    assert alone.first_share.notna().to_list() == [True, False, True]


def test_criteria_come_from_finished_tables():
    sizes = pd.DataFrame({"segment": ["S1", "S2"], "n": [60, 40], "share": [0.6, 0.4], "spend_share": pd.array([0.3, None], "Float64")})
    kpis = pd.DataFrame({"segment": ["S1", "S2", "all"], "kpi": "retention", "value": [0.5, 0.2, 0.4], "se": [0.05, 0.06, 0.04]})
    stability = pd.DataFrame({"segment": ["S2", "S1"], "mean": [0.7, 0.9]})
    reach = pd.DataFrame({"segment": ["S1", "S2"], "measure": "contactable", "value": [0.5, 0.25]})
    weights = {"retention": 2, "share": 1, "spend_share": 1, "stability": 1, "contactable": 1}
    values, errors = targets.criteria(weights, sizes, kpis, stability, reach)
    assert values.loc["S1"].to_list() == [0.5, 0.6, 0.3, 0.9, 0.5] and np.isnan(values.spend_share["S2"])
    assert errors.loc["S2"].to_list() == [0.06, 0, 0, 0, 0]
    with pytest.raises(BadInput, match="'retention'"):
        targets.criteria({"retentoin": 1}, sizes, kpis)
    with pytest.raises(ValueError, match="not of these criteria"):
        targets.attractiveness(VALUES, {"revenue": 0})


def test_what_the_plot_shows():
    sizes = pd.DataFrame({"segment": ["S1", "S2", "S3"], "share": [0.5, 0.3, 0.2], "spend_share": [0.2, 0.3, 0.5]})
    scores = targets.attractiveness(VALUES, {"revenue": 1})
    stability = pd.DataFrame({"segment": ["S1", "S2", "S3"], "mean": [0.9, 0.8, 0.7]})
    reach = pd.DataFrame({"segment": ["S1", "S3"], "measure": "contactable", "value": [0.5, 0.25]})
    stated = targets.placed(scores, sizes, {"S1": 4.0, "S3": 1.0}, stability, reach)
    assert stated.fit.fillna(-1).to_list() == [4, -1, 1] and stated.share.to_list() == [0.2, 0.3, 0.5] and "study" in stated.fit_is[0]
    assert targets.placed(scores, sizes, None, stability, reach).fit.to_list() == [0.9, 0.8, 0.7]
    assert targets.placed(scores, sizes, None, None, reach).fit.fillna(-1).to_list() == [0.5, -1, 0.25]
    bare = targets.placed(scores, sizes.drop(columns="spend_share"))
    assert bare.fit.isna().all() and bare.share.to_list() == [0.5, 0.3, 0.2] and bare.share_is[0] == "customers"
