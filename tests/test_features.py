"""Features as a whole: who is in, what is known at as_of, and that nothing after it matters."""

from datetime import datetime

import nasty
import numpy as np
import pandas as pd
import pytest
from test_sources import online_retail  # noqa: F401

from segkit import behavior, features
from segkit.errors import BadInput
from segkit.features import fold
from segkit.tables import STAGES

AS_OF = datetime(2025, 2, 1)


def tables(**rows: dict) -> dict:
    """Canonical tables in the engine, from columns."""
    import ibis

    connection = ibis.duckdb.connect()
    return {name: connection.create_table(name, typed(name, pd.DataFrame(columns))) for name, columns in rows.items()}


def typed(name: str, rows: pd.DataFrame):
    """The rows with the types of the contract; attributes as they are."""
    import ibis

    from segkit.tables import DTYPES, TABLES

    known = TABLES[name].columns
    return ibis.memtable(rows).cast({column: DTYPES[known[column].dtype] for column in rows.columns if column in known})


def made(as_of=AS_OF, declared=features.NO_ATTRIBUTES, **rows) -> pd.DataFrame:
    return features.customer_features(tables(**rows), as_of, declared).execute().set_index("customer_id")


ORDERS = {
    "customer_id": ["a", "a", "a", "b", "b", "z"],
    "order_id": ["o1", "o1", "o2", "o3", "o4", "o5"],
    "amount": [1.1, 2.2, 3.0, 4.0, 5.0, 9.0],
    "ordered_at": ["2025-01-01 10:00", "2025-01-01 10:00", "2025-01-05 23:59", "2025-01-31 23:59:59", "2025-02-01 00:00", "2025-03-01"],
}
EVENTS = {
    "customer_id": ["a", "a", "a", "c", "b", "z"],
    "feature": ["x", "y", "x", "x", "x", "x"],
    "duration_seconds": [60, 90, 30, None, 600, 5],
    "occurred_at": ["2025-01-01 10:00", "2025-01-01 23:59", "2025-01-02", "2025-01-30", "2025-02-01 00:00", "2025-02-09"],
}
CUSTOMERS = {"customer_id": ["a", "n", "late"], "signed_up_at": ["2024-12-01", "2025-01-20 09:00", "2025-02-01 00:00"]}


def test_everyone_known_at_as_of_is_there_and_nobody_else():
    found = made(orders=ORDERS, events=EVENTS, customers=CUSTOMERS)
    assert list(found.index) == ["a", "b", "c", "n"]
    assert found.is_active.to_dict() == {"a": True, "b": True, "c": True, "n": False}


def test_who_was_never_active_has_counts_of_zero_and_no_dates():
    quiet = made(orders=ORDERS, events=EVENTS, customers=CUSTOMERS).loc["n"]
    assert (quiet[["n_orders", "spend", "active_days", "features_used", "active_days_per_week"]] == 0).all()
    assert quiet[["days_since_last_order", "mean_order_value", "minutes_per_active_day", "last_ordered_at", "last_used_on"]].isna().all()
    assert quiet.tenure_days == 12


def test_a_customer_table_without_times_makes_everybody_in_it_known():
    found = made(orders=ORDERS, customers={"customer_id": ["a", "n"]})
    assert list(found.index) == ["a", "b", "n"] and np.isnan(found.tenure_days["n"]) and found.tenure_days["a"] == 31


def test_a_customer_whose_sign_up_was_not_recorded_is_known_all_the_same():
    found = made(orders=ORDERS, customers={"customer_id": ["a", "n"], "signed_up_at": ["2024-12-01", None]})
    assert "n" in found.index


def test_orders_alone_and_events_alone_make_a_dataset():
    bought, used = made(orders=ORDERS), made(events=EVENTS)
    assert list(bought.index) == ["a", "b"] and "active_days" not in bought and bought.is_active.all()
    assert list(used.index) == ["a", "c"] and "n_orders" not in used and used.is_active.all()


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    """Customers who break things, in every table that features read, with rows on either side of as_of."""
    made = nasty.tables(11, per_kind=2)
    return {name: made[name].to_pandas() for name in ("customers", "orders", "events", "touchpoints")}


def in_engine(world: dict[str, pd.DataFrame]) -> dict:
    import ibis

    connection = ibis.duckdb.connect()
    return {
        name: connection.create_table(name, nasty.typed(name, rows.astype(object).where(rows.notna(), None).to_dict("records")))
        for name, rows in world.items()
    }


