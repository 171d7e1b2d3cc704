"""What is found out about files before anything is declared: how they are written, what each column holds, what stands out."""

import gzip
import json
import sqlite3
from datetime import date, timedelta

import duckdb
import ibis
import pandas as pd
import pytest

from segkit.errors import BadInput
from segkit.sources.authoring import dialect, facts, moments, sniff, words


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """A folder for raw data in a home of its own."""
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path))
    monkeypatch.delenv("SEGKIT_DATA", raising=False)
    monkeypatch.delenv("SEGKIT_OUT", raising=False)
    folder = tmp_path / "data" / "raw"
    folder.mkdir(parents=True)
    return folder


def written(raw, name, content):
    path = raw / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return dialect.dialect(path)[0]


def found(raw, *names, tmp="scratch"):
    scratch = raw.parent / tmp
    scratch.mkdir(exist_ok=True)
    return sniff.sniffed(ibis.duckdb.connect(), [(name, raw / name) for name in names], scratch)


def fact(values, name="x"):
    """The facts of one column of text."""
    connection = ibis.duckdb.connect()
    connection.create_table("rows", pd.DataFrame({name: pd.Series([str(each) for each in values], dtype="str")}))
    return facts.measured(connection, "rows")[1][name]


# -- how a file is written --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, keys",
    [
        ("id,name\n1,a\n2,b\n", {}),
        ("\n \nid;name\n1;a\n", {"delimiter": ";"}),
        ('id;inches\n1;5"\n2;7"\n', {"delimiter": ";"}),
        ("id;name\n1;a\n2;b\n", {"delimiter": ";"}),
        ("id\tname\n1\ta\n", {"delimiter": "\t"}),
        ("id|name|x\n1|a,b|2\n2|c,d|3\n", {"delimiter": "|"}),
        ("id;betrag\n1;1,50\n2;2,75\n", {"delimiter": ";"}),
        ('id,text\n1,"a;b;c"\n2,"d;e;f"\n', {}),
        ("\ufeffid;name\n1;a\n", {"delimiter": ";"}),
        ("id^name\n1^a\n", {"delimiter": "^"}),
        ("when\n2024-01-01 10:00:00\n2024-01-02 10:00:00\n", {}),
        ("id,name\n", {}),
    ],
)
def test_the_delimiter_is_found_in_all_lines(raw, content, keys):
    assert written(raw, "a.csv", content) == keys


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found_in_all_bytes(raw, encoding):
    text = "id;ort\n" + "1;Berlin\n" * 200_000 + "2;Köln\n"
    assert written(raw, "a.csv", text.encode(encoding)) == {"encoding": encoding, "delimiter": ";"}
    assert "umlauts" in dialect.dialect(raw / "a.csv")[1][0] if encoding == "cp1252" else not dialect.dialect(raw / "a.csv")[1]


def test_bytes_that_windows_has_no_sign_for_are_latin_1(raw):
    assert written(raw, "a.csv", b"id,x\n1,\x81\xe4\n")["encoding"] == "latin-1"


@pytest.mark.parametrize(
    "content, columns",
    [
        ("1,2024-01-01,5.0\n2,2024-01-02,6.0\n", 3),
        ("Anna,Berlin\nBernd,Berlin\nCarla,Bonn\nAnna,Bonn\n", 2),
        ("anna@example.org,x\nbernd@example.org,y\n", 2),
        ("1,2\n", 2),
    ],
)
def test_a_first_line_of_data_is_no_header(raw, content, columns):
    keys = written(raw, "a.csv", content)
    assert keys["header"] == [f"column_{n}" for n in range(1, columns + 1)]
    assert "give each column its name" in dialect.dialect(raw / "a.csv")[1][0]


@pytest.mark.parametrize(
    "content", ["name,city\nAnna,Berlin\nBernd,Bonn\n", "id,2023,2024\na,5,6\nb,7,8\n", "yummy,spicy\nYes,No\nNo,No\n"]
)
def test_a_line_of_names_is_a_header(raw, content):
    assert "header" not in written(raw, "a.csv", content)


