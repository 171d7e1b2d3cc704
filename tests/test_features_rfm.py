"""RFM: ties score alike, every code has one name, and the baseline of plain labels agrees."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from test_features import made

from segkit import baselines
from segkit.features import rfm


def test_each_of_the_125_codes_lies_in_exactly_one_box():
    for code in product(range(1, 6), repeat=3):
        fits = [name for name, *box in rfm.NAMES if all(low <= score <= high for score, (low, high) in zip(code, box))]
        assert len(fits) == 1, (code, fits)
    assert len({name for name, *_ in rfm.NAMES}) == 11


def orders(counts: list[int], amounts: list[float]) -> dict:
    rows = [(f"c{at:03}", f"{at}-{n}", amounts[at]) for at, count in enumerate(counts) for n in range(count)]
    return {
        "customer_id": [row[0] for row in rows],
        "order_id": [row[1] for row in rows],
        "amount": [row[2] for row in rows],
        "ordered_at": [pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(row[0][1:]) % 28) for row in rows],
    }


def test_equal_values_score_alike_and_bins_are_as_even_as_ties_allow():
    found = made(orders=orders([1] * 6 + [2] * 3 + [9], [10.0] * 10))
    # average ranks 3.5, 8 and 10 of ten: the second, fourth and fifth fifth
    assert found.frequency_score.value_counts().to_dict() == {2: 6, 4: 3, 5: 1}
    assert found.monetary_score.nunique() == 3 and found.recency_score.is_monotonic_increasing


@pytest.mark.parametrize("seed", range(3))
def test_the_scores_are_those_of_exact_arithmetic_and_of_the_baseline(seed):
    rng = np.random.default_rng(seed)
    found = made(orders=orders(list(rng.geometric(0.4, 100)), list(rng.integers(1, 9, 100).astype(float))))
    for score, values in (
        ("recency_score", -found.days_since_last_order),
        ("frequency_score", found.n_orders),
        ("monetary_score", found.spend),
    ):
        below, alike = (values.to_numpy() < values.to_numpy()[:, None]).sum(1), (values.to_numpy() == values.to_numpy()[:, None]).sum(1)
        exact = -(-5 * (2 * below + alike + 1) // (2 * len(values)))
        assert (found[score] == exact).all(), score
    code = (
        found.recency_score.astype(int).astype(str)
        + found.frequency_score.astype(int).astype(str)
        + found.monetary_score.astype(int).astype(str)
    )
    assert (baselines.rfm(found) == code).all()


def test_names_are_those_of_the_scores_and_nobody_without_an_order_has_one():
    found = made(orders=orders([1, 5, 3, 2, 8] * 4, [3.0, 9.0] * 10), customers={"customer_id": ["quiet"]})
    assert found.rfm_name["quiet"] == "none" and found.buyer_class["quiet"] == "none" and pd.isna(found.recency_score["quiet"])
    for row in found.drop("quiet").itertuples():
        code = (row.recency_score, row.frequency_score, row.monetary_score)
        assert row.rfm_name == next(name for name, *box in rfm.NAMES if all(low <= score <= high for score, (low, high) in zip(code, box)))


def test_a_fifth_is_heavy_and_the_next_three_tenths_are_medium():
    found = made(orders=orders([1] * 100, [float(at) for at in range(1, 101)]), customers={"customer_id": ["quiet"]})
    assert found.buyer_class.value_counts().to_dict() == {"light": 50, "medium": 30, "heavy": 20, "none": 1}
    assert (found.sort_values("spend").buyer_class.iloc[-20:] == "heavy").all()
    alike = made(orders=orders([1] * 10, [5.0] * 10))
    assert set(alike.buyer_class) == {"light"} and set(alike.frequency_score) == {3}


def test_one_buyer_alone_is_scored():
    found = made(orders=orders([1], [5.0])).iloc[0]
    assert (found.recency_score, found.frequency_score, found.monetary_score) == (5, 5, 5)
