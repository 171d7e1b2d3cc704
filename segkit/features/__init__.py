"""Customer features: one row per known customer, computed from what happened before as_of and from nothing else.

A feature is a function named as its column; its first parameter is its grain (`per_order`, `per_day`, … or `customer`), and its
docstring is its definition, with the unit in brackets. A class, such as a buyer type, has the unit `class`: a word, not a number.
"""

import inspect
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from types import MappingProxyType

import ibis
import pandas as pd

from segkit.errors import BadInput, nearest
from segkit.features import attributes, baskets, calendar, engagement, journey, orders, rfm, sessions, tenure, usage
from segkit.features import use_cases as patterns
from segkit.features.attributes import check_sensitive
from segkit.features.fold import defined, joined, meaning, needed, of_customers, pieces, unit
from segkit.sources import Gathered
from segkit.sources.dataset import Reading
from segkit.sources.use_cases import UseCase
from segkit.tables import STAGES, TABLES

MODULES = (tenure, orders, baskets, calendar, rfm, usage, sessions, engagement, journey)
BEHAVIOR = ("orders", "events")  # the tables that make a customer active
NO_ATTRIBUTES: Mapping[str, Reading] = MappingProxyType({})

__all__ = ["check_names", "check_sensitive", "customer_features", "glossary", "known_at", "n_active", "numbers"]


def before(rows: ibis.Table, table: str, as_of: datetime) -> ibis.Table:
    """The rows of a canonical table that were known at as_of. This is the only time filter features have."""
    return rows.filter(rows[TABLES[table].time] < as_of)


def enrolled(customers: ibis.Table, as_of: datetime) -> ibis.Table:
    """The rows of the customer table that were there at as_of; a sign-up that was not recorded does not undo the customer."""
    if "signed_up_at" not in customers.columns:
        return customers
    return customers.filter((customers.signed_up_at < as_of) | customers.signed_up_at.isnull())


def plain(table: ibis.Table) -> ibis.Table:
    """The table without a word on which columns are never missing: a database knows it of some, and tables that differ in it have no union."""
    told = {name: kind.copy(nullable=True) for name, kind in table.schema().items() if not kind.nullable}
    return table.cast(told) if told else table


def past(tables: dict[str, ibis.Table], as_of: datetime) -> dict[str, ibis.Table]:
    """What use cases are looked for in: the tables that a step may name, as known at as_of, and the attributes of customers."""
    seen = {name: before(tables[name], name, as_of) for name in patterns.BEHAVIOR if name in tables}
    return seen | ({"customers": enrolled(tables["customers"], as_of)} if "customers" in tables else {})


def spine(tables: dict[str, ibis.Table], as_of: datetime, bought: ibis.Table | None = None) -> ibis.Table:
    """Every customer known at as_of: signed up, or seen in orders, events or touchpoints before it. Out: customer_id, first_seen_at: when
    they signed up, ordered or used the product; being reached makes nobody older. `bought` says the same of orders (customer_id,
    first_traded_at) where that is known already, and saves reading them twice."""
    seen = [] if bought is None else [bought.select("customer_id", seen_at=bought.first_traded_at.cast("timestamp"))]
    for name in BEHAVIOR if bought is None else BEHAVIOR[1:]:
        if name in tables:
            rows = before(tables[name], name, as_of)
            seen.append(rows.select("customer_id", seen_at=rows[TABLES[name].time].cast("timestamp")))
    if "customers" in tables:
        rows = enrolled(tables["customers"], as_of)
        signed_up = rows.signed_up_at.cast("timestamp") if "signed_up_at" in rows.columns else ibis.null("timestamp")
        seen.append(rows.select("customer_id", seen_at=signed_up))
    if "touchpoints" in tables:
        reached = before(tables["touchpoints"], "touchpoints", as_of)
        seen.append(reached.select("customer_id", seen_at=ibis.null("timestamp")))
    return reduce(lambda a, b: a.union(b), seen).group_by("customer_id").aggregate(first_seen_at=lambda rows: rows.seen_at.min())


