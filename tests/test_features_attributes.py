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
BANDS = {"band": Reading(column="Band", kind="demographic", ordered=["18-29", "30-44", "45+"], missing_informs=True)}


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
    assert list(found.index) == [*NUMERIC, "region"] and (found.table == "customers").all()
    assert found.unit.to_dict() == {"income": "", "children": "", "yummy": "yes/no", "age": "", "region": "class"}
    assert found.meaning["yummy"] == "Psychographic attribute, yes or no." and found.meaning["age"] == "Demographic attribute, sensitive."
    assert list(features.glossary(["orders", "customers"], DECLARED).feature)[-5:] == [*NUMERIC, "region"]
    assert list(features.numbers(features.glossary(["customers"], DECLARED)).feature) == NUMERIC
    assert (
        list(features.glossary(["contacts"]).columns) == ["feature", "unit", "table", "meaning"] and features.glossary(["contacts"]).empty
    )


@pytest.mark.parametrize(
    ("name", "declared", "said"),
    [
        (
            "born_on",
            DECLARED,
            "cluster_on names 'born_on', an attribute of type date\n  customers are clustered on numbers, yes/no answers and words",
        ),
        ("incme", DECLARED, "'incme', which is no feature of this dataset\n  do you mean 'income'"),
        ("tenure_days", DECLARED, "'tenure_days', which needs the table orders or events\n  this dataset has customers"),
        ("spend", {}, "'spend', which needs the table orders\n  this dataset has customers\n"),
        ("colour", {}, "it has none: neither orders, events nor attributes"),
    ],
)
def test_what_cannot_be_clustered_on_is_refused(name, declared, said):
    with pytest.raises(BadInput, match=said):
        features.check_names([name], ["customers"], declared)


def test_numbers_answers_and_words_can_be_clustered_on():
    features.check_names([*NUMERIC, "region"], ["customers"], DECLARED)
    features.check_names(["spend", "tenure_days", "income"], tables(orders=ORDERS), DECLARED)


def test_sensitive_attributes_need_a_reason_and_a_reason_needs_them():
    with pytest.raises(BadInput, match="sensitive: age\n.*\n  -> take them out of cluster_on, or give the reason in `sensitive_why`"):
        features.check_sensitive(["income", "age"], DECLARED, " ")
    with pytest.raises(BadInput, match="sensitive_why is given, but cluster_on names nothing sensitive"):
        features.check_sensitive(["income", "spend"], DECLARED, "the law asks for it")
    assert features.check_sensitive(["income", "age"], DECLARED, "the law asks for it") == ["age"]
    assert features.check_sensitive(["income", "spend"], DECLARED, "") == []


def test_ordered_levels_become_places_and_being_known_a_feature():
    found = made(None, BANDS, customers={"customer_id": list("abcd"), "band": ["45+", "18-29", None, "of age"]})
    assert found.band.tolist()[:2] == [3.0, 1.0] and found.band[["c", "d"]].isna().all(), "a level that is not in the order is missing"
    assert found.band_known.tolist() == [1, 1, 0, 0]
    glossary = features.glossary(["customers"], BANDS).set_index("feature")
    assert glossary.unit.to_dict() == {"band": "level", "band_known": "yes/no"}
    assert glossary.meaning["band"] == "Demographic attribute: 1 is 18-29, 3 is 45+."
    features.check_names(["band", "band_known"], ["customers"], BANDS)


def test_being_known_counts_for_customers_the_table_lacks_and_is_as_sensitive_as_the_attribute():
    rows = CUSTOMERS | {"band": ["45+", None, "18-29"]}
    found = made(AS_OF, BANDS, customers=rows, orders=ORDERS)
    assert found.band_known.to_dict() == {"a": 1, "b": 0, "n": 0}
    secret = {"band": BANDS["band"].model_copy(update={"sensitive": True})}
    with pytest.raises(BadInput, match="sensitive: band_known"):
        features.check_sensitive(["band_known"], secret, "")


def test_two_attributes_cannot_share_the_name_of_being_known():
    both = BANDS | {"band_known": Reading(column="x", kind="need", type="boolean")}
    with pytest.raises(BadInput, match="an attribute is called band_known"):
        made(None, both, customers={"customer_id": ["a"], "band": ["45+"], "band_known": [True]})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"ordered": ["low"]}, "two levels or more"),
        ({"ordered": ["low", "low"]}, "each once"),
        ({"ordered": ["1", "2"], "type": "integer"}, "the type is integer"),
    ],
)
def test_an_order_of_levels_that_is_none_is_refused(keys, said):
    with pytest.raises(ValueError, match=said):
        Reading(column="x", kind="need", **keys)
