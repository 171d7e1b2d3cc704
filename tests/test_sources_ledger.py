"""The ledger by hand: what came in, what each rule took, what is left, in rows, customers, orders and money."""

import ibis
import pandas as pd
import pytest
from ibis import _

from segkit.sources.contract import Step
from segkit.sources.ledger import KEPT, ledger, with_step

RULES = [
    Step("unreadable amount", _.unreadable, "reject", True),
    Step("no customer", _.customer_id.isnull(), "reject", False),
    Step("small", _.amount < 2, "warn", False),
    Step("gift", _.amount == 0, "reject", False),
]


@pytest.fixture
def stepped():
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "a", None, "b", "b", None],
            "order_id": ["1", "1", "2", "3", "4", "5"],
            "amount": [10.0, 1.0, 5.0, 0.0, 7.0, 0.0],
            "unreadable": [False, False, False, False, False, True],
        }
    )
    return with_step(ibis.duckdb.connect().create_table("rows", rows), RULES)


def test_every_row_carries_the_number_of_the_first_rule_that_rejects_it(stepped):
    assert list(stepped.order_by("order_id", _.amount.desc()).step.execute()) == [KEPT, KEPT, 2, 4, KEPT, 1]


def test_the_lines_count_down_in_order_and_a_warning_stands_beside(stepped):
    lines = ledger("orders", stepped, RULES)
    seen = lines[["step", "rule", "rows", "rows_left", "customers_left", "orders_left", "amount_left"]].to_numpy().tolist()
    assert seen == [
        [0, "as delivered", 0, 6, 2, 5, "23.00"],
        [1, "unreadable amount", 1, 5, 2, 4, "23.00"],
        [2, "no customer", 1, 4, 2, 3, "18.00"],
        [3, "small", 1, 2, 2, 2, "17.00"],
        [4, "gift", 1, 3, 2, 2, "18.00"],
    ]


def test_a_built_in_rule_that_finds_nothing_is_not_listed_and_a_declared_one_is(stepped):
    quiet = [Step("unreadable x", _.amount > 100, "reject", True), Step("too much", _.amount > 100, "reject", False)]
    lines = ledger("orders", with_step(stepped.drop("step"), quiet), quiet)
    assert list(lines.rule) == ["as delivered", "too much"] and list(lines.step) == [0, 1] and list(lines.rows) == [0, 0]


def test_a_test_on_a_missing_value_finds_nothing(stepped):
    rule = [Step("starts with a", _.customer_id.startswith("a"), "reject", False)]
    assert ledger("orders", with_step(stepped.drop("step"), rule), rule).rows_left.iloc[-1] == 4


def test_a_table_without_customers_orders_and_money_is_counted_in_rows(stepped):
    lines = ledger("costs", with_step(stepped.select("unreadable"), []), [])
    assert lines.to_dict("records") == [
        {
            "table": "costs",
            "step": 0,
            "rule": "as delivered",
            "severity": "",
            "rows": 0,
            "rows_left": 6,
            "customers_left": None,
            "orders_left": None,
            "amount_left": None,
        }
    ]
