"""One person in files of text: executed notebooks above all, since a traceback may quote a row."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

LEAST_DIGITS = 5  # a bare number with fewer digits is a count in a table; in an executed notebook it is looked for all the same
PICTURES = ("image/", "application/pdf")


def quotes(path: Path, ids: Iterable[str], words: Iterable[str]) -> bool:
    """Whether a file names a person: one of `words` (pseudonyms) anywhere in it, or one of `ids` as a word of its own.

    Numbers of tables are counts, not ids, so an id is looked for in texts only: the strings of JSON, the cells of CSV that are no numbers.
    Of a notebook every output is read, pictures excepted, and rather one too many is found than one too few.
    """
    raw = path.read_bytes()
    if any(word.encode() in raw for word in words):
        return True
    text, is_notebook = raw.decode("utf-8", errors="replace"), path.suffix == ".ipynb"
    ids = [each for each in ids if is_notebook or not each.isdigit() or len(each) >= LEAST_DIGITS]
    read = {".csv": cells, ".json": strings, ".ipynb": strings}.get(path.suffix, whole)
    return any(alone(each).search(part) for part in read(text) for each in ids)


def alone(customer_id: str) -> re.Pattern:
    """An id with no letter, digit or underscore beside it; a number is not looked for inside a longer one, a date or a time: 12346 in 0.12346."""
    if customer_id.isdigit():
        return re.compile(rf"(?<!\w)(?<!\d[.,:/-]){customer_id}(\.0)?(?!\w)(?![.,:/-]\d)")
    return re.compile(rf"(?<!\w){re.escape(customer_id)}(?!\w)")


def whole(text: str) -> list[str]:
    """A text as it is, and as a page shows it."""
    return [text, unescape(text)]


def cells(text: str) -> list[str]:
    """The cells of a CSV that are no numbers; the whole text when it is none."""
    try:
        return [cell for row in csv.reader(text.splitlines()) for cell in row if not re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", cell)]
    except csv.Error:
        return whole(text)


def strings(text: str) -> Iterator[str]:
    """Every string of a JSON file, keys included, pictures excepted; the whole text when it is none."""
    try:
        yield from parts(json.loads(text))
    except ValueError:
        yield from whole(text)


def parts(value) -> Iterator[str]:
    """The strings below a JSON value."""
    if isinstance(value, str):
        yield from whole(value)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield from parts(below) if not key.startswith(PICTURES) else ()
    elif isinstance(value, list):
        for below in value:
            yield from parts(below)
