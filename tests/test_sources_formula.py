"""Formulas: what they compute on small tables worked by hand, what they refuse, and that nothing else can be said in them."""

import operator
import random
import time
from datetime import date, datetime
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from segkit.errors import BadInput
from segkit.sources import formula

TABLE = pa.table(
    {
        "quantity": pa.array([2, None, -3], pa.int64()),
        "price": pa.array([Decimal("1.10"), Decimal("0.10"), None], pa.decimal128(18, 4)),
        "weight": pa.array([0.5, float("nan"), 0.0]),
        "status": ["paid ", " ", "O'Brien"],
        "code": ["7", "x", "12.50"],
        "ok": [True, False, None],
        "at": pa.array([datetime(2025, 1, 1), datetime(2024, 12, 31, 23, 59), None], pa.timestamp("us")),
        "day": [date(2025, 1, 1), date(2024, 2, 29), None],
        "items": [["a"], [], None],
        "Customer ID": [" a", "b", "c"],
        "größe": ["S", "M", "L"],
        "segkit_row": [1, 2, 3],
    }
)


@pytest.fixture(scope="module")
def rows():
    return ibis.duckdb.connect().create_table("rows", TABLE)


def made(rows, text):
    """What a formula gives for the three rows, staged as gathering stages it."""
    value = formula.value(text, {name: rows[name] for name in rows.columns}, "orders.x")
    connection = rows.get_backend()
    table = connection.create_table("made", rows.select(rows.segkit_row, value=value), overwrite=True)
    assert table.schema()["value"] == value.type()  # what Ibis believes is what the engine did
    return table.order_by("segkit_row").to_pyarrow()["value"].to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quantity", [2, None, -3]),
        ("quantity + 1", [3, None, -2]),
        ("quantity - 1 - 1", [0, None, -5]),
        ("quantity - (1 - 1)", [2, None, -3]),
        ("2 + quantity * 3", [8, None, -7]),
        ("(2 + quantity) * 3", [12, None, -3]),
        ("-quantity * -1", [2, None, -3]),
        ("- -quantity", [2, None, -3]),
        ("-2 * quantity", [-4, None, 6]),
        ("quantity / 4", [0.5, None, -0.75]),
        ("1 / (quantity - 2)", [None, None, -0.2]),
        ("1 / weight", [2.0, None, None]),
        ("weight", [0.5, None, 0.0]),
        ("weight * 1e308 * 1e10", [None, None, 0.0]),
        ("quantity * price", [Decimal("2.2"), None, None]),
        ("price * 3 + 0.1", [Decimal("3.4"), Decimal("0.4"), None]),
        ("price * 1.19", [Decimal("1.309"), Decimal("0.119"), None]),
        ("price * price", [Decimal("1.21"), Decimal("0.01"), None]),
        ("-price", [Decimal("-1.1"), Decimal("-0.1"), None]),
        ("price == 1.1", [True, False, None]),
        ("price > quantity", [False, None, None]),
        ("weight < price", [True, None, None]),
        ("quantity == 2", [True, None, False]),
        ("quantity != 2", [False, None, True]),
        ("quantity >= 2 and quantity <= 2", [True, None, False]),
        ("quantity > 0 or ok", [True, None, None]),
        ("quantity > 0 and not ok", [False, None, False]),
        ("not (quantity > 0)", [False, None, True]),
        ("not missing(quantity)", [True, False, True]),
        ("not ok == True", [False, True, None]),
        ("ok or ok and False", [True, False, None]),
        ("True or ok and ok", [True, True, True]),
        ("missing(quantity) or quantity < 0", [False, True, True]),
        ("quantity in [2, -3]", [True, None, True]),
        ("quantity not in (2, 5)", [False, None, True]),
        ("price in [1.1, 7]", [True, False, None]),
        ("status in ['paid', 'open']", [True, None, False]),
        ("status not in ['paid']", [False, None, True]),
        ("at in ['2025-01-01']", [True, False, None]),
        ("status == 'paid'", [True, None, False]),
        ('status == "O\'Brien"', [False, None, True]),
        ("status < 'b'", [False, None, True]),
        ("missing(status)", [False, True, False]),
        ("missing(items)", [False, False, True]),
        ("missing(weight)", [False, True, False]),
        ("number(code)", [7.0, None, 12.5]),
        ("number(code) * 2 == 25", [False, None, True]),
        ("number(quantity) / 2", [1.0, None, -1.5]),
        ("text(quantity) + '-' + code", ["2-7", None, "-3-12.50"]),
        ("text(weight)", ["0.5", None, "0"]),
        ("text(ok)", ["true", "false", None]),
        ("text(row_number())", ["1", "2", "3"]),
        ("row_number() == 2", [False, True, False]),
        ("starts_with(status, 'pa')", [True, None, False]),
        ("ends_with(status, 'paid')", [True, None, False]),
        ("contains(status, \"'B\")", [False, None, True]),
        ("starts_with(code, text(7))", [True, False, False]),
        ("lower(status)", ["paid", None, "o'brien"]),
        ("length(status)", [4, None, 7]),
        ("pad(code, 4)", ["0007", "000x", "12.50"]),
        ("pad(text(quantity), 3)", ["002", None, "0-3"]),
        ("first(quantity, 0)", [2, 0, -3]),
        ("first(price, quantity, 9.5)", [Decimal("1.1"), Decimal("0.1"), Decimal(-3)]),
        ("first(status, code)", ["paid", "x", "O'Brien"]),
        ("first(at, day)", [datetime(2025, 1, 1), datetime(2024, 12, 31, 23, 59), None]),
        ("year(at) - year(day)", [0, 0, None]),
        ("at >= '2025-01-01'", [True, False, None]),
        ("'2024-12-31 23:59:00' == at", [False, True, None]),
        ("day == at", [True, False, None]),
        ("column('Customer ID')", ["a", "b", "c"]),
        ("column('größe') == 'M'", [False, True, False]),
        ("'login'", ["login"] * 3),
        ("3", [3] * 3),
        ("2.50", [Decimal("2.5")] * 3),
        ("True", [True] * 3),
        ("'a' == 'a' and 1 < 2", [True] * 3),
        ("  quantity  # pieces", [2, None, -3]),
        ("(quantity\n + 1)", [3, None, -2]),
    ],
)  # fmt: skip
def test_a_formula_gives_what_one_would_work_out_by_hand(rows, text, expected):
    assert made(rows, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quantity * 9223372036854775807", [None, None, None]),
        ("9223372036854775807 + quantity", [None, None, 9223372036854775804]),
        ("price * 99999999999999", [None, Decimal("9999999999999.9000"), None]),
        ("price * price * price * price", [1.1**4, 1e-4, None]),
        ("price + 0.00000000001", [1.10000000001, 0.10000000001, None]),
        ("quantity * 1e200 * 1e200", [None, None, None]),
    ],
)
def test_what_is_too_large_is_missing_and_what_is_too_fine_is_no_longer_exact(rows, text, expected):
    for found, worked_out in zip(made(rows, text), expected, strict=True):
        assert found is None if worked_out is None else found == pytest.approx(worked_out, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_arithmetic_on_money_is_exact_to_the_last_digit(seed):
    draw = random.Random(seed)
    quantity = [draw.randint(-(10 ** draw.randint(1, 6)), 10 ** draw.randint(1, 6)) for _ in range(200)]
    price = [Decimal(draw.randint(-(10 ** draw.randint(1, 11)), 10 ** draw.randint(1, 11))).scaleb(-4) for _ in range(200)]
    columns = {"q": pa.array(quantity, pa.int64()), "p": pa.array(price, pa.decimal128(18, 4)), "segkit_row": range(200)}
    rows = ibis.duckdb.connect().create_table("rows", pa.table(columns))
    for text, expected in (
        ("q * p", [a * b for a, b in zip(quantity, price)]),
        ("q * p * 1.19", [a * b * Decimal("1.19") for a, b in zip(quantity, price)]),
        ("p - q * 0.01", [b - a * Decimal("0.01") for a, b in zip(quantity, price)]),
        ("p * p", [b * b for b in price]),
        ("q * q - q", [a * a - a for a in quantity]),
    ):
        assert made(rows, text) == [None if abs(each) >= 10**14 and "p" in text else each for each in expected]


def test_quotes_reach_the_engine_as_text(rows):
    bad = "x'; DROP TABLE rows; --"
    assert made(rows, repr(bad)) == [bad] * 3
    for text in (f"status == {bad!r}", f"status in [{bad!r}]", f"contains(status, {bad!r})", f"code != {bad!r} + '\"'"):
        assert made(rows, text)[0] in (False, True)
    assert made(rows, r"'\\' + 'a\tb\n%_'") == ["\\a\tb\n%_"] * 3
    with pytest.raises(BadInput, match="names .*DROP TABLE.* which is no column"):
        made(rows, f'column("{bad}")')
    assert rows.count().execute() == 3


@pytest.mark.parametrize(
    "text",
    [
        *("status.upper()", "quantity.real", "status[0]", "status[0:1]", "lambda: 1", "[x for x in items]", "{1: 2}", "{1}", "(1, 2)", "[1]"),
        *("f'{quantity}'", "b'x'", "1j", "...", "None", "(x := 1)", "1 if ok else 2", "1 < quantity < 3", "quantity == 2 == 2", "await x"),
        *("quantity ** 2", "10 ** 10 ** 10", "quantity % 2", "quantity // 2", "quantity @ 2", "quantity << 2", "~ok", "+quantity", "ok | ok"),
        *("ok is True", "quantity in quantity", "quantity in [quantity]", "status in 'abc'", "quantity in []", "quantity in [None]"),
        *("text(value=quantity)", "text(*[quantity])", "text(**x)", "column(status)", "column()", "column('a', 'b')", "column('')"),
        *("column('segkit_row')", "segkit_row + 1", "__import__('os').system('x')", "().__class__", "print.x", "größe > 1", "ｑuantity", "oﬃce"),
        *("1; DROP TABLE rows", "quantity > 1; --", "", "  ", "quantity >", "quantity = 2", "a b", "class == 1", "Customer ID", "'abc", "1 <> 2"),
        *("'\\0' == status", "'\\ud800'", "'\\d'", "\0", "99999999999999999999", "1e999", "9" * 5000, "010", "!ok", "ok && ok", "import os"),
        *("status == ''", "status in [' a']", "status == 'a '", "yield", "x = 1", "del x", "exec('1')", "eval('1')", "globals()", "open('/etc/passwd')"),
        *("(" * 500 + "1" + ")" * 500, "not " * 2400 + "ok", "-" * 9000 + "1", "+".join(["quantity"] * 60), "a" * 10_001, "[" * 3000),
        *("1 / (1 / (1 / (1 / (1 / (1 / (1 / quantity))))))", " or ".join(["ok"] * 60), "text(" * 60 + "1" + ")" * 60),
    ],
)  # fmt: skip
def test_what_the_language_does_not_have_is_refused_at_once_when_a_dataset_is_loaded(text):
    start = time.process_time()
    with pytest.raises(ValueError, match="^formula ") as refused:
        formula.parse(text)
    assert time.process_time() - start < 2 and len(str(refused.value)) < 500 and "\0" not in repr(refused.value)[1:]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("status.upper()", "'status.upper()' is not part of the language; functions: missing, number, text"),
        ("quantity + (status[0])", "'status[0]' is not part of the language"),
        ("columm('x')", "unknown function 'columm'; do you mean 'column'?"),
        ("start_with(status, 'a')", "unknown function 'start_with'; do you mean 'starts_with'?"),
        ("sum(quantity)", "unknown function 'sum'; "),
        ("x == None", "there is no None; write missing(x)"),
        ("größe == 'M'", "a name with such letters is written column('größe')"),
        ("Customer ID", "cannot be read: invalid syntax; odd names are written column('Customer ID')"),
        ("segkit_line > 3", "names beginning with segkit_ are the workbench's own"),
        ("missing()", "it is missing(anything), here are 0 values"),
        ("starts_with(status)", "it is starts_with(text, text), here are 1 values"),
        ("lower(status, status)", "it is lower(text), here are 2 values"),
        ("first(quantity)", "it is first(anything, anything, …), here are 1 values"),
        ("row_number(3)", "it is row_number(), here are 1 values"),
        *((f"pad(code, {width})", "the width of pad is a whole number from 1 to 64") for width in ("0", "65", "-1", "quantity", "'4'", "True", "2.5")),
        ("status == ''", "finds nothing: texts are compared without space around them, and an empty one is missing(x)"),
        ("+".join(["quantity"] * 60), "has more than 50 parts within parts"),
        ("a" * 10_001, "is longer than 10,000 signs"),
        ("1e999", "'1e999' is too large, or a text no file could hold"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_piece_and_the_way_out(text, complaint):
    with pytest.raises(ValueError) as refused:
        formula.parse(text)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("status * quantity", "'status * quantity': text * number"),
        ("1 + status * quantity", "'status * quantity': text * number"),
        ("quantity + status", "number + text"),
        ("status + 1", "text + number"),
        ("ok + 1", "yes or no + number"),
        ("-status", "number - text"),
        ("at - day", "moment - moment"),
        ("status / 2", "text / number"),
        ("code == 7", "'code == 7': text == number"),
        ("quantity < '7'", "number < text"),
        ("ok == 'true'", "yes or no == text"),
        ("ok == 1", "yes or no == number"),
        ("at > 2025", "moment > number"),
        ("at > '2025-13-01'", "a moment is written '2025-10-01'"),
        ("at > '2025-01-01T00:00:00Z'", "a moment is written"),
        ("at > status", "moment > text"),
        ("items == items", "array<string> == array<string>"),
        ("code in [7, 8]", "text in number"),
        ("quantity in [1, 'a']", "number in text"),
        ("quantity in [-'a']", "number - text"),
        ("not quantity", "not number"),
        ("quantity and ok", "number and yes or no"),
        ("ok or status", "yes or no or text"),
        ("first(quantity, status)", "number beside text"),
        ("lower(quantity)", "lower(text) is given a number"),
        ("starts_with(code, 7)", "starts_with(text, text) is given a number"),
        ("pad(quantity, 4)", "pad(text, width) is given a number"),
        ("year(status)", "year(moment) is given a text"),
        ("length(items)", "length(text) is given a array<string>"),
    ],
)
def test_types_that_do_not_go_together_are_refused_in_words_before_any_row_is_read(rows, text, complaint):
    with pytest.raises(BadInput) as refused:
        made(rows, text)
    message = str(refused.value)
    assert message.startswith("orders.x: formula ") and "does not fit the types of its columns" in message and complaint in message
    assert "number(x) reads a text as a number" in message and "O'Brien" not in message


