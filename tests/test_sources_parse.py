"""What a cell says, as text and as a type of its own: the same answers as Python's datetime and Decimal, and null for what is not declared."""

import random
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest

from segkit.sources import parse
from segkit.sources.dataset import Reading

BERLIN = "Europe/Berlin"


def read(cells, dtype, name="x", zone="UTC", nothing=(), decimal="", kind=None, **keys):
    """The canonical values of a foreign column, in its order. `nothing` is what the whole table calls missing, `keys` are the column's own."""
    column = pa.array(cells, kind or (pa.string() if all(isinstance(each, str | None) for each in cells) else None))
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{zone}'")
    rows = connection.create_table("foreign", pa.table({"x": column, "n": range(len(cells))}))
    value = parse.parsed(rows.x, name, dtype, Reading(column="x", **keys), list(nothing), decimal)
    made = connection.create_table("made", rows.select(rows.n, value=value)).order_by("n")  # as gathering stages it
    found = made.to_pyarrow()["value"].to_pylist()
    connection.disconnect()
    return found


def is_filled(cells, kind=None, nothing=(), **keys):
    """Which values of a column say something, whatever its type: those that count as unreadable when nothing comes of them."""
    rows = ibis.duckdb.connect().create_table("foreign", pa.table({"x": pa.array(cells, kind), "n": range(len(cells))}))
    filled = parse.filled(rows.x, Reading(column="x", **keys), list(nothing))
    return rows.select(rows.n, filled=filled).order_by("n").to_pyarrow()["filled"].to_pylist()


def test_whole_numbers_may_end_in_point_zero_and_nothing_else():
    texts = [
        "12",
        "12.0",
        "-4.00",
        "+3",
        " 7 ",
        "2.5",
        "1e3",
        "1,234",
        "1_000",
        "0x10",
        "12.",
        "99999999999999999999",
        "-0",
        "007",
        "",
        "１２",
    ]
    expected = [12, 12, -4, 3, 7, None, None, None, None, None, None, None, 0, 7, None, None]
    assert read(texts, "integer") == expected
    assert is_filled(texts) == [text != "" for text in texts]


def test_money_is_rounded_at_the_fourth_decimal_and_has_an_upper_end():
    texts = ["3", "2.5", "-0.00", "12.34565", "-12.34565", "1e3", "1.5e-3", ".5", "5.", "99999999999999.9999", "100000000000000"]
    texts += ["nan", "inf", "1,234.5", "1.234,50", "€5", "1_000", "--5", "5-", "(5)", "1e999"]
    expected = ["3", "2.5", "0", "12.3457", "-12.3457", "1000", "0.0015", "0.5", "5", "99999999999999.9999"]
    assert read(texts, "money") == [*map(Decimal, expected), *[None] * 11]


@pytest.mark.parametrize("seed", range(3))
def test_money_agrees_with_decimal_in_every_way_to_write_it(seed):
    draw, texts, expected = random.Random(seed), {".": [], ",": [], "": []}, {".": [], ",": [], "": []}
    for _ in range(300):
        value = Decimal(draw.randint(-(10 ** draw.randint(1, 14)) + 1, 10 ** draw.randint(1, 14) - 1)).scaleb(-draw.randint(0, 7))
        for mark, grouped in ((".", f"{value:,f}"), (",", f"{value:,f}".translate(str.maketrans(",.", ".,"))), ("", f"{value:f}")):
            texts[mark].append(
                draw.choice(["", " "])
                + (grouped if draw.random() < 0.5 else grouped.replace("," if mark == "." else ".", "") if mark else grouped)
            )
            expected[mark].append(value.quantize(Decimal("0.0001"), ROUND_HALF_UP))
    for mark in texts:
        assert read(texts[mark], "money", decimal=mark) == expected[mark]


