"""Files where they lie: found or not, of one kind or several, packed or cut, downloaded; and Parquet, which knows its own types."""

import gzip
import http.server
import io
import os
import threading
import zipfile
from functools import partial
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from test_sources import ORDERS, ROWS, declare, gathered, rows

from segkit import sources
from segkit.errors import BadInput
from segkit.sources import files
from segkit.sources.content import content_sha256
from segkit.sources.places import Download, Input


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """The folder that SEGKIT_DATA names, in a home of its own."""
    for folder in ("in", "home/notebooks", "home/data/raw", "scratch"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "home" / "environment.yml").touch()
    monkeypatch.setenv("SEGKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "in"))
    return tmp_path / "in"


def put(place: Path, **contents) -> None:
    """Files below a folder: name -> content. Two lines in a name stand for the dot."""
    for name, content in contents.items():
        path = place / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def read(place: Path, file: str, content: "str | bytes | None" = None, threads: int = 2, **keys) -> tuple[pd.DataFrame, list[int]]:
    """Write a file, read it as gathering would, and look at all its rows."""
    if content is not None:
        put(place, **{file: content})
    input, connection = Input(file=file, **keys), ibis.duckdb.connect(threads=threads)
    found = files.read(connection, files.locate(input), input, place.parent / "scratch")
    frame = found.rows.execute()
    assert found.columns == list(frame.columns)
    return frame, found.malformed


def refused(place: Path, file: str, content: "str | bytes | None" = None, **keys) -> str:
    """What a person is told about a file that cannot be read."""
    with pytest.raises(BadInput) as caught:
        read(place, file, content, **keys)
    return str(caught.value)


def zipped(name: str, content: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def parquet_of(path: Path, **columns) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)


def test_data_are_looked_for_in_segkit_data_first_and_links_are_followed(place):
    put(place.parent / "home" / "data" / "raw", orders__csv="id\na\n", costs__csv="id\nc\n")
    put(place.parent, dump_of_2025="id\nz\n")
    (place / "orders.csv").symlink_to(place.parent / "dump_of_2025")
    assert [*read(place, "orders.csv")[0].id] == ["z"] and [*read(place, "costs.csv")[0].id] == ["c"]


def test_a_missing_file_says_where_it_was_looked_for(place):
    assert f"the file o.csv is missing\n  looked in {place}, " in refused(place, "o.csv")
    assert "no file matches 2025/*.csv" in refused(place, "2025/*.csv")
    assert "run `segkit demo`" in refused(place, "demo/orders.csv")


@pytest.mark.parametrize("file", ["2025/*.csv", "2025", "2025/", "**/o?.csv"])
def test_many_files_are_read_in_the_order_of_their_names(place, file):
    put(
        place,
        **{"2025/o2.csv": "id\nb\n", "2025/o1.csv": "id\na\n", "2025/o3.csv": "id\nc\n", "2025/.o9.csv": "id\nx\n", "2025/_SUCCESS": ""},
    )
    found = files.locate(Input(file=file))
    assert [path.name for path in found] == ["o1.csv", "o2.csv", "o3.csv"]
    assert [*read(place, file)[0].id] == ["a", "b", "c"]


def test_a_star_or_a_quote_in_the_name_of_a_file_is_a_letter(place):
    put(place, **{"o[1].csv": "id\na\n", "o1.csv": "id\nb\n", "o'1*.csv": "id\nc\n"})
    assert [*read(place, "o[1].csv")[0].id] == ["a"] and [*read(place, "o'1*.csv")[0].id] == ["c"]


def test_what_is_no_file_to_read_is_said(place):
    (place / "orders.csv").mkdir()
    assert "orders.csv is a folder without a readable file" in refused(place, "orders.csv")
    put(place, **{"orders.csv/part-0.csv": "id\na\n"})  # as Spark writes
    assert [*read(place, "orders.csv")[0].id] == ["a"]
    put(place, **{"orders.csv/part-1.jsonl": "{}"})
    assert "several kinds\n  .csv, .jsonl\n  -> name one kind: orders.csv/*.csv" in refused(place, "orders.csv")
    put(place, **{"twice/a.csv": "id\na\n", "twice/a.csv.gz": gzip.compress(b"id\na\n")})
    assert "the same file twice" in refused(place, "twice")
    assert "of no known kind\n  readable: .csv" in refused(place, "o.pdf", b"%PDF")


def test_a_file_one_may_not_read_is_bad_input(place, monkeypatch):
    put(place, closed__csv="id\na\n")
    (place / "closed.csv").chmod(0)
    if os.geteuid():
        assert "closed.csv may not be read" in refused(place, "closed.csv")
        return

    def closed(*_):
        raise PermissionError(13, "Permission denied", str(place / "closed.csv"))

    monkeypatch.setattr("builtins.open", closed)  # root may read everything
    with pytest.raises(BadInput, match="closed.csv may not be read\n.*\n  -> give this account the right"):
        files.locate(Input(file="closed.csv"))


def test_a_folder_one_may_not_enter_is_not_taken_for_an_empty_one(place, monkeypatch):
    put(place, **{"2025/a.csv": "id\na\n"})

    def walk(folder, onerror, followlinks):
        onerror(PermissionError(13, "Permission denied", str(folder / "closed")))
        return []

    monkeypatch.setattr(os, "walk", walk)
    assert "closed may not be read" in refused(place, "2025")


@pytest.mark.parametrize(
    ("what", "file", "content", "complaint"),
    [
        ("an unpacked file called .gz", "o.csv.gz", ROWS.encode(), "it is no intact gzip archive"),
        ("a cut archive", "o.csv.gz", gzip.compress((ROWS * 5000).encode())[:-40], "the archive is cut"),
        ("an archive without its last bytes", "o.csv.gz", gzip.compress(ROWS.encode())[:-4], "the archive is cut"),
        (
            "an archive with one bit turned",
            "o.csv.gz",
            (lambda x: x[:40] + bytes([x[40] ^ 1]) + x[41:])(gzip.compress(os.urandom(99).hex().encode())),
            "gzip",
        ),
        ("no bytes", "o.csv", b"", "o.csv is empty\n  0 bytes"),
        ("no bytes, packed", "o.csv.gz", gzip.compress(b""), "is empty"),
        ("no letters", "o.csv", b"\n\n \n".replace(b" ", b""), "is empty"),
        ("a picture called .csv", "o.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "o.csv is no"),
        ("zeros called .csv", "o.csv", b"id,at\n\0\0\0\0,1\n", "bytes of zero"),
        ("a workbook called .csv", "o.csv", zipped("x", "y"), "a zip archive or an Excel workbook"),
        ("an archive called .csv", "o.csv", gzip.compress(ROWS.encode()), "compressed with gzip"),
        ("Parquet called .txt", "o.txt", b"PAR1" + ROWS.encode(), "it is Parquet"),
        ("words called .parquet", "o.parquet", ROWS.encode(), "o.parquet cannot be read"),
        ("cut Parquet", "o.parquet", b"PAR1", "o.parquet cannot be read"),
        ("nothing called .parquet", "o.parquet", b"", "o.parquet cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_what_cannot_be_read_is_bad_input_and_quotes_nothing(place, what, file, content, complaint):
    said = refused(place, file, content)
    assert complaint in said and "2025-01-0" not in said and said.startswith("the file o."), what


def test_archives_may_follow_each_other_and_zeros_may_fill_the_last(place):
    packed = gzip.compress(b"id\na\n") + gzip.compress(b"b\n") + gzip.compress(b"") + b"\0" * 512
    assert [*read(place, "o.csv.gz", packed)[0].id] == ["a", "b"]


def test_parquet_keeps_its_types_and_objects_within_it_become_dotted_columns(place):
    parquet_of(
        place / "o.parquet",
        id=[1, 2],
        customer=[{"id": "a", "geo": {"country": "DE"}}, {"id": "b", "geo": None}],
        items=[["x", "y"], []],
        at=pd.to_datetime(["2025-01-01", "2025-01-02"]),
    )
    found, malformed = read(place, "o.parquet")
    assert [*found.columns] == ["id", "customer.id", "customer.geo.country", "items", "at"] and malformed == []
    assert found.id.dtype == "int64" and found["customer.id"].tolist() == ["a", "b"] and list(found["items"][0]) == ["x", "y"]


@pytest.mark.parametrize("file", ["sales", "sales/**/*.parquet"])
def test_folders_named_key_value_become_columns_of_text(place, file):
    parquet_of(place / "sales" / "year=2025" / "shop=a%20b" / "0.parquet", id=[3])
    parquet_of(place / "sales" / "year=2024" / "shop=007" / "0.parquet", id=[1, 2])
    parquet_of(place / "sales" / "year=2025" / "shop=__HIVE_DEFAULT_PARTITION__" / "0.parquet", id=[4])
    put(place / "sales", _SUCCESS="", **{".part.crc": ""})
    found, _ = read(place, file)
    assert found.id.tolist() == [1, 2, 4, 3] and found.year.tolist() == ["2024", "2024", "2025", "2025"]
    assert found.shop.fillna("-").tolist() == ["007", "007", "-", "a b"]


def test_a_type_on_which_parquet_files_disagree_becomes_text_and_a_number_of_a_customer_stays_one(place):
    parquet_of(place / "p" / "1.parquet", id=[17850], amount=[1.5], n=pa.array([1], "int32"))
    parquet_of(place / "p" / "2.parquet", id=["A1"], amount=["2"], n=pa.array([2], "int64"))
    parquet_of(place / "p" / "3.parquet", id=[17850.0, None], amount=[3.0, 0.25], n=pa.array([3, 4], "int64"))
    found, _ = read(place, "p")
    assert found.id.fillna("-").tolist() == ["17850", "A1", "17850", "-"] and found.amount.tolist() == ["1.5", "2", "3", "0.25"]
    assert found.n.tolist() == [1, 2, 3, 4]


def test_parquet_files_with_other_columns_or_other_objects_are_refused(place):
    parquet_of(place / "p" / "1.parquet", id=[1], amount=[1])
    parquet_of(place / "p" / "2.parquet", amount=[1], id=[2])
    assert read(place, "p")[0].id.tolist() == [1, 2]
    parquet_of(place / "p" / "3.parquet", id=[1], price=[1])
    assert "the columns of 3.parquet are not those of 1.parquet\n  it lacks amount; it has price besides" in refused(place, "p")
    parquet_of(place / "q" / "1.parquet", id=[1], who=[{"a": 1}])
    parquet_of(place / "q" / "2.parquet", id=[1], who=[{"b": 1}])
    assert "disagree on what who is made of" in refused(place, "q")
    parquet.write_table(pa.table([pa.array([1]), pa.array([2])], names=["id", "ID"]), place / "twice.parquet")
    assert "twice.parquet: several columns have the same name\n  id, ID" in refused(place, "twice.parquet")


def test_a_full_disk_is_not_the_fault_of_the_file(place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.delimited, "read", full)
    with pytest.raises(OSError, match="No space left"):
        read(place, "o.csv", ROWS)


@pytest.fixture
def server(tmp_path):
    """A web server on this machine: folder and address."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def download(address: str) -> Download:
    return Download(url=f"{address}/data+set.zip", member="inside/orders.csv", content_sha256="0" * 64)


def test_a_public_copy_is_fetched_once(place, server):
    folder, address = server
    (folder / "data+set.zip").write_bytes(zipped("inside/orders.csv", ROWS))
    assert len(read(place, "orders.csv", download=download(address))[0]) == 3
    (folder / "data+set.zip").unlink()
    assert len(read(place, "orders.csv", download=download(address))[0]) == 3


@pytest.mark.parametrize(
    "content", [b"<html>come back later</html>", zipped("other.csv", ROWS), None], ids=["no archive", "another archive", "not found"]
)
def test_a_bad_download_is_bad_input_and_is_tried_afresh_the_next_time(place, server, content):
    folder, address = server
    if content is not None:
        (folder / "data+set.zip").write_bytes(content)
    assert "the public copy of orders.csv could not be fetched" in refused(place, "orders.csv", download=download(address))
    (folder / "data+set.zip").write_bytes(zipped("inside/orders.csv", ROWS))
    assert len(read(place, "orders.csv", download=download(address))[0]) == 3


def declared(home: Path, monkeypatch, address: str, digest: str) -> None:
    """A dataset whose orders are fetched from a web server."""
    there = {"url": f"{address}/data+set.zip", "member": "inside/orders.csv", "content_sha256": digest}
    declare(home, monkeypatch, {"orders": {"file": "orders.csv", "columns": ORDERS, "download": there}})


def published(home: Path, monkeypatch) -> str:
    """The digest of the rows of ROWS, in any wrapping."""
    orders = gathered(home, monkeypatch, columns=ORDERS | {"customer_id": "id"})
    table = ibis.memtable(rows(orders)).mutate(amount=lambda table: table.amount.cast("decimal(18, 4)"))
    return content_sha256(table, list(orders.tables["orders"].columns))


def test_a_public_copy_is_checked_by_its_rows_whatever_their_order(tmp_path, monkeypatch, server):
    folder, address = server
    digest = published(tmp_path / "local", monkeypatch)
    header, *lines = ROWS.strip().split("\n")
    (folder / "data+set.zip").write_bytes(zipped("inside/orders.csv", "\n".join([header, *reversed(lines)])))
    declared(tmp_path / "home", monkeypatch, address, digest)
    first = sources.gather("shop")
    assert [*rows(first).customer_id] == ["a", "b", "b"]
    (folder / "data+set.zip").unlink()
    assert sources.gather("shop").fingerprint == first.fingerprint


def test_other_rows_than_the_published_ones_are_refused(tmp_path, monkeypatch, server):
    folder, address = server
    digest = published(tmp_path / "local", monkeypatch)
    (folder / "data+set.zip").write_bytes(zipped("inside/orders.csv", ROWS.replace("4.00", "5.00")))
    declared(tmp_path / "home", monkeypatch, address, digest)
    with pytest.raises(BadInput, match=f"does not hold the published data\n  content .*, expected {digest[:16]}"):
        sources.gather("shop")


def test_files_as_they_come_are_gathered_from_end_to_end(tmp_path, monkeypatch):
    """A folder of months: packed, in another encoding than UTF-8, one line cut short."""
    declare(tmp_path, monkeypatch, {"orders": {"file": "months", "columns": ORDERS, "encoding": "latin-1", "decimal": ","}})
    header, line = "id;at;amount\n", "b;2025-02-01;2\n"
    months = {
        "01.csv": f"{header}é;2025-01-01;1,50\n".encode("latin-1"),
        "02.csv.gz": gzip.compress(f"{header}{line * 500}b;2025\n".encode()),
    }
    put(tmp_path / "data" / "raw" / "months", **months)
    found = sources.gather("shop")
    assert [*rows(found).customer_id] == ["b"] * 500 + ["é"] and [*rows(found).amount.astype(float)] == [2] * 500 + [1.5]
    assert found.ledger["rows"].tolist() == [0, 1]
