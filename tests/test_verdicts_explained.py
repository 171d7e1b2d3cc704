"""How much a segmentation knows: against known shares of variance, the Gini coefficient, and bootstraps."""

import numpy as np
import pandas as pd
import pytest

from segkit import verdicts
from segkit.verdicts.explained import concentrated

N = 2000
INDEX = pd.Index([f"c{at:05d}" for at in range(N)], name="customer_id")


def world(seed: int = 3):
    """A level that stays, and money that follows it; who knows the level, who knows half of it, who knows nothing."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 4, N)
    before, after = (pd.DataFrame({"revenue": rng.gamma(2, 10 * (level + 1))}, index=INDEX) for _ in range(2))
    for frame in (before, after):
        frame["revenue_capped"] = frame.revenue.clip(upper=400)
        frame.attrs = {"days": 90, "caps": {"revenue": 400.0}}
    labels = {"segments": level, "halves": level // 2, "random": rng.permutation(level)}
    return {name: pd.Series(each, index=INDEX).map("S{}".format) for name, each in labels.items()}, before, after


def test_segments_beyond_a_baseline_are_the_difference_of_what_both_explain():
    labels, _, after = world()
    shares = verdicts.explained(labels, after, ["revenue", "aov"]).set_index("segmentation").value
    found = verdicts.beyond(labels["segments"], {name: labels[name] for name in ("halves", "random")}, after, ["revenue", "aov"])
    assert list(found.columns) == ["baseline", "kpi", "value", "low", "high", "n"] and set(found.kpi) == {"revenue"}
    assert list(found.value) == pytest.approx([shares["segments"] - shares["halves"], shares["segments"] - shares["random"]])
    assert (found.low > 0).all() and (found.n == N).all()


def test_concentration_of_everyone_ranked_by_what_they_will_bring_is_the_gini_coefficient():
    values = np.random.default_rng(1).lognormal(2, 1, 500)
    gini = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert concentrated(values, values, np.arange(500))[0] == pytest.approx(gini)
    assert concentrated(values, -values, np.arange(500))[0] == pytest.approx(-gini)
    assert concentrated(values, values, np.zeros(500, dtype=int))[0] == pytest.approx(0)


def test_a_better_ranking_foresees_more_and_random_groups_nothing():
    labels, before, after = world()
    found = verdicts.concentration(labels, before, after, ["revenue", "retention"]).set_index("segmentation")
    assert list(found.kpi.unique()) == ["revenue"] and found.value["segments"] > found.value["halves"] > 0.1
    assert found.low["random"] < 0 < found.high["random"] and found.lead["segments"] == 0
    assert found.lead_low["halves"] > 0 and found.lead["random"] == pytest.approx(found.value["segments"] - found.value["random"])


def test_its_interval_is_that_of_a_bootstrap():
    labels, before, after = world()
    found = verdicts.concentration(labels, before, after, ["revenue"]).set_index("segmentation")
    rng, leads, values = np.random.default_rng(2), [], []
    cells = {name: labels[name].str[1:].astype(int).to_numpy() for name in ("segments", "halves")}
    order = {name: pd.Series(before.revenue_capped.to_numpy()).groupby(each).transform("mean").to_numpy() for name, each in cells.items()}
    later = after.revenue_capped.to_numpy()
    for _ in range(400):
        rows = rng.integers(0, N, N)
        both = [concentrated(later[rows], order[name][rows], cells[name][rows])[0] for name in ("segments", "halves")]
        values.append(both[0])
        leads.append(both[0] - both[1])
    assert (found.high - found.low)["segments"] / 2 / 1.96 == pytest.approx(np.std(values), rel=0.12)
    assert (found.lead_high - found.lead_low)["halves"] / 2 / 1.96 == pytest.approx(np.std(leads), rel=0.12)


def test_its_intervals_cover_what_is_true():
    truth = np.mean([verdicts.concentration(*world(seed), ["revenue"]).value[0] for seed in range(100, 400)])
    found = [verdicts.concentration(*world(seed), ["revenue"]).iloc[0] for seed in range(1000, 1200)]
    assert 0.91 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.985


def test_where_nothing_came_later_nothing_is_concentrated():
    labels, before, after = world()
    empty = after.assign(revenue=0.0, revenue_capped=0.0)
    empty.attrs = after.attrs
    assert verdicts.concentration(labels, before, empty, ["revenue"]).value.isna().all()
    assert verdicts.beyond(labels["segments"], {"random": labels["random"]}, empty, ["revenue"]).value.isna().all()


def test_the_order_of_customers_changes_no_digit():
    labels, before, after = world()
    order = np.random.default_rng(1).permutation(N)
    moved = after.iloc[order]
    moved.attrs = after.attrs
    there = {name: each.iloc[order] for name, each in labels.items()}
    pd.testing.assert_frame_equal(
        verdicts.concentration(labels, before, after, ["revenue"]),
        verdicts.concentration(there, before, moved, ["revenue"]),
        check_exact=True,
    )
