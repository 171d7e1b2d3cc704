"""Where rows come from: the places a dataset file may name, and what has to be said to read them."""

import codecs
import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from segkit.sources.formula import RESERVED
from segkit.studies import Strict

PASSWORD = re.compile(r"://[^/@]*:[^$/@][^@]*@|[?&](password|pwd)=[^$&]", re.IGNORECASE)


def _ours(name: str) -> str:
    if name.lower().startswith(RESERVED):
        raise ValueError(f"names beginning with {RESERVED} are the workbench's own")
    return name


Name = Annotated[str, StringConstraints(min_length=1), AfterValidator(_ours)]  # of a foreign column


class Download(Strict):
    """A public copy of a file: address, the file inside when it is an archive, and what must be inside whatever the wrapping."""

    url: str = Field(pattern=r"^(https?|ftp)://")
    member: str = ""
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Input(Strict):
    """One place rows come from: a file (or many with one header, as `2025-*.csv`, or a folder of Parquet), or a database.

    A `file` lies below SEGKIT_DATA or data/raw; one that ends in .sqlite, .db or .duckdb is a database and needs `table` or `query`.
    A `database` is a URL such as postgres://host/shop; `$NAME` in it is taken from the environment, so that no password is written here.
    """

    file: str = ""
    sheet: str = ""  # of a workbook; the first when none is named
    delimiter: str = Field(default="", max_length=1)  # found in the header when none is named
    encoding: str = "utf-8"
    header: list[Name] = []  # names of the columns of a file that has no header
    fixed_width: dict[Name, tuple[int, int]] = {}  # name -> first and last position of a line, counted from 1; such a file has no header
    download: Download | None = None
    database: str = ""
    table: str = ""
    query: str = ""
    timeout_seconds: float = Field(default=600, gt=0, allow_inf_nan=False)
    rename: dict[Name, Name] = {}  # name in this input -> name in the others
    constants: dict[Name, str] = {}  # columns that are the same for every row of this input
    copies: str = ""  # the column that says how often a row counts

    @property
    def name(self) -> str:
        """What the ledger and messages call this input: never its address, which may hold a password."""
        within = self.sheet or self.table or ("query" if self.query else "")
        return " · ".join(part for part in (PurePosixPath(self.file).name or "database", within) if part)

    @field_validator("file")
    @classmethod
    def _inside(cls, file: str) -> str:
        path = PureWindowsPath(file)
        if "://" in file:
            raise ValueError("a file lies below SEGKIT_DATA or data/raw; an address belongs into `download` or `database`")
        if path.anchor or ".." in path.parts or "\\" in file or min(file, default=" ") < " " or file.startswith("~"):
            raise ValueError("a file lies below SEGKIT_DATA or data/raw: no absolute path, no `..`, / between folders")
        return file

    @field_validator("database")
    @classmethod
    def _secret(cls, database: str) -> str:
        if PASSWORD.search(database):
            raise ValueError("a password does not belong here: write $NAME in its place, and set NAME in the environment")
        return database

    @field_validator("delimiter")
    @classmethod
    def _delimiter(cls, mark: str) -> str:
        if mark.isalnum() or mark in ('"', "\n", "\r", "\0"):
            raise ValueError(f"{mark!r} cannot stand between fields")
        return mark

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, encoding: str) -> str:
        try:
            is_text = codecs.lookup(encoding)._is_text_encoding and "a1;".encode(encoding).decode(encoding) == "a1;"
        except (LookupError, UnicodeError, ValueError):
            is_text = False
        if not is_text:
            raise ValueError(f"{encoding!r} is no encoding such as utf-8, latin-1 or cp1252")
        return encoding

    @model_validator(mode="after")
    def _one_place(self):
        if bool(self.file) == bool(self.database):
            raise ValueError("an input needs either a file or a database")
        if self.is_database and bool(self.table) == bool(self.query):
            raise ValueError("a database needs either a table or a query")
        if not self.is_database and (self.table or self.query):
            raise ValueError(f"{self.file} is no database: it takes no table and no query")
        if self.sheet and ".xls" not in self.file.lower():
            raise ValueError(f"{self.name}: only a workbook has sheets")
        if self.is_database and (self.delimiter or self.header or self.fixed_width or self.download):
            raise ValueError("a database takes no delimiter, header, fixed_width or download")
        if self.header and self.fixed_width:
            raise ValueError("fixed_width names the columns: it needs no header")
        if any(not 1 <= first <= last for first, last in self.fixed_width.values()):
            raise ValueError("fixed_width: positions count from 1, the first is not beyond the last")
        for key, given in (("header", self.header), ("rename", list(self.rename.values()))):
            if twice := sorted({name for name in given if given.count(name) > 1}):
                raise ValueError(f"{key} gives two columns the name {twice[0]!r}")
        if both := sorted(set(self.constants) & set(self.rename.values())):
            raise ValueError(f"{both[0]!r} is a constant, and a column that `rename` makes")
        return self

    @property
    def is_database(self) -> bool:
        """Whether rows are copied from a database rather than read from files."""
        return bool(self.database) or self.file.lower().endswith((".sqlite", ".db", ".duckdb"))


class Join(Input):
    """Columns of another input, one row of it for each key: `key` is a column of both, or ours: theirs."""

    key: Name | Annotated[dict[Name, Name], Field(min_length=1)]

    @property
    def keys(self) -> dict[str, str]:
        """Ours: theirs."""
        return {self.key: self.key} if isinstance(self.key, str) else self.key


class Explode(Strict):
    """One row per element of a list, or per part of a text: adds COLUMN_position (from 1) and COLUMN_last."""

    column: Name
    by: str = ""  # what stands between the parts of a text; empty for a list
