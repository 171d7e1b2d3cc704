"""CSV and its kin: fields between delimiters. Lines that do not have the fields of the header are found and left out; all others are read."""

import csv
import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import ibis
from ibis.util import gen_name

from segkit.errors import BadInput
from segkit.sources.files import headers, views
from segkit.sources.files.text import BLOCK, Text, new_file, plain
from segkit.sources.places import Input

MARKS = ",;\t|"
MOST_MALFORMED = 100_000
LONGEST_CELL = 10_000  # lines; a quote that is open for longer was never meant to close


class Delimited(NamedTuple):
    """A file of fields: names of its columns, its delimiter, lines before the first row; whether threads may share it; malformed lines."""

    text: Text
    names: list[str]
    delimiter: str
    skip: int
    is_parallel: bool = True
    malformed: tuple[int, ...] = ()


def read(connection: ibis.BaseBackend, paths: list[Path], input: Input, scratch: Path) -> tuple[ibis.Table, list[int]]:
    """The rows of all files as text, in their order, and the numbers of malformed lines. Nothing is held in memory."""
    found = [described(plain(path, input.encoding, scratch), input) for path in paths]
    headers.same([(each.text.name, each.names) for each in found])
    found = [checked(connection, each, scratch) for each in found]
    alike = groupby(found, key=lambda each: (each[1:5], bool(each.malformed)))
    return views.view(connection, *(rows(list(files)) for _, files in alike)), [line for each in found for line in each.malformed]


def described(text: Text, input: Input) -> Delimited:
    """What the header says, or `header` in its place. Nothing is concluded from the rows: a single odd one could mislead."""
    with open(text.path, encoding="utf-8-sig", newline="") as file:
        start = file.read(BLOCK)
    line = re.search(r"[^\r\n]*\S[^\r\n]*", start)[0]
    if input.header:
        delimiter = input.delimiter or delimiter_for(line, len(input.header), text.name)
    else:
        delimiter = input.delimiter or delimiter_of(line, text.name)
    skip, cells = header_of(start, delimiter, text.name)
    if not input.header:
        return Delimited(text, headers.names(cells, text.name), delimiter, skip)
    names = headers.names(input.header, text.name)
    if [cell.strip() for cell in cells] == names:
        raise BadInput(f"{text.name} has a header", "its first line is what `header` says", "take `header` out of the dataset file")
    if len(cells) != len(names) and len(cells) != len(names) + (cells[-1] == ""):
        raise BadInput(f"`header` does not fit {text.name}", f"it names {len(names)} columns, the first line has {len(cells)} fields")
    return Delimited(text, names, delimiter, 0)


def header_of(start: str, delimiter: str, name: str) -> tuple[int, list[str]]:
    """The first row that is not blank, and its number."""
    found = enumerate(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), 1)
    try:
        return next((number, cells) for number, cells in found if any(cell.strip() for cell in cells))
    except (csv.Error, StopIteration):
        raise BadInput(f"the header of {name} cannot be read", "is a quote in it not closed?", "correct the first line") from None


def delimiter_of(header: str, name: str) -> str:
    """What stands most often between the names of a header."""
    bare = re.sub(r'"[^"]*"', "", header)
    most = max(bare.count(mark) for mark in MARKS)
    found = [mark for mark in MARKS if bare.count(mark) == most]
    if most and len(found) > 1:
        raise BadInput(
            f"the delimiter of {name} is not clear", f"the header holds {most} of each of {' '.join(map(repr, found))}", "say `delimiter`"
        )
    return found[0]


def delimiter_for(line: str, fields: int, name: str) -> str:
    """What cuts the first line of a file without header into as many fields as `header` names."""
    found = [mark for mark in MARKS if len(next(csv.reader([line], delimiter=mark))) == fields]
    if len(found) != 1 and fields > 1:
        raise BadInput(f"the delimiter of {name} is not clear", f"`header` names {fields} columns", "say `delimiter`")
    return found[0] if found else MARKS[0]


def checked(connection: ibis.BaseBackend, file: Delimited, scratch: Path) -> Delimited:
    """The file with its malformed lines; a mended copy of it where a quote is broken, which else swallows the lines that follow."""
    import duckdb

    try:
        file, count = scanned(connection, file)
    except duckdb.Error:  # lines that end now so, now so
        file, count = scanned(connection, mended(file, scratch))
    if file.text.has_open_quotes and (file.malformed or file.text.is_quote_open):  # it may have taken others along, to the end of the file
        file, count = scanned(connection, mended(file, scratch))
    if len(file.malformed) > min(count, MOST_MALFORMED):
        fields = f"{len(file.names)} fields" if len(file.names) > 1 else "one field"
        at_least = "at least " if len(file.malformed) > MOST_MALFORMED else ""
        raise BadInput(
            f"the file {file.text.name} cannot be read",
            f"{at_least}{len(file.malformed):,} of its lines do not have the {fields} of its header, delimiter {file.delimiter!r}; {count:,} do",
            "is the header its first line, the delimiter right, every quote within quotes doubled?",
        )
    if file.malformed and not file.text.has_open_quotes:
        clean, left = scanned(connection, without(file, scratch))
        if left == count and clean.is_parallel:
            return clean._replace(malformed=file.malformed)
    return file


