"""From files as they came to rows in the engine, read where they lie; or a message that says which file, and what to do."""

import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import ibis

from segkit import home
from segkit.errors import BadInput
from segkit.sources.files import delimited, headers, lines, views, workbook
from segkit.sources.places import Download, Input

TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
JSON_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
WORKBOOK = (".xlsx", ".xls")
PARQUET = (".parquet",)
READABLE = (*TEXT, *PARQUET, *WORKBOOK, *JSON_LINES)
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
ASIDE = (".", "~$")  # hidden files, and those by which Excel says that it has a workbook open
BROKEN = ("FLOAT", "DOUBLE")


class Foreign(NamedTuple):
    """Rows as they came, read when they are needed; the numbers of lines that cannot be read, and are not among them; all names there are."""

    rows: ibis.Table
    malformed: list[int]
    columns: list[str]


def locate(input: Input) -> list[Path]:
    """The files of an input, sorted: below SEGKIT_DATA, else below data/raw; downloaded when neither has them and an address is given."""
    places = [Path(os.environ["SEGKIT_DATA"])] if os.environ.get("SEGKIT_DATA") else []
    places.append(home.root() / "data" / "raw")
    try:
        for place in places:
            if found := found_at(place, input.file):
                for path in found:
                    open(path, "rb").close()
                return [path.absolute() for path in found]
    except PermissionError as error:
        raise BadInput(
            f"{Path(error.filename or input.file).name} may not be read",
            f"it belongs to {input.file}",
            "give this account the right to read it and the folders above it",
        ) from None
    except OSError as error:
        raise BadInput(f"{input.file} cannot be read", f"{type(error).__name__}: {error.strerror}") from None
    if input.download is not None:
        return [fetch(input.download, input.file)]
    hint = "run `segkit demo`" if input.file.startswith("demo/") else "put it there, or set SEGKIT_DATA to the folder that holds it"
    missing = f"no file matches {input.file}" if is_pattern(input.file) else f"the file {input.file} is missing"
    raise BadInput(missing, f"looked in {', '.join(map(str, places))}", hint)


def is_pattern(file: str) -> bool:
    """Whether the name stands for many files."""
    return any(mark in file for mark in "*?[")


def found_at(place: Path, file: str) -> list[Path]:
    """The file, the files of a folder, or those that match a pattern; none when nothing is there."""
    path = place / file
    if path.is_file():
        return [path]
    if path.is_dir():
        if not (found := sorted(readable_in(path))):
            raise BadInput(
                f"{file} is a folder without a readable file", f"readable: {', '.join(READABLE)}", "name a file, or a folder of them"
            )
    else:
        found = sorted(each for each in place.glob(file) if each.is_file() and not each.name.startswith(ASIDE)) if is_pattern(file) else []
    names = {str(each) for each in found}
    if twice := [each.name for each in found if f"{each}.gz" in names]:
        raise BadInput(
            f"{file} holds the same file twice", f"{len(twice):,} of them packed and unpacked, {twice[0]} first", "remove one of both"
        )
    return found


def readable_in(folder: Path) -> Iterator[Path]:
    """Files in a folder and below; those with a mark in front are notes of the program that wrote the others."""

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        yield from (Path(place) / name for name in names if name.lower().endswith(READABLE) and not name.startswith((*ASIDE, "_")))


def fetch(download: Download, file: str) -> Path:
    """Download once into data/raw/downloads. What is inside is checked after reading: the wrapping may change, the rows may not."""
    import pooch

    folder = home.private(home.root() / "data" / "raw" / "downloads")
    name = Path(file).name.split(".")[0] + "-" + download.url.rsplit("/", 1)[-1].replace("+", "_")
    path = folder / name
    try:
        pooch.retrieve(download.url, known_hash=None, fname=name, path=folder)
        if not download.member:
            return path
        inside = folder / download.member.replace("/", "_")
        with zipfile.ZipFile(path) as archive, home.whole_file(inside) as partial:
            partial.write_bytes(archive.read(download.member))
        return inside
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        path.unlink(missing_ok=True)  # else what is no archive would be taken for one the next time
        raise BadInput(
            f"the public copy of {file} could not be fetched",
            f"{download.url}: {type(error).__name__}",
            f"put {file} below data/raw or below the folder named by SEGKIT_DATA",
        ) from None


