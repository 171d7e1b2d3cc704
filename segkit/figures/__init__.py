"""Finished tables in, pictures out. Every picture carries a sentence that states its finding: its text for whoever cannot see it."""

from segkit.figures.behavior import answers, cohorts, concentration, distributions, monthly, usage_grid
from segkit.figures.gather import ledger, months
from segkit.figures.outcomes import explained, hypotheses, kpis
from segkit.figures.segments import profiles, scores, sizes_and_value, stability, structure
from segkit.figures.style import Picture

__all__ = [
    "Picture",
    "answers",
    "cohorts",
    "concentration",
    "distributions",
    "explained",
    "hypotheses",
    "kpis",
    "ledger",
    "monthly",
    "months",
    "profiles",
    "scores",
    "sizes_and_value",
    "stability",
    "structure",
    "usage_grid",
]
