"""A study: one question, its parameters and its hypotheses, read from YAML and refused when anything in it is unknown."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from segkit import declared, home
from segkit.errors import BadInput, nearest

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
KPIS = ("revenue", "orders", "aov", "retention", "engagement")
METHODS = ("kmeans", "gmm", "ward", "average", "complete")
UNDATED = "none"  # what stands for as_of in a cross-sectional dataset, where nothing has a date
GATES = ("structure", "supported", "refuted", "undecided")


class Strict(BaseModel):
    """A mapping whose unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hypothesis(Strict):
    """A claim about a KPI of the outcome window, declared before that window is opened."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    kpi: Literal[KPIS]
    test: Literal["spread", "beats_baseline"]
    at_least: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    baseline: Literal["", "rfm", "random"] = ""

    @model_validator(mode="after")
    def _baseline_belongs_to_its_test(self):
        if (self.test == "beats_baseline") != bool(self.baseline):
            raise ValueError("test beats_baseline needs a baseline (rfm or random), and no other test takes one")
        if self.test == "beats_baseline" and self.kpi == "aov":
            raise ValueError("beats_baseline explains one value per customer; aov is a ratio over orders: use revenue or orders")
        return self


class Study(Strict):
    """All parameters of a study. `as_of` is `auto` or a date; the outcome window is [as_of, as_of + horizon_days).

    A resolved study says the date that auto came to, or `none` where the dataset is cross-sectional.
    """

    study: str
    dataset: str
    question: str = Field(min_length=1)
    as_of: str = "auto"
    horizon_days: int = Field(default=90, ge=0, le=3660)
    cluster_on: list[str] = Field(min_length=1)
    methods: list[Literal[METHODS]] = Field(default=["kmeans", "gmm", "ward"], min_length=1)
    k_min: int = Field(default=2, ge=2, le=20)
    k_max: int = Field(default=8, ge=2, le=20)
    chosen_method: Literal[("auto", *METHODS)] = "auto"
    chosen_why: str = ""
    chosen_k: int = Field(default=0, ge=0, le=20)
    sensitive_why: str = ""
    wanted_cut: bool = False
    max_fit_rows: int = Field(default=5000, ge=100, le=20000)
    min_cell: int = Field(default=5, ge=2)
    seed: int = Field(default=7, ge=0, lt=2**32)
    timeout_minutes: float = Field(default=30.0, gt=0, le=1440, allow_inf_nan=False)
    fail_if: list[str] = []
    hypotheses: list[Hypothesis] = []

    @field_validator("study", "dataset")
    @classmethod
    def _name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("a name is lower-case letters, digits, - and _, at most 64 (it becomes a folder)")
        return name

    @field_validator("as_of", mode="before")
    @classmethod
    def _date(cls, as_of: Any) -> str:
        """YAML reads 2025-10-01 as a date and Papermill passes text: both mean midnight at the start of that day."""
        if as_of in ("auto", UNDATED):
            return as_of
        try:
            return date.fromisoformat(str(as_of)).isoformat()
        except ValueError:
            raise ValueError("as_of is `auto` or a date such as 2025-10-01") from None

    @model_validator(mode="after")
    def _together(self):
        if self.k_min > self.k_max:
            raise ValueError(f"k_min {self.k_min} is above k_max {self.k_max}")
        if self.chosen_k and not self.k_min <= self.chosen_k <= self.k_max:
            raise ValueError(f"chosen_k {self.chosen_k} lies outside k_min {self.k_min} to k_max {self.k_max}")
        if self.chosen_method not in ("auto", *self.methods):
            raise ValueError(f"chosen_method {self.chosen_method} is not among the methods {self.methods}")
        for field in ("cluster_on", "methods"):
            values = getattr(self, field)
            if len(set(values)) < len(values):
                raise ValueError(f"{field} names something twice: {values}")
        names = [hypothesis.name for hypothesis in self.hypotheses]
        if len(set(names)) < len(names):
            raise ValueError(f"two hypotheses have the same name: {names}")
        if self.hypotheses and not self.horizon_days:
            raise ValueError("hypotheses need an outcome window: horizon_days is 0")
        for gate in self.fail_if:
            _check_gate(gate, names)
        return self


def _check_gate(gate: str, names: list[str]) -> None:
    word, _, subject = gate.partition(" ")
    if word not in GATES or not subject:
        raise ValueError(f"fail_if {gate!r}: write `structure none` or `refuted <hypothesis>`; {nearest(word, GATES)}")
    known = ("natural", "reproducible", "constructive", "none") if word == "structure" else names
    if subject not in known:
        raise ValueError(f"fail_if {gate!r}: {subject!r} is unknown; {nearest(subject, known)}")


def path_of(study: str | Path) -> Path:
    """The YAML of a study given by path or by name (then notebooks/studies/NAME.yaml of the home)."""
    path = Path(study)
    if path.suffix in (".yaml", ".yml"):
        return path
    if not NAME.fullmatch(str(study)):
        raise BadInput(
            f"{str(study)!r} is not a study's name",
            "a name is lower-case letters, digits, - and _",
            "name a file such as notebooks/studies/demo.yaml",
        )
    return home.root() / "notebooks" / "studies" / f"{study}.yaml"


def load(study: str | Path, overrides: dict[str, Any] | None = None) -> Study:
    """Read and check a study; `overrides` replace keys of the file (the values of `-p name=value`)."""
    path = path_of(study)
    return check(read_yaml(path, "study") | (overrides or {}), str(path), Study)


def read_yaml(path: Path, what: str) -> dict:
    """The mapping in a YAML file, or a message that says where it stops being one."""
    try:
        content = declared.mapping(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = sorted(file.name for file in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        raise BadInput(f"there is no {what} file {path}", f"in that folder: {', '.join(there) or 'no YAML file'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{what} file {path} cannot be read", type(error).__name__) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2025-02-30 is a ValueError
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}" if mark else str(error).splitlines()[0]
        raise BadInput(f"{what} file {path} is not YAML", where) from None
    if not isinstance(content, dict):
        raise BadInput(f"{what} file {path} holds no keys", "expected lines such as `study: demo`")
    return content


def check(content: dict, where: str, kind: type[Strict]) -> Any:
    """Build `kind` from a mapping; every mistake becomes one line: the key, what is wrong, the nearest known key."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        lines = [_mistake(problem, kind) for problem in error.errors(include_url=False)]
        raise BadInput(f"{where} is not a valid {kind.__name__.lower()}", "\n  ".join(lines)) from None


