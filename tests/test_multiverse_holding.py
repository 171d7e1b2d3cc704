"""What is found again, counted by hand on six customers and seen on planted groups and on fog."""

import numpy as np
import pandas as pd
import pytest
from test_multiverse_exploring import blobs, explored

from segkit import matrix, multiverse, segments
from segkit.multiverse import Explored
from segkit.multiverse.holding import matched

SIX = list("abcdef")


@pytest.fixture
def six() -> Explored:
    """Two segments of three customers; four specifications: the same, the same by other names, one customer moved, all in one."""
    own = pd.Series(["S1"] * 3 + ["S2"] * 3, index=pd.Index(SIX, name="customer_id"))
    labels = pd.DataFrame(
        {1: ["S1"] * 3 + ["S2"] * 3, 2: ["S2"] * 3 + ["S1"] * 3, 3: ["S1"] * 2 + ["S2"] * 4, 4: ["S1"] * 6}, index=own.index
    )
    specs = pd.DataFrame(
        {
            "specification": [1, 2, 3, 4],
            "scaling": ["standard", "robust", "standard", "robust"],
            "transform": ["by rule"] * 4,
            "winsorise": [0.0] * 4,
            "method": ["kmeans", "kmeans", "ward", "ward"],
            "k": [2, 2, 2, 2],
            "own": [True, False, False, False],
            "agreement": [1.0, 0.8, 0.4, 0.2],
            "passes": [True, True, True, False],
            "n": [6] * 4,
        }
    )
    return Explored(specs, own, labels, [])


def test_the_best_match_is_the_largest_overlap_over_the_union(six):
    found = matched(six.own, six.labels[3])
    assert found.value.to_dict() == {"S1": pytest.approx(2 / 3), "S2": 3 / 4} and found.match.to_dict() == {"S1": "S1", "S2": "S2"}
    assert matched(six.own, six.labels[2]).match.to_dict() == {"S1": "S2", "S2": "S1"}, "names do not matter"


def test_segments_hold_where_their_match_is_valid(six):
    rows = multiverse.overlaps(six)
    assert list(rows.columns) == ["specification", "segment", "match", "value", "holds", "n"] and (rows.n == 3).all()
    held = multiverse.segments_held(rows, six.specifications).set_index("segment")
    assert held.value.to_dict() == {"S1": 0.5, "S2": 0.75}, (
        "S1 is lost with one customer of three, S2 holds at just .75, neither in one lump"
    )
    assert held.passing.to_dict() == {"S1": pytest.approx(2 / 3), "S2": 1.0}
    assert held["median"]["S1"] == pytest.approx((1 + 2 / 3) / 2)


def test_holding_is_told_by_every_level_of_every_choice(six):
    rows = multiverse.held_by_choice(multiverse.overlaps(six), six.specifications).set_index(["choice", "level", "segment"])
    assert rows.value["method", "kmeans", "S1"] == 1 and rows.value["method", "ward", "S1"] == 0
    assert rows.value["method", "ward", "S2"] == 0.5 and rows.value["method", "ward", "all"] == 0.25
    assert rows.n["method", "ward", "all"] == 6 and (rows.specifications.loc["transform"] == 4).all()
    assert rows.value["k", "2", "all"] == rows.value["winsorise", "0.0", "all"] == 0.625


def test_choices_share_out_the_differences(six):
    rows = multiverse.choices_that_matter(six.specifications).set_index("choice")
    assert rows.share["method"] == pytest.approx(0.9) and rows.share["scaling"] == pytest.approx(0.1), "means .9 and .3; .7 and .5"
    assert rows.share["k"] == 0 and rows.share["combinations"] == pytest.approx(0) and rows.share.sum() == pytest.approx(1)
    assert rows.index[0] == "method" and (rows.lowest["method"], rows.highest["method"]) == ("ward", "kmeans")
    assert multiverse.choices_that_matter(six.specifications.assign(agreement=1.0)).share.isna().all(), "nothing differs"


