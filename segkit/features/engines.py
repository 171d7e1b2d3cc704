"""What an engine can express of customer features, found out before any work starts and without a connection."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import ibis

from segkit import features
from segkit.errors import BadInput
from segkit.features import attributes, fold, tenure
from segkit.features import use_cases as patterns
from segkit.sources import dataset as datasets
from segkit.sources import engine
from segkit.sources.dataset import Dataset
from segkit.sources.use_cases import UseCase
from segkit.tables import DTYPES, STAGES

SOME_DAY = datetime(2000, 1, 1)  # any will do: nothing is computed


def check_engine(declared: Dataset, use_cases: Sequence[UseCase] = ()) -> None:
    """Raise BadInput where a dataset's engine is not installed here, its address lacks a variable, or it cannot express what the dataset allows.

    The embedded engine can, and is not asked.
    """
    kind = engine.kind_of(declared.engine)
    if kind == engine.EMBEDDED:
        return
    engine.check(declared.engine)
    if lacking := inexpressible(kind, declared, use_cases):
        names = list(lacking)
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        raise BadInput(
            f"engine {kind} cannot express {', '.join(names[:8])}{more}",
            f"{names[0]}: {lacking[names[0]]}",
            "compute on another engine, see docs/engines.md; the embedded one (duckdb) can",
        )


def inexpressible(kind: str, declared: Dataset, use_cases: Sequence[UseCase] = ()) -> dict[str, str]:
    """Features and attributes that Ibis cannot put into an engine's words, each with the first reason; empty when it can."""
    tables = unbound(declared)
    as_of, stages = SOME_DAY if declared.is_timed else None, tuple(getattr(declared, "stages", ()) or STAGES)
    whole = features.customer_features(tables, as_of, declared.attributes, stages, use_cases)
    if not (reason := refusal(kind, lambda: whole)):
        return {}
    given, found = {"as_of": as_of, "stages": stages}, {}
    for name, expression in each(tables, whole, given, declared, use_cases):
        if why := refusal(kind, expression):
            found[name] = why
    return found or {"customer features": reason}


def unbound(declared: Dataset) -> dict[str, ibis.Table]:
    """The canonical tables as gathering will leave them, without rows."""
    return {
        name: ibis.table({column: DTYPES[said.dtype] for column, said in datasets.contract(name, source).items()}, name=f"segkit_{name}")
        for name, source in declared.tables.items()
    }


def each(
    tables: dict[str, ibis.Table], whole: ibis.Table, given: dict, declared: Dataset, use_cases: Sequence[UseCase]
) -> Iterator[tuple[str, Callable]]:
    """Every feature by itself: its name, and what makes its expression."""
    done = ibis.table(whole.schema(), name="segkit_customer_features")
    past = features.past(tables, given["as_of"]) if declared.is_timed else {}
    for table in dict.fromkeys(module.TABLE for module in features.MODULES) if declared.is_timed else ():
        if table not in tables and table != tenure.TABLE:
            continue
        rows = features.before(tables[table], table, given["as_of"]) if table != tenure.TABLE else done
        there = fold.defined(features.modules_of(table), tables[table].columns if table in tables else ())
        for name, function in there.items():
            grain = fold.grain(function)
            if not fold.unit(function):
                continue
            if grain == "customer":
                yield name, lambda function=function: done.select(x=fold.called(function, done, given))
            elif grain in there:
                yield name, lambda function=function, rows=rows, there=there: aggregated(function, fold.grains(there, rows, given), given)
    for name, reading in declared.attributes.items():
        column = tables["customers"][name]
        yield name, lambda column=column, reading=reading: column.as_table().select(x=attributes.value(column, reading))
    for case in use_cases:
        yield case.column, lambda case=case: patterns.per_use_case(past, [case], given["as_of"])


def aggregated(function: Callable, grains: dict[str, ibis.Table], given: dict) -> ibis.Table:
    """One feature of a grain by itself."""
    rows = grains[fold.grain(function)]
    return rows.group_by("customer_id").aggregate(x=fold.called(function, rows, given))


def refusal(kind: str, expression: Callable) -> str:
    """Why an engine cannot express this, in Ibis's words; empty when it can."""
    try:
        ibis.to_sql(expression(), dialect=kind)
    except Exception as error:  # Ibis has a class for each kind of trouble, and raises Python's own besides
        return str(error).partition("\n")[0][:120] or type(error).__name__
    return ""
