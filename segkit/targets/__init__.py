"""Which segments to aim at: knock-outs measured for each, attractiveness weighed, and whether segmenting is worth it at all."""

from segkit.targets.attractiveness import DRAWN, attractiveness, criteria, placed, sensitivity
from segkit.targets.chosen import consent, largest_campaign, outcome, per_campaign, rate, weights
from segkit.targets.differing import differing
from segkit.targets.experiment import affordable
from segkit.targets.gates import CRITERIA, SPOKEN, gates, standing
from segkit.targets.reach import reach
from segkit.targets.worth import POLICIES, campaign, decisions, from_counts, worth

__all__ = [
    "consent",
    "largest_campaign",
    "outcome",
    "rate",
    "weights",
    "CRITERIA",
    "DRAWN",
    "POLICIES",
    "SPOKEN",
    "affordable",
    "attractiveness",
    "campaign",
    "criteria",
    "decisions",
    "differing",
    "from_counts",
    "gates",
    "per_campaign",
    "placed",
    "reach",
    "sensitivity",
    "standing",
    "worth",
]
