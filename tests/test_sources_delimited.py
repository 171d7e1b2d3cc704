"""CSV and its kin, however they were written: encodings, delimiters, quotes, lines that do not fit, files that do not agree."""

import csv
import gzip
import io
import random
import re
import time

import ibis
import pytest
import test_sources_files
from test_sources_files import ROWS, put, read, refused

from segkit.sources import files
from segkit.sources.files import delimited
from segkit.sources.places import Input

place = test_sources_files.place
PLAIN = [("a", "1.50"), ("b", "2.00"), ("b", "4.00")]


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("plain", ROWS),
        ("byte-order mark", b"\xef\xbb\xbf" + ROWS.encode()),
        ("CRLF", ROWS.replace("\n", "\r\n")),
        ("lines that end as on old Macs", ROWS.replace("\n", "\r")),
        ("lines that end now so, now so", ROWS.replace("\n", "\r\n", 2)),
        ("a carriage return too many", ROWS.replace("\n", "\r\r\n")),
        ("no newline at the end", ROWS.strip()),
        ("blank lines", "\n\n" + ROWS.replace("\nb", "\n\nb", 1) + "\n\n"),
        ("semicolons", ROWS.replace(",", ";")),
        ("tabs", ROWS.replace(",", "\t")),
        ("bars", ROWS.replace(",", "|")),
        ("quotes", ROWS.replace("a,", '"a",').replace("id", '"id"')),
        ("delimiters within quoted names", ROWS.replace("at", '"a;t;;;"').replace("1.50", '"1.50"')),
        ("blanks around names", ROWS.replace("id,at,amount", " id , at, amount ")),
        ("a delimiter at the end of each line", ROWS.replace("\n", ",\n")),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_csv_is_read_however_it_was_written(place, what, content):
    found, malformed = read(place, "o.csv", content)
    assert list(zip(found.id, found.amount, strict=True)) == PLAIN and malformed == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32", "shift_jis"])
@pytest.mark.parametrize("file", ["o.csv", "o.csv.gz"])
def test_any_encoding_that_is_declared(place, encoding, file):
    letters = "東京" if encoding == "shift_jis" else "Zoë"
    content = f'id,who\n1,{letters}\n2,"{letters}\n2"\n'.encode(encoding)
    found, _ = read(place, file, gzip.compress(content) if file.endswith("gz") else content, encoding=encoding)
    assert found.who.tolist() == [letters, f"{letters}\n2"]


@pytest.mark.parametrize(
    ("content", "encoding", "complaint"),
    [
        ("id,who\n1,a\n2,Zoë\n".encode("latin-1"), "utf-8", "not UTF-8\n  lines that are not: 1, the first is line 3; .*: 0\n.*say `encoding: cp1252`"),
        ("id,who\n1,Zoë\n".encode() * 3 + "2,Zoë\n".encode("latin-1"), "utf-8", "1, the first is line 7; .*: 3\n.*mixes encodings.*spoil the other 3"),
        ("id,who\n1,Zoë\n".encode("utf-16"), "utf-8", "begins like UTF-16\n  -> say `encoding: utf-16`"),
        ("id,who\n1,a\n".encode("utf-16-le"), "latin-1", "bytes of zero\n.*utf-16"),
        (b"id,who\n1,a\n2,\x81\n", "cp1252", "is not cp1252\n  line 3 is the first"),
        ("id,who\n1,a\n".encode("utf-16")[:-1], "utf-16", "is not utf-16"),
        ("id,who\n1,a\n2,é\n".encode(), "ascii", "is not ascii\n  line 3 "),
    ],
)  # fmt: skip
def test_bytes_that_are_not_in_the_declared_encoding_are_named_by_their_line(place, content, encoding, complaint):
    said = refused(place, "o.csv", content, encoding=encoding)
    assert re.search(complaint, said) and "Zo" not in said, said


def test_one_line_of_another_encoding_far_down_is_found_in_no_time(place):
    put(
        place,
        **{"o.csv": b"".join((b"id,who\n", "7,Zoë\n".encode() * 1_500_000, "7,Zoë\n".encode("latin-1"), "7,Zoë\n".encode() * 499_999))},
    )
    started = time.perf_counter()
    said = refused(place, "o.csv")
    assert "1, the first is line 1,500,002; " in said and "mixes encodings" in said and "1,999,999 lines" in said
    assert time.perf_counter() - started < 60


