"""Findings as sentences computed from finished tables. No number in a report is typed."""

from segkit.prose.behavior import absent, cohorts, concentration, scope
from segkit.prose.gather import (
    attributes,
    completeness,
    coverage,
    dataset,
    ids,
    ledger,
    missing,
    orphans,
    outliers,
    personal,
    windows,
)
from segkit.prose.outcomes import claim, claims, explained, hypotheses, no_claims, no_outcomes, seen
from segkit.prose.segments import agreement, choice, names, own_cut, recommendation, segments, sensitive, structure, trust
from segkit.prose.wording import listed, times
from segkit.segments import NAMES

__all__ = [
    "NAMES",
    "absent",
    "agreement",
    "attributes",
    "choice",
    "claim",
    "claims",
    "cohorts",
    "completeness",
    "concentration",
    "coverage",
    "dataset",
    "explained",
    "hypotheses",
    "ids",
    "ledger",
    "listed",
    "missing",
    "names",
    "no_claims",
    "no_outcomes",
    "orphans",
    "outliers",
    "own_cut",
    "personal",
    "recommendation",
    "scope",
    "seen",
    "segments",
    "sensitive",
    "structure",
    "times",
    "trust",
    "windows",
]
