"""How each column is to be read, as a line of the dataset file with its questions: canonical columns, and attributes of customers."""

import keyword
from collections.abc import Iterable
from dataclasses import replace

from segkit.sources.authoring import moments, words
from segkit.sources.authoring.draft import Line
from segkit.sources.authoring.facts import Facts
from segkit.sources.quality import personal
from segkit.tables import TABLES

FINE = 200  # a text with more different values than this, and than one in twenty rows, says nothing about a segment
POSTAL = {"zip", "zipcode", "postcode", "postalcode", "plz", "postleitzahl"}
UNITS = (
    (("minutes", "minute", "minuten", "min", "mins"), 60),
    (("hours", "hour", "stunden"), 3600),
    (("ms", "millis", "milliseconds"), 0.001),
)
CENTS = {"cents", "cent", "pence", "pennies"}


def line(table: str, canonical: str, name: str, fact: Facts, decimal: str) -> Line:
    """A canonical column. `name` is the foreign column, `decimal` what the whole table is read with."""
    dtype = TABLES[table].columns[canonical].dtype
    if dtype in ("timestamp", "date"):
        return moment(name, fact)
    asked: list[str] = []
    reading: dict = {"column": name}
    if dtype in ("money", "integer", "number"):
        parts = words.parts(name)
        factor = next(
            (times for known, times in UNITS if canonical == "duration_seconds" and parts & set(known)), 0.01 if parts & CENTS else None
        )
        reading |= {"times": factor} if factor else {}
        if fact.is_money:
            asked.append(f"{name} holds signs besides the number: deliver it as 1234.50, else it cannot be read")
    reading |= nothing(fact, dtype != "string" or canonical.endswith("_id"))
    reading |= {"values": fact.yes} if dtype == "boolean" and fact.yes else {}
    reading = pointed(reading, fact, decimal)
    asked += unclear(name, fact, decimal) if dtype in ("money", "integer", "number") else []
    instead = ()
    if dtype == "string" and canonical.endswith("_id") and fact.nothing:
        asked.append(f"{name}: {counted(fact.nothing)}: taken for no {canonical} at all; right?")
    if dtype in ("money", "integer", "number") and fact.odd and canonical not in ("quantity", "amount", "unit_price"):
        asked.append(outstanding(name, fact))
        instead = (reading | {"missing": [*reading.get("missing", []), *fact.odd]},)
    return Line(short(reading), unreadable(fact), tuple(asked), instead)


def moment(name: str, fact: Facts) -> Line:
    """A column of moments: its format where only one fits, else the line with no format, and all that fit to choose from."""
    reading = {"column": name} | nothing(fact, True)
    asked, instead = [], []
    if fact.is_ambiguous:
        ways = " or ".join(f'"{format}"' for format in fact.formats)
        asked.append(
            f"{name}: the data do not say what is the day and what the month: no number is above 12 in {next(iter(fact.formats.values())):,} values. "
            f"{ways}? Declare one of these, or `segkit check` refuses:"
        )
        instead = [reading | {"format": format} for format in fact.formats]
    elif format := next(iter(fact.formats), moments.ISO):
        reading |= {"format": format}
        if format.endswith("1899-12-30"):
            asked.append(f"{name}: taken for days as spreadsheets count them; right?")
    if fact.odd:
        asked.append(f'{name}: {counted(fact.odd)}: a real day, or a sign for "not known"? Then take the line with `missing`:')
        instead.append(reading | {"missing": [*reading.get("missing", []), *fact.odd]})
    return Line(short(reading), unreadable(fact), tuple(asked), tuple(instead))


def unreadable(fact: Facts) -> str:
    """How many values are not what the others are."""
    return f"{fact.unreadable:,} values cannot be read so: their rows go to quarantine" if fact.unreadable else ""


def attribute(name: str, fact: Facts, decimal: str, is_timed: bool) -> Line | str:
    """A column of customers as an attribute, marked where its kind is a mere guess; or why it is better left out."""
    parts, distinct = words.parts(name), fact.distinct - len(fact.nothing)
    if left_out := unfit(fact) or (
        is_timed and fact.kind == "moment" and "a moment: as an attribute it could know what came after the cut-off"
    ):
        return left_out
    if fact.is_key and fact.kind == "integer" and fact.rows > 20:
        return "another number in every row"
    if parts & set(words.KEY_WORDS) and fact.kind in ("integer", "text") and distinct > 30:
        return f"{distinct:,} different keys: nothing that customers have in common"
    if fact.kind == "text" and distinct > FINE and distinct > fact.rows / 20:
        return f"{distinct:,} different texts: too fine to describe a group"
    kind, is_guess = kind_of(parts, fact)
    if fact.kind == "moment":
        line, more = moment(name, fact), {"kind": kind, "type": "date"}
        return replace(line, reading=whole(line.reading) | more, instead=tuple(other | more for other in line.instead), is_guess=is_guess)
    reading = {"column": name} | nothing(fact, fact.kind != "text") | ({"values": fact.yes} if fact.yes else {})
    reading = pointed(reading, fact, decimal) | {"kind": kind} | ({"type": fact.kind} if fact.kind != "text" else {})
    asked, instead = unclear(name, fact, decimal), []
    if parts & set(words.SENSITIVE):
        reading |= {"sensitive": True}
        asked.append(f"{name} looks sensitive: it stays out of clustering unless a study says why; may it be kept at all?")
    if fact.nothing and fact.kind == "text":
        asked.append(f'{name}: {counted(fact.nothing)}: a value like others, or a word for "not known"? Then take the line with `missing`:')
        instead.append(reading | {"missing": list(fact.nothing)})
    if fact.odd:
        asked.append(outstanding(name, fact))
        instead.append(reading | {"missing": [*reading.get("missing", []), *fact.odd]})
    if fact.is_mostly_number:
        asked.append(f"{name} holds numbers and words: a scale with words at its ends? `values` can say which number each word is")
    if parts & {"birth", "yob", "geburtsjahr", "geburt"} and fact.kind == "integer" and fact.lowest < 1920:
        asked.append(f"{name} begins before 1920: are these customers alive?")
    return Line(reading, unreadable(fact), tuple(asked), tuple(instead), is_guess)


