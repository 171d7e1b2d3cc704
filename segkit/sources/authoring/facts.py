"""What there is to know about one foreign column: what it holds, how it is written, what stands out. Counts and formats; never a value."""

import re
from dataclasses import dataclass, field
from typing import Any

import ibis

from segkit.sources import parse
from segkit.sources.authoring import moments, numbers, words
from segkit.sources.authoring.numbers import ENOUGH, POINT, VALUES, share
from segkit.sources.files import views
from segkit.sources.files.views import asked
from segkit.sources.quality import personal

SAMPLE = 2000
LIKELY, MOST = re.compile(personal.ANY), 0.5  # a column is personal when most of its texts look so
MONEY = re.compile(r"[-+(]?\s?(EUR|USD|GBP|CHF|[€$£¥])?\s?[-+]?\d[\d.,'\s]*(EUR|USD|GBP|CHF|[€$£¥])?\)?")
PATHS = (" > ", " -> ", " → ", ">", "->", " | ")


@dataclass(frozen=True)
class Facts:
    """One column. `kind`: empty, boolean, integer, number, moment, text, list or nested; `formats`: what it could be read by -> values that reads."""

    name: str
    rows: int
    filled: int = 0
    distinct: int = 0
    kind: str = "empty"
    formats: dict[str, int] = field(default_factory=dict)
    decimal: str = ""  # of numbers with decimals, as they are written
    has_marks: bool = False  # there are commas between thousands, and a point before decimals
    is_either: bool = False  # 1.234 or 1,234: three digits behind every mark, which may stand between thousands or before decimals
    negative: int = 0
    zero: int = 0
    lowest: float = 0.0  # of numbers; for tests only, it is never shown
    highest: float = 0.0
    is_money: bool = False  # texts that would be numbers without their currency sign or the marks between thousands
    nothing: dict[str, int] = field(default_factory=dict)  # words for "not known" -> how often
    odd: dict[str, int] = field(default_factory=dict)  # numbers and dates that stand out -> how often
    unreadable: int = 0  # values of a number or moment column that are neither that nor a word for nothing
    personal: str = ""  # what most of its texts look like
    prefixes: dict[str, int] = field(default_factory=dict)  # letters before numbers, where most values are numbers alone
    yes: dict[str, str] = field(default_factory=dict)  # what stands for true and false, where the engine does not know it
    is_digits: bool = False  # yes and no are 1 and 0
    control: str = ""  # a word that tells a control group, or "no "
    is_mostly_number: bool = False  # texts of which more than half are numbers
    separator: str = ""  # between the parts of a path
    is_prose: bool = False
    means: str = ""  # the canonical column it is, whatever it is called: found by comparing files

    @property
    def is_key(self) -> bool:
        """Every row has a value of its own."""
        return 0 < self.filled == self.distinct

    @property
    def is_ambiguous(self) -> bool:
        """Day and month could change places, and nothing in the column speaks against it."""
        return len({moments.order(format) for format in self.formats}) > 1


def measured(connection: ibis.BaseBackend, table: str) -> tuple[int, dict[str, Facts]]:
    """The number of rows of a table of the engine, and the facts of every column."""
    there, found = views.name(table), {}
    total = asked(connection, f"SELECT count(*) FROM {there}")[0][0]
    for name, kind in connection.table(table).schema().items():
        if kind.is_nested():
            found[name] = Facts(name, total, total, total, "list" if kind.is_array() and kind.value_type.is_string() else "nested")
            continue
        text = f"nullif(trim(CAST({views.name(name)} AS VARCHAR), ' ' || chr(9) || chr(10) || chr(13)), '')"
        counted = f"SELECT value, count(*) AS n FROM (SELECT {text} AS value FROM {there}) WHERE value IS NOT NULL GROUP BY value"
        connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE {VALUES} AS {counted}")
        filled, distinct = asked(connection, f"SELECT coalesce(sum(n), 0)::BIGINT, count(*) FROM {VALUES}")[0]
        given = {"rows": total, "filled": filled, "distinct": distinct}
        if filled:
            given |= of_type(kind, filled) or of_text(connection, name, distinct)
        found[name] = Facts(name, **given)
    return total, found


def of_type(kind, filled: int) -> dict:
    """What a column's own type says; nothing where it is text or a number, whose values say more."""
    if kind.is_boolean():
        return {"kind": "boolean"}
    if kind.is_temporal() and not kind.is_time():
        return {"kind": "moment", "formats": {moments.ISO: filled}}
    return {}