def test_columns_at_fixed_positions_are_found_and_may_grow(raw):
    keys = written(raw, "a.txt", " 00004 19970101  2   29.33\n 00004 19970118 12  129.73\n 00021 19970101  3   63.34\n")
    assert keys == {"fixed_width": {"column_1": [1, 6], "column_2": [7, 15], "column_3": [16, 18], "column_4": [19, 26]}}
    keys = written(raw, "b.txt", "AB   1\nABC 22\nA    3\n")
    assert keys == {"fixed_width": {"column_1": [1, 4], "column_2": [5, 6]}}


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.csv", b""),
        ("a.csv", b'id,x\n1,"' + b"a" * 200_000),
        ("a.csv", b"\n \n"),
        ("a.csv.gz", b"no gzip"),
        ("b.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9]),
    ],
)
def test_what_is_empty_or_broken_is_refused_by_name(raw, name, content):
    with pytest.raises(BadInput, match=f"the file {name} (is empty|cannot be read)"):
        written(raw, name, content)


# -- what a column holds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values, kind",
    [
        (["", " ", ""], "empty"),
        (["1", "2", "3"], "integer"),
        (["17850.0", "17851.0"], "integer"),
        (["007", "008", "123"], "integer"),
        (["1.5", "2.25", "3"], "number"),
        (["1,5", "2,25", "1.003,50"], "number"),
        (["Yes", "No", "Yes"], "boolean"),
        (["1", "0", "1", "n/a"], "boolean"),
        (["ja", "nein"], "boolean"),
        (["1", "1", "1"], "integer"),
        (["red", "green"], "text"),
        (["1", "2", "many", "lots"], "text"),
        (["2024-01-01", "2024-01-02"], "moment"),
        (["2024-01-01T10:00:00Z", "2024-01-02T10:00:00Z"], "moment"),
        (["20240131", "20240228"], "moment"),
        (["20240131", "20240299"] * 5, "integer"),
    ],
)
def test_kinds(values, kind):
    assert fact(values).kind == kind


def test_decimals_are_told_by_what_fits_all_values():
    assert fact(["1,5", "2,75"]).decimal == "," and fact(["1.234,50", "2"]).decimal == ","
    assert fact(["1.5", "2"]).decimal == "." and fact(["1", "2"]).decimal == ""
    assert fact(["1,234.50", "2"]).has_marks and fact(["1 234.50", "2"]).has_marks and fact(["1,234.50", "2"]).decimal == "."
    assert fact(["1,234", "12,345", "7"]).is_either and fact(["1.234", "2.345"]).is_either and not fact(["1.234", "2.3"]).is_either
    assert fact(["1,234", "12,345", "7"]).highest == 12345 and fact(["1.234,5", "7"]).highest == 1234.5
    assert fact(["€ 12.50", "€ 1.00"]).is_money and fact(["€ 12.50", "€ 1.00"]).kind == "text"
    assert fact(["1.5", "2", "n/a"]).nothing == {"n/a": 1} and fact(["1.5", "2", "n/a"]).kind == "number"


def days(n, format, start=date(2024, 1, 1), step=1):
    return [(start + timedelta(days=step * each)).strftime(format) for each in range(n)]


@pytest.mark.parametrize(
    "format",
    [
        *("%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p"),
        *("%d %b %Y", "%b %d, %Y", "%d-%b-%y", "%Y%m%d", "%Y.%m.%d", "%d.%m.%Y, %H:%M"),
        "%m/%Y",
        "%Y-%m",
    ],
)
def test_formats_are_found_by_trying_them_on_the_data(format):
    one = fact(days(300, format))
    assert one.kind == "moment" and not one.is_ambiguous and next(iter(one.formats)) == format and one.unreadable == 0


def test_a_full_month_name_is_read_as_one():
    assert set(fact(days(300, "%d %B %Y")).formats) == {"%d %B %Y"}


@pytest.mark.parametrize("format, ways", [("%d/%m/%Y", {"%d/%m/%Y", "%m/%d/%Y"}), ("%d.%m.%Y %H:%M", {"%d.%m.%Y %H:%M", "%m.%d.%Y %H:%M"})])
def test_days_up_to_12_can_be_read_in_two_ways(format, ways):
    one = fact([day for month in range(1, 12) for day in days(12, format, date(2024, month, 1))])
    assert one.is_ambiguous and set(one.formats) == ways and set(one.formats.values()) == {132}


def test_one_day_above_12_is_enough():
    assert not fact([*days(12, "%d/%m/%Y"), "13/01/2024"]).is_ambiguous


