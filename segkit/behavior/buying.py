"""How customers buy: RFM bins and names, classes, through which channels and kinds of goods, at which hours, in which months."""

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from segkit.behavior.distribution import interval
from segkit.features import NO_ATTRIBUTES, before
from segkit.features.orders import per_order
from segkit.features.rfm import NAMES
from segkit.sources.dataset import Reading

SCORED = {"recency_score": "days_since_last_order", "frequency_score": "n_orders", "monetary_score": "spend"}
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAYPARTS = {"night": (0, 5), "morning": (6, 11), "afternoon": (12, 17), "evening": (18, 23)}


def score_bins(customers: pd.DataFrame) -> pd.DataFrame:
    """The bins that ties really allow. Out: score (recency, frequency, monetary), bin (1 to 5), begins (the least value in it: for recency
    the most recent; of the lowest values none, which would be a person's), n, share (of buyers). Bins nobody is in are missing."""
    lines = []
    for name, column in SCORED.items():
        if name not in customers:
            continue
        buyers = customers[customers[name].notna()]
        least = buyers.groupby(name)[column].min()
        for place, n in buyers.groupby(name).size().items():
            begins = least[place] if least[place] > least.min() else float("nan")
            lines.append(
                {"score": name.removesuffix("_score"), "bin": int(place), "begins": float(begins), "n": int(n), "share": n / len(buyers)}
            )
    return pd.DataFrame(lines, columns=["score", "bin", "begins", "n", "share"])


def rfm(customers: pd.DataFrame) -> pd.DataFrame:
    """Buyers by the customary names. Out: name, codes (how many of the 125 combinations of scores bear it), n, share, spend_share."""
    columns = ["name", "codes", "n", "share", "spend_share"]
    if "rfm_name" not in customers:
        return pd.DataFrame(columns=columns)
    buyers = customers[customers.rfm_name != "none"]
    boxes = {}
    for name, *ranges in NAMES:
        size = 1
        for low, high in ranges:
            size *= high - low + 1
        boxes[name] = boxes.get(name, 0) + size
    spend = buyers.spend.sort_values().groupby(buyers.rfm_name).sum()
    total = buyers.spend.sort_values().sum()
    counts = buyers.rfm_name.value_counts()
    return pd.DataFrame(
        [
            {
                "name": name,
                "codes": codes,
                "n": int(counts.get(name, 0)),
                "share": counts.get(name, 0) / max(len(buyers), 1),
                "spend_share": spend.get(name, 0.0) / total if total else float("nan"),
            }
            for name, codes in boxes.items()
        ],
        columns=columns,
    )


def classes(
    customers: pd.DataFrame, glossary: pd.DataFrame, attributes: Mapping[str, Reading] = NO_ATTRIBUTES, least: float = 0.01
) -> pd.DataFrame:
    """How many customers bear each word. Out: feature, level, n, share, low, high (Wilson, 95 %), total.

    Levels rarer than `least` of the customers are one, `other`; where a word is not known, that is a level, too. Largest first, but
    attributes with an order (see `attributes`) in that.
    """
    lines = []
    for name, unit in zip(glossary.feature, glossary.unit):
        if unit not in ("class", "level") or name not in customers or customers[name].isna().all():
            continue
        order = list(attributes[name].ordered) if unit == "level" else []
        said = customers[name].map(dict(enumerate(order, 1))) if order else customers[name]
        words = said.astype("object").where(said.notna(), "not known").astype(str)
        counts = words.value_counts()
        rare = counts.index[(counts < least * len(words)) & (counts.index != "not known")]
        if len(rare) > 1 and not order:
            counts = words.mask(words.isin(rare), "other").value_counts()
        places = {level: at for at, level in enumerate(order)}
        ranked = sorted(counts.items(), key=lambda pair: (pair[0] in ("other", "not known"), places.get(pair[0], 0), -pair[1], pair[0]))
        lines += [
            {"feature": name, "level": level, "n": int(n), "share": n / len(words), **interval(int(n), len(words)), "total": len(words)}
            for level, n in ranked
        ]
    return pd.DataFrame(lines, columns=["feature", "level", "n", "share", "low", "high", "total"])


