"""What is read of customers, and when: half-open windows, returns, nothing that leaks across as_of, datasets with and without dates."""

import datetime as dt

import nasty
import numpy as np
import pandas as pd
import pytest
from test_features import in_engine, tables

from segkit import kpis, studies
from segkit.kpis import measured
from segkit.tables import TABLES

WINDOW = studies.Window(start="2024-01-01", as_of="2025-02-01", end="2025-04-02")  # 60 days; the 60 before them begin on 3 December
CUSTOMERS = pd.Index(["a", "b", "c", "d", "quiet"], name="customer_id")
ORDERS = {
    "customer_id": ["a", "a", "a", "b", "b", "c", "c", "d", "new"],
    "order_id": ["1", "2", "3", "4", "4", "5", "6", "7", "8"],
    "ordered_at": [
        "2024-12-10",
        "2025-02-01 00:00",
        "2025-03-03 00:00",
        "2024-12-03 00:00",
        "2025-02-05",
        "2024-12-02 23:59:59.999999",
        "2025-04-01 23:59:59.999999",
        "2025-04-02 00:00",
        "2025-02-03",
    ],
    "amount": [10.0, 20.0, 5.0, 8.0, -8.0, 99.0, 7.0, 50.0, 1000.0],
    "margin": [1.0, 2.0, -3.0, 4.0, -4.0, 9.0, 0.5, 5.0, 100.0],
    "is_return": [False, False, None, False, True, False, False, False, False],
}
EVENTS = {
    "customer_id": ["a", "a", "a", "b", "c", "c"],
    "occurred_at": ["2025-02-01 00:00", "2025-02-01 23:00", "2025-03-05", "2025-01-31 23:59", "2025-03-04 23:59", "2025-04-01"],
    "feature": ["x", "y", "x", "x", None, "z"],
}


@pytest.fixture(scope="module")
def known() -> kpis.Seen:
    return kpis.seen(tables(orders=ORDERS, events=EVENTS), WINDOW, CUSTOMERS)


def test_the_window_is_half_open_and_who_did_nothing_counts_0(known):
    assert list(known.after.index) == list(CUSTOMERS) and known.after.attrs["days"] == 60
    assert known.after.revenue.tolist() == [25, -8, 7, 0, 0] and known.after.orders.tolist() == [2, 0, 1, 0, 0]
    assert known.after.margin.tolist() == [-1, -4, 0.5, 0, 0]
    assert known.after.usage_days.tolist() == [2, 0, 2, 0, 0] and known.after.features_tried.tolist() == [2, 0, 1, 0, 0]
    assert known.after.usage_days_of_month.tolist() == [1, 0, 1, 0, 0], "the last 28 days begin on 5 March"
    assert known.after.last_day.tolist()[:3] == [32, pytest.approx(np.nan, nan_ok=True), 59]
    assert known.after.came_late.tolist() == [1, 0, 1, 0, 0] and known.after.is_active.tolist() == [1, 0, 1, 0, 0]


def test_the_stretch_before_is_as_long_and_ends_where_the_window_opens(known):
    assert known.before.revenue.tolist() == [10, 8, 0, 0, 0] == known.after.revenue_before.tolist()
    assert known.after.was_active.tolist() == [1, 1, 0, 0, 0] == known.before.is_active.tolist()
    assert known.before.usage_days.tolist() == [0, 1, 0, 0, 0] and known.before.last_day.tolist()[1] == 59
    assert known.before.revenue_before.tolist() == [0, 0, 99, 0, 0] and known.before.is_lead.tolist() == [1, 1, 0, 1, 1]


def test_a_lead_has_never_ordered_before_and_a_return_is_no_order(known):
    assert known.after.is_lead.tolist() == [0, 0, 0, 1, 1]
    back = ORDERS | {"is_return": [*ORDERS["is_return"][:3], True, *ORDERS["is_return"][4:]]}
    assert kpis.outcomes(tables(orders=back), WINDOW, CUSTOMERS).is_lead["b"] == 1


