"""From what was found in files to a proposal for every canonical table: which file it is, what is joined, what each column means, what to ask."""

import ibis

from segkit.sources.authoring import grain, link, readings, rules, special, whose, words
from segkit.sources.authoring.draft import Draft, Line
from segkit.sources.authoring.facts import Facts
from segkit.sources.authoring.link import Link, View
from segkit.sources.authoring.sniff import Found
from segkit.tables import TABLES

MADE = {  # required columns a file may lack: what stands in, and what to ask
    "feature": ("'use'", "no column says which feature was used: one name for all of it"),
    "campaign_id": ("'campaign'", "no column names the campaign: one name for all contacts"),
    "is_control": ("False", "no column says who was held out by lot: without a control group there is no lift"),
    "converted": ("False", "no column says who did what the campaign asked for"),
    "is_conversion": ("False", "no column says which contact led to a purchase"),
    "channel": ("'channel'", "no column names the channel: one name for all contacts"),
}


def proposed(connection: ibis.BaseBackend, found: list[Found]) -> tuple[list[Draft], list[str]]:
    """Every table that can be made of the files, in canonical order; and a remark for each file that is not used."""
    mains, others = mains_of(found)
    if not whose.recognised(connection, mains):
        others += mains.pop("customers", [])
    whose.nameless(connection, mains)
    views: dict[str, View] = {}
    for table, files in mains.items():
        for main in files:
            spare = [each for each in found if each is not main and (each in others or table == "orders" and each in files)]
            each = View(main, main.columns) if grain.path_of(main) else view_of(connection, table, main, spare)
            if not lacking(table, each):
                views[table] = each
                break
    is_timed = bool({"orders", "events"} & set(views))
    drafts = {table: draft(table, each, is_timed) for table, each in views.items()}
    used = {file for each in views.values() for file in (each.main, *(link.to for link in each.links))}
    for table, each in views.items():
        used |= {other for other in mains[table] if other not in used and united(drafts[table], table, each.main, other)}
    if "customers" in views and "contacts" not in drafts and (more := special.experiment(views["customers"].main, drafts["customers"])):
        drafts["contacts"] = more
    whose.known(connection, views, drafts)
    remarks = [f"Not used: {each.name} ({each.rows:,} rows; columns {', '.join(each.columns)})." for each in found if each not in used]
    return [drafts[table] for table in TABLES if table in drafts], remarks


def mains_of(found: list[Found]) -> tuple[dict[str, list[Found]], list[Found]]:
    """Table -> the files that could be it, the one that fits best first; and the files that are none."""
    able = {each: grain.candidates(each) for each in found}
    mains: dict[str, list[Found]] = {}
    for each in found:
        if able[each]:
            mains.setdefault(able[each][0], []).append(each)

    def fit(table: str, each: Found) -> tuple:
        has = grain.roles(table, each.columns)
        is_line = table == "orders" and "order_id" in has and not each.columns[has["order_id"]].is_key
        return (is_line, table in words.hints(grain.hint(each)), len(has), each.rows, each.name)

    for table, files in mains.items():
        files.sort(key=lambda each: fit(table, each), reverse=True)
    spare = [each for each in found if not able[each]] + mains.get("customers", [])[1:]
    return {table: mains[table] for table in TABLES if table in mains}, spare


def view_of(connection: ibis.BaseBackend, table: str, main: Found, others: list[Found]) -> View:
    """The file with those others joined to it that bring what it lacks: any attribute for customers, canonical columns for all else."""
    reachable = link.links(connection, main, others)
    if table == "customers":
        return link.view(main, [each for each in reachable if each.before is None])
    has, wanted = set(grain.roles(table, main.columns)), []
    for each in reachable:
        if words.concept(each.theirs, grain.hint(each.to)) == "customer":
            continue  # what is known of a customer is not known of the order
        brings = set(grain.roles(table, {name: fact for name, fact in each.to.columns.items() if name != each.theirs})) - has
        if "unit_price" in brings or "amount" in brings and "unit_price" in has:
            brings -= {"unit_price", "amount", "quantity"}  # what a list or a header says about money is not what the line says
        if brings:
            wanted.append(each)
            has |= brings
    return link.view(main, wanted)


def lacking(table: str, view: View) -> list[str]:
    """Required columns that nothing stands for."""
    if grain.path_of(view.main):
        return []
    found = roles_of(table, view)
    there = (
        set(found)
        | set(MADE)
        | ({"amount"} if {"quantity", "unit_price"} <= set(found) else set())
        | ({"customer_id"} if table == "customers" else set())
    )
    return [name for name, column in TABLES[table].columns.items() if column.required and name not in there]


def roles_of(table: str, view: View) -> dict[str, str]:
    """Roles of a file's own columns first, then of those joined to it, where they are missing."""
    found = grain.roles(table, view.main.columns)
    for each in view.links:
        new = view.renamed.get(each.to.name, {})
        theirs = {new.get(name, name): fact for name, fact in each.to.columns.items() if name != each.theirs}
        more = grain.roles(table, {name: each.to.columns[name] for name in each.to.columns if name != each.theirs})
        found |= {
            canonical: new.get(name, name) for canonical, name in more.items() if canonical not in found and new.get(name, name) in theirs
        }
    return found


