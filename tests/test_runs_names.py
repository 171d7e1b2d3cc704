"""Who is called what changes no aggregate: customers are pseudonyms made with a secret key, and another key must give the same report."""

import ibis
import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import baselines, behavior, compare, features, kpis, matrix, rules, segments, studies, targets, verdicts
from segkit.compare import bootstrap
from segkit.kpis import acquisition
from segkit.sources.dataset import Reading
from segkit.sources.use_cases import UseCase
from segkit.studies import Hypothesis
from segkit.tables import STAGES

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
    Hypothesis(name="few", kpi="revenue", test="top_share", top=1, at_least=0.4),
    Hypothesis(name="order", kpi="orders", test="ordering"),
    Hypothesis(name="mail", kpi="conversion", test="lift"),
]
USE_CASES = tuple(
    UseCase.model_validate({"name": name, "actor": "somebody", "goal": "Something.", "pattern": pattern})
    for name, pattern in {
        "look_and_buy": {"within_days": 60, "steps": [{"channel": "ads"}, {"order": "any"}]},
        "both": {"ordered": False, "within_days": 200, "steps": [{"feature": "x"}, {"category": "a"}]},
    }.items()
)
WINDOW = studies.window("auto", 60, pd.Timestamp("2025-01-01").to_pydatetime(), pd.Timestamp("2025-08-31").to_pydatetime())


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    """A shop where many customers are alike to the last column: days without a time, two prices; what they do later differs."""
    rng = np.random.default_rng(2)
    orders = pd.DataFrame({"customer_id": rng.choice(N, 3 * N)})
    orders["ordered_at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.choice([3, 40, 41, 100, 170, 200, 230], 3 * N), unit="D")
    orders["amount"] = rng.choice([0.1, 7.35, 1234.56], 3 * N, p=[0.5, 0.4, 0.1])
    orders["order_id"] = np.arange(3 * N).astype(str)
    orders["category"] = orders.amount.map({0.1: "a", 7.35: "b", 1234.56: "a"})
    orders["channel"] = np.where(orders.ordered_at < "2025-03-01", "web", "app")
    customers = pd.DataFrame({"customer_id": np.arange(N), "likes_it": rng.random(N) < 0.3, "rating": rng.choice([0.1, 0.2, np.nan], N)})
    events = pd.DataFrame({"customer_id": rng.choice(N, N), "feature": rng.choice(["x", "y"], N, p=[0.9, 0.1]), "duration_seconds": 60})
    events["occurred_at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.choice([5, 60, 199, 220], N), unit="D")
    few = N // 4
    touches = pd.DataFrame({"customer_id": rng.choice(few, few), "channel": rng.choice(["ads", "mail", "call"], few), "cost": 2.35})
    touches["stage"], touches["is_conversion"] = rng.choice(STAGES[:3], few), rng.random(few) < 0.2
    touches["occurred_at"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.choice([2, 50, 120, 150, 220], few), unit="D")
    contacts = pd.DataFrame({"customer_id": np.arange(N), "campaign_id": "spring", "converted": rng.random(N) < 0.3})
    contacts["contacted_at"], contacts["is_control"] = pd.Timestamp("2025-07-10"), rng.random(N) < 0.5
    return {"customers": customers, "orders": orders, "events": events, "touchpoints": touches, "contacts": contacts}


def renamed(world: dict[str, pd.DataFrame], seed: int) -> dict:
    """The same world under other names, and therefore in another order everywhere."""
    names = np.array([f"p{number:04d}" for number in np.random.default_rng(seed).permutation(N)])
    return tables(**{name: rows.assign(customer_id=names[rows.customer_id]) for name, rows in world.items()})


def aggregates(gathered: dict) -> dict[str, str]:
    """Every aggregate of notebooks 02 to 04, as text with all digits."""
    found = {}
    customers = features.customer_features(gathered, WINDOW.as_of, ATTRIBUTES, STAGES, USE_CASES).execute()
    active = customers[customers.is_active].set_index("customer_id")
    glossary = features.glossary(gathered, ATTRIBUTES, "EUR", USE_CASES)
    measures = features.numbers(glossary)
    found["distribution"] = behavior.distribution(active, measures)
    found["histogram"] = behavior.histogram(active, list(measures.feature))
    found["concentration"] = behavior.concentration(active, "spend")
    found["monthly"], found["cohorts"] = behavior.monthly(gathered, WINDOW.as_of), behavior.cohorts(gathered, WINDOW.as_of)
    found |= {"score_bins": behavior.score_bins(active), "rfm": behavior.rfm(active), "classes": behavior.classes(active, glossary)}
    found |= {"mix": behavior.mix(gathered, WINDOW.as_of, "category"), "clock": behavior.clock(gathered, WINDOW.as_of)}
    found["seasons"], found["pairs"] = behavior.seasons(found["monthly"]), behavior.correlations(active, list(measures.feature))
    found["redundant"] = behavior.redundant(found["pairs"], CLUSTER_ON)
    for name in ("usage_grid", "frequency_tiers", "engagement_levels", "user_statuses", "usage_decline"):
        found[name] = getattr(behavior, name)(customers)
    for name in ("user_status_by_month", "feature_engagement", "feature_adoption", "stickiness"):
        found[name] = getattr(behavior, name)(gathered, WINDOW.as_of)
    found["funnel"], found["time_in_stage"] = (make(gathered, WINDOW.as_of, STAGES) for make in (behavior.funnel, behavior.time_in_stage))
    journeys = behavior.journeys(gathered, WINDOW.as_of, STAGES)
    found |= {"transitions": behavior.transitions(journeys), "paths": behavior.typical_paths(journeys)}
    found |= {"attribution": behavior.attribution(journeys, 7, 20), "channels": behavior.channel_mix(gathered, WINDOW.as_of, STAGES)}
    found["upsell"] = behavior.upsell(gathered, WINDOW.as_of, STAGES)
    performed = behavior.performed(gathered, WINDOW.as_of, USE_CASES)
    found["use_cases"] = behavior.use_case_table(gathered, performed, active.reset_index(), USE_CASES)
    found["use_case_overlap"] = behavior.use_case_overlap(gathered, active.reset_index(), USE_CASES)
    found["use_case_coverage"] = behavior.use_case_coverage(gathered, WINDOW.as_of, USE_CASES, 5)

    recipe = matrix.recipe(active, CLUSTER_ON)
    prepared = matrix.prepare(active, recipe)
    methods = ["kmeans", "gmm", "ward"]
    tried = compare.sweep(prepared, methods, 2, 4, 7, 200)
    solution = tried.solutions["kmeans", 3]
    labels = segments.assign(solution, prepared)
    found |= {"recipe": recipe.table(active), "scores": tried.scores, "agreement": compare.agreement(tried.solutions, tried.rows, 3)}
    found["stability"] = compare.trusted(solution, tried.rows, tried.refits)
    found["profiles"] = compare.profiles(active, prepared, labels, dict(zip(glossary.feature, glossary.unit)))
    found["sizes"] = compare.sizes(active, labels)
    found["shapes"], found["gap"] = matrix.shapes(active, prepared, recipe), compare.gap_statistic(tried.rows, 4, 7)
    found["strength"] = compare.prediction_strength(tried.rows, methods, [2, 3, 4], dict.fromkeys([2, 3, 4], "full"), 7)
    found["flow"] = compare.in_steps(compare.flow(tried.solutions, "kmeans", matrix.sample(prepared, 150, 7)), 5)
    found["recruitment"], found["fence"] = compare.recruitment(found["flow"], 3), compare.fence(solution, prepared)
    found["rules"] = rules.rules(matrix.described(active, recipe), labels, 7)
    units = dict(zip(glossary.feature, glossary.unit))
    found["differences"] = compare.differences(active, labels, CLUSTER_ON, units, 7, most=150)
    found["prototypes"] = compare.prototypes(solution, prepared, active[CLUSTER_ON]).drop(columns="customer_id")
    found["baselines"] = compare.beside({"segments": labels, **baselines.rivals(active, labels, 7, CLUSTER_ON)}, tried.rows)

    assigned = (
        rules.everyone(ibis.memtable(customers[["customer_id", "is_active", *CLUSTER_ON]]), recipe, solution)
        .order_by("customer_id")
        .execute()
    )  # as written by 03 and read by 04: in the order of names
    labels = assigned.dropna(subset="segment").set_index("customer_id").segment
    found |= in_the_outcome_window(gathered, customers.set_index("customer_id"), labels)
    return {name: table.to_csv(index=False) for name, table in found.items()} | {"solution": segments.to_text(solution, recipe)}


def in_the_outcome_window(gathered: dict, customers: pd.DataFrame, labels: pd.Series) -> dict[str, pd.DataFrame]:
    """The aggregates of notebook 04, but for forecasts: this world's orders have no pattern (see test_kpis_expectation)."""
    seen = kpis.seen(gathered, WINDOW, labels.index)
    outcomes, names = seen.after, kpis.available(seen.after)
    rivals = baselines.rivals(customers.join(outcomes.add_suffix("_after")), labels, 7, CLUSTER_ON)
    found = {"kpis": kpis.by_segment(labels, outcomes, names), "staying": kpis.staying(labels, outcomes)[0]}
    found["adoption"], found["lifts"] = kpis.adoption(gathered, WINDOW, labels), verdicts.lifts(seen.arms, labels)
    found["velocity"] = acquisition.velocity(gathered, WINDOW, labels, STAGES)
    found["explained"] = verdicts.explained({"segments": labels, **rivals}, outcomes, names)
    found["beyond"] = verdicts.beyond(labels, rivals, outcomes, names)
    found["concentration"] = verdicts.concentration({"segments": labels, **rivals}, seen.before, outcomes, names)
    found["differing"] = targets.differing(labels, outcomes, "revenue")
    found["worth"] = targets.worth(targets.campaign(seen.arms, labels, "spring"), 30, 2, 7)
    found["hypotheses"] = verdicts.evaluate(CLAIMS, labels, rivals, seen)
    assert [name for name, table in found.items() if table.empty] == []
    return found


def test_other_names_give_the_same_aggregates_to_the_last_digit(world, monkeypatch):
    monkeypatch.setattr(bootstrap, "PAIRS", 3)
    monkeypatch.setitem(compare.sweep.__globals__, "EVALUATION_ROWS", 150)
    customers = features.customer_features(renamed(world, 1), WINDOW.as_of, ATTRIBUTES).execute().drop(columns="customer_id")
    assert customers.duplicated(keep=False).sum() > 20, "customers who are alike but for their names"
    first, *others = (aggregates(renamed(world, seed)) for seed in (1, 2, 3))
    assert len(first) >= 40
    for other in others:
        assert {name for name in first if first[name] != other[name]} == set()


def test_the_structure_verdict_does_not_know_names(world):
    found = []
    for seed in (1, 2):
        active = features.customer_features(renamed(world, seed), WINDOW.as_of, ATTRIBUTES).execute().set_index("customer_id")
        active = active[active.is_active]
        found.append(compare.structure(matrix.prepare(active, matrix.recipe(active, CLUSTER_ON)), 7))
    assert found[0] == found[1]
