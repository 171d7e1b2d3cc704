"""From text to types: what is read, what is set aside, what is refused, and in which order the rules speak."""

import pandas as pd
import pytest
from test_sources import ORDERS, ROWS, aside, declare, gathered, rows

from segkit import sources
from segkit.errors import BadInput

MANY = "id,at,amount\n" + "".join(f"c{i},2025-01-01,1\n" for i in range(200))


def read(tmp_path, monkeypatch, column, texts, dtype_column="text"):
    """One optional orders column read from texts, in their order; NA where it was set aside as unreadable."""
    lines = "".join(f'{i:04d},2025-01-01,1,"{text}"\n' for i, text in enumerate(texts))
    padding = "".join(f"p{i},2025-01-01,1,\n" for i in range(100 * len(texts)))
    found = gathered(tmp_path, monkeypatch, f"id,at,amount,{dtype_column}\n" + lines + padding, ORDERS | {column: dtype_column})
    kept = rows(found).set_index("customer_id")[column]
    refused = set(aside(found).customer_id)
    assert set(aside(found).reason) <= {f"unreadable {column}"}
    return ["unreadable" if f"{i:04d}" in refused else kept[f"{i:04d}"] for i in range(len(texts))]


def test_booleans_are_yes_and_no_in_the_usual_spellings(tmp_path, monkeypatch):
    texts = ["1", "0", "true", "False", "YES", "n", "t", "ja", "2", "", "  yes "]
    expected = [True, False, True, False, True, False, True, "unreadable", "unreadable", None, True]
    assert [None if pd.isna(value) else value for value in read(tmp_path, monkeypatch, "is_return", texts)] == expected


def test_whole_numbers_may_end_in_point_zero_and_nothing_else(tmp_path, monkeypatch):
    texts = ["3", "3.0", "-4.00", "+5", "2.5", "1e3", "1,234", "1_000", "99999999999999999999", "0x10"]
    assert read(tmp_path, monkeypatch, "quantity", texts) == [3, 3, -4, 5, *["unreadable"] * 6]


def test_money_has_a_decimal_point_four_decimals_and_an_upper_end(tmp_path, monkeypatch):
    texts = ["3", "2.5", "-0.00", "12.34567", "1e3", "1,234.5", "1.234,50", "€5", "nan", "inf", "999999999999999"]
    found = [value if value == "unreadable" else float(value) for value in read(tmp_path, monkeypatch, "unit_price", texts)]
    assert found == [3, 2.5, 0, 12.3457, 1000, *["unreadable"] * 6]


def test_times_are_written_year_first_and_only_in_this_or_the_last_century(tmp_path, monkeypatch):
    texts = {
        "2025-10-01 12:30:00": "2025-10-01 12:30:00",
        "2025-10-01T12:30": "2025-10-01 12:30:00",
        "2025/1/5": "2025-01-05",
        "1999-12-31": "1999-12-31",
        "infinity": None,
        "-infinity": None,
        "epoch": None,
        "25-10-01": None,
        "9999-12-31": None,
        "0001-01-01": None,
        "2025-10-01 (BC)": None,
        "01/02/2025": None,
        "2025-02-30": None,
        "20251001": None,
    }
    lines = "".join(f"{i:02d},{text},1\n" for i, text in enumerate(texts))
    found = gathered(tmp_path, monkeypatch, MANY + "".join(f"d{i},2025-01-01,1\n" for i in range(2000)) + lines)
    kept, refused = rows(found).set_index("customer_id").ordered_at, set(aside(found).customer_id)
    for i, expected in enumerate(texts.values()):
        assert (f"{i:02d}" in refused) == (expected is None), i
        assert expected is None or kept[f"{i:02d}"] == pd.Timestamp(expected)
    assert found.window("auto", 0).as_of.year == 2025


def test_a_time_that_names_its_zone_becomes_the_wall_clock_of_the_dataset(tmp_path, monkeypatch):
    texts = [
        "2025-07-01T10:00:00Z",
        "2025-07-01 12:00:00+02:00",
        "2025-01-01 10:00:00.5+0000",
        "2025-07-01 12:00:00",
        "2025-10-26T00:30:00Z",
    ]
    content = "id,at,amount\n" + "".join(f"{i},{text},1\n" for i, text in enumerate(texts))
    berlin = rows(gathered(tmp_path, monkeypatch, content, zone="Europe/Berlin")).set_index("customer_id").ordered_at
    expected = ["2025-07-01 12:00", "2025-07-01 12:00", "2025-01-01 11:00:00.5", "2025-07-01 12:00", "2025-10-26 02:30"]
    assert list(berlin) == [pd.Timestamp(each) for each in expected]


