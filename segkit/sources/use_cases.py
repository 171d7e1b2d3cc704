"""What a library of use cases may say: who wants what, in which steps it shows, and by which KPI it is measured.

One file, `data/datasets/NAME.use_cases.yaml`, beside the dataset file it belongs to. Each use case is a pattern in the traces of customers,
so that a goal can be counted: it is performed when the pattern occurs. What counts as one is told in docs/use_cases.md.
"""

import hashlib
import os
import re
from datetime import timedelta
from typing import Any, Literal

import ibis
import pandas as pd
from pydantic import Field, field_validator, model_validator

from segkit import home
from segkit.errors import BadInput, nearest
from segkit.sources.dataset import Dataset
from segkit.sources.reading import Reading, Said
from segkit.studies import KPIS, Strict, check, read_yaml

TABLE_OF = {"feature": "events", "category": "orders", "order": "orders", "channel": "touchpoints", "stage": "touchpoints"}
WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
COLUMNS = ("performances", "use_cases_performed")  # what a library adds to customer features, besides a share per use case
LISTABLE = ("string", "integer", "boolean")  # attributes whose values can be listed


class Step(Strict):
    """One thing a customer does: uses a feature, orders in a category or at all, is met in a channel or in a stage of the journey."""

    feature: Said = ""
    category: Said = ""
    order: Literal["", "any"] = ""
    channel: Said = ""
    stage: Said = ""

    @model_validator(mode="after")
    def _one_thing(self):
        if len(said := [kind for kind in TABLE_OF if getattr(self, kind)]) != 1:
            raise ValueError(f"a step is one of {', '.join(TABLE_OF)}" + (f", and this one says {' and '.join(said)}" if said else ""))
        return self

    @property
    def kind(self) -> str:
        return next(kind for kind in TABLE_OF if getattr(self, kind))

    @property
    def value(self) -> str:
        return getattr(self, self.kind)

    @property
    def table(self) -> str:
        return TABLE_OF[self.kind]

    @property
    def column(self) -> str:
        """The column that tells it; none where any row will do."""
        return "" if self.order else self.kind

    def __str__(self) -> str:
        return "any order" if self.order else f"{self.kind} {self.value}"

    def may_be(self, other: "Step") -> bool:
        """Whether one row could be both."""
        return self.table == other.table and (self == other or self.kind != other.kind)


class Pattern(Strict):
    """Steps in order, or a set of them in any order, and the days from the first to the last of them."""

    ordered: bool = True
    within_days: float = Field(gt=0, le=3660, allow_inf_nan=False)
    steps: list[Step] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _a_set_has_each_once(self):
        for number, step in enumerate(self.steps if not self.ordered else []):
            for other in self.steps[:number]:
                if step.may_be(other):
                    raise ValueError(f"in any order, one row would be both {other} and {step}: order the steps, or leave one out")
        return self

    @property
    def limit(self) -> timedelta:
        return timedelta(seconds=max(1, round(self.within_days * 86400)))

    @property
    def later(self) -> list[bool]:
        """For each step, whether it has to come after the moment of the one before: it does where one row could be it and an earlier one."""
        return [any(step.may_be(other) for other in self.steps[:number]) for number, step in enumerate(self.steps)]


class UseCase(Strict):
    """An actor's goal, who may pursue it, the pattern that realises it, and the KPI it serves."""

    name: str
    actor: str = Field(min_length=1)
    goal: str = Field(min_length=1)
    theme: str = ""
    kpi: str = ""
    preconditions: dict[str, list[Any]] = {}  # attribute -> values of it that make a customer eligible
    pattern: Pattern

    @field_validator("name")
    @classmethod
    def _word(cls, name: str) -> str:
        if not WORD.fullmatch(name):
            raise ValueError(f"{name[:80]!r} cannot name a use case: lower-case letters, digits and _, at most 40 (it becomes a column)")
        return name

    @field_validator("kpi")
    @classmethod
    def _kpi(cls, kpi: str) -> str:
        if kpi and kpi not in KPIS:
            raise ValueError(f"unknown KPI {kpi[:80]!r}; {nearest(kpi, KPIS)}")
        return kpi

    @field_validator("preconditions", mode="before")
    @classmethod
    def _one_value(cls, given: Any) -> Any:
        return (
            {name: allowed if isinstance(allowed, list) else [allowed] for name, allowed in given.items()}
            if isinstance(given, dict)
            else given
        )

    @property
    def column(self) -> str:
        """The feature it becomes: its share of what a customer performs."""
        return f"{self.name}_share"


class Library(Strict):
    """The use cases of one dataset."""

    dataset: str
    use_cases: list[UseCase] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self):
        names = [each.name for each in self.use_cases]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two use cases have the same name, {twice[0]!r}")
        return self