def test_what_is_read_without_a_format_needs_none():
    for format in ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S"):
        assert fact(days(12, format)).formats == {moments.ISO: 12}


def test_counts_of_seconds_are_times_only_where_the_name_says_so():
    seconds = [1_398_138_810 + 86_400 * n for n in range(50)]
    assert fact(seconds, "created_at").formats == {"seconds since 1970-01-01": 50}
    assert fact([f"{each}.0" for each in seconds], "time_stamp").formats == {"seconds since 1970-01-01": 50}
    assert fact([1000 * each for each in seconds], "ts").formats == {"milliseconds since 1970-01-01": 50}
    assert fact(range(45_000, 45_050), "order_date").formats == {"days since 1899-12-30": 50}
    assert fact(seconds, "phone_id").kind == "integer"
    assert fact(["20240131", "20240228"], "order_no").kind == "integer"


def test_numbers_that_stand_out():
    ages = list(range(18, 90)) * 3
    assert fact(ages + [999] * 4).odd == {"999": 4}
    assert fact(ages + [118] * 40).odd == {"118": 40}
    assert fact(ages + [-1] * 2).odd == {"-1": 2}
    assert fact(list(range(1000, 90_000, 400)) + [666_666]).odd == {"666666": 1}
    assert fact(ages).odd == {} and fact(list(range(100))).odd == {} and fact([*ages, 97]).odd == {}
    assert fact(list(range(-50, 50))).odd == {}
    assert fact([0] * 500 + [n + 30 for n in range(100)]).odd == {}


def test_days_that_stand_for_nothing():
    one = fact(days(40, "%Y-%m-%d") + ["1900-01-01"] * 3 + ["9999-12-31"] * 5)
    assert (one.kind, one.odd, one.nothing, one.unreadable) == ("moment", {"1900-01-01": 3}, {"9999-12-31": 5}, 0)


def test_words_for_nothing():
    assert fact(["red", "Unknown", "N/A", "blue", "keine Angabe"]).nothing == {"N/A": 1, "Unknown": 1, "keine Angabe": 1}
    assert fact(["unknown"] * 3).kind == "text"


@pytest.mark.parametrize(
    "values, kind",
    [
        ([f"kim{n}@example.org" for n in range(20)], "e-mail address"),
        ([f"+49 30 12345{n:02}" for n in range(20)], "phone number"),
        (["DE89370400440532013000"] * 3, "bank account"),
        (["red", "green"], ""),
        (days(40, "%d.%m.%Y"), ""),
    ],
)
def test_what_names_a_person_is_told_by_its_pattern(values, kind):
    assert fact(values).personal == kind


def test_letters_before_some_numbers_paths_and_sentences():
    assert fact([str(n) for n in range(100)] + ["C17", "C18", "A3"]).prefixes == {"A": 1, "C": 2}
    assert fact([f"C{n}" for n in range(100)]).prefixes == {}
    assert fact(["search > mail > shop", "mail", "shop > mail"]).separator == " > "
    assert fact([f"I liked the product number {n} very much, thank you" for n in range(9)]).is_prose
    assert fact(["Mens E-Mail", "No E-Mail"]).control == "no " and fact(["A", "Control"]).control == "control"
    assert fact(["Ja", "Nein"]).yes == {"Ja": "true", "Nein": "false"} and fact(["yes", "no"]).yes == {}


# -- what files hold --------------------------------------------------------------------------------------------------------------------


def test_files_with_one_header_are_one_table_and_what_stands_in_both_is_counted(raw):
    (raw / "2024-01.csv").write_text("id,x\n1,a\n2,b\n2,b\n")
    (raw / "2024-02.csv").write_text("x,id\nb,2\nc,3\n")
    (one,) = found(raw, "2024-02.csv", "2024-01.csv")
    assert [each["file"] for each in one.inputs] == ["2024-01.csv", "2024-02.csv"]
    assert (one.rows, one.repeated, one.shared) == (5, 1, 1)


def test_all_sheets_that_hold_anything(raw):
    with pd.ExcelWriter(raw / "a.xlsx") as book:
        pd.DataFrame({"id": [1, 2], "x": [1.5, 2.5]}).to_excel(book, sheet_name="2023", index=False)
        pd.DataFrame({"id": [3], "x": [2.5]}).to_excel(book, sheet_name="2024", index=False)
        pd.DataFrame({"key": ["a"], "word": ["b"]}).to_excel(book, sheet_name="other", index=False)
        pd.DataFrame().to_excel(book, sheet_name="empty", index=False)
    one, other = found(raw, "a.xlsx")
    assert [each["sheet"] for each in one.inputs] == ["2023", "2024"] and one.rows == 3
    assert [each["sheet"] for each in other.inputs] == ["other"] and other.name == "other"


