"""Trends of a segment against all others: wrong verdicts, coverage, power, and a slope that spans as_of."""

from collections.abc import Iterator

import numpy as np

from benchmarks.verdicts.lines import at_threshold, found, says, settled, share, some
from segkit.verdicts import tests

PERIODS = 4


def periods(draw: np.random.Generator, buyers: float, growth: float, n: int = 200_000) -> np.ndarray:
    """(n, periods) money of customers of whom each has a level of their own, growing by `growth` of it a period; capped at p99."""
    level = np.exp(draw.normal(0, 0.7, n)) * (draw.random(n) < 0.7)
    bought = draw.random((n, PERIODS)) < buyers
    spent = level[:, None] * bought * draw.lognormal(3, 0.8, (n, PERIODS)) * (1 + growth * np.arange(PERIODS))
    return np.minimum(spent, np.quantile(spent, 0.99))


def trends(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    for buyers, growth, own, others in ((1.0, 0.0, 100, 2000), (0.5, 0.2, 100, 2000), (0.15, 0.0, 100, 1000), (0.3, -0.1, 500, 5000)):
        here, there = tests.slopes(periods(draw, buyers, growth)), tests.slopes(periods(draw, buyers, 0))
        truth = here.mean() - there.mean()
        got = [tests.trend(some(draw, here, own), some(draw, there, others), truth) for _ in range(reps)]
        yield from at_threshold(got, truth, f"trend, {own} against {others}, {buyers:.0%} buyers a period, growth {growth}")
    yield from across_as_of(reps, draw)
    for own, others, m in ((100, 2000, 1), (200, 2000, 20)):
        there = tests.slopes(periods(draw, 0.5, 0))

        def grown(growth: float) -> np.ndarray:
            return tests.slopes(periods(np.random.default_rng(7), 0.5, growth))

        def smallest(growth: float, there=there, own=own, others=others, m=m) -> float:
            here = grown(growth)
            effect = tests.trend_detectable(here.std() / np.sqrt(own), there.std() / np.sqrt(others), 0, m)
            return growth * effect / (here.mean() - there.mean())

        growth = settled(smallest, 0.2)
        here = grown(growth)
        got = [tests.trend(some(draw, here, own), some(draw, there, others), 0) for _ in range(reps)]
        yield found(got, m, f"trend, {own} against {others}, smallest detectable {here.mean() - there.mean():.2f} a period")


def across_as_of(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Customers who never change, cut by what they spent in the period before as_of."""
    right, naive = [], []
    for _ in range(reps):
        everyone = periods(draw, 0.5, 0, 1000)
        before, after = everyone[:, 0], everyone[:, 1:]
        top = before >= np.quantile(before, 0.8)
        right.append(split(tests.slopes(after), top))
        naive.append(split(tests.slopes(everyone), top))
    name = "trend of the top fifth, which is none"
    yield from at_threshold(right, 0.0, f"{name}, after as_of")
    yield share([says(one, "refuted") for one in naive], f"naive, fails: {name}, across as_of", at_least=0.05)


def split(slopes: np.ndarray, top: np.ndarray) -> tests.Result:
    """The top against the others, no trend claimed."""
    return tests.trend(slopes[top], slopes[~top], 0)