def customer_features(
    tables: dict[str, ibis.Table],
    as_of: datetime | None,
    declared: Mapping[str, Reading] = NO_ATTRIBUTES,
    stages: Sequence[str] = STAGES,
    use_cases: Sequence[UseCase] = (),
) -> ibis.Table:
    """One row per known customer with every feature the tables allow, the attributes the dataset declares, and its use cases.

    In: canonical tables of any one Ibis backend; as_of, None for a cross-sectional dataset; attributes (see `segkit.features.attributes`);
    the stages of a journey, in order. Out: customer_id, the columns of `glossary`, moments, attributes, is_active (may be clustered).
    """
    tables = {name: plain(table) for name, table in tables.items()}
    customers = tables.get("customers")
    if as_of is None:
        known = everyone(tables)
    else:
        customers = None if customers is None else enrolled(customers, as_of)
        known = patterns.join(observed(tables, as_of, stages), past(tables, as_of), use_cases, as_of)
    return attributes.join(known, customers, declared).order_by("customer_id")


def known_at(gathered: Gathered, as_of: datetime, wanted: Collection[str]) -> pd.DataFrame:
    """is_active and the wanted columns of `customer_features`, where they are known, of a dataset with dates at any moment, indexed by
    customer_id. Tables and use cases that no wanted column is made of are left alone: they cost more than all else."""
    table_of = {name: module.TABLE for module in MODULES for name in defined([module])}
    needed_tables = {"customers", *BEHAVIOR, *(table_of[name] for name in wanted if name in table_of)}
    of_use_cases = {line["feature"] for line in patterns.glossary(gathered.use_cases)} & {*wanted}
    wide = customer_features(
        gathered.tables if of_use_cases else {name: table for name, table in gathered.tables.items() if name in needed_tables},
        as_of,
        {name: reading for name, reading in gathered.dataset.attributes.items() if name in wanted},
        gathered.dataset.stages,
        gathered.use_cases if of_use_cases else (),
    )
    there = [name for name in dict.fromkeys(wanted) if name in wide.columns]
    return wide.select("customer_id", "is_active", *there).order_by("customer_id").execute().set_index("customer_id")


def observed(tables: dict[str, ibis.Table], as_of: datetime, stages: Sequence[str]) -> ibis.Table:
    """What everyone known at as_of did before it; who was never active has counts 0 and no dates. Money is summed as decimal and leaves
    as float64. is_active: any order (returns are none) or event before as_of."""
    given = {"as_of": as_of, "stages": tuple(stages)}
    rows = {name: before(tables[name], name, as_of) for name in dict.fromkeys(module.TABLE for module in MODULES[1:]) if name in tables}
    made = {name: pieces(modules_of(name), each, given) for name, each in rows.items()}
    absent = {name: value for module in MODULES for name, value in module.ABSENT.items()}
    wide = spine(tables, as_of, made["orders"][0] if "orders" in made else None)
    wide = joined(wide, [piece for each in made.values() for piece in each], absent)
    there = [defined([tenure]), *(defined(modules_of(name), tables[name].columns) for name in made)]
    wide = of_customers(wide, reduce(lambda a, b: a | b, there), given)
    active = [wide[column] > 0 for column in ("n_orders", "active_days") if column in wide.columns]
    wide = wide.mutate(is_active=reduce(lambda a, b: a | b, active))
    money = [name for name, dtype in wide.schema().items() if dtype.is_decimal()]
    return wide.mutate(**{name: wide[name].cast("float64") for name in money})


def modules_of(table: str) -> list:
    """The feature modules over one table."""
    return [module for module in MODULES if module.TABLE == table]


def n_active(tables: dict[str, ibis.Table], as_of: datetime | None) -> int:
    """How many customers can be clustered: `is_active` of `customer_features`, counted without computing anything else."""
    if as_of is None:
        return int(everyone(tables).count().execute())
    acted = []
    for name in BEHAVIOR:
        if name in tables:
            rows = before(tables[name], name, as_of)
            rows = rows.filter(~rows.is_return.fill_null(False)) if "is_return" in rows.columns else rows
            acted.append(rows.select("customer_id"))
    return int(reduce(lambda a, b: a.union(b), acted).customer_id.nunique().execute())


