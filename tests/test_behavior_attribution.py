"""Attribution: published examples, another implementation on the same data, a chain walked step by step, and intervals that cover."""

from datetime import datetime
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from test_features import ORDERS, tables
from test_real_data import gather  # noqa: F401

from benchmarks.behavior import assembled, drawn
from segkit.behavior.attribution import MODELS, attribution, counted, credit, removal_effects
from segkit.behavior.journeys import Journeys, journeys
from segkit.tables import STAGES

AS_OF = datetime(2025, 2, 1)
# ChannelAttribution 2.2.5 (the package of R and Python that these data come with) on the same 10,000 paths: heuristic_models, and
# removal effects of markov_model (order 1, with total_null, 6,750,000 simulated paths, three seeds: the last digits are chance).
HEURISTIC = {
    "alpha": (6308, 8447, 7574.718594),
    "beta": (2831, 989, 2083.500145),
    "delta": (1, 5, 1.725),
    "epsilon": (99, 531, 272.170438),
    "eta": (3164, 4167, 3539.951157),
    "gamma": (165, 92, 121.041639),
    "iota": (4606, 3355, 3857.096221),
    "kappa": (74, 230, 137.964078),
    "lambda": (902, 1207, 1035.257572),
    "mi": (2, 2, 2.222222),
    "theta": (1606, 653, 1022.801394),
    "zeta": (27, 107, 136.551540),
}
REMOVAL = {
    "alpha": (0.557645, 0.559661),
    "beta": (0.264137, 0.265085),
    "delta": (0.000422, 0.000427),
    "epsilon": (0.060670, 0.062505),
    "eta": (0.348815, 0.348874),
    "gamma": (0.017475, 0.017786),
    "iota": (0.406813, 0.407036),
    "kappa": (0.028135, 0.028192),
    "lambda": (0.134526, 0.134765),
    "mi": (0.000209, 0.000227),
    "theta": (0.206145, 0.206489),
    "zeta": (0.039653, 0.040575),
}


def told(*paths: tuple[str, bool, int]) -> Journeys:
    """Journeys of customers with one each: ("A B", converted, how many)."""
    ways = [way.split() for way, *_ in paths]
    names = sorted({name for way in ways for name in way})
    ends, states = np.cumsum([len(way) for way in ways]), np.array([names.index(name) + 1 for way in ways for name in way])
    return assembled(names, states, ends, np.array([won for _, won, _ in paths]), np.arange(len(paths)), np.array([n for *_, n in paths]))


def credited(found: pd.DataFrame, model: str) -> dict:
    rows = found[found.model == model]
    return dict(zip(rows.channel, rows.value))


def test_three_paths_of_a_tutorial():
    """Bryl (2016), analyzecore.com/2016/08/03/attribution-model-r-part-1: removal effects .5, 1, 1 make .2, .4, .4 of the one conversion."""
    found = attribution(told(("C1 C2 C3", True, 1), ("C1", False, 1), ("C2 C3", False, 1)), seed=1, draws=20)
    assert credited(found, "markov") == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})
    assert credited(found, "first") == {"C1": 1, "C2": 0, "C3": 0} and credited(found, "last") == {"C1": 0, "C2": 0, "C3": 1}
    assert credited(found, "linear") == pytest.approx(dict.fromkeys(["C1", "C2", "C3"], 1 / 3))


def test_the_example_of_the_vignette():
    """Altomare and Loris, vignette of ChannelAttribution: removal effects 1 and .5, hence two of three conversions and one."""
    found = attribution(told(("A B A B B A", True, 1), ("A B B A A", True, 1), ("A A", True, 1)), seed=1, draws=20)
    assert credited(found, "markov") == pytest.approx({"A": 2, "B": 1})
    assert credited(found, "linear") == pytest.approx({"A": 0.5 + 0.6 + 1, "B": 0.5 + 0.4})


def test_repeated_contacts_do_not_change_what_removal_costs():
    once, twice = told(("A B", True, 3), ("B", False, 2), ("A", False, 1)), told(("A A B B B", True, 3), ("B B", False, 2), ("A", False, 1))
    assert credited(attribution(once, 1, 5), "markov") == pytest.approx(credited(attribution(twice, 1, 5), "markov"))


def test_the_paths_of_another_implementation_come_out_as_theirs(gather):  # noqa: F811
    found = journeys(gather("channel_paths").tables, None, STAGES)
    made = attribution(found, seed=1, draws=60)
    assert found.n.sum() == 88_387 and found.n[found.owner] @ found.converted == 19_785
    assert made.groupby("model").value.sum().to_dict() == pytest.approx(dict.fromkeys(MODELS, 19_785))
    for at, model in enumerate(("first", "last", "linear")):
        assert credited(made, model) == pytest.approx({name: each[at] for name, each in HEURISTIC.items()}, abs=1e-6)
    k, sums = len(found.names), np.atleast_2d(found.n @ counted(found))
    parts = [sums[:, at * k : (at + 1) * k] for at in (3, 4, 5)]
    effects = dict(zip(found.names, removal_effects(*parts, sums[:, 6 * k :].reshape(-1, k, k))[0]))
    for name, (low, high) in REMOVAL.items():
        noise = 4 * np.sqrt(high * (1 - high) / (6_750_000 * 0.22))  # of theirs: of that many paths, 22 % convert
        assert low - noise <= effects[name] <= high + noise, name
    share = dict(zip(made[made.model == "markov"].channel, made[made.model == "markov"].share))
    assert share["alpha"] == pytest.approx(effects["alpha"] / sum(effects.values()))


