"""How often verdicts are wrong at their threshold, intervals cover, and what could be found is found, in simulated studies.

Rows {name, value, unit, target, holds}, one JSON object a line: python -m benchmarks.verdicts --reps 1000 --seed 1000
A share of wrong verdicts holds at .05, the two-sided level, although either side has .025; coverage lines lie a little below .95.
A naive rule "holds" when it is seen to fail, since that is why it is not used. Data are what companies have: rates, capped money
with many zeros, segments of uneven size, the smallest of them as small as a test allows.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks.verdicts.baselines import baselines
from benchmarks.verdicts.families import families
from benchmarks.verdicts.lifts import lifts
from benchmarks.verdicts.lines import share
from benchmarks.verdicts.orderings import orderings
from benchmarks.verdicts.shares import shares
from benchmarks.verdicts.spreads import spreads
from benchmarks.verdicts.trends import trends

__all__ = ["rows", "share"]


def rows(reps: int, seed: int) -> Iterator[dict]:
    """All rows; each part draws from its own stream."""
    for i, part in enumerate((spreads, baselines, shares, orderings, lifts, trends, families)):
        yield from part(reps, np.random.default_rng([seed, i]))
