"""Customer features: one row per known customer, computed from what happened before as_of and from nothing else.

A feature is a function named as its column; its first parameter names its grain (`per_order`, `per_day`, … or `customer`), and
its docstring is its definition, with the unit in brackets.
"""

import inspect
import re
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from types import ModuleType

import ibis
import pandas as pd

from segkit.errors import BadInput, nearest
from segkit.features import attributes, orders, usage
from segkit.tables import TABLES

MODULES = {"customers": attributes, "orders": orders, "events": usage}


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


def customer_features(tables: dict[str, ibis.Table], as_of: datetime) -> ibis.Table:
    """One row per known customer with every feature the tables allow; customers never active have counts 0 and no dates.

    In: canonical tables. Out: customer_id, first_seen_at, the columns of `glossary`, is_active (any order or event before as_of).
    Money is summed as decimal and leaves as float64.
    """
    wide = add(spine(tables, as_of), attributes, None, as_of)
    for name, module in MODULES.items():
        if name in tables and module is not attributes:
            wide = add(wide, module, before(tables[name], name, as_of), as_of)
    active = [wide[column] > 0 for column in ("n_orders", "active_days") if column in wide.columns]
    wide = wide.mutate(is_active=reduce(lambda a, b: a | b, active))
    money = [name for name, dtype in wide.schema().items() if dtype.is_decimal()]
    return wide.mutate(**{name: wide[name].cast("float64") for name in money}).order_by("customer_id")


def glossary(tables: "list[str] | dict | None" = None, currency: str = "currency") -> pd.DataFrame:
    """What each numeric feature means. Out: feature, unit, table, meaning; only those of `tables`, when given. Money is in `currency`."""
    lines = []
    for table, module in MODULES.items():
        if tables is not None and table not in tables and module is not attributes:
            continue
        for name, function in functions(module).items():
            if unit := re.search(r"\[(\w+)\]$", (function.__doc__ or "").strip()):
                lines.append(
                    {
                        "feature": name,
                        "unit": currency if unit[1] == "currency" else unit[1],
                        "table": table,
                        "meaning": function.__doc__.strip().removesuffix(unit[0]).strip(),
                    }
                )
    return pd.DataFrame(lines)


def check_names(cluster_on: list[str], tables: "list[str] | dict") -> None:
    """Raise BadInput for a clustering column that no feature of these tables computes."""
    known = list(glossary(tables).feature)
    for name in cluster_on:
        if name not in known:
            raise BadInput(f"cluster_on names {name!r}, which is no feature of this dataset", nearest(name, known), "see `segkit features`")
