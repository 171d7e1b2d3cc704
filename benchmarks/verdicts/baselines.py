"""Segments against a baseline: those that know nothing new must not beat it; beside the test, two rivals that let them."""

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.verdicts.lines import at_threshold, found, says, share
from segkit.kpis import intervals
from segkit.verdicts import tests

MOST = 200  # data sets per case: 10 wrong ones are 5 %
N = 1000  # customers, the fewest that a baseline is tested on


def population(n: int, related: bool, parts: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Revenue after as_of, RFM cells (`parts` cuts of each of three correlated scores), and the spend score."""
    scores = draw.standard_normal((n, 3)) @ np.linalg.cholesky([[1, 0.5, 0.4], [0.5, 1, 0.6], [0.4, 0.6, 1]]).T
    buys = draw.random(n) < 1 / (1 + np.exp(0.5 - related * 0.8 * scores[:, 1]))
    revenue = buys * np.exp(3 + related * 0.5 * scores[:, 2] + draw.standard_normal(n))
    return np.minimum(revenue, np.quantile(revenue, 0.99)), cuts(scores, parts) @ [100, 10, 1], scores[:, 2]


def cuts(scores: np.ndarray, parts: int) -> np.ndarray:
    """Each column cut at its quantiles: 0 … parts − 1."""
    return (scores[..., None] > np.quantile(scores, np.arange(1, parts) / parts, axis=0).T).sum(-1)


def plain_eta2(values: np.ndarray, labels: np.ndarray) -> float:
    """SSB/SST, as textbooks have it."""
    _, cells = np.unique(labels, return_inverse=True)
    sizes, centred = np.bincount(cells), values - values.mean()
    return float((np.bincount(cells, centred) ** 2 / sizes).sum() / (centred @ centred))


def errors_left_out(values: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Squared errors of the cell means of the other nine tenths of customers; the mean of all where a cell has nobody there."""
    _, cells = np.unique(labels, return_inverse=True)
    held = np.zeros((fold.max() + 1, cells.max() + 1))
    counts, sums = held.copy(), held.copy()
    np.add.at(counts, (fold, cells), 1)
    np.add.at(sums, (fold, cells), values)
    counts, sums = counts.sum(axis=0) - counts, sums.sum(axis=0) - sums
    overall = (sums.sum(axis=1) / counts.sum(axis=1))[:, None]
    means = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
    return (values - means[fold, cells]) ** 2


def is_better_left_out(values: np.ndarray, labels: np.ndarray, rfm: np.ndarray, draw: np.random.Generator) -> bool:
    """Whether segments beat RFM by the cross-validated share of variance, at 1.96 paired standard errors."""
    fold = draw.permutation(len(values)) % 10
    gain = errors_left_out(values, rfm, fold) - errors_left_out(values, labels, fold)
    return bool(gain.mean() > intervals.Z * gain.std(ddof=1) / np.sqrt(len(gain)))


def baselines(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """All of it."""
    segments: dict[str, Callable] = {f"random k = {k}": lambda rfm, spend, k=k: draw.integers(0, k, len(rfm)) for k in (4, 8, 20)}
    segments["RFM split at random in 4"] = lambda rfm, spend: rfm * 10 + draw.integers(0, 4, len(rfm))
    segments["quarters of spend"] = lambda rfm, spend: cuts(spend[:, None], 4)[:, 0]
    for parts in (3, 5):
        for related in (False, True):
            for name, cut in segments.items():
                got, naive, left_out = [], [], []
                for _ in range(min(reps, MOST)):
                    revenue, rfm, spend = population(N, related, parts, draw)
                    labels = cut(rfm, spend)
                    one = tests.beats_baseline(revenue, labels, rfm)
                    se = (one.high - one.low) / 2 / intervals.Z
                    got.append(says(one, "supported"))
                    naive.append(plain_eta2(revenue, labels) - plain_eta2(revenue, rfm) > 1.96 * se)
                    left_out.append(is_better_left_out(revenue, labels, rfm, draw))
                case = f"{name} against {parts**3} RFM cells, outcome {'related' if related else 'unrelated'}"
                yield share(got, f"false supported: {case}", at_most=0.05)
                if name.startswith("RFM split") and parts == 3:
                    yield share(naive, f"naive, fails: plain eta2, {case}", at_least=0.05)
                if name.startswith("random") and not related:
                    yield share(left_out, f"naive, fails: cross-validated eta2, {case}", at_least=0.05)
    yield from known(reps, draw)


def worlds(effect: float, other: float, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and two independent segmentations in four of equal size, which move the mean by `effect` and `other` a step."""
    one, two = draw.integers(0, 4, (2, N))
    return effect * one + other * two + 2.2 * draw.standard_normal(N), one, two


def explained(effect: float, other: float) -> float:
    """What the first explains more than the second: the variance of 0 … 3 is 1.25."""
    return 1.25 * (effect**2 - other**2) / (1.25 * (effect**2 + other**2) + 2.2**2)


def known(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Segmentations whose difference is known: none, .12, and the smallest detectable one."""
    for effect, other, word in ((0.7, 0.7, "two equally good segmentations"), (0.9, 0.3, "explains more by the threshold")):
        truth = explained(effect, other)
        got = [tests.beats_baseline(*worlds(effect, other, draw), at_least=truth) for _ in range(reps)]
        yield from at_threshold(got, truth, f"{word}, {truth:.2f}")
    revenue, rfm, spend = population(400_000, True, 2, draw)
    fine = cuts(spend[:, None], 6)[:, 0]
    truth, got = tests.population_eta2(revenue, fine).value - tests.population_eta2(revenue, rfm).value, []
    for _ in range(reps):
        row = draw.integers(0, len(revenue), N)
        got.append(tests.beats_baseline(revenue[row], fine[row], rfm[row], truth))
    yield from at_threshold(got, truth, f"sixths of spend against 8 RFM cells, revenue, {truth:.3f}")
    for m in (1, 20):
        effect = 0.5
        for _ in range(8):
            pilots = [tests.beats_baseline(*worlds(effect, 0.2, np.random.default_rng(i))) for i in range(40)]
            smallest = np.mean([tests.baseline_detectable(one, 0, m) for one in pilots])
            effect = float(np.sqrt(0.04 + smallest * (1.25 * 0.04 + 2.2**2 + 1.25 * effect**2) / 1.25))
        got = [tests.beats_baseline(*worlds(effect, 0.2, draw)) for _ in range(reps)]
        yield found(got, m, f"smallest detectable difference of explained variance, {explained(effect, 0.2):.3f}")
