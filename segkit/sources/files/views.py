"""Files as the engine sees them: a name in SQL for what is read again each time it is asked for, and never held in memory."""

import glob
from collections.abc import Iterable
from pathlib import Path

import ibis
from ibis.util import gen_name


def view(connection: ibis.BaseBackend, *selects: str) -> ibis.Table:
    """The rows of some SELECTs below each other, columns by their names, as a table under a name that nobody else has."""
    name = gen_name("foreign")
    connection.raw_sql(f'CREATE TEMP VIEW "{name}" AS {" UNION ALL BY NAME ".join(selects)}')
    return connection.table(name)


def asked(connection: ibis.BaseBackend, select: str) -> list[tuple]:
    """All rows of a SELECT."""
    return connection.raw_sql(select).fetchall()


def files(paths: Iterable[Path]) -> str:
    """A list of files in SQL. A star in a name is a star, not a pattern."""
    return f"[{', '.join(text(glob.escape(str(path))) for path in paths)}]"


def text(words: str) -> str:
    """A text in SQL."""
    return "'" + words.replace("'", "''") + "'"


def name(words: str) -> str:
    """The name of a column in SQL."""
    return '"' + words.replace('"', '""') + '"'
