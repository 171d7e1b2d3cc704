"""Excel workbooks: what is saved in the cells, as the text that a CSV of the sheet would hold."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import ibis

from segkit.errors import BadInput, nearest
from segkit.sources.files import headers, views
from segkit.sources.files.text import BLOCK, new_file
from segkit.sources.places import Input

ROWS = 50_000  # at a time
FORMULA = re.compile(rb"<(?:\w+:)?c\b([^>]*)><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(<(?:\w+:)?v>[^<])?")
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read(connection: ibis.BaseBackend, paths: list[Path], input: Input, scratch: Path) -> tuple[ibis.Table, list[int]]:
    """The rows of the named sheet (else the first that is visible) of each workbook, as text; rows without any value are left out."""
    copies = [new_file(scratch, path) for path in paths]
    names = [copied(path, input, copy) for path, copy in zip(paths, copies)]
    headers.same([(path.name, each) for path, each in zip(paths, names)])
    return views.view(connection, *(f"SELECT * FROM read_parquet({views.files([copy])})" for copy in copies)), []


def copied(path: Path, input: Input, copy: Path) -> list[str]:
    """Copy one sheet to Parquet, all of it text; returns the names of its columns."""
    import pyarrow as pa
    from pyarrow import parquet
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet = book.get_sheet_by_name(sheet_name(book, input.sheet, path.name))
            rows = filter(any, ([as_text(cell) for cell in row] for row in sheet.iter_rows()))
            where = f"{path.name} · {sheet.name}"
            names = headers.names(input.header or header_of(rows, where, book.sheet_names), where)
            schema = pa.schema([(name, pa.string()) for name in names])
            with parquet.ParquetWriter(copy, schema) as writer:
                while some := list(islice(rows, ROWS)):
                    if len(some[0]) != len(names):
                        raise BadInput(f"`header` does not fit {where}", f"it names {len(names)} columns, the sheet has {len(some[0])}")
                    writer.write_table(pa.table([pa.array(column, pa.string()) for column in zip(*some)], schema))
    except CalamineError as error:
        is_locked = type(error).__name__ == "PasswordError"
        raise BadInput(
            f"the file {path.name} cannot be read",
            "it is locked by a password" if is_locked else "it is no intact workbook",
            "save it without a password" if is_locked else "is it what its ending says? Open it and save it as .xlsx, or export it as CSV",
        ) from None
    refuse_unsaved_formulas(path, sheet.name)
    return names


def sheet_name(book: Any, named: str, name: str) -> str:
    """The sheet to read. Raises BadInput when the named one is not there."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    if named and named not in book.sheet_names:
        raise BadInput(f"{name} has no sheet {named!r}", nearest(named, book.sheet_names))
    tables = [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    visible = [each.name for each in tables if each.visible == SheetVisibleEnum.Visible] or [each.name for each in tables]
    if not visible:
        raise BadInput(f"{name} has no sheet with cells", f"its sheets: {', '.join(book.sheet_names) or 'none'}")
    return named or visible[0]


def header_of(rows: Iterator[list[str | None]], where: str, sheets: list[str]) -> list[str]:
    """The first row that is not empty."""
    cells = next(rows, None)
    if cells is None:
        raise BadInput(f"{where} is empty", f"sheets: {', '.join(sheets)}", "say in `sheet` which one to read")
    named = sum(cell is not None for cell in cells)
    if 2 * named < len(cells):
        raise BadInput(
            f"the header of {where} cannot be read",
            f"its first row names {named} of {len(cells)} columns",
            "is there a title above the header, or a note beside the table? Take it out",
        )
    return [cell or "" for cell in cells]


def as_text(cell: Any) -> str | None:
    """A cell as a CSV would hold it: whole numbers without a point, moments as 2025-12-31 23:59:59, durations in seconds; None when empty.

    Errors such as #DIV/0! are empty.
    """
    match cell:
        case "" | None:
            return None
        case bool():
            return str(cell).lower()
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return as_text(cell.total_seconds())
    return str(cell)


def refuse_unsaved_formulas(path: Path, sheet: str) -> None:
    """Raise BadInput for formulas without a saved value: programs that write workbooks, and do not calculate, leave them so."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        part = part_of(archive, sheet)
        unsaved = sum(1 for kind, value in formulas(archive, part) if not value and b't="str"' not in kind) if part else 0
    if unsaved:
        raise BadInput(
            f"{path.name} · {sheet} holds {unsaved:,} formulas without a value",
            "the program that wrote it did not calculate them",
            "open it in Excel or LibreOffice and save it once",
        )


def part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The file within a workbook that holds a sheet."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return ""
    wanted = next((each.get(RELATION) for each in book.iter() if each.tag.endswith("}sheet") and each.get("name") == sheet), None)
    target = next((each.get("Target", "") for each in relations if each.get("Id") == wanted), "")
    part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    return part if part in archive.namelist() else ""


def formulas(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes | None]]:
    """Every formula of a sheet: the attributes of its cell, and the beginning of its value if it has one."""
    rest = b""
    with archive.open(part) as file:
        while piece := file.read(BLOCK):
            rest += piece
            whole = rest.rfind(b"row>") + 4
            if whole > 3:
                if b"f>" in rest or b"<f" in rest:
                    yield from FORMULA.findall(rest[:whole])
                rest = rest[whole:]