def mix(tables: dict, as_of: datetime | None, column: str) -> pd.DataFrame:
    """What is sold through each channel, or of each category. Out: level, n (customers), orders, revenue, share (of revenue), largest first.

    `column`: channel or category. Past the twentieth, levels are one, `other`. A customer may be in several rows.
    """
    columns = ["level", "n", "orders", "revenue", "share"]
    if as_of is None or "orders" not in tables or column not in tables["orders"].columns:
        return pd.DataFrame(columns=columns)
    rows = before(tables["orders"], "orders", as_of)
    rows = rows.filter(rows[column].notnull())
    sums = rows.group_by(level=rows[column]).aggregate(revenue=rows.amount.sum())
    top = sums.order_by(sums.revenue.desc(), "level").limit(20).level.execute().tolist()
    rows = rows.mutate(level=rows[column].isin(top).ifelse(rows[column], "other")) if top else rows.mutate(level=rows[column])
    orders = rows.group_by("customer_id", "level", order=rows.order_id if "order_id" in rows.columns else rows.ordered_at.cast("string"))
    placed = orders.aggregate(amount=rows.amount.sum())
    found = placed.group_by("level").aggregate(
        n=placed.customer_id.nunique(), orders=placed.count(), revenue=placed.amount.sum().cast("float64")
    )
    table = found.execute().sort_values(["revenue", "level"], ascending=[False, True], ignore_index=True)
    return table.assign(share=table.revenue / table.revenue.sum())[columns]


def clock(tables: dict, as_of: datetime | None) -> pd.DataFrame:
    """When orders are placed. Out: day (Mon to Sun), part (night 0–6, morning, afternoon, evening 18–24 o'clock), n (customers), orders,
    share (of orders). Empty without orders, and where every order carries midnight: those are dates without an hour."""
    columns = ["day", "part", "n", "orders", "share"]
    if as_of is None or "orders" not in tables:
        return pd.DataFrame(columns=columns)
    placed = per_order(before(tables["orders"], "orders", as_of))
    placed = placed.filter(placed.is_placed)
    found = placed.group_by(day=placed.ordered_at.date().day_of_week.index(), quarter=(placed.ordered_at.hour() / 6).floor().cast("int64"))
    table = found.aggregate(
        n=placed.customer_id.nunique(), orders=placed.count(), late=(placed.ordered_at != placed.ordered_at.truncate("D")).any()
    ).execute()
    if not table.late.any():
        return pd.DataFrame(columns=columns)
    every = pd.MultiIndex.from_product([range(7), range(4)], names=["day", "quarter"])
    table = table.set_index(["day", "quarter"])[["n", "orders"]].reindex(every, fill_value=0).reset_index()
    table["part"], table["day"] = table.quarter.map(dict(enumerate(DAYPARTS))), table.day.map(dict(enumerate(DAYS)))
    return table.assign(share=table.orders / table.orders.sum())[columns]


def seasons(monthly: pd.DataFrame) -> pd.DataFrame:
    """How far each calendar month lies from its year. In: `monthly`. Out: month (1 to 12), years, n (customers of those months), value.

    value: the month's revenue (or active customers) over the mean of its block of twelve whole months that ends at the cut-off date,
    averaged over the blocks; 1 is an ordinary month. Growth within a block is part of it. Empty without twelve whole months.
    """
    columns = ["month", "years", "n", "value"]
    name = "revenue" if "revenue" in monthly else "n"
    whole = monthly[monthly.complete.astype(bool) & monthly[name].notna()] if len(monthly) else monthly
    periods = pd.PeriodIndex(whole.month, freq="M").asi8 if len(whole) else []
    years = len(whole) // 12
    if not years or periods[-1] - periods[-12 * years] != 12 * years - 1:  # a month is missing among them
        return pd.DataFrame(columns=columns)
    whole = whole.iloc[-12 * years :].assign(block=[at // 12 for at in range(12 * years)])
    values = whole[name].astype("float64")
    index = values / values.groupby(whole.block).transform("mean")
    calendar = pd.PeriodIndex(whole.month, freq="M").month
    return pd.DataFrame(
        [
            {"month": month, "years": years, "n": int(whole.n[calendar == month].sum()), "value": float(index[calendar == month].mean())}
            for month in range(1, 13)
        ],
        columns=columns,
    )
