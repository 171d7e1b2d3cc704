"""What a finished file says, taken apart for the search: runs of text that belong together, and columns of bare numbers.

A run is a paragraph, a cell of a table, a tag with its attributes, a string. Names are looked for within a run: first name and surname in
two cells of a table are two runs.
"""

import base64
import binascii
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

EDGE, INNER = "\x1e", "\x1f"  # between runs, and within one where a tag was: white space to every search, and in no text
PICTURE = re.compile(r"data:image/([a-z+]+);base64,([A-Za-z0-9+/=\r\n]+)")
STYLE = re.compile(r"<style\b.*?</style>|\sstyle=\"[^\"]*\"", re.S | re.I)
TAG = re.compile(r"(</?[a-z!?][^>]*>)", re.I)
BREAK = re.compile(r"</?br\b", re.I)
WITHIN_WORDS = "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tspan|tt|u|var|wbr"
INLINE = re.compile(rf"</?(?:{WITHIN_WORDS})\b", re.I)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)


class Said(NamedTuple):
    """What a file says. `columns`: the distinct values of each column of bare numbers; `persons`: rows of a table of customers."""

    runs: set[str]
    columns: list[set[str]]
    persons: int = 0


def read(path: Path) -> Said:
    """What one file says: HTML, CSV and JSON by their own grammar, any other file line by line."""
    text = path.read_text(encoding="utf-8", errors="replace")
    kinds = {".html": of_html, ".htm": of_html, ".svg": of_html, ".csv": of_csv, ".json": of_json, ".ipynb": of_json}
    return kinds.get(path.suffix.lower(), of_lines)(text)


def of_lines(text: str) -> Said:
    """A plain text."""
    return Said(set(text.splitlines()), [])


def of_html(html: str) -> Said:
    """The visible text, comments, and every tag with its attributes. Bold type within a word or between two does not hide them."""
    html = STYLE.sub(EDGE, PICTURE.sub(_drawn, html)).replace("<!--", EDGE).replace("-->", EDGE)
    parts = TAG.split(html)
    tags = set(parts[1::2])
    becomes = {tag: " " if BREAK.match(tag) else INNER if INLINE.match(tag) else EDGE for tag in tags}
    text = "".join(chain.from_iterable(zip(parts[::2], [*map(becomes.get, parts[1::2]), ""])))
    runs = {tag[1:-1] for tag in tags} | {unquote(tag[1:-1]) for tag in tags if "%" in tag}
    runs.update(text.replace(INNER, "").split(EDGE), text.replace(INNER, " ").split(EDGE) if INNER in text else ())
    return Said(set(unescape(EDGE.join(runs)).split(EDGE)), [])


def _drawn(picture: re.Match) -> str:
    """The text of an SVG; what other pictures show cannot be searched."""
    try:
        return base64.b64decode(picture[2]).decode("utf-8", "replace") if picture[1].startswith("svg") else ""
    except binascii.Error:
        return ""


def of_csv(text: str) -> Said:
    """Header and cells; a column in which every value is a number is kept apart, since aggregates are full of those."""
    try:
        header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    except csv.Error:
        return of_lines(text)
    runs, columns = set(header), []
    for column in zip_longest(*rows, fillvalue=""):
        values = set(column) - {""}
        if all(map(NUMBER.fullmatch, values)):
            columns.append(values)
        else:
            runs |= values
    named = "customer_id" in {name.strip().casefold() for name in header}
    return Said(runs, columns, max(len(rows), 1) if named else 0)


def of_json(text: str) -> Said:
    """Every string, and the numbers that stand under the same key."""
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    columns = defaultdict(set)
    for key, number in _numbers(whole, ""):
        columns[key].add(number)
    return Said({_string(each) for each in STRING.findall(text)}, list(columns.values()))


def _numbers(value: object, key: str) -> Iterator[tuple[str, str]]:
    """Every number below a value, with the nearest key above it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _numbers(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _numbers(each, key)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, str(value)


def _string(text: str) -> str:
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return text