def test_marks_between_thousands_need_a_declared_decimal_and_proper_places():
    texts = [
        "1.234,50",
        "1.234.567",
        "1 234,5",
        "1\u00a0234,5",
        "1\u202f234",
        "1'234,5",
        "1’234",
        "12.34",
        "1.5",
        "1234,5",
        ",5",
        "1,234,5",
        "1.2345,0",
    ]
    expected = [1234.5, 1234567, 1234.5, 1234.5, 1234, 1234.5, 1234, None, None, 1234.5, 0.5, None, None]
    assert read(texts, "number", decimal=",") == expected
    assert read(["1,234.50", "1,234,567", "12,34", "1.5", "1'234.5", "1,5", "1e3"], "number", decimal=".") == [
        1234.5, 1234567, None, 1.5, 1234.5, None, 1000
    ]  # fmt: skip
    assert read(["1,234.50", "1,234", "1.5"], "number") == [None, None, 1.5]
    assert read(["1.234", "12"], "integer", decimal=",") == [1234, 12]


def test_a_decimal_comma_is_for_text_and_not_for_numbers_that_are_numbers_already():
    assert read([2.5, 1.234], "money", decimal=",") == [Decimal("2.5"), Decimal("1.234")]
    assert read([1.234, None], "number", decimal=",", missing=["999"]) == [1.234, None]
    assert read(["a", "1,5"], "number", decimal=",", values={"a": "0.5"}) == [0.5, 1.5]


def test_numbers_are_finite():
    texts = ["1.5", "-2e-3", "nan", "inf", "-Infinity", "1e400", "9" * 400, "1_0", "abc", None]
    assert read(texts, "number") == [1.5, -0.002, *[None] * 8]
    assert read([1.5, float("nan"), float("inf"), None], "number") == [1.5, None, None, None]
    assert is_filled([1.5, float("nan"), float("inf"), None]) == [
        True,
        False,
        True,
        False,
    ]  # infinity is unreadable, not a number is missing


def test_a_unit_turns_cents_into_money_and_minutes_into_seconds():
    assert read(["1999", "-5", "1,5", ""], "money", times=0.01) == [Decimal("19.99"), Decimal("-0.05"), None, None]
    assert read([1999, None], "money", times=0.01) == [Decimal("19.99"), None]
    assert read(["1.5", "2", "0.008333", "1e30"], "integer", times=60) == [90, 120, 0, None]
    assert read(["1e308"], "number", times=10) == [None]
    draw = random.Random(5)
    cents = [draw.randint(-(10**12), 10**12) for _ in range(500)]
    assert read(cents, "money", times=0.01) == [Decimal(each) / 100 for each in cents]


def test_yes_and_no_in_the_usual_spellings_and_in_declared_ones():
    texts = ["1", "0", "true", "False", "YES", "n", "t", "ja", "2", "", "  yes ", "1.0", "No"]
    assert read(texts, "boolean") == [True, False, True, False, True, False, True, None, None, None, True, True, False]
    assert read(["ja", "nein", "x"], "boolean", values={"ja": True, "nein": False}) == [True, False, None]
    assert read([1, 0, None], "boolean") == read([1.0, 0.0, None], "boolean") == read([True, False, None], "boolean") == [True, False, None]
    assert read([True, False], "boolean", missing=["false"]) == [True, None]


def test_ids_keep_their_zeros_lose_their_spaces_and_the_point_zero_of_spreadsheets():
    assert read([" 007 ", "17850.0", "C1.0", "\t8\t", "1.00", "-1.0", ""], "string", "customer_id") == [
        "007", "17850", "C1.0", "8", "1.00", "-1", None
    ]  # fmt: skip
    assert read(["1.0", "a b", " x "], "string", "category") == ["1.0", "a b", "x"]
    for kind in (pa.float64(), pa.int64(), pa.uint64(), pa.int32(), pa.decimal128(12, 2), pa.string()):
        whole = ["17850", None] if kind == pa.string() else [17850, None]
        assert read(whole, "string", "order_id", kind=kind) == ["17850", None]
    assert read([2**64 - 1], "string", "order_id", kind=pa.uint64()) == [str(2**64 - 1)]
    assert read([float(2**53)], "string", "order_id") == [str(2**53)]