def test_what_comes_back_after_as_of_lowers_the_window_and_nothing_before_it(known):
    kept = pd.DataFrame(ORDERS).drop(index=4)
    without = kpis.outcomes(tables(orders=kept, events=EVENTS), WINDOW, CUSTOMERS)
    assert (without.revenue - known.after.revenue).tolist() == [0, 8, 0, 0, 0]
    assert without.attrs == known.after.attrs
    moved = ["revenue", "revenue_capped", "margin", "margin_capped"]
    pd.testing.assert_frame_equal(without.drop(columns=moved), known.after.drop(columns=moved))


def test_caps_are_frozen_before_the_window_opens_over_the_same_customers(known):
    assert known.after.attrs["caps"] == {
        name: pytest.approx(np.quantile(column, 0.99))
        for name, column in {"revenue": [10, 8, 0, 0, 0], "orders": [1, 1, 0, 0, 0], "margin": [1, 4, 0, 0, 0]}.items()
    }
    assert known.after.revenue_capped.tolist() == [pytest.approx(np.quantile([10, 8, 0, 0, 0], 0.99)), -8, 7, 0, 0]
    assert known.before.attrs["caps"] == known.after.attrs["caps"], "where nothing is known before that stretch, its own cap would be 0"
    assert known.before.revenue_capped.tolist() == [pytest.approx(np.quantile([10, 8, 0, 0, 0], 0.99)), 8, 0, 0, 0]


def test_periods_of_30_days_cut_the_window_and_add_up_to_it(known):
    assert {name: table.shape for name, table in known.periods.items()} == {name: (5, 2) for name in ("revenue", "orders", "usage_days")}
    assert known.periods["revenue"].to_numpy().tolist() == [[20, 5], [-8, 0], [0, 7], [0, 0], [0, 0]]
    assert known.periods["usage_days"].loc["a"].tolist() == [1, 1]
    assert all((table.sum(axis=1) == known.after[name]).all() for name, table in known.periods.items())


def test_a_last_period_that_is_not_whole_is_left_out():
    short = studies.Window(start="2024-01-01", as_of="2025-02-01", end="2025-04-01")  # 59 days
    assert measured.by_period(tables(orders=ORDERS), short, CUSTOMERS)["orders"].to_numpy().tolist() == [[1], [0], [0], [0], [0]]
    month = studies.Window(start="2024-01-01", as_of="2025-02-01", end="2025-03-02")
    assert measured.by_period(tables(orders=ORDERS), month, CUSTOMERS) == {}


def test_a_window_of_less_than_28_days_has_no_month_and_one_of_30_nobody_who_came_later():
    def columns(end):
        window = studies.Window(start="2024-01-01", as_of="2025-02-01", end=end)
        return set(kpis.outcomes(events, window, CUSTOMERS))

    late, events = {"usage_days_of_month", "came_late"}, tables(events=EVENTS)
    assert late & columns("2025-02-28") == set() and late & columns("2025-03-01") == {"usage_days_of_month"}
    assert late & columns("2025-03-03") == {"usage_days_of_month"} and late & columns("2025-03-04") == late


def test_where_the_data_begin_within_the_stretch_before_nothing_is_held_against_it():
    late, early = (
        kpis.outcomes(tables(orders=ORDERS), WINDOW.model_copy(update={"start": dt.datetime(2024, 12, day, 9)}), CUSTOMERS)
        for day in (4, 3)
    )
    assert late.revenue_before.isna().all() and early.revenue_before.tolist() == [10, 8, 0, 0, 0]
    assert kpis.estimate("revenue_retention", late).n == 0 and kpis.estimate("revenue_retention", early).n == 2


def test_everybody_assigned_counts_whatever_the_customer_table_says(known):
    gone = kpis.outcomes(tables(orders=ORDERS, events=EVENTS, customers={"customer_id": ["a"]}), WINDOW, CUSTOMERS)
    pd.testing.assert_frame_equal(gone, known.after)
    labels = pd.Series(["S1", "S1", "S2", "S2", "S2"], index=CUSTOMERS)
    found = kpis.by_segment(labels, gone, ["revenue", "retention"])
    assert found.n.tolist() == [2, 3, 5] * 3 and found.value.tolist()[:3] == [8.5, pytest.approx(7 / 3), 4.8]


