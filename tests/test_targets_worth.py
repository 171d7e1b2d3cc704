"""Is segmenting worth it: hand-sized campaigns, the winner's curse in simulations with known truth, and a real experiment."""

import numpy as np
import pandas as pd
import pytest

from segkit import targets
from segkit.errors import BadInput
from segkit.targets.worth import ALIKE, NO_CONTROL, PARTS, Parts, Sums, chosen, dealt, judged, splits


def counts(*rows: tuple) -> pd.DataFrame:
    return targets.from_counts(pd.DataFrame(rows, columns=["segment", "treated_n", "treated_events", "control_n", "control_events"]))


TWO = [("S1", 1000, 200, 1000, 100), ("S2", 1000, 100, 1000, 100)]  # lifts .1 and 0: gains .6 and -.4 at value 10, cost .4


def by_policy(found: pd.DataFrame) -> pd.DataFrame:
    return found.set_index("policy")


def test_two_segments_by_hand():
    found = by_policy(targets.worth(counts(*TWO), 10, 0.4, 7))
    assert list(found.index) == list(targets.POLICIES) and (found.n == 4000).all() and (found.why == "").all()
    assert found.value["treat none"] == 0 and found.value["treat all"] == pytest.approx(0.5 * 0.6 - 0.5 * 0.4)
    assert found.plug_in.to_list() == pytest.approx([0, 0.1, 0.1, 0.3, 0.2])
    assert found.treated.to_list() == ["", "S1, S2", "S1, S2", "S1", ""]
    variance = sum(100 * 0.25 * (p * (1 - p)) / 999 for p in (0.2, 0.1, 0.1, 0.1)) + (0.5 * 0.36 + 0.5 * 0.16 - 0.01) / 4000
    assert found.se["treat all"] == pytest.approx(np.sqrt(variance), rel=0.01)
    more = found.loc["difference"]
    assert more.value == pytest.approx(found.value["by segment"] - found.value["one for all"]) and 0 < more.low < 0.2 < more.high
    assert found.value["by segment"] <= 0.3 + 1e-9, "what was chosen on other customers is no better than the best choice in these"


def test_what_each_segment_says():
    found = targets.decisions(counts(*TWO), 10, 0.4, 7).set_index("segment")
    assert found.value.to_list() == pytest.approx([0.6, -0.4]) and found.n.to_list() == [2000, 2000]
    assert found.treats["S1"] > 0.99 and found.treats["S2"] < 0.02
    half = 2.2365 * 10 * np.sqrt(0.16 / 999 + 0.09 / 999)  # 95 % for two: the 98.735 % point of the standard normal
    assert [found.low["S1"], found.high["S1"]] == pytest.approx([0.6 - half, 0.6 + half], abs=1e-4)


def test_where_all_halves_choose_alike_the_difference_is_nothing_without_an_interval():
    more = by_policy(targets.worth(counts(("S1", 1000, 300, 1000, 100), ("S2", 1000, 310, 1000, 100)), 10, 0.4, 7)).loc["difference"]
    assert more.value == more.plug_in == 0 and np.isnan([more.low, more.high]).all() and more.why == ALIKE


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(2)
    rows = counts(*TWO, ("S10", 400, 70, 300, 40))
    rows["outcome"] *= rng.lognormal(size=len(rows))
    shuffled = rows.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(targets.worth(rows, 5, 0.4, 7), targets.worth(shuffled, 5, 0.4, 7), check_exact=True)
    pd.testing.assert_frame_equal(targets.decisions(rows, 5, 0.4, 7), targets.decisions(shuffled, 5, 0.4, 7), check_exact=True)
    assert list(targets.decisions(rows, 5, 0.4, 7).segment) == ["S1", "S2", "S10"]


