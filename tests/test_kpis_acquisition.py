"""What customers cost and brought, worked by hand; intervals against published limits and the bootstrap; whole periods only."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.rates import confint_poisson
from test_features import tables

from segkit import studies
from segkit.kpis import acquisition

WINDOW = studies.Window(start="2025-01-01 08:00", as_of="2025-03-01", end="2025-03-31")
ORDERS = {
    "customer_id": ["a", "a", "b", "b", "c", "d", "e", "e", "f", "late", "old", "old", "a"],
    "ordered_at": [
        *("2025-01-05", "2025-03-02", "2025-01-20", "2025-03-10", "2025-02-10", "2025-02-28 23:59:59", "2025-01-03", "2025-02-03"),
        *("2025-02-11", "2025-03-01", "2024-12-31", "2025-01-10", "2025-03-31"),
    ],
    "amount": [20.0, 10, 30, -5, 40, 6, -2, 8, 9, 100, 7, 7, 1e6],
    "is_return": [False, False, None, True, False, False, True, False, False, False, False, False, False],
}
TOUCHES = {
    "customer_id": ["a", "b", "b", "c", "c", "d", "e", "f", "old", "late"],
    "occurred_at": [
        *("2025-01-05", "2025-01-02", "2025-01-10", "2025-02-01", "2025-02-01", "2025-02-20", "2025-01-30", "2025-02-12"),
        *("2024-12-01", "2025-01-01"),
    ],
    "channel": ["ads", "mail", "ads", "mail", "ads", "word", "ads", "ads", "ads", "mail"],
    "is_conversion": [False] * 10,
}
COSTS = {
    "period_start": ["2025-01-01", "2025-01-01", "2025-02-01", "2025-02-01", "2025-03-01"],
    "channel": ["ads", "mail", "ads", "call", "ads"],
    "amount": [100.0, 10, 50, 30, 999],
}
LABELS = pd.Series({**dict.fromkeys(["a", "b", "c", "old"], "S1"), **dict.fromkeys(["d", "e", "f", "late"], "S2"), "quiet": "S10"})
EMPTY = ["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"]


@pytest.fixture(scope="module")
def there() -> dict:
    return tables(orders=ORDERS, touchpoints=TOUCHES, costs=COSTS)


def test_a_customer_is_won_at_the_first_order_by_the_first_contact_before_it(there):
    found = acquisition.acquired(there, WINDOW.start, WINDOW.as_of)
    assert found.channel.to_dict() == {"a": "ads", "b": "mail", "c": "ads", "d": "word", "e": "ads", "f": "unknown"}
    assert found.first_ordered_at["e"] == pd.Timestamp("2025-02-03"), "a return is no order"
    only = acquisition.acquired(there, datetime(2025, 1, 20), WINDOW.as_of, pd.Index(["a", "b", "c", "quiet"]))
    assert only.channel.to_dict() == {"b": "mail", "c": "ads"}, "of the customers named, and not before the start"


def test_the_cost_of_a_customer_is_spend_over_new_customers_of_the_channel(there):
    found = acquisition.cac(there, WINDOW).set_index("channel")
    assert list(found.index) == ["ads", "call", "mail", "unknown", "word", "all"]
    assert found.spend.tolist() == [150, 30, 10, 0, 0, 190] and found.customers.tolist() == [3, 0, 1, 1, 1, 6]
    assert found.value.fillna(-1).tolist() == [50, -1, 10, -1, 0, pytest.approx(190 / 6)]
    lost, nobody, free = "it brought no customer", "no contact before the first order is recorded", "nothing was spent on it"
    assert found.why.tolist() == ["", lost, "", nobody, free, ""]


def test_its_interval_is_spend_over_the_exact_limits_of_a_count(there):
    found = acquisition.cac(there, WINDOW).set_index("channel")
    assert (150 / found.high["ads"], 150 / found.low["ads"]) == (pytest.approx(0.6187, abs=5e-5), pytest.approx(8.7673, abs=5e-5)), (
        "Garwood"
    )
    low, high = confint_poisson(6, 1, method="exact-c")
    assert (found.low["all"], found.high["all"]) == (pytest.approx(190 / high), pytest.approx(190 / low))
    assert found.low["call"] == pytest.approx(30 / 3.6889, rel=1e-4) and np.isnan(found.high["call"]), "of nobody one knows the most"
    assert found.loc[["word", "unknown"], ["low", "high"]].isna().all(axis=None)


def spent(as_of: str, *periods: str, start: str = "2025-01-01") -> list[str]:
    """From when to when spend is counted, and how much it is: each period costs twice what the one before cost."""
    rows = {"period_start": list(periods), "channel": ["ads"] * len(periods), "amount": [float(2**at) for at in range(len(periods))]}
    amount, since, until = acquisition.spent(tables(costs=rows)["costs"], studies.Window(start=start, as_of=as_of, end=as_of))
    return [f"{since:%m-%d}", f"{until:%m-%d}", f"{amount.sum():g}"]


@pytest.mark.parametrize(
    "as_of, periods, said",
    [
        ("2025-03-01", ["2024-12-01", "2025-01-01", "2025-02-01"], ["01-01", "03-01", "6"]),  # what began before the data is out
        ("2025-02-28", ["2025-01-01", "2025-02-01", "2025-03-01"], ["01-01", "02-01", "1"]),  # and what is not over
        ("2025-07-01", ["2025-01-01", "2025-04-01"], ["01-01", "07-01", "3"]),  # quarters
        ("2025-01-22", ["2025-01-06", "2025-01-13"], ["01-06", "01-20", "3"]),  # weeks
        ("2025-05-05", ["2025-01-01"], ["01-01", "05-05", "1"]),  # a lone period runs to as_of
        ("2025-03-15", ["2025-01-01", "2025-02-01", "2025-04-01"], ["01-01", "03-01", "3"]),  # of which as_of knows two
        ("2025-01-20", ["2025-02-01"], ["01-20", "01-20", "0"]),
    ],
)
def test_only_periods_that_lie_whole_in_the_observation_window_count(as_of, periods, said):
    assert spent(as_of, *periods) == said


def test_customers_won_outside_the_periods_of_the_costs_are_not_held_against_them(there):
    short = WINDOW.model_copy(update={"as_of": datetime(2025, 2, 28), "end": datetime(2025, 2, 28)})
    found = acquisition.cac(there, short).set_index("channel")
    assert found.spend.to_dict() == {"ads": 100, "mail": 10, "all": 110} and found.customers.to_dict() == {"ads": 1, "mail": 1, "all": 2}


def test_what_segments_cost_and_brought_by_hand(there):
    found = acquisition.by_segment(there, WINDOW, LABELS, "EUR").set_index(["kpi", "segment"])
    value, n = found.value.unstack()[["S1", "S2", "S10", "all"]], found.n.unstack()
    assert list(found.index.get_level_values(0).unique()) == ["cac", "ltv_revenue", "revenue_to_cac", "payback_on_revenue"]
    assert value.loc["cac"].tolist() == pytest.approx([110 / 3, 25, np.nan, 32], nan_ok=True), "50 10 50, 0 50"
    assert value.loc["ltv_revenue"].tolist() == pytest.approx([95 / 3, 6, np.nan, 107 / 5], nan_ok=True), "30 25 40, 6 6"
    assert value.loc["revenue_to_cac"].tolist() == pytest.approx([95 / 110, 12 / 50, np.nan, 107 / 160], nan_ok=True)
    days = np.array([85, 70, 49]).sum()  # from the first orders to 31 March
    assert value.loc["payback_on_revenue", "S1"] == pytest.approx((110 / 3) / (95 / (days / (365.25 / 12))))
    assert n.loc["cac"].to_dict() == {"S1": 3, "S2": 2, "S10": 0, "all": 5}, "neither who is old nor whose channel is unknown"
    assert found.events["cac", "S2"] == 1 and found.events["ltv_revenue", "S2"] == 2
    assert found.unit.xs("S1", level=1).tolist() == ["EUR", "EUR", "times", "months"]


def test_margin_is_counted_where_orders_have_it_and_what_was_lost_is_never_paid_back(there):
    rows = tables(orders=ORDERS | {"margin": [-1.0, -2, 3, 0, -4, 1, 0, 2, 0, 0, 0, 0, 0]}, touchpoints=TOUCHES, costs=COSTS)
    found = acquisition.by_segment(rows, WINDOW, LABELS).set_index(["kpi", "segment"])
    assert found.value["ltv_margin", "S1"] == pytest.approx(-4 / 3) and found.value["margin_to_cac", "S1"] == pytest.approx(-4 / 110)
    assert np.isnan([found.value["payback_on_margin", "S1"], found.low["margin_to_cac", "S1"], found.se["margin_to_cac", "S1"]]).all()
    assert found.value["payback_on_margin", "S2"] > 0 and found.value["cac", "S1"] == pytest.approx(110 / 3)


def bootstrapped(rows: pd.DataFrame, spend: dict, draws: int) -> np.ndarray:
    """The standard deviation of the logarithms of cac, ltv_to_cac and payback of S1 when each customer comes a Poisson number of times."""
    rng, seen = np.random.default_rng(3), []
    for _ in range(draws):
        drawn = rows.loc[np.repeat(rows.index, rng.poisson(1, len(rows)))]
        drawn = drawn.assign(cost=drawn.channel.map(spend) / drawn.groupby("channel").channel.transform("size"))
        found = acquisition._worth_its_cost(drawn, (drawn.segment == "S1").to_numpy())
        seen.append([found[0].value, found[2].value, found[3].value])
    return np.log(seen).std(axis=0)


def test_standard_errors_of_what_costs_enter_are_those_of_the_bootstrap():
    rng, spend = np.random.default_rng(8), {"ads": 4000.0, "mail": 300.0, "word": 0.0}
    rows = pd.DataFrame({"channel": rng.choice(list(spend), 400, p=[0.15, 0.5, 0.35]), "segment": rng.choice(["S1", "S2"], 400)})
    rows = rows.assign(brought=rng.lognormal(3, 1, 400), months=rng.uniform(1, 20, 400))
    rows["cost"] = rows.channel.map(spend) / rows.groupby("channel").channel.transform("size")
    found = acquisition._worth_its_cost(rows, (rows.segment == "S1").to_numpy())
    kept = [found[0], found[2], found[3]]
    assert bootstrapped(rows, spend, 600) == pytest.approx([each.se / each.value for each in kept], rel=0.09)
    assert all(np.sqrt(each.low * each.high) == pytest.approx(each.value) for each in kept), "symmetric on the log scale"
    assert found[2].value == pytest.approx(rows.brought[rows.segment == "S1"].sum() / rows.cost[rows.segment == "S1"].sum())


def test_nothing_at_or_after_as_of_moves_what_customers_cost(there):
    later = {"ordered_at": "2025-03-01", "occurred_at": "2025-03-01", "period_start": "2025-03-01"}
    rows = {"orders": ORDERS, "touchpoints": TOUCHES, "costs": COSTS}
    without = {name: (frame := pd.DataFrame(each))[frame[(set(later) & set(frame)).pop()] < "2025-03-01"] for name, each in rows.items()}
    assert all(len(without[name]) < len(pd.DataFrame(each)) for name, each in rows.items() if name != "touchpoints")
    pd.testing.assert_frame_equal(acquisition.cac(tables(**without), WINDOW), acquisition.cac(there, WINDOW))


def test_neither_the_order_of_rows_nor_the_names_of_customers_change_a_digit():
    rng, n = np.random.default_rng(6), 300
    moments = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 89 * 86_400, n), unit="s")
    orders = pd.DataFrame({"customer_id": rng.integers(0, 150, n), "ordered_at": moments, "amount": rng.lognormal(3, 1, n).round(2)})
    touches = orders.assign(
        occurred_at=moments, channel=rng.choice(["ads", "mail", "call"], n), is_conversion=rng.random(n) < 0.2, stage="decide"
    )
    labels, found = pd.Series(rng.choice(["S1", "S2"], 150)), []
    for seed, name in enumerate(("c{:03d}".format, lambda at: f"c{999 - 7 * at % 150:03d}")):
        rows = {"orders": orders, "touchpoints": touches.drop(columns=["ordered_at", "amount"])}
        rows = {
            table: each.assign(customer_id=each.customer_id.map(name)).sample(frac=1, random_state=seed) for table, each in rows.items()
        }
        there, named = tables(**rows, costs=COSTS), labels.set_axis(labels.index.map(name)).sample(frac=1, random_state=seed)
        told = [acquisition.by_segment(there, WINDOW, named), acquisition.velocity(there, WINDOW, named, STAGES)]
        found.append(pd.concat([*told, acquisition.cac(there, WINDOW)]))
    pd.testing.assert_frame_equal(*found, check_exact=True)
    assert found[0].low.notna().sum() > 20


def test_without_costs_orders_or_dates_tables_are_empty_and_keep_their_columns(there):
    for lost in ("costs", "orders", "touchpoints"):
        some = {name: table for name, table in there.items() if name != lost}
        found = acquisition.by_segment(some, WINDOW, LABELS)
        assert found.empty and list(found.columns) == EMPTY
    assert acquisition.acquired({}, WINDOW.start, WINDOW.as_of).empty
    none = acquisition.cac(there, None)
    assert none.empty and list(none.columns) == ["channel", "spend", "customers", "value", "low", "high", "why"]
    blended = acquisition.cac(some, WINDOW).set_index("channel")
    assert blended.value["all"] == pytest.approx(190 / 6) and blended.customers["unknown"] == 6, (
        "without contacts nobody's channel is known"
    )
    before = studies.Window(start="2024-12-01", as_of="2024-12-31", end="2025-01-02")
    assert acquisition.cac(there, before).empty and acquisition.by_segment(there, before, LABELS).empty


STAGES = ("aware", "consider", "decide", "stay")
WAYS = [  # of the window that opens on 1 March: a came back after a conversion, c skips the decision, d began before, e is too late
    *("a 01-05 aware", "a 01-06 decide!", "a 02-20 consider", "a 03-02 decide", "a 03-12 decide!", "a 03-14 stay!"),
    *("b 03-05 decide", "c 03-06 consider!", "d 02-27 decide", "d 03-07 decide!", "e 03-31 decide!", "f 02-01 decide!", "g 02-10 decide"),
]
DEALS = {
    "customer_id": ["a", "a", "a", "b", "d", "d"],
    "ordered_at": ["2025-03-12", "2025-03-20", "2025-02-28", "2025-03-09", "2025-03-30 23:59", "2025-03-31"],
    "amount": [100.0, 50, 1e6, 77, 40, 1e6],
}
SEGMENTS = pd.Series({"a": "S1", "b": "S1", "c": "S2", "d": "S2", "e": "S2", "f": "S3", "g": "S3"})


def ways(rows: list[str]) -> dict:
    cells = [row.split() for row in rows]
    return {
        "customer_id": [who for who, *_ in cells],
        "occurred_at": [f"2025-{day}" for _, day, _ in cells],
        "stage": [stage.rstrip("!") for *_, stage in cells],
        "channel": ["call"] * len(cells),
        "is_conversion": [stage.endswith("!") for *_, stage in cells],
    }


def test_velocity_is_opportunities_times_win_rate_times_deal_over_cycle():
    found = acquisition.velocity(tables(touchpoints=ways(WAYS), orders=DEALS), WINDOW, SEGMENTS, STAGES, "EUR").set_index(
        ["kpi", "segment"]
    )
    told = found.value.unstack().fillna(-1)
    assert told.loc["win_rate"].to_dict() == {"S1": 0.5, "S2": 1, "S3": -1, "all": pytest.approx(2 / 3)}
    assert told.loc["deal_size"].to_dict() == {"S1": 75, "S2": 40, "S3": -1, "all": pytest.approx(190 / 3)}
    assert told.loc["sales_cycle"].to_dict() == {"S1": 20, "S2": 8, "S3": -1, "all": 14}, "from the conversion before, if any"
    speed = {"S1": 2 * 0.5 * 75 / 20, "S2": 40 / 8, "S3": -1, "all": 3 * (2 / 3) * (190 / 3) / 14}
    assert told.loc["pipeline_velocity"].to_dict() == pytest.approx(speed) and found.unit["pipeline_velocity", "all"] == "EUR per day"
    n = found.n.unstack()[["S1", "S3", "all"]].T
    assert n.win_rate.tolist() == [2, 0, 3] and n.sales_cycle.tolist() == [1, 0, 2] and n.pipeline_velocity.tolist() == [2, 2, 7]


def test_its_standard_error_is_that_of_the_bootstrap():
    rng, n = np.random.default_rng(4), 500
    won = rng.random(n) < 0.3
    rows = pd.DataFrame({"opportunity": (won | (rng.random(n) < 0.4)) * 1.0, "won": won * 1.0})
    rows = rows.assign(orders=rng.integers(1, 4, n) * rows.won, days=rng.gamma(2, 9, n) * rows.won)
    rows = rows.assign(revenue=rows.orders * rng.lognormal(3, 0.8, n))
    found = acquisition._flow(rows)[3]
    drawn = [acquisition._flow(rows.iloc[rng.integers(0, n, n)])[3].value for _ in range(500)]
    assert found.se / found.value == pytest.approx(np.log(drawn).std(), rel=0.1) and found.events == won.sum()
    assert found.value == pytest.approx(won.sum() ** 2 * rows.revenue.sum() / (rows.orders.sum() * rows.days.sum()))


def test_without_stages_a_decision_orders_or_an_outcome_window_there_is_no_pipeline():
    there = tables(touchpoints=ways(WAYS), orders=DEALS)
    closed = WINDOW.model_copy(update={"end": WINDOW.as_of})
    bare = there | {"touchpoints": there["touchpoints"].drop("stage")}
    cases = [(there, None, STAGES), (there, closed, STAGES), (there, WINDOW, ("one", "two")), (bare, WINDOW, STAGES), ({}, WINDOW, STAGES)]
    for rows, window, stages in cases:
        found = acquisition.velocity(rows, window, SEGMENTS, stages)
        assert found.empty and list(found.columns) == EMPTY
