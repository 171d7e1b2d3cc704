"""Campaigns by hand: one contact per customer and campaign, arms as the lot drew them, rates with the right people below the line."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from test_features import tables

from segkit import kpis
from segkit.kpis import campaigns

CUSTOMERS = pd.Index(["a", "b", "c", "d", "e", "quiet"], name="customer_id")


def contacts(*rows: str) -> dict:
    """`who campaign arm said` in words: "a k t ocC 9.5 0.35" is treated, opened, clicked, converted, revenue 9.5, cost 0.35."""
    cells = [[*row.split(" "), "", "", ""][:6] for row in rows]
    return {
        "customer_id": [who for who, *_ in cells],
        "campaign_id": [campaign for _, campaign, *_ in cells],
        "is_control": [arm == "h" for _, _, arm, *_ in cells],
        **{flag: [sign in said if said else None for *_, said, _, _ in cells] for flag, sign in {"opened": "o", "clicked": "c"}.items()},
        "converted": ["C" in said for *_, said, _, _ in cells],
        "revenue": [float(revenue) if revenue else None for *_, revenue, _ in cells],
        "cost": [float(cost) if cost else None for *_, cost in cells],
    }


def reached(*rows: str, without: tuple[str, ...] = ()) -> pd.DataFrame:
    told = {name: column for name, column in contacts(*rows).items() if name not in without}
    return campaigns.reached(tables(contacts=told)["contacts"]).execute().set_index("customer_id").sort_index()


def arms(*rows: str) -> pd.DataFrame:
    return campaigns.arms(tables(contacts=contacts(*rows))["contacts"], CUSTOMERS)


def told(arms: pd.DataFrame) -> list[str]:
    """Arms in words: "k a t 1"."""
    return [f"{each.campaign} {each.customer_id} {'t' if each.treated else 'h'} {each.converted:g}" for each in arms.itertuples()]


def test_each_campaign_is_one_contact_and_who_converted_once_has_converted():
    found = reached("a k t ocC 9.5 0.35", "a l t o - 0.35".replace(" - ", "  "), "b k t x", "c k h C 7")
    assert list(found.index) == ["a", "b"] and found.contacts.tolist() == [2, 1] and found.converted.tolist() == [1, 0]
    assert found.opened.tolist() == [2, 0] and found.clicked.tolist() == [1, 0]
    assert found.paid.tolist() == [9.5, 0] and found.cost.tolist() == [0.7, 0]


def test_the_same_contact_twice_is_one_contact_paid_for_twice():
    found = reached("a k t o 4 0.35", "a k t oC 4 0.35", "a k t c")
    assert found.iloc[0].to_dict() == {"contacts": 1, "converted": 1, "opened": 1, "clicked": 1, "paid": 4, "cost": 0.7}


def test_who_is_in_both_arms_of_a_campaign_is_in_neither_and_stays_in_others():
    rows = ["a k t C", "a k h C", "a l t", "b k t", "c k h"]
    assert reached(*rows).contacts.to_dict() == {"a": 1, "b": 1}
    assert told(arms(*rows)) == ["k b t 0", "k c h 0", "l a t 0"]


def test_what_contacts_do_not_say_is_no_column():
    assert list(reached("a k t C", without=("opened", "clicked", "revenue", "cost")).columns) == ["contacts", "converted"]


def test_nobody_but_customers_of_the_study_is_in_an_arm():
    found = arms("a k t C 3", "b k h", "stranger k t C", "stranger k h C", "else k h")
    assert told(found) == ["k a t 1", "k b h 0"]
    assert found.dtypes[["converted", "clicked", "paid"]].eq("float64").all() and found.paid.tolist() == [3, 0]


def test_without_a_control_a_campaign_has_nobody_untreated():
    assert told(arms("a k t C", "b k t")) == ["k a t 1", "k b t 0"]


def test_one_group_held_out_of_all_is_shared_by_campaigns_without_a_control_of_their_own():
    found = arms("a k t C", "b l t", "c m t", "d m h", "e none h C")
    assert told(found) == ["k a t 1", "k e h 1", "l b t 0", "l e h 1", "m c t 0", "m d h 0"]


def test_who_was_held_out_of_all_and_contacted_all_the_same_is_in_neither_arm_of_that_campaign():
    assert told(arms("a k t", "e k t C", "b l t", "e none h", "d none h")) == ["k a t 0", "k d h 0", "l b t 0", "l d h 0", "l e h 0"]


def test_a_campaign_of_nothing_but_controls_stays_what_it_is_where_nobody_can_share_it():
    assert told(arms("a k t C", "b k h", "d none h C")) == ["k a t 1", "k b h 0", "none d h 1"]


def test_contacts_count_from_the_first_moment_to_before_the_last():
    rows = tables(contacts=contacts(*["a k t"] * 4) | {"contacted_at": ["2025-01-31 23:59:59", "2025-02-01", "2025-03-03", None]})[
        "contacts"
    ]
    assert campaigns.within(rows, datetime(2025, 2, 1), datetime(2025, 3, 3)).count().execute() == 1
    assert campaigns.within(rows.drop("contacted_at"), datetime(2025, 2, 1), datetime(2025, 3, 3)) is None
    assert campaigns.within(rows, None, None).count().execute() == 4


OUTCOMES = pd.DataFrame(
    {
        "contacts": [2.0, 1, 1, 0],
        "opened": [2.0, 1, 0, 0],
        "clicked": [1.0, 0, 0, 0],
        "converted": [1.0, 0, 1, 0],
        "paid": [30.0, 0, 10, 0],
        "cost": [4.0, 2, 2, 0],
        "orders": [3.0, 0, 1, 0],
        "is_lead": [0.0, 1, 1, 0],
    },
    index=list("abcd"),
)


@pytest.mark.parametrize(
    "name, value, n, events",
    [
        ("conversion", 2 / 3, 3, 2),  # of the three who were contacted
        ("delivered", 4 / 4, 4, 3),  # four contacts, four customers, one of whom got none
        ("open_rate", 3 / 4, 3, 2),  # opened of contacts, over the three
        ("click_rate", 1 / 4, 3, 1),
        ("revenue_per_contact", 10, 3, 2),
        ("campaign_roi", (40 - 8) / 8, 3, 3),
        ("lead_to_customer", 1 / 2, 2, 1),  # of the two who had never ordered
    ],
)
def test_rates_by_hand(name, value, n, events):
    found = kpis.estimate(name, OUTCOMES)
    assert (found.value, found.n, found.events) == (pytest.approx(value), n, events)


@pytest.mark.parametrize("converted", [0.0, 1.0])
def test_where_all_or_none_converted_the_share_has_an_interval_and_no_spread(converted):
    found = kpis.estimate("conversion", OUTCOMES.assign(converted=converted))
    assert found.value == converted and found.se == 0 and found.high - found.low == pytest.approx(0.5615, abs=1e-4), "Wilson, n = 3"


def test_what_cost_nothing_has_no_return_on_it():
    free = kpis.estimate("campaign_roi", OUTCOMES.assign(cost=0.0))
    assert np.isnan([free.value, free.low, free.high, free.se]).all() and free.n == 3
    lost = kpis.estimate("campaign_roi", OUTCOMES.assign(paid=0.0))
    assert lost.value == -1 and lost.se == 0 and np.isnan(lost.low), "the cost, and nothing but the cost"


def test_a_segment_that_nobody_wrote_to_has_no_rates():
    labels = pd.Series(["S1", "S1", "S1", "S2"], index=OUTCOMES.index)
    names = ["conversion", "open_rate", "click_rate", "revenue_per_contact", "campaign_roi", "lead_to_customer"]
    found = kpis.by_segment(labels, OUTCOMES, names, "EUR").set_index(["segment", "kpi"])
    assert found.loc["S2"][["value", "low", "high", "se"]].isna().all(axis=None) and (found.loc["S2"].events == 0).all()
    assert (found.loc["S2"].n == 0).all()
    assert found.value["S1", "conversion"] == found.value["all", "conversion"] and found.unit["S1", "revenue_per_contact"] == "EUR"
