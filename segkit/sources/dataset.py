"""What a dataset file may say: where each canonical table comes from, how its columns are read there, which rows are set aside.

One file, `data/datasets/NAME.yaml`, is all it takes to bring data in. Foreign names appear on the right-hand side here, and nowhere else.
"""

import re
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import ConfigDict, Field, field_validator, model_validator

from segkit import home, tables
from segkit.errors import BadInput, nearest
from segkit.sources import engine, formula
from segkit.sources.formula import RESERVED
from segkit.sources.places import Download, Explode, Input, Join, Name
from segkit.sources.reading import Reading, Said, in_full
from segkit.studies import NAME, Strict, check, read_yaml
from segkit.tables import TABLES

WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
TAKEN = {"reason", "input", "line", "pseudonym", "known_id", "segment", "is_active", "first_seen_at"}  # columns of the tables that follow


class Rule(Strict):
    """Rows that one test finds: set aside with a reason (`reject`), only counted (`warn`), or a reason to stop (`refuse`)."""

    name: Name
    severity: Literal["reject", "warn", "refuse"] = "reject"
    when: str = ""  # a formula that is true
    repeated: bool | list[Name] = False  # every row after the first with the same values: in all columns, or in these
    unknown_in: str = ""  # the customer is not in that table

    @field_validator("repeated", mode="before")
    @classmethod
    def _one_column(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_test(self):
        if sum(map(bool, (self.when, self.repeated, self.unknown_in))) != 1:
            raise ValueError(f"rule {self.name!r} needs one of `when`, `repeated` and `unknown_in`")
        formula.parse(self.when) if self.when else None
        return self


def _with_short_forms(schema: dict[str, Any]) -> None:
    """The JSON schema of a table as people write it, for their editors."""
    keys = Input.model_json_schema()["properties"] | {"download": Download.model_json_schema()}
    columns = schema["properties"]["columns"]
    columns["additionalProperties"] = {"anyOf": [columns["additionalProperties"], {"type": ["string", "null"]}]}
    schema["properties"] |= keys
    schema["required"] = ["columns"]


class Source(Strict):
    """One canonical table: its inputs (their union), what is joined to them, its columns, and rules in order.

    The keys of a single input may stand here directly: `file: shop/orders.csv`.
    """

    model_config = ConfigDict(json_schema_extra=_with_short_forms)

    inputs: list[Input] = Field(min_length=1)
    overlap: Literal["once", "keep"] = "once"  # rows that stand in two inputs: count them once, or keep both
    join: list[Join] = []
    explode: Explode | None = None
    columns: dict[str, Reading]
    identifiers: list[Name] = []  # foreign columns that name a person: read for the leak test only, never kept
    ignore: list[Name] = []
    missing: list[Said] = []  # what stands for nothing in every column
    decimal: Literal["", ".", ","] = ""  # of numbers in text; when it is declared, marks between thousands are read, too
    rules: list[Rule] = []

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if unknown := [key for key in given if key not in (*Input.model_fields, *cls.model_fields)]:
            raise ValueError(f"unknown key {str(unknown[0])!r}: {nearest(str(unknown[0]), [*Input.model_fields, *cls.model_fields])}")
        single = {key: value for key, value in given.items() if key in Input.model_fields}
        given = {key: value for key, value in given.items() if key not in single}
        if bool(single) == ("inputs" in given):
            raise ValueError(f"{next(iter(single))} belongs into one of the inputs" if single else "it needs a file, a database, or inputs")
        if isinstance(given.get("columns"), dict):
            given["columns"] = {name: in_full(name, said) for name, said in given["columns"].items()}
        return given | ({"inputs": [single]} if single else {})

    @model_validator(mode="after")
    def _one_download(self):
        if any(each.download for each in (*self.inputs, *self.join)) and len(self.inputs) + len(self.join) > 1:
            raise ValueError("a download is checked by the rows of the table: it has to be its only input")
        return self

    @property
    def attributes(self) -> dict[str, Reading]:
        """The columns that are attributes of customers."""
        return {name: reading for name, reading in self.columns.items() if reading.kind}

    @property
    def name(self) -> str:
        return " + ".join(each.name for each in self.inputs[:3]) + (" + …" if len(self.inputs) > 3 else "")


class Dataset(Strict):
    """A dataset: what it is, its clock and its currency, and where each canonical table comes from."""

    dataset: str
    title: str
    about: str = ""
    synthetic: bool = False
    timezone: str = "UTC"
    currency: str = "currency"
    encrypted: bool = False  # customer-level tables of runs are encrypted at rest
    engine: str = "duckdb"  # where features and outcomes are computed: duckdb (here), pyspark, or the URL of a database
    stages: list[Name] = Field(default=[*tables.STAGES], min_length=1)  # of a journey, in order: what touchpoints say in `stage`
    tables: dict[str, Source] = Field(min_length=1)

    @field_validator("stages")
    @classmethod
    def _distinct(cls, stages: list[str]) -> list[str]:
        if blank := [name for name in stages if name != name.strip() or not name.strip()]:
            raise ValueError(f"{blank[0]!r} cannot be a stage: spaces around a name are taken off when data are read")
        if twice := [name for name in stages if stages.count(name) > 1]:
            raise ValueError(f"{twice[0]!r} stands there more than once")
        return stages

    @field_validator("timezone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        if zone not in available_timezones() - {"localtime"}:  # which the engine does not know
            raise ValueError(f"{zone!r} is not a time zone such as Europe/London")
        return zone

    @field_validator("engine")
    @classmethod
    def _engine(cls, said: str) -> str:
        engine.kind_of(said)
        return said

    @model_validator(mode="after")
    def _canonical(self):
        before = ["customers"] if "customers" in self.tables else []  # who is known is gathered first
        for name, source in self.tables.items():
            if name not in TABLES:
                raise ValueError(f"unknown table {name!r}; {nearest(name, TABLES)}")
            _check_columns(name, source)
            _check_rules(name, source, before if name != "customers" else [])
            before += [name] if "customer_id" in source.columns and name not in before else []
        if not any("customer_id" in TABLES[name].columns for name in self.tables):
            raise ValueError("a dataset needs a table with customer_id: without one there is nobody to segment")
        return self

    @property
    def attributes(self) -> dict[str, Reading]:
        """Attributes of customers: name -> how it is read, with kind, type and whether it is sensitive."""
        return self.tables["customers"].attributes if "customers" in self.tables else {}

    @property
    def is_timed(self) -> bool:
        """Whether behaviour has moments (orders or events); else the dataset is cross-sectional, such as a survey."""
        return bool({"orders", "events"} & set(self.tables))


def contract(table: str, source: Source) -> dict[str, tables.Column]:
    """The columns this source delivers, attributes included, in the canonical order: name -> type, unit, meaning."""
    attributes = {
        name: tables.Column(reading.type, f"{reading.kind} attribute" + ", sensitive" * reading.sensitive, required=False)
        for name, reading in source.attributes.items()
    }
    return {name: column for name, column in (TABLES[table].columns | attributes).items() if name in source.columns}


def _check_columns(name: str, source: Source) -> None:
    known, columns, where = TABLES[name].columns, contract(name, source), f"tables.{name}"
    for column, reading in source.columns.items():
        if column not in columns:
            hint = " (an attribute of customers needs its kind)" if name == "customers" else ""
            raise ValueError(f"{where}: unknown column {column!r}; {nearest(column, known)}{hint}")
        if reading.kind and (name != "customers" or column in known):
            raise ValueError(f"{where}: {column} cannot be an attribute: those are further columns of customers")
        if reading.kind and (not WORD.fullmatch(column) or column.lower().startswith(RESERVED)):
            raise ValueError(f"{where}: {column!r} cannot name an attribute: letters, digits and _, not beginning with {RESERVED}")
        if reading.kind and column.lower() in TAKEN | {other.lower() for other in source.columns if other != column}:
            raise ValueError(f"{where}: an attribute cannot be called {column}: another column has that name")
        if not reading.kind and {"sensitive", "static", "type", "ordered", "missing_informs"} & reading.model_fields_set:
            raise ValueError(
                f"{where}.{column}: `type`, `ordered`, `missing_informs`, `static` and `sensitive` are for attributes, which need their kind"
            )
        if reading.format and columns[column].dtype not in ("timestamp", "date"):
            raise ValueError(f"{where}.{column}: a format is for times, {column} is {columns[column].dtype}")
        if reading.times is not None and columns[column].dtype not in ("money", "integer", "number"):
            raise ValueError(f"{where}.{column}: `times` is for numbers, {column} is {columns[column].dtype}")
    if missing := [column for column, spec in known.items() if spec.required and column not in source.columns]:
        raise ValueError(f"{where}: required column {missing[0]!r} is not declared")
    _check_formulas(source, columns, where)
    read = [reading.column for reading in source.columns.values()]
    if both := [column for column in source.identifiers if column in read or column in source.ignore]:
        raise ValueError(f"{where}: identifiers are never kept, and {', '.join(both)} stands elsewhere too")


def _check_formulas(source: Source, columns: dict[str, tables.Column], where: str) -> None:
    """A formula may use columns that are read, formulas further up, and no identifier, unless it says but yes or no of it."""
    later = [column for column, reading in source.columns.items() if reading.formula]
    for column in list(later):
        used = formula.names(source.columns[column].formula)
        if wrong := [name for name in later if name in used]:
            how = (
                "itself: give the file's column another name in `rename`" if wrong[0] == column else f"{wrong[0]}, which comes further down"
            )
            raise ValueError(f"{where}.{column}: the formula names {how}")
        if columns[column].dtype != "boolean" and column != "customer_id" and (kept := sorted(used & set(source.identifiers))):
            raise ValueError(f"{where}.{column}: identifiers are never kept, and the formula writes {kept[0]} into {column}")
        later.remove(column)


def _check_rules(name: str, source: Source, before: list[str]) -> None:
    """Rules have names of their own; `unknown_in` is a table of customers that is gathered before."""
    built_in = {"as delivered", "malformed line", "also in an earlier input", "forgotten on request"}
    built_in |= {f"{what} {column}" for what in ("unreadable", "missing", "unknown") for column in source.columns}
    names = [rule.name for rule in source.rules]
    for rule in source.rules:
        if names.count(rule.name) > 1:
            raise ValueError(f"tables.{name}: two rules have the same name, {rule.name!r}")
        if rule.name in built_in or rule.name.startswith(("delivered: ", "no match in ")):
            raise ValueError(f"tables.{name}: rule {rule.name!r}: the ledger has a line of that name already")
        if rule.unknown_in and ("customer_id" not in source.columns or rule.unknown_in not in before):
            raise ValueError(f"tables.{name}: rule {rule.name!r}: unknown_in names customers, or a table of customers further up")


def load(name: str) -> Dataset:
    """Read and check data/datasets/NAME.yaml of the home."""
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} is not a dataset's name", "a name is lower-case letters, digits, - and _")
    path = home.root() / "data" / "datasets" / f"{name}.yaml"
    dataset = check(read_yaml(path, "dataset"), str(path), Dataset)
    if dataset.dataset != name:
        raise BadInput(f"{path} calls itself {dataset.dataset!r}", f"the file's name says {name!r}", "make both the same")
    return dataset
