"""Attributes: numbers and yes/no become features, text is carried along, what is sensitive is kept out unless a study says why."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_features import AS_OF, CUSTOMERS, ORDERS, made, tables

from segkit import features
from segkit.errors import BadInput
from segkit.sources.dataset import Reading

DECLARED = {
    "income": Reading(column="Income", kind="demographic", type="number"),
    "children": Reading(column="Kids", kind="demographic", type="integer"),
    "yummy": Reading(column="Yummy", kind="psychographic", type="boolean"),
    "age": Reading(column="Age", kind="demographic", type="integer", sensitive=True),
    "region": Reading(column="Region", kind="geographic"),
    "born_on": Reading(column="Born", kind="demographic", type="date"),
}
ANSWERS = {
    "customer_id": ["a", "b", "c"],
    "income": [10.5, None, float("inf")],
    "children": pd.array([0, 2, None], dtype="Int64"),
    "yummy": pd.array([True, False, None], dtype="boolean"),
    "age": pd.array([30, 40, 50], dtype="Int64"),
    "region": ["north", None, "south"],
    "born_on": [datetime(1990, 1, 1).date(), None, None],
}
NUMERIC = ["income", "children", "yummy", "age"]


def test_a_survey_has_everyone_in_scope_with_every_attribute():
    found = made(None, DECLARED, customers=ANSWERS)
    assert list(found.index) == ["a", "b", "c"] and found.is_active.all()
    assert list(found.columns) == ["is_active", *DECLARED]
    assert (found[NUMERIC].dtypes == "float64").all()
    assert found.yummy.tolist()[:2] == [1.0, 0.0] and np.isnan(found.yummy["c"])
    assert found.income["a"] == 10.5 and found.income[["b", "c"]].isna().all(), "infinity is missing"
    assert found.region["a"] == "north" and pd.isna(found.region["b"])


def test_a_dataset_without_dates_and_without_a_customer_table_has_whoever_its_tables_name():
    found = made(
        None, contacts={"customer_id": ["b", "a", "b"], "campaign_id": ["x"] * 3, "is_control": [False] * 3, "converted": [True] * 3}
    )
    assert list(found.index) == ["a", "b"] and found.is_active.all()


def test_attributes_are_joined_to_behaviour_and_missing_for_whom_the_customer_table_lacks():
    known = CUSTOMERS | {"income": [1.0, 2.0, 3.0]}
    found = made(AS_OF, {"income": DECLARED["income"]}, customers=known, orders=ORDERS)
    assert list(found.index) == ["a", "b", "n"] and found.income["a"] == 1 and np.isnan(found.income["b"]) and found.n_orders["a"] == 2


def test_a_survey_with_a_sign_up_date_is_still_without_dates():
    found = made(None, customers=CUSTOMERS)
    assert list(found.index) == ["a", "late", "n"] and "tenure_days" not in found
    assert "tenure_days" not in set(features.glossary(["customers"], DECLARED).feature)


@pytest.mark.parametrize("name", ["spend", "is_active", "first_seen_at", "tenure_days"])
def test_an_attribute_that_is_called_like_a_feature_is_refused(name):
    with pytest.raises(BadInput, match=f"an attribute is called {name}\n.*\n  -> give the attribute another name"):
        made(AS_OF, {name: DECLARED["income"]}, customers=CUSTOMERS | {name: [1.0, 2.0, 3.0]}, orders=ORDERS)


def test_a_survey_may_have_an_attribute_called_like_a_feature_of_orders():
    assert made(None, {"spend": DECLARED["income"]}, customers={"customer_id": ["a"], "spend": [3.0]}).spend["a"] == 3


def test_the_glossary_lists_what_can_be_computed_with():
    found = features.glossary(["customers"], DECLARED, "EUR").set_index("feature")
    assert list(found.index) == NUMERIC and (found.table == "customers").all()
    assert found.unit.to_dict() == {"income": "", "children": "", "yummy": "share", "age": ""}
    assert found.meaning["yummy"] == "Psychographic attribute, yes or no." and found.meaning["age"] == "Demographic attribute, sensitive."
    assert list(features.glossary(["orders", "customers"], DECLARED).feature)[-4:] == NUMERIC
    assert (
        list(features.glossary(["contacts"]).columns) == ["feature", "unit", "table", "meaning"] and features.glossary(["contacts"]).empty
    )


@pytest.mark.parametrize(
    ("name", "declared", "said"),
    [
        ("region", DECLARED, "cluster_on names 'region', an attribute of type string\n.*numbers and on yes/no"),
        ("born_on", DECLARED, "an attribute of type date"),
        ("incme", DECLARED, "'incme', which is no feature of this dataset\n  do you mean 'income'"),
        ("tenure_days", DECLARED, "'tenure_days', which is no feature of this dataset"),
        ("spend", {}, "it has none: neither orders, events nor attributes"),
    ],
)
def test_what_cannot_be_clustered_on_is_refused(name, declared, said):
    with pytest.raises(BadInput, match=said):
        features.check_names([name], ["customers"], declared)


def test_numbers_and_answers_can_be_clustered_on():
    features.check_names(NUMERIC, ["customers"], DECLARED)
    features.check_names(["spend", "tenure_days", "income"], tables(orders=ORDERS), DECLARED)


def test_sensitive_attributes_need_a_reason_and_a_reason_needs_them():
    with pytest.raises(BadInput, match="sensitive: age\n.*\n  -> take them out of cluster_on, or give the reason in `sensitive_why`"):
        features.check_sensitive(["income", "age"], DECLARED, " ")
    with pytest.raises(BadInput, match="sensitive_why is given, but cluster_on names nothing sensitive"):
        features.check_sensitive(["income", "spend"], DECLARED, "the law asks for it")
    assert features.check_sensitive(["income", "age"], DECLARED, "the law asks for it") == ["age"]
    assert features.check_sensitive(["income", "spend"], DECLARED, "") == []