def test_without_a_control_group_nothing_is_made_up():
    rows = counts(*TWO)
    found = by_policy(targets.worth(rows[rows.treated], 10, 0.4, 7))
    assert found.value.drop("treat none").isna().all() and found.plug_in.isna().all() and (found.why == NO_CONTROL).all()
    assert targets.decisions(rows[rows.treated], 10, 0.4, 7).value.isna().to_list() == [True, True]
    for nothing in (targets.campaign(None, pd.Series(dtype=str)), counts()):
        assert targets.worth(nothing, 10, 0.4, 7).value.isna().sum() == 4
        assert targets.decisions(nothing, 10, 0.4, 7).empty
    assert targets.worth(rows[~rows.treated], 10, 0.4, 7).why[1] == "no segment is large enough to decide: S1, S2"


def test_segments_too_small_are_left_out_and_named():
    small = ("S3", 40, 20, 40, 20), ("S4", 900, 90, 900, 9), ("S10", 900, 90, 0, 0)
    found, without = targets.worth(counts(*TWO, *small), 10, 0.4, 7), targets.worth(counts(*TWO), 10, 0.4, 7)
    assert (found.n == 6780).all() and found.why[1] == "left out as too small: S3, S4, S10"
    pd.testing.assert_frame_equal(found.drop(columns=["n", "why"]), without.drop(columns=["n", "why"]))
    alone = targets.worth(counts(small[0]), 10, 0.4, 7)
    assert alone.value[1:].isna().all() and alone.why[1] == "no segment is large enough to decide: S3", (
        "a count below the least told is not told"
    )
    each = targets.decisions(counts(*TWO, *small), 10, 0.4, 7)
    assert each.segment.to_list() == ["S1", "S2", "S3", "S4", "S10"] and each.value.notna().to_list() == [True, True, False, False, False]
    assert each.n.to_list() == [2000, 2000, 80, 1800, 900]


def test_amounts_and_counts_that_cannot_be():
    for value, cost in ((-1, 0), (1, np.nan), (np.inf, 1)):
        with pytest.raises(BadInput, match="no amount of money"):
            targets.worth(counts(*TWO), value, cost, 7)
    with pytest.raises(ValueError, match="S1: there are more events"):
        counts(("S1", 10, 11, 10, 1))


def test_one_campaign_is_picked_from_all_arms():
    arms = pd.DataFrame({"customer_id": ["a", "b", "a", "c"], "campaign": ["x", "x", "y", "y"], "treated": [True, False, True, False]})
    arms["converted"], arms["paid"] = [1.0, 0.0, 0.0, 1.0], [9.5, 0, 0, 3]
    labels = pd.Series({"a": "S1", "b": "S2"})
    found = targets.campaign(arms, labels, "y", "paid")
    assert found.to_dict("records") == [{"segment": "S1", "treated": True, "outcome": 0.0}]
    assert len(targets.campaign(arms[:2], labels)) == 2
    for name, outcome, said in (("", "paid", "Which campaign"), ("z", "paid", "no campaign 'z'"), ("x", "opened", "do not say opened")):
        with pytest.raises(BadInput, match=said):
            targets.campaign(arms, labels, name, outcome)


def test_dealing_loses_nobody():
    parts = dealt(counts(*TWO, ("S3", 33, 11, 47, 2)), 7)
    everyone = parts.sums(np.ones((1, PARTS)))
    assert everyone.n[0].tolist() == [[1000, 1000], [1000, 1000], [47, 33]]
    assert (everyone.middle[2] * everyone.n[0, 2] + everyone.total[0, 2]).tolist() == pytest.approx([2, 11])
    assert parts.each.n[:, 2, 0].min() == 2 and parts.each.n[:, 0].min() == 50
    halves = splits(7)
    assert (halves.sum(axis=1) == PARTS / 2).all() and (halves[::2] + halves[1::2] == 1).all()


def campaigns(rng, n: int, shares: list[float], rates: np.ndarray) -> Parts:
    """A campaign of n customers, half of them held out, already dealt into parts."""
    cells = rng.multinomial(n, np.repeat(shares, 2) / 2)
    sizes = cells // PARTS + (np.argsort(rng.random((PARTS, len(cells))), axis=0) < cells % PARTS)
    shape = (PARTS, len(shares), 2)
    events = rng.binomial(sizes, rates.ravel()).reshape(shape).astype(float)
    return Parts([f"S{s}" for s in range(len(shares))], Sums(sizes.reshape(shape).astype(float), events, events, np.zeros(shape[1:])))


