"""One foreign table out of all its inputs: their union, what stands in two of them, what is joined, one row per element of a list."""

from functools import reduce
from pathlib import Path
from typing import NamedTuple

import ibis
import pyarrow as pa
from ibis.util import gen_name

from segkit.errors import BadInput, nearest
from segkit.sources import files, formula
from segkit.sources.dataset import Source
from segkit.sources.formula import ROW
from segkit.sources.places import Explode, Input, Join

INPUT, LINE, AGAIN, COPY = "segkit_input", "segkit_line", "segkit_in_earlier_input", "segkit_copy"


class Place(NamedTuple):
    """An input and the files to read for it: its own, or the copy just taken from a database (with all the names there)."""

    input: Input
    paths: list[Path]
    columns: list[str] | None = None


class Unmatched(NamedTuple):
    """A joined input, the flag of rows without a match in it, and the columns they lack."""

    name: str
    flag: str
    columns: set[str]


class Assembled(NamedTuple):
    """Foreign rows with the number of their input and line; what each join could not find; all names there are."""

    rows: ibis.Table
    unmatched: list[Unmatched]
    columns: list[str]


def assembled(connection: ibis.BaseBackend, table: str, source: Source, places: list[Place], scratch: Path) -> Assembled:
    """The foreign rows of one canonical table. Raises BadInput when inputs do not fit each other."""
    wanted = wanted_columns(source)
    numbered = any(ROW in formula.names(text) for text in formulas(source))
    parts = [one_input(connection, place, number, scratch, numbered) for number, place in enumerate(places[: len(source.inputs)])]
    rows = union(table, source, parts, wanted)
    there = list(dict.fromkeys(name for part, place in zip(parts, places) for name in (place.columns or part.columns)))
    if len(parts) > 1:
        rows = with_overlap(rows)
    unmatched = []
    for number, (join, place) in enumerate(zip(source.join, places[len(source.inputs) :])):
        theirs = one_input(connection, place, 0, scratch).drop(INPUT, LINE)
        before = set(rows.columns)
        rows = joined(table, source, rows, theirs, join, flag := f"segkit_unmatched_{number}", wanted)
        unmatched.append(Unmatched(join.name, flag, set(rows.columns) - before))
        there += [name for name in (place.columns or theirs.columns) if name not in there]
    if ROW in rows.columns:
        rows = rows.mutate(**{ROW: ibis.row_number().over(order_by=[INPUT, ROW, COPY]) + 1}).drop(COPY)
    if source.explode:
        rows = exploded(table, rows, source.explode)
        there += [name for name in rows.columns if name not in there]
    return Assembled(rows, unmatched, [name for name in there if not name.startswith("segkit_")])


def formulas(source: Source) -> list[str]:
    """Every formula of a table: of its columns and its rules."""
    return [
        *(reading.formula for reading in source.columns.values() if reading.formula),
        *(rule.when for rule in source.rules if rule.when),
    ]


def wanted_columns(source: Source) -> list[str]:
    """The foreign columns a table cannot do without, in the order they are declared."""
    wanted = [reading.column for reading in source.columns.values() if reading.column] + source.identifiers
    wanted += [name for text in formulas(source) for name in sorted(formula.names(text)) if name not in source.columns]
    wanted += [key for join in source.join for key in join.keys]
    wanted += [name for rule in source.rules if isinstance(rule.repeated, list) for name in rule.repeated if name not in source.columns]
    wanted += [source.explode.column] if source.explode else []
    return [name for name in dict.fromkeys(wanted) if name != ROW]


def one_input(connection: ibis.BaseBackend, place: Place, number: int, scratch: Path, numbered: bool = False) -> ibis.Table:
    """The rows of one input, numbered in the order of the file if asked for; its malformed lines among them as rows of nothing but their number."""
    found = files.read(connection, place.paths, place.input, scratch)
    rows = found.rows.rename({new: old for old, new in place.input.rename.items() if old in found.rows.columns})
    rows = rows.mutate(**{name: ibis.literal(value) for name, value in place.input.constants.items()})
    if numbered:
        rows = rows.mutate(**{ROW: ibis.row_number(), COPY: ibis.literal(0, "int64")})
    if place.input.copies:
        if place.input.copies not in rows.columns:
            raise BadInput(
                f"{place.input.name}: copies names {place.input.copies!r}, which is no column", nearest(place.input.copies, rows.columns)
            )
        times = rows[place.input.copies].cast("string").try_cast("float64").cast("int64")
        rows = rows.mutate(**{COPY: ibis.range(times).unnest()})
        rows = rows if numbered else rows.drop(COPY)
    rows = rows.mutate(**{INPUT: ibis.literal(number, "int64"), LINE: ibis.null("int64")})
    if found.malformed:
        lines = connection.create_table(gen_name("lines"), pa.table({LINE: pa.array(found.malformed, "int64")}))
        empty = lines.select(
            **{name: ibis.null(kind) for name, kind in rows.drop(INPUT, LINE).schema().items()},
            **{INPUT: ibis.literal(number, "int64"), LINE: lines[LINE]},
        )
        rows = rows.union(empty.select(*rows.columns))
    return rows


