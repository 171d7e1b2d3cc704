"""What tells segments apart: by hand, beside scipy, and on data where nothing does."""

import gc
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from segkit import privacy
from segkit.compare.differences import EFFECT, against_others, by_chance, differences, interval, superiority

module = sys.modules["segkit.compare.differences"]  # whose name its main function bears in the package


def counted(own, others) -> tuple[np.ndarray, np.ndarray]:
    """How many have each value, a column for the one segment."""
    distinct, at = np.unique([*own, *others], return_inverse=True)
    count = [np.bincount(part, minlength=len(distinct)).astype(float)[:, None] for part in (at[: len(own)], at[len(own) :])]
    return count[0], count[1]


def customers(n: int, seed: int, odds=(0.6, 0.25, 0.12, 0.03)) -> tuple[pd.DataFrame, pd.Series, dict[str, str]]:
    """Features of all shapes that have nothing to do with the segments."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"c{i:05d}" for i in range(n)], name="customer_id")
    features = pd.DataFrame(
        {
            "spend": np.exp(rng.normal(0, 2, n)),
            "tenure": rng.normal(size=n),
            "orders": rng.poisson(0.6, n),
            "returned": rng.gamma(1, 1, n) * (rng.random(n) < 0.1),
            "is_declining": (rng.random(n) < 0.1) * 1,
            "is_rare": rng.random(n) < 0.02,
            "rating": np.where(rng.random(n) < 0.4, np.nan, rng.choice(5, n, p=[0.5, 0.3, 0.1, 0.05, 0.05])),
            "buyer_type": "new",
        },
        index=index,
    )
    units = {name: "yes/no" if name.startswith("is_") else "class" if name == "buyer_type" else "x" for name in features}
    return features, pd.Series(rng.choice(["S1", "S2", "S3", "S4"], n, p=odds), index=index), units


def test_superiority_counts_pairs_and_half_of_ties():
    effect, _, _ = superiority(*counted([1, 2, 2], [2, 3]))
    assert effect[0] == pytest.approx((0 + 0 + 0.5 + 0 + 0.5 + 0) / 6)
    yes, _, _ = superiority(*counted([1, 1, 1, 0], [1, 0, 0, 0]))
    assert yes[0] == pytest.approx(0.5 + (0.75 - 0.25) / 2)


def test_effect_and_variance_are_those_of_brunner_munzel_and_mann_whitney():
    rng = np.random.default_rng(1)
    for own, others in [(rng.normal(0.3, 2, 40), rng.normal(size=70)), (rng.poisson(2, 25), rng.poisson(1.5, 90))]:
        effect, variance, freedom = superiority(*counted(own, others))
        assert effect[0] == pytest.approx(stats.mannwhitneyu(own, others).statistic / len(own) / len(others))
        other = stats.brunnermunzel(own, others)
        assert (0.5 - effect[0]) / np.sqrt(variance[0]) == pytest.approx(other.statistic)
        assert 2 * stats.t.sf(abs(other.statistic), freedom[0]) == pytest.approx(other.pvalue)


def test_in_large_samples_the_interval_and_p_are_brunner_munzels():
    rng = np.random.default_rng(2)
    own, others = rng.normal(0.06, 1.2, 3000), rng.normal(size=5000)
    effect, variance, _ = superiority(*counted(own, others))
    low, high, p = interval(*counted(own, others))
    assert [low[0], high[0]] == pytest.approx([effect[0] - 1.96 * np.sqrt(variance[0]), effect[0] + 1.96 * np.sqrt(variance[0])], abs=1e-4)
    assert p[0] == pytest.approx(stats.brunnermunzel(own, others).pvalue, rel=0.03)


def test_chance_is_exact_for_two_values_and_nearly_so_for_skewed_ranks():
    own, others = np.repeat([1, 0], [6, 14]), np.repeat([1, 0], [9, 171])
    upper = stats.fisher_exact([[6, 14], [9, 171]], alternative="greater").pvalue
    assert by_chance(*counted(own, others))[0] == pytest.approx(2 * upper)
    rng = np.random.default_rng(3)
    every = np.r_[np.zeros(170), rng.gamma(1, 1, 30)]
    ranks, at = stats.rankdata(every), np.r_[0:12, 170:178]
    dealt = np.array([rng.permutation(ranks)[:20].sum() for _ in range(20_000)])
    p = by_chance(*counted(every[at], np.delete(every, at)))[0]
    assert p == pytest.approx(2 * np.mean(dealt >= ranks[at].sum() - 1e-9), rel=0.35) and p < 0.05


def test_all_of_a_segment_above_all_others_has_an_interval_that_ends_at_one():
    features = pd.DataFrame({"x": np.arange(60.0)})
    found = differences(features, pd.Series(["S2"] * 40 + ["S1"] * 20), [], {"x": ""}, 1)
    top = found[found.segment == "S1"].iloc[0]
    assert top.effect == 1 == top.high and 0.7 < top.low < 1 and top.p < 1e-6 and bool(top.differs)
    assert found.effect.tolist() == [1, 0] and found.low.tolist()[1] == 0


def test_what_segments_were_cut_by_and_what_repeats_it_is_not_tested():
    features, labels, units = customers(400, 4)
    features["spend_in_cents"], units["spend_in_cents"] = -100 * features.spend, "cents"
    found = differences(features, labels, ["spend", "not_there"], units, 1)
    own = found[found.by_construction]
    assert set(own.feature) == {"spend", "spend_in_cents"} and own.p.isna().all() and own.differs.isna().all() and own.effect.notna().any()
    tested = found[found.p.notna()]
    assert tested.p_holm.to_numpy() == pytest.approx(multipletests(tested.p, method="holm")[1])
    assert (tested.differs == (tested.p_holm < 0.05)).all() and "buyer_type" not in set(found.feature)
    assert list(found.segment.unique()) == ["S1", "S2", "S3", "S4"] and list(found.feature[:2]) == ["spend", "tenure"]


def test_what_follows_from_two_clustered_features_is_not_tested_either():
    rng = np.random.default_rng(9)
    features = pd.DataFrame(
        {"orders": np.exp(rng.normal(0, 1, 500)), "months": np.exp(rng.normal(0, 1, 500)), "other": rng.normal(size=500)}
    )
    features["orders_per_month"] = features.orders / features.months
    features["half"] = features.orders.rank() + features.other.rank()
    features.iloc[::9, 0] = np.nan
    assert abs(features.corr("spearman").orders_per_month["orders"]) < 0.8
    assert module.by_construction(features, ["orders", "months"]) == {"orders", "months", "orders_per_month"}
    assert module.by_construction(features, ["unknown"]) == set()


def test_counts_are_of_known_values_and_too_few_have_no_effect():
    features = pd.DataFrame({"x": [1.0] * 9 + [np.nan] * 11 + list(range(30)), "same": 1.0, "yes": [1, 0] * 25})
    labels = pd.Series(["S2"] * 20 + ["S1"] * 30)
    found = differences(features, labels, [], dict.fromkeys(features, ""), 1).set_index(["segment", "feature"])
    assert found.n["S2", "x"] == 9 and found.n_others["S1", "x"] == 9 and found.n["S2", "yes"] == 20
    empty = ["effect", "low", "high", "p", "p_holm", "differs"]
    assert found.loc[[("S2", "x"), ("S1", "x"), ("S1", "same")], empty].isna().all(axis=None) and found.effect["S1", "yes"] == 0.5


@pytest.mark.parametrize("most", [20_000, 150])
def test_neither_order_nor_names_matter(most):
    features, labels, units = customers(400, 5)
    expected = differences(features, labels, ["spend"], units, 3, most)
    assert expected.n.iloc[1] + expected.n_others.iloc[1] == min(most, 400)
    order = np.random.default_rng(0).permutation(400)
    names = [f"p{i}" for i in range(400)]
    again = differences(features.iloc[order].set_axis(names), labels.iloc[order].set_axis(names), ["spend"], units, 3, most)
    pd.testing.assert_frame_equal(again, expected)


def test_nothing_to_compare_is_an_empty_table_and_one_segment_has_no_others():
    features, labels, units = customers(60, 6)
    assert differences(features, labels, [], {"buyer_type": "class"}, 1).empty
    assert differences(features, labels.replace({"S2": "S1", "S3": "S1", "S4": "S1"}), [], units, 1).effect.isna().all()


def test_hidden_rows_keep_their_place():
    features, labels, units = customers(300, 7)
    found = differences(features, labels, [], units, 1)
    hidden = privacy.hide_small_cells(found, ["n_others", *EFFECT], 12, within=["feature"])
    assert len(hidden) == len(found) and hidden.effect.isna().sum() >= found.effect.isna().sum() and hidden.by_construction.dtype == bool


def test_an_answer_that_few_of_a_segment_give_cannot_be_told_from_its_effect():
    names = [f"c{at}" for at in range(400)]
    features = pd.DataFrame({"likes": np.concatenate([np.repeat([1.0, 0.0], [2, 98]), np.tile([1.0, 0.0], 150)])}, index=names)
    found = differences(features, pd.Series(np.repeat(["S1", "S2", "S3", "S4"], 100), index=names), [], {"likes": "yes/no"}, 1)
    assert found.n_yes.tolist() == [2, 50, 50, 50] and found.n_no.tolist() == [98, 50, 50, 50]
    hidden = privacy.hide_small_cells(found, ["n_others", *EFFECT], 5, n=["n", "n_yes", "n_no"], within=["feature"])
    assert hidden.effect.isna().tolist() == [True, False, False, True] and hidden.n_yes.isna().tolist() == [True, False, False, True]


def test_unrelated_features_are_rarely_called_different(monkeypatch):
    monkeypatch.setattr(gc, "collect", lambda: 0)  # Holm's calls take longer than everything else
    monkeypatch.setattr(module, "by_construction", lambda rows, cluster_on: set())
    wrong = [bool(differences(*customers(400, 100 + each)[:2], [], customers(1, 0)[2], 1).differs.any()) for each in range(40)]
    assert sum(wrong) <= 6  # 2 are expected at most; more than 6 have a probability below 1 %


@pytest.mark.parametrize("true", [(0.1, 0.1), (0.1, 0.3)])
def test_intervals_cover_what_is_true(true):
    rng, codes, hits = np.random.default_rng(8), np.repeat([0, 1], [50, 450]), 0
    for _ in range(400):
        found = against_others((rng.random(500) < np.repeat(true, [50, 450])) * 1.0, codes, 2)
        hits += found["low"][0] <= 0.5 + (true[0] - true[1]) / 2 <= found["high"][0]
    assert 0.915 <= hits / 400 <= 0.98
