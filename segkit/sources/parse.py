"""From foreign values to canonical ones: what a cell says as text, number, moment or yes and no. What is not declared is not guessed.

A column of text and a column that has a type of its own (Parquet, a database) give the same answers.
"""

import re
from datetime import datetime

import ibis
import ibis.expr.datatypes as dt

from segkit.sources import terms
from segkit.sources.reading import EPOCH, Reading
from segkit.sources.terms import NUMERAL, finite, stripped
from segkit.tables import DTYPES

TOO_MUCH = 10**14  # money has 18 digits, four of them decimals: a product beyond is as good as missing
ZONE = r" ?(Z|UTC|[+-](0\d|1[0-4])(:?[0-5]\d)?)"
MOMENT = (
    rf"^(19|20)\d\d[-/]\d\d?[-/]\d\d?([ T]\d\d?:\d\d(:\d\d(\.\d+)?)?({ZONE})?)?$"  # the engine would also take `infinity` and the year 9999
)
YES, NO = ["true", "t", "yes", "y", "1", "1.0"], ["false", "f", "no", "n", "0", "0.0"]
MICROSECONDS = {"seconds": 10**6, "milliseconds": 10**3, "days": 86_400 * 10**6}
MILLISECOND = 1000  # days are counted with fractions, which are not exact: 8:30 must not become 8:29:59.999999
ID_TAIL = r"^(-?\d+)\.0$"  # spreadsheets turn the id 17850 into 17850.0
BLANKS = " '\u00a0\u202f\u2019"  # what stands between thousands besides points and commas
AMBIGUOUS = r"^\d\d?([-/.])\d\d?([-/.])(\d\d)?\d\d( .*)?$"  # day or month first: nobody can tell
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


@ibis.udf.scalar.builtin
def try_strptime(text: str, format: str) -> dt.Timestamp(scale=6):
    """The moment, or null."""


@ibis.udf.scalar.builtin(name="try_strptime")
def try_strptime_zoned(text: str, format: str) -> dt.Timestamp("UTC", scale=6):
    """The moment of a text that names its zone, or null."""


@ibis.udf.scalar.builtin
def make_timestamptz(microseconds: int) -> dt.Timestamp("UTC", scale=6):
    """The moment that many microseconds after 1970 began in Greenwich."""


@ibis.udf.scalar.builtin(name="timezone")
def wall_clock(zone: str, moment: dt.Timestamp("UTC", scale=6)) -> dt.Timestamp(scale=6):
    """What the clock on the wall showed in a zone."""


def as_text(value: ibis.Value, reading: Reading, missing: list[str], decimal: str = "") -> ibis.expr.types.StringValue:
    """A foreign value as text without surrounding space; null where it is empty or stands for nothing; replaced where `values` says so.

    With `decimal`, the numbers of a column of text leave with a decimal point.
    """
    text = written(value)
    if nothing := sorted({way for each in (*reading.missing, *missing) if each.strip() for way in ways(each)}):
        text = ibis.cases((~text.isin(nothing), text))
    other = with_point(text, decimal) if decimal and value.type().is_string() else text
    if reading.values:
        other = ibis.cases(*((text.isin(ways(said)), meant) for said, meant in reading.values.items()), else_=other).nullif("")
    return other


def ways(said: str) -> list[str]:
    """The ways to write a value: 999 may stand there as 999.0, and a day as its midnight."""
    bare = re.sub(r"^([+-]?\d+|\d{4}-\d\d-\d\d)(\.0+| 00:00:00)$", r"\1", said.strip())
    return [bare, *(bare + tail for tail in (".0", ".00", " 00:00:00"))]


def written(value: ibis.Value) -> ibis.expr.types.StringValue:
    """What a file of text would hold in place of the value: null where it is empty, or not a number."""
    text = value if value.type().is_string() else value.cast("string")
    if value.type().is_floating():
        return text.nullif("nan")
    return text.re_replace(r"\.0+$", "") if value.type().is_decimal() else stripped(text).nullif("")


def parsed(value: ibis.Value, name: str, dtype: str, reading: Reading, missing: list[str], decimal: str) -> ibis.Value:
    """A foreign value as its declared type, null where it does not convert. Values that have a type already are not taken through text."""
    own = None if reading.values else natively(value, dtype, reading)
    if own is not None:
        return ibis.cases((as_text(value, reading, missing).notnull(), own)) if reading.missing or missing else own
    text = as_text(value, reading, missing, decimal if dtype in ("money", "integer", "number") else "")
    if dtype == "string":
        return ibis.cases((text.endswith(".0"), text.re_replace(ID_TAIL, r"\1")), else_=text) if name.endswith("_id") else text
    if dtype in ("timestamp", "date"):
        return (formatted(text, reading.format) if reading.format else undeclared(text, dtype)).cast(DTYPES[dtype])
    if dtype == "boolean":
        said = text.lower()
        return ibis.cases((said.isin(YES), True), (said.isin(NO), False))
    numeral = text.re_extract(NUMERAL, 0)
    if reading.times is not None:
        scaled = numeral.try_cast("float64") * reading.times
        return whole(scaled) if dtype == "integer" else finite(scaled).try_cast(DTYPES[dtype])
    if dtype == "integer":
        return text.re_replace(r"\.0+$", "").re_extract(r"^[+-]?\d+$", 0).try_cast("int64")
    return numeral.try_cast(DTYPES[dtype])


