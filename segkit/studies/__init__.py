"""A study: one question, its parameters and its hypotheses, read from YAML and refused when anything in it is unknown."""

from segkit.studies.choices import TRANSFORMS, names_of, transforms_of, weights_of
from segkit.studies.reading import check, load, path_of, read_yaml
from segkit.studies.study import KPIS, METHODS, NAME, UNDATED, Hypothesis, Strict, Study
from segkit.studies.windows import Window, cut_off, day, no_window, outcome_days, window

__all__ = [
    "KPIS",
    "METHODS",
    "NAME",
    "TRANSFORMS",
    "UNDATED",
    "Hypothesis",
    "Strict",
    "Study",
    "Window",
    "check",
    "cut_off",
    "day",
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
