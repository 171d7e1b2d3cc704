"""How customers behave, as aggregates of customer_features and the gathered tables: what notebook 02 shows."""

from segkit.behavior.buying import classes, clock, mix, rfm, score_bins, seasons
from segkit.behavior.distribution import QUANTILES, concentration, distribution, histogram
from segkit.behavior.months import cohorts, monthly
from segkit.behavior.product import feature_adoption, feature_engagement, stickiness
from segkit.behavior.redundancy import correlations, redundant
from segkit.behavior.usage import (
    engagement_levels,
    frequency_tiers,
    usage_decline,
    usage_grid,
    user_status_by_month,
    user_statuses,
)
from segkit.behavior.use_cases import (
    OF_PAIRS,
    OF_PERFORMERS,
    OF_SEGMENTS,
    OF_TRIES,
    performed,
    use_case_coverage,
    use_case_overlap,
    use_case_problems,
    use_case_table,
    use_cases_by_segment,
)

__all__ = [
    "OF_PAIRS",
    "OF_PERFORMERS",
    "OF_SEGMENTS",
    "OF_TRIES",
    "QUANTILES",
    "classes",
    "clock",
    "cohorts",
    "concentration",
    "correlations",
    "distribution",
    "engagement_levels",
    "feature_adoption",
    "feature_engagement",
    "frequency_tiers",
    "histogram",
    "mix",
    "monthly",
    "performed",
    "redundant",
    "rfm",
    "score_bins",
    "seasons",
    "stickiness",
    "usage_decline",
    "usage_grid",
    "use_case_coverage",
    "use_case_overlap",
    "use_case_problems",
    "use_case_table",
    "use_cases_by_segment",
    "user_status_by_month",
    "user_statuses",
]