def filled(value: ibis.Value, reading: Reading, missing: list[str]) -> ibis.expr.types.BooleanValue:
    """Whether there is anything to read."""
    is_plain = not (reading.missing or reading.values or missing) and (value.type().is_integer() or value.type().is_decimal())
    return value.notnull() if is_plain else as_text(value, reading, missing).notnull()


def computed(value: ibis.Value, dtype: str) -> ibis.Value | None:
    """What a formula gave, as the type of its column, null where it is too large or a text does not convert; None when it is of another kind."""
    given, plain = terms.kind(value), Reading(column="formula")
    if dtype == "string":
        return terms.text(value)
    if (own := natively(value, dtype, plain)) is not None:
        return own
    if given == terms.TEXT and dtype in ("timestamp", "date", "boolean"):
        return parsed(value, "", dtype, plain, [], "")
    if given == terms.NUMBER and dtype in ("money", "integer"):
        return whole(value) if dtype == "integer" else value.try_cast(DTYPES[dtype])
    return value.cast(DTYPES[dtype]) if given == terms.YES_OR_NO and dtype == "integer" else None


def natively(value: ibis.Value, dtype: str, reading: Reading) -> ibis.Value | None:
    """A value that has the declared type already, or nearly; None for all others."""
    kind = value.type()
    if dtype in ("timestamp", "date") and (kind.is_timestamp() or kind.is_date()):
        return sensible(value.cast(DTYPES["timestamp"])).cast(DTYPES[dtype])
    if reading.times is not None:
        return None
    if kind.is_integer() and dtype in ("integer", "money", "number") or kind.is_decimal() and dtype in ("money", "number"):
        return value.try_cast(DTYPES[dtype])
    if kind.is_floating() and dtype == "number":
        return finite(value).cast(DTYPES[dtype])
    return value if kind.is_boolean() and dtype == "boolean" else None


def whole(number: ibis.expr.types.NumericValue) -> ibis.expr.types.IntegerValue:
    """The nearest whole number, halves away from zero; null beyond what the engine can count."""
    number = number.cast("float64")
    return ibis.cases((number.abs() < 2.0**63, number)).round()


def with_point(text: ibis.expr.types.StringValue, decimal: str = ",") -> ibis.expr.types.StringValue:
    """1.234,50 as 1234.50, or 1,234.50 where `decimal` says point. Marks have to stand between thousands: else 1.5 would become 15."""
    marks = f"[{'.' if decimal == ',' else ','}{BLANKS}]"
    if decimal == ".":
        grouped = text.re_search(rf"^[+-]?\d{{1,3}}({marks}\d{{3}})+(\.\d*)?$")
        return ibis.cases((grouped, text.re_replace(marks, "")), else_=text)
    proper = text.re_search(rf"^[+-]?(\d{{1,3}}({marks}\d{{3}})+|\d+)?(,\d*)?$")
    return ibis.cases((proper, text.re_replace(marks, "").replace(",", ".")))


def undeclared(text: ibis.expr.types.StringValue, dtype: str) -> ibis.expr.types.TimestampValue:
    """Year first, as in 2025-10-01 12:30: that can be read in one way only. A moment that names its zone is converted to the session's,
    which gathering sets to the dataset's."""
    zoned = text.re_search(rf":\d\d(\.\d+)?{ZONE}$")
    read = ibis.cases((zoned, text.try_cast("timestamp('UTC', 6)").cast(DTYPES["timestamp"])), else_=text.try_cast(DTYPES["timestamp"]))
    return ibis.cases((text.re_search(MOMENT), read))


def formatted(text: ibis.expr.types.StringValue, format: str) -> ibis.expr.types.TimestampValue:
    """As declared: by a pattern, or as a count of seconds, milliseconds or days. Seconds count in Greenwich, days are the dataset's own."""
    if not EPOCH.fullmatch(format):
        if "%z" in format:
            return sensible(try_strptime_zoned(text, format).cast(DTYPES["timestamp"]))
        return sensible(try_strptime(text, format))
    unit, _, start = format.split(" ")
    since = int((datetime.fromisoformat(start) - datetime(1970, 1, 1)).total_seconds()) * 10**6
    number, step = text.re_extract(NUMERAL, 0).try_cast("float64"), MILLISECOND if unit == "days" else 1
    count = ibis.cases((number.abs() < 10**16 / MICROSECONDS[unit], number)) * (MICROSECONDS[unit] // step)
    moment = make_timestamptz(count.round().cast("int64") * step + since)
    return sensible(wall_clock("UTC", moment) if unit == "days" else moment.cast(DTYPES["timestamp"]))


def sensible(moment: ibis.expr.types.TimestampValue) -> ibis.expr.types.TimestampValue:
    """Null beyond the years 1900 to 2099: nothing a customer did happened there."""
    return ibis.cases((moment.year().between(1900, 2099), moment))


def readings(text: ibis.expr.types.StringValue) -> dict[str, ibis.Value]:
    """How many values each order of day and month would read, clock times included: what a person needs to declare the right one."""
    mark = text.re_extract(AMBIGUOUS, 1)
    counts = {}
    for order in ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%d{0}%m{0}%y", "%m{0}%d{0}%y"):
        for clock in CLOCKS:
            for sign in "-/.":
                format = order.format(sign) + clock
                counts[format] = ((mark == sign) & formatted(text, format).notnull()).sum()
    return counts