@pytest.mark.parametrize(
    "broken", ['7,"x\n', "7\n", "7,x,y\n", '7,"x"y\n'], ids=["open quote", "too few", "too many", "quote closed early"]
)
def test_one_malformed_line_among_two_million_is_named_and_all_others_load(place, broken):
    line = '1,"Smith, John"\n'
    put(place, **{"o.csv": "id,who\n" + line * 1_500_000 + broken + line * 499_999})
    input, connection = Input(file="o.csv"), ibis.duckdb.connect(threads=2)
    started = time.perf_counter()
    found = files.read(connection, files.locate(input), input, place.parent / "scratch")
    table = connection.create_table("t", found.rows)
    assert found.malformed == [1_500_002] and table.count().execute() == 1_999_999
    assert table.who.nunique().execute() == 1
    assert time.perf_counter() - started < 60


def test_a_quoted_cell_may_hold_newlines_commas_and_quotes_even_if_the_first_comes_late(place):
    found, malformed = read(place, "o.csv", "id,what\n" + "c,plain\n" * 40_000 + 'x,"two\nlines, ""quoted"""\ny\nz,1\n')
    assert len(found) == 40_002 and found.what[found.id == "x"].tolist() == ['two\nlines, "quoted"'] and malformed == [40_004]


def test_apostrophes_hashes_and_inches_are_letters_like_any_other(place):
    found, malformed = read(place, "o.csv", "id,what\n'o'neil',5\" pipe\n#7,NA\n\"d,e\",null\n,\n")
    assert found.id.fillna("-").tolist() == ["'o'neil'", "#7", "d,e", "-"] and malformed == []
    assert found.what.fillna("-").tolist() == ['5" pipe', "NA", "null", "-"]


def test_a_broken_quote_takes_its_own_line_and_no_other(place):
    lines = [
        "id,what,n",
        'a,"open,1',
        "b,x,2",
        'c,"two',
        'lines",3',
        'd,"x"y,4',
        'e,"z,5',
        'f,"y",6',
        "g",
        "h,1,2,3",
        'i,5" pipe,9',
        *["k,,"] * 3,
        'j,"end,7',
    ]
    found, malformed = read(place, "o.csv", "\n".join(lines) + "\n")
    assert found.id.tolist() == ["b", "c", "f", "i", "k", "k", "k"]
    assert found.what.tolist()[:4] == ["x", "two\nlines", "y", '5" pipe']
    assert malformed == [2, 6, 7, 9, 10, 15]


def test_two_open_quotes_that_enclose_good_lines_are_found_apart(place):
    content = "id,what\n" + "a,1\n" * 1000 + 'x,"open\n' + "a,1\n" * 20_000 + 'y,"again\n' + "a,1\n" * 1000 + 'z,"last\n' + 'b,"good"\n' * 9
    found, malformed = read(place, "o.csv", content)
    assert malformed == [1002, 21_003, 22_004] and len(found) == 22_009


