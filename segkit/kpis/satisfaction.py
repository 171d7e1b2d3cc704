"""What customers say after as_of. In: outcomes, one row per customer (see `segkit.kpis.outcomes`); out: values per customer, missing for
who did not answer."""

import ibis

SATISFIED = 4  # of 5


def said(feedback: ibis.Table) -> list[ibis.Table]:
    """The last answer of each customer to each question; of answers at one moment the lower. Out, a table per question: customer_id, csat |
    nps."""
    tables = []
    for name in ("csat", "nps"):
        if name in feedback.columns:
            rows = feedback.filter(feedback[name].notnull())
            rows = rows.mutate(latest=rows.given_at.max().over(ibis.window(group_by="customer_id")))
            last = rows.filter(rows.given_at == rows.latest)
            tables.append(last.group_by("customer_id").aggregate(**{name: last[name].min().cast("float64")}))
    return tables


def csat(outcomes):
    """Share of satisfied customers, 4 or 5 of 5, among those who answered in the outcome window. [share]"""
    return (outcomes.csat >= SATISFIED).astype(float).where(outcomes.csat.notna())


def nps(outcomes):
    """Net promoter score: share of 9 and 10 less share of 0 to 6, of 10, among those who answered in the outcome window. [share]"""
    return outcomes.nps


def answered(outcomes):
    """Share of the segment's customers who answered a survey in the outcome window; the others are unheard. [share]"""
    return outcomes.answered
