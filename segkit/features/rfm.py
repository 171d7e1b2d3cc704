"""Scores and classes of buyers beside all others: RFM, its names, and heavy, medium and light.

Everybody stands at the average rank of those alike: equal values get equal scores, and bins are as even as ties allow, no evener.
"""

import ibis

from segkit.features.fold import ranked

TABLE = "orders"
ABSENT: dict[str, int] = {}
SCORES = 5
HEAVY, MEDIUM = 0.2, 0.5  # the top fifth; the next 30 %
# The customary names as boxes of R, F and M scores: every code lies in exactly one of them (a test counts).
NAMES = (
    ("champions", (4, 5), (4, 5), (4, 5)),
    ("loyal", (4, 5), (4, 5), (1, 3)),
    ("loyal", (3, 3), (4, 5), (1, 5)),
    ("potential loyalists", (4, 5), (2, 3), (1, 5)),
    ("new", (5, 5), (1, 1), (1, 5)),
    ("promising", (4, 4), (1, 1), (1, 5)),
    ("needs attention", (3, 3), (3, 3), (1, 5)),
    ("about to sleep", (3, 3), (1, 2), (1, 5)),
    ("cannot lose", (1, 2), (4, 5), (4, 5)),
    ("at risk", (1, 2), (4, 5), (1, 3)),
    ("at risk", (1, 2), (3, 3), (1, 5)),
    ("hibernating", (2, 2), (1, 2), (1, 5)),
    ("lost", (1, 1), (1, 2), (1, 5)),
)


def recency_score(customer):
    """1 to 5 by fifths of buyers, 5 for the most recent order; equal values score alike. [score]"""
    return _score(customer, -customer.days_since_last_order)


def frequency_score(customer):
    """1 to 5 by fifths of buyers, 5 for the most orders; equal values score alike. [score]"""
    return _score(customer, customer.n_orders)


def monetary_score(customer):
    """1 to 5 by fifths of buyers, 5 for the highest spend; equal values score alike. [score]"""
    return _score(customer, customer.spend)


def buyer_class(customer):
    """Heavy (top 20 % of buyers by spend), medium (next 30 %), light (the others), none (no order); equal spend is classed alike. [class]"""
    twice, n = ranked(customer, customer.n_orders > 0, customer.spend)
    below = twice.cast("float64") / (2 * n).cast("float64")
    return ibis.cases((customer.n_orders == 0, "none"), (below > 1 - HEAVY, "heavy"), (below > 1 - MEDIUM, "medium"), else_="light")


def rfm_name(customer):
    """The customary name of a customer's R, F and M scores: champions, loyal, … lost; none without an order. [class]"""
    scores = (customer.recency_score, customer.frequency_score, customer.monetary_score)
    fits = [(scores[0].between(*r) & scores[1].between(*f) & scores[2].between(*m), name) for name, r, f, m in NAMES]
    return ibis.cases((customer.n_orders == 0, "none"), *fits)


def _score(customer, column):
    """The fifth of buyers that a value lies in, from 1 to 5."""
    twice, n = ranked(customer, customer.n_orders > 0, column)
    return ((SCORES * (twice + 1)).cast("float64") / (2 * n).cast("float64")).ceil().cast("int64")
