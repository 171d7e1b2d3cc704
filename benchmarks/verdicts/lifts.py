"""Lift of those contacted: wrong verdicts, coverage, power, plans, and the best of six segments."""

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.verdicts.lines import at_threshold, found, says, share
from segkit.verdicts import tests


def lift(draw: np.random.Generator, treated: int, control: int, base: float, true: float, at_least: float) -> tests.Result:
    """One experiment."""
    return tests.lift(draw.binomial(treated, base + true), treated, draw.binomial(control, base), control, at_least)


def in_segments(draw: np.random.Generator, groups: Sequence[tuple[int, int, float, float]], at_least: float) -> list[tests.Result]:
    """An experiment in each of several segments."""
    return [lift(draw, *group, at_least) for group in groups]


SIX = [(n, n // 5, base, 0.0) for n, base in ((250, 0.3), (250, 0.4), (500, 0.25), (1000, 0.2), (2000, 0.1), (5000, 0.05))]
ONE_OF_SIX = [(*group[:3], 0.05 if group[0] == 1000 else -0.02) for group in SIX]


def lifts(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    for treated, control, base, true in ((1000, 1000, 0.1, 0.0), (50, 2000, 0.3, 0.1), (2000, 100, 0.12, 0.02), (60, 60, 0.4, -0.1)):
        got = [lift(draw, treated, control, base, true, true) for _ in range(reps)]
        yield from at_threshold(got, true, f"lift, {treated} treated against {control}, base {base}, true {true}")
    for groups, true, word in ((SIX, 0.0, "six segments without a lift"), (ONE_OF_SIX, 0.05, "one of six at the threshold")):
        drawn = [in_segments(draw, groups, true) for _ in range(reps)]
        yield from at_threshold([tests.lift_somewhere(one) for one in drawn], true, f"lift somewhere, {word}")
        if groups is SIX:
            naive = [any(says(one, "supported") for one in several) for several in drawn]
            yield share(naive, f"naive, fails: the best of six as if named beforehand, {word}", at_least=0.05)
    for treated, control, base, at_least, m in ((1000, 1000, 0.1, 0.0, 1), (5000, 500, 0.05, 0.01, 20), (100, 2000, 0.2, 0.05, 20)):
        effect = tests.lift_detectable(treated, control, base, at_least, m)
        got = [lift(draw, treated, control, base, effect, at_least) for _ in range(reps)]
        yield found(got, m, f"lift, {treated} treated against {control}, smallest detectable {effect:.3f}, threshold {at_least}")
    for base, true, m in ((0.1, 0.03, 1), (0.02, 0.01, 6)):
        n = tests.customers_needed(base, true, m)
        got = [lift(draw, n, n, base, true, 0) for _ in range(reps)]
        planned = [tests.verdict(one, m * one.p) == "supported" for one in got]
        name = f"power: lift of {true} over {base}, {n} customers a group as planned for .8, one of {m}"
        yield share(planned, name, at_least=round(tests.POWER - 0.8 / np.sqrt(reps), 3))  # two standard errors
