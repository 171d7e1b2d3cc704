"""Behaviour in aggregates: counted by hand on a handful of customers."""

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, EVENTS, ORDERS, tables

from segkit import behavior


def test_the_distribution_counts_the_missing_and_gives_no_minimum_or_maximum():
    customers = pd.DataFrame({"spend": [1.0, 2.0, 3.0, np.nan]})
    found = behavior.distribution(customers, pd.DataFrame({"feature": ["spend"], "unit": ["GBP"]})).iloc[0]
    assert (found.n, found.n_missing, found["mean"], found["median"], found.p25) == (3, 1, 2.0, 2.0, 1.5)
    assert found.high - found["mean"] == pytest.approx(1.96 / np.sqrt(3)) and not {"min", "max"} & set(found.index)


def test_the_histogram_counts_everybody_and_ends_at_the_first_and_last_percentile():
    values = np.r_[np.arange(1000.0), 1e6]
    found = behavior.histogram(pd.DataFrame({"spend": values, "days": values[::-1] * 0 + 3}), ["spend", "days"])
    spend, days = found[found.feature == "spend"], found[found.feature == "days"]
    assert spend.n.sum() == days.n.sum() == 1001 and spend.log.all() and not days.log.any()
    assert spend.right.max() == pytest.approx(np.quantile(values, 0.99)) and len(spend) == 16
    assert np.allclose(spend.left.iloc[1:], spend.right.iloc[:-1])


def test_of_yes_no_answers_the_share_of_yes_says_it_all_and_whole_numbers_get_a_bin_each():
    answers = pd.DataFrame({"yummy": [1.0, 0, 0, 1, 1, np.nan] * 20, "liking": [-5.0, -5, 0, 3, 5, 5] * 20})
    found = behavior.distribution(answers, pd.DataFrame({"feature": list(answers), "unit": ["yes/no", ""]})).set_index("feature")
    assert found["mean"]["yummy"] == 0.6 and found.n_missing["yummy"] == 20 and found.loc["yummy", list(behavior.QUANTILES)].isna().all()
    assert found["median"]["liking"] == 1.5
    histogram = behavior.histogram(answers, list(answers)).groupby("feature")
    assert histogram.get_group("yummy")[["left", "right", "n"]].to_numpy().tolist() == [[-0.5, 0.5, 40], [0.5, 1.5, 60]]
    liking = histogram.get_group("liking")
    assert len(liking) == 11 and liking.n.tolist() == [40, 0, 0, 0, 0, 20, 0, 0, 20, 0, 40] and not liking.log.any()


def test_data_without_dates_have_no_months_and_no_cohorts():
    survey = tables(customers={"customer_id": ["a"]})
    assert behavior.monthly(survey, None).empty and list(behavior.monthly(survey, None).columns) == ["month", "n", "complete"]
    assert behavior.cohorts(survey, None).empty and list(behavior.cohorts(survey, None).columns)[:3] == ["cohort", "month", "n"]


def test_the_order_of_customers_changes_no_digit_of_a_distribution():
    customers = pd.DataFrame({"spend": np.random.default_rng(1).lognormal(3, 2, 500)})
    glossary = pd.DataFrame({"feature": ["spend"], "unit": ["GBP"]})
    assert len({behavior.distribution(customers.sample(frac=1, random_state=seed), glossary).to_csv() for seed in range(8)}) == 1


def test_a_feature_nobody_has_does_not_stop_the_histogram():
    found = behavior.histogram(pd.DataFrame({"minutes": [None, None]}, dtype="float64"), ["minutes"])
    assert found.n.sum() == 0


def test_concentration_is_the_share_of_the_top_customers_with_everybody_in_the_denominator():
    found = behavior.concentration(pd.DataFrame({"spend": [70.0, 10, 10, 10, 0, 0, 0, 0, 0, np.nan]}), "spend").set_index("top")
    assert (found.n[0.1], found.share[0.1], found.n[0.2], found.share[0.2], found.share[1.0]) == (1, 0.7, 2, 0.8, 1.0)
    assert behavior.concentration(pd.DataFrame({"x": [1]}), "spend").empty


def test_months_count_each_customer_once_and_only_what_was_before_as_of():
    found = behavior.monthly(tables(orders=ORDERS, events=EVENTS), AS_OF)
    assert found.to_dict("records") == [{"month": "2025-01", "n": 3, "orders": 3, "revenue": 10.3, "complete": True}]
    cut_short = behavior.monthly(tables(orders=ORDERS, events=EVENTS), pd.Timestamp("2025-01-31").to_pydatetime())
    assert not cut_short.complete.any()


def test_cohorts_show_only_months_that_ended_before_as_of():
    events = {
        "customer_id": list("aaabbc"),
        "feature": ["x"] * 6,
        "occurred_at": ["2025-01-05", "2025-02-05", "2025-03-05", "2025-01-31 23:59", "2025-03-31", "2025-03-01"],
    }
    found = behavior.cohorts(tables(events=events), pd.Timestamp("2025-03-15").to_pydatetime())
    assert found[["cohort", "month", "n", "value"]].to_numpy().tolist() == [["2025-01", 0, 2, 1.0], ["2025-01", 1, 2, 0.5]]
    later = behavior.cohorts(tables(events=events), pd.Timestamp("2025-04-01").to_pydatetime())
    assert later[["cohort", "month", "n", "value"]].to_numpy().tolist()[2:] == [["2025-01", 2, 2, 1.0], ["2025-03", 0, 1, 1.0]]
    assert ((later.low <= later.value) & (later.value <= later.high)).all()


def test_without_a_whole_month_there_are_columns_and_no_cohort():
    found = behavior.cohorts(tables(orders=ORDERS), pd.Timestamp("2025-01-20").to_pydatetime())
    assert found.empty and list(found.columns) == ["cohort", "month", "n", "value", "low", "high"]
