"""The ledger by hand: what came in, what each rule took, what is left, in rows, customers, orders and money."""

import ibis
import pandas as pd
import pytest

from segkit.sources.contract import Step
from segkit.sources.ledger import KEPT, ledger, with_step

STEPS = [
    Step("unreadable amount", "unreadable", "reject", True),
    Step("no customer", "nobody", "reject", False),
    Step("small", "small", "warn", False),
    Step("gift", "gift", "reject", False),
]


@pytest.fixture
def staged():
    rows = pd.DataFrame(
        {
            "customer_id": ["a", "a", None, "b", "b", None],
            "order_id": ["1", "1", "2", "3", "4", "5"],
            "amount": [10.0, 1.0, 5.0, 0.0, 7.0, 0.0],
            "unreadable": [False, False, False, False, False, True],
            "never": False,
            "segkit_input": [0, 0, 0, 1, 1, 1],
        }
    )
    table = ibis.duckdb.connect().create_table("rows", rows)
    return table.mutate(nobody=table.customer_id.isnull(), small=table.amount < 2, gift=table.amount == 0)


def test_every_row_carries_the_number_of_the_first_rule_that_rejects_it(staged):
    stepped = with_step(staged, STEPS)
    assert list(stepped.order_by("order_id", stepped.amount.desc()).segkit_step.execute()) == [KEPT, KEPT, 2, 4, KEPT, 1]


def test_the_lines_count_down_in_order_and_a_warning_stands_beside(staged):
    lines = ledger("orders", with_step(staged, STEPS), STEPS, ["all.csv"])
    seen = lines[["step", "rule", "rows", "rows_left", "customers_left", "orders_left", "amount_left"]].to_numpy().tolist()
    assert seen == [
        [0, "as delivered", 0, 6, 2, 5, "23.00"],
        [1, "unreadable amount", 1, 5, 2, 4, "23.00"],
        [2, "no customer", 1, 4, 2, 3, "18.00"],
        [3, "small", 1, 2, 2, 2, "17.00"],
        [4, "gift", 1, 3, 2, 2, "18.00"],
    ]


def test_several_inputs_have_a_line_each_before_the_first(staged):
    lines = ledger("orders", with_step(staged, STEPS), STEPS, ["one.csv", "two.csv", "three.csv"])
    seen = (
        lines[["step", "rule", "severity", "rows", "rows_left", "customers_left", "orders_left", "amount_left"]].head(4).to_numpy().tolist()
    )
    assert seen == [
        [0, "delivered: one.csv", "input", 0, 3, 1, 2, "16.00"],
        [0, "delivered: two.csv", "input", 0, 3, 1, 3, "7.00"],
        [0, "delivered: three.csv", "input", 0, 0, 0, 0, "0.00"],
        [0, "as delivered", "", 0, 6, 2, 5, "23.00"],
    ]


def test_a_built_in_rule_that_finds_nothing_is_not_listed_and_a_declared_one_is(staged):
    quiet = [Step("unreadable x", "never", "reject", True), Step("too much", "never", "reject", False)]
    lines = ledger("orders", with_step(staged, quiet), quiet, ["all.csv"])
    assert list(lines.rule) == ["as delivered", "too much"] and list(lines.step) == [0, 1] and list(lines.rows) == [0, 0]


def test_a_customer_is_there_until_the_last_of_their_rows_has_gone(staged):
    only = [Step("small", "small", "reject", False), Step("gift", "gift", "reject", False)]
    lines = ledger("orders", with_step(staged, only), only, ["all.csv"])
    assert list(lines.customers_left) == [2, 2, 2] and list(lines.orders_left) == [5, 3, 3]


def test_a_table_without_customers_orders_and_money_is_counted_in_rows(staged):
    lines = ledger("costs", with_step(staged.select("unreadable"), []), [], ["costs.csv"])
    assert lines.iloc[0].tolist() == ["costs", 0, "as delivered", "", 0, 6, None, None, None]


def test_when_every_row_goes_nothing_is_left_of_the_money(staged):
    every = [Step("all", "all", "reject", False)]
    lines = ledger("orders", with_step(staged.mutate(all=True), every), every, ["all.csv"])
    assert lines.iloc[-1].tolist() == ["orders", 1, "all", "reject", 6, 0, 0, 0, "0.00"]
