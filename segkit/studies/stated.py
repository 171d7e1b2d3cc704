"""What a study states of its segments, as flat lists of lines: a lever, a fit to the firm, and what makes a segment attractive."""

import math

from segkit.studies.choices import sides
from segkit.studies.claims import SEGMENT


def levers_of(lines: list[str]) -> dict[str, str]:
    """The lever of each segment: `S1 = price`."""
    return of_segments("levers", lines, "S1 = price")


def fit_of(lines: list[str]) -> dict[str, float]:
    """How well the firm can serve each segment, on a scale of the study's own, more is better: `S1 = 4`."""
    return {segment: amount("firm_fit", segment, right, "S1 = 4") for segment, right in of_segments("firm_fit", lines, "S1 = 4").items()}


def attractiveness_of(lines: list[str]) -> dict[str, float]:
    """What each criterion weighs beside the others: `revenue = 3`. A weight below 0 says that less is better: `churn = -2`."""
    example = "revenue = 3"
    found = {name: amount("attractiveness", name, right, example) for name, right in sides("attractiveness", lines, example)}
    if nothing := [name for name, weight in found.items() if weight == 0]:
        raise ValueError(f"attractiveness: {nothing[0]} weighs nothing; leave it out")
    return found


def of_segments(key: str, lines: list[str], example: str) -> dict[str, str]:
    """What stands for each segment."""
    found = dict(sides(key, lines, example))
    if wrong := [segment for segment in found if not SEGMENT.fullmatch(segment)]:
        raise ValueError(f"{key}: {wrong[0]!r} is no segment; they are called S1, S2, …")
    return found


def amount(key: str, name: str, text: str, example: str) -> float:
    """A number that is finite."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{key}: what stands for {name} is no number ({text!r}); write `{example}`")
    return value