def _mistake(problem: dict, kind: type[Strict]) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{key}': {nearest(str(problem['loc'][-1]), _siblings(problem['loc'], kind))}"
    if problem["type"] == "missing":
        return f"{key}: it is missing"
    if problem["type"] == "value_error":
        return f"{key + ': ' if key else ''}{problem['ctx']['error']}"
    return f"{key}: {problem['msg'][0].lower()}{problem['msg'][1:]} (it says {str(problem['input'])[:80]!r})"


def _siblings(location: tuple, kind: type[Strict]) -> list[str]:
    """The keys allowed where an unknown one was found: walk down lists, mappings and models."""
    for part in location[:-1]:
        if isinstance(part, str) and part in kind.model_fields:
            inner = [kind.model_fields[part].annotation]
            while inner and not (isinstance(inner[0], type) and issubclass(inner[0], BaseModel)):
                inner = [arg for arg in getattr(inner[0], "__args__", ()) if arg is not str]
            kind = inner[0] if inner else kind
    return list(kind.model_fields)


class Window(Strict):
    """Half-open windows: observation [start, as_of), outcome [as_of, end). Without a horizon, end equals as_of."""

    start: datetime
    as_of: datetime
    end: datetime

    @property
    def days(self) -> int:
        """Length of the outcome window."""
        return (self.end - self.as_of).days


def cut_off(window: Window | None) -> datetime | None:
    """The end of the observation window; None where there are no windows."""
    return window.as_of if window else None


def day(window: Window | None) -> str:
    """The cut-off date as parameters, stamps and run ids spell it; `none` where there are no windows."""
    return f"{window.as_of:%Y-%m-%d}" if window else UNDATED


def outcome_days(window: Window | None) -> int:
    """Length of the outcome window; 0 where there is none."""
    return window.days if window else 0


def no_window(as_of: str, horizon_days: int) -> None:
    """The window of a cross-sectional dataset: none. Raises BadInput for a study that asks for one."""
    if as_of not in ("auto", UNDATED) or horizon_days:
        raise BadInput(
            "the dataset is cross-sectional: it has neither orders nor events, so nothing in it has a date",
            f"the study says as_of {as_of} and horizon_days {horizon_days}",
            "write `as_of: auto` and `horizon_days: 0`, and no hypotheses: they need an outcome",
        )


def window(as_of: str, horizon_days: int, first: datetime, last: datetime) -> Window:
    """Resolve `as_of` against the span of the data (`first` and `last` moment): auto is the midnight after the last one, less the horizon."""
    if as_of == UNDATED:
        raise BadInput("as_of is `none`", "the dataset has orders or events", "write `auto`, or a date such as 2025-10-01")
    midnight_after = datetime(last.year, last.month, last.day) + timedelta(days=1)
    cut = midnight_after - timedelta(days=horizon_days) if as_of == "auto" else datetime.fromisoformat(as_of)
    span = f"the data run from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    if cut <= first:
        raise BadInput(
            f"nothing happened before as_of {cut:%Y-%m-%d}",
            f"{span}, horizon_days is {horizon_days}",
            "choose a later as_of or a shorter horizon",
        )
    if cut > midnight_after:
        raise BadInput(f"as_of {cut:%Y-%m-%d} lies after the data", span, f"choose {midnight_after:%Y-%m-%d} or earlier")
    end = cut + timedelta(days=horizon_days)
    if end > midnight_after:
        raise BadInput(
            f"the outcome window [{cut:%Y-%m-%d}, {end:%Y-%m-%d}) is not over yet",
            span,
            "choose an earlier as_of, a shorter horizon, or horizon_days 0",
        )
    return Window(start=first, as_of=cut, end=end)