def read(connection: ibis.BaseBackend, paths: list[Path], input: Input, scratch: Path) -> Foreign:
    """All rows of these files in their order, under the file's own names: text, but for Parquet, which knows its types.

    Nothing is guessed from rows. `scratch` is a private folder for copies of what the engine cannot read where it lies; it has to stay as
    long as the rows are needed. Raises BadInput, which names the file, for whatever cannot be read.
    """
    import duckdb
    import pyarrow as pa

    reader = reader_of(paths, input)
    try:
        rows, malformed = reader(connection, paths, input, scratch)
    except (duckdb.Error, pa.ArrowException, OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        if getattr(error, "errno", None) == 28:  # the disk is full: no fault of the file
            raise
        among = f" (one of {len(paths):,} files)" if len(paths) > 1 else ""
        raise BadInput(
            f"the file {paths[0].name}{among} cannot be read", type(error).__name__, "is it what its ending says, and whole?"
        ) from None
    return Foreign(rows, malformed, list(rows.columns))


def reader_of(paths: list[Path], input: Input):
    """The function that reads files of this kind."""
    kinds = {
        TEXT: lines.fixed_width if input.fixed_width else delimited.read,
        JSON_LINES: lines.json_lines,
        WORKBOOK: workbook.read,
        PARQUET: parquet,
    }
    found = {kind for path in paths for kind in kinds if path.name.lower().endswith(kind)}
    if unknown := [path.name for path in paths if not path.name.lower().endswith(READABLE)]:
        raise BadInput(f"the file {unknown[0]} is of no known kind", f"readable: {', '.join(READABLE)}")
    if len(found) > 1:
        endings = sorted({path.suffix for path in paths})
        raise BadInput(
            f"{input.file} holds files of several kinds", ", ".join(endings), f"name one kind: {input.file.rstrip('/')}/*{endings[0]}"
        )
    return kinds[found.pop()]


def parquet(connection: ibis.BaseBackend, paths: list[Path], input: Input, scratch: Path) -> tuple[ibis.Table, list[int]]:
    """Rows of Parquet files, and the text in the names of their folders (year=2024) as columns. Types on which they disagree become text."""
    from pyarrow import parquet

    options = f"hive_partitioning={all('=' in path.parent.name for path in paths)}, hive_types_autocast=false"
    schemas = []
    for path in paths:
        headers.names(parquet.read_schema(path).names, path.name)
        described = views.asked(connection, f"DESCRIBE SELECT * FROM read_parquet({views.files([path])}, {options})")
        schemas.append({name: kind for name, kind, *_ in described})
    headers.same([(path.name, list(schema)) for path, schema in zip(paths, schemas)])
    kinds = {name: {schema[name] for schema in schemas} for name in schemas[0]}
    differs = {name for name, found in kinds.items() if len(found) > 1 and not found <= set(WHOLE)}
    if nested := [name for name in sorted(differs) if any(re.match(r"STRUCT|MAP|.*\]$", kind, re.DOTALL) for kind in kinds[name])]:
        raise BadInput(f"{input.file}: its files disagree on what {nested[0]} is made of", "", "write them anew with one schema")
    selects = []
    for _, alike in groupby(zip(paths, schemas), key=lambda pair: pair[1]):
        alike = list(alike)
        cells = ", ".join(as_text(name, alike[0][1][name]) if name in differs else views.name(name) for name in schemas[0])
        found = f"read_parquet({views.files(path for path, _ in alike)}, {options}, union_by_name=true)"
        selects.append(f"SELECT {cells} FROM {found}")
    return lines.flat(views.view(connection, *selects), paths[0].name), []


def as_text(name: str, kind: str) -> str:
    """A column as text in SQL. A whole number among broken ones has no point: 17850.0 is the customer 17850."""
    column = views.name(name)
    text = f"CAST({column} AS VARCHAR)"
    if kind in BROKEN:
        text = (
            f"CASE WHEN {column} = trunc({column}) AND abs({column}) < 1e15 THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE {text} END"
        )
    return f"{text} AS {column}"
