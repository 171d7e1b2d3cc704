"""Upsell moments: after which contacts, or first uses of a feature, the next-higher purchase is more likely than at the same customers' other ones.

Comparing customers with each other would call every channel of heavy buyers an upsell moment, so each customer is compared with themselves, and
within a quarter, since interest comes and goes: in the same month, with as many orders behind them (a record is the harder to beat the more
orders it stands for) and as long after the last one (who buys regularly is not due yet). Contacts are compared with contacts, first uses with
first uses. Other moments soon after a real upsell moment share in it, which makes the difference look smaller than it is.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from scipy import sparse, stats
from statsmodels.stats.multitest import multipletests

from segkit.behavior.journeys import by_channel, shown, touches
from segkit.features import before, orders, paths

DAYS = 30  # in which the next-higher purchase has to follow
LEAST = 30  # customers to compare with themselves; a state with fewer is not tested
ORDERS, SINCE = (
    (0, 1, 2, 3, 5, 8),
    (-1, 0, 1, 2, 3, 5, 7, 14, 30, 60, 120),
)  # classes of orders so far and of days since the last: above each
QUARTERS = 100_000  # more than there are
COLUMNS = "kind state n n_compared moments rate base value low high p p_adjusted finding".split()


def upsell(tables: dict, as_of: datetime | None, stages: Sequence[str], days: int = DAYS, most: int = 12) -> pd.DataFrame:
    """A line per state: stage or channel of a contact, or first use of a feature (the `most` used channels and features).

    A moment is a contact that was no conversion, or a first use, of a customer who had ordered before, at least `days` before as_of. It is
    followed by an upgrade when an order within `days` calendar days is larger than every earlier one of this customer.
    Out: kind, state, n (customers with such a moment), n_compared (of them, who had other moments in the same quarter), moments, rate (of these
    followed by an upgrade), base (the rate that the same customers' other contacts, or first uses, lead to expect), value (rate - base), low,
    high (95 %), p, p_adjusted (two-sided; Holm over all states tested), finding: upsell moment (p_adjusted below 0.05, value above 0), not shown, or too few. None
    without orders or without a cut-off date.
    """
    found = collected(tables, as_of, stages, days, most)
    if found is None or not len(found[0]):
        return pd.DataFrame(columns=COLUMNS)
    moments, n, names = found
    lines = []
    for first_use, kinds in ((0, (("stage", "stage_rank"), ("channel", "state"))), (1, (("feature", "feature"),))):
        alike = moments[moments.is_first_use == first_use]
        compare = Within(alike, n) if len(alike) else None
        for kind, column in kinds:
            for at, name in enumerate(names[kind]):
                state = (alike[column] == at).to_numpy(float)
                if at and state.any():
                    lines.append({"kind": kind, "state": shown(name)} | compare.state(state))
    made = pd.DataFrame(lines, columns=COLUMNS)
    tested = made.p.notna().to_numpy()
    made["p_adjusted"] = made.p
    if tested.any():
        made.loc[tested, "p_adjusted"] = multipletests(made.p[tested].to_numpy(float), method="holm")[1]
    likely = ((made.p_adjusted < 0.05) & (made.value > 0)).to_numpy(bool)
    made["finding"] = np.select([~tested, likely], ["too few", "upsell moment"], "not shown")
    return made


def collected(tables: dict, as_of: datetime | None, stages: Sequence[str], days: int, most: int):
    """The moments of customers alike, told apart by a number each: (moments, customers in each group of `who`, names by kind); None without."""
    if as_of is None or "orders" not in tables or not {"touchpoints", "events"} & set(tables):
        return None
    placed = orders.per_order(before(tables["orders"], "orders", as_of))
    names, reached, first = {"stage": ("",), "channel": ("",), "feature": ("",)}, touches(tables, as_of, stages), None
    if reached is not None:
        reached, channels, _ = by_channel(reached, most)
        names |= {"channel": channels, "stage": ("", *stages) if "stage" in reached.columns else ("",)}
    if "events" in tables:
        first, names["feature"] = paths.first_uses(before(tables["events"], "events", as_of), most)
    widths = {"orders": len(ORDERS), "since": len(SINCE), "is_first_use": 2, "stage_rank": len(names["stage"])}
    widths |= {"state": len(names["channel"]), "feature": len(names["feature"]), "upgrade": 2}
    rows = paths.moments(placed, reached, first, as_of, days)
    behind = sum((rows.n_orders > least).ifelse(1, 0) for least in ORDERS[1:])
    since = sum((rows.days_since_order > least).ifelse(1, 0) for least in SINCE[1:])
    code = rows.month
    for part, width in zip((behind, since, rows.is_first_use, rows.stage_rank, rows.state, rows.feature, rows.upgrades), widths.values()):
        code = code * width + part
    found = paths.alike(rows, code).to_pyarrow()
    arrays = found["history"].combine_chunks()
    code = arrays.flatten().to_numpy(zero_copy_only=False)
    columns = {"who": np.repeat(np.arange(len(arrays)), arrays.value_lengths().to_numpy(zero_copy_only=False))}
    for name in reversed(widths):
        code, columns[name] = np.divmod(code, widths[name])
    return pd.DataFrame(columns | {"month": code}), found["n"].to_numpy(), names


class Within:
    """Moments compared within customers and quarters, what else is known of them taken out: least squares with fixed effects of customers by
    quarter, of months by class of orders, and of classes of days since the last order by class of orders."""

    def __init__(self, moments: pd.DataFrame, n: np.ndarray):
        """moments: who (a group of customers alike), month, orders, since, upgrade; n: customers in each group."""
        first = pd.factorize(moments.month * len(ORDERS) + moments.orders, sort=True)[0]
        strata = np.r_[first, pd.factorize(moments.since * len(ORDERS) + moments.orders, sort=True)[0] + first.max() + 1]
        self.who, self.n = moments.who.to_numpy(), n.astype(float)
        self.cell, cells = pd.factorize(moments.who * QUARTERS + moments.month // 3, sort=True)
        self.owner = np.asarray(cells) // QUARTERS
        self.weight, self.size = self.n[self.who], np.bincount(self.cell)
        self.strata = sparse.csr_matrix((np.ones(len(strata)), (np.tile(np.arange(len(moments)), 2), strata)))
        self.counts = sparse.csr_matrix((np.ones(len(moments)), (self.cell, np.arange(len(moments))))) @ self.strata
        self.each = self.n[self.owner] / self.size
        inside = self.counts.multiply(self.each[:, None])
        self.normal = np.linalg.pinv((self.strata.T @ self.strata.multiply(self.weight[:, None]) - self.counts.T @ inside).toarray())
        self.upgrade = moments.upgrade.to_numpy(float)
        self.left = self.residual(self.upgrade)

    def residual(self, value: np.ndarray) -> np.ndarray:
        """What is left of a value when the customer in that quarter, the month, and the classes of orders and of days have said theirs."""
        sums = np.bincount(self.cell, weights=value)
        effect = self.normal @ (self.strata.T @ (self.weight * value) - self.counts.T @ (self.each * sums))
        return value - self.strata @ effect - ((sums - self.counts @ effect) / self.size)[self.cell]

    def state(self, state: np.ndarray) -> dict:
        """How much more often an upgrade follows the moments of a state (1) than the same customers' others (0).

        Standard error: robust, clustered by customer, each weighed up by what it decides itself (as HC3 does); t with n_compared - 1 degrees.
        """
        had = np.bincount(self.cell, weights=state)
        compared = int(self.n[np.unique(self.owner[(had > 0) & (had < self.size)])].sum())
        moments = int((self.weight * state).sum())
        rate = float((self.weight * state * self.upgrade).sum() / moments)
        made = {"n": int(self.n[np.unique(self.owner[had > 0])].sum()), "n_compared": compared, "moments": moments, "rate": rate}
        apart = self.residual(state)
        decides = np.bincount(self.who, weights=apart**2, minlength=len(self.n))
        total = float(self.n @ decides)
        if compared < LEAST or total < 1e-9 * moments:
            return made
        value = float((self.weight * apart * self.left).sum() / total)
        score = np.bincount(self.who, weights=apart * (self.left - value * apart), minlength=len(self.n)) / (1 - decides / total)
        error = float(np.sqrt(self.n @ score**2) / total)
        if not error:
            return made
        half = stats.t.ppf(0.975, compared - 1) * error
        p = float(2 * stats.t.sf(abs(value) / error, compared - 1))
        return made | {"base": rate - value, "value": value, "low": value - half, "high": value + half, "p": p}
