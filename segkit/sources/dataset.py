"""What a dataset file may say: where each canonical table comes from, how its columns are called there, which rows are set aside."""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, FiniteFloat, field_validator, model_validator

from segkit import home
from segkit.errors import BadInput, nearest
from segkit.studies import NAME, Strict, check, read_yaml
from segkit.tables import ATTRIBUTE_KINDS, TABLES

TESTS = ("missing", "is_true", "starts_with", "one_of", "below", "above", "at_most", "at_least")
NUMBERS = ("money", "integer", "number")
TESTABLE = {
    "is_true": ("boolean",),
    "starts_with": ("string",),
    "one_of": ("string",),
    **dict.fromkeys(TESTS[4:], NUMBERS),
}  # test -> types of column
OURS = ("step", "reason", "is_repeat")  # columns that gathering adds to the rows


class Download(Strict):
    """A public copy of a file: address, the file inside when it is an archive, and what must be inside whatever the wrapping."""

    url: str
    member: str = ""
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Rule(Strict):
    """Rows that one test finds: set aside with a reason (`reject`), or only counted (`warn`)."""

    name: str = Field(min_length=1)
    severity: Literal["reject", "warn"] = "reject"
    column: str = ""
    missing: Literal[True] | None = None
    is_true: Literal[True] | None = None
    starts_with: str | None = None
    one_of: list[str] | None = None
    below: FiniteFloat | None = None
    above: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    at_least: FiniteFloat | None = None
    repeated: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_test(self):
        tests = [test for test in TESTS if getattr(self, test) is not None]
        if self.repeated and (tests or self.column):
            raise ValueError(f"rule {self.name!r}: `repeated` looks at whole rows and takes no column")
        if not self.repeated and (len(tests) != 1 or not self.column):
            raise ValueError(f"rule {self.name!r} needs a column and one test of {', '.join(TESTS)}; or `repeated: true`")
        return self


class Source(Strict):
    """One canonical table: its file, canonical column -> foreign column, columns computed, columns left out, rules in order."""

    file: str
    download: Download | None = None
    columns: dict[str, str]
    product: dict[str, list[str]] = {}
    attributes: dict[str, Literal[ATTRIBUTE_KINDS]] = {}
    ignore: list[str] = []
    rules: list[Rule] = []

    @field_validator("file")
    @classmethod
    def _inside(cls, file: str) -> str:
        if Path(file).is_absolute() or ".." in Path(file).parts:
            raise ValueError("a file lies below SEGKIT_DATA or data/raw: no absolute path, no `..`")
        return file


class Dataset(Strict):
    """A dataset: what it is, its clock and its currency, and where each canonical table comes from."""

    dataset: str
    title: str
    about: str = ""
    synthetic: bool = False
    timezone: str
    currency: str
    tables: dict[str, Source] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{zone!r} is not a time zone such as Europe/London") from None
        return zone

    @model_validator(mode="after")
    def _canonical(self):
        if not {"orders", "events"} & set(self.tables):
            raise ValueError("a dataset needs orders or events: without them there is no behaviour to segment")
        for name, source in self.tables.items():
            if name not in TABLES:
                raise ValueError(f"unknown table {name!r}; {nearest(name, TABLES)}")
            _check_columns(name, source)
        return self


def _check_columns(name: str, source: Source) -> None:
    contract = TABLES[name].columns
    extra = source.attributes if name == "customers" else {}
    declared = [*source.columns, *source.product]
    for column in declared:
        if column not in contract and column not in extra:
            hint = " (attributes of customers are declared under `attributes`)" if name == "customers" else ""
            raise ValueError(f"tables.{name}: unknown column {column!r}; {nearest(column, contract)}{hint}")
    for column, spec in contract.items():
        if spec.required and column not in declared:
            raise ValueError(f"tables.{name}: required column {column!r} is not declared")
    if source.attributes and name != "customers":
        raise ValueError(f"tables.{name}: only customers have attributes")
    if taken := [attribute for attribute in source.attributes if attribute in (*contract, *OURS) or attribute.startswith("unreadable_")]:
        raise ValueError(f"tables.{name}: attributes cannot be called {', '.join(taken)}: choose another name on the left of `columns`")
    if unmapped := [attribute for attribute in source.attributes if attribute not in source.columns]:
        raise ValueError(f"tables.{name}: attributes without a column: {', '.join(unmapped)}")
    dtypes = {column: contract[column].dtype if column in contract else "string" for column in declared}
    for column, factors in source.product.items():
        numbers = [factor for factor in source.columns if dtypes[factor] in NUMBERS]
        if dtypes[column] != "money" or len(factors) != 2 or not set(factors) <= set(numbers):
            raise ValueError(
                f"tables.{name}: product {column} has to be money and the product of two declared columns of numbers, it says {factors}"
            )
    for rule in source.rules:
        if not rule.repeated and rule.column not in declared:
            raise ValueError(f"tables.{name}: rule {rule.name!r} tests {rule.column!r}; {nearest(rule.column, declared)}")
        for test, testable in TESTABLE.items():
            if getattr(rule, test) is not None and dtypes[rule.column] not in testable:
                raise ValueError(
                    f"tables.{name}: rule {rule.name!r}: {rule.column} is {dtypes[rule.column]}, `{test}` tests {' or '.join(testable)}"
                )
    rule_names = [rule.name for rule in source.rules]
    if len(set(rule_names)) < len(rule_names):
        raise ValueError(f"tables.{name}: two rules have the same name")


def load(name: str) -> Dataset:
    """Read and check data/datasets/NAME.yaml of the home."""
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} is not a dataset's name", "a name is lower-case letters, digits, - and _")
    path = home.root() / "data" / "datasets" / f"{name}.yaml"
    dataset = check(read_yaml(path, "dataset"), str(path), Dataset)
    if dataset.dataset != name:
        raise BadInput(f"{path} calls itself {dataset.dataset!r}", f"the file's name says {name!r}", "make both the same")
    return dataset
