"""Findings as sentences computed from finished tables. No number in a report is typed."""

from segkit.prose.behavior import absent, cohorts, concentration, scope, unseen
from segkit.prose.buying import redundant, rfm, score_bins, seasons
from segkit.prose.counting import how_many
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
from segkit.prose.journey import attribution, funnel, time_in_stage, transitions, typical_paths, upsell
from segkit.prose.meaning import differences, fence, flow
from segkit.prose.outcomes import claim, claims, explained, hypotheses, no_claims, no_outcomes, seen
from segkit.prose.rules import rules
from segkit.prose.segments import (
    agreement,
    choice,
    mixtures,
    names,
    own_cut,
    prototypes,
    recommendation,
    segments,
    sensitive,
    structure,
    trust,
)
from segkit.prose.usage import feature_engagement, stickiness, usage_grid, user_status_by_month, user_statuses
from segkit.prose.use_cases import use_case_coverage, use_case_overlap, use_case_problems, use_case_shares, use_cases_by_segment
from segkit.prose.wording import listed, times
from segkit.segments import NAMES

__all__ = [
    "NAMES",
    "absent",
    "agreement",
    "attributes",
    "attribution",
    "choice",
    "claim",
    "claims",
    "cohorts",
    "completeness",
    "concentration",
    "coverage",
    "dataset",
    "differences",
    "explained",
    "feature_engagement",
    "fence",
    "flow",
    "funnel",
    "how_many",
    "hypotheses",
    "ids",
    "ledger",
    "listed",
    "missing",
    "mixtures",
    "names",
    "no_claims",
    "no_outcomes",
    "orphans",
    "outliers",
    "own_cut",
    "personal",
    "prototypes",
    "recommendation",
    "redundant",
    "rfm",
    "rules",
    "scope",
    "score_bins",
    "seasons",
    "seen",
    "segments",
    "sensitive",
    "stickiness",
    "structure",
    "time_in_stage",
    "times",
    "transitions",
    "trust",
    "typical_paths",
    "unseen",
    "upsell",
    "usage_grid",
    "use_case_coverage",
    "use_case_overlap",
    "use_case_problems",
    "use_case_shares",
    "use_cases_by_segment",
    "user_status_by_month",
    "user_statuses",
    "windows",
]
