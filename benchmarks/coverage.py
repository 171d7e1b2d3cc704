"""How often the 95 % intervals of every kind of KPI hold the truth, at the smallest number of customers that is enough and above.

Rows {name, value, unit, target, holds}, one JSON object a line: python benchmarks/coverage.py --reps 4000 --seed 1000
A row holds between .93 and .97. Shares of customers and net promoter scores are computed exactly, over every sample there can be;
the rest is simulated: 4,000 samples have a standard error of .0034. Rows without a target show what the limits of a method are.
"""

import argparse
import json
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import binom

from segkit.kpis import intervals

LOW, HIGH = 0.93, 0.97
EVERYONE = 1_000_000  # customers from whom segments are drawn; their KPI is the truth


def share(covered: float, name: str, unit: str, judged: bool = True) -> dict:
    """How often the interval held the truth, as a row; what is not judged is only printed."""
    target = f"{LOW} to {HIGH}" if judged else None
    return {
        "name": f"coverage: {name}",
        "value": round(float(covered), 4),
        "unit": unit,
        "target": target,
        "holds": bool(not judged or LOW <= covered <= HIGH),
    }


def drawn(truth: float, estimates: Iterator, name: str, judged: bool = True) -> dict:
    """The row of simulated samples; a sample without an interval misses."""
    held = [found.low <= truth <= found.high for found in estimates]
    return share(np.mean(held), name, f"share of {len(held)} samples", judged)


def money(draw: np.random.Generator, buyers: float, sigma: float = 1.2) -> np.ndarray:
    """A million customers' revenue: lognormal for the buyers, 0 for the others, capped at p99."""
    return capped(draw.lognormal(3, sigma, EVERYONE) * (draw.random(EVERYONE) < buyers))


def capped(everyone: np.ndarray) -> np.ndarray:
    """Cut at the 99th percentile of all."""
    return np.minimum(everyone, np.quantile(everyone, 0.99))


def samples(reps: int, draw: np.random.Generator, how: Callable, n: int, *columns: np.ndarray) -> Iterator:
    """`reps` estimates, each from n customers drawn with replacement."""
    for _ in range(reps):
        rows = draw.integers(0, len(columns[0]), n)
        yield how(*(column[rows] for column in columns))


# --- shares and scores, exactly -------------------------------------------------------------------------------------------------


