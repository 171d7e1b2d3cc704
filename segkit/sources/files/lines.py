"""Files in which each line is a row of its own: columns at fixed positions, and JSON."""

import json
from functools import reduce
from pathlib import Path

import ibis

from segkit.errors import BadInput
from segkit.sources.files import headers, views
from segkit.sources.files.text import Text, evened, plain
from segkit.sources.places import Input

LONGEST_LINE = 16 << 20
MOST_COLUMNS, MOST_SHAPES = 1_000, 10_000
IS_OBJECT = "coalesce(json_type(try_cast(line AS JSON)) = 'OBJECT', false)"


def fixed_width(connection: ibis.BaseBackend, paths: list[Path], input: Input, scratch: Path) -> tuple[ibis.Table, list[int]]:
    """Columns at the declared positions, as text without the blanks around it. A line that ends before the last column begins is malformed."""
    texts = even(paths, input, scratch)
    begins = max(first for first, _ in input.fixed_width.values())
    is_row = f"length(line) >= {begins}"
    malformed = malformed_lines(connection, texts, is_row, "reach its last column; do the positions in `fixed_width` count from 1?")
    headers.names(input.fixed_width, paths[0].name)
    cells = ", ".join(
        f"nullif(trim(substring(line, {first}, {last - first + 1})), '') AS {views.name(name)}"
        for name, (first, last) in input.fixed_width.items()
    )
    return views.view(connection, f"SELECT {cells} FROM {lines_of(texts)} WHERE {is_row}"), malformed


def json_lines(connection: ibis.BaseBackend, paths: list[Path], input: Input, scratch: Path) -> tuple[ibis.Table, list[int]]:
    """One object per line. Objects within it become dotted columns, lists stay lists, all else is text as it is written there."""
    texts = even(paths, input, scratch)
    malformed = malformed_lines(connection, texts, IS_OBJECT, "are whole JSON objects; a file that is one list needs one line per element")
    shapes = f"SELECT DISTINCT json_structure(try_cast(line AS JSON)) AS shape FROM {lines_of(texts)} WHERE {IS_OBJECT}"
    found = [json.loads(shape) for (shape,) in views.asked(connection, f"{shapes} ORDER BY shape LIMIT {MOST_SHAPES}")]
    shape = as_text(reduce(both, found, {}), paths[0].name)
    if not isinstance(shape, dict):
        raise BadInput(f"{paths[0].name} has no columns", "its objects are empty")
    if len(found) == MOST_SHAPES:
        raise BadInput(f"the objects of {paths[0].name} do not share their keys", f"{MOST_SHAPES:,} differ", "are the keys values?")
    read = f"from_json(try_cast(line AS JSON), {views.text(json.dumps(shape))})"
    rows = views.view(connection, f"SELECT unnest(segkit_row) FROM (SELECT {read} AS segkit_row FROM {lines_of(texts)} WHERE {IS_OBJECT})")
    return flat(rows, paths[0].name), malformed


def even(paths: list[Path], input: Input, scratch: Path) -> list[Text]:
    """The files in UTF-8, the lines of each ending alike."""
    texts = [plain(path, input.encoding, scratch) for path in paths]
    return [evened(text, scratch) if text.has_mixed_ends else text for text in texts]


def lines_of(texts: list[Text]) -> str:
    """The lines of files, as one column; a blank one is null."""
    return (
        f"read_csv({views.files(each.path for each in texts)}, auto_detect=false, columns={{'line': 'VARCHAR'}}, header=false, skip=0, "
        f"delim='\x1f', quote='', escape='', compression='none', max_line_size={LONGEST_LINE})"
    )


def malformed_lines(connection: ibis.BaseBackend, texts: list[Text], is_row: str, do: str) -> list[int]:
    """Numbers of the lines that are no rows; raises BadInput where they are more than the rows."""
    found = []
    for each in texts:
        count, lines = views.asked(connection, f"SELECT count(*) FILTER ({is_row}), count(line) FROM {lines_of([each])}")[0]
        if lines > 2 * count:
            raise BadInput(f"the file {each.name} cannot be read", f"only {count:,} of its {lines:,} lines {do}")
        if lines > count:
            numbered = f"SELECT row_number() OVER () AS number, line FROM {lines_of([each])}"
            wrong = views.asked(connection, f"SELECT number FROM ({numbered}) WHERE line IS NOT NULL AND NOT ({is_row}) ORDER BY number")
            found += [number for (number,) in wrong]
    return found


def both(one: object, other: object) -> object:
    """The shape of which both are examples: objects have the keys of both; what is now a list, now a text, is text."""
    if "NULL" in (one, other):
        return other if one == "NULL" else one
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: both(one[key], value) if key in one else value for key, value in other.items()}
    if isinstance(one, list) and isinstance(other, list):
        return [both(one[0], other[0])]
    return "JSON"


def as_text(shape: object, name: str) -> object:
    """The shape of JSON objects with every value as text: objects and lists are what they are, an id is not a number."""
    if isinstance(shape, dict) and shape:
        headers.names(shape, name)
        return {key: as_text(value, name) for key, value in shape.items()}
    return [as_text(shape[0], name)] if isinstance(shape, list) else "VARCHAR"


def flat(rows: ibis.Table, name: str) -> ibis.Table:
    """Objects within objects as columns with dots: customer.id."""
    parts = [part for each in rows.columns for part in parts_of(each, rows[each])]
    if len(parts) > MOST_COLUMNS:
        raise BadInput(f"{name} has {len(parts):,} columns", "are its keys values?", "write one line for each of them")
    headers.names([each for each, _ in parts], name)
    return rows.select(**dict(parts)) if any(rows[each].type().is_struct() for each in rows.columns) else rows


def parts_of(name: str, value: ibis.Value) -> list[tuple[str, ibis.Value]]:
    """A column, or the columns a struct is made of."""
    if not value.type().is_struct():
        return [(name, value)]
    return [part for field in value.type().names for part in parts_of(f"{name}.{field}", value[field])]
