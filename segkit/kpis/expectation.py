"""What a model of repeat buying expects of each customer after as_of: orders, whether still there, and what that is worth (BG/NBD or
Pareto/NBD, Gamma-Gamma).

The model knows nothing but x, t_x and T of a customer: what it expects is a baseline, and its worth is a forecast, not an outcome.
"""

from datetime import datetime
from typing import NamedTuple

import ibis
import numpy as np
import pandas as pd

from segkit.kpis import clv
from segkit.kpis.repeat import repeat_purchases
from segkit.studies import Window, outcome_days

MONTH = 365.25 / 12  # days
DRAWS = 100  # of the bootstrap
LOOKED_AT = 5000  # customers of whom intervals are computed: their mean is then known far better than the parameters
HISTORY = ["x", "t_x", "T"]
COLUMNS = ["segment", "kpi", "unit", "value", "low", "high", "n"]


class Expectation(NamedTuple):
    """`purchases` of those with an order before as_of (see `repeat_purchases`); the fitted models, None where the data cannot tell them, and
    why not."""

    purchases: pd.DataFrame
    orders: clv.BgNbd | clv.ParetoNbd | None
    amounts: clv.GammaGamma | None
    reason: str = ""


def expectation(tables: dict[str, ibis.Table], as_of: datetime | None, customers: pd.Index) -> Expectation:
    """Fit the models to `customers` with an order before as_of: BG/NBD, or where these cannot tell it, Pareto/NBD, in which leaving has nothing
    to do with ordering."""
    if as_of is None or "orders" not in tables:
        return Expectation(pd.DataFrame(columns=[*HISTORY, "mean_amount"]), None, None, "a forecast of orders needs orders with dates")
    purchases = repeat_purchases(tables["orders"], as_of)
    purchases = purchases[purchases.index.isin(customers)]
    history = [purchases[name].to_numpy("float64") for name in HISTORY]
    orders, why = None, []
    for fit in (clv.fit_bg_nbd, clv.fit_pareto_nbd):
        try:
            orders = orders or fit(*history)
        except clv.NotIdentified as error:
            why.append(str(error))
    if orders is None:
        return Expectation(purchases, None, None, "; ".join(dict.fromkeys(why)))
    spent = purchases[(purchases.x == 0) | (purchases.mean_amount > 0)]
    try:
        amounts = clv.fit_gamma_gamma(spent.x.to_numpy("float64"), spent.mean_amount.to_numpy("float64"))
    except clv.NotIdentified as error:
        return Expectation(purchases, orders, None, str(error))
    return Expectation(purchases, orders, amounts)


def expected_orders(found: Expectation, days: float, customers: pd.Index) -> pd.Series | None:
    """Orders expected of each customer in the `days` after as_of; missing for who never ordered. None without a model."""
    if found.orders is None:
        return None
    history = (found.purchases[name].to_numpy("float64") for name in HISTORY)
    return pd.Series(found.orders.expected_orders(days, *history), index=found.purchases.index).reindex(customers)


def calibration(found: Expectation, tables: dict[str, ibis.Table], window: Window | None) -> pd.DataFrame:
    """Days with an order in the outcome window, expected beside seen, in tenths of buyers by what was expected (see `clv.calibration`)."""
    if found.orders is None or not outcome_days(window):
        return pd.DataFrame(columns=["decile", "n", "expected", "observed", "low", "high"])
    expected = expected_orders(found, window.days, found.purchases.index)
    seen = repeat_purchases(tables["orders"], window.end).x.reindex(found.purchases.index) - found.purchases.x
    return clv.calibration(expected.to_numpy(), seen.to_numpy("float64"))


def by_segment(
    found: Expectation, labels: pd.Series, months: int, annual_discount: float, margin_share: float, seed: int, currency: str = "currency"
) -> pd.DataFrame:
    """What is expected of each segment in the months after as_of. Out: segment, kpi, unit, value, low, high, n (who had ordered before).

    kpi: p_alive (share still there at as_of), expected_orders, and clv: margin_share of what those orders are worth, discounted by the year.
    Means per customer with the middle 95 % of 100 bootstrap refits: uncertainty of the model's parameters, not of the future.
    """
    buyers = found.purchases.join(labels.rename("segment"), how="inner").dropna(subset="segment")
    if found.orders is None or buyers.empty:
        return pd.DataFrame(columns=COLUMNS)
    n = buyers.groupby("segment").size()
    looked_at = by_values(buyers, LOOKED_AT, seed)
    lasting = np.ones(len(looked_at)) if found.amounts is None else discounted(found.orders, looked_at, months, annual_discount)
    columns = [found.purchases[name].to_numpy("float64") for name in HISTORY]
    models = [found.orders, *clv.bootstrap(found.orders, *columns, seed=seed, draws=DRAWS)]
    amounts = [None] * len(models)
    if found.amounts is not None:
        spent = found.purchases[(found.purchases.x == 0) | (found.purchases.mean_amount > 0)]
        again = clv.bootstrap(found.amounts, spent.x.to_numpy("float64"), spent.mean_amount.to_numpy("float64"), seed=seed + 1, draws=DRAWS)
        amounts = [found.amounts, *again]
    means = [of_each(*pair, looked_at, months, lasting * margin_share) for pair in zip(models, amounts)]
    units = {"p_alive": "share", "expected_orders": "orders", "clv": currency}
    lines = []
    for kpi in means[0].columns:
        for segment in sorted(n.index, key=lambda name: (len(name), name)):
            drawn = [each.loc[segment, kpi] for each in means[1:]]
            low, high = np.nanquantile(drawn, [0.025, 0.975], method="weibull") if np.isfinite(drawn).any() else (np.nan, np.nan)
            lines.append((segment, kpi, units[kpi], means[0].loc[segment, kpi], low, high, int(n[segment])))
    return pd.DataFrame(lines, columns=COLUMNS)


def of_each(
    orders: clv.BgNbd | clv.ParetoNbd, amounts: clv.GammaGamma | None, buyers: pd.DataFrame, months: int, lasting: np.ndarray
) -> pd.DataFrame:
    """Mean of each segment by one draw of the models: p_alive, expected_orders, clv."""
    history = [buyers[name].to_numpy("float64") for name in HISTORY]
    expected = orders.expected_orders(months * MONTH, *history)
    told = pd.DataFrame({"p_alive": orders.p_alive(*history), "expected_orders": expected}, index=buyers.index)
    if amounts is not None:
        told["clv"] = expected * amounts.expected_amount(history[0], buyers.mean_amount.fillna(0.0)) * lasting
    return told.groupby(buyers.segment).mean()


def discounted(orders: clv.BgNbd | clv.ParetoNbd, buyers: pd.DataFrame, months: int, annual_discount: float) -> np.ndarray:
    """What an order in the months after as_of is worth today on average: (n,) shares, by when each customer's orders are expected."""
    by_month = clv.expected_orders_per_month(orders, months, MONTH, *(buyers[name].to_numpy("float64") for name in HISTORY))
    total = by_month.sum(axis=1)
    return np.divide(clv.value(by_month, 1.0, annual_discount=annual_discount), total, out=np.ones_like(total), where=total > 0)


def by_values(buyers: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most so many buyers, drawn from them in the order of their values: nobody's name has a say."""
    ordered = buyers.sort_values([*HISTORY, "mean_amount", "segment"], kind="stable")
    if len(ordered) <= most:
        return ordered
    return ordered.iloc[np.sort(np.random.default_rng(seed).choice(len(ordered), most, replace=False))]