def test_what_stands_for_nothing_is_missing_in_text_and_in_numbers_alike():
    assert read(["118", "999", "999.0", "-1", "unknown", " ", "Unknown", "9990"], "string", missing=["118", "999", "-1", "unknown", " "]) == [
        None, None, None, None, None, None, "Unknown", "9990"
    ]  # fmt: skip
    for kind in (pa.int64(), pa.float64(), pa.decimal128(10, 2), pa.string()):
        values = ["5", "999", "-1", None] if kind == pa.string() else [5, 999, -1, None]
        for dtype, five in (("integer", 5), ("number", 5.0), ("money", Decimal(5))):
            assert read(values, dtype, kind=kind, nothing=["999"]) == [five, None, -five // 5, None]
            assert read(values, dtype, kind=kind, nothing=["999.0"], missing=[-1]) == [five, None, None, None]
        assert is_filled(values, kind, ["999"], missing=[-1]) == [True, False, False, False]


def test_values_are_replaced_after_what_is_missing_and_before_they_are_read():
    likes = {"I hate it!-5": -5, "I love it!+5": 5}
    assert read(["I hate it!-5", "3", "I love it!+5", "?"], "integer", values=likes) == [-5, 3, 5, None]
    assert read([1.0, 2.0, 3.0, None], "string", values={1: "one", "2": "two"}) == ["one", "two", "3.0", None]
    assert read(["a", "b", "c"], "string", values={"a": "b", "b": ""}, missing=["a"]) == [None, None, "c"]
    assert is_filled([1, 2, None], values={1: None}) == [False, True, False]
    assert read(["a", "b"], "string", values={"a": "b", "b": "c"}) == ["b", "c"]  # once, not again
    assert read([date(1900, 1, 1), date(2025, 1, 2)], "date", values={"1900-01-01": "2000-01-01"}) == [date(2000, 1, 1), date(2025, 1, 2)]


def test_undeclared_moments_are_written_year_first_and_lie_in_this_or_the_last_century():
    texts = {
        "2025-10-01 12:30:00": datetime(2025, 10, 1, 12, 30),
        "2025-10-01T12:30": datetime(2025, 10, 1, 12, 30),
        "2025/1/5": datetime(2025, 1, 5),
        "1999-12-31": datetime(1999, 12, 31),
        "2025-10-01 12:30:00.1234567": datetime(2025, 10, 1, 12, 30, 0, 123456),
    }
    texts |= dict.fromkeys(
        [
            "infinity",
            "-infinity",
            "epoch",
            "25-10-01",
            "9999-12-31",
            "0001-01-01",
            "1899-12-31",
            "2025-10-01 (BC)",
            "01/02/2025",
            "2025-02-30",
        ]
        + [
            "20251001",
            "now",
            "today",
            "2025-01-01 23:59:60",
            "2025-01/05",
            "2025-13-01",
            "2025-10-01 25:00",
            "12:30",
            "2025-10-01 12:30:00+99:00",
        ]
    )
    assert read(list(texts), "timestamp") == list(texts.values())
    assert read(["2025-10-01 23:59:59", "2025-10-01", "1/2/2025"], "date") == [date(2025, 10, 1), date(2025, 10, 1), None]


@pytest.mark.parametrize("seed", range(3))
def test_iso_moments_with_and_without_zone_agree_with_python_on_the_clock_of_the_dataset(seed):
    draw, texts, expected = random.Random(seed), [], []
    edges = [datetime(2025, 3, 30, 0, 59, 59), datetime(2025, 3, 30, 1), datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30)]
    for number in range(300):
        moment = edges[number] if number < 4 else datetime(1901, 1, 1) + timedelta(microseconds=draw.randint(0, 198 * 365 * 86400 * 10**6))
        moment = moment.replace(microsecond=draw.choice([0, moment.microsecond]))
        offset = timezone(timedelta(minutes=draw.choice([0, 60, 120, 330, -570, 840, -720])))
        aware = moment.replace(tzinfo=UTC if number < 4 else offset)
        written = aware.isoformat(draw.choice([" ", "T"]))
        written = draw.choice([written, re.sub(r":(\d\d)$", r"\1", written), written.replace("+00:00", "Z")])
        texts += [written, moment.isoformat(" ")]
        expected += [aware.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None), moment]
    known = [each if 1900 <= each.year <= 2099 else None for each in expected]
    assert read(texts, "timestamp", zone=BERLIN) == known