def union(table: str, source: Source, parts: list[ibis.Table], wanted: list[str]) -> ibis.Table:
    """All inputs below each other, in the columns they share; as text where they disagree on the type."""
    if len(parts) == 1:
        return parts[0]
    everything = {name for part in parts for name in part.columns}
    for each, part in zip(source.inputs, parts):
        if missing := [name for name in wanted if name in everything and name not in part.columns]:
            raise BadInput(
                f"{table}: the inputs do not have the same columns",
                f"{each.name} lacks {', '.join(missing)}; {nearest(missing[0], part.columns)}",
                "say in `rename` what the column is called there, or put it into `constants`",
            )
    shared = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    differs = [name for name in shared if len({part[name].type() for part in parts}) > 1]
    return reduce(lambda a, b: a.union(b), (part.select(*shared).cast(dict.fromkeys(differs, "string")) for part in parts))


def with_overlap(rows: ibis.Table) -> ibis.Table:
    """Whether an earlier input holds a row, too. A row that stands twice in one input has to stand twice in the other to be there twice."""
    values = [name for name in rows.columns if name not in (INPUT, LINE, ROW, COPY)]
    rows = rows.mutate(segkit_time=ibis.row_number().over(group_by=[*values, INPUT], order_by=LINE))
    earlier = ibis.row_number().over(group_by=[*values, "segkit_time"], order_by=INPUT) > 0
    return rows.mutate(**{AGAIN: earlier & rows[LINE].isnull()}).drop("segkit_time")


def joined(table: str, source: Source, rows: ibis.Table, theirs: ibis.Table, join: Join, flag: str, wanted: list[str]) -> ibis.Table:
    """Each row with the columns of the one row that bears its key; `flag` is true where there is none."""
    for ours, other in join.keys.items():
        for side, name, columns in ((source.name, ours, rows.columns), (join.name, other, theirs.columns)):
            if name not in columns:
                raise BadInput(f"{table}: join on {name!r}, which {side} does not have", nearest(name, columns))
    keys = list(join.keys.values())
    theirs = theirs.mutate(**{name: theirs[name].cast("string").strip() for name in keys})
    theirs = theirs.filter(*(theirs[name].notnull() for name in keys))
    seen = theirs.group_by(*keys).aggregate(n=theirs.count())
    if twice := int(seen.filter(seen.n > 1).count().execute()):
        raise BadInput(
            f"{table}: {join.name} does not have one row per {', '.join(keys)}",
            f"{twice:,} keys stand there more than once",
            "joining it would double rows: join on more columns, or correct the file",
        )
    added = [name for name in theirs.columns if name not in keys]
    if both := [name for name in added if name in rows.columns and name in wanted]:
        raise BadInput(
            f"{table}: {both[0]!r} is a column of {join.name}, and of what it is joined to", "", "give one another name in `rename`"
        )
    added = [name for name in added if name not in rows.columns]
    theirs = theirs.select(**{f"segkit_key_{i}": theirs[name] for i, name in enumerate(keys)}, **{name: theirs[name] for name in added})
    matches = [rows[ours].cast("string").strip() == theirs[f"segkit_key_{i}"] for i, ours in enumerate(join.keys)]
    both = rows.left_join(theirs, matches)
    return both.mutate(**{flag: both.segkit_key_0.isnull()}).drop(*(f"segkit_key_{i}" for i in range(len(keys))))


def exploded(table: str, rows: ibis.Table, explode: Explode) -> ibis.Table:
    """One row per element: the column holds the element, COLUMN_position counts from 1, COLUMN_last is true for the last."""
    name = explode.column
    if name not in rows.columns:
        raise BadInput(f"{table}: explode names {name!r}, which is no column", nearest(name, rows.columns))
    if explode.by:
        rows = rows.mutate(**{name: rows[name].cast("string").split(explode.by)})
    if not rows[name].type().is_array():
        raise BadInput(
            f"{table}: {name} holds no list",
            f"it is {rows[name].type()}",
            "say in `explode: {column: …, by: …}` what stands between its parts",
        )
    rows = rows.mutate(segkit_length=rows[name].length())
    rows = rows.unnest(name, offset="segkit_offset", keep_empty=True)
    rows = rows.mutate(**{f"{name}_position": rows.segkit_offset + 1, f"{name}_last": rows.segkit_offset + 1 == rows.segkit_length})
    element = rows[name].type()
    if element.is_struct():
        rows = rows.mutate(**{f"{name}.{field}": rows[name][field] for field in element.names}).drop(name)
    elif element.is_string():
        rows = rows.mutate(**{name: rows[name].strip()})
    return rows.drop("segkit_offset", "segkit_length")
