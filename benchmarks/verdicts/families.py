"""Twenty hypotheses of all kinds in one study, each true by exactly nothing: whether any of them gets a verdict."""

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.verdicts.baselines import N, cuts, explained, population, worlds
from benchmarks.verdicts.lifts import ONE_OF_SIX, SIX, in_segments, lift
from benchmarks.verdicts.lines import money, rates, share, some, spent
from benchmarks.verdicts.orderings import ordering
from benchmarks.verdicts.shares import drawn
from benchmarks.verdicts.spreads import spread
from benchmarks.verdicts.trends import periods
from segkit.verdicts import tests


def families(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    claims = twenty(draw)
    with_holm, without, by_kind = [], [], dict.fromkeys(sorted({kind for kind, _ in claims}), 0)
    for _ in range(reps):
        p = [claim().p for _, claim in claims]
        with_holm.append(min(tests.holm(p, len(p))) <= tests.LEVEL)
        without.append(min(p) <= tests.LEVEL)
        for (kind, _), alone in zip(claims, p):
            by_kind[kind] += alone <= tests.LEVEL / len(claims)
    yield share(with_holm, "false verdict: any of 20 hypotheses of all six tests, each at its threshold, Holm", at_most=0.05)
    yield share(without, "naive, fails: any of 20 hypotheses, unadjusted", at_least=0.05)
    for kind, wrong in by_kind.items():
        many = reps * sum(each == kind for each, _ in claims)
        row = {"name": f"p below .05/20 at the threshold: {kind}", "value": round(wrong / many, 5), "unit": f"share of {many} tests"}
        yield row | {"target": None, "holds": True}


def twenty(draw: np.random.Generator) -> list[tuple[str, Callable[[], tests.Result]]]:
    """The claims: a word for the test, and one study's result at the threshold."""
    all_buy, some_buy, few_buy = (money(draw, buyers) for buyers in (1.0, 0.3, 0.1))
    revenue, rfm, spend = population(400_000, True, 2, draw)
    fine = cuts(spend[:, None], 6)[:, 0]
    gain = tests.population_eta2(revenue, fine).value - tests.population_eta2(revenue, rfm).value
    flat, steep, rare = (tests.slopes(periods(draw, *each)) for each in ((0.5, 0.0), (0.5, 0.15), (0.15, 0.0)))

    def spread_of(everyone: np.ndarray, sizes: tuple, times: tuple) -> tests.Result:
        return spread(spent(draw, sizes, everyone, times), np.ptp(times) * everyone.mean())

    def order_of(everyone: np.ndarray, sizes: tuple, times: tuple) -> tests.Result:
        return ordering(spent(draw, sizes, everyone, times), -np.diff(times).max() * everyone.mean())

    def share_of(everyone: np.ndarray, top: int, rest: int, times: float) -> tests.Result:
        return tests.top_share(*drawn(draw, everyone, top, rest, times), top * times / (top * times + rest))

    def sampled() -> tests.Result:
        row = draw.integers(0, len(revenue), N)
        return tests.beats_baseline(revenue[row], fine[row], rfm[row], gain)

    def random_cells() -> tests.Result:
        values, cells, _ = population(N, True, 3, draw)
        return tests.beats_baseline(values, cells * 10 + draw.integers(0, 4, N), cells)

    def grows(own: np.ndarray, n: int, others: np.ndarray, rest: int) -> tests.Result:
        return tests.trend(some(draw, own, n), some(draw, others, rest), own.mean() - others.mean())

    return [
        ("spread", lambda: spread(rates(draw, (50, 50, 2000), (0.3, 0.4, 0.5)), 0.2)),
        ("spread", lambda: spread(rates(draw, (300,) * 8, [0.3] * 4 + [0.4] * 4), 0.1)),
        ("spread", lambda: spread_of(some_buy, (100, 100, 2000, 2000), (1.5, 1, 1.2, 1.2))),
        ("spread", lambda: spread_of(few_buy, (200, 300, 500, 1000, 2000, 3000), (1, 1, 1, 1, 1.5, 1.5))),
        ("ordering", lambda: ordering(rates(draw, (50, 200, 1000), (0.5, 0.4, 0.3)), 0.1)),
        ("ordering", lambda: ordering(rates(draw, (100, 2000, 100, 2000), (0.9, 0.7, 0.5, 0.4)), 0.1)),
        ("ordering", lambda: order_of(some_buy, (100, 300, 100, 2000, 500), (9, 7, 5, 2, 1))),
        ("top_share", lambda: share_of(all_buy, 100, 2000, 3)),
        ("top_share", lambda: share_of(some_buy, 100, 2000, 2)),
        ("top_share", lambda: share_of(few_buy, 300, 1200, 2)),
        ("beats_baseline", lambda: tests.beats_baseline(*worlds(0.7, 0.7, draw))),
        ("beats_baseline", lambda: tests.beats_baseline(*worlds(0.9, 0.3, draw), explained(0.9, 0.3))),
        ("beats_baseline", sampled),
        ("beats_baseline", random_cells),
        ("lift", lambda: lift(draw, 50, 2000, 0.3, 0.1, 0.1)),
        ("lift", lambda: lift(draw, 1000, 1000, 0.1, 0.0, 0.0)),
        ("lift_somewhere", lambda: tests.lift_somewhere(in_segments(draw, SIX, 0.0))),
        ("lift_somewhere", lambda: tests.lift_somewhere(in_segments(draw, ONE_OF_SIX, 0.05))),
        ("trend", lambda: grows(steep, 100, flat, 2000)),
        ("trend", lambda: grows(rare, 200, rare, 3000)),
    ]