FORMATS = [
    "%d-%m-%Y %H:%M",
    "%m/%d/%y",
    "%d.%m.%Y %H:%M:%S",
    "%Y%m%d",
    "%Y-%m-%d %I:%M %p",
    "%d %b %Y",
    "%B %d, %Y",
    "%Y-%j",
    "%d/%m/%Y %H:%M:%S.%f",
]


@pytest.mark.parametrize("format", [*FORMATS, "%Y-%m-%dT%H:%M:%S%z"])
def test_declared_patterns_read_what_python_reads(format):
    draw, texts, expected = random.Random(format), [], []
    for number in range(200):
        moment = datetime(1970, 1, 1) + timedelta(seconds=draw.randint(0, 98 * 365 * 86400))
        if "%z" in format:
            moment = moment.replace(tzinfo=timezone(timedelta(minutes=draw.choice([0, 60, -300, 330]))))
        text = moment.strftime(format)
        if number % 4 == 0:  # what a hand, or another program, makes of it
            text = draw.choice([text.upper(), text.removeprefix("0"), text + "1", text.replace("0", "9"), "99" + text[2:]])
        texts.append(text)
        try:
            said = datetime.strptime(text, format)
            said = said.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None) if said.tzinfo else said
            expected.append(said if 1900 <= said.year <= 2099 else None)
        except ValueError:
            expected.append(None)
    found = read(texts, "timestamp", zone=BERLIN, format=format)
    assert [(text, a) for text, a in zip(texts, found)] == list(zip(texts, expected))


def test_moments_are_declared_with_am_and_pm_and_may_not_exist():
    format = "%m/%d/%Y %I:%M %p"
    texts = [
        "12/01/2024 12:05 AM",
        "12/01/2024 12:05 pm",
        "12/01/2024 11:59 PM",
        "12/01/2024 13:00 PM",
        "02/30/2024 01:00 AM",
        "2024-12-01",
    ]
    assert read(texts, "timestamp", format=format) == [
        datetime(2024, 12, 1, 0, 5), datetime(2024, 12, 1, 12, 5), datetime(2024, 12, 1, 23, 59), None, None, None
    ]  # fmt: skip
    assert read(["2024-07", "2024-13"], "date", format="%Y-%m") == [date(2024, 7, 1), None]


@pytest.mark.parametrize(("unit", "seconds"), [("seconds", 1), ("milliseconds", 0.001)])
def test_counts_of_seconds_run_in_greenwich_and_are_shown_on_the_clock_of_the_dataset(unit, seconds):
    draw = random.Random(unit)
    moments = [datetime(2025, 3, 30, 0, 59, 59, tzinfo=UTC) + timedelta(seconds=draw.randint(-(10**9), 10**9)) for _ in range(200)]
    for start in ("1970-01-01", "2001-01-01", "1904-01-01"):
        since = datetime.fromisoformat(start).replace(tzinfo=UTC)
        counts = [round((each - since).total_seconds() / seconds) for each in moments]
        expected = [each.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None) for each in moments]
        for values in (counts, [str(each) for each in counts], [f"{each}.0" for each in counts], [float(each) for each in counts]):
            assert read(values, "timestamp", zone=BERLIN, format=f"{unit} since {start}") == expected


def test_days_of_spreadsheets_carry_the_clock_in_their_fractions_to_the_millisecond():
    epoch, draw = datetime(1899, 12, 30), random.Random(9)
    moments = [datetime(1990, 1, 1) + timedelta(minutes=draw.randint(0, 109 * 365 * 1440)) for _ in range(300)]
    counts = [(each - epoch) / timedelta(days=1) for each in moments]
    assert max(counts) > 50_000  # beyond 2037
    for values in (counts, [repr(each) for each in counts], [f"{each:.10f}" for each in counts]):
        assert read(values, "timestamp", zone=BERLIN, format="days since 1899-12-30") == moments
    assert read(["45000", "45000.0"], "date", format="days since 1899-12-30") == [date(2023, 3, 15)] * 2
    assert read([45000], "date", format="days since 1899-12-30") == [date(2023, 3, 15)]


