"""Buying in aggregates: bins, names, classes, mix, hours and seasons, counted by hand."""

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, made, tables
from test_features_orders import FULL
from test_features_rfm import orders

from segkit import behavior, features
from segkit.sources.reading import Reading


@pytest.fixture(scope="module")
def buyers() -> pd.DataFrame:
    return made(orders=orders([1] * 6 + [2] * 3 + [9], [10.0] * 5 + [20.0] * 5), customers={"customer_id": ["quiet"]})


def test_bins_that_ties_leave_are_reported_with_where_they_begin(buyers):
    found = behavior.score_bins(buyers)
    frequency = found[found.score == "frequency"]
    assert frequency.bin.tolist() == [2, 4, 5] and frequency.n.tolist() == [6, 3, 1] and frequency.share.sum() == pytest.approx(1)
    assert np.isnan(frequency.begins.iloc[0]) and frequency.begins.tolist()[1:] == [2, 9], "the least of all is a person's"
    assert found[found.score == "recency"].n.sum() == 10
    assert behavior.score_bins(pd.DataFrame({"n_events": [1]})).empty


def test_names_hold_all_buyers_all_codes_and_all_spend(buyers):
    found = behavior.rfm(buyers)
    assert (found.codes.sum(), found.n.sum(), round(found.share.sum(), 9), round(found.spend_share.sum(), 9)) == (125, 10, 1, 1)
    assert behavior.rfm(pd.DataFrame({"n_events": [1]})).empty


def test_rare_words_are_one_level_and_what_is_not_known_is_another():
    words = ["north"] * 150 + ["south"] * 45 + ["mars", "venus"] + [None] * 3
    glossary = pd.DataFrame({"feature": ["region", "age"], "unit": ["class", "years"]})
    found = behavior.classes(pd.DataFrame({"region": words, "age": range(200)}), glossary)
    assert found.level.tolist() == ["north", "south", "not known", "other"] and found.n.tolist() == [150, 45, 3, 2]
    assert found.share.tolist() == [0.75, 0.225, 0.015, 0.01] and (found.total == 200).all()
    north = found.iloc[0]
    from statsmodels.stats.proportion import proportion_confint

    assert (north.low, north.high) == pytest.approx(proportion_confint(150, 200, method="wilson"))


def test_levels_with_an_order_keep_it_and_their_words():
    bands = {"band": Reading(column="b", kind="need", ordered=["low", "middle", "high"])}
    customers = pd.DataFrame({"band": [3.0] * 6 + [1.0] * 2 + [np.nan]})
    found = behavior.classes(customers, features.glossary(["customers"], bands), bands)
    assert found.level.tolist() == ["low", "high", "not known"] and found.n.tolist() == [2, 6, 1]


def test_a_mix_counts_customers_orders_and_money():
    found = behavior.mix(tables(orders=FULL), AS_OF, "category").set_index("level")
    assert found.n.to_dict() == {"x": 3, "y": 2, "z": 1} and found.orders.to_dict() == {"x": 5, "y": 2, "z": 1}
    assert found.revenue.to_dict() == {"x": 22.5, "y": -2.0, "z": 0.0} and found.share.sum() == pytest.approx(1)
    assert behavior.mix(tables(orders=FULL), AS_OF, "colour").empty and behavior.mix({}, None, "channel").empty


def test_beyond_the_twentieth_category_is_other():
    n = 300
    rows = {"customer_id": ["a"] * n, "order_id": [str(at) for at in range(n)], "amount": range(1, n + 1), "ordered_at": ["2025-01-01"] * n}
    found = behavior.mix(tables(orders=rows | {"category": [f"'{at}'" for at in range(n)]}), AS_OF, "category")
    assert len(found) == 21 and found.level.iloc[0] == "other" and found.level.iloc[1] == "'299'" and found.orders.iloc[0] == 280