def test_a_window_without_any_data_is_all_0_and_has_no_interval_of_means():
    silent = studies.Window(start="2024-01-01", as_of="2030-02-01", end="2030-05-02")
    rows = {"feedback": {"customer_id": ["a"], "given_at": ["2025-01-01"], "csat": [4], "nps": [9]}}
    found = kpis.seen(tables(orders=ORDERS, events=EVENTS, contacts=DATED, **rows), silent, CUSTOMERS)
    assert (found.after.drop(columns=["csat", "nps", "last_day", "is_lead"]) == 0).all(axis=None) and found.after.csat.isna().all()
    assert found.arms.empty and all((table == 0).all(axis=None) for table in found.periods.values())
    table = kpis.by_segment(pd.Series("S1", index=CUSTOMERS), found.after, kpis.available(found.after)).set_index(["kpi", "segment"])
    assert table.value["revenue", "S1"] == 0 and np.isnan([*table.low["revenue"], *table.high["orders"], *table.value["aov"]]).all()
    assert table.n["csat", "S1"] == table.n["conversion", "S1"] == table.n["churn", "S1"] == 0 and np.isnan(table.value["csat", "S1"])
    assert table.value["retention", "S1"] == 0 and 0 < table.high["retention", "S1"] < 0.5


CONTACTS = {
    "customer_id": ["a", "b", "c", "d"],
    "campaign_id": ["k"] * 4,
    "is_control": [False, False, True, False],
    "converted": [True, False, True, False],
}
DATED = CONTACTS | {"contacted_at": ["2025-01-31 23:59:59", "2025-02-01", "2025-04-01 23:59", None]}


def test_contacts_before_as_of_or_without_a_date_are_no_outcome():
    found = kpis.seen(tables(orders=ORDERS, contacts=DATED), WINDOW, CUSTOMERS)
    assert found.after.contacts.tolist() == [0, 1, 0, 0, 0] and found.before.contacts.tolist() == [1, 0, 0, 0, 0]
    assert found.arms.customer_id.tolist() == ["b", "c"] and found.arms.treated.tolist() == [True, False]


def test_contacts_that_carry_no_dates_are_ignored_where_the_dataset_has_some():
    found = kpis.seen(tables(orders=ORDERS, contacts=CONTACTS), WINDOW, CUSTOMERS)
    assert "contacts" not in found.after and found.arms is None and "conversion" not in kpis.available(found.after)


@pytest.mark.parametrize("rows", [CONTACTS, DATED])
def test_without_any_dates_whatever_contacts_say_is_an_outcome(rows):
    found = kpis.seen(tables(contacts=rows), None, CUSTOMERS)
    assert found.after.contacts.tolist() == [1, 1, 0, 1, 0] and found.after.converted.tolist() == [1, 0, 0, 0, 0]
    assert found.arms.customer_id.tolist() == ["a", "b", "c", "d"] and found.before is None and found.periods == {}
    assert found.after.attrs == {"days": 0, "caps": {}} and kpis.available(found.after) == ["delivered", "conversion"]
    pd.testing.assert_frame_equal(kpis.outcomes(tables(contacts=rows), None, CUSTOMERS), found.after)


@pytest.mark.parametrize("window", [None, WINDOW.model_copy(update={"end": WINDOW.as_of})])
def test_without_an_outcome_window_a_dataset_with_dates_has_no_outcomes(window):
    found = kpis.seen(tables(orders=ORDERS, contacts=DATED), window, CUSTOMERS)
    assert found.after.shape == (5, 0) and found.arms is None and found.before is None and kpis.available(found.after) == []


