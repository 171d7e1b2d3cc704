"""Features as no textbook has them, taken through everything notebook 03 does: an answer or one clear message, never a traceback."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segkit import baselines, compare, figures, matrix, prose, rules, segments
from segkit.compare import bootstrap, cuts, halves, indices, memory, verdict
from segkit.errors import BadInput

METHODS = ["kmeans", "gmm", "ward"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Fewer draws and refits: here it only matters that there is an answer."""
    for module, name, few in ((bootstrap, "PAIRS", 2), (cuts, "PAIRS", 2), (verdict, "DRAWS", 5), (halves, "SPLITS", 2)):
        monkeypatch.setattr(module, name, few)


def page(features: pd.DataFrame, k_min: int = 2, k_max: int = 4, methods: list[str] = METHODS, chosen_k: int = 0, **choices) -> dict:
    """What notebook 03 makes of features, without the shelf."""
    columns, ks = list(features), list(range(k_min, k_max + 1))
    recipe = matrix.recipe(features, columns, **choices)
    prepared = matrix.prepare(features, recipe)
    assert np.isfinite(prepared.to_numpy()).all() and len(figures.shapes(matrix.shapes(features, prepared, recipe)).alt)
    found = compare.structure(prepared, 7)
    tried = compare.sweep(prepared, methods, k_min, k_max, 7, 500)
    best = compare.recommend(tried.scores, found.verdict, found.k)
    method, k = compare.choose(tried.scores, found.verdict, found.k, "auto", chosen_k)
    solution = tried.solutions[method, k]
    labels = segments.assign(solution, prepared)
    kinds = {at: tried.solutions["gmm", at].covariances for at in ks if "gmm" in methods}
    flows = compare.in_steps(compare.flow(tried.solutions, method, prepared), 5)
    profile = compare.profiles(matrix.described(features, recipe), prepared, labels, {})
    everyone = rules.everyone(ibis.memtable(features.rename_axis("customer_id").reset_index().assign(is_active=True)), recipe, solution)
    assert (everyone.execute().set_index("customer_id").segment[labels.index] == labels).all()
    said = [
        prose.adequacy(*prepared.shape),
        prose.structure(found, recipe),
        prose.recommendation(best),
        prose.choice(method, k, best, ""),
        prose.how_many(compare.gap_statistic(tried.rows, k_max, 7), compare.prediction_strength(tried.rows, methods, ks, kinds, 7)),
        prose.mixtures(tried.mixtures) if len(tried.mixtures) else "",
        prose.agreement(compare.agreement(tried.solutions, tried.rows, k, best.ties), k),
        prose.trust(compare.trusted(solution, tried.rows, tried.refits, k)),
        prose.flow(compare.recruitment(flows, k)),
        prose.fence(compare.fence(solution, prepared)),
        prose.segments(profile),
        prose.rules(rules.rules(matrix.described(features, recipe), labels, 7)),
        prose.differences(compare.differences(features, labels, columns, {}, 7)),
    ]
    pictures = [
        figures.structure(found),
        figures.scores(tried.scores, method, k),
        figures.stability(compare.trusted(solution, tried.rows, tried.refits, k)),
        figures.flow(flows, k),
        figures.profiles(profile),
        figures.agreement(compare.agreement(tried.solutions, tried.rows, k, best.ties)),
        *(figures.tree(tree, name, k, k_max) for name, tree in tried.trees.items()),
    ]
    for picture in pictures:
        assert picture._repr_mimebundle_()[0]["image/png"]
    compare.beside({"segments": labels, **baselines.rivals(features, labels, 7, columns)}, tried.rows)
    assert len(compare.prototypes(solution, prepared, features)) >= solution.k
    return {"found": found, "tried": tried, "best": best, "k": k, "labels": labels, "said": " ".join(said)}