def test_ids_keep_their_zeros_lose_their_spaces_and_the_point_zero_of_spreadsheets(tmp_path, monkeypatch):
    content = "id,at,amount,order,what\n" + "".join(
        f"{i},2025-01-01,1,{o},{w}\n" for i, o, w in ((" 007 ", "536365.0", "1.0"), ("17850.0", "C1.0", "a b"), ("\t8\t", "", " x "))
    )
    found = rows(gathered(tmp_path, monkeypatch, content, ORDERS | {"order_id": "order", "category": "what"})).set_index("customer_id")
    assert list(found.index) == ["007", "17850", "8"]
    assert found.order_id["007"] == "536365" and found.order_id["17850"] == "C1.0" and pd.isna(found.order_id["8"])
    assert list(found.category) == ["1.0", "a b", "x"]


def test_unreadable_values_are_set_aside_up_to_one_in_a_hundred_and_refused_beyond(tmp_path, monkeypatch):
    hundred = "".join(f"c{i},2025-01-01,1\n" for i in range(99))
    found = gathered(tmp_path / "few", monkeypatch, "id,at,amount\n" + hundred + "x,2025-01-01,free\n")
    assert list(aside(found).customer_id) == ["x"] and list(aside(found).reason) == ["unreadable amount"]
    assert found.ledger[["rule", "rows", "rows_left"]].to_numpy().tolist() == [["as delivered", 0, 100], ["unreadable amount", 1, 99]]
    with pytest.raises(BadInput, match=r"orders: wrong type\n  amount: 2 of 101 values cannot be read as money"):
        gathered(tmp_path / "many", monkeypatch, "id,at,amount\n" + hundred + "x,2025-01-01,free\ny,2025-01-01,free\n")


def test_a_missing_column_is_shown_as_a_difference_with_the_nearest_name(tmp_path, monkeypatch):
    with pytest.raises(BadInput) as refused:
        gathered(tmp_path, monkeypatch, "id,at,amout\na,2025-01-01,1\n")
    assert str(refused.value) == (
        "orders: columns are missing in orders.csv\n  - amount (declared, not in the file; do you mean 'amout'?)\n"
        "  + amout (in the file, not declared)\n  -> correct `columns` in the dataset file, or the file"
    )


def test_a_file_without_a_header_is_refused_without_quoting_its_first_line(tmp_path, monkeypatch):
    with pytest.raises(
        BadInput, match="has none of the declared columns\n  it has 3 columns; declared: id, at, amount\n  -> is its first line the header"
    ):
        gathered(tmp_path, monkeypatch, ROWS.split("\n", 1)[1])


def test_a_row_goes_with_the_first_rule_that_finds_it(tmp_path, monkeypatch):
    content = MANY + ",2025-01-01,-1\nx,2025-01-01,-1\ny,soon,-1\n,2025-01-01,5\nz,2025-01-01,\n"
    rules = [{"name": "negative", "column": "amount", "below": 0}, {"name": "no customer", "column": "customer_id", "missing": True}]
    found = gathered(tmp_path, monkeypatch, content, rules=rules)
    assert aside(found).reason.value_counts().to_dict() == {
        "negative": 2,
        "unreadable ordered_at": 1,
        "no customer": 1,
        "missing amount": 1,
    }
    assert list(found.ledger.rule) == ["as delivered", "unreadable ordered_at", "negative", "no customer", "missing amount"]
    assert list(found.ledger.rows_left) == [205, 204, 202, 201, 200]
    backwards = gathered(tmp_path, monkeypatch, content, rules=rules[::-1])
    assert aside(backwards).reason.value_counts()["no customer"] == 2


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ({"column": "amount", "below": 2}, ["a"]),
        ({"column": "amount", "at_most": 2}, ["a", "b"]),
        ({"column": "amount", "above": 2}, ["c"]),
        ({"column": "amount", "at_least": 2}, ["b", "c"]),
        ({"column": "category", "starts_with": "B"}, ["b"]),
        ({"column": "category", "one_of": ["B1", "C"]}, ["b", "c"]),
        ({"column": "category", "missing": True}, ["a"]),
        ({"column": "is_return", "is_true": True}, ["c"]),
        ({"repeated": True}, ["c"]),
    ],
)
def test_each_kind_of_rule_finds_its_rows_and_no_row_without_a_value(tmp_path, monkeypatch, rule, gone):
    content = "id,at,amount,what,back\na,2025-01-01,1.99,,\nb,2025-01-01,2,B1,no\nc,2025-01-01,3,C,yes\nd,2025-01-01,,D,no\n"
    if "repeated" in rule:
        content += "c,2025-01-01,3,C,yes\n"
    columns = ORDERS | {"category": "what", "is_return": "back"}
    found = gathered(tmp_path, monkeypatch, content, columns, rules=[{"name": "found"} | rule])
    assert sorted(aside(found).query("reason == 'found'").customer_id) == gone


