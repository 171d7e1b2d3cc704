"""Lifts of campaigns: counts by hand, Holm over segments, rates where nobody was held out."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from segkit import verdicts
from segkit.verdicts.lifts import COLUMNS, COUNTS

LABELS = pd.Series(np.repeat(["S1", "S2"], 400), index=[f"c{at:03d}" for at in range(800)])


def arms(treated=((60, 200), (20, 200)), held=((20, 200), (20, 200)), **more) -> pd.DataFrame:
    """Two segments; converted and number of the treated and of the held out in each."""
    lines = []
    for segment, (yes, n), (yes_held, n_held) in zip(("S1", "S2"), treated, held):
        ids = LABELS.index[LABELS == segment][: n + n_held]
        lines.append(pd.DataFrame({"customer_id": ids, "treated": np.arange(n + n_held) < n}))
        lines[-1]["converted"] = np.r_[np.arange(n) < yes, np.arange(n_held) < yes_held].astype(float)
    return pd.concat(lines, ignore_index=True).assign(campaign="mail", **more)


def test_each_segment_and_everyone_has_its_rates_their_difference_and_its_interval():
    found = verdicts.lifts(arms(), LABELS).set_index("segment")
    assert ["campaign", "answer", *found.columns[2:]] == [name for name in (*COLUMNS, *COUNTS[2:]) if name != "segment"]
    assert found.loc["all", ["n", "n_held_out", "converted", "converted_held_out"]].tolist() == [400, 400, 80, 40]
    assert found.loc["S1", ["rate", "rate_held_out", "value"]].tolist() == pytest.approx([0.3, 0.1, 0.2])
    newcombe = confint_proportions_2indep(60, 200, 20, 200, method="newcomb", compare="diff")
    assert found.loc["S1", ["low", "high"]].tolist() == pytest.approx(list(newcombe), abs=1e-6)
    assert found.value["S2"] == 0 and found.p["S2"] == pytest.approx(1) and (found.reason == "").all()


def test_segments_are_tested_together():
    found = verdicts.lifts(arms(treated=((36, 200), (20, 200))), LABELS).set_index("segment")
    assert found.p_holm["S1"] == pytest.approx(2 * found.p["S1"]) and np.isnan(found.p_holm["all"])


def test_without_anyone_held_out_it_is_a_rate():
    found = verdicts.lifts(arms(held=((0, 0), (0, 0))), LABELS)
    assert set(found.reason) == {"nobody was held out: a rate, and no lift"} and found.value.isna().all() and found.p.isna().all()
    assert found.set_index("segment").rate["all"] == 0.2


@pytest.mark.parametrize("counts", [((200, 200), (200, 200)), ((0, 200), (0, 200))])
def test_all_or_none_converted_cannot_be_tested(counts):
    found = verdicts.lifts(arms(treated=counts, held=counts), LABELS)
    assert found.p.isna().all() and (found.reason != "").all() and (found.value == 0).all()


def test_contacts_that_were_not_dealt_out_by_lot_are_not_tested():
    found = verdicts.lifts(arms(treated=((60, 350), (20, 50)), held=((20, 50), (35, 350))), LABELS)
    assert found.p.isna().all() and found.reason.str.contains("more than a lot allows").all()


def test_visits_count_where_those_held_out_can_visit():
    visits = np.tile([1.0, 0.0], 400)
    assert set(verdicts.lifts(arms(clicked=visits), LABELS).answer) == {"conversion", "visit"}
    nobody_held = arms().assign(clicked=lambda rows: rows.treated * 1.0)
    assert set(verdicts.lifts(nobody_held, LABELS).answer) == {"conversion"}


def test_no_contacts_are_an_empty_table():
    assert verdicts.lifts(None, LABELS).empty and list(verdicts.lifts(None, LABELS).columns) == [*COLUMNS, *COUNTS[2:]]
    assert verdicts.lifts(arms().iloc[:0], LABELS).empty


def test_the_order_of_contacts_changes_nothing():
    shuffled = arms().sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(verdicts.lifts(arms(), LABELS), verdicts.lifts(shuffled, LABELS.sample(frac=1, random_state=2)))