def of_text(connection: ibis.BaseBackend, name: str, distinct: int) -> dict:
    """What a column of text holds: its different values, and how often each stands, are in VALUES."""
    known = ", ".join(map(views.text, words.NOTHING))
    nothing = dict(asked(connection, f"SELECT value, n FROM {VALUES} WHERE lower(value) IN ({known}) ORDER BY value"))
    if nothing:
        connection.raw_sql(f"DELETE FROM {VALUES} WHERE lower(value) IN ({known})")
    sample = asked(connection, f"SELECT value, n FROM {VALUES} ORDER BY hash(value), value LIMIT {SAMPLE}")
    if not sample:
        return {"kind": "text", "nothing": nothing}
    texts = [value for value, _ in sample]
    found = of_yes_and_no(sample, distinct - len(nothing)) or of_moments(connection, moments.candidates(sample, words.parts(name)))
    if not found:
        found = numbers.facts(connection, name, texts) or of_words(connection, texts)
        if share([bool(LIKELY.search(each)) for each in texts]) >= MOST:
            kinds = personal.kinds(connection.table(VALUES).order_by(lambda t: t.value.hash(), "value").limit(SAMPLE), "value")
            found["personal"] = next((kind for kind, n in kinds.items() if n >= MOST * len(texts)), "")
    return found | {"nothing": nothing | found.get("nothing", {})}


def of_yes_and_no(pairs: list[tuple[str, int]], distinct: int) -> dict:
    """Two values that mean yes and no."""
    said = {value.lower() for value, _ in pairs}
    if distinct != 2 or said not in words.YES_NO:
        return {}
    is_digits = bool(said & {"1", "1.0"})
    is_foreign = said & {"ja", "j", "wahr", "falsch", "nein"}
    return {
        "kind": "boolean",
        "is_digits": is_digits,
        "yes": {value: words.FOREIGN_YES[value.lower()] for value, _ in sorted(pairs)} if is_foreign else {},
    }


def of_moments(connection: ibis.BaseBackend, formats: list[str]) -> dict:
    """Formats that read (nearly) all values, the ones that read most; several are a question. They are tried as gathering will read."""
    if not formats:
        return {}
    values = connection.table(VALUES)
    read = (parse.formatted(values.value, each) if each else parse.undeclared(values.value, "timestamp") for each in formats)
    reads = {str(n): values.n.sum(where=each.notnull()).fill_null(0) for n, each in enumerate(read)}
    counts = connection.execute(values.aggregate(filled=values.n.sum(), **reads)).iloc[0].astype(int)
    most = max(counts[str(n)] for n in range(len(formats)))
    days = ", ".join(map(views.text, sorted(moments.NO_DAYS)))
    odd = dict(asked(connection, f"SELECT value, n FROM {VALUES} WHERE left(value, 10) IN ({days}) ORDER BY value LIMIT 20"))
    beyond = {day: n for day, n in odd.items() if not "1900" <= day[:4] <= "2099"}  # they cannot be read, so they cannot be days
    if most + sum(beyond.values()) < ENOUGH * counts["filled"]:
        return {}
    best = {each: int(counts[str(n)]) for n, each in enumerate(formats) if counts[str(n)] >= ENOUGH * most}
    top = {each: n for each, n in best.items() if n == most}
    if any(not each.startswith("%y") for each in top):  # 31.12.24 is no day of 2031, though every number of it would fit
        top = {each: n for each, n in top.items() if not re.match("%y[./]", each)}
    unreadable, days = int(counts["filled"]) - most - sum(beyond.values()), {day: n for day, n in odd.items() if day not in beyond}
    return {"kind": "moment", "formats": top, "unreadable": unreadable, "nothing": beyond, "odd": days}


def of_words(connection: ibis.BaseBackend, sample: list[str]) -> dict:
    """Texts: whether they are paths, sentences, or numbers with letters before some of them."""
    found: dict[str, Any] = {"kind": "text"}
    found["is_money"] = share([bool(MONEY.fullmatch(each)) for each in sample]) >= ENOUGH
    found["is_mostly_number"] = share([bool(POINT.fullmatch(each)) for each in sample]) >= MOST
    numbered = [bool(re.fullmatch(r"\d+", each)) for each in sample]
    if 0.5 < share(numbered) < 1:
        letters = f"SELECT regexp_extract(value, '^([A-Za-z]{{1,3}})-?\\d+$', 1) AS letters, n FROM {VALUES}"
        groups = f"SELECT letters, sum(n)::BIGINT FROM ({letters}) WHERE letters <> '' GROUP BY letters ORDER BY letters LIMIT 20"
        found["prefixes"] = dict(asked(connection, groups))
    steps = {mark: share([mark in each for each in sample]) for mark in PATHS}
    mark = next((mark for mark in PATHS if steps[mark] >= 0.5), "")
    if mark and len({part.strip() for each in sample for part in each.split(mark)}) <= 200:
        found["separator"] = mark
    found["is_prose"] = not mark and sum(map(len, sample)) > 40 * len(sample) and share([" " in each for each in sample]) > 0.5
    low = [each.lower() for each in sample]
    found["control"] = next(
        (word for word in words.CONTROL if any(word in each for each in low)), "no " if any(each.startswith("no ") for each in low) else ""
    )
    return found
