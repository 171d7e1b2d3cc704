"""Baselines: RFM codes, quantiles of the best single feature, random groups; none of them depends on names or on the order of rows."""

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from segkit import baselines


def test_equal_values_get_equal_rfm_scores_and_who_never_ordered_is_apart():
    table = pd.DataFrame(
        {"days_since_last_order": [1, 50, 50, 200, 300, np.nan], "n_orders": [9, 1, 1, 1, 1, 0], "spend": [500.0, 10, 20, 20, 20, 0]},
        index=list("abcdef"),
    )
    codes = baselines.rfm(table)
    assert codes.to_dict() == {"a": "555", "b": "431", "c": "433", "d": "233", "e": "133", "f": "000"} or codes["f"] == "000"
    assert (
        codes["b"][0] == codes["c"][0]
        and len({code[1] for code in codes[["b", "c", "d", "e"]]}) == 1
        and len({code[2] for code in codes[["c", "d", "e"]]}) == 1
    )
    assert codes["a"] == "555" and baselines.rfm(table.sample(frac=1, random_state=1))[codes.index].equals(codes)


def test_when_nobody_ordered_every_rfm_code_is_000():
    table = pd.DataFrame({"days_since_last_order": [np.nan] * 2, "n_orders": [0, 0], "spend": [0.0, 0.0]}, index=list("ab"))
    assert list(baselines.rfm(table)) == ["000", "000"]


def test_random_groups_have_the_same_sizes_and_know_nothing():
    labels = pd.Series(["S1"] * 500 + ["S2"] * 300 + ["S3"] * 200, index=[f"c{i:04d}" for i in range(1000)])
    known = pd.DataFrame({"spend": np.random.default_rng(1).normal(size=1000)}, index=labels.index)
    dealt = baselines.random_like(labels, known, seed=3)
    assert dealt.value_counts().to_dict() == {"S1": 500, "S2": 300, "S3": 200} and dealt.index.equals(labels.index)
    assert abs(adjusted_rand_score(labels, dealt)) < 0.02
    assert baselines.random_like(labels.sample(frac=1, random_state=1), known, 3)[labels.index].equals(dealt)
    assert not baselines.random_like(labels, known, 4).equals(dealt)


def test_random_groups_are_dealt_by_what_is_known_and_not_by_name():
    known = pd.DataFrame({"spend": [1.0, 1.0, 2.0, np.nan] * 5, "region": ["n", None, "s", "s"] * 5, "later": np.arange(20.0)})
    labels = pd.Series(["S1", "S2"] * 10)
    named = [pd.Index([f"c{i:02d}" for i in np.random.default_rng(seed).permutation(20)]) for seed in (1, 2)]
    dealt = [list(baselines.random_like(labels.set_axis(names), known.set_axis(names), 3)) for names in named]
    assert dealt[0] == dealt[1]


def test_baselines_are_rfm_when_there_are_orders_and_random_groups_always():
    labels = pd.Series(["S1", "S2"], index=["a", "b"])
    bought = pd.DataFrame({"days_since_last_order": [1, 2], "n_orders": [1, 2], "spend": [1.0, 2.0]}, index=["a", "b"])
    assert set(baselines.rivals(bought, labels, 1, ["spend"])) == {"rfm", "best_feature", "random"}
    assert set(baselines.rivals(pd.DataFrame({"active_days": [1, 2]}, index=["a", "b"]), labels, 1, ["active_days"])) == {
        "best_feature",
        "random",
    }
    assert set(baselines.rivals(bought[["n_orders"]].assign(plan="x"), labels, 1, ["plan"])) == {"random"}, "a word has no quantiles"


def test_quantiles_are_of_equal_size_ties_share_one_and_the_unknown_are_apart():
    values = pd.Series([5.0, 1, 2, 3, 4, np.nan, 6, 7, 8], index=list("abcdefghi"), name="spend")
    groups = baselines.quantiles(values, 4)
    assert groups.to_dict() == dict(zip("abcdefghi", ["Q3", "Q1", "Q1", "Q2", "Q2", "Q0", "Q3", "Q4", "Q4"]))
    tied = baselines.quantiles(pd.Series([1.0] * 6 + [2.0, 3.0], name="n_orders"), 4)
    assert tied.nunique() == 2 and tied[:6].nunique() == 1


def test_the_best_single_feature_is_the_one_that_says_most_about_the_others():
    rng = np.random.default_rng(2)
    core = rng.normal(size=500)
    known = pd.DataFrame(
        {"aside": rng.normal(size=500), "core": core, "like": core + rng.normal(0, 0.7, 500), "also": core + rng.normal(0, 0.7, 500)}
    )
    found = baselines.best_feature(known, list(known), 4)
    assert found.name == "quantiles of core" and found.value_counts().to_dict() == {f"Q{i}": 125 for i in range(1, 5)}
    shuffled = known.sample(frac=1, random_state=3)
    assert baselines.best_feature(shuffled, list(known), 4)[known.index].equals(found)


def test_explained_variance_is_that_of_an_analysis_of_variance():
    rng = np.random.default_rng(0)
    values, cut = rng.integers(0, 99, 90).astype(float), np.repeat([0, 2, 3], 30)
    between = sum(30 * (values[cut == s].mean() - values.mean()) ** 2 for s in (0, 2, 3))
    assert np.isclose(baselines.explained(values, cut), between / ((values - values.mean()) ** 2).sum())
    assert baselines.explained(np.array([2.0, 2.0]), np.array([0, 1])) == 0
    assert baselines.doubled_ranks(pd.Series([5.0, np.nan, 1, 5])).tolist() == [5, 0, 2, 5]