def test_a_warning_counts_among_the_rows_that_stay_and_removes_nothing(tmp_path, monkeypatch):
    rules = [{"name": "twice", "repeated": True, "severity": "warn"}, {"name": "small", "column": "amount", "below": 1}]
    found = gathered(
        tmp_path, monkeypatch, "id,at,amount\na,2025-01-01,5\na,2025-01-01,5\nb,2025-01-01,0.5\nb,2025-01-01,0.5\n", rules=rules
    )
    assert len(rows(found)) == 2
    warned = found.ledger.set_index("rule").loc["twice"]
    assert (warned.rows, warned.rows_left, warned.amount_left) == (1, 1, "5.00")


def test_a_product_is_exact_money_and_one_too_large_costs_only_its_row(tmp_path, monkeypatch):
    content = "id,at,price,pieces\na,2025-01-01,0.10,3\nb,2025-01-01,99999999999999,99999999999\nc,2025-01-01,5,\n"
    columns = {"customer_id": "id", "ordered_at": "at", "unit_price": "price", "quantity": "pieces"}
    found = gathered(tmp_path, monkeypatch, content, columns, product={"amount": ["quantity", "unit_price"]})
    assert [str(value) for value in rows(found).amount] == ["0.3000"]
    assert str(found.tables["orders"].amount.type()) == "decimal(18, 4)"
    assert aside(found).reason.to_dict() == {0: "missing amount", 1: "missing amount"}


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ({"columns": {"customer_id": "id", "amount": "amount"}}, "required column 'ordered_at' is not declared"),
        ({"columns": ORDERS | {"chanel": "x"}}, "unknown column 'chanel'; do you mean 'channel'?"),
        ({"columns": ORDERS, "product": {"unit_price": ["customer_id", "amount"]}}, "the product of two declared columns of numbers"),
        (
            {"columns": ORDERS, "rules": [{"name": "r", "column": "customer_id", "below": 3}]},
            "rule 'r': customer_id is string, `below` tests money",
        ),
        (
            {"columns": ORDERS, "rules": [{"name": "r", "column": "amount", "starts_with": "C"}]},
            "rule 'r': amount is money, `starts_with` tests string",
        ),
        (
            {"columns": ORDERS, "rules": [{"name": "r", "column": "ordered_at", "is_true": True}]},
            "ordered_at is timestamp, `is_true` tests boolean",
        ),
        ({"columns": ORDERS, "rules": [{"name": "r", "column": "amount", "above": float("nan")}]}, "should be a finite number"),
        ({"columns": ORDERS, "rules": [{"name": "r", "column": "amount", "above": 1, "below": 0}]}, "needs a column and one test of"),
        ({"columns": ORDERS, "rules": [{"name": "r", "column": "amuont", "above": 1}]}, "do you mean 'amount'?"),
        ({"columns": ORDERS, "rules": [{"name": "r", "column": "amount", "above": 1}] * 2}, "two rules have the same name"),
        ({"columns": ORDERS, "file": "../secret.csv"}, "no absolute path, no `..`"),
        ({"columns": ORDERS, "attributes": {"region": "geographic"}}, "only customers have attributes"),
        ({"columns": ORDERS, "colums": {}}, "unknown key 'tables.orders.colums': do you mean 'columns'?"),
    ],
)
def test_a_dataset_file_that_cannot_work_is_refused_before_any_row_is_read(tmp_path, monkeypatch, source, complaint):
    declare(tmp_path, monkeypatch, {"orders": {"file": "orders.csv"} | source})
    with pytest.raises(BadInput) as refused:
        sources.gather("shop")
    assert complaint in str(refused.value)


@pytest.mark.parametrize("name", ["step", "reason", "is_repeat", "unreadable_x", "signed_up_at"])
def test_an_attribute_cannot_take_the_name_of_a_column_of_ours(tmp_path, monkeypatch, name):
    customers = {"file": "customers.csv", "columns": {"customer_id": "id", name: "x"}, "attributes": {name: "need"}}
    declare(tmp_path, monkeypatch, {"orders": {"file": "orders.csv", "columns": ORDERS}, "customers": customers})
    with pytest.raises(BadInput, match=f"attributes cannot be called {name}"):
        sources.gather("shop")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"timezone": "Berlin"}, "'Berlin' is not a time zone"),
        ({"dataset": "other"}, "calls itself 'other'"),
        ({"tables": {"customers": {"file": "c.csv", "columns": {"customer_id": "id"}}}}, "needs orders or events"),
        (
            {"tables": {"orders": {"file": "o.csv", "columns": ORDERS}, "visits": {"file": "v.csv", "columns": {}}}},
            "unknown table 'visits'",
        ),
    ],
)
def test_a_dataset_names_its_zone_itself_and_behaviour(tmp_path, monkeypatch, keys, complaint):
    declare(tmp_path, monkeypatch, {"orders": {"file": "o.csv", "columns": ORDERS}}, **({} if "tables" in keys else keys))
    if "tables" in keys:
        declare(tmp_path, monkeypatch, keys["tables"])
    with pytest.raises(BadInput) as refused:
        sources.gather("shop")
    assert complaint in str(refused.value)
