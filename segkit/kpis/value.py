"""What customers are worth after as_of. In: outcomes, one row per customer (see `segkit.kpis.outcomes`); out: one value per customer."""

import ibis

from segkit.features.orders import per_order


def bought(orders: ibis.Table) -> ibis.Table:
    """What each customer bought. Out: customer_id, revenue, orders, last_at, and margin where it is recorded. What was given back is taken
    off the revenue of the stretch in which it came back, and is no order."""
    placed = per_order(orders)
    kept = placed.group_by("customer_id").aggregate(
        revenue=placed.amount.sum().cast("float64"),
        orders=placed.count(where=placed.is_placed),
        last_at=placed.ordered_at.max(where=placed.is_placed),
    )
    if "margin" not in orders.columns:
        return kept
    earned = orders.group_by("customer_id").aggregate(margin=orders.margin.sum().cast("float64"))
    return kept.left_join(earned, "customer_id").drop("customer_id_right")


def revenue(outcomes):
    """Revenue per customer in the outcome window, returns taken off; who bought nothing counts 0. [currency]"""
    return outcomes.revenue


def margin(outcomes):
    """Margin per customer in the outcome window: what is left after the goods are paid; who bought nothing counts 0. [currency]"""
    return outcomes.margin


def orders(outcomes):
    """Orders per customer in the outcome window; who bought nothing counts 0. [orders]"""
    return outcomes.orders


def revenue_share(outcomes):
    """Share of all customers' revenue of the outcome window that the segment brings. [share]"""
    return outcomes.revenue


def aov(outcomes):
    """Average order value: revenue over orders of the segment. [currency]"""
    return outcomes.revenue, outcomes.orders


def revenue_retention(outcomes):
    """Net revenue retention: revenue of the outcome window over that of the stretch of equal length before it, of the customers who spent
    in the latter. [share]"""
    return spenders(outcomes, outcomes.revenue)


def gross_retention(outcomes):
    """Gross revenue retention: the same without expansion, each customer counting at most what they spent before; never above 100 %. [share]"""
    return spenders(outcomes, outcomes[["revenue", "revenue_before"]].min(axis=1).clip(lower=0))


def spenders(outcomes, after):
    """Two columns, after and before, of those who spent before as_of; missing for the others."""
    spent = outcomes.revenue_before > 0
    return after.where(spent), outcomes.revenue_before.where(spent)
