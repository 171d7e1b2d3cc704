"""How one column is read: from which foreign column or by which formula, in which format, and what stands there for what."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, FiniteFloat, field_validator, model_validator

from segkit.sources import formula
from segkit.studies import Strict
from segkit.tables import ATTRIBUTE_KINDS

ATTRIBUTE_TYPES = ("string", "integer", "number", "boolean", "date")
EPOCH = re.compile(r"(seconds|milliseconds|days) since [0-9]{4}-[0-9]{2}-[0-9]{2}")
DIRECTIVES = set("YymdHIMSfpbBaAjz%")


def _said(value: Any) -> str:
    """A value as the file has it: 999 and "999" are the same in a file of text."""
    if isinstance(value, bool):
        raise ValueError(f"YAML takes yes, no, on and off for {str(value).lower()}: put what the file says in quotes")
    if not isinstance(value, str | int | float | date) or value == "":
        raise ValueError("it is empty, or no single value: an empty cell is missing anyway, and null is written in quotes")
    return str(value)


def _meant(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value in (None, "") else _said(value)


Said = Annotated[str, BeforeValidator(_said, json_schema_input_type=str | float)]
Meant = Annotated[str, BeforeValidator(_meant, json_schema_input_type=str | float | bool | None)]


class Reading(Strict):
    """How one canonical column is read: from which foreign column, or by which formula; and as what."""

    column: str = ""
    formula: str = ""
    format: str = ""  # of times: "%d-%m-%Y %H:%M", or "seconds since 1970-01-01"
    times: FiniteFloat | None = None  # unit: 0.01 for cents, 60 for minutes into seconds
    missing: list[Said] = []  # what stands for nothing, such as "999" or "unknown"
    values: dict[Said, Meant] = {}  # what stands for what; nothing on the right: it is missing
    kind: Literal[("", *ATTRIBUTE_KINDS)] = ""  # makes a column of customers an attribute
    type: Literal[ATTRIBUTE_TYPES] = "string"  # of an attribute
    ordered: list[Said] = []  # the levels of an attribute from lowest to highest: it becomes a number, 1 for the first
    missing_informs: bool = False  # an attribute whose being known says something of its own: NAME_known, 1 or 0
    static: bool = False  # an attribute that was known before anything else in the dataset happened, and that none of it changed
    sensitive: bool = False  # an attribute that is kept out of clustering unless a study says why

    @field_validator("format")
    @classmethod
    def _format(cls, format: str) -> str:
        if not format or _is_count(format):
            return format
        marks = re.findall(r"%-?(.?)", format)
        if not {"Y", "y"} & set(marks):
            raise ValueError(f"{format!r} is no format such as %d-%m-%Y %H:%M, nor `seconds since 1970-01-01` (or milliseconds, or days)")
        if unknown := [mark for mark in marks if mark not in DIRECTIVES]:
            raise ValueError(f"{format!r}: %{unknown[0]} means nothing here; known: %{' %'.join(sorted(DIRECTIVES - {'%'}))}")
        if "I" in marks and "p" not in marks:
            raise ValueError(f"{format!r}: %I counts to 12 and needs %p for am and pm, or it is %H")
        return format

    @field_validator("formula")
    @classmethod
    def _formula(cls, text: str) -> str:
        formula.parse(text) if text else None
        return text

    @model_validator(mode="after")
    def _one_origin(self):
        if bool(self.column) == bool(self.formula):
            raise ValueError("it needs either a column or a formula")
        if self.formula and (self.format or self.missing or self.values or self.times is not None):
            raise ValueError("a formula says it all: it takes no format, times, missing or values")
        if self.ordered and self.type != "string":
            raise ValueError(f"`ordered` is for levels that are words, and the type is {self.type}")
        if len(set(self.ordered)) < len(self.ordered) or len(self.ordered) == 1:
            raise ValueError("`ordered` needs two levels or more, each once, from lowest to highest")
        return self


def _is_count(format: str) -> bool:
    """Whether moments are counted since a day that exists."""
    try:
        return bool(EPOCH.fullmatch(format) and date.fromisoformat(format[-10:]))
    except ValueError:
        return False


def in_full(name: str, given: Any) -> Any:
    """`amount: Total`, `amount:` (called the same there), or all there is to say; without a column or formula, the column of that name."""
    if given is None or isinstance(given, str):
        return {"column": given or name}
    return {"column": name} | given if isinstance(given, dict) and not {"column", "formula"} & set(given) else given