def numbers(seed: int = 1, n: int = 300, columns: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = {f"f{at}": rng.normal(size=n) for at in range(columns)}
    return pd.DataFrame(made, index=pd.Index([f"c{i:04d}" for i in range(n)], name="customer_id"))


def test_a_column_with_one_value_for_more_than_half_the_customers():
    features = numbers().assign(returns=np.r_[np.zeros(220), np.arange(80)])
    made = page(features, scaling="robust", winsorise=0.05)
    assert made["found"].verdict != "natural" and made["k"] >= 2


def test_all_columns_yes_or_no():
    rng = np.random.default_rng(2)
    made = page(numbers(columns=6).gt(0.4).astype(float) * rng.integers(1, 2, (300, 1)))
    assert made["found"].verdict in ("none", "reproducible") and made["k"] >= 2


def test_a_feature_that_is_zero_by_definition_is_named_and_no_gap():
    rng = np.random.default_rng(3)
    once = rng.random(400) < 0.5
    features = numbers(3, 400).assign(span=np.where(once, 0.0, rng.gamma(3, 30, 400)), extra=np.where(once, 0.0, rng.gamma(2, 9, 400)))
    made = page(features)
    assert made["found"].verdict != "natural"
    assert not made["found"].definitions or "which is a definition and no finding" in made["said"]


def test_fewer_customers_than_segments_asked_for():
    made = page(numbers(n=6), k_max=8)
    assert "should not be used" in made["said"] and "Nothing to test: 6 rows" in made["said"]


def test_duplicate_customers_only():
    features = pd.concat([numbers(n=3)] * 50).set_axis([f"c{i:03d}" for i in range(150)]).rename_axis("customer_id")
    made = page(features)
    assert made["labels"].nunique() <= 3 and made["found"].verdict != "natural"
    with pytest.raises(BadInput, match="all customers are identical"):
        page(pd.concat([numbers(n=1)] * 50).set_axis(range(50)))


def test_a_constant_or_an_empty_feature_is_refused_by_name():
    with pytest.raises(BadInput, match="cluster_on: plan: the same for everyone\n  300 active customers"):
        page(numbers().assign(plan=3.0))
    with pytest.raises(BadInput, match="cluster_on: plan is empty\n  for all 300"):
        page(numbers().assign(plan=np.nan))


def test_perfectly_collinear_features_break_no_mixture():
    features = numbers()
    made = page(features.assign(double=2 * features.f0, sum=features.f0 + features.f1))
    assert made["tried"].mixtures.bic.notna().all()


def test_one_giant_makes_no_segment_of_its_own():
    features = numbers()
    features.iloc[0] = 1e12
    made = page(features)
    assert made["labels"].value_counts().min() >= 30 or "should not be used" in made["said"]
    assert page(features, winsorise=0.01)["labels"].value_counts().min() >= 30


def test_one_group_has_no_indices_and_is_no_error():
    made = page(numbers(), k_min=1, k_max=1)
    scores = made["tried"].scores.set_index(["method", "metric"]).value
    assert scores[:, "silhouette"].isna().all() and scores[:, "stability"].isna().all() and made["k"] == 1
    assert set(made["labels"]) == {"S1"} and "nothing to compare" in made["said"]
    assert page(numbers(), k_min=1, k_max=3)["k"] > 1 and page(numbers(), k_min=1, k_max=3, chosen_k=1)["k"] == 1


def test_one_feature():
    assert page(numbers(columns=1))["k"] >= 2


def test_many_features_are_warned_of_with_the_number_of_customers_advised():
    made = page(numbers(columns=60), methods=["kmeans", "ward"], k_max=3)
    assert "Warning: 300 customers are few for 60 columns; 6,000, 100 for each, are advised" in made["said"]
    assert "Warning: 3,000 customers are few for 500 columns; 50,000, 100 for each" in prose.adequacy(3000, 500)
    assert "enough" in prose.adequacy(300, 3)


def test_infinite_values_are_refused():
    with pytest.raises(BadInput, match="f0 holds infinite values\n  1 of 300"):
        page(numbers().assign(f0=lambda t: t.f0.where(t.index != "c0000", np.inf)))


def test_a_segment_that_vanishes_in_a_bootstrap_has_little_overlap_and_breaks_nothing(monkeypatch):
    monkeypatch.setattr(bootstrap, "PAIRS", 10)
    features = numbers(n=200)
    features.iloc[:2] += 60.0
    prepared = matrix.prepare(features, matrix.recipe(features, list(features), {"all": "none"}))
    tried = compare.sweep(prepared, ["kmeans", "ward"], 3, 3, 7, 500)
    own = segments.assign(tried.solutions["ward", 3], tried.rows).to_numpy()
    overlaps = np.array([indices.jaccard(own, refit["ward", 3])[-1] for refit in tried.refits])
    assert overlaps.min() < 0.1 and overlaps.max() == 1, "two customers are drawn in most samples, and in some neither of them is"
    found = compare.trusted(tried.solutions["ward", 3], tried.rows, tried.refits)
    assert found.value.between(0, 1).all() and found.n.min() == 2


def test_what_does_not_fit_into_memory_is_refused_before_the_fit(monkeypatch):
    monkeypatch.setenv("SEGKIT_MEMORY", "1MB")
    with pytest.raises(
        BadInput, match=r"comparing kmeans, gmm, ward on 300 customers and 3 columns needs about 0.\d GB of memory\n  0.0 GB are there"
    ):
        page(numbers())
    monkeypatch.setenv("SEGKIT_MEMORY", "4GB")
    memory.refuse_beyond(5000, 1000, 30, METHODS)
    with pytest.raises(BadInput, match="-> take gmm out of methods, or cluster on fewer features"):
        memory.refuse_beyond(5000, 1000, 500, METHODS)
    with pytest.raises(BadInput, match="-> set max_fit_rows lower"):
        memory.refuse_beyond(30_000, 1000, 5, ["average"])
    monkeypatch.setenv("SEGKIT_MEMORY", "plenty")
    with pytest.raises(BadInput, match="SEGKIT_MEMORY is 'plenty'"):
        memory.allowed()
    monkeypatch.delenv("SEGKIT_MEMORY")
    assert memory.allowed() > 10**8
