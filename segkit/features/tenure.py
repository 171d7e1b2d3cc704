"""What is known of every customer, whichever tables there are."""

import ibis

TABLE = "customers"
ABSENT: dict[str, int] = {}


def tenure_days(customer, as_of):
    """Calendar days from the day a customer was first seen (signed up, ordered or used the product) to as_of. [days]"""
    return ibis.literal(as_of).date().delta(customer.first_seen_at.date(), unit="day")