def outstanding(name: str, fact: Facts) -> str:
    """The question about numbers far from all others."""
    return f'{name}: {counted(fact.odd)} stand{"s" * (len(fact.odd) == 1)} out: a number, or a sign for "not known"? Then take the line with `missing`:'


def kind_of(parts: set[str], fact: Facts) -> tuple[str, bool]:
    """What kind of attribute a name speaks of, and whether that is a mere guess."""
    if parts & set(words.SENSITIVE):
        return "demographic", False
    if known := next((kind for kind in reversed(words.KINDS) if parts & set(words.KINDS[kind])), ""):
        return known, False
    return ("psychographic" if fact.kind == "boolean" and not fact.is_digits else "behavioral"), True


def unfit(fact: Facts) -> str:
    """Why a column is of no use to anyone; empty when it is."""
    if fact.kind == "empty":
        return "empty"
    if fact.kind in ("list", "nested"):
        return "not a single value: `explode` makes a row of each element of a list"
    if fact.distinct == 1 and fact.filled == fact.rows:
        return "the same in every row"
    return "sentences: they may name people" if fact.is_prose else ""


def identifier(name: str, fact: Facts, is_customers: bool) -> tuple[str, str]:
    """Whether a column names a person: ("identifiers", what it is), ("ignore", why), or ("", "") when it does not."""
    found = fact.personal or personal.by_name(name)
    if words.plain(name) in words.NAME:
        found = "name" if is_customers or words.parts(name) & {"company", "firma"} else ""
    is_postal = bool(words.parts(name) & POSTAL or words.plain(name) in POSTAL)
    if not found or fact.kind in ("empty", "boolean", "list", "nested") or fact.distinct <= 2:
        return "", ""
    if found == "birth date":
        return (
            ("ignore", "a date of birth names a person nearly; a year or an age could be an attribute")
            if fact.kind == "moment"
            else ("", "")
        )
    if is_postal:
        return (
            ("ignore", f"{fact.distinct:,} different postcodes are too fine; the first two digits could be a region")
            if fact.distinct > FINE
            else ("", "")
        )
    if fact.kind == "moment" or not fact.personal and fact.kind == "text" and fact.distinct <= min(20, fact.rows / 20):
        return "", ""
    return "identifiers", found


def nothing(fact: Facts, is_declared: bool) -> dict:
    """Words that stand for nothing, where they cannot stand for anything else."""
    return {"missing": list(fact.nothing)} if fact.nothing and is_declared else {}


def pointed(reading: dict, fact: Facts, decimal: str) -> dict:
    """A number with a point in a table that is read with commas is read by a formula, unless the point stands between thousands."""
    if decimal != "," or fact.decimal != "." or fact.is_either:
        return reading
    kept = {key: value for key, value in reading.items() if key in ("kind", "type", "sensitive")}
    return {"formula": f"number({named(reading['column'])})"} | kept


def decimal_of(facts: Iterable[Facts]) -> str:
    """What a table has to declare about its numbers: "," or "."; nothing where they are all written as 1234.50."""
    facts = list(facts)
    return "," if any(fact.decimal == "," for fact in facts) else "." * any(fact.has_marks for fact in facts)


def unclear(name: str, fact: Facts, decimal: str) -> list[str]:
    """The question about numbers that can be read in two ways."""
    if not fact.is_either:
        return []
    mark = "," if fact.has_marks else "."
    taken = "1234" if fact.has_marks or decimal == "," else "1.234"
    return [f"{name}: three digits stand behind every mark: 1{mark}234 is taken for {taken}, right?"]


def named(name: str) -> str:
    """A foreign column in a formula."""
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"column({name!r})"


def short(reading: dict) -> str | dict:
    """A reading that says nothing but its column."""
    return reading["column"] if list(reading) == ["column"] else reading


def whole(reading: str | dict) -> dict:
    """A reading with its column named."""
    return {"column": reading} if isinstance(reading, str) else reading


def counted(times: dict[str, int]) -> str:
    """`"999" (12 times), "-1" (3 times)`."""
    return ", ".join(f'"{word}" ({n:,} time{"s" * (n > 1)})' for word, n in times.items())
