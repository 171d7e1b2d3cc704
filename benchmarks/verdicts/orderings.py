"""Orders claimed beforehand: wrong verdicts, coverage, power, and taking the order that is seen for the order that is."""

from collections.abc import Iterator

import numpy as np

from benchmarks.verdicts.lines import at_threshold, expected, found, money, rates, settled, share, spent
from segkit.kpis import intervals
from segkit.verdicts import tests


def ordering(estimates: list[intervals.Estimate], at_least: float) -> tests.Result:
    """The test as the workbench uses it: both sides of each interval."""
    return tests.ordering([one.value for one in estimates], [one.sides for one in estimates], at_least)


def orderings(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    for sizes, likely, word in (
        ((50, 50, 200), (0.6, 0.5, 0.4), "all neighbours .10 apart"),
        ((300,) * 8, np.linspace(0.75, 0.4, 8), "eight segments, all neighbours .05 apart"),
        ((100, 2000, 100, 2000), (0.9, 0.7, 0.5, 0.4), "one pair at the threshold, the others above"),
    ):
        truth = float(-np.diff(likely).max())
        got = [ordering(rates(draw, sizes, likely), truth) for _ in range(reps)]
        yield from at_threshold(got, truth, f"order of rates, {word}")
    for buyers in (1.0, 0.3, 0.1):
        everyone = money(draw, buyers)
        for sizes, times, word in (
            ((100, 2000, 100, 2000), (4, 3, 2, 1), "all neighbours as far apart"),
            ((2000, 100, 2000), (4, 1.5, 1), "one pair at the threshold"),
        ):
            truth = float(-np.diff(times).max() * everyone.mean())
            got = [ordering(spent(draw, sizes, everyone, times), truth) for _ in range(reps)]
            yield from at_threshold(got, truth, f"order of capped money, {buyers:.0%} buyers, {word}")
    seen = [np.all(np.diff([one.value for one in rates(draw, (300,) * 3, (0.3,) * 3)]) < 0) for _ in range(reps)]
    yield share(seen, "naive, fails: the order that is seen, three segments that do not differ", at_least=0.05)
    yield from powers(reps, draw)


def powers(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Neighbours apart by the smallest detectable step."""
    for sizes, m in (((300,) * 3, 1), ((300, 1000, 300, 1000), 20)):
        steps = np.arange(len(sizes))[::-1]

        def smallest(effect: float, sizes=sizes, steps=steps, m=m) -> float:
            return tests.ordering_detectable(expected(sizes, 0.1 + effect * steps), 0.01, m)

        effect = settled(smallest, 0.1)
        got = [ordering(rates(draw, sizes, 0.1 + effect * steps), 0.01) for _ in range(reps)]
        yield found(got, m, f"order of {len(sizes)} rates, smallest detectable step {effect:.3f}, threshold .01")