NASTY = studies.Window(start=dt.datetime(2023, 1, 1), as_of=nasty.AS_OF, end=nasty.AS_OF + dt.timedelta(days=35))
EARLY = nasty.AS_OF - dt.timedelta(days=70)  # where the stretch before the stretch before begins
OF_BEFORE = ["is_lead", "was_active", "revenue_before"]  # what outcomes say of the time before as_of


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    """Customers who break things, half of their rows around as_of."""
    made, rng = nasty.tables(5, per_kind=12), np.random.default_rng(5)
    rows = {name: made[name].to_pandas() for name in ("orders", "events", "contacts", "feedback")}
    for name, each in rows.items():
        near = rng.random(len(each)) < 0.5
        moments = nasty.AS_OF + pd.to_timedelta(rng.integers(-100 * 86_400, 60 * 86_400, near.sum()), unit="s")
        each.loc[near, TABLES[name].time] = moments.astype(each[TABLES[name].time].dtype)
    rows["orders"]["margin"] = rows["orders"].amount.where(rng.random(len(rows["orders"])) < 0.9)
    return rows


@pytest.fixture(scope="module")
def told(world) -> kpis.Seen:
    return read(world)


def read(world) -> kpis.Seen:
    customers = pd.Index(sorted({each for rows in world.values() for each in rows.customer_id} - {"stranger"}), name="customer_id")
    return kpis.seen(in_engine(world), NASTY, customers)


def elsewhere(world, start, end, seed) -> dict[str, pd.DataFrame]:
    """The rows of [start, end), and others before and after it: taken away, multiplied, moved to its very edges, given to others."""
    rng, made = np.random.default_rng(seed), {}
    for name, rows in world.items():
        time = TABLES[name].time
        inside = rows[time].between(start, end, inclusive="left")
        others = rows.sample(80, replace=True, random_state=seed).reset_index(drop=True)
        away = pd.to_timedelta(rng.choice([0, 1, 10**6, 86_400 * 10**6 * 20], 80), unit="us")
        late = rng.random(80) < 0.5
        others[time] = pd.Series(np.where(late, end + away, start - away - pd.Timedelta(microseconds=1))).astype(rows[time].dtype)
        made[name] = pd.concat([rows[inside], others]).sample(frac=1, random_state=seed)
    return made


def test_nothing_outside_the_window_moves_what_was_done_in_it(world, told):
    found, capped = read(elsewhere(world, NASTY.as_of, NASTY.end, 1)), [name for name in told.after if name.endswith("_capped")]
    both = found.after.index.intersection(told.after.index)
    measured_in = told.after.columns.difference([*OF_BEFORE, *capped])
    pd.testing.assert_frame_equal(found.after.loc[both, measured_in], told.after.loc[both, measured_in], check_exact=True)
    pd.testing.assert_frame_equal(found.arms, told.arms)
    assert all(found.periods[name].loc[both].equals(told.periods[name].loc[both]) for name in told.periods)
    assert len(measured_in) > 15 and (told.after[measured_in].fillna(0).abs().sum() > 0).all(), "the test can fail"


def test_nothing_at_or_after_as_of_moves_caps_or_what_lies_before(world, told):
    customers = told.before.index
    found = kpis.seen(in_engine(elsewhere(world, dt.datetime(1, 1, 2), NASTY.as_of, 3)), NASTY, customers)
    pd.testing.assert_frame_equal(found.before, told.before, check_exact=True)
    assert found.after.attrs == told.after.attrs and min(told.after.attrs["caps"][name] for name in ("revenue", "orders")) > 0
    pd.testing.assert_frame_equal(found.after[OF_BEFORE], told.after[OF_BEFORE], check_exact=True)
    assert not found.after.revenue.equals(told.after.revenue), "the test can fail"


def test_the_order_of_rows_and_customers_changes_no_digit(world, told):
    rows = {name: each.sample(frac=1, random_state=7) for name, each in world.items()}
    found = kpis.seen(in_engine(rows), NASTY, told.after.index[::-1])
    for one, other in ((found.after, told.after), (found.before, told.before)):
        pd.testing.assert_frame_equal(one[::-1], other, check_exact=True)
        assert one.attrs == other.attrs
    pd.testing.assert_frame_equal(found.arms, told.arms)
