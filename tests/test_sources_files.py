"""Files as they come: byte-order marks, quotes, spreadsheets, archives from a web server; and what is no such file."""

import gzip
import http.server
import io
import threading
import zipfile
from functools import partial

import pytest
from test_sources import ORDERS, ROWS, aside, declare, gathered, rows

from segkit import sources
from segkit.errors import BadInput

SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>"""
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def spreadsheet(table: list[list]) -> bytes:
    """A smallest possible workbook: numbers as numbers, text as text, None as an empty cell."""

    def cell(value):
        return (
            "<c/>"
            if value is None
            else f"<c><v>{value}</v></c>"
            if isinstance(value, (int, float))
            else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        )

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", SHEET.format("".join(f"<row>{''.join(map(cell, line))}</row>" for line in table)))
    return packed.getvalue()


def zipped(name: str, content: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


PLAIN = [("a", 1.5), ("b", 2.0), ("b", 4.0)]


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("plain", ROWS.encode()),
        ("byte-order mark", b"\xef\xbb\xbf" + ROWS.encode()),
        ("CRLF", ROWS.replace("\n", "\r\n").encode()),
        ("no newline at the end", ROWS.strip().encode()),
        ("blank lines", ROWS.replace("\nb", "\n\nb", 1).encode() + b"\n\n"),
        ("semicolons", ROWS.replace(",", ";").encode()),
        ("tabs", ROWS.replace(",", "\t").encode()),
        ("quotes", ROWS.replace("a,", '"a",').replace("id", '"id"').encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_csv_is_read_however_it_was_written(tmp_path, monkeypatch, what, content):
    found = rows(gathered(tmp_path, monkeypatch, content))
    assert list(zip(found.customer_id, found.amount.astype(float), strict=True)) == PLAIN


def test_a_quoted_cell_may_hold_newlines_commas_and_quotes_even_if_the_first_comes_late(tmp_path, monkeypatch):
    content = "id,at,amount,what\n" + "c,2025-01-01,1,plain\n" * 40_000 + 'x,2025-01-01,1,"two\nlines, ""quoted"""\n'
    found = rows(gathered(tmp_path, monkeypatch, content, ORDERS | {"category": "what"}))
    assert len(found) == 40_001 and list(found.category[found.customer_id == "x"]) == ['two\nlines, "quoted"']


def test_apostrophes_and_hashes_are_letters_like_any_other(tmp_path, monkeypatch):
    found = rows(gathered(tmp_path, monkeypatch, "id,at,amount\n'o'neil',2025-01-01,1\n#7,2025-01-01,1\n\"d,e\",2025-01-01,1\n"))
    assert sorted(found.customer_id) == ["#7", "'o'neil'", "d,e"]


def test_a_compressed_csv_is_the_same_data(tmp_path, monkeypatch):
    found = rows(gathered(tmp_path, monkeypatch, gzip.compress(ROWS.encode()), file="orders.csv.gz"))
    assert list(zip(found.customer_id, found.amount.astype(float), strict=True)) == PLAIN


@pytest.mark.parametrize(
    ("what", "file", "content", "complaint"),
    [
        ("latin-1", "o.csv", (ROWS + "é,2025-01-01,1\n").encode("latin-1"), "cannot be read"),
        ("utf-16", "o.csv", ROWS.encode("utf-16"), "cannot be read"),
        ("an unpacked file called .gz", "o.csv.gz", ROWS.encode(), "cannot be read"),
        ("half an archive", "o.csv.gz", gzip.compress((ROWS * 500).encode())[:-40], "cannot be read"),
        ("words called .xlsx", "o.xlsx", ROWS.encode(), "cannot be read"),
        ("an archive called .xlsx", "o.xlsx", zipped("x.csv", ROWS), "cannot be read"),
        ("a title above the header", "o.csv", ("Export\n" + ROWS).encode(), "cannot be read"),
        ("parquet", "o.parquet", b"PAR1", "of no known kind"),
        ("nothing at all", "o.csv", b"", "none of the declared columns"),
        ("a header alone", "o.csv", ROWS.split("\n")[0].encode() + b"\n", "orders is empty"),
        ("an empty sheet", "o.xlsx", spreadsheet([["id", "at", "amount"]]), "orders is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_bad_input_and_no_traceback(tmp_path, monkeypatch, what, file, content, complaint):
    with pytest.raises(BadInput) as refused:
        gathered(tmp_path, monkeypatch, content, file=file)
    assert complaint in str(refused.value), what


def test_a_spreadsheet_gives_the_ids_and_the_words_a_csv_would_have_given(tmp_path, monkeypatch):
    table = [
        ["id", "at", "amount", "what", 2024],
        [17850.0, "2025-01-01", 1.5, "NA", 1],
        ["007", "2025-01-02", 2, "null", None],
        ["x", "2025-01-03", 3, None, 2],
    ]
    found = rows(gathered(tmp_path, monkeypatch, spreadsheet(table), ORDERS | {"category": "what"}, file="o.xlsx")).set_index("customer_id")
    assert list(found.index) == ["007", "17850", "x"] and list(found.amount.astype(float)) == [2, 1.5, 3]
    assert list(found.category.fillna("-")) == ["null", "NA", "-"]


def test_a_real_spreadsheet_of_online_retail_is_gathered(tmp_path, monkeypatch, real_data):
    declare(
        tmp_path,
        monkeypatch,
        {
            "orders": {
                "file": "online_retail_II_excerpt/online_retail_II.xlsx",
                "product": {"amount": ["quantity", "unit_price"]},
                "ignore": ["Description", "Country"],
                "columns": {
                    "customer_id": "Customer ID",
                    "ordered_at": "InvoiceDate",
                    "order_id": "Invoice",
                    "product_id": "StockCode",
                    "quantity": "Quantity",
                    "unit_price": "Price",
                },
                "rules": [
                    {"name": "no customer", "column": "customer_id", "missing": True},
                    {"name": "cancelled", "column": "order_id", "starts_with": "C"},
                ],
            }
        },
    )
    monkeypatch.setenv("SEGKIT_DATA", str(real_data))
    found = sources.gather("shop")
    orders = rows(found)
    assert found.ledger.rows_left.iloc[0] == 14_269 and found.ledger.rows.iloc[1] == 169
    assert orders.customer_id.str.fullmatch(r"\d{5}").all() and not orders.order_id.str.startswith("C").any()
    assert ((orders.quantity * orders.unit_price.astype(float)) - orders.amount.astype(float)).abs().max() < 1e-9
    assert len(orders) + len(aside(found)) == 14_269


def test_data_are_looked_for_in_segkit_data_first_and_links_are_followed(tmp_path, monkeypatch):
    gathered(tmp_path / "home", monkeypatch)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "dump-of-2025").write_text(ROWS.replace("a,", "z,"))
    (tmp_path / "elsewhere" / "orders.csv").symlink_to(tmp_path / "dump-of-2025")
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "elsewhere"))
    assert list(rows(sources.gather("shop")).customer_id) == ["b", "b", "z"]


