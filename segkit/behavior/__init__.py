"""How customers behave, as aggregates of customer_features and the gathered tables: what notebook 02 shows."""

from segkit.behavior.attribution import attribution
from segkit.behavior.buying import classes, clock, mix, rfm, score_bins, seasons
from segkit.behavior.distribution import QUANTILES, concentration, distribution, histogram
from segkit.behavior.journey import channel_mix, funnel, hide_small_stages, time_in_stage, transitions, typical_paths
from segkit.behavior.journeys import Journeys, journeys
from segkit.behavior.months import cohorts, monthly
from segkit.behavior.product import feature_adoption, feature_engagement, stickiness
from segkit.behavior.redundancy import correlations, redundant
from segkit.behavior.upsell import upsell
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
    "Journeys",
    "attribution",
    "channel_mix",
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
    "funnel",
    "hide_small_stages",
    "histogram",
    "journeys",
    "mix",
    "monthly",
    "performed",
    "redundant",
    "rfm",
    "score_bins",
    "seasons",
    "stickiness",
    "time_in_stage",
    "transitions",
    "typical_paths",
    "upsell",
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