def chain(rng, k: int):
    """Random counts of a chain: journeys begun in, conversions from and contacts in each state, moves between them."""
    moved, won, lost, begun = rng.integers(0, 30, (k, k)), rng.integers(0, 9, k), rng.integers(1, 20, k), rng.integers(1, 50, k)
    return begun, won, moved.sum(axis=1) + won + lost, moved


@pytest.mark.parametrize("seed", range(3))
def test_removal_effects_are_those_of_a_chain_walked_at_random(seed):
    rng, k, walkers = np.random.default_rng(seed), 4, 200_000
    begun, won, there, moved = chain(rng, k)
    ours = removal_effects(*(each[None].astype(float) for each in (begun, won, there, moved)))[0]
    steps = np.concatenate([moved, won[:, None], (there - moved.sum(axis=1) - won)[:, None]], axis=1) / there[:, None]
    state, through = rng.choice(k, walkers, p=begun / begun.sum()), np.zeros((walkers, k), bool)
    while (inside := state < k).any():
        through[inside, state[inside]] = True
        state[inside] = (rng.random(inside.sum())[:, None] > steps[state[inside]].cumsum(axis=1)[:, :-1]).sum(axis=1)
    converted = state == k
    for removed in range(k):  # who comes to the removed state goes no further
        left = (converted & ~through[:, removed]).sum() / converted.sum()
        assert ours[removed] == pytest.approx(1 - left, abs=5 * np.sqrt(0.25 / converted.sum()))


def test_customers_are_resampled_with_all_their_journeys():
    """Two customers in three convert three times, or never: the number of conversions is as uncertain as that of such customers."""
    n = 300
    owner, won = np.repeat(np.arange(n), 3), np.repeat(np.arange(n) % 3 > 0, 3)
    found = attribution(assembled(["a"], np.ones(3 * n, int), np.arange(1, 3 * n + 1), won, owner, np.ones(n, int)), seed=3, draws=2000)
    half = 1.96 * 3 * np.sqrt(n * 2 / 9)
    assert found.low.tolist() == pytest.approx([600 - half] * 4, rel=0.02) and found.high.tolist() == pytest.approx(
        [600 + half] * 4, rel=0.02
    )


def test_intervals_cover_the_truth_in_19_of_20_data_sets():
    many = drawn(np.random.default_rng(99), 400_000)
    truth = credit(np.atleast_2d(many.n @ counted(many)), 4)[0][:, 1:]
    truth = (truth / truth.sum(axis=1, keepdims=True)).ravel()
    hits = []
    for seed in range(1000, 1200):
        found = attribution(drawn(np.random.default_rng(seed), 400), seed, draws=200)
        hits.append((found.share_low <= truth) & (truth <= found.share_high))
    covered = np.mean(hits, axis=0)
    assert 0.93 <= covered.mean() <= 0.965 and covered.min() >= 0.89, covered  # 200 data sets, 12 shares each


def test_the_seed_decides_and_blocks_of_draws_do_not(monkeypatch):
    found = drawn(np.random.default_rng(1), 200)
    first = attribution(found, seed=5, draws=50)
    pd.testing.assert_frame_equal(first, attribution(found, seed=5, draws=50))
    assert not first.equals(attribution(found, seed=6, draws=50)) and (first.draws == 50).all()
    monkeypatch.setattr(import_module("segkit.behavior.attribution"), "AT_ONCE", 1)
    pd.testing.assert_frame_equal(first, attribution(found, seed=5, draws=50))


def test_costs_are_set_against_what_each_model_attributes():
    touches = {
        "customer_id": ["a", "a", "b", "c"],
        "occurred_at": ["2025-01-01", "2025-01-02", "2025-01-03", "2025-03-01"],
        "channel": ["ads", "mail", "ads", "mail"],
        "is_conversion": [False, True, False, True],
        "cost": [4, 1, 2, 50],
    }
    found = attribution(journeys(tables(touchpoints=touches), AS_OF, STAGES), 1, 10).set_index(["model", "channel"])
    assert found.cost[("first", "ads")] == 6 and found.cost_per_conversion[("first", "ads")] == 6
    assert np.isnan(found.cost_per_conversion[("first", "mail")]) and found.cost_per_conversion[("linear", "mail")] == 2
    assert found.n.to_dict()[("last", "ads")] == 2
    del touches["cost"]
    assert "cost" not in attribution(journeys(tables(touchpoints=touches), AS_OF, STAGES), 1, 10)


def test_without_touchpoints_or_conversions_nothing_is_attributed():
    none = told(("A B", False, 3))
    for found in (none, journeys(tables(orders=ORDERS), AS_OF, STAGES)):
        made = attribution(found, 1, 10)
        assert made.empty and list(made.columns)[:4] == ["model", "channel", "n", "value"]