def everything(world: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every feature there is."""
    wanted = features.customer_features(in_engine(world), nasty.AS_OF, nasty.ATTRIBUTES, STAGES, nasty.USE_CASES)
    return wanted.to_pyarrow().to_pandas().set_index("customer_id")


@pytest.fixture(scope="module")
def known(world) -> pd.DataFrame:
    return everything(world)


TIMES = {"customers": "signed_up_at", "orders": "ordered_at", "events": "occurred_at", "touchpoints": "occurred_at"}


@pytest.mark.parametrize("seed", range(4))
def test_nothing_at_or_after_as_of_changes_any_feature(world, known, seed):
    """Rows at or after as_of are taken away, changed, moved and added, for customers who were known and for others."""
    rng, changed = np.random.default_rng(seed), {}
    for name, rows in world.items():
        late = rows[TIMES[name]] >= nasty.AS_OF
        future = rows[~late].sample(int(rng.integers(0, 40)), replace=True, random_state=seed).reset_index(drop=True)
        later = rng.choice([0, 1, 10**6, 86_400 * 10**6 * 300], len(future))
        future[TIMES[name]] = [nasty.AS_OF + pd.Timedelta(microseconds=int(each)) for each in later]
        if name == "customers":
            future["customer_id"] = [f"new{at}" for at in range(len(future))]
        else:
            strangers = rng.random(len(future)) < 0.2
            future["customer_id"] = np.where(strangers, "stranger", future.customer_id)
        changed[name] = pd.concat([rows[~late], future]).sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(everything(changed), known)


def test_the_order_of_rows_changes_no_digit_of_any_feature(world, known):
    pd.testing.assert_frame_equal(everything({name: rows.sample(frac=1, random_state=3) for name, rows in world.items()}), known)


def test_a_row_before_as_of_does_change_features(world, known):
    """The test above can fail."""
    late = (
        world["orders"].iloc[:1].assign(customer_id=known.index[0], ordered_at=nasty.AS_OF - pd.Timedelta(microseconds=1), is_return=False)
    )
    found = everything(world | {"orders": pd.concat([world["orders"], late.assign(order_id="last")])})
    assert found.n_orders[known.index[0]] == known.n_orders[known.index[0]] + 1 and found.days_since_last_order[known.index[0]] == 1


def test_every_column_is_in_the_glossary_or_a_moment_and_every_line_has_unit_and_meaning(known):
    glossary = features.glossary(None, nasty.ATTRIBUTES, "EUR", nasty.USE_CASES)
    moments = set(known) - set(glossary.feature)
    assert set(glossary.feature) <= set(known) and glossary.feature.is_unique
    assert all(name.endswith(("_at", "_on")) for name in moments - {"is_active", "born"}), moments
    assert known[list(moments - {"is_active"})].apply(lambda column: column.dtype.kind == "M" or name_of_dates(column)).all()
    own = glossary[~glossary.feature.isin(nasty.ATTRIBUTES)]
    assert own.unit.str.fullmatch(r"[\w/ ]+").all() and glossary.meaning.str.fullmatch(r".{12,}\.").all()
    numeric = features.numbers(glossary).feature
    assert len(numeric) >= 80 and all(known[name].dtype.kind in "iuf" for name in numeric)
    assert set(features.glossary(["orders"]).table) == {"customers", "orders"}
    assert set(features.glossary(["events"]).table) == {"customers", "events"}


def name_of_dates(column: pd.Series) -> bool:
    """Dates without a time of day come as objects."""
    return column.dropna().map(lambda each: hasattr(each, "year")).all()


def test_every_function_of_a_feature_module_is_a_grain_or_a_documented_feature():
    for module in features.MODULES:
        every = fold.defined(features.modules_of(module.TABLE))
        for name, function in fold.functions(module).items():
            assert function.__doc__, name
            assert name.startswith("per_") or fold.grain(function) in every or fold.grain(function) == "customer", name
        assert set(module.ABSENT) <= set(fold.functions(module)) and module.TABLE in TIMES


def test_an_unknown_clustering_column_is_refused_with_the_nearest_feature():
    with pytest.raises(BadInput, match="cluster_on names 'n_order', which is no feature of this dataset\n  do you mean 'n_orders'"):
        features.check_names(["spend", "n_order"], ["orders"])
    with pytest.raises(BadInput, match="active_days"):
        features.check_names(["active_days"], ["orders"])
    features.check_names(["spend", "tenure_days"], ["orders"])


def test_the_published_description_of_online_retail_comes_out(online_retail):  # noqa: F811
    found = features.customer_features(online_retail.tables, datetime(2011, 12, 10)).execute()
    recency, n_orders, spend = found.days_since_last_order, found.n_orders, found.spend
    assert (len(found), round(recency.mean(), 3), recency.median(), recency.max()) == (4_338, 93.059, 51, 374)
    assert (round(n_orders.mean(), 3), n_orders.median(), n_orders.max(), (n_orders == 1).sum()) == (4.272, 2, 209, 1_493)
    assert (round(spend.mean(), 3), round(spend.median(), 3), round(spend.max(), 2)) == (2054.266, 674.485, 280_206.02)
    fifth = behavior.concentration(found, "spend").iloc[3]
    assert (fifth.top, fifth.n, round(fifth.share, 4)) == (0.2, 868, 0.7462)
