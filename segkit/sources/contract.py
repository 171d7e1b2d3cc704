"""From foreign rows to canonical columns, and one flag per rule that says for every row why it stays or goes."""

from typing import NamedTuple

import ibis

from segkit.errors import BadInput, nearest
from segkit.sources import formula, parse
from segkit.sources.assemble import AGAIN, INPUT, LINE, Assembled, wanted_columns
from segkit.sources.dataset import Rule, Source, contract
from segkit.tables import Column

# A few unreadable values are dirt and go to quarantine; more means that the column is not what it is declared to be.
UNREADABLE_SHARE = 0.01

AS_WRITTEN = "segkit_customer_as_written"  # the id before spaces and the .0 of spreadsheets are taken off


class Step(NamedTuple):
    """A rule as the engine sees it: `flag` is the column that is true for the rows it finds."""

    name: str
    flag: str
    severity: str
    built_in: bool = True


def check_header(table: str, source: Source, foreign: list[str]) -> list[str]:
    """Foreign columns nobody declared; raises BadInput with the difference of columns when declared ones are missing."""
    wanted = wanted_columns(source)
    made = {name for each in (*source.inputs, *source.join) for name in (*each.rename, *each.constants, each.copies)}
    made |= {key for join in source.join for key in join.keys.values()}
    if source.explode:
        made |= {name for name in foreign if name.startswith((f"{source.explode.column}_", f"{source.explode.column}."))}
    undeclared = [name for name in foreign if name not in {*wanted, *made, *source.ignore}]
    missing = [name for name in wanted if name not in foreign]
    if len(missing) == len(wanted) > 1:
        raise BadInput(
            f"{table}: {source.name} has none of the declared columns",
            f"it has {len(foreign)} columns; declared: {', '.join(missing)}",
            "is its first line the header? correct `columns` in the dataset file, or the file",
        )
    if missing:
        raise BadInput(
            f"{table}: columns are missing in {source.name}",
            "\n  ".join(
                [
                    *(f"- {name} (declared, not in the file; {nearest(name, foreign)})" for name in missing),
                    *(f"+ {name} (in the file, not declared)" for name in undeclared),
                ]
            ),
            "correct `columns` in the dataset file, or the file",
        )
    return undeclared


def typed(connection: ibis.BaseBackend, found: Assembled, table: str, source: Source) -> tuple[ibis.Table, list[Step]]:
    """Canonical columns with their types, and one flag per step; and the steps in order.

    First what cannot be read (malformed lines, rows of an earlier input, unreadable values), then the dataset's own rules, then required
    columns that are still empty. Identifiers come along as `segkit_identifier_<n>`, for the digests of the leak test only.
    """
    columns = contract(table, source)
    foreign = connection.create_view(f"read_{table}", found.rows.mutate(**read(found.rows, source, columns)), overwrite=True)
    values = {name: foreign[f"segkit_value_{name}"] for name, reading in source.columns.items() if reading.column}
    names = {name: foreign[name] for name in found.rows.columns} | values
    for name, reading in source.columns.items():
        if reading.formula:
            made = formula.value(reading.formula, names, f"{table}.{name}")
            values[name] = names[name] = fitted(made, columns[name].dtype, f"{table}.{name}")
    flags = {"segkit_malformed": foreign[LINE].notnull(), **{each.flag: foreign[each.flag] for each in found.unmatched}}
    flags |= {AGAIN: foreign[AGAIN]} if AGAIN in foreign.columns else {}
    for name, reading in source.columns.items():
        if reading.column and columns[name].dtype != "string":
            flags[f"segkit_unreadable_{name}"] = foreign[f"segkit_filled_{name}"] & values[name].isnull()
    for number, rule in enumerate(source.rules):
        if not rule.unknown_in:  # who is known is found out later, when that table has been gathered
            flags[f"segkit_rule_{number}"] = flagged(rule, names, found.rows.columns, table)
    flags |= {f"segkit_missing_{name}": values[name].isnull() for name, spec in columns.items() if spec.required}
    people = {f"segkit_identifier_{n}": foreign[name].cast("string") for n, name in enumerate(source.identifiers)}
    if "customer_id" in columns and (written := source.columns["customer_id"].column):
        people[AS_WRITTEN] = foreign[written].cast("string")
    kept = {name: values[name] for name in columns} | people | flags | {INPUT: foreign[INPUT], LINE: foreign[LINE]}
    return foreign.select(**kept), steps(found, source, columns)


def read(foreign: ibis.Table, source: Source, columns: dict[str, Column]) -> dict[str, ibis.Value]:
    """`segkit_value_<column>` for every column that is read, and `segkit_filled_<column>`: whether there was anything to read.

    They go into a view of their own: else the engine would read a value again for each rule that looks at it.
    """
    made = {}
    for name, reading in source.columns.items():
        if reading.column:
            value, dtype = foreign[reading.column], columns[name].dtype
            made[f"segkit_value_{name}"] = parse.parsed(value, name, dtype, reading, source.missing, source.decimal)
            if dtype != "string":
                made[f"segkit_filled_{name}"] = parse.filled(value, reading, source.missing)
    return made


