"""Where rows may come from: what an input takes, and what it refuses before anything is opened."""

import pytest
from pydantic import TypeAdapter, ValidationError

from segkit import studies
from segkit.errors import BadInput
from segkit.sources.places import Download, Explode, Input, Join

SHA = "0" * 64


def refusal(kind=Input, **keys) -> str:
    with pytest.raises(BadInput) as refused:
        studies.check(keys, "shop.yaml", kind)
    assert "pydantic" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("file", ["orders.csv", "shop/2025-*.csv", "shop/büro/ö rders.csv", "parts/", "a..b.csv", "./x.csv", "x~.csv"])
def test_a_file_lies_below_the_folders_of_data(file):
    assert Input(file=file).file == file


@pytest.mark.parametrize(
    "file",
    ["/etc/passwd", "../x.csv", "a/../../x.csv", "..", "~/x.csv", "~root/x.csv", "a\\..\\x.csv", "C:/x.csv", "c:x.csv", "\\\\host\\x.csv", "a\0b.csv", "a\nb.csv"],
)  # fmt: skip
def test_a_file_elsewhere_is_refused(file):
    assert "a file lies below SEGKIT_DATA or data/raw: no absolute path, no `..`" in refusal(file=file)


@pytest.mark.parametrize("file", ["https://example.org/x.csv", "s3://bucket/x.parquet", "postgres://host/shop"])
def test_an_address_is_no_file(file):
    assert "an address belongs into `download` or `database`" in refusal(file=file)


def test_an_input_is_one_place():
    assert "an input needs either a file or a database" in refusal()
    assert "an input needs either a file or a database" in refusal(file="x.csv", database="postgres://host/shop", table="t")
    assert "a database needs either a table or a query" in refusal(database="postgres://host/shop")
    assert "a database needs either a table or a query" in refusal(file="x.duckdb", table="t", query="SELECT 1")
    assert "x.csv is no database: it takes no table and no query" in refusal(file="x.csv", table="t")
    for file in ("x.sqlite", "x.DB", "a/x.duckdb"):
        assert Input(file=file, table="t").is_database and not Input(file="x.csv").is_database
    assert "takes no delimiter, header, fixed_width or download" in refusal(database="$SHOP", table="t", delimiter=";")
    assert "timeout_seconds: input should be greater than 0" in refusal(database="$SHOP", table="t", timeout_seconds=0)
    assert "finite number" in refusal(database="$SHOP", table="t", timeout_seconds=float("inf"))


@pytest.mark.parametrize(
    "url", ["postgres://me:secret@host/shop", "mysql://:secret@host/x", "postgres://host/shop?user=me&password=secret", "x://h/?PWD=secret"]
)
def test_a_password_is_refused_and_not_repeated(url):
    message = refusal(database=url, table="t")
    assert "a password does not belong here: write $NAME in its place" in message and "secret" not in message


@pytest.mark.parametrize(
    "url", ["postgres://me@host/shop", "postgres://$ME:$SECRET@host:5432/shop", "x://me:${SECRET}@h/s?password=$P", "$SHOP", "sqlite:///x"]
)
def test_a_password_from_the_environment_is_fine(url):
    assert Input(database=url, table="t").database == url


def test_the_name_of_an_input_tells_the_file_and_the_part_and_never_an_address():
    assert Input(file="a/b/c.xlsx", sheet="2025").name == "c.xlsx · 2025"
    assert Input(file="a/x.sqlite", query="SELECT secret").name == "x.sqlite · query"
    assert Input(database="postgres://$ME:$SECRET@host/shop", table="orders").name == "database · orders"


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "latin-1", "cp1252", "utf-16", "utf-8-sig", "gb18030", "cp037"])
def test_an_encoding_is_one_of_texts(encoding):
    assert Input(file="x.csv", encoding=encoding).encoding == encoding


@pytest.mark.parametrize("encoding", ["", "utf8mb4", "base64", "rot13", "zip", "hex", "undefined", "../x", "a\0b", "x'; DROP TABLE y"])
def test_what_is_no_encoding_is_refused(encoding):
    assert "is no encoding such as utf-8, latin-1 or cp1252" in refusal(file="x.csv", encoding=encoding)


def test_a_delimiter_is_one_sign_that_no_field_holds():
    for mark in (",", ";", "\t", "|", "§", " "):
        assert Input(file="x.csv", delimiter=mark).delimiter == mark
    assert "delimiter: string should have at most 1 character" in refusal(file="x.csv", delimiter=";;")
    assert "at most 1 character" in refusal(file="x.csv", delimiter="tab")
    for mark in ('"', "\n", "\r", "\0", "a", "1"):
        assert "cannot stand between fields" in refusal(file="x.csv", delimiter=mark)


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"fixed_width": {"a": [0, 3]}}, "positions count from 1, the first is not beyond the last"),
        ({"fixed_width": {"a": [3, 2]}}, "the first is not beyond the last"),
        ({"fixed_width": {"a": [1]}}, "fixed_width.a.1: it is missing"),
        ({"fixed_width": {"a": [1, 2]}, "header": ["a"]}, "fixed_width names the columns: it needs no header"),
        ({"header": ["a", "b", "a"]}, "header gives two columns the name 'a'"),
        ({"header": ["a", ""]}, "header.1: string should have at least 1 character"),
        ({"header": ["segkit_line"]}, "names beginning with segkit_ are the workbench's own"),
        ({"rename": {"x": "Segkit_input"}}, "the workbench's own"),
        ({"constants": {"segkit_row": "1"}}, "the workbench's own"),
        ({"rename": {"a": "c", "b": "c"}}, "rename gives two columns the name 'c'"),
        ({"rename": {"a": "c"}, "constants": {"c": "1"}}, "'c' is a constant, and a column that `rename` makes"),
        ({"constants": {"c": 1}}, "constants.c: input should be a valid string"),
        ({"sheet": "1"}, "x.csv · 1: only a workbook has sheets"),
        ({"download": {"url": "file:///etc/passwd", "content_sha256": SHA}}, "download.url: string should match pattern"),
        ({"download": {"url": "https://x/y.zip", "content_sha256": "abc"}}, "download.content_sha256: string should match pattern"),
        ({"download": {"url": "https://x/y.zip"}}, "download.content_sha256: it is missing"),
    ],
)
def test_what_an_input_cannot_mean_is_refused(keys, complaint):
    assert complaint in refusal(file="x.csv", **keys)


def test_a_join_has_a_key_and_an_explode_a_column():
    assert Join(file="x.csv", key="id").keys == {"id": "id"}
    assert Join(file="x.csv", key={"a": "b", "c": "c"}).keys == {"a": "b", "c": "c"}
    for key in ("", {}, None):
        assert "key" in refusal(Join, file="x.csv", key=key)
    assert "key: it is missing" in refusal(Join, file="x.csv")
    assert "column: it is missing" in refusal(Explode, by=">")
    assert TypeAdapter(Download).validate_python({"url": "https://x", "content_sha256": SHA}).member == ""
    with pytest.raises(ValidationError):
        Input(file="x.csv").file = "y.csv"