def test_a_name_that_is_no_column_is_answered_with_the_nearest_and_not_with_our_own(rows):
    with pytest.raises(BadInput, match="orders.x: formula 'quantiy > 1' names 'quantiy', which is no column\n  do you mean 'quantity'"):
        made(rows, "quantiy > 1")
    with pytest.raises(BadInput) as refused:
        made(rows, "zzzz")
    assert "known: Customer ID, at" in str(refused.value) and "segkit_" not in str(refused.value)


def test_the_columns_a_formula_speaks_of():
    assert formula.names("quantity * price > 3 and missing(column('Customer ID'))") == {"quantity", "price", "Customer ID"}
    assert formula.names("text(row_number())") == {formula.ROW}
    assert formula.names("length + length(text)") == {"length", "text"}  # a column may be called like a function
    assert formula.names("'quantity'") == set()
    for name in ("id", "_x", "x1", "length"):
        assert formula.WORD.fullmatch(name)
    for name in ("Customer ID", "class", "None", "größe", "1x", "", "and"):
        assert not formula.WORD.fullmatch(name)


def test_long_lists_and_deep_formulas_that_are_allowed_stay_quick(rows):
    start = time.process_time()
    for text in (f"quantity in [{','.join(map(str, range(1500)))}]", "+".join(["quantity"] * 50), "pad(" * 40 + "code" + ",9)" * 40):
        assert len(made(rows, text)) == 3
    assert made(rows, " or ".join(f"quantity == {n}" for n in range(45)))[0] is True
    assert made(rows, "1 / (1 / (1 / (1 / (quantity - 0))))")[0] == 2
    assert time.process_time() - start < 20


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_put_together_at_random_is_computed_or_refused_in_words(rows, seed):
    """No formula the language allows ends in a traceback, neither when it is built nor when it runs."""
    draw, columns = random.Random(seed), {name: rows[name] for name in rows.columns}
    leaves = [
        "quantity",
        "price",
        "weight",
        "status",
        "code",
        "ok",
        "at",
        "day",
        "items",
        "0",
        "7",
        "-1.5",
        "1e30",
        "'x'",
        "'2025-01-01'",
        "True",
    ]

    def grown(depth):
        if depth == 0 or draw.random() < 0.2:
            return draw.choice(leaves)
        a, b = grown(depth - 1), grown(depth - 1)
        sign = draw.choice(["+", "-", "*", "/", "==", "<", ">=", "and", "or"])
        call = draw.choice(["missing", "number", "text", "lower", "length", "year", "not ", "-"])
        return draw.choice(
            [f"({a} {sign} {b})"] * 3 + [f"{call}({a})", f"first({a}, {b})", f"pad({a}, 5)", f"contains({a}, {b})", f"{a} in [1, 'x']"]
        )

    values = {}
    for number in range(250):
        try:
            values[f"v{number}"] = formula.value(grown(3), columns, "x")
        except (BadInput, ValueError) as refused:
            assert str(refused)
    assert len(values) > 20
    rows.get_backend().create_table("made", rows.select(**values), overwrite=True)


def test_operators_are_those_of_python(rows):
    draw = random.Random(1)
    pairs = [(draw.randint(-5, 5), draw.randint(-5, 5)) for _ in range(60)]
    table = pa.table({"a": [a for a, _ in pairs], "b": [b for _, b in pairs], "segkit_row": range(60)})
    numbers = ibis.duckdb.connect().create_table("rows", table)
    signs = {"+": operator.add, "-": operator.sub, "*": operator.mul, "==": operator.eq, "!=": operator.ne}
    signs |= {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    for sign, does in signs.items():
        assert made(numbers, f"a {sign} b") == [does(a, b) for a, b in pairs]
    for text in ("a - b - 1 * 2 + -a", "a < b or a == b and not a > 3", "not a == b or b > 1", "a * (b - 1) >= a + b * 2"):
        assert made(numbers, text) == [eval(text, {"a": a, "b": b}) for a, b in pairs]
