"""What segments are, in business units, by hand on six customers."""

import numpy as np
import pandas as pd
import pytest

from segkit import compare, privacy
from segkit.compare.profiles import marker

FEATURES = pd.DataFrame({"spend": [10.0, 20, 30, 100, 200, np.nan], "days": [1.0, 1, 1, 9, 9, 9]}, index=list("abcdef"))
MATRIX = pd.DataFrame({"spend": [-1.0, -1, -1, 1, 1, 1], "days": [-1.4, -0.2, 1.0, -1.0, 0.2, 1.4]}, index=list("abcdef"))
LABELS = pd.Series(["S2"] * 3 + ["S1"] * 3, index=list("abcdef"))


@pytest.fixture
def profile():
    return compare.profiles(FEATURES, MATRIX, LABELS, {"spend": "GBP"})


def test_medians_are_in_business_units_over_who_has_a_value(profile):
    spend = profile[profile.feature == "spend"].set_index("segment")
    assert spend.loc["S1", ["n", "share", "unit", "median", "p25", "p75", "overall", "z", "marker", "n_known"]].tolist() == [
        3,
        0.5,
        "GBP",
        150.0,
        125.0,
        175.0,
        30.0,
        1.0,
        "++",
        2,
    ]
    assert spend.loc["S2", ["median", "z", "marker", "n_known"]].tolist() == [20.0, -1.0, "--", 3]
    assert list(profile.segment) == ["S1", "S1", "S2", "S2"] and list(profile.unit[profile.feature == "days"]) == ["", ""]


def test_a_feature_unknown_to_a_whole_segment_is_missing_and_no_error():
    found = compare.profiles(FEATURES.assign(spend=[1.0, 2, 3, np.nan, np.nan, np.nan]), MATRIX, LABELS, {})
    assert np.isnan(found[(found.segment == "S1") & (found.feature == "spend")]["median"].iloc[0])


@pytest.mark.parametrize(("z", "text"), [(0, ""), (0.49, ""), (0.5, "+"), (-0.5, "-"), (1.0, "++"), (-3, "--")])
def test_markers_stand_at_half_and_at_one_standard_deviation(z, text):
    assert marker(z) == text


def test_traits_are_the_strongest_marked_features_also_after_a_round_trip(profile, tmp_path):
    expected = {"S1": [("high", "spend")], "S2": [("low", "spend")]}
    profile.to_csv(tmp_path / "p.csv", index=False)
    assert compare.traits(profile) == compare.traits(pd.read_csv(tmp_path / "p.csv")) == expected


def test_traits_of_a_segment_whose_numbers_are_hidden_are_no_error(profile):
    hidden = privacy.hide_small_cells(profile, ["median", "p25", "p75", "z"], min_cell=5)
    assert set(compare.traits(hidden)) == {"S1", "S2"}


def test_sizes_are_shares_of_customers_and_of_spend():
    found = compare.sizes(FEATURES, LABELS).set_index("segment")
    assert found.n.to_dict() == {"S1": 3, "S2": 3} and found.spend_share["S1"] == pytest.approx(300 / 360)
    assert "spend_share" not in compare.sizes(FEATURES[["days"]], LABELS)


def test_the_structure_table_has_a_row_for_each_k_or_one_without_a_k():
    untested = compare.structure(pd.DataFrame(np.arange(20.0).reshape(10, 2)), seed=1)
    table = compare.structure_table(untested)
    assert len(table) == 1 and table.verdict[0] == "none" and table.n[0] == 10 and pd.isna(table.k[0]) and pd.isna(table.t1[0])


def test_of_yes_no_answers_the_share_of_yes_stands_in_place_of_the_median():
    features = FEATURES.assign(days=[1.0, 0, 0, 1, 1, np.nan])
    found = compare.profiles(features, MATRIX, LABELS, {"spend": "GBP", "days": "yes/no"}).set_index(["feature", "segment"])
    assert found.yes["days", "S1"] == 1 and found.yes["days", "S2"] == pytest.approx(1 / 3) and found.overall["days", "S1"] == 0.6
    assert found.loc["days", ["median", "p25", "p75"]].isna().all(axis=None) and found.n_known["days", "S1"] == 2
    assert found.yes["spend"].isna().all() and found["median"]["spend", "S1"] == 150


def test_z_is_in_standard_deviations_whatever_a_column_weighs(profile):
    heavier = compare.profiles(FEATURES, MATRIX * [3.0, 0.5] + 7, LABELS, {"spend": "GBP"})
    assert heavier.z.tolist() == pytest.approx(profile.z.tolist()) and heavier.marker.tolist() == profile.marker.tolist()


def test_an_answer_that_few_of_a_segment_give_is_hidden_and_so_is_enough_beside_it():
    said = {"S1": (3, 97), "S2": (40, 60), "S3": (50, 50), "S4": (60, 40)}  # yes, no
    values = np.concatenate([np.repeat([1.0, 0.0], counts) for counts in said.values()])
    names = [f"c{at}" for at in range(400)]
    features = pd.DataFrame({"likes": values}, index=names)
    labels = pd.Series(np.repeat(list(said), 100), index=names)
    found = compare.profiles(features, features, labels, {"likes": "yes/no"})
    assert list(zip(found.n_yes, found.n_no)) == list(said.values())
    hidden = privacy.hide_small_cells(found, [*compare.TYPICAL, "z", "marker"], 5, n=compare.COUNTED, within=["feature"]).set_index(
        "segment"
    )
    assert hidden.loc["S1", ["yes", "z", "n_known", "n_yes", "n_no"]].isna().all() and hidden.yes.isna().sum() == 2
    assert hidden.loc[["S2", "S3"], "yes"].tolist() == [0.4, 0.5]
