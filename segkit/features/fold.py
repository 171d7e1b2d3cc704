"""How rows become customers: feature functions, what they need, and the fold that aggregates each grain once.

A feature is a function named as its column. Its first parameter names its grain: a grain function `per_…` of the same table, or
`customer`, the finished row. A grain is made of the table's rows, or of another grain above it.
Further parameters (`as_of`, `stages`, …) are given by name. `needs` says which optional columns it cannot do without.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from types import ModuleType

import ibis
from ibis.common.exceptions import IbisTypeError


def needs(*columns: str) -> Callable[[Callable], Callable]:
    """Marks a feature, or a grain, that cannot do without these optional columns of its table."""

    def mark(function: Callable) -> Callable:
        function.needs = frozenset(columns)
        return function

    return mark


def needed(function: Callable) -> frozenset[str]:
    """The optional columns a function cannot do without."""
    return getattr(function, "needs", frozenset())


def functions(module: ModuleType) -> dict[str, Callable]:
    """The public functions a feature module defines, in the order of the page."""
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


def grain(function: Callable) -> str:
    """The name of a function's first parameter."""
    return next(iter(inspect.signature(function).parameters))


def unit(function: Callable) -> str:
    """The unit in brackets at the end of a feature's definition; empty for a moment, which is no feature. `yes_no` reads yes/no."""
    found = re.search(r"\[(\w+)\]$", (function.__doc__ or "").strip())
    return found[1].replace("_", "/") if found else ""


def meaning(function: Callable) -> str:
    """The definition, on one line and without the unit."""
    return " ".join(re.sub(r"\[\w+\]$", "", inspect.getdoc(function)).split())


def defined(modules: Iterable[ModuleType], columns: Iterable[str] | None = None) -> dict[str, Callable]:
    """Grains and features of some modules over one table, in order; only what its `columns` allow, when they are given."""
    every = {name: function for module in modules for name, function in functions(module).items()}
    if columns is None:
        return every
    there = {name: function for name, function in every.items() if needed(function) <= set(columns)}
    return {name: function for name, function in there.items() if not grain(function).startswith("per_") or grain(function) in there}


def called(function: Callable, rows: ibis.Table, given: dict) -> ibis.Expr:
    """Call a function with its rows and with what else it asks for by name."""
    wanted = list(inspect.signature(function).parameters)[1:]
    return function(rows, **{name: given[name] for name in wanted})


def squared(amount: ibis.Value) -> ibis.Value:
    """The square of money, exact, so that its sum is the same in any order. One of two factors has 19 digits: DuckDB multiplies 18 by 18 into
    18 and overflows; Spark has 38 for both together."""
    return amount.cast("decimal(19, 4)") * amount.cast("decimal(18, 4)")


def placed(per_order: ibis.Table, test: ibis.Value | None = None) -> ibis.Value | None:
    """The condition under which an aggregate over `per_order` counts orders, and only those that pass a test. Without returns every row is
    an order and there is none: a condition that is always true costs a third of the aggregation."""
    if "returned" not in per_order.columns:
        return test
    return per_order.is_placed if test is None else per_order.is_placed & test


def ranked(customer: ibis.Table, among: ibis.Value, column: ibis.Value) -> tuple[ibis.Value, ibis.Value]:
    """Twice the number of those `among` below a value plus those alike, and how many they are, both exact; null for all others.

    Half of it over their number is a place from 0 to 1 that equal values share. Both ends of those alike come from one window, so that
    customers are put in order once.
    """
    below = ibis.rank().over(ibis.window(group_by=among, order_by=column))
    up_to = customer.count().over(ibis.range_window(preceding=None, following=0, group_by=among, order_by=column))
    return ibis.cases((among, below + up_to)), customer.count().over(ibis.window(group_by=among))


def pieces(modules: Iterable[ModuleType], rows: ibis.Table, given: dict) -> list[ibis.Table]:
    """The features of one table, one row per customer who has any row: one aggregation, and one piece, for each grain. A grain that others are
    made of is computed once for all of them."""
    there, found = defined(modules, rows.columns), []
    for name, of_rows in grains(there, rows, given).items():
        columns = {column: each for column, each in there.items() if not column.startswith("per_") and grain(each) == name}
        if columns:
            found.append(
                of_rows.group_by("customer_id").aggregate(**{column: called(each, of_rows, given) for column, each in columns.items()})
            )
    return found


def grains(there: dict[str, Callable], rows: ibis.Table, given: dict) -> dict[str, ibis.Table]:
    """Every grain of a table's rows. One that others are made of has a name, which makes engines compute it once."""
    names = [name for name in there if name.startswith("per_")]
    shared, made = {grain(there[name]) for name in names}, {}
    for name in names:
        made[name] = called(there[name], made.get(grain(there[name]), rows), given)
        made[name] = made[name].alias(name) if name in shared else made[name]
    return made


def joined(wide: ibis.Table, made: Iterable[ibis.Table], absent: dict) -> ibis.Table:
    """Join pieces to the wide table. Who has no row of a grain has null, or what `absent` says of a column."""
    for piece in made:
        wide = wide.left_join(piece, "customer_id").drop("customer_id_right")
    return wide.mutate(**{name: wide[name].fill_null(value) for name, value in absent.items() if name in wide.columns})


def of_customers(wide: ibis.Table, there: dict[str, Callable], given: dict) -> ibis.Table:
    """The features that are computed from the finished row of a customer, in order; each may use those before it.

    They are added in as few steps as possible: a query of forty nested steps takes Ibis seconds to write.
    """
    ready = {}
    for column, function in there.items():
        if grain(function) == "customer":
            try:
                ready[column] = called(function, wide, given)
            except (AttributeError, IbisTypeError):  # it uses one that is not a column yet
                wide = wide.mutate(**ready)
                ready = {column: called(function, wide, given)}
    return wide.mutate(**ready)
