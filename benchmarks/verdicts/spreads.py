"""The spread of segments: wrong verdicts, coverage, power, and three shortcuts."""

from collections.abc import Iterator

import numpy as np

from benchmarks.verdicts.lines import expected, found, money, rates, says, settled, share, spent
from segkit.kpis import intervals
from segkit.verdicts import tests

EVEN, UNEVEN, SMALL = (300,) * 5, (100, 100, 2000, 2000, 5000), (50, 50, 200)  # customers in each segment


def spread(estimates: list[intervals.Estimate], at_least: float) -> tests.Result:
    """The test as the workbench uses it: both sides of each interval."""
    return tests.spread([one.value for one in estimates], [one.sides for one in estimates], at_least)


def spreads(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    yield from of_rates(reps, draw)
    yield from of_those_large_enough(reps, draw)
    yield from of_money(reps, draw)
    yield from powers(reps, draw)


def of_rates(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Rates of about one third; a spread that is there and one that is not."""
    for sizes, word in ((EVEN, "even"), (UNEVEN, "uneven"), (SMALL, "smallest")):
        for likely, at_least in (([0.3] * (len(sizes) - 1) + [0.4], 0.1), ([0.3] * len(sizes), 0), ([0.3] * len(sizes), 0.01)):
            truth = np.ptp(likely)
            name = f"spread of rates, true {truth:.2f}, threshold {at_least:.2f}, {word}"
            drawn = [rates(draw, sizes, likely) for _ in range(reps)]
            got = [spread(one, at_least) for one in drawn]
            yield share([says(one, "supported") for one in got], f"false supported: {name}", at_most=0.05)
            if at_least == 0.1:
                yield share([says(one, "refuted") for one in got], f"false refuted: {name}", at_most=0.05)
            yield share([one.low <= truth <= one.high for one in got], f"coverage: {name}", at_least=0.94)
            if at_least == 0 and word == "even":
                yield share([bootstrapped(draw, one) > 0 for one in drawn[:200]], f"naive, fails: plain bootstrap, {name}", at_least=0.05)


def of_those_large_enough(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Segments in which too few stay are left out, and which those are is chance."""
    for k, n, likely in ((6, 300, 0.035), (10, 250, 0.04), (4, 100, 0.1)):
        drawn = [[one for one in rates(draw, (n,) * k, (likely,) * k) if not intervals.enough("proportion", one)] for _ in range(reps)]
        got = [says(spread(one, 0), "supported") for one in drawn if len(one) > 1]
        name = f"spread of rates, true 0, threshold 0, those large enough of {k} segments of {n}, rate {likely}"
        yield share(got, f"false supported: {name}", at_most=0.05)


def bootstrapped(draw: np.random.Generator, estimates: list[intervals.Estimate]) -> float:
    """Lower percentile limit of highest − lowest rate over 400 resamples, which is never 0."""
    drawn = [draw.binomial(one.n, one.value, 400) / one.n for one in estimates]
    return float(np.quantile(np.ptp(drawn, axis=0), 0.025))


def of_money(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Capped money of segments that do not differ, or of which one spends more."""
    for sizes, word in ((EVEN, "even"), (UNEVEN, "uneven")):
        for buyers in (1.0, 0.3, 0.1):
            everyone = money(draw, buyers)
            name = f"spread of capped money, true 0, threshold 0, {buyers:.0%} buyers, {word}"
            drawn = [spent(draw, sizes, everyone, [1] * 5) for _ in range(reps)]
            yield share([says(spread(one, 0), "supported") for one in drawn], f"false supported: {name}", at_most=0.05)
            if word == "uneven" and buyers < 1:
                plain = [tests.spread([e.value for e in one], [e.se for e in one], 0) for one in drawn]
                yield share([says(one, "supported") for one in plain], f"naive, fails: one se a segment, {name}", at_least=0.05)
            if word == "even" and buyers == 0.3:
                ends = [(max(one, key=lambda e: e.value), min(one, key=lambda e: e.value)) for one in drawn]
                naive = [top.value - least.value > intervals.Z * np.hypot(top.se, least.se) for top, least in ends]
                yield share(naive, f"naive, fails: best against worst as if named beforehand, {name}", at_least=0.05)
            truth, times = 0.5 * everyone.mean(), [1.5, 1, 1, 1, 1]  # the first is the smallest, where sizes differ
            name = f"spread of capped money, at the threshold, {buyers:.0%} buyers, {word}"
            got = [spread(spent(draw, sizes, everyone, times), truth) for _ in range(reps)]
            yield share([says(one, "supported") for one in got], f"false supported: {name}", at_most=0.05)
            yield share([says(one, "refuted") for one in got], f"false refuted: {name}", at_most=0.05)
            yield share([one.low <= truth <= one.high for one in got], f"coverage: {name}", at_least=0.94)


def powers(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """A segment apart by the smallest detectable spread, where standard errors are as they then are."""
    for sizes, m in (((300, 300), 1), ((300,) * 5, 1), ((300,) * 5, 20), ((100, 100, 2000), 20)):
        base = [0.3] * len(sizes)

        def smallest(effect: float, sizes=sizes, base=base, m=m) -> float:
            return tests.spread_detectable(expected(sizes, [base[0] + effect, *base[1:]]), 0.1, m)

        effect = settled(smallest, 0.2)
        got = [spread(rates(draw, sizes, [base[0] + effect, *base[1:]]), 0.1) for _ in range(reps)]
        yield found(got, m, f"spread of rates, smallest detectable {effect:.3f}, threshold .10, {len(sizes)} segments of {sizes[0]} …")
    for sizes, m in (((100, 1000, 1000), 1), ((300,) * 5, 1), ((200, 500, 2000), 20)):
        everyone = money(draw, 0.5)

        def smallest(effect: float, sizes=sizes, everyone=everyone, m=m) -> float:
            times = [1 + effect / everyone.mean(), *[1] * (len(sizes) - 1)]
            pilots = [[one.sides for one in spent(np.random.default_rng(i), sizes, everyone, times)] for i in range(40)]
            return tests.spread_detectable(np.mean(pilots, axis=0), 0, m)

        effect = settled(smallest, everyone.mean())
        times = [1 + effect / everyone.mean(), *[1] * (len(sizes) - 1)]
        got = [spread(spent(draw, sizes, everyone, times), 0) for _ in range(reps)]
        yield found(
            got, m, f"spread of capped money, smallest detectable {effect / everyone.mean():.0%} of the mean, segments of {sizes[0]} …"
        )
