"""The contracts of the canonical tables: complete, consistent, and never in two minds about a name."""

import pytest

from segkit import features, kpis
from segkit.features import fold
from segkit.tables import ATTRIBUTE_KINDS, DTYPES, TABLES

DESIGN = {
    "customers": "customer_id signed_up_at? consent_marketing?",
    "orders": "customer_id ordered_at amount order_id? product_id? category? quantity? unit_price? channel? is_return? margin? currency?",
    "events": "customer_id occurred_at feature duration_seconds? session_id?",
    "touchpoints": "customer_id occurred_at stage? channel cost? is_conversion",
    "contacts": "customer_id campaign_id contacted_at? is_control opened? clicked? converted revenue? cost?",
    "feedback": "customer_id given_at csat? nps? topic?",
    "costs": "period_start channel amount",
}


def test_the_tables_have_the_columns_of_the_design():
    assert {
        name: " ".join(column + "?" * (not spec.required) for column, spec in table.columns.items()) for name, table in TABLES.items()
    } == DESIGN


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_type_and_a_meaning_and_every_table_says_what_it_adds(name):
    table = TABLES[name]
    assert table.grain and table.adds and table.time in table.columns
    assert table.columns[table.time].dtype in ("timestamp", "date")
    for column, spec in table.columns.items():
        assert spec.dtype in DTYPES and spec.meaning, column
        assert spec.dtype != "money" or spec.unit == "currency", column
        assert bool(spec.adds) == (not spec.required), (
            f"{column}: what one could know with it is said of optional columns, and of these alone"
        )


def test_only_the_customer_s_id_is_personal_and_money_is_decimal():
    personal = {(name, column) for name, table in TABLES.items() for column, spec in table.columns.items() if spec.personal}
    assert personal == {(name, "customer_id") for name in TABLES if name != "costs"}
    assert DTYPES["money"] == "decimal(18, 4)" and "demographic" in ATTRIBUTE_KINDS


def test_no_kpi_bears_the_name_of_a_feature_so_that_none_can_be_its_own_cause():
    assert not set(kpis.KPIS) & set(features.glossary().feature)
    assert not set(kpis.KPIS) & {name for module in features.MODULES for name in fold.functions(module)}
