"""Rows of simulated studies, and the customers they are drawn from."""

from collections.abc import Iterator, Sequence

import numpy as np

from segkit.kpis import intervals
from segkit.verdicts import tests


def share(outcomes: Sequence[bool], name: str, at_most: float | None = None, at_least: float | None = None) -> dict:
    """The share of studies in which it happened, as a row; without a bound it is only printed."""
    value, holds, target = float(np.mean(outcomes)), True, None
    if at_most is not None:
        holds, target = value <= at_most, f"<= {at_most}"
    elif at_least is not None:
        holds, target = value >= at_least, f">= {at_least}"
    unit = f"share of {len(outcomes)} studies"
    return {"name": name, "value": round(value, 4), "unit": unit, "target": target, "holds": bool(holds)}


def says(result: tests.Result, word: str) -> bool:
    """Whether this one hypothesis, alone in its family, gets that verdict."""
    return tests.verdict(result, result.p) == word


def at_threshold(results: list[tests.Result], truth: float, name: str) -> Iterator[dict]:
    """What is claimed is true by exactly nothing: neither verdict is right, and the interval should hold the truth."""
    yield share([says(one, "supported") for one in results], f"false supported: {name}", at_most=0.05)
    yield share([says(one, "refuted") for one in results], f"false refuted: {name}", at_most=0.05)
    yield share([one.low <= truth <= one.high for one in results], f"coverage: {name}", at_least=0.93)


def found(results: list[tests.Result], m: int, name: str) -> dict:
    """Power at the smallest detectable effect: supported at level .05/m."""
    return share([tests.verdict(one, m * one.p) == "supported" for one in results], f"power: {name}, one of {m}", at_least=tests.POWER)


def money(draw: np.random.Generator, buyers: float, sigma: float = 1.2, n: int = 500_000) -> np.ndarray:
    """Everybody's revenue: lognormal for the buyers, 0 for the others, capped at p99."""
    everyone = draw.lognormal(3, sigma, n) * (draw.random(n) < buyers)
    return np.minimum(everyone, np.quantile(everyone, 0.99))


def some(draw: np.random.Generator, everyone: np.ndarray, n: int) -> np.ndarray:
    """n of them, with replacement."""
    return everyone[draw.integers(0, len(everyone), n)]


def rates(draw: np.random.Generator, sizes: Sequence[int], likely: Sequence[float]) -> list[intervals.Estimate]:
    """A proportion in each segment."""
    return [intervals.proportion(draw.random(n) < p) for n, p in zip(sizes, likely)]


def spent(draw: np.random.Generator, sizes: Sequence[int], everyone: np.ndarray, times: Sequence[float]) -> list[intervals.Estimate]:
    """Mean money in each segment, whose customers spend `times` as much as everyone."""
    return [intervals.mean(factor * some(draw, everyone, n)) for n, factor in zip(sizes, times)]


def expected(sizes: Sequence[int], likely: Sequence[float]) -> list[tuple[float, float]]:
    """The standard errors of proportions that turn out as likely as they are."""
    return [intervals.proportion(np.arange(n) < round(n * p)).sides for n, p in zip(sizes, likely)]


def settled(effect, start: float, times: int = 16) -> float:
    """The effect that is the smallest detectable one by the standard errors it brings about itself."""
    for _ in range(times):
        start = (start + effect(start)) / 2
    return start