def test_a_missing_file_says_where_it_was_looked_for(tmp_path, monkeypatch):
    declare(tmp_path, monkeypatch, {"orders": {"file": "orders.csv", "columns": ORDERS}})
    with pytest.raises(BadInput, match="the file orders.csv is missing\n  looked in .*data/raw"):
        sources.gather("shop")


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


def downloaded(home, monkeypatch, address: str, digest: str):
    source = {
        "file": "orders.csv",
        "columns": ORDERS,
        "download": {"url": f"{address}/data+set.zip", "member": "inside/orders.csv", "content_sha256": digest},
    }
    declare(home, monkeypatch, {"orders": source})
    return sources.gather("shop")


def published(home, monkeypatch) -> str:
    """The digest of the rows of ROWS, in any wrapping."""
    from segkit.sources import content_sha256

    orders = gathered(home, monkeypatch).tables["orders"]
    return content_sha256(orders, list(orders.columns))


def test_a_public_copy_is_fetched_once_and_checked_by_its_rows(tmp_path, monkeypatch, server):
    folder, address = server
    digest = published(tmp_path / "local", monkeypatch)
    (folder / "data+set.zip").write_bytes(
        zipped("inside/orders.csv", "\n".join([ROWS.split("\n")[0], *sorted(ROWS.split("\n")[1:-1], reverse=True)]))
    )
    found = downloaded(tmp_path / "home", monkeypatch, address, digest)
    assert list(rows(found).customer_id) == ["a", "b", "b"]
    (folder / "data+set.zip").unlink()
    assert downloaded(tmp_path / "home", monkeypatch, address, digest).fingerprint == found.fingerprint


def test_other_rows_than_the_published_ones_are_refused_and_the_file_to_delete_is_named(tmp_path, monkeypatch, server):
    folder, address = server
    digest = published(tmp_path / "local", monkeypatch)
    (folder / "data+set.zip").write_bytes(zipped("inside/orders.csv", ROWS.replace("4.00", "5.00")))
    with pytest.raises(BadInput, match=f"does not hold the published data\n  content .*, expected {digest[:16]}") as refused:
        downloaded(tmp_path / "home", monkeypatch, address, digest)
    assert str(tmp_path / "home" / "data" / "raw" / "downloads" / "inside_orders.csv") in refused.value.do


@pytest.mark.parametrize(
    "content", [b"<html>come back later</html>", zipped("other.csv", ROWS), None], ids=["no archive", "another archive", "not found"]
)
def test_a_bad_download_is_bad_input_and_is_tried_afresh_the_next_time(tmp_path, monkeypatch, server, content):
    folder, address = server
    digest = published(tmp_path / "local", monkeypatch)
    if content is not None:
        (folder / "data+set.zip").write_bytes(content)
    with pytest.raises(BadInput, match="the public copy of orders.csv could not be fetched"):
        downloaded(tmp_path / "home", monkeypatch, address, digest)
    (folder / "data+set.zip").write_bytes(zipped("inside/orders.csv", ROWS))
    assert len(rows(downloaded(tmp_path / "home", monkeypatch, address, digest))) == 3