def wilson(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The limits of each of the n + 1 samples."""
    found = [intervals.proportion(np.arange(n) < k) for k in range(n + 1)]
    return np.array([one.low for one in found]), np.array([one.high for one in found])


def proportions(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Shares of customers with at least 10 expected events and non-events."""
    for n in (50, 100, 150, 200, 1000):
        low, high = wilson(n)
        rates = np.linspace(10 / n, 0.5, 401)  # Wilson's limits mirror above .5
        held = [binom.pmf(np.arange(n + 1), n, p)[(low <= p) & (p <= high)].sum() for p in rates]
        yield share(held[0], f"proportion, n = {n}, 10 events expected", "probability")
        least, most = np.argmin(held), np.argmax(held)
        yield share(held[least], f"proportion, n = {n}, the worst of {len(rates)} rates, {rates[least]:.3f}", "probability")
        yield share(held[most], f"proportion, n = {n}, the most covered of {len(rates)} rates, {rates[most]:.3f}", "probability")


def answers(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Promoters, detractors, lower and upper limit of every sample of n answers."""
    promoters, detractors = (each.ravel() for each in np.indices((n + 1, n + 1)))
    possible = promoters + detractors <= n
    promoters, detractors = promoters[possible], detractors[possible]
    found = [intervals.net_promoters(np.repeat([10, 8, 0], [a, n - a - b, b])) for a, b in zip(promoters, detractors)]
    return promoters, detractors, np.array([one.low for one in found]), np.array([one.high for one in found])


def trinomial(promoters: np.ndarray, detractors: np.ndarray, n: int, p: float, d: float) -> np.ndarray:
    """The probability of each sample of n answers."""
    rest = n - promoters - detractors
    ways = gammaln(n + 1) - gammaln(promoters + 1) - gammaln(detractors + 1) - gammaln(rest + 1)
    return np.exp(ways + xlogy(promoters, p) + xlogy(detractors, d) + xlogy(rest, 1 - p - d))


def scores(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Net promoter scores with at least 10 answers expected outside the commonest group."""
    for n in (50, 100):
        promoters, detractors, low, high = answers(n)
        steps = np.r_[0.01, 0.02, np.arange(0.04, 1, 0.04)]
        mixes = [(p, d) for p in steps for d in steps if p + d < 0.995 and n * (1 - max(p, d, 1 - p - d)) >= 10]
        held = {}
        for p, d in [(0.5, 0.1), (0.3, 0.3), (0.1, 0.5), (0.75, 0.05), (0.05, 0.15), *mixes]:
            likely = trinomial(promoters, detractors, n, p, d)
            held[p, d] = likely[(low <= p - d + 1e-12) & (p - d - 1e-12 <= high)].sum()
        for p, d in list(held)[:5]:
            yield share(held[p, d], f"NPS, n = {n}, {p:.0%} promoters, {d:.0%} detractors", "probability")
        for word, (p, d) in (("the worst", min(held, key=held.get)), ("the most covered", max(held, key=held.get))):
            yield share(held[p, d], f"NPS, n = {n}, {word} of {len(held)} mixes, {p:.2f} and {d:.2f}", "probability")


# --- money and ratios, simulated ------------------------------------------------------------------------------------------------


def means(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Money per customer, capped; and uncapped, which no interval holds at these sizes."""
    for buyers in (1.0, 0.3, 0.1):
        for sigma in (1.2, 1.5):
            for n in (100, 500):
                everyone = money(draw, buyers, sigma)
                name = f"capped money, {buyers:.0%} buyers, sigma {sigma}, n = {n}"
                yield drawn(everyone.mean(), samples(reps, draw, intervals.mean, n, everyone), name)
    for buyers in (1.0, 0.1):
        everyone = draw.lognormal(3, 1.5, EVERYONE) * (draw.random(EVERYONE) < buyers)
        name = f"money as it is, {buyers:.0%} buyers, sigma 1.5, n = 100"
        yield drawn(everyone.mean(), samples(reps, draw, intervals.mean, 100, everyone), name, judged=False)


def baskets(draw: np.random.Generator, buyers: float, more: float, shape: float, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Orders (1 + Poisson of a gamma with mean `more`, 0 for who does not buy) and what they came to, customers' baskets alike."""
    orders = (draw.random(EVERYONE) < buyers) * (1 + draw.poisson(draw.gamma(shape, more / shape, EVERYONE)))
    owner = np.repeat(np.arange(EVERYONE), orders)
    amount = draw.lognormal(3, sigma, EVERYONE)[owner] * draw.lognormal(0, 0.6, len(owner))
    return orders.astype(float), np.bincount(owner, amount, minlength=EVERYONE)


def kept(draw: np.random.Generator, stay: float, sigma: float, growth: float) -> tuple[np.ndarray, np.ndarray]:
    """Money before and after, each capped; who leaves spends 0, who stays changes by a lognormal factor."""
    before = draw.lognormal(3, sigma, EVERYONE)
    return capped(before), capped(before * (draw.random(EVERYONE) < stay) * draw.lognormal(0, growth, EVERYONE))


def ratios(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Order value, net revenue retention, stickiness, win rate: 200 customers, 50 of them with a numerator, and more."""
    for buyers, n in ((1.0, 200), (0.5, 200), (0.25, 200), (0.05, 1000)):
        for more, shape, sigma, word in ((1, 1, 0.8, "few orders"), (3, 0.3, 0.5, "some order much"), (1, 0.5, 1.2, "skewed baskets")):
            orders, spent = baskets(draw, buyers, more, shape, sigma)
            name = f"order value, {buyers:.0%} buyers, {word}, n = {n}"
            yield ratio_row(reps, draw, capped(spent), capped(orders), n, name)
    yield ratio_row(reps, draw, spent, orders, 1000, "order value not capped, 5% buyers, skewed baskets, n = 1000", judged=False)
    for stay, n in ((0.8, 200), (0.6, 200), (0.3, 200), (0.95, 1000)):
        for sigma, growth in ((0.8, 0.3), (1.2, 0.3), (1.2, 1.0)):
            before, after = kept(draw, stay, sigma, growth)
            name = f"money after / before, {stay:.0%} stay, sigma {sigma}, growth {growth}, n = {n}"
            yield ratio_row(reps, draw, after, before, n, name)
    for sigma in (0.8, 1.2, 1.5):
        before, after = kept(draw, 0.95, sigma, 0.2)
        yield ratio_row(reps, draw, after, before, 200, f"money after / before, 95% stay, sigma {sigma}, growth .2, n = 200", judged=False)
    days = draw.binomial(28, draw.beta(0.8, 3, EVERYONE)) * (draw.random(EVERYONE) < 0.6)
    yield ratio_row(reps, draw, days * 1.0, 28.0 * (days > 0), 200, "stickiness, active days / 28 of who was active, n = 200")
    tried = draw.poisson(draw.gamma(0.7, 3 / 0.7, EVERYONE))
    won = draw.binomial(tried, draw.beta(1.5, 3.5, EVERYONE))
    yield ratio_row(reps, draw, won * 1.0, tried * 1.0, 200, "win rate over offers, n = 200")


def ratio_row(
    reps: int, draw: np.random.Generator, numerator: np.ndarray, denominator: np.ndarray, n: int, name: str, judged: bool = True
) -> dict:
    """One ratio, sampled."""
    truth = numerator.sum() / denominator.sum()
    return drawn(truth, samples(reps, draw, intervals.ratio, n, numerator, denominator), name, judged)


def shares(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """A segment's share of all revenue, with 50 buyers expected on the thinner side."""
    for n, buyers, members in ((200, 1.0, 0.5), (200, 1.0, 0.25), (500, 0.3, 0.35), (500, 1.0, 0.9), (1000, 1.0, 0.05)):
        for apart in (-1, 0, 1):
            inside = draw.random(EVERYONE) < members
            spent = capped(draw.lognormal(3 + apart * inside, 1.2, EVERYONE) * (draw.random(EVERYONE) < buyers))
            truth = spent[inside].sum() / spent.sum()
            name = f"share of total, {members:.0%} of customers who spend {np.exp(apart):.1f} times as much, {buyers:.0%} buyers, n = {n}"
            yield drawn(truth, samples(reps, draw, intervals.share_of_total, n, spent, inside), name)


def differences(reps: int, draw: np.random.Generator) -> Iterator[dict]:
    """Two segments apart: shares exactly, money, ratios and scores sampled."""
    for sizes, rates in (((50, 50), (0.2, 0.2)), ((50, 50), (0.2, 0.5)), ((50, 200), (0.3, 0.05)), ((200, 200), (0.05, 0.95))):
        likely = np.outer(*(binom.pmf(np.arange(n + 1), n, p) for n, p in zip(sizes, rates)))
        one, other = ([intervals.proportion(np.arange(n) < k) for k in range(n + 1)] for n in sizes)
        found = [[intervals.difference(a, b) for b in other] for a in one]
        truth = rates[0] - rates[1]
        held = [[each.low <= truth + 1e-12 and truth - 1e-12 <= each.high for each in line] for line in found]
        name = f"difference of proportions {rates[0]} and {rates[1]}, n = {sizes[0]} and {sizes[1]}"
        yield share(likely[np.array(held)].sum(), name, "probability")
    for sizes in ((100, 100), (100, 1000)):
        for buyers in (1.0, 0.3):
            one, other = money(draw, buyers), 1.5 * money(draw, buyers, 1.0)
            pairs = zip(samples(reps, draw, intervals.mean, sizes[0], one), samples(reps, draw, intervals.mean, sizes[1], other))
            name = f"difference of capped money, {buyers:.0%} buyers, n = {sizes[0]} and {sizes[1]}"
            yield drawn(one.mean() - other.mean(), (intervals.difference(*pair) for pair in pairs), name)
    groups = [[capped(each) for each in baskets(draw, buyers, 1, 1, 0.8)[::-1]] for buyers in (0.25, 1.0)]
    truth = np.subtract(*(spent.sum() / orders.sum() for spent, orders in groups))
    pairs = zip(*(samples(reps, draw, intervals.ratio, n, *group) for n, group in zip((200, 500), groups)))
    yield drawn(truth, (intervals.difference(*pair) for pair in pairs), "difference of order values, n = 200 and 500")
    pairs = (
        [intervals.net_promoters(draw.choice([10, 8, 0], n, p=p)) for n, p in ((50, (0.5, 0.4, 0.1)), (80, (0.2, 0.3, 0.5)))]
        for _ in range(reps)
    )
    yield drawn(0.7, (intervals.difference(*pair) for pair in pairs), "difference of NPS .4 and -.3, n = 50 and 80")


def rows(reps: int, seed: int) -> Iterator[dict]:
    """All rows; each part draws from its own stream."""
    for i, part in enumerate((proportions, scores, means, ratios, shares, differences)):
        yield from part(reps, np.random.default_rng([seed, i]))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--reps", type=int, default=4000, help="samples per simulated row")
    ask.add_argument("--seed", type=int, default=1000, help="fresh seeds start at 1000")
    asked = ask.parse_args()
    for row in rows(asked.reps, asked.seed):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