def test_absurd_counts_are_null_and_stop_nothing():
    texts = ["-1", "1e300", "-1e18", "nan", "inf", "soon", "99999999999999999999", "1e10", "-2208988801", ""]
    for format, first in (
        ("seconds since 1970-01-01", datetime(1969, 12, 31, 23, 59, 59)),
        ("days since 1970-01-01", datetime(1969, 12, 31)),
    ):
        found = read(texts, "timestamp", format=format)
        assert found == [first, *[None] * 9]
    assert read(["4102444799", "4102444800", "-2208988800"], "timestamp", format="seconds since 1970-01-01") == [
        datetime(2099, 12, 31, 23, 59, 59), None, datetime(1900, 1, 1)
    ]  # fmt: skip


def test_what_has_a_type_already_is_taken_as_it_is():
    moments = [datetime(2025, 3, 30, 2, 30, 0, 5), None, datetime(1850, 1, 1), datetime(9999, 12, 31)]
    expected = [moments[0], None, None, None]
    assert read(moments, "timestamp", zone=BERLIN) == expected
    assert read(moments, "timestamp", zone=BERLIN, missing=["1900-01-01"], format="%d-%m-%Y") == expected
    aware = [datetime(2025, 7, 1, 10, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)]
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("ns", "UTC"), pa.timestamp("s", "America/New_York")):
        assert read(aware, "timestamp", kind=kind, zone=BERLIN) == [datetime(2025, 7, 1, 12), datetime(2025, 10, 26, 2, 30)]
        assert read(aware, "date", kind=kind, zone="Pacific/Auckland") == [date(2025, 7, 1), date(2025, 10, 26)]
    assert read([date(2025, 1, 2), date(1900, 1, 1)], "timestamp", missing=["1900-01-01"]) == [datetime(2025, 1, 2), None]
    assert read([datetime(2025, 1, 2), datetime(1900, 1, 1)], "date", missing=["1900-01-01"]) == [date(2025, 1, 2), None]
    assert read([0.1 + 0.2, 2.675, 1e-7, 1e15, 1e16], "money") == [Decimal("0.3"), Decimal("2.675"), Decimal(0), None, None]
    assert read([Decimal("1.23456"), Decimal("99999999999999")], "money", kind=pa.decimal128(20, 5)) == [
        Decimal("1.2346"),
        Decimal("99999999999999"),
    ]
    assert read([2**63 - 1, -1], "integer") == [2**63 - 1, -1]
    assert read([2**64 - 1, 1], "integer", kind=pa.uint64()) == read([2**63, 1], "money", kind=pa.uint64()) == [None, 1]
    assert read([2.0, 2.5, None], "integer") == [2, None, None]
    assert read([1_700_000_000], "timestamp") == [None]  # a count that nobody declared is no moment


@pytest.mark.parametrize("dtype", ["integer", "number", "money", "boolean", "string", "timestamp", "date"])
def test_text_and_native_columns_give_the_same_answers(dtype):
    """What a CSV says of a column is what Parquet says of it, with and without words for nothing."""
    draw = random.Random(dtype)
    natives = {
        "integer": [draw.randint(-(10**6), 10**6) for _ in range(100)],
        "number": [draw.uniform(-1e6, 1e6) for _ in range(100)],
        "money": [round(draw.uniform(-1e6, 1e6), draw.randint(0, 7)) for _ in range(100)],
        "boolean": [draw.random() < 0.5 for _ in range(100)],
        "string": [draw.randint(0, 99) for _ in range(100)],
        "timestamp": [datetime(2025, 1, 1) + timedelta(seconds=draw.randint(0, 10**8)) for _ in range(100)],
        "date": [date(2025, 1, 1) + timedelta(days=draw.randint(0, 1000)) for _ in range(100)],
    }[dtype]
    texts = [str(each).lower() for each in natives]
    for nothing in ([], [texts[0], "999"]):
        assert read(natives, dtype, nothing=nothing, zone=BERLIN) == read(texts, dtype, nothing=nothing, zone=BERLIN)