def simulated(lifts: list[float], reps: int) -> pd.DataFrame:
    """Estimates of campaigns with known lifts at value 10 and cost .2, and the truth about the very choices that were made."""
    rng, shares, base = np.random.default_rng(11), [0.4, 0.3, 0.2, 0.1], np.array([0.08, 0.1, 0.12, 0.15])
    gains, halves, lines = 10 * np.array(lifts) - 0.2, splits(7), []
    for _ in range(reps):
        parts = campaigns(rng, 8000, shares, np.column_stack([base, base + lifts]))
        found = judged(parts, 10, 0.2, 7, "").iloc[-1]
        one, by = chosen(parts.sums(1 - halves), 10, 0.2)
        truth = ((by - one) * gains * shares).sum(axis=1)
        lines.append((found.value, found.se, found.plug_in, truth.mean(), *one_split(by - one, parts.sums(halves)), truth[:2].mean()))
    return pd.DataFrame(lines, columns=["value", "se", "plug_in", "truth", "single", "single_se", "single_truth"])


def one_split(choice: np.ndarray, halves: Sums) -> tuple[float, float]:
    """What the first split alone says."""
    gain, variance, n, choice = halves.gain(10, 0.2)[:2], halves.variance(10)[:2], halves.customers[:2], choice[:2]
    value = (choice * gain * n).sum() / n.sum()
    squares = (choice**2 * n * (gain**2 + n * variance)).sum() / n.sum()
    return value, np.sqrt((squares - value**2) / n.sum())


@pytest.mark.parametrize("lift, reps", [(0.01, 200), (0.02, 500), (0.03, 200)])
def test_with_equal_lifts_the_plug_in_claims_a_gain_and_the_cross_fitted_does_not(lift, reps):
    found = simulated([lift] * 4, reps)
    se = found.std() / np.sqrt(len(found))
    assert found.plug_in.mean() > 0.01 and found.plug_in.mean() > 10 * se.plug_in, "the winner's curse"
    assert found.value.mean() <= 3 * se.value
    assert (found.value - 1.96 * found.se > 0).mean() <= 0.025
    covered = (found.value - found.truth).abs() <= 1.96 * found.se
    assert covered.mean() >= 0.95
    assert ((found.single - found.single_truth).abs() <= 1.96 * found.single_se + 1e-12).mean() < covered.mean()


def test_with_different_lifts_the_gain_is_seen_and_covered():
    found = simulated([0.06, 0.02, -0.01, -0.03], 200)  # segmenting gains .11 at best
    error = found.value - found.truth
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(len(found)) and found.truth.mean() == pytest.approx(0.116, abs=0.004)
    assert (error.abs() <= 1.96 * found.se).mean() >= 0.95 and (found.value - 1.96 * found.se > 0).mean() > 0.6


def test_a_real_experiment(real_data):
    rows = pd.read_csv(real_data / "hillstrom" / "hillstrom.csv.gz")
    bought = np.select([(rows.mens == 1) & (rows.womens == 0), (rows.mens == 0) & (rows.womens == 1)], ["S2", "S1"], "S3")
    arms = pd.DataFrame({"customer_id": rows.index, "campaign": rows.segment, "treated": True, "converted": rows.visit.astype(float)})
    held_out = arms[rows.segment == "No E-Mail"].assign(treated=False)
    arms = pd.concat([arms[rows.segment != "No E-Mail"]] + [held_out.assign(campaign=name) for name in ("Mens E-Mail", "Womens E-Mail")])
    labels = pd.Series(bought, index=rows.index)
    everyone = by_policy(targets.worth(targets.campaign(arms, pd.Series("S1", rows.index), "Mens E-Mail"), 1, 0, 7))
    assert everyone.value["treat all"] == pytest.approx(0.182757 - 0.106167, abs=2e-5)
    found = by_policy(targets.worth(targets.campaign(arms, labels, "Womens E-Mail"), 1, 0.06, 7))
    assert found.treated["by segment"] == "S1, S3", "who only bought men's goods does not come for women's"
    assert found.low["difference"] > 0 and found.value["difference"] < found.plug_in["difference"]