def test_the_clock_counts_orders_by_weekday_and_quarter_of_the_day():
    found = behavior.clock(tables(orders=FULL), AS_OF)
    seen = found[found.orders > 0].set_index(["day", "part"]).orders.to_dict()
    assert seen == {("Sat", "evening"): 1, ("Sat", "morning"): 2, ("Thu", "night"): 1, ("Fri", "night"): 1}
    assert len(found) == 28 and found.share.sum() == 1 and found.n.max() == 2
    dates = FULL | {"ordered_at": ["2025-01-02"] * 9}
    assert behavior.clock(tables(orders=dates), AS_OF).empty, "dates have no hour"


def test_a_season_is_a_month_over_its_year():
    months = pd.period_range("2023-02", "2025-02", freq="M").astype(str)
    monthly = pd.DataFrame({"month": months, "n": 10, "revenue": 100.0, "complete": [*[True] * 24, False]})
    monthly.loc[monthly.month.str.endswith("-12"), "revenue"] = 200.0
    found = behavior.seasons(monthly).set_index("month")
    assert (found.years == 2).all() and found.value[12] == pytest.approx(200 / (1300 / 12)) and found.n[12] == 20
    assert behavior.seasons(monthly.iloc[:11]).empty and behavior.seasons(monthly.drop(index=20)).empty, "a month is missing"
    assert behavior.seasons(pd.DataFrame(columns=["month", "n", "complete"])).empty


def test_features_that_say_the_same_are_found_and_one_of_them_is_named():
    rng = np.random.default_rng(1)
    spend = rng.lognormal(3, 1, 400)
    customers = pd.DataFrame({"spend": spend, "items": spend * rng.uniform(0.9, 1.1, 400), "noise": rng.normal(size=400), "same": 1.0})
    customers.loc[:9, "noise"] = np.nan
    pairs = behavior.correlations(customers, list(customers))
    assert pairs[["feature", "other"]].to_numpy().tolist() == [["spend", "items"], ["spend", "noise"], ["items", "noise"]]
    assert pairs.n.tolist() == [400, 390, 390]
    from scipy.stats import spearmanr

    assert pairs.value.tolist() == pytest.approx(
        [spearmanr(customers[a], customers[b], nan_policy="omit").statistic for a, b in pairs[["feature", "other"]].to_numpy()]
    )
    found = behavior.redundant(pairs, ["spend"])
    assert found["drop"].tolist() == ["items"] and behavior.redundant(pairs, ["items"])["drop"].tolist() == ["spend"]
    assert behavior.redundant(pairs.iloc[1:], []).empty


def test_the_interval_of_a_rank_correlation_covers_the_truth():
    """Normal pairs with r = .5 have a rank correlation of 6/pi asin(.25) = .4826."""
    rng, inside = np.random.default_rng(2), 0
    for _ in range(400):
        a = rng.normal(size=80)
        pair = behavior.correlations(pd.DataFrame({"a": a, "b": 0.5 * a + np.sqrt(0.75) * rng.normal(size=80)}), ["a", "b"]).iloc[0]
        inside += pair.low <= 6 / np.pi * np.arcsin(0.25) <= pair.high
    assert 0.92 <= inside / 400 <= 0.98


def test_many_customers_are_looked_at_in_a_sample_that_the_order_of_rows_does_not_change():
    rng = np.random.default_rng(3)
    customers = pd.DataFrame(rng.normal(size=(12_000, 3)), columns=list("abc"))
    found = [behavior.correlations(customers.sample(frac=1, random_state=seed), list("abc")) for seed in (1, 2)]
    assert found[0].equals(found[1]) and (found[0].n == 5000).all()


def test_every_class_is_in_the_glossary_with_its_levels(buyers):
    glossary = features.glossary(["orders"])
    words = set(glossary.feature[glossary.unit == "class"])
    assert {"buyer_type", "rfm_name", "buyer_class", "first_order_channel"} == words
    found = behavior.classes(buyers, glossary)
    assert set(found.feature) == words - {"first_order_channel"}
