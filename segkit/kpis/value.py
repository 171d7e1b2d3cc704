"""What customers are worth after as_of. In: outcomes, one row per customer (see `segkit.kpis.outcomes`); out: one value per customer."""


def revenue(outcomes):
    """Revenue per customer in the outcome window; who bought nothing counts 0. [currency]"""
    return outcomes.revenue


def orders(outcomes):
    """Orders per customer in the outcome window; who bought nothing counts 0. [orders]"""
    return outcomes.orders


def aov(outcomes):
    """Average order value: revenue over orders of the segment. [currency]"""
    return outcomes.revenue, outcomes.orders