@pytest.mark.parametrize(
    ("cells", "dtype", "expected"),
    [
        ([2.5, -2.5, 1e30, None], "integer", [3, -3, None, None]),
        ([2**63 - 1, 1], "integer", [2**63 - 1, 1]),
        ([Decimal("2.50"), Decimal("7")], "integer", [3, 7]),
        ([True, False, None], "integer", [1, 0, None]),
        ([0.1 + 0.2, 1e15, float("inf")], "money", [Decimal("0.3"), None, None]),
        ([10**14, 10**14 - 1], "money", [None, Decimal(10**14 - 1)]),
        ([Decimal("1.23456"), Decimal("100000000000000.00000")], "money", [Decimal("1.2346"), None]),
        ([1, 2], "number", [1.0, 2.0]),
        ([1.5, 17850.0], "string", ["1.5", "17850"]),
        (["no", "yes", "x"], "boolean", [False, True, None]),
        ([True, None], "boolean", [True, None]),
        (["2025-01-02 10:00", "infinity", "01/02/2025"], "timestamp", [datetime(2025, 1, 2, 10), None, None]),
        ([datetime(2025, 1, 2, 10), datetime(9999, 1, 1)], "date", [date(2025, 1, 2), None]),
        *(([1.5], dtype, None) for dtype in ("boolean", "timestamp", "date")),
        *((["1"], dtype, None) for dtype in ("money", "integer", "number")),
        *(([datetime(2025, 1, 2)], dtype, None) for dtype in ("money", "integer", "number", "boolean")),
        *(([True], dtype, None) for dtype in ("money", "number", "timestamp")),
        *(([[1]], dtype, None) for dtype in ("money", "integer", "timestamp")),
    ],
)
def test_what_a_formula_gave_becomes_the_type_of_its_column_or_does_not_fit(cells, dtype, expected):
    rows = ibis.duckdb.connect().create_table("foreign", pa.table({"x": cells, "n": range(len(cells))}))
    value = parse.computed(rows.x, dtype)
    assert (value is None) == (expected is None)
    if expected:
        assert rows.select(rows.n, value=value).order_by("n").to_pyarrow()["value"].to_pylist() == expected


def test_the_count_of_possible_readings_names_both_orders_and_the_clock():
    texts = ["08-01-2017 10:30", "09-02-2017 11:00", "13-01-2017 12:00", "8-1-2017 9:05", "2017-01-08", "soon", None]
    rows = ibis.duckdb.connect().create_table("foreign", pa.table({"x": texts}))
    counts = rows.aggregate(**parse.readings(rows.x)).execute().iloc[0]
    assert {name: n for name, n in counts.items() if n} == {"%d-%m-%Y %H:%M": 4, "%m-%d-%Y %H:%M": 3}
    assert read(texts[:4], "timestamp") == [None] * 4
    rows = ibis.duckdb.connect().create_table("foreign", pa.table({"x": ["08/01/17", "08.01.2017", "08/01/17 10:30:00 AM"]}))
    counts = rows.aggregate(**parse.readings(rows.x)).execute().iloc[0]
    assert {name for name, n in counts.items() if n} == {
        *("%d/%m/%y", "%m/%d/%y", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%y %I:%M:%S %p", "%m/%d/%y %I:%M:%S %p"),
    }


def test_quotes_and_patterns_in_declarations_are_only_text():
    bad = "x'; DROP TABLE foreign; --"
    assert read([bad, "a", "(.*)"], "string", missing=[bad], values={"(.*)": "b"}) == [None, "a", "b"]
    assert read(["'2025-01-02'"], "timestamp", format="'%Y-%m-%d'") == [datetime(2025, 1, 2)]
    assert read(["(2025)+"], "timestamp", format="(%Y)+") == [datetime(2025, 1, 1)]
