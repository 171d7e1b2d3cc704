"""A study: one question, its parameters and its hypotheses, read from YAML and refused when anything in it is unknown."""

from segkit.studies.choices import TRANSFORMS, names_of, transforms_of, weights_of
from segkit.studies.claims import BASELINES, KPIS, TESTS, Hypothesis
from segkit.studies.reading import check, load, path_of, read_yaml
from segkit.studies.stated import attractiveness_of, fit_of, levers_of
from segkit.studies.strict import Strict
from segkit.studies.study import METHODS, NAME, UNDATED, Study
from segkit.studies.windows import Window, cut_off, day, no_window, outcome_days, window

__all__ = [
    "BASELINES",
    "KPIS",
    "METHODS",
    "NAME",
    "TESTS",
    "TRANSFORMS",
    "UNDATED",
    "Hypothesis",
    "Strict",
    "Study",
    "Window",
    "attractiveness_of",
    "check",
    "cut_off",
    "day",
    "fit_of",
    "levers_of",
    "load",
    "names_of",
    "no_window",
    "outcome_days",
    "path_of",
    "read_yaml",
    "transforms_of",
    "weights_of",
    "window",
]
