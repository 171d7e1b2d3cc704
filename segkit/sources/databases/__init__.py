"""A table or a query of a database, copied into one Parquet file: only the columns that are wanted, sorted, so that equal rows give equal bytes.

Nothing is written to a database: a query is one SELECT, the session is read-only, and the account had better be one that can only read.
Messages name neither the address, which may hold a password, nor the SQL, nor anything the engine says.
"""

import os
import re
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, unquote

import sqlglot
from sqlglot import exp

from segkit import home
from segkit.errors import BadInput, nearest
from segkit.sources import files
from segkit.sources.databases import copying, drivers
from segkit.sources.places import Input

DIALECTS = {"mssql": "tsql", "pyspark": "spark"}  # what sqlglot calls them
WRITES = (exp.DDL, exp.DML, exp.Command, exp.Into, exp.Lock)


def snapshot(input: Input, wanted: list[str] | None, path: Path) -> list[str]:
    """Copy the `wanted` columns of a table or query that exist there (all when None) to `path`, sorted by all of them; returns all names there.

    Text stays text ('00123'), NULL stays NULL; numbers, dates, moments (with a zone: in UTC), booleans and lists of these stay what they are.
    Everything else (uuid, json, enum, numeric without a precision, columns of SQLite with text among numbers) becomes the text the database
    makes of it. Bytes are no value of a customer: left out, and refused when wanted. Raises BadInput, and then leaves nothing behind.
    """
    kind, place = place_of(input)
    select = only_select(input, DIALECTS.get(kind, kind)) if input.query else ""
    with TemporaryDirectory(prefix=".partial-", dir=home.private(path.parent)) as scratch:
        names = drivers.READERS.get(kind, drivers.read_by_ibis)(input, place, select, wanted, Path(scratch))
        os.replace(Path(scratch) / copying.SORTED, path)
    return names


def place_of(input: Input) -> tuple[str, str]:
    """What kind of database it is (the word a URL begins with), and its URL or the path of its file."""
    if input.file:
        found = files.locate(input)
        if len(found) != 1:
            raise BadInput(f"{input.file} names {len(found)} databases", "", "name one, and the others as further inputs")
        return _kind_of_file(input, found[0])
    kind, _, rest = re.sub(r"\$(?:\{(\w+)\}|(\w+))", _variable, input.database).partition("://")
    kind = kind.split("+")[0].replace("postgresql", "postgres")
    backends = {each.name for each in entry_points(group="ibis.backends")}
    if not rest or kind not in backends:
        known = nearest(kind, backends) if rest else ""
        raise BadInput("the address of a database is no URL that is understood", known, "write it as postgres://user:$PASSWORD@host/shop")
    if kind not in ("sqlite", "duckdb"):
        return kind, f"{kind}://{rest}"
    if not os.path.isabs(unquote(rest)):
        raise BadInput(f"{kind}:// needs the whole path of the file", "", "or name it as `file:` below SEGKIT_DATA or data/raw")
    return _kind_of_file(input, Path(unquote(rest)))


def _variable(found: re.Match) -> str:
    """A variable's value; escaped where a password stands, since one with an @ or / would end there."""
    name, text = found[1] or found[2], found.string
    if not os.environ.get(name):
        raise BadInput(f"the environment variable {name} is not set", "the address of a database names it", f"export {name}=…")
    in_password = text[found.start() - 1 : found.start()] == ":" and text[found.end() : found.end() + 1] == "@"
    return quote(os.environ[name], safe="") if in_password else os.environ[name]


def _kind_of_file(input: Input, path: Path) -> tuple[str, str]:
    """Whether a file is SQLite's or DuckDB's, by its first bytes: both may end in .db. A missing one is never made."""
    try:
        with open(path, "rb") as file:
            start = file.read(16)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be opened", type(error).__name__, "is the file there, and may it be read?") from None
    if start != b"SQLite format 3\0" and start[8:12] != b"DUCK":
        raise BadInput(f"{input.name}: {path.name} is no database", "it is neither of SQLite nor of DuckDB", "is it whole?")
    return ("sqlite" if start.startswith(b"SQLite") else "duckdb"), str(path.absolute())


def only_select(input: Input, dialect: str) -> str:
    """The query, when it is one SELECT that writes nothing and locks nothing; else BadInput, before anything is connected."""
    dialect = dialect if sqlglot.Dialect.get(dialect) else None
    do = "write one SELECT (or WITH … SELECT) that the database's own client runs, too; a view there can hold the rest"
    try:
        tokens = sqlglot.tokenize(input.query, read=dialect)
        end = next((token.start for token in tokens if token.token_type == sqlglot.TokenType.SEMICOLON), len(input.query))
        if any(token.start > end for token in tokens):
            raise BadInput(f"{input.name}: this is more than one statement", "", do)
        if not tokens or tokens[0].text.upper() not in ("SELECT", "WITH", "FROM", "("):
            raise BadInput(f"{input.name}: this is no SELECT", "", do)
        tree = sqlglot.parse_one(input.query[:end], read=dialect)
    except sqlglot.errors.SqlglotError as error:
        place = next(iter(getattr(error, "errors", [])), {})
        where = f"near line {place['line']}, position {place['col']}" if place else ""
        raise BadInput(f"{input.name}: this SQL cannot be read", where, do) from None
    if not isinstance(tree, exp.Query) or any(isinstance(node, WRITES) for node in tree.walk()):
        raise BadInput(f"{input.name}: this does more than select", "part of it would write or lock", do)
    return input.query[:end]