def draft(table: str, view: View, is_timed: bool) -> Draft:
    """The proposal for one table."""
    if path := grain.path_of(view.main):
        return special.journeys(view.main, path)
    main, found = view.main, roles_of(table, view)
    facts = {canonical: view.columns[name] for canonical, name in found.items()}
    decimal = readings.decimal_of((view.columns if table == "customers" else facts).values())
    made = Draft(table, list(main.inputs), [about(table, view)], list(main.asked))
    if any(grain.MADE_UP.fullmatch(name) for name in found.values()):
        made.asked.append("which column is which is guessed from what they hold: are these the customer, the time, the amount?")
    if len(main.inputs) > 1 and main.shared:
        made.asked.append(f"{main.shared:,} different rows stand in two of the inputs: `once` counts them once, `keep` counts both")
        made.keys["overlap"] = "once"
    made.keys |= {"explode": main.explode} if main.explode else {}
    made.keys |= {"decimal": decimal} if decimal else {}
    made.joins = [joined(each, view) for each in view.links]
    made.columns = columns(table, found, facts, decimal)
    rest(made, table, view, set(found.values()), decimal, is_timed)
    made.rules = rules.rules(table, facts, "customer_id" in found)
    if main.repeated and (table != "customers" or "customer_id" in found) and not (table == "customers" and made.rules):
        made.rules.append(rules.repeated(main.repeated, table))
    return made


def about(table: str, view: View) -> str:
    """What the rows are, in a sentence."""
    malformed = f" {view.main.malformed:,} lines are broken: they go to quarantine." if view.main.malformed else ""
    return f"{view.main.rows:,} rows, taken for one per {TABLES[table].grain}.{malformed}"


def joined(each: Link, view: View) -> tuple[dict, str]:
    """A join as the dataset file says it, and how many keys find their row."""
    ours = view.renamed.get(each.before.to.name, {}).get(each.ours, each.ours) if each.before else each.ours
    new = view.renamed.get(each.to.name)
    said = each.to.inputs[0] | ({"rename": new} if new else {}) | {"key": ours if ours == each.theirs else {ours: each.theirs}}
    return said, f"{each.known:.1%} of the keys stand there"


def columns(table: str, found: dict[str, str], facts: dict[str, Facts], decimal: str) -> dict[str, Line]:
    """The canonical columns, required ones that are missing made up."""
    lines = {}
    for canonical, spec in TABLES[table].columns.items():
        if canonical in found:
            lines[canonical] = readings.line(table, canonical, found[canonical], facts[canonical], decimal)
        elif canonical == "amount" and {"quantity", "unit_price"} <= set(found):
            lines[canonical] = Line({"formula": "quantity * unit_price"})
        elif canonical == "customer_id" and table == "customers":
            lines[canonical] = Line(
                {"formula": "text(row_number())"}, "", ("no column names the customer: is every row one of their own?",)
            )
        elif spec.required and canonical in MADE:
            formula, asked = MADE[canonical]
            lines[canonical] = Line({"formula": formula}, "", (f"{asked}; right?",))
    return lines


def rest(made: Draft, table: str, view: View, used: set[str], decimal: str, is_timed: bool) -> None:
    """Columns that are not canonical: attributes of customers, identifiers, or left out with the reason."""
    used = used | {ours for each in view.links for ours in (each.ours,)}
    for name, fact in view.columns.items():
        if name in used:
            continue
        where, why = readings.identifier(name, fact, table == "customers")
        if where:
            getattr(made, where)[name] = why
        elif table == "customers":
            line = readings.attribute(name, fact, decimal, is_timed)
            if isinstance(line, str):
                made.ignore[name] = line
            else:
                made.columns[spelling(name, made.columns)] = line
        else:
            made.ignore[name] = readings.unfit(fact)
    readings_of = {name: line.reading for name, line in made.columns.items() if isinstance(line.reading, dict)}
    if guessed := [name for name, line in made.columns.items() if line.is_guess]:
        made.asked.append(f"the `kind` of these is a guess: {', '.join(guessed)}")
    later = [name for name, reading in readings_of.items() if reading.get("kind") == "behavioral"]
    if is_timed and later:
        made.asked.append(
            f"when were these measured? What is known only after a study's cut-off date has no place among attributes: {', '.join(later)}"
        )


def spelling(name: str, taken: dict) -> str:
    """A name for an attribute that no other column has."""
    spelt, number = words.canonical_spelling(name), 2
    while spelt in taken or spelt in TABLES["customers"].columns:
        spelt, number = f"{words.canonical_spelling(name)}_{number}", number + 1
    return spelt


def united(made: Draft, table: str, first: Found, other: Found) -> bool:
    """Add a file with another header as a further input, if it has all columns that are read; says whether it could."""
    theirs, wanted = grain.roles(table, other.columns), grain.roles(table, first.columns)
    if made.joins or not set(wanted) <= set(theirs) or table == "customers":
        return False
    if any(list(other.columns[theirs[name]].formats) != list(first.columns[wanted[name]].formats) for name in wanted):
        return False
    rename = {theirs[name]: wanted[name] for name in wanted if theirs[name] != wanted[name]}
    made.inputs += [each | {"rename": rename} for each in other.inputs]
    made.identifiers = {name: why for name, why in made.identifiers.items() if name in other.columns}
    made.asked.append(f"{other.name} ({other.rows:,} rows) has other names for the same columns: is it more of the same?")
    return True
