"""The share of the top: wrong verdicts, coverage, power, and a ranking that has seen the outcome."""

from collections.abc import Iterator

import numpy as np

from benchmarks.verdicts.lines import at_threshold, found, money, says, share, some
from segkit.kpis.intervals import Z
from segkit.verdicts import tests

CASES = ((1.0, 100, 2000, 3), (0.3, 100, 2000, 2), (0.3, 2000, 100, 1), (0.3, 500, 4500, 4), (0.1, 300, 1200, 2), (0.1, 100, 5000, 3))


def drawn(draw: np.random.Generator, everyone: np.ndarray, top: int, rest: int, times: float) -> tuple[np.ndarray, np.ndarray]:
    """What customers spend and who is in the top, where each spends `times` as much."""
    in_top = np.arange(top + rest) < top
    return some(draw, everyone, top + rest) * np.where(in_top, times, 1), in_top


def shares(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    for buyers, top, rest, times in CASES:
        everyone = money(draw, buyers)
        truth = top * times / (top * times + rest)
        name = f"share of the top {top} of {top + rest}, capped money, {buyers:.0%} buyers, true {truth:.2f}"
        customers = [drawn(draw, everyone, top, rest, times) for _ in range(reps)]
        yield from at_threshold([tests.top_share(*one, truth) for one in customers], truth, name)
        if (buyers, top) == (0.1, 100):
            naive = [abs(logit(*one) - np.log(truth / (1 - truth))) > Z * logit_se(*one) for one in customers]
            yield share(naive, f"naive, fails: one linearised se on the logit, {name}", at_least=0.05)
        if (buyers, top) == (0.3, 500):
            yield share(
                [peeked(draw, everyone) for _ in range(reps)], "naive, fails: the top tenth by the outcome, true share .10", at_least=0.05
            )
    yield from powers(reps, draw)


def powers(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """A top that holds the smallest detectable share, by the standard errors of sixty studies."""
    for (buyers, top, rest, _), m in zip(CASES[:4], (1, 20, 1, 20)):
        everyone, at_least = money(draw, buyers), 1.5 * top / (1.5 * top + rest)
        pilots = np.array([tests.share_detectable(*drawn(draw, everyone, top, rest, 1), at_least, m) for _ in range(60)])
        odds = np.exp(np.nanmean(np.log(pilots / (1 - pilots))))
        smallest, times = odds / (1 + odds), odds * rest / top
        got = [tests.top_share(*drawn(draw, everyone, top, rest, times), at_least) for _ in range(reps)]
        name = f"share of the top {top} of {top + rest}, {buyers:.0%} buyers, smallest detectable {smallest:.2f}, threshold {at_least:.2f}"
        yield found(got, m, name)


def logit(values: np.ndarray, in_top: np.ndarray) -> float:
    """Log of the top's sum over the rest's."""
    return float(np.log(values[in_top].sum() / values[~in_top].sum()))


def logit_se(values: np.ndarray, in_top: np.ndarray) -> float:
    """Its linearised standard error."""
    return float(np.hypot(*(part.std(ddof=1) / np.sqrt(len(part)) / part.mean() for part in (values[in_top], values[~in_top]))))


def peeked(draw: np.random.Generator, everyone: np.ndarray) -> bool:
    """Customers who are all alike, ranked by the very values of which the share is taken."""
    values = some(draw, everyone, 1000)
    return says(tests.top_share(values, np.argsort(np.argsort(values)) >= 900, 0.11), "supported")
