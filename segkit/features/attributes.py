"""Attributes that came with the customers: numbers, yes/no answers and ordered levels become features, words and dates are carried along.

`attributes` is what the dataset declares: name -> how it is read, with kind, type, order of levels and whether it is sensitive.
"""

import sys
from collections.abc import Mapping

import ibis

from segkit.errors import BadInput
from segkit.sources.dataset import Reading

NUMERIC = {"integer": "", "number": "", "boolean": "yes/no"}  # type -> unit; a yes/no answer is 1 or 0, its mean the share of yes


def is_number(reading: Reading) -> bool:
    """Whether an attribute can be computed with."""
    return reading.type in NUMERIC or bool(reading.ordered)


def join(wide: ibis.Table, customers: ibis.Table | None, attributes: Mapping[str, Reading]) -> ibis.Table:
    """The wide table with a column per attribute: numbers, yes/no and places in an order as float64, else as they are; null where nothing
    is known. An attribute that informs by being known has NAME_known beside it, 1 or 0, also for whom the customer table lacks."""
    telling = [name for name, reading in attributes.items() if reading.missing_informs]
    if taken := [
        name for name in (*attributes, *map(known, telling)) if name in wide.columns or name in map(known, telling) and name in attributes
    ]:
        raise BadInput(
            f"customers: an attribute is called {', '.join(taken)}",
            "a feature of this dataset has that name",
            "give the attribute another name in the dataset file",
        )
    if not attributes:
        return wide
    rows = customers.select("customer_id", **{name: value(customers[name], reading) for name, reading in attributes.items()})
    wide = wide.left_join(rows, "customer_id").drop("customer_id_right")
    return wide.mutate(**{known(name): wide[name].notnull().ifelse(1, 0).cast("float64") for name in telling})


def known(name: str) -> str:
    """The column that says whether an attribute is known."""
    return f"{name}_known"


def value(column: ibis.Value, reading: Reading) -> ibis.Value:
    """An attribute's column as a feature; infinity, not-a-number and levels that are not in their order are missing."""
    if reading.ordered:
        return column.cases(*((level, place) for place, level in enumerate(reading.ordered, 1))).cast("float64")
    if reading.type not in NUMERIC:
        return column
    if reading.type == "boolean":
        return ibis.cases((column, 1), (~column, 0)).cast("float64")
    number = column.cast("float64")
    return ibis.cases((number.abs() <= sys.float_info.max, number))  # every engine sorts what is no number above all that are


def glossary(attributes: Mapping[str, Reading]) -> list[dict]:
    """Lines of the glossary of features; a word has the unit `class`, a place in an order `level`. Dates are carried along unlisted."""
    lines = []
    for name, reading in attributes.items():
        what = f"{reading.kind.capitalize()} attribute"
        secret = ", sensitive" * reading.sensitive
        if reading.ordered:
            said = f"{what}{secret}: 1 is {reading.ordered[0]}, {len(reading.ordered)} is {reading.ordered[-1]}."
            lines.append((name, "level", said))
        elif reading.type in NUMERIC:
            lines.append((name, NUMERIC[reading.type], f"{what}{', yes or no' * (reading.type == 'boolean')}{secret}."))
        elif reading.type == "string":
            lines.append((name, "class", f"{what}{secret}."))
        if reading.missing_informs:
            lines.append((known(name), "yes/no", f"Whether {name} is known, 1 or 0{secret}."))
    return [{"feature": name, "unit": unit, "table": "customers", "meaning": said} for name, unit, said in lines]


def check_sensitive(cluster_on: list[str], attributes: Mapping[str, Reading], why: str) -> list[str]:
    """The sensitive attributes that customers are clustered on. Raises BadInput unless a reason stands beside them, and only then."""
    secret = [name for name, reading in attributes.items() if reading.sensitive]
    used = [name for name in cluster_on if name in (*secret, *map(known, secret))]
    if used and not why.strip():
        raise BadInput(
            f"cluster_on names what the dataset calls sensitive: {', '.join(used)}",
            "sensitive attributes are kept out of clustering",
            "take them out of cluster_on, or give the reason in `sensitive_why`; reports will show it",
        )
    if why.strip() and not used:
        raise BadInput("sensitive_why is given, but cluster_on names nothing sensitive", do="take sensitive_why out of the study")
    return used
