"""How often what is said of behaviour is wrong: upsell moments that chance called, and credit of channels beside its interval.

Seeds start at 2000: the classes of orders and of days since the last order were chosen on others.
"""

import argparse
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from benchmarks.verdicts import share
from segkit.behavior.attribution import attribution, counted, credit
from segkit.behavior.journeys import Journeys
from segkit.behavior.upsell import ORDERS, SINCE, Within

DAYS = 300  # of a company that is looked at
START, WON = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]), np.array([[0.05, 0.15, 0.1], [0.2, 0.05, 0.15]])
MOVE = np.array([[[0.1, 0.4, 0.1], [0.1, 0.2, 0.3], [0.2, 0.1, 0.1]], [[0.3, 0.1, 0.2], [0.1, 0.2, 0.3], [0.1, 0.3, 0.2]]])


def company(rng, effect=0.0, n=200):
    """Orders and contacts by day. State 0 is the channel of heavy buyers, 1 that of light ones, 2 of the season in which all buy more and are
    reached more, 3 of young customers, 4 follows orders; 5 makes orders (1 + effect) times as likely for 30 days. Every second impulse to
    buy becomes an order: who has just bought is not due yet."""
    heavy, start = rng.random(n) < 0.3, rng.integers(0, 90, n)
    buys, reached = np.where(heavy, 0.05, 0.01) * rng.gamma(4, 0.25, n), np.where(heavy, 0.08, 0.04) * rng.gamma(4, 0.25, n)
    season, there = np.where(np.arange(DAYS) // 30 % 6 == 5, 2.5, 0.8), np.arange(DAYS) >= start[:, None]
    who, day = np.nonzero(rng.random((n, DAYS)) < reached[:, None] * season * there)
    weight = np.ones((len(who), 6))
    weight[heavy[who], 0] = weight[~heavy[who], 1] = weight[season[day] > 1, 2] = 6
    weight[:, 3] = np.where(day - start[who] < 60, 12, 0.2)
    weight[:, 4] = 0
    state = (rng.random(len(who))[:, None] * weight.sum(axis=1, keepdims=True) > weight.cumsum(axis=1)).sum(axis=1)
    lifted = np.zeros((n, DAYS + 31))
    for a, b in zip(who[state == 5], day[state == 5]):
        lifted[a, b + 1 : b + 31] = effect
    impulse = rng.random((n, DAYS)) < 2 * buys[:, None] * season * there * (1 + lifted[:, :DAYS])
    bought = impulse & (impulse.cumsum(axis=1) % 2 == 0)
    bought[np.arange(n), start] = True
    buyer, bought_on = np.nonzero(bought)
    amount = np.exp(rng.normal(0, 0.5, len(buyer)) + rng.normal(0, 1, n)[buyer])
    thanked = rng.random(len(buyer)) < 0.6
    who, day = np.r_[who, buyer[thanked]], np.r_[day, bought_on[thanked] + rng.integers(1, 4, thanked.sum())]
    return buyer, bought_on, amount, who, day, np.r_[state, np.full(thanked.sum(), 4)]


def as_moments(buyer, bought_on, amount, who, day, state) -> pd.DataFrame:
    """What `collected` makes of it, without an engine (which would take its time 300 times)."""
    best = pd.Series(amount).groupby(buyer).cummax().groupby(buyer).shift()
    at, larger = buyer * 1000 + bought_on, (buyer * 1000 + bought_on)[amount > best.fillna(np.inf)]
    key = who * 1000 + day
    orders = np.searchsorted(at, key, "right") - np.searchsorted(at, who * 1000)
    following = np.r_[larger, 10**9][np.searchsorted(larger, key, "right")] - key
    since = np.searchsorted(SINCE, key - at[np.searchsorted(at, key, "right") - 1]) - 1
    made = pd.DataFrame({"who": who, "month": day // 30, "orders": np.searchsorted(ORDERS, orders) - 1, "since": since, "state": state})
    made["upgrade"] = (following <= 30).astype(int)
    made = made[(orders > 0) & (day < DAYS - 30)].sort_values("who", ignore_index=True)
    return made.assign(who=made.who.factorize()[0])


def holm(p: np.ndarray) -> np.ndarray:
    """p-values adjusted as the report adjusts them."""
    return multipletests(p, method="holm")[1]


def claims(moments: pd.DataFrame) -> tuple[np.ndarray, bool]:
    """Which states are called upsell moments, and whether comparing all customers with each other would call any."""
    compare = Within(moments, np.ones(moments.who.max() + 1))
    found = pd.DataFrame([compare.state((moments.state == state).to_numpy(float)) for state in range(6)])
    naive = []
    for state in range(6):
        here = moments.state == state
        rate, base = moments.upgrade[here].mean(), moments.upgrade[~here].mean()
        part = np.where(here, (moments.upgrade - rate) / here.sum(), -(moments.upgrade - base) / (~here).sum())
        error = np.sqrt((np.bincount(moments.who, weights=part) ** 2).sum())
        naive.append(stats.norm.sf((rate - base) / error) * 2 if rate > base else 1)
    return ((holm(found.p.to_numpy()) < 0.05) & (found.value > 0)).to_numpy(), bool(min(holm(np.array(naive))) < 0.05)


def upsell_moments(reps: int, first: int) -> Iterator[dict]:
    """Companies without any effect, and companies whose sixth channel makes orders half again, twice, three times as likely for 30 days."""
    for n in (200, 800):
        found = [claims(as_moments(*company(np.random.default_rng(seed), n=n))) for seed in range(first, first + reps)]
        yield share([ours.any() for ours, _ in found], f"false: any of 6 states an upsell moment, {n} customers", at_most=0.05)
        yield share([naive for _, naive in found], f"naive, fails: customers compared with each other, {n} customers", at_least=0.05)
    for effect in (0.5, 1.0, 2.0):
        found = [claims(as_moments(*company(np.random.default_rng(first + rep), effect, 400)))[0] for rep in range(reps)]
        name = f"orders {1 + effect:g} times as likely, 400 customers"
        yield share([ours[5] for ours in found], f"found: upsell moment, {name}", at_least=0.8 if effect == 2 else None)
        yield share([ours[:5].any() for ours in found], f"false: another state beside it, {name}", at_most=0.15)


def assembled(names, states, ends, won, owner, n) -> Journeys:
    totals = pd.DataFrame({"touches": [np.nan, *[1.0] * len(names)], "n": 1, "conversions": 1, "cost": np.nan})
    return Journeys("channel", ("(other)", *names), totals, states, ends, won, owner, n)


def drawn(rng, n: int) -> Journeys:
    """Customers of two kinds with chains of their own and several journeys each: journeys of one customer are alike."""
    kind = rng.integers(0, 2, n)
    owner = np.repeat(np.arange(n), 1 + rng.poisson(1 + kind))
    kind = kind[owner]
    state = (rng.random(len(owner))[:, None] > START[kind].cumsum(axis=1)).sum(axis=1)
    steps, inside, won = [state + 1], np.ones(len(owner), bool), np.zeros(len(owner), bool)
    while inside.any():
        chances = np.concatenate([MOVE[kind, state], WON[kind, state][:, None]], axis=1).cumsum(axis=1)
        following = (rng.random(len(owner))[:, None] > chances).sum(axis=1)
        won |= inside & (following == 3)
        inside &= following < 3
        state = np.where(inside, following, state)
        steps.append(np.where(inside, state + 1, 0))
    steps = np.stack(steps, axis=1)
    ends, last = np.cumsum((steps > 0).sum(axis=1)), np.r_[owner[1:] != owner[:-1], True]
    kept = won | last  # an open journey goes on in the customer's next one
    return assembled(list("abc"), steps[steps > 0], ends[kept], won[kept], owner[kept], np.ones(n, int))


def credit_of_channels(reps: int, first: int) -> Iterator[dict]:
    """Whether the 95 % intervals of the shares of three channels hold the truth, which is that of 400,000 customers."""
    many = drawn(np.random.default_rng(99), 400_000)
    truth = credit(np.atleast_2d(many.n @ counted(many)), 4)[0][:, 1:]
    truth = (truth / truth.sum(axis=1, keepdims=True)).ravel()
    for n in (100, 400):
        held = []
        for seed in range(first, first + reps):
            found = attribution(drawn(np.random.default_rng(seed), n), seed, draws=200)
            held.append(((found.share_low <= truth) & (truth <= found.share_high)).to_numpy())
        for model, each in zip(("first", "last", "linear", "markov"), np.array(held).reshape(reps, 4, 3).transpose(1, 0, 2)):
            yield share(list(each.ravel()), f"coverage: share of a channel, {model}, {n} customers", at_least=0.93)


def rows(reps: int, first: int = 2000) -> Iterator[dict]:
    """All rows."""
    yield from upsell_moments(reps, first)
    yield from credit_of_channels(reps, first)


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--reps", type=int, default=300, help="simulated companies per row")
    for row in rows(ask.parse_args().reps):
        print(json.dumps(row), flush=True)
