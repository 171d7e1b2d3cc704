"""The multiverse: would another analyst, with other defensible choices, have found the same segments and the same verdicts?

After Steegen, Tuerlinckx, Gelman & Vanpaemel (2016): instead of one analysis, all that could have been defended, and what of the findings
is the same in all of them.
"""

import os

from segkit import home, store
from segkit.multiverse.exploring import FIT_ROWS, Explored, explore
from segkit.multiverse.holding import (
    CORE,
    VALID,
    between_segments,
    by_customer,
    choices_that_matter,
    cores,
    held_by_choice,
    overlaps,
    segments_held,
    times_together,
)
from segkit.multiverse.outcomes import Price, claims, claims_held, open_window, price
from segkit.multiverse.specifications import CHOICES, IN_WORDS, OwnChoices, in_words, specifications

__all__ = [
    "CHOICES",
    "CORE",
    "FIT_ROWS",
    "IN_WORDS",
    "VALID",
    "Explored",
    "OwnChoices",
    "Price",
    "between_segments",
    "by_customer",
    "choices_that_matter",
    "claims",
    "claims_held",
    "cores",
    "explore",
    "held_by_choice",
    "in_words",
    "open_window",
    "overlaps",
    "price",
    "segments_held",
    "shelf",
    "specifications",
    "times_together",
]


def shelf(study: str, run: str) -> store.Shelf:
    """Where the multiverse of a run is kept: customers beside the run's own; aggregates there, too, until a whole one is published.

    `segkit multiverse` names the attempt (SEGKIT_EXPLORATION) whose partial folders the notebook fills.
    """
    of_run = store.shelf(study, run)
    if (token := os.environ.get("SEGKIT_EXPLORATION")) and run != "draft":
        partial = f".partial-{token}"
        aggregates = home.out() / "reports" / study / "multiverse" / partial / "tables"
        return store.Shelf(study, run, home.out() / "data" / "runs" / study / partial, aggregates)
    beside = of_run.customers / "multiverse"
    return store.Shelf(study, run, beside, beside / "tables")
