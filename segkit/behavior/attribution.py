"""Which channel earned a conversion, by four models, each with its uncertainty.

First and last give all credit to one contact, linear gives the same to each contact of the journey. The Markov model (Anderl, Becker, von
Wangenheim, Schumann 2016, doi 10.1016/j.ijresmar.2016.03.001; order 1) takes the chain of contacts and asks how many conversions would be
lost if whoever comes to a channel went no further; credit is in proportion to that. None of them is proof that a channel causes sales.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from segkit.behavior.journeys import Journeys, shown

MODELS = ("first", "last", "linear", "markov")
AT_ONCE = 5_000_000  # resampled counts held in memory at one time


def attribution(journeys: Journeys, seed: int, draws: int = 500) -> pd.DataFrame:
    """Conversions attributed to each channel. A line per model and channel; none without a conversion.

    Out: model, channel, n (customers reached in it), value, low, high (conversions), share, share_low, share_high (of all conversions), and
    where costs are known cost (of all contacts in it, converting or not), cost_per_conversion (nothing where none is attributed); draws.
    Intervals (95 %) are percentiles of `draws` bootstrap samples of customers, each with all of their journeys.
    """
    columns = ["model", "channel", "n", "value", "low", "high", "share", "share_low", "share_high", "cost", "cost_per_conversion", "draws"]
    used = np.flatnonzero(journeys.totals.touches.notna()) if len(journeys.totals) else []
    if not journeys.converted.any():
        return pd.DataFrame(columns=columns)
    counts = counted(journeys)
    found = credit(np.atleast_2d(journeys.n @ counts), len(journeys.names))[0]
    sampled = credit(resampled(counts, journeys.n, seed, draws), len(journeys.names))
    low, high = np.quantile(sampled, [0.025, 0.975], axis=0)
    part = sampled / sampled.sum(axis=2, keepdims=True).clip(1e-300)
    part_low, part_high = np.quantile(part, [0.025, 0.975], axis=0)
    totals = journeys.totals
    lines = [
        (
            MODELS[model],
            shown(journeys.names[at]),
            int(totals.n[at]),
            *(each[model, at] for each in (found, low, high)),
            *(each[model, at] for each in (found / found.sum(axis=1, keepdims=True), part_low, part_high)),
            totals.cost[at],
            totals.cost[at] / found[model, at] if found[model, at] else np.nan,
            draws,
        )
        for model in range(len(MODELS))
        for at in sorted(used, key=lambda at: (at == 0, at))
    ]
    made = pd.DataFrame(lines, columns=columns)
    return made if totals.cost.notna().any() else made.drop(columns=["cost", "cost_per_conversion"])


def counted(journeys: Journeys) -> sparse.csr_matrix:
    """What each history adds to the sums that all models are made of: a row per history.

    Columns, k states each: first, last and linear credit, journeys begun there, conversions right after it, contacts there, and k * k moves.
    """
    k, rows = len(journeys.names), len(journeys.n)
    starts, ends, won = journeys.starts, journeys.ends, journeys.converted
    owner, length = journeys.owner, ends - starts
    first, last = journeys.states[starts], journeys.states[ends - 1]
    weight = np.repeat(won / length, length)
    inner = np.ones(len(journeys.states), bool)
    inner[ends - 1] = False
    here = np.flatnonzero(inner)
    of = np.repeat(owner, length)
    parts = [  # history, column, how much
        (owner[won], first[won], np.ones(won.sum())),
        (owner[won], k + last[won], np.ones(won.sum())),
        (of[weight > 0], 2 * k + journeys.states[weight > 0], weight[weight > 0]),
        (owner, 3 * k + first, np.ones(len(owner))),
        (owner[won], 4 * k + last[won], np.ones(won.sum())),
        (of, 5 * k + journeys.states, np.ones(len(of))),
        (of[here], 6 * k + journeys.states[here] * k + journeys.states[here + 1], np.ones(len(here))),
    ]
    row, column, much = (np.concatenate(each) for each in zip(*parts))
    return sparse.csr_matrix((much, (row, column)), shape=(rows, 6 * k + k * k))


def resampled(counts: sparse.csr_matrix, n: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """The sums in bootstrap samples of as many customers as there are. Out: draws x columns."""
    rng, total = np.random.default_rng(seed), int(n.sum())
    at_once = max(1, AT_ONCE // len(n))
    turned = counts.T.tocsr()
    sizes = [min(at_once, draws - begun) for begun in range(0, draws, at_once)]
    return np.vstack([(turned @ rng.multinomial(total, n / total, size=size).T).T for size in sizes])


def credit(sums: np.ndarray, k: int) -> np.ndarray:
    """Conversions by model and state from sums as in `counted`, one set of them per row. Out: rows x models x states."""
    first, last, linear, begun, won, there = (sums[:, at * k : (at + 1) * k] for at in range(6))
    moved = sums[:, 6 * k :].reshape(-1, k, k)
    lost = removal_effects(begun, won, there, moved)
    total = first.sum(axis=1, keepdims=True)
    return np.stack([first, last, linear, total * lost / lost.sum(axis=1, keepdims=True).clip(1e-300)], axis=1)


def removal_effects(begun: np.ndarray, won: np.ndarray, there: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The share of conversions that pass through each state, in the chain that these counts make: what is lost when it is removed.

    In: per row, journeys begun in, conversions from, and contacts in each state (k), and moves between them (k x k). With Q the moves and r the
    conversions as shares of contacts, N = (I - Q)^-1 holds expected visits; a state is reached with (s N)_c / N_cc from the start s, and from
    it a conversion with (N r)_c.
    """
    per_contact = 1 / np.maximum(there, 1)
    visits = np.linalg.inv(np.eye(begun.shape[1]) - moved * per_contact[:, :, None])
    start = begun / begun.sum(axis=1, keepdims=True)
    reached = np.einsum("ri,rij->rj", start, visits) / np.einsum("rii->ri", visits)
    converts = np.einsum("rij,rj->ri", visits, won * per_contact)
    overall = np.einsum("ri,ri->r", start, converts)
    return reached * converts / np.maximum(overall, 1e-300)[:, None]