def load(dataset: Dataset) -> tuple[UseCase, ...]:
    """The use cases beside a dataset's file, checked against what the dataset has; none where there is no such file."""
    path = home.root() / "data" / "datasets" / f"{dataset.dataset}.use_cases.yaml"
    found: tuple[UseCase, ...] = ()
    if path.is_file():
        library = check(read_yaml(path, "use case"), str(path), Library)
        if library.dataset != dataset.dataset:
            raise BadInput(f"{path} is for {library.dataset!r}", f"the file's name says {dataset.dataset!r}", "make both the same")
        if mistakes := [line for each in library.use_cases for line in misfits(each, dataset)]:
            raise BadInput(f"{path} does not fit the dataset", "\n  ".join(mistakes), "see docs/use_cases.md")
        found = tuple(library.use_cases)
    if os.environ.get("SEGKIT_USE_CASES", digest(found)) != digest(found):
        raise BadInput(f"{path} changed while a run was under way", "its pages would tell of two libraries", "run the study again")
    return found


def digest(use_cases: tuple[UseCase, ...]) -> str:
    """12 hex digits over what a library says, comments aside; empty without use cases."""
    return hashlib.sha256("\n".join(each.model_dump_json() for each in use_cases).encode()).hexdigest()[:12] if use_cases else ""


def misfits(case: UseCase, dataset: Dataset) -> list[str]:
    """What a use case asks of a dataset that the dataset does not have, a sentence each."""
    stages, lines = dataset.stages, []
    if not dataset.is_timed:
        return [f"{case.name}: the dataset has neither orders nor events, so there is no date before which to look"]
    for number, step in enumerate(case.pattern.steps, 1):
        if step.table not in dataset.tables:
            lines.append(f"{case.name}: step {number} ({step}) needs the table {step.table}; this dataset has {', '.join(dataset.tables)}")
        elif step.column and step.column not in dataset.tables[step.table].columns:
            lines.append(
                f"{case.name}: step {number} ({step}) needs {step.column} in the table {step.table}, which this dataset does not have"
            )
        elif step.stage and step.stage not in stages:
            lines.append(f"{case.name}: step {number}: {step.stage!r} is no stage of this dataset; {nearest(step.stage, stages)}")
    taken = {name.lower() for name in dataset.attributes}
    lines += [f"{case.name}: an attribute is called {name}, which use cases need" for name in (case.column, *COLUMNS) if name in taken]
    for name, allowed in case.preconditions.items():
        if problem := unlike(name, allowed, dataset.attributes):
            lines.append(f"{case.name}: preconditions.{name}: {problem}")
    return lines


def unlike(name: str, allowed: list[Any], attributes: dict[str, Reading]) -> str:
    """Why customers cannot be told eligible by these values of an attribute; empty when they can."""
    if name not in attributes:
        return f"no such attribute; {nearest(name, attributes) if attributes else 'the dataset declares none'}"
    kind = attributes[name].type
    if attributes[name].sensitive:
        return "it is sensitive, and the use case would carry it into clustering"
    if kind not in LISTABLE:
        return f"it is of type {kind}; preconditions list values, of {', '.join(LISTABLE)}"
    if not allowed:
        return "no value is allowed"
    if kind == "string" and any(not isinstance(value, str) for value in allowed):
        return "its values are text: put them in quotes"
    if kind != "string" and any(type(value) is not {"integer": int, "boolean": bool}[kind] for value in allowed):
        return f"its values are of type {kind}"
    return ""


def done(rows: ibis.Table) -> ibis.Table:
    """The rows in which a customer did something: goods given back are no order."""
    return rows.filter(~rows.is_return.fill_null(False)) if "is_return" in rows.columns else rows


def unseen(past: dict[str, ibis.Table], use_cases: tuple[UseCase, ...], min_cell: int) -> pd.DataFrame:
    """What use cases wait for and nobody ever did, or is. Out: use_case, problem (with the nearest value of at least `min_cell` customers).

    `past`: canonical tables, cut off where the observation ends.
    """
    wanted = {(step.table, step.column) for case in use_cases for step in case.pattern.steps if step.column}
    wanted |= {("customers", name) for case in use_cases for name in case.preconditions}
    seen = {key: counted(past[key[0]], key[1]) for key in sorted(wanted)}
    lines = []
    for case in use_cases:
        asked = [
            ((step.table, step.column), step.value, f"step {number} ({step}) was never seen")
            for number, step in enumerate(case.pattern.steps, 1)
        ]
        asked += [
            (("customers", name), each, f"nobody has {name} {each!r}") for name, allowed in case.preconditions.items() for each in allowed
        ]
        for key, value, problem in asked:
            if key[1] and value not in seen[key]:
                hint = nearest(str(value), [str(other) for other, n in seen[key].items() if n >= min_cell])
                lines.append({"use_case": case.name, "problem": f"{problem}; {hint}" if hint.startswith("do you mean") else problem})
    return pd.DataFrame(lines, columns=["use_case", "problem"])


def counted(rows: ibis.Table, column: str) -> dict:
    """Values of a column -> how many customers they were seen with."""
    rows = done(rows)
    counts = rows.filter(rows[column].notnull()).group_by(value=rows[column]).aggregate(n=rows.customer_id.nunique()).to_pyarrow()
    return dict(zip(counts["value"].to_pylist(), counts["n"].to_pylist()))