@pytest.mark.parametrize(("seed", "newlines"), [*((seed, False) for seed in (26, 44, 97, 258, 303)), *((seed, True) for seed in range(6))])
def test_rows_and_malformed_lines_are_those_of_pythons_own_reader_with_any_number_of_threads(place, monkeypatch, seed, newlines):
    """Cells full of delimiters, quotes and lines that look like rows, in pieces so small that threads begin in the midst of them.

    Of the first five files two threads would lose up to 253 rows, were the lines not counted.
    """
    draw = random.Random(seed)
    parts = ["1,2,3", '"', 'a,"b",c', "x", ",", 'te"xt'] + ["\n", "4,5,6\n", "\r\n"] * newlines

    def cell() -> str:
        odd = draw.random() < 0.3
        return (
            "".join(draw.choice(parts) for _ in range(draw.randint(1, 60)))
            if odd
            else draw.choice(["", "x", "é"]) * draw.choice([1, 40, 300])
        )

    text, good, bad = io.StringIO(newline=""), [], []
    writer = csv.writer(text, lineterminator=draw.choice(["\n", "\r\n"]), quoting=draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer.writerow("abc")
    for number in range(2500):
        row = [str(number), cell(), cell()]
        if draw.random() < 0.01:
            row = draw.choice([row[:2], [*row, "z"]])
            bad.append(text.getvalue().count("\n") + 1)
        else:
            good.append([value or None for value in row])
        writer.writerow(row)
    call = delimited.call
    monkeypatch.setattr(delimited, "call", lambda files, options: call(files, options + ", buffer_size=60000, max_line_size=50000"))
    for threads in (1, 2):
        found, malformed = read(place, "o.csv", text.getvalue(), threads=threads)
        assert malformed == bad and found.astype(object).where(found.notna(), None).to_numpy().tolist() == good


@pytest.mark.parametrize(
    ("content", "keys", "complaint"),
    [
        ("Export of today\n" + ROWS, {}, "4 of its lines do not have the one field of its header, delimiter ','; 0 do"),
        ("id,at;amount\n1,2;3\n", {}, "the delimiter of o.csv is not clear\n  the header holds 1 of each of ',' ';'"),
        ("id,ID,at\n1,2,3\n", {}, "several columns have the same name\n  id, ID"),
        ("id, id\n1,2\n", {}, "several columns have the same name"),
        ("17850,17850,a\n1,2,3\n", {}, "(a name that looks like a value), (a name that looks like a value)\n"),
        ('id,"open\n' + "1,2\n" * 100_000, {}, "the header of o.csv cannot be read"),
        (ROWS, {"header": ["id", "at", "amount"]}, "o.csv has a header"),
        (
            ROWS,
            {"header": ["id", "at"], "delimiter": ","},
            "`header` does not fit o.csv\n  it names 2 columns, the first line has 3 fields",
        ),
        ("1,2;3\n", {"header": ["a", "b"]}, "the delimiter of o.csv is not clear"),
        ("1,2\n", {"header": ["a", "A"]}, "several columns have the same name"),
    ],
)
def test_what_cannot_be_a_table_is_refused(place, content, keys, complaint):
    said = refused(place, "o.csv", content, **keys)
    assert complaint in said and "17850" not in said, said


def test_a_header_alone_is_a_table_without_rows(place):
    found, malformed = read(place, "o.csv", "id,at\n")
    assert found.empty and [*found.columns] == ["id", "at"] and malformed == []


def test_columns_without_a_name_are_numbered_and_any_delimiter_can_be_declared(place):
    found, _ = read(place, "o.csv", "^id^Amount \n1^a^2\n", delimiter="^")
    assert [*found.columns] == ["unnamed_1", "id", "Amount"] and found.iloc[0].tolist() == ["1", "a", "2"]


def test_files_without_header_get_the_names_of_the_dataset_file(place):
    assert read(place, "o.csv", "a|1.5\nb|2,5\n", header=["id", "amount"])[0].amount.tolist() == ["1.5", "2,5"]
    assert read(place, "p.txt", "a\n\nb\n", header=["id"])[0].id.tolist() == ["a", "b"]


def test_files_of_one_input_have_one_header_whatever_its_order_and_their_writing(place):
    put(place, **{"d/1.csv": "id,n\na,1\n", "d/2.csv": "n;id\nx;b\n", "d/3.csv.gz": gzip.compress(b"id,n\nc,\nd\n"), "d/4.csv": "id,n\n"})
    found, malformed = read(place, "d")
    assert found.id.tolist() == ["a", "b", "c"] and found.n.fillna("-").tolist() == ["1", "x", "-"] and malformed == [3]
    put(place, **{"d/5.csv": "id,pieces\na,1\n", "d/6.csv": "id\na\n"})
    assert "the columns of 5.csv are not those of 1.csv\n  it lacks n; it has pieces besides\n  -> " in refused(place, "d")


def test_a_quote_that_is_still_open_at_the_end_of_the_file_takes_no_rows_along(place):
    found, malformed = read(place, "o.csv", f'{ROWS}"x,2025-01-01,1\n' + ROWS.split("\n", 1)[1])
    assert len(found) == 6 and malformed == [5]