def scanned(connection: ibis.BaseBackend, file: Delimited) -> tuple[Delimited, int]:
    """The file with what the engine says of its lines, and the number of its rows.

    Threads that begin in the midst of a file may take a quote that closes for one that opens, and lose rows without a word; so they do,
    by the hundred thousand, when they ignore errors (DuckDB 2.0.0). They share a file only where no line leaves a quote open, every line
    is accounted for, and none is malformed.
    """
    if not file.text.has_open_quotes:
        count, lines = counted(connection, file._replace(is_parallel=True))
        if count + len(lines) == file.text.lines - (file.skip > 0):
            return file._replace(malformed=lines, is_parallel=not lines), count
    file = file._replace(is_parallel=False)
    count, lines = counted(connection, file)
    return file._replace(malformed=lines), count


def counted(connection: ibis.BaseBackend, file: Delimited) -> tuple[int, tuple[int, ...]]:
    """Number of rows, and the numbers of the lines the engine rejects."""
    kept, scans = gen_name("rejects"), gen_name("scans")
    options = f"store_rejects=true, rejects_table='{kept}', rejects_scan='{scans}', rejects_limit={MOST_MALFORMED + 1}"
    what = "*" if len(file.names) > 1 else views.name(file.names[0])  # a blank line is a row only where a row is one field
    try:
        ((count,),) = views.asked(connection, f"SELECT count({what}) FROM {call([file], options)}")
        found = views.asked(connection, f"SELECT DISTINCT line, line_byte_position FROM {kept} ORDER BY ALL")
    finally:
        connection.raw_sql(f"DROP TABLE IF EXISTS {kept}; DROP TABLE IF EXISTS {scans}")
    if file.text.has_open_quotes:  # the engine counts rows, which then may be longer than a line
        return count, tuple(line_numbers(file.text.path, [place for _, place in found]))
    return count, tuple(line for line, _ in found)


def line_numbers(path: Path, places: list[int]) -> Iterator[int]:
    """The numbers of the lines at these positions in a file."""
    line, at = 1, 0
    with open(path, "rb") as file:
        for place in places:
            while at < place:
                block = file.read(min(BLOCK, place - at))
                line, at = line + block.count(b"\n"), at + len(block)
            yield line


def call(files: list[Delimited], options: str) -> str:
    """The engine's reader with everything said, so that it guesses nothing."""
    first = files[0]
    columns = ", ".join(f"{views.text(name)}: 'VARCHAR'" for name in first.names)
    return (
        f"read_csv({views.files(each.text.path for each in files)}, auto_detect=false, columns={{{columns}}}, header=false, skip={first.skip}, "
        f"""delim={views.text(first.delimiter)}, quote='"', escape='"', compression='none', parallel={first.is_parallel}, {options})"""
    )


def rows(files: list[Delimited]) -> str:
    """SQL for the rows of files that are written alike."""
    filled = f" WHERE {views.name(files[0].names[0])} IS NOT NULL" if len(files[0].names) == 1 else ""
    return f"SELECT * FROM {call(files, f'ignore_errors={bool(files[0].malformed) and not files[0].is_parallel}')}{filled}"


def without(file: Delimited, scratch: Path) -> Delimited:
    """A copy without the malformed lines, which threads may share."""
    path, wrong, left_out, number = new_file(scratch, file.text.path), file.malformed, set(file.malformed), 1
    with open(file.text.path, "rb") as whole, open(path, "wb") as copy:
        while block := whole.read(BLOCK):
            last = number + block.count(b"\n")
            if bisect_left(wrong, number) < bisect_right(wrong, last):
                lines = re.findall(rb"[^\n]*\n|[^\n]+", block)
                block = b"".join(line for at, line in enumerate(lines, number) if at not in left_out)
            copy.write(block)
            number = last
    return file._replace(text=file.text._replace(path=path, lines=file.text.lines - len(left_out)))


def mended(file: Delimited, scratch: Path) -> Delimited:
    """A copy, line by line, in which all lines end alike, and one with a broken quote has become one of too many fields."""
    path = new_file(scratch, file.text.path)
    broken = file.delimiter.join("x" * (len(file.names) + 2)) + "\n"
    held: list[str] = []  # lines since a quote was opened
    with open(file.text.path, encoding="utf-8", newline="\n") as lines, open(path, "w", encoding="utf-8", newline="") as copy:
        for line in lines:
            is_odd = line.count('"') % 2 == 1
            if held:
                held.append(line)
                if not is_odd and len(held) < LONGEST_CELL:
                    continue
                if is_whole := len(records(held, file)) == 1:
                    copy.writelines([*held[:-1], ended(line)])
                else:
                    copy.writelines([broken, *map(ended, held[1:-1])])
                held = []
                if is_whole:
                    continue
            if is_odd and not records([line], file):
                held = [line]
            else:
                copy.write(ended(line))
        copy.writelines([broken, *map(ended, held[1:])] if held else [])
    return file._replace(text=file.text._replace(path=path))


def ended(line: str) -> str:
    """A line that ends as all others; a return within it is white space."""
    return line.rstrip("\r\n").replace("\r", " ") + "\n"


def records(lines: list[str], file: Delimited) -> list[int]:
    """The number of fields of each record in these lines; none when a quote is not closed, or closed too soon."""
    try:
        return [len(cells) for cells in csv.reader(lines, delimiter=file.delimiter, strict=True)]
    except csv.Error:
        return []
