"""What a reader must not conclude from a report."""

import pandas as pd

from segkit import prose
from segkit.studies import UNDATED

BEYOND = {  # what a reader may still not conclude from the verdict on structure
    "natural": "Gaps were tested on these features alone; others may join what they part.",
    "reproducible": "No gap separates the segments: groups that come back need not be natural kinds.",
    "constructive": "The segments were cut, not found: another cut may serve as well.",
    "none": "Whatever else this page says of the segments, they are not groups of customers that are there.",
}
# Is there a cut-off date, is there an outcome window -> what that leaves open.
LATER = {
    (True, True): "Differences between segments after the cut-off date are not effects of anything done to them; "
    "that takes an experiment with a control group.",
    (True, False): "There is no outcome window: nothing is known of what the segments are worth later.",
    (False, False): "The data are of one moment: nothing is known of what the segments do, or are worth, later.",
}


def limits(verdict: dict, run: dict, stability: pd.DataFrame) -> list[str]:
    """What a reader must not conclude."""
    structure, used = verdict["structure"], verdict["segmentation"]["k"]
    lines = [BEYOND[structure["verdict"]], LATER[run["as_of"] != UNDATED, run["horizon_days"] > 0]]
    if structure["verdict"] in ("natural", "reproducible") and structure["k"] != used:
        lines.insert(
            1, f"The structure is one of {structure['k']} groups, the segments used are {used}: not all of their borders are where it lies."
        )
    if weak := list(stability[stability.trust.isin(["doubtful", "do not trust"])].segment):
        lines.append(
            f"{prose.listed(weak)}: these customers were often grouped otherwise in bootstrap samples; do not act on {'it' if len(weak) == 1 else 'them'} alone."
        )
    if open_claims := [row["name"] for row in verdict["hypotheses"] if row["verdict"] == "undecided"]:
        lines.append(f"{prose.listed(open_claims)}: undecided means that the data do not say, not that there is nothing.")
    return lines
