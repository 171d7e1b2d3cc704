"""Excel workbooks as people save them, and as programs write them."""

import datetime
import zipfile

import openpyxl
import pytest
import test_sources_files
import xlwt
from test_sources_files import ROWS, put, read, refused, zipped

place = test_sources_files.place
TABLE = [["id", "n", "what"], [17850, 1.5, "NA"], ["007", 2, "null"], ["x", 3, None], [None, None, None], [None, 0.25, "z"]]


def workbook(path, **sheets) -> openpyxl.Workbook:
    """A workbook with sheets by their names, saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for line in table:
            sheet.append(line)
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return book


def old_workbook(path, table) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    for row, line in enumerate(table):
        for column, cell in enumerate(line):
            if cell is not None:
                sheet.write(row, column, cell)
    book.save(str(path))


@pytest.mark.parametrize("file", ["o.xlsx", "o.xls", "O.XLSX"])
def test_a_sheet_gives_the_ids_and_the_words_a_csv_would_have_given(place, file):
    old_workbook(place / file, TABLE) if file.endswith("xls") else workbook(place / file, a=TABLE)
    found, malformed = read(place, file)
    assert found.id.fillna("-").tolist() == ["17850", "007", "x", "-"] and malformed == []
    assert found.n.tolist() == ["1.5", "2", "3", "0.25"] and found.what.fillna("-").tolist() == ["NA", "null", "-", "z"]


def test_moments_durations_and_errors(place):
    at = datetime.datetime(2025, 12, 31, 23, 59, 59)
    row = [at, at.date(), datetime.timedelta(hours=30, seconds=1), datetime.time(8, 5), True, "#DIV/0!", 1e15, 0.1]
    workbook(place / "o.xlsx", a=[list("abcdefgh"), row])
    found, _ = read(place, "o.xlsx")
    assert found.fillna("-").iloc[0].tolist() == [
        "2025-12-31 23:59:59", "2025-12-31", "108001", "08:05:00", "true", "-", "1000000000000000", "0.1"
    ]  # fmt: skip


def test_the_named_sheet_is_read_else_the_first_that_can_be_seen(place):
    book = workbook(place / "o.xlsx", notes=[["see next"]], orders=[["id"], ["a"]], older=[["id"], ["b"]])
    book["notes"].sheet_state = "hidden"
    book.create_chartsheet("chart", 0)
    book.save(place / "o.xlsx")
    assert read(place, "o.xlsx")[0].id.tolist() == ["a"] and read(place, "o.xlsx", sheet="older")[0].id.tolist() == ["b"]
    assert "o.xlsx has no sheet 'oder'\n  do you mean 'older'?" in refused(place, "o.xlsx", sheet="oder")


def test_a_table_may_begin_anywhere_and_have_no_header(place):
    workbook(place / "o.xlsx", a=[[], [None, "id", "n"], [None, "a", 1]])
    assert read(place, "o.xlsx")[0].to_dict("list") == {"id": ["a"], "n": ["1"]}
    workbook(place / "p.xlsx", a=[["a", 1]])
    assert read(place, "p.xlsx", header=["id", "n"])[0].to_dict("list") == {"id": ["a"], "n": ["1"]}
    assert "`header` does not fit p.xlsx" in refused(place, "p.xlsx", header=["id"])


def test_workbooks_of_one_input_have_one_header(place):
    workbook(place / "d" / "1.xlsx", a=[["id", "n"], ["a", 1]])
    workbook(place / "d" / "2.xlsx", a=[["n", "id"], [2, "b"]])
    put(place, **{"d/~$2.xlsx": b"owner"})
    assert read(place, "d")[0].to_dict("list") == {"id": ["a", "b"], "n": ["1", "2"]}
    workbook(place / "d" / "3.xlsx", a=[["id", "m"], ["a", 1]])
    assert "the columns of 3.xlsx are not those of 1.xlsx\n  it lacks n; it has m besides" in refused(place, "d/*.xlsx")


def test_formulas_give_the_value_that_was_saved_and_are_refused_where_none_was(place):
    table = [["id", "n", "double"], ["a", 1, "=B2*2"], ["b", 2, "=B3*2"], ["c", 3, 6]]
    workbook(place / "o.xlsx", notes=[["=1+1"]], a=table)
    said = refused(place, "o.xlsx", sheet="a")
    assert said == (
        "o.xlsx · a holds 2 formulas without a value\n  the program that wrote it did not calculate them\n"
        "  -> open it in Excel or LibreOffice and save it once"
    )
    with zipfile.ZipFile(place / "o.xlsx") as before, zipfile.ZipFile(place / "saved.xlsx", "w") as after:
        for name in before.namelist():
            part = (
                before.read(name)
                .replace(b"<f>B2*2</f><v />", b"<f>B2*2</f><v>2</v>")
                .replace(b"<f>B2*2</f><v></v>", b"<f>B2*2</f><v>2</v>")
            )
            part = part.replace(b'<c r="C3"><f>B3*2</f><v />', b'<c r="C3" t="str"><f>B3*2</f><v></v>')  # its value is an empty text
            after.writestr(name, part.replace(b'<c r="C3"><f>B3*2</f><v></v>', b'<c r="C3" t="str"><f>B3*2</f><v></v>'))
    assert read(place, "saved.xlsx", sheet="a")[0].double.fillna("-").tolist() == ["2", "-", "6"]
    workbook(place / "many.xlsx", a=[["id", "n"], *([number, "=1"] for number in range(30_000))])
    assert "holds 30,000 formulas" in refused(place, "many.xlsx")


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([], "o.xlsx · a is empty\n  sheets: a, other\n  -> say in `sheet` which one to read"),
        (
            [["Sales of 2025"], [], ["id", "n", "what"], [1, 2, 3]],
            "its first row names 1 of 3 columns\n  -> is there a title above the header",
        ),
        ([["id", "Id"], [1, 2]], "o.xlsx · a: several columns have the same name"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused(place, table, complaint):
    workbook(place / "o.xlsx", a=table, other=[["id"]])
    assert complaint in refused(place, "o.xlsx")


@pytest.mark.parametrize("file", ["o.xlsx", "o.xls"])
@pytest.mark.parametrize("content", [ROWS, "", zipped("x.csv", ROWS), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_what_is_no_workbook_is_said(place, file, content):
    said = refused(place, file, content)
    assert f"the file {file} cannot be read\n  it is no intact workbook" in said and "17850" not in said


def test_a_header_alone_is_a_table_without_rows(place):
    workbook(place / "o.xlsx", a=[["id", "at"]])
    found, _ = read(place, "o.xlsx")
    assert found.empty and [*found.columns] == ["id", "at"]


def test_a_real_workbook_of_two_sheets_whose_cells_mix_numbers_and_words(place, monkeypatch, real_data):
    monkeypatch.setenv("SEGKIT_DATA", str(real_data))
    file = "online_retail_II_excerpt/online_retail_II.xlsx"
    first, _ = read(place, file)
    second, _ = read(place, file, sheet="Year 2010-2011")
    assert len(first) == 14_269 and len(second) == 20_497 and len({*first.Invoice} & {*second.Invoice}) == 23
    assert first["Customer ID"].dropna().str.fullmatch(r"\d{5}").all() and first.Invoice.str.startswith("C").any()
    assert first.StockCode.str.fullmatch(r"\d+").mean() > 0.5 and not first.StockCode.str.contains(".", regex=False).any()
