"""The demo data: same bytes for the same seed, the columns and the dirt it promises, and a truth that can be found again."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from segkit import demo

AS_OF = pd.Timestamp("2025-10-03")
COLUMNS = {
    "customers": "customer_id signed_up_at consent_marketing age_band gender region country price_attitude device main_need company_size",
    "orders": "customer_id ordered_at amount order_id product_id category quantity unit_price channel is_return",
    "events": "customer_id occurred_at feature duration_seconds session_id",
    "touchpoints": "customer_id occurred_at stage channel cost is_conversion",
    "contacts": "customer_id campaign_id contacted_at is_control opened clicked converted revenue cost",
    "feedback": "customer_id given_at csat nps topic",
    "costs": "period_start channel amount",
}
TIMES = {
    "customers": "signed_up_at",
    "orders": "ordered_at",
    "events": "occurred_at",
    "touchpoints": "occurred_at",
    "contacts": "contacted_at",
    "feedback": "given_at",
}


@pytest.fixture(scope="module")
def export():
    return demo.make(1000, seed=7)


@pytest.fixture(scope="module")
def tables(export):
    return export[0]


@pytest.fixture(scope="module")
def truth(export):
    return export[1]


def written(folder, seed):
    demo.write(folder / "raw", folder / "apart" / "truth.csv", customers=200, seed=seed)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path):
    first = written(tmp_path / "first", seed=7)
    assert set(first) == {"apart/truth.csv"} | {f"raw/{name}.csv" for name in COLUMNS}
    assert written(tmp_path / "second", seed=7) == first
    other = written(tmp_path / "other", seed=8)
    assert all(other[name] != first[name] for name in first)


def test_the_folder_is_private_and_writing_again_replaces_the_files_and_leaves_nothing_partial(tmp_path):
    before = written(tmp_path, seed=7)
    assert (tmp_path / "raw").stat().st_mode & 0o777 == 0o700
    assert written(tmp_path, seed=7) == before
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == sorted(f"{name}.csv" for name in COLUMNS)


def test_as_written_money_has_two_decimals_times_are_naive_and_unknown_is_empty(tmp_path):
    written(tmp_path, seed=7)
    text = {name: pd.read_csv(tmp_path / "raw" / f"{name}.csv", dtype=str, keep_default_na=False) for name in COLUMNS}
    money = {"orders": ["amount", "unit_price"], "contacts": ["cost"], "touchpoints": ["cost"], "costs": ["amount"]}
    for table, columns in money.items():
        assert all(text[table][column].str.fullmatch(r"-?\d+\.\d\d").all() for column in columns), table
    assert text["contacts"].revenue.str.fullmatch(r"(\d+\.\d\d)?").all()
    for table, column in TIMES.items():
        assert text[table][column].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").all(), (table, column)
    assert text["costs"].period_start.str.fullmatch(r"\d{4}-\d\d-01").all()
    assert text["customers"].customer_id.str.fullmatch(r"C\d{6}").all()
    assert (text["orders"].customer_id == "").any() and not text["orders"].isin(["nan", "None", "<NA>", "NaT"]).any(axis=None)


def test_every_table_has_exactly_its_columns_and_none_knows_the_truth(tables, truth):
    assert {name: list(rows.columns) for name, rows in tables.items()} == {name: text.split() for name, text in COLUMNS.items()}
    names = set(demo.plan.PLAN.story) | set(truth.segment)
    assert not any(rows[column].isin(names).any() for rows in tables.values() for column in rows.select_dtypes(["object", "str"]))


def test_five_segments_of_unequal_size_and_some_customers_of_none(tables, truth):
    shares = truth.segment.value_counts(normalize=True)
    assert set(shares.index) == {"power", "steady", "shelfware", "newcomers", "occasional", "none"}
    assert shares.drop("none").max() > 1.8 * shares.drop("none").min() and shares.min() >= 0.08
    assert 0.08 <= shares["none"] <= 0.16
    assert truth.customer_id.is_unique and list(truth.customer_id) == list(tables["customers"].customer_id)


def test_some_known_customers_never_did_anything_and_some_came_after_as_of(tables, truth):
    customers = tables["customers"]
    seen = pd.concat([rows.customer_id for name, rows in tables.items() if name not in ("customers", "costs")])
    silent = ~customers.customer_id.isin(seen)
    later = customers.signed_up_at >= AS_OF
    assert 0.02 <= silent.mean() <= 0.03 and 0.01 <= later.mean() <= 0.03
    assert set(truth.segment[silent | later]) == {"none"}


def test_all_time_is_2024_and_2025_sorted_after_signing_up_and_the_last_day_has_activity(tables):
    signed_up_at = tables["customers"].set_index("customer_id").signed_up_at
    for name, column in TIMES.items():
        rows = tables[name].dropna(subset="customer_id")
        assert rows[column].is_monotonic_increasing
        assert name == "touchpoints" or (rows[column] >= rows.customer_id.map(signed_up_at)).all(), name
        assert rows[column].between("2024-01-01", "2025-12-31 23:59:59").all()
    last = max(tables["orders"].ordered_at.max(), tables["events"].occurred_at.max())
    assert last.normalize() + pd.Timedelta(days=1 - 90) == AS_OF


def test_orders_are_dirty_in_the_shares_promised(tables):
    orders = tables["orders"]
    assert 0.015 < orders.is_return.mean() < 0.026
    assert (orders.amount[orders.is_return] < 0).all() and (orders.quantity[orders.is_return] < 0).all()
    assert (orders.amount[~orders.is_return] > 0).all()
    assert np.allclose(orders.amount, orders.quantity * orders.unit_price)
    assert 0.006 < orders.customer_id.isna().mean() < 0.014
    assert 0.003 < orders.duplicated().mean() < 0.007
    placed = orders[~orders.is_return].groupby("order_id").ordered_at.min()
    back = orders[orders.is_return]
    assert (back.ordered_at > back.order_id.map(placed)).mean() > 0.5


def test_steady_customers_answer_campaigns_and_the_last_campaign_falls_after_as_of(tables, truth):
    contacts = tables["contacts"].merge(truth, on="customer_id")
    rate = contacts.groupby([contacts.segment == "steady", "is_control"]).converted.mean().unstack()
    lift = rate[False] - rate[True]
    assert lift[True] > 0.1 and abs(lift[False]) < 0.06
    assert contacts.opened.isna().equals(contacts.is_control) and contacts.revenue.notna().equals(contacts.converted)
    assert contacts.groupby("campaign_id").contacted_at.min().max() > AS_OF


def test_the_planted_segments_are_found_again(tables, truth):
    features = study_features(tables)
    matrix = features.fillna(features.median())
    skewed = [name for name in matrix if matrix[name].min() >= 0 and matrix[name].skew() > 1]
    matrix[skewed] = np.log1p(matrix[skewed])
    matrix = (matrix - matrix.mean()) / matrix.std(ddof=0)
    labels = KMeans(5, n_init=5, random_state=0).fit_predict(matrix)
    segment = truth.set_index("customer_id").segment[matrix.index]
    assert adjusted_rand_score(segment[segment != "none"], labels[segment != "none"]) >= 0.8
    assert np.bincount(labels).min() >= 0.05 * len(labels)


def study_features(tables):
    """The demo study's seven features of customers active before as_of, by hand."""
    orders = tables["orders"].drop_duplicates()
    orders = orders[(orders.ordered_at < AS_OF) & ~orders.is_return].groupby("customer_id")
    events = tables["events"].assign(day=tables["events"].occurred_at.dt.normalize())
    events = events[events.day < AS_OF].groupby("customer_id")
    counts = pd.DataFrame(
        {
            "n_orders": orders.order_id.nunique(),
            "spend": orders.amount.sum(),
            "active_days": events.day.nunique(),
            "features_used": events.feature.nunique(),
        }
    ).fillna(0)
    signed_up_at = tables["customers"].set_index("customer_id").signed_up_at
    return counts.assign(
        days_since_last_order=(AS_OF - orders.ordered_at.max().dt.normalize()).dt.days,
        minutes_per_active_day=events.duration_seconds.sum() / 60 / events.day.nunique(),
        tenure_days=(AS_OF - signed_up_at[counts.index].dt.normalize()).dt.days,
    )
