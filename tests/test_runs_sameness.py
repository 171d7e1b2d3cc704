"""Customers whom nothing tells apart are refused by the real notebooks: exit code 2, the message, and the last good report untouched."""

import pandas as pd
import pytest
from conftest import tree, write_study

from segkit import errors, runs


def alike(bench):
    """Everybody ordered once, at one moment, for one price, and did nothing else."""
    customers = pd.read_csv(bench / "data" / "raw" / "demo" / "customers.csv")
    orders = pd.read_csv(bench / "data" / "raw" / "demo" / "orders.csv").head(1).drop(columns=["customer_id", "order_id"])
    same = orders.loc[[0] * len(customers)].assign(
        customer_id=customers.customer_id.to_numpy(), order_id=[f"O{n}" for n in range(len(customers))]
    )
    same.assign(ordered_at="2025-03-01 12:00:00", amount="10.00", is_return=False).to_csv(
        bench / "data" / "raw" / "demo" / "orders.csv", index=False
    )


def silent(bench):
    """Nobody's sessions have any length."""
    path = bench / "data" / "raw" / "demo" / "events.csv"
    pd.read_csv(path).assign(duration_seconds=0).to_csv(path, index=False)


@pytest.mark.parametrize(
    ("spoil", "cluster_on", "said"),
    [
        (alike, ["days_since_last_order", "n_orders", "spend"], "all customers are identical"),
        (silent, ["n_orders", "minutes_per_active_day"], "minutes_per_active_day: the same for everyone"),
    ],
)
def test_what_tells_nobody_apart_is_refused(bench, spoil, cluster_on, said):
    published = bench / "reports" / "same" / "2025-01-01-00000000"
    published.mkdir(parents=True)
    (published / "index.html").write_text("the last good report")
    before = tree(bench / "reports")
    spoil(bench)
    study = write_study(bench, "same", cluster_on=cluster_on, as_of="2025-09-01", k_max=2)
    with pytest.raises(errors.BadInput) as refused:
        runs.run(study)
    assert said in str(refused.value) and refused.value.exit_code == 2
    assert tree(bench / "reports") == before
