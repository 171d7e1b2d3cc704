"""Finished tables in, pictures out. Every picture carries a sentence that states its finding: its text for whoever cannot see it."""

from segkit.figures.behavior import answers, cohorts, concentration, distributions, monthly
from segkit.figures.buying import classes, clock, correlations, mix, rfm, seasons
from segkit.figures.candidates import agreement, tree
from segkit.figures.counting import how_many
from segkit.figures.effects import foreseen, lifts, origins
from segkit.figures.forecasts import adoption, calibration, staying
from segkit.figures.gather import ledger, months
from segkit.figures.journey import attribution, funnel, transitions, upsell
from segkit.figures.matrix import shapes
from segkit.figures.outcomes import explained, hypotheses, kpis
from segkit.figures.segments import mixtures, profiles, scores, sizes_and_value, stability, structure
from segkit.figures.style import Picture
from segkit.figures.targets import attractiveness, ranking
from segkit.figures.trust import differences, fence, flow
from segkit.figures.usage import feature_engagement, usage_grid, user_status_by_month
from segkit.figures.use_cases import use_case_overlap, use_case_shares, use_cases_by_segment

__all__ = [
    "attractiveness",
    "ranking",
    "Picture",
    "adoption",
    "agreement",
    "answers",
    "attribution",
    "calibration",
    "classes",
    "clock",
    "cohorts",
    "concentration",
    "correlations",
    "differences",
    "distributions",
    "explained",
    "feature_engagement",
    "fence",
    "flow",
    "foreseen",
    "funnel",
    "how_many",
    "hypotheses",
    "kpis",
    "ledger",
    "lifts",
    "mix",
    "mixtures",
    "monthly",
    "origins",
    "months",
    "profiles",
    "rfm",
    "scores",
    "seasons",
    "shapes",
    "sizes_and_value",
    "stability",
    "staying",
    "structure",
    "transitions",
    "tree",
    "upsell",
    "usage_grid",
    "use_case_overlap",
    "use_case_shares",
    "use_cases_by_segment",
    "user_status_by_month",
]
