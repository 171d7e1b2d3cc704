"""KPIs of the outcome window for any labels: a clustering, RFM cells, random. Nothing here knows of algorithms.

Every customer assigned at as_of is in the denominator; who did nothing counts 0. A KPI that asks only some of them, such as those who
answered a survey, says so, and its n is theirs.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd

from segkit.kpis import campaigns, engagement, intervals, retention, satisfaction, survival, value
from segkit.kpis.engagement import adoption
from segkit.kpis.measured import PERIOD, Seen, outcomes, seen
from segkit.kpis.returning import returning

__all__ = [
    "KPIS",
    "PERIOD",
    "Kpi",
    "Seen",
    "adoption",
    "available",
    "by_segment",
    "estimate",
    "estimates",
    "in_shares",
    "one_value_per_customer",
    "outcomes",
    "returning",
    "seen",
    "staying",
]


class Kpi(NamedTuple):
    """How a KPI is computed, what kind of number it is, the columns of `outcomes` it needs, in words what those come
    from, and whether it is skewed, so that hypotheses use it capped.

    kind: proportion (0 or 1 per customer), mean, ratio (two columns), nps (scores of 0 to 10), share (of a total over all customers).
    """

    per_customer: Callable
    kind: str
    needs: tuple[str, ...]
    source: str
    capped: bool = False

    @property
    def unit(self) -> str:
        return re.search(r"\[(\w+)\]", self.per_customer.__doc__)[1]

    @property
    def meaning(self) -> str:
        return " ".join(inspect.getdoc(self.per_customer).rsplit("[", 1)[0].split())


KPIS = {
    "revenue": Kpi(value.revenue, "mean", ("revenue",), "orders", capped=True),
    "margin": Kpi(value.margin, "mean", ("margin",), "orders with their margin", capped=True),
    "orders": Kpi(value.orders, "mean", ("orders",), "orders", capped=True),
    "revenue_share": Kpi(value.revenue_share, "share", ("revenue",), "orders"),
    "aov": Kpi(value.aov, "ratio", ("revenue", "orders"), "orders", capped=True),
    "revenue_retention": Kpi(value.revenue_retention, "ratio", ("revenue", "revenue_before"), "orders"),
    "gross_retention": Kpi(value.gross_retention, "ratio", ("revenue", "revenue_before"), "orders"),
    "retention": Kpi(retention.retention, "proportion", ("is_active",), "orders or events"),
    "churn": Kpi(retention.churn, "proportion", ("is_active", "was_active"), "orders or events"),
    "staying_on": Kpi(retention.staying_on, "proportion", ("came_late",), "orders or events, and an outcome window of more than 30 days"),
    "engagement": Kpi(engagement.engagement, "proportion", ("usage_days",), "events"),
    "usage_days": Kpi(engagement.usage_days, "mean", ("usage_days",), "events"),
    "features_tried": Kpi(engagement.features_tried, "mean", ("features_tried",), "events"),
    "stickiness": Kpi(engagement.stickiness, "ratio", ("usage_days_of_month",), "events, and an outcome window of at least 28 days"),
    "delivered": Kpi(campaigns.delivered, "mean", ("contacts",), "dated contacts"),
    "conversion": Kpi(campaigns.conversion, "proportion", ("contacts", "converted"), "dated contacts"),
    "open_rate": Kpi(campaigns.open_rate, "ratio", ("contacts", "opened"), "dated contacts that say who opened them"),
    "click_rate": Kpi(campaigns.click_rate, "ratio", ("contacts", "clicked"), "dated contacts that say who clicked"),
    "revenue_per_contact": Kpi(campaigns.revenue_per_contact, "ratio", ("contacts", "paid"), "dated contacts with their revenue"),
    "campaign_roi": Kpi(campaigns.campaign_roi, "ratio", ("contacts", "paid", "cost"), "dated contacts with revenue and cost"),
    "lead_to_customer": Kpi(campaigns.lead_to_customer, "proportion", ("orders", "is_lead"), "orders"),
    "csat": Kpi(satisfaction.csat, "proportion", ("csat",), "feedback"),
    "nps": Kpi(satisfaction.nps, "nps", ("nps",), "feedback"),
    "answered": Kpi(satisfaction.answered, "proportion", ("answered",), "feedback"),
}
HOW = {"proportion": intervals.proportion, "mean": intervals.mean, "ratio": intervals.ratio, "nps": intervals.net_promoters}
SHARES = {"revenue_share": "revenue"}  # shares of a total: the column that is added up
COLUMNS = ["segment", "kpi", "unit", "value", "low", "high", "n", "se", "events"]


def available(outcomes: pd.DataFrame) -> list[str]:
    """The KPIs these outcomes allow: none without an outcome window."""
    return [name for name, kpi in KPIS.items() if set(kpi.needs) <= set(outcomes)]


def estimate(kpi: str, outcomes: pd.DataFrame) -> intervals.Estimate:
    """One KPI over the rows of `outcomes`, with its interval; a name ending in `_capped` is the capped mean.

    Who is not asked (a missing value) is left out and not counted in n. Sums run over sorted values, so that the order of customers changes
    no digit.
    """
    return estimated(kpi, asked(kpi, outcomes))


def asked(kpi: str, outcomes: pd.DataFrame) -> np.ndarray:
    """What a KPI is computed from: one column, two for a ratio, one row per customer; missing for who is not asked."""
    name = kpi.removesuffix("_capped")
    if name != kpi:
        capped = [f"{column}_capped" for column in KPIS[name].needs]
        outcomes = outcomes[capped].set_axis(list(KPIS[name].needs), axis=1)
    values = KPIS[name].per_customer(outcomes)
    return np.column_stack(values if isinstance(values, tuple) else [values])


def estimated(kpi: str, values: np.ndarray) -> intervals.Estimate:
    """The KPI of some customers, from what it is computed from."""
    columns = values[~np.isnan(values).any(axis=1)].T
    how = HOW[KPIS[kpi.removesuffix("_capped")].kind]
    return how(*(columns[:, np.lexsort(columns[::-1])] if len(columns) > 1 else np.sort(columns)))


def estimates(kpi: str, labels: pd.Series, outcomes: pd.DataFrame) -> dict[str, intervals.Estimate]:
    """One KPI of every segment, in their order. `labels` and `outcomes` are indexed by customer_id over the same customers."""
    outcomes, members = part(outcomes, labels.index), labels.groupby(labels).indices
    names = sorted(members, key=by_number)
    if kpi in SHARES:
        return {name: intervals.share_of_total(outcomes[SHARES[kpi]], (labels == name).to_numpy()) for name in names}
    values = asked(kpi, outcomes)
    return {name: estimated(kpi, values[members[name]]) for name in names}


def part(outcomes: pd.DataFrame, customers: pd.Index) -> pd.DataFrame:
    """The outcomes of some customers, in their order."""
    return outcomes if outcomes.index.equals(customers) else outcomes.loc[customers]


def by_number(segment: str) -> tuple[int, str]:
    """S2 comes before S10."""
    return len(segment), segment


def by_segment(labels: pd.Series, outcomes: pd.DataFrame, names: list[str], currency: str = "currency") -> pd.DataFrame:
    """Every KPI for every segment and for all. Out: segment, kpi, unit, value, low, high, n, se, events; what is skewed also capped.

    `labels` and `outcomes` are indexed by customer_id over the same customers. Shares of a total have no line for all.
    """
    lines, outcomes = [], part(outcomes, labels.index)
    for name in (shown for each in names for shown in ([each, f"{each}_capped"] if KPIS[each].capped else [each])):
        found = estimates(name, labels, outcomes) | ({} if name in SHARES else {"all": estimate(name, outcomes)})
        unit = KPIS[name.removesuffix("_capped")].unit
        shown = {"kpi": name, "unit": currency if unit == "currency" else unit}
        lines += [{"segment": segment, **shown, **asdict(each)} for segment, each in found.items()]
    return pd.DataFrame(lines, columns=COLUMNS)


def one_value_per_customer(kpi: str, outcomes: pd.DataFrame) -> np.ndarray:
    """The column a hypothesis is tested on: what is skewed capped, the rest as it is; missing for who is not asked."""
    if KPIS[kpi].capped:
        return outcomes[f"{kpi}_capped"].to_numpy()
    return np.asarray(KPIS[kpi].per_customer(outcomes), dtype=float)


def in_shares(test: str, kpi: str) -> bool:
    """Whether what a hypothesis measures is a share, or a difference of shares."""
    return test in ("top_share", "beats_baseline") or (test != "trend" and KPIS[kpi].unit == "share")


def staying(labels: pd.Series, outcomes: pd.DataFrame) -> tuple[pd.DataFrame, survival.LogRank]:
    """How long the customers of each segment were heard of (`survival.curve`), and whether segments differ (`survival.log_rank`). Empty, and
    undecidable, where nobody's last day is known."""
    if "last_day" not in outcomes or outcomes.attrs["days"] < 2:
        return pd.DataFrame(columns=survival.COLUMNS), survival.LogRank(np.nan, 0, np.nan)
    durations, gone = survival.until_silence(outcomes.last_day.loc[labels.index], outcomes.attrs["days"])
    return survival.curve(labels, durations, gone), survival.log_rank(labels, durations, gone)
