"""Who is called what changes no aggregate: customers are pseudonyms made with a secret key, and another key must give the same report."""

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import behavior, compare, features, kpis, matrix, segments, studies, verdicts
from segkit.compare import bootstrap
from segkit.sources.dataset import Reading
from segkit.studies import Hypothesis

N = 420
CLUSTER_ON = ["n_orders", "spend", "days_since_last_order", "likes_it"]
ATTRIBUTES = {
    "likes_it": Reading(column="l", kind="psychographic", type="boolean"),
    "rating": Reading(column="r", kind="need", type="number"),
}
CLAIMS = [
    Hypothesis(name="stay", kpi="retention", test="spread", at_least=0.1),
    Hypothesis(name="beats", kpi="revenue", test="beats_baseline", baseline="random"),
    Hypothesis(name="baskets", kpi="aov", test="spread", at_least=1),
]
WINDOW = studies.window("auto", 60, pd.Timestamp("2025-01-01").to_pydatetime(), pd.Timestamp("2025-08-31").to_pydatetime())


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    """A shop where many customers are alike to the last column: days without a time, two prices; what they do later differs."""
    rng = np.random.default_rng(2)
    orders = pd.DataFrame({"customer_id": rng.choice(N, 4 * N)})
    orders["ordered_at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.choice([3, 40, 41, 100, 170, 200, 230], 4 * N), unit="D")
    orders["amount"] = rng.choice([0.1, 7.35, 1234.56], 4 * N, p=[0.5, 0.4, 0.1])
    orders["order_id"] = np.arange(4 * N).astype(str)
    customers = pd.DataFrame({"customer_id": np.arange(N), "likes_it": rng.random(N) < 0.3, "rating": rng.choice([0.1, 0.2, np.nan], N)})
    events = pd.DataFrame({"customer_id": rng.choice(N, N), "feature": "x", "duration_seconds": 60})
    events["occurred_at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.choice([5, 60, 199, 220], N), unit="D")
    return {"customers": customers, "orders": orders, "events": events}


def renamed(world: dict[str, pd.DataFrame], seed: int) -> dict:
    """The same world under other names, and therefore in another order everywhere."""
    names = np.array([f"p{number:04d}" for number in np.random.default_rng(seed).permutation(N)])
    return tables(**{name: rows.assign(customer_id=names[rows.customer_id]) for name, rows in world.items()})


def aggregates(gathered: dict) -> dict[str, str]:
    """Every aggregate of notebooks 02 to 04, as text with all digits."""
    found = {}
    customers = features.customer_features(gathered, WINDOW.as_of, ATTRIBUTES).execute()
    active = customers[customers.is_active].set_index("customer_id")
    glossary = features.glossary(gathered, ATTRIBUTES, "EUR")
    found["distribution"] = behavior.distribution(active, glossary)
    found["histogram"] = behavior.histogram(active, list(glossary.feature))
    found["concentration"] = behavior.concentration(active, "spend")
    found["monthly"], found["cohorts"] = behavior.monthly(gathered, WINDOW.as_of), behavior.cohorts(gathered, WINDOW.as_of)
    found["usage_grid"] = behavior.usage_grid(active)

    recipe = matrix.recipe(active, CLUSTER_ON)
    prepared = matrix.prepare(active, recipe)
    tried = compare.sweep(prepared, ["kmeans", "gmm", "ward"], 3, 3, 7, 200)
    solution = tried.solutions["kmeans", 3]
    labels = segments.assign(solution, prepared)
    found |= {"recipe": recipe.table(active), "scores": tried.scores, "agreement": compare.agreement(tried.solutions, tried.rows, 3)}
    found["stability"] = compare.trusted(solution, tried.rows, tried.refits)
    found["profiles"] = compare.profiles(active, prepared, labels, dict(zip(glossary.feature, glossary.unit)))
    found["sizes"] = compare.sizes(active, labels)
    found["baselines"] = compare.beside({"segments": labels, **segments.baselines(active, labels, 7)}, tried.rows)

    assigned = segments.assignments(solution, prepared, customers.customer_id)  # as written by 03 and read by 04: in the order of names
    labels = assigned.dropna(subset="segment").set_index("customer_id").segment
    outcomes = kpis.outcomes(gathered, WINDOW, labels.index)
    rivals = segments.baselines(customers.set_index("customer_id").join(outcomes.add_suffix("_after")), labels, 7)
    names = kpis.available(gathered, WINDOW)
    found["kpis"] = kpis.by_segment(labels, outcomes, names)
    found["explained"] = verdicts.explained({"segments": labels, **rivals}, outcomes, names)
    found["hypotheses"] = verdicts.evaluate(CLAIMS, labels, rivals, outcomes)
    return {name: table.to_csv(index=False) for name, table in found.items()} | {"solution": segments.to_text(solution, recipe)}


def test_other_names_give_the_same_aggregates_to_the_last_digit(world, monkeypatch):
    monkeypatch.setattr(bootstrap, "PAIRS", 3)
    monkeypatch.setitem(compare.sweep.__globals__, "EVALUATION_ROWS", 150)
    customers = features.customer_features(renamed(world, 1), WINDOW.as_of, ATTRIBUTES).execute().drop(columns="customer_id")
    assert customers.duplicated().sum() > 20, "customers who are alike but for their names"
    first, *others = (aggregates(renamed(world, seed)) for seed in (1, 2, 3))
    assert len(first) == 17
    for other in others:
        assert {name for name in first if first[name] != other[name]} == set()


def test_the_structure_verdict_does_not_know_names(world):
    found = []
    for seed in (1, 2):
        active = features.customer_features(renamed(world, seed), WINDOW.as_of, ATTRIBUTES).execute().set_index("customer_id")
        active = active[active.is_active]
        found.append(compare.structure(matrix.prepare(active, matrix.recipe(active, CLUSTER_ON)), 7))
    assert found[0] == found[1]
