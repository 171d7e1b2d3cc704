"""How a file of text is written, found in its own lines: encoding, delimiter, whether it has a header, where its columns begin and end."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import IO

from segkit.errors import BadInput

DELIMITERS = ",;\t|^~:"
HEAD, LINES, CHUNK = 400, 20_000, 1 << 20  # lines that show the delimiter, lines that show positions, bytes at a time
VALUE = re.compile(r"[+-]?\s?\d[\d.,:/\-+ ]*([T ]\d[\d:.]*)?Z?")  # a number or a moment: no name of a column looks so
YEAR = re.compile(r"(19|20)\d\d")


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked."""
    return gzip.open(path) if path.name.lower().endswith(".gz") else open(path, "rb")


def dialect(path: Path) -> tuple[dict, list[str]]:
    """The keys of an input that say how the file is written, and what a person has to look at. Raises BadInput for what is no text."""
    try:
        encoding = encoding_of(path)
        with opened(path) as file:
            text = io.TextIOWrapper(file, encoding)
            lines = [line.rstrip("\n") for line in islice(iter(lambda: text.readline(CHUNK), ""), LINES)]
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        raise BadInput(f"the file {path.name} cannot be read", type(error).__name__, "is it what its ending says, and whole?") from None
    lines = [line.lstrip("\ufeff") for line in lines if line.strip("\ufeff \t")]
    if not lines:
        raise BadInput(f"the file {path.name} is empty", do="deliver the data, or leave the file out")
    keys = {} if encoding == "utf-8" else {"encoding": encoding}
    asked = []
    if encoding in ("cp1252", "latin-1"):
        asked.append(f"{path.name} is not UTF-8; taken for {encoding}: are accents and umlauts right?")
    delimiter = delimiter_of(lines)
    if not delimiter and (fields := fields_of(lines)):
        asked.append(f"{path.name} has no header and no delimiter, its columns stand at fixed positions: give each its name")
        return keys | {"fixed_width": {f"column_{number}": list(field) for number, field in enumerate(fields, 1)}}, asked
    if delimiter and delimiter != ",":
        keys["delimiter"] = delimiter
    rows = rows_by(lines, delimiter or ",")
    if not rows:
        raise BadInput(f"the file {path.name} cannot be read", "its quotes do not close", "is it what its ending says?")
    if not has_header(rows):
        asked.append(f"the first line of {path.name} looks like data, not like a header: give each column its name, in order")
        keys["header"] = [f"column_{number}" for number in range(1, len(rows[0]) + 1)]
    return keys, asked


def encoding_of(path: Path) -> str:
    """UTF-8 when all of the file is; else UTF-16 by its mark, Windows' Western European, or Latin-1, which can be anything."""
    with opened(path) as file:
        start = file.read(1000)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    return next((each for each in ("utf-8", "cp1252") if decodes(path, each)), "latin-1")


def decodes(path: Path, encoding: str) -> bool:
    """Whether every byte of the file can be of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with opened(path) as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(lines: list[str]) -> str:
    """What cuts the header and nearly all lines into equally many fields, the most of them; empty when nothing does."""
    fields = {}
    for mark in DELIMITERS:
        widths = [len(row) for row in rows_by(lines, mark)] or [0]
        usual, times = Counter(widths).most_common(1)[0]
        if usual > 1 and times >= 0.9 * len(widths) and widths[0] == usual:
            fields[mark] = usual
    return max(fields, key=lambda mark: fields[mark], default="")


def rows_by(lines: list[str], delimiter: str) -> list[list[str]]:
    """The first lines cut into fields; none where quotes that never close swallow them."""
    try:
        return [row for row in csv.reader(lines[:HEAD], delimiter=delimiter) if row]
    except csv.Error:
        return []


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first line names columns: above numbers and moments stands a word; above words, one that does not come again."""
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not rest:
        return not any(VALUE.fullmatch(cell.strip()) for cell in first)
    if any("@" in cell for cell in first):
        return False
    values = Counter()
    for place, name in enumerate(first):
        below = [cell.strip() for row in rest if (cell := row[place]).strip()]
        if below and sum(bool(VALUE.fullmatch(cell)) for cell in below) >= 0.9 * len(below):
            is_year = YEAR.fullmatch(name.strip()) and not all(YEAR.fullmatch(cell) for cell in below)  # a column of figures for a year
            values[bool(VALUE.fullmatch(name.strip())) and not is_year] += 1
    if values:
        return values[False] >= values[True]
    again = sum(name in {row[place] for row in rest} for place, name in enumerate(first))
    return not again and len(set(first)) == len(first)


def fields_of(lines: list[str]) -> list[tuple[int, int]]:
    """First and last position of each column of lines that are equally long, counted from 1; numbers may grow to the left, words to the right."""
    lines = [line for line in lines if line.strip()]
    width = max(map(len, lines))
    if sum(len(line) == width for line in lines) < 0.9 * len(lines):
        return []
    is_blank = [all(line[place : place + 1] in ("", " ") for line in lines) for place in range(width)]
    edges = [place for place in range(1, width) if is_blank[place] != is_blank[place - 1]]
    spans = [(a, b) for a, b in zip([0, *edges], [*edges, width]) if not is_blank[a]]
    if len(spans) < 2:
        return []
    to_right = [all(line[end - 1 : end].strip() for line in lines) for _, end in spans]
    starts = [0 if n == 0 else spans[n - 1][1] if to_right[n] and to_right[n - 1] else first for n, (first, _) in enumerate(spans)]
    ends = [starts[n + 1] if n + 1 < len(spans) else width for n in range(len(spans))]
    return [(first + 1, last) for first, last in zip(starts, ends)]
