"""Customer features: one row per known customer, computed from what happened before as_of and from nothing else.

A feature is a function named as its column; its first parameter names its grain (`per_order`, `per_day`, … or `customer`), and
its docstring is its definition, with the unit in brackets.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import reduce
from types import MappingProxyType, ModuleType

import ibis
import pandas as pd

from segkit.errors import BadInput, nearest
from segkit.features import attributes, orders, tenure, usage
from segkit.features.attributes import check_sensitive
from segkit.sources.dataset import Reading
from segkit.tables import TABLES

MODULES = {"customers": tenure, "orders": orders, "events": usage}
NO_ATTRIBUTES: Mapping[str, Reading] = MappingProxyType({})

__all__ = ["check_names", "check_sensitive", "customer_features", "glossary"]


def functions(module: ModuleType) -> dict[str, Callable]:
    """The functions a feature module defines, in the order of the page."""
    return {
        name: function for name, function in vars(module).items() if inspect.isfunction(function) and function.__module__ == module.__name__
    }


def grain(function: Callable) -> str:
    """The name of a function's first parameter."""
    return next(iter(inspect.signature(function).parameters))


def before(rows: ibis.Table, table: str, as_of: datetime) -> ibis.Table:
    """The rows of a canonical table that were known at as_of. This is the only time filter features have."""
    return rows.filter(rows[TABLES[table].time] < as_of)


def spine(tables: dict[str, ibis.Table], as_of: datetime) -> ibis.Table:
    """Every customer known at as_of: signed up, or seen in orders or events before it. Out: customer_id, first_seen_at."""
    seen = []
    for name in ("customers", "orders", "events"):
        if name in tables and TABLES[name].time in tables[name].columns:
            time = tables[name][TABLES[name].time]
            rows = tables[name].filter((time < as_of) | time.isnull())  # a sign-up that was not recorded does not undo the customer
            seen.append(rows.select("customer_id", seen_at=rows[TABLES[name].time].cast("timestamp")))
        elif name in tables:
            seen.append(tables[name].select("customer_id", seen_at=ibis.null("timestamp")))
    return reduce(lambda a, b: a.union(b), seen).group_by("customer_id").aggregate(first_seen_at=lambda rows: rows.seen_at.min())


def add(wide: ibis.Table, module: ModuleType, rows: ibis.Table | None, as_of: datetime) -> ibis.Table:
    """Join a module's features to the wide table: one aggregation per grain, then the functions of the finished customer row."""
    defined = functions(module)
    for name, make_grain in defined.items():
        if not name.startswith("per_"):
            continue
        grained = make_grain(rows)
        columns = {column: function(grained) for column, function in defined.items() if grain(function) == name}
        made = grained.group_by("customer_id").aggregate(**columns)
        wide = wide.left_join(made, "customer_id").drop("customer_id_right")
        wide = wide.mutate(**{column: wide[column].fill_null(value) for column, value in module.ABSENT.items() if column in columns})
    for column, function in defined.items():
        if grain(function) == "customer":
            wants_time = "as_of" in inspect.signature(function).parameters
            wide = wide.mutate(**{column: function(wide, as_of) if wants_time else function(wide)})
    return wide


def customer_features(tables: dict[str, ibis.Table], as_of: datetime | None, declared: Mapping[str, Reading] = NO_ATTRIBUTES) -> ibis.Table:
    """One row per known customer with every feature the tables allow, and the attributes the dataset declares.

    In: canonical tables; as_of, None for a cross-sectional dataset; attributes (see `segkit.features.attributes`). Out: customer_id,
    the numeric columns of `glossary`, moments, text attributes, is_active (may be clustered).
    """
    known = everyone(tables) if as_of is None else observed(tables, as_of)
    return attributes.join(known, tables.get("customers"), declared).order_by("customer_id")


def observed(tables: dict[str, ibis.Table], as_of: datetime) -> ibis.Table:
    """What everyone known at as_of did before it; who was never active has counts 0 and no dates. Money is summed as decimal and leaves
    as float64. is_active: any order or event before as_of."""
    wide = add(spine(tables, as_of), tenure, None, as_of)
    for name, module in MODULES.items():
        if name in tables and module is not tenure:
            wide = add(wide, module, before(tables[name], name, as_of), as_of)
    active = [wide[column] > 0 for column in ("n_orders", "active_days") if column in wide.columns]
    wide = wide.mutate(is_active=reduce(lambda a, b: a | b, active))
    money = [name for name, dtype in wide.schema().items() if dtype.is_decimal()]
    return wide.mutate(**{name: wide[name].cast("float64") for name in money})


def everyone(tables: dict[str, ibis.Table]) -> ibis.Table:
    """Everyone in a dataset without dates: the customer table, or whoever the other tables name. Out: customer_id, is_active (true)."""
    named = [tables["customers"]] if "customers" in tables else [table for table in tables.values() if "customer_id" in table.columns]
    rows = reduce(lambda a, b: a.union(b), [table.select("customer_id") for table in named])
    return rows.distinct().mutate(is_active=ibis.literal(True))


def glossary(
    tables: "list[str] | dict | None" = None, declared: Mapping[str, Reading] = NO_ATTRIBUTES, currency: str = "currency"
) -> pd.DataFrame:
    """What each numeric feature means. Out: feature, unit, table, meaning; only those of `tables`, when given, and declared attributes.

    Money is in `currency`; the unit of a yes/no answer is `share`, of another attribute unknown.
    """
    lines = [
        {
            "feature": name,
            "unit": currency if unit[1] == "currency" else unit[1],
            "table": table,
            "meaning": function.__doc__.strip().removesuffix(unit[0]).strip(),
        }
        for table, module in MODULES.items()
        if tables is None or (table in tables or module is tenure) and {"orders", "events"} & set(tables)
        for name, function in functions(module).items()
        if (unit := re.search(r"\[(\w+)\]$", (function.__doc__ or "").strip()))
    ]
    return pd.DataFrame(lines + attributes.glossary(declared), columns=["feature", "unit", "table", "meaning"])


def check_names(cluster_on: list[str], tables: "list[str] | dict", declared: Mapping[str, Reading] = NO_ATTRIBUTES) -> None:
    """Raise BadInput for a clustering column that is no numeric feature of these tables."""
    known = list(glossary(tables, declared).feature)
    for name in cluster_on:
        if name in known:
            continue
        if name in declared:
            raise BadInput(
                f"cluster_on names {name!r}, an attribute of type {declared[name].type}",
                "customers are clustered on numbers and on yes/no answers",
                "take it out of cluster_on, or declare it integer, number or boolean in the dataset file",
            )
        hint = nearest(name, known) if known else "it has none: neither orders, events nor attributes that are numbers or yes/no"
        raise BadInput(f"cluster_on names {name!r}, which is no feature of this dataset", hint, "see `segkit features`")
