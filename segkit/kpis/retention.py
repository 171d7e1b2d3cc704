"""Who stays after as_of. In: outcomes, one row per customer (see `segkit.kpis.outcomes`); out: 0 or 1 per customer, missing for who is not asked."""


def retention(outcomes):
    """Share of the segment's customers with at least one order or event in the outcome window. [share]"""
    return outcomes.is_active


def churn(outcomes):
    """Share of those active in the stretch of equal length before as_of who did nothing in the outcome window; 1 less it is period
    retention. [share]"""
    return (1 - outcomes.is_active).where(outcomes.was_active == 1)


def staying_on(outcomes):
    """Rolling retention: share of the segment's customers with an order or event on the 30th day after as_of or later. [share]"""
    return outcomes.came_late
