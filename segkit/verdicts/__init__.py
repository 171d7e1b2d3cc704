"""Hypotheses in, verdicts out: supported, refuted or undecided, adjusted for everything ever tried on the outcome window."""

from segkit.verdicts.evaluation import evaluate, missing_customers, outlook, undated_attributes
from segkit.verdicts.explained import beyond, concentration, explained
from segkit.verdicts.judging import judge, record
from segkit.verdicts.lifts import COUNTS, lifts
from segkit.verdicts.lock import Lock, Looks, lock, open_window
from segkit.verdicts.origins import earlier, origins

__all__ = [
    "COUNTS",
    "Lock",
    "Looks",
    "beyond",
    "concentration",
    "earlier",
    "evaluate",
    "explained",
    "judge",
    "lifts",
    "lock",
    "missing_customers",
    "open_window",
    "origins",
    "outlook",
    "record",
    "undated_attributes",
]
