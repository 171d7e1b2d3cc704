"""From foreign text to canonical columns, and one pass of rules that says for every row why it stays or goes."""

from typing import NamedTuple

import ibis
from ibis import _

from segkit.errors import BadInput, nearest
from segkit.sources.dataset import Rule, Source
from segkit.tables import DTYPES, TABLES, Column

TOO_MUCH = 10**14  # money has 18 digits, four of them decimals: a product beyond is as good as missing
UNREADABLE_SHARE = (
    0.01  # a few unreadable values are dirt and go to quarantine; more means that the column is not what it is declared to be
)
ZONE = r" ?(Z|UTC|[+-]\d\d(:?\d\d)?)"
MOMENT = (
    rf"^(19|20)\d\d[-/]\d\d?[-/]\d\d?([ T]\d\d?:\d\d(:\d\d(\.\d+)?)?({ZONE})?)?$"  # the engine would also take `infinity` and the year 9999
)


class Step(NamedTuple):
    """A rule as the engine sees it."""

    name: str
    predicate: ibis.expr.types.BooleanValue
    severity: str
    built_in: bool


def contract(table: str, source: Source) -> dict[str, Column]:
    """The columns this source delivers, attributes included, in the canonical order."""
    attributes = {name: Column("string", f"{kind} attribute", required=False) for name, kind in source.attributes.items()}
    known = TABLES[table].columns | attributes
    return {name: column for name, column in known.items() if name in source.columns or name in source.product}


def check_header(table: str, source: Source, foreign: list[str]) -> list[str]:
    """Foreign columns nobody declared; raises BadInput with the difference of columns when declared ones are missing."""
    wanted = [*source.columns.values(), *source.ignore]
    undeclared = [name for name in foreign if name not in wanted]
    missing = [name for name in source.columns.values() if name not in foreign]
    if len(missing) == len(source.columns):
        raise BadInput(
            f"{table}: {source.file} has none of the declared columns",
            f"it has {len(foreign)} columns; declared: {', '.join(missing)}",
            "is its first line the header? correct `columns` in the dataset file, or the file",
        )
    if missing:
        raise BadInput(
            f"{table}: columns are missing in {source.file}",
            "\n  ".join(
                [
                    *(f"- {name} (declared, not in the file; {nearest(name, foreign)})" for name in missing),
                    *(f"+ {name} (in the file, not declared)" for name in undeclared),
                ]
            ),
            "correct `columns` in the dataset file, or the file",
        )
    return undeclared


def typed(foreign: ibis.Table, table: str, source: Source) -> ibis.Table:
    """Canonical columns with their types, `unreadable_<column>` for text that would not convert, `is_repeat` when a rule asks for it."""
    columns, flags = {}, {}
    for name, spec in contract(table, source).items():
        if name in source.product:
            continue
        text = foreign[source.columns[name]].strip().nullif("")
        columns[name] = parsed(text, name, spec)
        flags[f"unreadable_{name}"] = text.notnull() & columns[name].isnull()
    if any(rule.repeated for rule in source.rules):
        flags["is_repeat"] = ibis.row_number().over(group_by=foreign.columns, order_by=foreign.columns[0]) > 0
    canonical = foreign.select(**columns, **flags)
    products = {name: canonical[a] * canonical[b] for name, (a, b) in source.product.items()}
    return canonical.mutate(**{name: ibis.cases((value.abs() < TOO_MUCH, value)).cast(DTYPES["money"]) for name, value in products.items()})


def parsed(text: ibis.expr.types.StringValue, name: str, spec: Column) -> ibis.expr.types.Value:
    """Text as its declared type, null where it does not convert. Spreadsheets turn the id 17850 into 17850.0: ids lose that tail."""
    if spec.dtype == "string":
        return text.re_replace(r"^(\d+)\.0$", r"\1") if name.endswith("_id") else text
    if spec.dtype == "integer":
        whole = text.re_replace(r"\.0+$", "")
        return ibis.cases((whole.re_search(r"^[+-]?\d+$"), whole.try_cast("int64")))
    if spec.dtype in ("timestamp", "date"):
        return ibis.cases((text.re_search(MOMENT), moment(text, DTYPES[spec.dtype])))
    return text.try_cast(DTYPES[spec.dtype])


def moment(text: ibis.expr.types.StringValue, dtype: str) -> ibis.expr.types.Value:
    """Naive wall clock. A moment that names its zone is converted to the session's, which gathering sets to the dataset's."""
    return ibis.cases(
        (text.re_search(rf":\d\d(\.\d+)?{ZONE}$"), text.try_cast("timestamp('UTC', 6)").cast(dtype)), else_=text.try_cast(dtype)
    )


def steps(table: str, source: Source) -> list[Step]:
    """The rules in order: unreadable values first, then the dataset's own, then required columns that are still empty."""
    columns = contract(table, source)
    read = [name for name in columns if name not in source.product]
    required = [name for name, spec in columns.items() if spec.required]
    return [
        *(Step(f"unreadable {name}", _[f"unreadable_{name}"], "reject", True) for name in read if columns[name].dtype != "string"),
        *(Step(rule.name, predicate(rule), rule.severity, False) for rule in source.rules),
        *(Step(f"missing {name}", _[name].isnull(), "reject", True) for name in required),
    ]


def predicate(rule: Rule) -> ibis.Deferred:
    """The rows a rule finds, as an Ibis expression over the canonical columns."""
    if rule.repeated:
        return _.is_repeat
    column = _[rule.column]
    tests = {
        "missing": lambda: column.isnull(),
        "is_true": lambda: column.fill_null(False),
        "starts_with": lambda: column.startswith(rule.starts_with),
        "one_of": lambda: column.isin(rule.one_of),
        "below": lambda: column < rule.below,
        "above": lambda: column > rule.above,
        "at_most": lambda: column <= rule.at_most,
        "at_least": lambda: column >= rule.at_least,
    }
    return next(test() for name, test in tests.items() if getattr(rule, name) is not None)


def refuse_unreadable(table: str, columns: dict[str, Column], counts: dict[str, int]) -> None:
    """Raise BadInput when a column holds too much text that is not of its type. `counts`: `rows` and `unreadable_<column>`."""
    rows = counts["rows"]
    wrong = [
        f"{name}: {counts[f'unreadable_{name}']:,} of {rows:,} values cannot be read as {spec.dtype}"
        for name, spec in columns.items()
        if counts.get(f"unreadable_{name}", 0) > UNREADABLE_SHARE * rows
    ]
    if wrong:
        raise BadInput(
            f"{table}: wrong type",
            "\n  ".join(wrong),
            "times are written 2025-10-01 12:30:00, numbers with a decimal point; correct the file or `columns`",
        )
