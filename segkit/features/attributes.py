"""Attributes that came with the customers: numbers and yes/no answers become features, text and dates are carried along.

`attributes` is what the dataset declares: name -> how it is read, with kind, type and whether it is sensitive.
"""

from collections.abc import Mapping

import ibis

from segkit.errors import BadInput
from segkit.sources.dataset import Reading

NUMERIC = {"integer": "", "number": "", "boolean": "share"}  # type -> unit; a yes/no answer is 1 or 0, its mean the share of yes


def numeric(attributes: Mapping[str, Reading]) -> dict[str, Reading]:
    """The attributes that can be computed with."""
    return {name: reading for name, reading in attributes.items() if reading.type in NUMERIC}


def join(wide: ibis.Table, customers: ibis.Table | None, attributes: Mapping[str, Reading]) -> ibis.Table:
    """The wide table with a column per attribute: numbers and yes/no as float64, else as they are; null where nothing is known."""
    if taken := [name for name in attributes if name in wide.columns]:
        raise BadInput(
            f"customers: an attribute is called {', '.join(taken)}",
            "a feature of this dataset has that name",
            "give the attribute another name in the dataset file",
        )
    if not attributes:
        return wide
    rows = customers.select("customer_id", **{name: value(customers[name], reading.type) for name, reading in attributes.items()})
    return wide.left_join(rows, "customer_id").drop("customer_id_right")


def value(column: ibis.Value, kind: str) -> ibis.Value:
    """An attribute's column as a feature; infinity and not-a-number are missing."""
    if kind not in NUMERIC:
        return column
    number = column.cast("float64")
    return ibis.cases((~(number.isnan() | number.isinf()), number))


def glossary(attributes: Mapping[str, Reading]) -> list[dict]:
    """Lines of the glossary of features."""
    return [
        {
            "feature": name,
            "unit": NUMERIC[reading.type],
            "table": "customers",
            "meaning": f"{reading.kind.capitalize()} attribute{', yes or no' * (reading.type == 'boolean')}{', sensitive' * reading.sensitive}.",
        }
        for name, reading in numeric(attributes).items()
    ]


def check_sensitive(cluster_on: list[str], attributes: Mapping[str, Reading], why: str) -> list[str]:
    """The sensitive attributes that customers are clustered on. Raises BadInput unless a reason stands beside them, and only then."""
    used = [name for name in cluster_on if name in attributes and attributes[name].sensitive]
    if used and not why.strip():
        raise BadInput(
            f"cluster_on names what the dataset calls sensitive: {', '.join(used)}",
            "sensitive attributes are kept out of clustering",
            "take them out of cluster_on, or give the reason in `sensitive_why`; reports will show it",
        )
    if why.strip() and not used:
        raise BadInput("sensitive_why is given, but cluster_on names nothing sensitive", do="take sensitive_why out of the study")
    return used
