"""What a study may say: its parameters and its hypotheses, each with a type and a range."""

import re
from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from segkit.errors import nearest
from segkit.studies.choices import names_of, transforms_of, weights_of
from segkit.studies.claims import KPIS, Hypothesis
from segkit.studies.stated import attractiveness_of, fit_of, levers_of
from segkit.studies.strict import Strict

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
METHODS = ("kmeans", "gmm", "ward", "average", "complete")
UNDATED = "none"  # what stands for as_of in a cross-sectional dataset, where nothing has a date
GATES = ("structure", "supported", "refuted", "undecided")


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
    transforms: list[str] = []
    winsorise: float = Field(default=0.0, ge=0, le=0.25, allow_inf_nan=False)
    scaling: Literal["standard", "robust"] = "standard"
    weights: list[str] = []
    indicate_missing: list[str] = []
    k_min: int = Field(default=2, ge=1, le=20)
    k_max: int = Field(default=8, ge=1, le=20)
    chosen_method: Literal[("auto", *METHODS)] = "auto"
    chosen_why: str = ""
    chosen_k: int = Field(default=0, ge=0, le=20)
    segment_names: list[str] = []
    sensitive_why: str = ""
    wanted_cut: bool = False
    max_fit_rows: int = Field(default=5000, ge=100, le=20000)
    min_cell: int = Field(default=5, ge=2)
    clv_months: int = Field(default=12, ge=1, le=60)
    annual_discount: float = Field(default=0.1, ge=0, le=1, allow_inf_nan=False)
    margin_share: float = Field(default=1.0, gt=0, le=1, allow_inf_nan=False)
    attractiveness: list[str] = []
    firm_fit: list[str] = []
    levers: list[str] = []
    expected_lift: float = Field(default=0.0, ge=0, lt=1, allow_inf_nan=False)
    conversion_value: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    treatment_cost: float = Field(default=0.0, ge=0, allow_inf_nan=False)
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
        for field in ("cluster_on", "methods", "indicate_missing"):
            values = getattr(self, field)
            if len(set(values)) < len(values):
                raise ValueError(f"{field} names something twice: {values}")
        if circular := sorted(set(self.cluster_on) & set(KPIS)):
            raise ValueError(
                f"cluster_on names {', '.join(circular)}, a KPI of the outcome window: segments made of an outcome prove nothing about it"
            )
        self._matrix_is_of_features()
        names = [hypothesis.name for hypothesis in self.hypotheses]
        if len(set(names)) < len(names):
            raise ValueError(f"two hypotheses have the same name: {names}")
        if dated := [each.name for each in self.hypotheses if each.test != "lift"]:
            if not self.horizon_days:
                raise ValueError(f"hypotheses need an outcome window: horizon_days is 0, and {dated[0]} is about what came later")
        for each in self.hypotheses:
            if missing := [name for name in (*each.order, each.segment) if name.startswith("S") and int(name[1:]) > self.k_max]:
                raise ValueError(f"hypothesis {each.name} names {missing[0]}, and k_max is {self.k_max}")
        for gate in self.fail_if:
            _check_gate(gate, names)
        return self

    def _matrix_is_of_features(self) -> None:
        """What is said of the matrix is said of features in cluster_on; names are given to segments that may exist."""
        weighted = [name for group in weights_of(self.weights) for name in group]
        for key, named in (
            ("transforms", {*transforms_of(self.transforms)} - {"all"}),
            ("weights", weighted),
            ("indicate_missing", self.indicate_missing),
        ):
            for name in named:
                if name not in self.cluster_on:
                    raise ValueError(f"{key} names {name!r}, which is not in cluster_on: {nearest(name, self.cluster_on)}")
        for name in self.indicate_missing:
            if f"{name}_known" in self.cluster_on:
                raise ValueError(f"indicate_missing names {name}, and cluster_on holds {name}_known already")
        attractiveness_of(self.attractiveness)
        named = {"segment_names": names_of(self.segment_names), "levers": levers_of(self.levers), "firm_fit": fit_of(self.firm_fit)}
        for key, segment in ((key, segment) for key, segments in named.items() for segment in segments):
            if int(segment[1:]) > self.k_max:
                raise ValueError(f"{key} names {segment}, and k_max is {self.k_max}")


def _check_gate(gate: str, names: list[str]) -> None:
    word, _, subject = gate.partition(" ")
    if word not in GATES or not subject:
        raise ValueError(f"fail_if {gate!r}: write `structure none` or `refuted <hypothesis>`; {nearest(word, GATES)}")
    known = ("natural", "reproducible", "constructive", "none") if word == "structure" else names
    if subject not in known:
        raise ValueError(f"fail_if {gate!r}: {subject!r} is unknown; {nearest(subject, known)}")
