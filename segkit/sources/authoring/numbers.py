"""Numbers in a column of text: how they are written, how many they are, which of them stand out."""

import re
from typing import NamedTuple

import ibis

from segkit.sources import parse
from segkit.sources.authoring import moments, words
from segkit.sources.files import views
from segkit.sources.files.views import asked

VALUES, NUMBERS = "segkit_values", "segkit_numbers"  # the different values of the column that is looked at, and how often each stands
ENOUGH = 0.99  # as many values have to be readable, or gathering refuses the column
POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MARKS = {",": f"[.{parse.BLANKS}]", ".": f"[,{parse.BLANKS}]"}  # what may stand between thousands, by the decimal mark
COMMA = re.compile(rf"[+-]?(\d{{1,3}}({MARKS[',']}\d{{3}})+|\d+)?(,\d*)?")
MARKED = re.compile(rf"[+-]?(\d{{1,3}}({MARKS['.']}\d{{3}})+|\d+)?(\.\d*)?")
WHOLE = re.compile(r"[+-]?\d+(\.0+)?")
CODES = {-1, -9, -99, -999, -9999, 99, 999, 9999, 99999, 999999, 9999999}
COUNTS = f"""SELECT sum(n)::BIGINT, coalesce(sum(n) FILTER (number IS NOT NULL), 0)::BIGINT, coalesce(sum(n) FILTER (number < 0), 0)::BIGINT,
 coalesce(sum(n) FILTER (number = 0), 0)::BIGINT, coalesce(bool_or(number <> round(number)), false), min(number), max(number), count(number)
 FROM {NUMBERS}"""


class Numbers(NamedTuple):
    """Counts over the values of a column, and its ends."""

    filled: int
    readable: int
    negative: int
    zero: int
    has_fractions: bool
    lowest: float
    highest: float
    different: int


def share(found: list[bool]) -> float:
    """How many of a list are true."""
    return sum(found) / len(found)


def writing(sample: list[str]) -> dict | None:
    """How numbers are written: their decimal mark, empty where there are no decimals, and what is unclear. None where they are no numbers."""
    point, comma, marked = (share([bool(way.fullmatch(each)) for each in sample]) >= ENOUGH for way in (POINT, COMMA, MARKED))
    if point:
        has_decimals = not all(WHOLE.fullmatch(each) for each in sample)
        return {"decimal": "." * has_decimals, "is_either": has_decimals and comma}
    if marked:
        return {"decimal": ".", "has_marks": True, "is_either": comma}
    return {"decimal": ","} if comma else None


def facts(connection: ibis.BaseBackend, name: str, sample: list[str]) -> dict:
    """What a column of numbers holds; nothing for others. Its different values and how often each stands are in VALUES."""
    if (written := writing(sample)) is None:
        return {}
    number = "value"
    if written["decimal"] == "," or written.get("has_marks"):
        way = (COMMA if written["decimal"] == "," else MARKED).pattern
        bare = f"regexp_replace(value, {views.text(MARKS[written['decimal']])}, '', 'g')"
        number = f"CASE WHEN regexp_full_match(value, {views.text(way)}) THEN replace({bare}, ',', '.') END"
    number = f"TRY_CAST({number} AS DOUBLE)"
    grouped = f"SELECT number, sum(n) AS n FROM (SELECT {number} AS number, n FROM {VALUES}) GROUP BY number"
    connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE {NUMBERS} AS {grouped}")
    counts = Numbers(*asked(connection, COUNTS)[0])
    if counts.readable < ENOUGH * counts.filled:
        return {}
    ends = f"SELECT number, n::BIGINT FROM {NUMBERS} WHERE number IS NOT NULL ORDER BY number"
    low, high = asked(connection, f"{ends} LIMIT 2"), asked(connection, f"{ends} DESC LIMIT 2")
    is_whole = not counts.has_fractions
    found = {
        "kind": "integer" if is_whole else "number",
        **written,
        "decimal": written["decimal"] if written["decimal"] == "," or not is_whole else "",
        "negative": counts.negative,
        "zero": counts.zero,
        "lowest": counts.lowest,
        "highest": counts.highest,
        "odd": standing_out(low, high, counts),
        "unreadable": counts.filled - counts.readable,
    }
    clocks = moments.epochs(counts.lowest, counts.highest)
    is_time = bool(words.parts(name) & set(words.TIME_WORDS))
    if clocks and is_time:
        return found | {"kind": "moment", "formats": {clocks[0]: counts.readable}, "odd": {}}
    return found


def standing_out(low: list[tuple], high: list[tuple], counts: Numbers) -> dict[str, int]:
    """The lowest and the highest number, when it is a code such as -1 or 999, or frequent and far from all others; and how often it stands."""
    found = {}
    if counts.different < 4:
        return found
    span, usual = counts.highest - counts.lowest, counts.readable / counts.different
    for (value, n), (next_value, _) in (low, high):
        if value != round(value) or value == 0:
            continue
        gap = abs(value - next_value)
        rest = (span - gap) / max(counts.different - 2, 1)
        is_code = value in CODES or bool(re.fullmatch(r"-?(\d)\1{2,}", str(int(value))))
        is_far = gap >= 5 * rest and gap > 1
        if (
            (is_code and value < 0 <= next_value)
            or (is_code and is_far)
            or (is_far and n >= max(5, 0.005 * counts.readable) and n >= 3 * usual)
        ):
            found[str(int(value))] = int(n)
    return found