def test_tables_of_databases(raw):
    with sqlite3.connect(raw / "a.db") as base:
        base.execute("CREATE TABLE people (id INTEGER, name TEXT)")
        base.execute("INSERT INTO people VALUES (1, 'a'), (2, 'b')")
    base.close()
    with duckdb.connect(str(raw / "b.duckdb")) as base:
        base.execute("CREATE TABLE orders AS SELECT 1 AS id, TIMESTAMP '2024-01-01' AS at, TRUE AS paid")
    people, orders = found(raw, "a.db", "b.duckdb")
    assert people.inputs == [{"file": "a.db", "table": "people"}] and people.rows == 2
    assert {name: each.kind for name, each in orders.columns.items()} == {"id": "integer", "at": "moment", "paid": "boolean"}


def test_parquet_and_json_lines_know_their_types(raw):
    pd.DataFrame({"id": ["01", "02"], "at": pd.to_datetime(["2024-01-01", "2024-01-02"]), "n": [1, 2]}).to_parquet(raw / "a.parquet")
    lines = [
        {"customer": {"id": "7"}, "items": [{"sku": "a", "price": 1.5}, {"sku": "b", "price": 2.5}]},
        {"customer": {"id": "8"}, "items": [{"sku": "a", "price": 1.5}]},
    ]
    (raw / "b.jsonl").write_text("\n".join(map(json.dumps, lines)))
    first, second = found(raw, "a.parquet", "b.jsonl")
    assert {name: each.kind for name, each in first.columns.items()} == {"id": "integer", "at": "moment", "n": "integer"}
    assert second.explode == {"column": "items"} and second.rows == 3
    assert {"customer.id", "items.sku", "items.price"} <= set(second.columns)


def test_what_cannot_be_sniffed_is_refused_with_what_to_do(raw):
    (raw / "a.pdf").write_text("x")
    (raw / "b.csv").write_text("id,x\n")
    (raw / "c.xlsx").write_bytes(b"no workbook")
    (raw / "d.db").write_bytes(b"no database at all")
    sqlite3.connect(raw / "e.db").execute("VACUUM").connection.close()
    for name, said in (
        ("a.pdf", "of no known kind"),
        ("b.csv", "a header and no row"),
        ("c.xlsx", "workbook c.xlsx cannot be read"),
        ("d.db", "cannot be opened|no table"),
    ):
        with pytest.raises(BadInput, match=said):
            found(raw, name)


# -- what things are called -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["CustomerID", "Customer ID", "customer_id", "CUSTOMER-ID", "Kunden-Nr.", "client", "user_id", "KundenNr"])
def test_one_name_in_many_spellings(name):
    assert words.matches("orders", [name, "x"], lambda canonical, name: True)["customer_id"] == name


def test_the_more_usual_name_comes_first_and_nothing_stands_for_two():
    every = lambda canonical, name: True
    assert words.matches("orders", ["customer", "customer_id"], every)["customer_id"] == "customer_id"
    assert words.matches("orders", ["price", "items.price"], every)["unit_price"] == "price"
    assert words.matches("orders", ["items.price"], every) == {"unit_price": "items.price"}
    both = words.matches("contacts", ["spend", "cost"], every)
    assert both == {"revenue": "spend", "cost": "cost"}


def test_every_canonical_column_that_is_listed_exists():
    from segkit.tables import ATTRIBUTE_KINDS, TABLES

    assert all(set(columns) == set(TABLES[table].columns) for table, columns in words.COLUMNS.items())
    assert set(words.KINDS) <= set(ATTRIBUTE_KINDS)


@pytest.mark.parametrize(
    "name, spelt",
    [("Year_Birth", "year_birth"), ("Größe (cm)", "groesse_cm"), ("2024", "x_2024"), ("segkit_x", "x_segkit_x"), ("T", "t"), ("🙂", "x")],
)
def test_attributes_get_plain_names(name, spelt):
    assert words.canonical_spelling(name) == spelt