def test_the_consensus_is_the_share_of_specifications_spent_together(six):
    times = multiverse.times_together(six.labels)
    assert times[0].tolist() == [4, 4, 3, 1, 1, 1] and times[2].tolist() == [3, 3, 4, 2, 2, 2] and (times == times.T).all()
    rows = multiverse.between_segments(six, times).set_index(["segment", "other"]).value
    assert rows["S1", "S1"] == pytest.approx((4 + 3 + 3) / 12), "pairs ab, ac, bc; nobody is a mate of their own"
    assert rows["S2", "S2"] == 1 and rows["S1", "S2"] == rows["S2", "S1"] == pytest.approx((6 * 1 + 3 * 2) / 9 / 4)


def test_a_segment_of_one_has_no_pairs():
    own = pd.Series(["S1", "S1", "S2"], index=list("abc"))
    one = Explored(pd.DataFrame(), own, pd.DataFrame({1: own}), [])
    rows = multiverse.between_segments(one, multiverse.times_together(one.labels)).set_index(["segment", "other"]).value
    assert np.isnan(rows["S2", "S2"]) and rows["S1", "S1"] == 1 and rows["S1", "S2"] == 0


def test_core_customers_follow_their_segment_and_others_are_disputed(six):
    people = multiverse.by_customer(six, multiverse.overlaps(six), multiverse.times_together(six.labels)).set_index("customer_id")
    assert people.matched.to_dict() == {"a": 1, "b": 1, "c": 0.75, "d": 1, "e": 1, "f": 1} and people.core.to_dict() == {
        each: each != "c" for each in SIX
    }
    assert people.consensus["a"] == pytest.approx((4 + 3) / 2 / 4) and people.consensus["c"] == pytest.approx(3 / 4)
    assert (people.beside == ["S2"] * 3 + ["S1"] * 3).all() and people.margin["c"] == pytest.approx(3 / 4 - 2 / 4)
    cores = multiverse.cores(people.reset_index()).set_index("segment")
    assert list(cores.index) == ["S1", "S2", "all"] and cores.n_core.to_dict() == {"S1": 2, "S2": 3, "all": 5}
    assert cores.value["S1"] == pytest.approx(2 / 3) and (cores.low["S1"], cores.high["S1"]) == (
        pytest.approx(0.2077, abs=1e-4),
        pytest.approx(0.9385, abs=1e-4),
    )


def test_planted_groups_hold_nearly_whatever_is_chosen():
    found = explored(*blobs(600), methods=("kmeans", "gmm", "ward"))
    rows = multiverse.overlaps(found)
    held = multiverse.segments_held(rows, found.specifications)
    assert (held.same_k == 1).all() and (held.value > 0.6).all(), "two of three are one where k = 2, and one is cut where k = 4"
    by_choice = multiverse.held_by_choice(rows, found.specifications)
    assert by_choice[(by_choice.choice == "k") & (by_choice.level == "3")].value.min() == 1
    three = found.specifications.specification[found.specifications.k == 3]
    kept = Explored(found.specifications[found.specifications.k == 3], found.own, found.labels[three], [])
    people = multiverse.by_customer(kept, multiverse.overlaps(kept), multiverse.times_together(kept.labels))
    assert people.core.all() and people.consensus.min() == 1 and people.margin.min() == 1


def test_one_cloud_cut_in_four_is_found_again_by_few():
    rng = np.random.default_rng(1)
    features = pd.DataFrame(rng.normal(size=(600, 4)), columns=["a", "b", "c", "d"], index=[f"p{number:03d}" for number in range(600)])
    prepared = matrix.prepare(features, matrix.recipe(features, list(features)))
    own = segments.assign(segments.kmeans(prepared, 4, 1), prepared).loc[features.index]
    choices = multiverse.OwnChoices("standard", {}, 0.0, "kmeans", 4)
    specs = multiverse.specifications(choices, ["kmeans", "gmm", "ward"], 2, 8)
    found = multiverse.explore(features, own, specs, list(features), choices, 7, fit_rows=300)
    held = multiverse.segments_held(multiverse.overlaps(found), found.specifications)
    assert (held.value <= 0.25).all() and (held.same_k <= 0.4).all()
    people = multiverse.by_customer(found, multiverse.overlaps(found), multiverse.times_together(found.labels))
    assert people.core.mean() < 0.5
