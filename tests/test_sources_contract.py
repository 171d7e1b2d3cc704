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
    rules = [{"name": "negative", "when": "amount < 0"}, {"name": "no customer", "when": "missing(customer_id)"}]
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
        ({"when": "amount < 2"}, ["a"]),
        ({"when": "amount <= 2"}, ["a", "b"]),
        ({"when": "not amount <= 2"}, ["c"]),
        ({"when": "starts_with(category, 'B')"}, ["b"]),
        ({"when": "category in ['B1', 'C']"}, ["b", "c"]),
        ({"when": "missing(category)"}, ["a"]),
        ({"when": "is_return"}, ["c"]),
        ({"when": "is_return or amount < 2"}, ["a", "c"]),
        ({"when": "note == 'odd'"}, ["b"]),
        ({"repeated": True}, ["c"]),
    ],
)
def test_each_kind_of_rule_finds_its_rows_and_no_row_without_a_value(tmp_path, monkeypatch, rule, gone):
    content = "id,at,amount,what,back,note\na,2025-01-01,1.99,,,\nb,2025-01-01,2,B1,no,odd\nc,2025-01-01,3,C,yes,\nd,2025-01-01,,D,no,\n"
    if "repeated" in rule:
        content += "c,2025-01-01,3,C,yes,\n"
    columns = ORDERS | {"category": "what", "is_return": "back"}
    found = gathered(tmp_path, monkeypatch, content, columns, rules=[{"name": "found"} | rule])
    assert sorted(aside(found).query("reason == 'found'").customer_id) == gone


def test_a_warning_counts_among_the_rows_that_stay_and_removes_nothing(tmp_path, monkeypatch):
    rules = [{"name": "twice", "repeated": True, "severity": "warn"}, {"name": "small", "when": "amount < 1"}]
    found = gathered(
        tmp_path, monkeypatch, "id,at,amount\na,2025-01-01,5\na,2025-01-01,5\nb,2025-01-01,0.5\nb,2025-01-01,0.5\n", rules=rules
    )
    assert len(rows(found)) == 2
    warned = found.ledger.set_index("rule").loc["twice"]
    assert (warned.rows, warned.rows_left, warned.amount_left) == (1, 1, "5.00")


def test_a_product_is_exact_money_and_one_too_large_costs_only_its_row(tmp_path, monkeypatch):
    content = "id,at,price,pieces\na,2025-01-01,0.10,3\nb,2025-01-01,99999999999999,99999999999\nc,2025-01-01,5,\n"
    columns = {"customer_id": "id", "ordered_at": "at", "unit_price": "price", "quantity": "pieces"}
    found = gathered(tmp_path, monkeypatch, content, columns | {"amount": {"formula": "quantity * unit_price"}})
    assert [str(value) for value in rows(found).amount] == ["0.3000"]
    assert str(found.tables["orders"].amount.type()) == "decimal(18, 4)"
    assert aside(found).reason.to_dict() == {0: "missing amount", 1: "missing amount"}


def test_a_rule_that_refuses_stops_the_delivery_and_says_how_many_rows_it_found(tmp_path, monkeypatch):
    rules = [{"name": "negative", "when": "amount < 0"}, {"name": "unheard of", "when": "amount > 100", "severity": "refuse"}]
    fine = gathered(tmp_path / "fine", monkeypatch, MANY + "x,2025-01-01,-500\n", rules=rules)
    assert list(fine.ledger.rule) == ["as delivered", "negative", "unheard of"] and fine.ledger["rows"].iloc[2] == 0
    with pytest.raises(BadInput, match="orders: a rule refuses this delivery\n  unheard of: 2 rows"):
        gathered(tmp_path / "not", monkeypatch, MANY + "x,2025-01-01,500\ny,2025-01-01,500\n", rules=rules)


def test_times_that_can_be_read_in_two_ways_are_refused_with_both_readings(tmp_path, monkeypatch):
    with pytest.raises(BadInput) as refused:
        gathered(tmp_path, monkeypatch, "id,at,amount\na,08-01-2017 10:30,1\nb,03-02-2017 11:00,2\nc,25-02-2017 12:00,3\n")
    assert str(refused.value) == (
        "orders: the times of ordered_at can be read in more than one way\n"
        "  day first (%d-%m-%Y %H:%M) reads 3 of 3 values: 08-01-2017 is 8 January\n"
        "  month first (%m-%d-%Y %H:%M) reads 2 of 3 values: 08-01-2017 is 1 August\n"
        "  -> declare `format` for ordered_at in the dataset file"
    )
    declared = ORDERS | {"ordered_at": {"column": "at", "format": "%d-%m-%Y %H:%M"}}
    found = gathered(tmp_path, monkeypatch, "id,at,amount\na,08-01-2017 10:30,1\nb,31-12-2016 11:00,2\n", declared)
    assert sorted(map(str, rows(found).ordered_at)) == ["2016-12-31 11:00:00", "2017-01-08 10:30:00"]


def test_a_key_that_stands_twice_keeps_one_row_whatever_the_order(tmp_path, monkeypatch):
    lines = ["a,2025-01-01,1\n", "a,2025-01-01,2\n", "b,2025-01-01,3\n"]
    rules = [{"name": "twice", "repeated": ["customer_id", "ordered_at"]}]
    kept = [
        rows(gathered(tmp_path / str(n), monkeypatch, "id,at,amount\n" + "".join(order), rules=rules))
        for n, order in enumerate((lines, lines[::-1]))
    ]
    assert [str(amount) for amount in kept[0].sort_values("customer_id").amount] == ["1.0000", "3.0000"]
    assert kept[0].equals(kept[1])


def test_customers_nobody_knows_are_set_aside_and_counted(tmp_path, monkeypatch):
    orders = {"file": "orders.csv", "columns": ORDERS, "rules": [{"name": "unknown customer", "unknown_in": "customers"}]}
    declare(tmp_path, monkeypatch, {"orders": orders, "customers": {"file": "customers.csv", "columns": {"customer_id": "id"}}})
    (tmp_path / "data" / "raw" / "orders.csv").write_text(ROWS + "stranger,2025-03-01,9\n,2025-03-01,9\n")
    (tmp_path / "data" / "raw" / "customers.csv").write_text("id\na\nb\nnever\n")
    found = sources.gather("shop")
    assert aside(found)[["customer_id", "reason"]].fillna("").to_numpy().tolist() == [
        ["", "missing customer_id"],
        ["stranger", "unknown customer"],
    ]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"when": "amuont < 0"}, "- amuont (declared, not in the file; do you mean 'amount'?)"),
        ({"when": "amount"}, "is not yes or no"),
        ({"when": "customer_id < 3"}, "formula 'customer_id < 3' does not fit the types of its columns"),
        ({"repeated": ["id", "att"]}, "- att (declared, not in the file; do you mean 'at'?)"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_refused(tmp_path, monkeypatch, rule, complaint):
    with pytest.raises(BadInput) as refused:
        gathered(tmp_path, monkeypatch, rules=[{"name": "found"} | rule])
    assert complaint in str(refused.value)


def test_a_formula_of_another_type_than_its_column_is_refused(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="orders.amount: the formula gives string"):
        gathered(tmp_path, monkeypatch, columns=ORDERS | {"amount": {"formula": "'free'"}})