def everyone(tables: dict[str, ibis.Table]) -> ibis.Table:
    """Everyone in a dataset without dates: the customer table, or whoever the other tables name. Out: customer_id, is_active (true)."""
    named = [tables["customers"]] if "customers" in tables else [table for table in tables.values() if "customer_id" in table.columns]
    rows = reduce(lambda a, b: a.union(b), [table.select("customer_id") for table in named])
    return rows.distinct().mutate(is_active=ibis.literal(True))


def glossary(
    tables: Iterable[str] | Mapping | None = None,
    declared: Mapping[str, Reading] = NO_ATTRIBUTES,
    currency: str = "currency",
    use_cases: Sequence[UseCase] = (),
) -> pd.DataFrame:
    """What each feature means. Out: feature, unit, table, meaning; only what `tables` allow, when given, declared attributes, use cases.

    `tables`: names, with all columns that a table may have; or a mapping from names to what has `columns`. Money is in `currency`; the
    unit of a yes/no answer is `yes/no`, of a word `class`, of another attribute unknown.
    """
    there = None if tables is None else columns_of(tables)
    lines = [
        {
            "feature": name,
            "unit": currency if unit(function) == "currency" else unit(function),
            "table": table,
            "meaning": meaning(function),
        }
        for table in dict.fromkeys(module.TABLE for module in MODULES)
        if there is None or (table in there or table == tenure.TABLE) and set(BEHAVIOR) & set(there)
        for name, function in defined(modules_of(table), None if there is None else there.get(table, ())).items()
        if unit(function)
    ]
    return pd.DataFrame(
        lines + patterns.glossary(use_cases) + attributes.glossary(declared), columns=["feature", "unit", "table", "meaning"]
    )


def columns_of(tables: Iterable[str] | Mapping) -> dict[str, set[str]]:
    """The columns of each table: its own, or where only its name is known all that it may have."""
    return {name: set(tables[name].columns if isinstance(tables, Mapping) else TABLES[name].columns) for name in tables}


def numbers(glossary: pd.DataFrame) -> pd.DataFrame:
    """The lines of the glossary that are numbers."""
    return glossary[glossary.unit != "class"].reset_index(drop=True)


def check_names(
    cluster_on: list[str],
    tables: Iterable[str] | Mapping,
    declared: Mapping[str, Reading] = NO_ATTRIBUTES,
    use_cases: Sequence[UseCase] = (),
) -> None:
    """Raise BadInput for a clustering column that is neither a number nor a word of these tables, or a use case that takes the name of one."""
    patterns.check_free(use_cases, list(glossary().feature))
    words = glossary(tables, declared, use_cases=use_cases)
    known = list(words.feature)
    for name in cluster_on:
        if name in known:
            continue
        if name in declared:
            raise BadInput(
                f"cluster_on names {name!r}, an attribute of type {declared[name].type}",
                "customers are clustered on numbers, yes/no answers and words",
                "take it out of cluster_on, or declare it integer, number, boolean or string in the dataset file",
            )
        refuse_missing(name, columns_of(tables))
        hint = nearest(name, known) if known else "it has none: neither orders, events nor attributes"
        raise BadInput(f"cluster_on names {name!r}, which is no feature of this dataset", hint, "see `segkit features`")


def refuse_missing(name: str, there: dict[str, set[str]]) -> None:
    """Raise BadInput for a feature that exists, but needs a table or a column that a dataset does not have."""
    for module in MODULES:
        function = defined([module]).get(name)
        if function is None or not unit(function):
            continue
        grains = [each for key, each in defined(modules_of(module.TABLE)).items() if key in inspect.signature(function).parameters]
        lacks = sorted(frozenset().union(needed(function), *map(needed, grains)) - there.get(module.TABLE, set()))
        if module.TABLE not in (*there, tenure.TABLE):
            what, has = f"the table {module.TABLE}", f"this dataset has {', '.join(there)}"
        elif lacks:
            what, has = f"{' and '.join(lacks)} in the table {module.TABLE}", "this dataset does not have it"
        else:
            what, has = f"the table {' or '.join(BEHAVIOR)}", f"this dataset has {', '.join(there)}"
        raise BadInput(
            f"cluster_on names {name!r}, which needs {what}", has, f"bring it in the dataset file, or take {name} out of cluster_on"
        )
