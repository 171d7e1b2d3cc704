"""Values far from the others are told by a rule that they cannot bend, the same for every order of rows."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segkit.sources.quality import outliers
from segkit.tables import Column

MONEY = {"amount": Column("money", "price", "currency")}
NUMBER = {"amount": Column("number", "age", "years")}


def line(values, columns=MONEY, customers=None) -> dict:
    rows = pd.DataFrame({"amount": np.array(values, dtype=float)})
    if customers is not None:
        rows["customer_id"] = customers
    connection = ibis.duckdb.connect()
    kind = "decimal(18, 4)" if columns is MONEY else "float64"
    kept = connection.create_table("kept", rows).cast({"amount": kind})
    [found] = outliers.lines("orders", kept, columns, "EUR") or [{}]
    return found


def test_money_is_compared_by_its_size_on_a_log_scale():
    usual = np.round(np.exp(np.random.default_rng(1).uniform(2, 4, 2000)), 2)
    found = line([*usual, 100000.0, -100000.0, 0.0001, 0.0])
    assert (found["scale"], found["unit"], found["rows"], found["unusual"]) == ("log", "EUR", 2004, 3)
    assert found["share"] == round(3 / 2004, 6) and found["total_share"] == pytest.approx(200000 / (200000 + usual.sum()), abs=0.002)
    exact = np.median(np.log(usual)) + 3.5 * 1.4826 * np.median(np.abs(np.log(usual) - np.median(np.log(usual))))
    assert found["usual_to"] == pytest.approx(np.exp(exact), rel=0.02)
    assert found["median"] == pytest.approx(np.median(usual), rel=0.01)


def test_what_is_not_skewed_is_compared_as_it_is():
    found = line([*np.random.default_rng(1).uniform(30, 70, 999), 200.0], NUMBER)
    assert line([*range(20)], NUMBER)["usual_from"] == 0 > line([*range(-1, 20)], NUMBER)["usual_from"]
    assert (found["scale"], found["unusual"]) == ("plain", 1) and 95 < found["usual_to"] < 110


def test_outliers_cannot_hide_behind_each_other():
    usual = np.random.default_rng(1).normal(50, 5, 700)
    assert line([*usual, *[500.0] * 300], NUMBER)["unusual"] == 300


def test_where_most_values_are_equal_the_usual_span_is_what_nearly_all_keep():
    assert line([1.0] * 600 + [2.0] * 200 + [3.0] * 195 + [400.0] * 5, NUMBER)["unusual"] == 5
    assert line([12.3456] * 100)["unusual"] == 0 and line([12.3456] * 1000 + [99.0])["unusual"] == 1


def test_a_column_without_values_has_no_line():
    assert line([None, None], NUMBER) == {} and line([0.0, 0.0], NUMBER)["unusual"] == 0


def test_the_customers_behind_unusual_values_and_behind_the_ends_are_counted():
    values, customers = [*range(100, 300), 10**6, 10**6], [*(f"p{n}" for n in range(200)), "p0", "p0"]
    found = line([float(value) for value in values], customers=customers)
    assert (found["unusual"], found["customers"]) == (2, 1) and found["tail"] == 2
    assert line([1.0, 2.0])["tail"] is None and line([1.0, 2.0])["customers"] is None, "costs are of nobody"


def test_neither_the_order_of_rows_nor_their_digits_beyond_four_change_anything():
    values = np.random.default_rng(2).lognormal(3, 1, 5000).round(4)
    one, other = line(values), line(values[::-1])
    assert one == other
    rounded = line([float(f"{value:.4g}") for value in values])
    assert {name: rounded[name] for name in ("p1", "median", "p99", "usual_to", "unusual")} == {
        name: one[name] for name in ("p1", "median", "p99", "usual_to", "unusual")
    }


def test_no_smallest_and_no_largest_value_is_told():
    values = [float(value) for value in range(1, 1001)]
    assert not {1.0, 1000.0} & {value for name, value in line(values).items() if name in ("p1", "median", "p99")}


@pytest.mark.parametrize("size", [1e-300, 1e-7, 1.0, 1971.0, 9999.4999, 1e300])
def test_any_size_is_rounded_to_four_digits(size):
    found = line([size, -size], NUMBER)
    assert found["p99"] == pytest.approx(size, rel=0.0005) == -found["p1"]