def steps(found: Assembled, source: Source, columns: dict[str, Column]) -> list[Step]:
    """All rules in order. A join that finds nothing rejects the row only if it was to bring a column that is required."""
    required = {source.columns[name].column for name, spec in columns.items() if spec.required} - {""}
    read = [name for name, reading in source.columns.items() if reading.column and columns[name].dtype != "string"]
    again = [Step("also in an earlier input", AGAIN, "reject" if source.overlap == "once" else "warn", False)]
    return [
        Step("malformed line", "segkit_malformed", "reject"),
        *(again if AGAIN in found.rows.columns else []),
        *(Step(f"no match in {each.name}", each.flag, "reject" if each.columns & required else "warn") for each in found.unmatched),
        *(Step(f"unreadable {name}", f"segkit_unreadable_{name}", "reject") for name in read),
        *(Step(rule.name, f"segkit_rule_{number}", rule.severity, False) for number, rule in enumerate(source.rules)),
        *(Step(f"missing {name}", f"segkit_missing_{name}", "reject") for name, spec in columns.items() if spec.required),
    ]


def fitted(value: ibis.Value, dtype: str, where: str) -> ibis.Value:
    """What a formula gave, as the type its column has to have."""
    if (made := parse.computed(value, dtype)) is None:
        raise BadInput(f"{where}: the formula gives {value.type()}", f"the column is {dtype}", "correct the formula, or the column's type")
    return made


def only_declared(staged: ibis.Table, column: str, words: list[str]) -> ibis.Table:
    """Words of a column that are not declared are missing there, and flagged in `segkit_undeclared_<column>`."""
    unknown = staged[column].notnull() & staged[column].notin(words).fill_null(False)
    return staged.mutate(**{f"segkit_undeclared_{column}": unknown, column: unknown.ifelse(ibis.null("string"), staged[column])})


def flagged(rule: Rule, names: dict[str, ibis.Value], foreign: list[str], table: str) -> ibis.Value:
    """Whether a rule finds the row."""
    if rule.when:
        found = formula.value(rule.when, names, f"{table}: rule {rule.name!r}")
        if not found.type().is_boolean():
            raise BadInput(
                f"{table}: rule {rule.name!r}: {rule.when!r} is not yes or no", f"it is {found.type()}", "compare it with something"
            )
        return found.fill_null(False)
    whole = [name for name in foreign if name not in (INPUT, LINE, AGAIN, formula.ROW)]
    if rule.repeated is True:
        return ibis.row_number().over(group_by=whole, order_by=LINE) > 0
    if unknown := [name for name in rule.repeated if name not in names]:
        raise BadInput(f"{table}: rule {rule.name!r} names {unknown[0]!r}, which is no column", nearest(unknown[0], names))
    return ibis.row_number().over(group_by=[names[name] for name in rule.repeated], order_by=whole) > 0


def refuse_unreadable(table: str, counts: dict[str, int], found: Assembled, source: Source) -> None:
    """Raise BadInput when too many lines are broken, or a column holds too much that is not of its type. `counts`: rows, and rows per flag."""
    rows, columns = counts["rows"], contract(table, source)
    if counts["segkit_malformed"] > UNREADABLE_SHARE * rows:
        raise BadInput(
            f"{table}: {source.name}: {counts['segkit_malformed']:,} of {rows:,} lines do not have as many fields as the header",
            do="is the delimiter right, are texts that hold it quoted?",
        )
    wrong = {
        name: counts[flag] for name in columns if (flag := f"segkit_unreadable_{name}") in counts and counts[flag] > UNREADABLE_SHARE * rows
    }
    for name in wrong:
        refuse_ambiguous(table, name, columns[name].dtype, found, source)
    if wrong:
        raise BadInput(
            f"{table}: wrong type",
            "\n  ".join(f"{name}: {n:,} of {rows:,} values cannot be read as {columns[name].dtype}" for name, n in wrong.items()),
            "times are written 2025-10-01 12:30:00 unless a `format` is declared, numbers with a decimal point unless `decimal` says comma; "
            "correct the file or `columns`",
        )


def refuse_undeclared(staged: ibis.Table, table: str, column: str, words: list[str], where: str) -> None:
    """Raise BadInput when no word of a column is a declared one, though there are words: then they go by other names."""
    flag = f"segkit_undeclared_{column}"
    seen = staged.aggregate(known=staged[column].count(), unknown=staged[flag].sum()).execute().fillna(0).iloc[0]
    if seen.unknown and not seen.known:
        raise BadInput(
            f"{table}: no row has a declared {column}",
            f"{int(seen.unknown):,} rows say something else; declared: {', '.join(words)}",
            f"list them in order in `{where}` of the dataset file, or translate them in `values` of the column {column}",
        )


def refuse_ambiguous(table: str, name: str, dtype: str, found: Assembled, source: Source) -> None:
    """Raise BadInput when the moments of a column could be read in two ways and none is declared: 08-01-2017 is a day in January or in August."""
    reading = source.columns[name]
    if dtype not in ("timestamp", "date") or reading.format:
        return
    text = parse.as_text(found.rows[reading.column], reading, source.missing)
    seen = found.rows.aggregate(filled=text.notnull().sum(), **parse.readings(text)).execute().iloc[0].fillna(0).astype(int)
    reads = {format: n for format, n in seen.items() if format != "filled" and n}
    if not reads:
        return
    orders = {
        order: max((item for item in reads.items() if item[0].startswith(order)), key=lambda item: item[1], default=("", 0))
        for order in ("%d", "%m")
    }
    lines = [
        f"{'day' if order == '%d' else 'month'} first ({format}) reads {n:,} of {seen['filled']:,} values: 08-01-2017 is "
        f"{'8 January' if order == '%d' else '1 August'}"
        for order, (format, n) in orders.items()
        if n
    ]
    raise BadInput(
        f"{table}: the times of {name} can be read in more than one way",
        "\n  ".join(lines),
        f"declare `format` for {name} in the dataset file",
    )
