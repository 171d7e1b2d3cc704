"""What fitted models say of groups of customers, whether it came true, and what it is worth."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from segkit.kpis import intervals
from segkit.kpis.clv.data import checked


def expected_by_group(model, draws: list, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, t: float, labels: ArrayLike) -> pd.DataFrame:
    """Mean orders expected in (T, T + t] of each group of customers. Out: group, value, low, high, n; groups sorted.

    model : fitted BG/NBD or Pareto/NBD; draws : its `bootstrap`. x, t_x, T, labels : (n,) of the customers to forecast, who need not be
    those of the fit; who has no label is in no group. low, high : the middle 95 % of the draws. They hold the expectation, uncertain
    because parameters are estimated. What the group will be seen to do varies around its expectation, and falls outside more often.
    """
    history = dict(zip(("x", "t_x", "T"), checked(x, t_x, T)))
    alike = pd.DataFrame({"group": np.asarray(labels), **history}).groupby(["group", *history]).size().reset_index(name="n")
    group, groups = pd.factorize(alike.group)
    count, columns = alike.n.to_numpy(), [alike[name].to_numpy() for name in history]
    n = np.bincount(group, count)

    def means(of) -> np.ndarray:
        return np.bincount(group, count * of.expected_orders(t, *columns)) / n

    # Hyndman and Fan's sixth: the k-th of B draws stands at k/(B + 1). The usual seventh holds 93 % between its limits for B = 100
    low, high = np.quantile([means(draw) for draw in draws], [0.025, 0.975], axis=0, method="weibull")
    return pd.DataFrame({"group": groups, "value": means(model), "low": low, "high": high, "n": n.astype(int)})


def calibration(expected: ArrayLike, observed: ArrayLike, groups: int = 10) -> pd.DataFrame:
    """Orders expected beside orders seen, in tenths of customers by what was expected. Out: decile, n, expected, observed, low, high.

    expected, observed : (n,) of the same customers. low, high : 95 % interval of the mean observed (`intervals.mean`); NaN where all
    did the same. Customers of whom the same is expected stay together, in the tenth that holds their middle: a large tie leaves the
    tenths around it empty, and these have no row. `groups` : another number of groups than ten.
    """
    expected, observed = np.asarray(expected, dtype=float), np.asarray(observed, dtype=float)
    if expected.ndim != 1 or expected.shape != observed.shape or not np.isfinite(expected).all():
        raise ValueError(f"calibration takes one finite expectation and one observation a customer: {expected.shape}, {observed.shape}")
    told_apart = expected.round(10)  # the last digits of a float are no expectation
    middle = pd.Series(told_apart).rank(method="average").to_numpy() - 0.5
    table = pd.DataFrame({"decile": (middle * groups / len(expected)).astype(int) + 1, "expected": expected, "observed": observed})
    lines = []
    for decile, rows in table.sort_values(["decile", "expected", "observed"]).groupby("decile"):
        seen = intervals.mean(rows.observed.sort_values())
        lines.append((decile, seen.n, float(rows.expected.mean()), seen.value, seen.low, seen.high))
    return pd.DataFrame(lines, columns=["decile", "n", "expected", "observed", "low", "high"])


def expected_orders_per_month(model, months: int, month: float, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> np.ndarray:
    """(n, months) orders expected in each of the months after T; `month` is the length of one in the model's unit of time."""
    until = [model.expected_orders(month * k, x, t_x, T) for k in range(months + 1)]
    return np.diff(until, axis=0).T


def value(expected_orders_per_month: ArrayLike, mean_value: ArrayLike, *, annual_discount: float, margin: float = 1.0) -> np.ndarray:
    """Customer lifetime value over the horizon: the sum over months of margin x value of an order x orders expected in month t,
    discounted by (1 + annual_discount)^(t/12), t = 1, 2, ... (at the end of each month).

    expected_orders_per_month : (months,) of a customer or a mean customer, or (n, months); mean_value : of an order, in the currency, one
    number or (n,); margin : share of the amount that is left, 1 where the study has none: then this is revenue, and has to be called so.
    Out: in the currency, one number or (n,).
    """
    orders = np.asarray(expected_orders_per_month, dtype=float)
    if not annual_discount > -1:
        raise ValueError(f"annual_discount is a share above -1, such as 0.1: got {annual_discount}")
    discounted = (orders / (1 + annual_discount) ** (np.arange(1, orders.shape[-1] + 1) / 12)).sum(axis=-1)
    return margin * np.asarray(mean_value, dtype=float) * discounted
