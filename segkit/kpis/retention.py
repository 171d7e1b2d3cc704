"""Who stays after as_of. In: outcomes, one row per customer (see `segkit.kpis.outcomes`); out: 0 or 1 per customer."""


def retention(outcomes):
    """Share of the segment's customers with at least one order or event in the outcome window. [share]"""
    active = outcomes[[name for name in ("orders", "active_days") if name in outcomes]].sum(axis=1)
    return (active > 0).astype(float)


def engagement(outcomes):
    """Share of the segment's customers (all are eligible) who used the product on at least one day a week of the outcome window. [share]"""
    return (outcomes.active_days * 7 >= outcomes.attrs["days"]).astype(float)
