"""What formulas are made of: values of four kinds, what can be done to each, and refusals that say which kinds did not fit."""

import math
import operator
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import ibis
import ibis.expr.datatypes as dt
from ibis.expr import operations as ops

NUMBER, TEXT, MOMENT, YES_OR_NO, ANYTHING, WIDTH, MORE = "number", "text", "moment", "yes or no", "anything", "width", "…"
NUMERAL = r"^[+-]?(\d{1,200}(\.\d*)?|\.\d+)([eE][+-]?\d\d?)?$"  # the engine would also take 1_000, 0x10 and infinity
WHOLE_DIGITS, DECIMALS = 14, 10  # of exact numbers: two factors and their product stay within the engine's 38 digits
WIDEST = 64  # of a padded text
SIGNS = {operator.add: "+", operator.sub: "-", operator.mul: "*"}
SIGNS |= {operator.eq: "==", operator.ne: "!=", operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">="}
Operator = Callable[[ibis.Value, ibis.Value], ibis.Value]


class Unfit(Exception):
    """Values of kinds that do not go together: what was tried with them, and in which piece of the formula."""

    def __init__(self, what: str, piece: str = ""):
        self.what, self.piece = what, piece
        super().__init__(f"{piece!r}: {what}" if piece else what)


def kind(value: ibis.Value) -> str:
    """Number, text, moment, yes or no; else the engine's word for it."""
    of = value.type()
    if of.is_numeric() and not of.is_boolean():
        return NUMBER
    kinds = {TEXT: of.is_string(), YES_OR_NO: of.is_boolean(), MOMENT: of.is_timestamp() or of.is_date()}
    return next((name for name, fits in kinds.items() if fits), str(of))


def tidy(column: ibis.Value) -> ibis.Value:
    """A column as formulas see it: a text without surrounding space, missing when empty; no number that is none."""
    if column.type().is_string():
        return stripped(column).nullif("")
    return finite(column) if column.type().is_floating() else column


def stripped(text: ibis.Value) -> ibis.Value:
    """A text without surrounding space; looked at closely only where it begins or ends with some, which takes a quarter of the time."""
    return ibis.cases(((text.left(1) <= " ") | (text.right(1) <= " "), text.strip()), else_=text)


def finite(number: ibis.Value) -> ibis.Value:
    """Missing instead of infinite or not a number."""
    return ibis.cases((number.abs() < math.inf, number))


def literal(constant: bool | int | float | str) -> ibis.Value:
    """A constant; 1.19 is exactly that."""
    if isinstance(constant, float):
        exact = Decimal(repr(constant))
        scale = max(0, -exact.as_tuple().exponent)
        return ibis.literal(exact, dt.Decimal(38, scale)) if abs(exact) < 10**WHOLE_DIGITS and scale <= DECIMALS else ibis.literal(constant)
    return ibis.literal(constant, "int64") if type(constant) is int else ibis.literal(constant)


def arithmetic(do: Operator, left: ibis.Value, right: ibis.Value) -> ibis.Value:
    """+, - and *: exact for whole numbers and decimals, missing where the result has too many digits. + also joins texts."""
    kinds = [kind(left), kind(right)]
    if do is operator.add and kinds == [TEXT, TEXT]:
        return left.concat(right)
    if kinds != [NUMBER, NUMBER]:
        raise Unfit(f"{kinds[0]} {SIGNS[do]} {kinds[1]}")
    if left.type().is_integer() and right.type().is_integer():
        return _as(do(left.cast("decimal(38, 0)"), right.cast("decimal(38, 0)")), dt.int64)
    scales = [_scale(each) for each in (left, right)]
    scale = sum(scales) if do is operator.mul else max(scales)
    if scale > DECIMALS:
        return do(left.cast("float64"), right.cast("float64"))
    return _exact(do(*(_exact(each, places).cast(dt.Decimal(38, places)) for each, places in zip((left, right), scales))), scale)


def _scale(number: ibis.Value) -> float:
    """How many decimals a number has; without end where it is no exact one."""
    of = number.type()
    return 0 if of.is_integer() else of.scale if of.is_decimal() and of.scale is not None else math.inf


def _exact(number: ibis.Value, scale: int) -> ibis.Value:
    """A number with so many decimals, missing where it is too large. Never left out: Ibis does not know the engine's types of products."""
    return _as(number, dt.Decimal(WHOLE_DIGITS + scale, scale))


def _as(number: ibis.Value, to: dt.DataType) -> ibis.Value:
    return ops.TryCast(number, to).to_expr()


def divided(left: ibis.Value, right: ibis.Value) -> ibis.Value:
    """A ratio; missing when divided by zero."""
    if [kind(left), kind(right)] != [NUMBER, NUMBER]:
        raise Unfit(f"{kind(left)} / {kind(right)}")
    return left.cast("float64") / right.cast("float64").nullif(0)


def compared(do: Operator, left: ibis.Value, right: ibis.Value) -> ibis.Value:
    """Whether a comparison holds, between values of one kind; '2025-10-01' beside a moment is one."""
    return do(*alike(SIGNS[do], left, right))


def alike(word: str, *values: ibis.Value) -> list[ibis.Value]:
    """The same values, all of one kind and type; `word` is what stands between them."""
    if any(kind(each) == MOMENT for each in values):
        values = [moment(each) if _is_constant_text(each) else each for each in values]
    kinds = list(dict.fromkeys(map(kind, values)))
    if len(kinds) > 1 or kinds[0] not in (NUMBER, TEXT, MOMENT, YES_OR_NO):
        raise Unfit(f" {word} ".join(kinds * 2 if len(kinds) == 1 else kinds))
    if kinds == [MOMENT]:
        return [each.cast("timestamp(6)") for each in values]
    if kinds != [NUMBER] or all(each.type().is_integer() for each in values) or len({each.type() for each in values}) == 1:
        return list(values)
    scale = max(map(_scale, values))
    return [each.cast("float64") if scale > DECIMALS else each.cast(dt.Decimal(38, scale)) for each in values]


def _is_constant_text(value: ibis.Value) -> bool:
    return kind(value) == TEXT and isinstance(value.op(), ops.Literal)


def moment(text: ibis.Value) -> ibis.Value:
    """A constant such as '2025-10-01 12:30' as the moment it names."""
    try:
        read = datetime.fromisoformat(text.op().value)
    except ValueError:
        read = None
    if read is None or read.tzinfo:
        raise Unfit("moment beside text; a moment is written '2025-10-01' or '2025-10-01 12:30:00'")
    return ibis.literal(read, "timestamp(6)")


def one_of(value: ibis.Value, constants: list[ibis.Value]) -> ibis.Value:
    """Whether a value is among constants of its kind."""
    value, *constants = alike("in", value, *constants)
    return value.isin(constants)


def all_yes_or_no(values: list[ibis.Value], word: str) -> list[ibis.Value]:
    """The values, when each is yes or no."""
    if any(kind(each) != YES_OR_NO for each in values):
        raise Unfit(f" {word} ".join(map(kind, values)) if len(values) > 1 else f"{word} {kind(values[0])}")
    return values


def number(value: ibis.Value) -> ibis.Value:
    """A text read as a number, with a decimal point; missing where it is none."""
    return value.cast("string").re_extract(NUMERAL, 0).try_cast("float64")


def text(value: ibis.Value) -> ibis.Value:
    """A value written as text: 17850, also where a file holds 17850.0."""
    written = value.cast("string")
    return written.re_replace(r"\.0$", "") if value.type().is_floating() else written


def padded(text: ibis.Value, width: int) -> ibis.Value:
    """A text with zeros before it up to a width; a longer one as it is."""
    return (ibis.literal("0" * width) + text).re_replace(rf"(?s)^0{{0,{width}}}(.{{{width},}})$", r"\1")


class Function(NamedTuple):
    """A function of the language: the kinds it takes, and what it gives."""

    takes: tuple[str, ...]
    gives: Callable[..., ibis.Value]

    def __call__(self, name: str, values: list) -> ibis.Value:
        wanted = [want for want in self.takes if want != MORE]
        for want, given in zip(wanted, values):
            if want not in (ANYTHING, WIDTH) and want != kind(given):
                raise Unfit(f"{name}({', '.join(self.takes)}) is given a {kind(given)}")
        return self.gives(*values)


FUNCTIONS = {
    "missing": Function((ANYTHING,), lambda value: value.isnull()),
    "number": Function((ANYTHING,), number),
    "text": Function((ANYTHING,), text),
    "starts_with": Function((TEXT, TEXT), lambda text, start: text.startswith(start)),
    "ends_with": Function((TEXT, TEXT), lambda text, end: text.endswith(end)),
    "contains": Function((TEXT, TEXT), lambda text, part: text.contains(part)),
    "lower": Function((TEXT,), lambda text: text.lower()),
    "pad": Function((TEXT, WIDTH), padded),
    "length": Function((TEXT,), lambda text: text.length()),
    "first": Function((ANYTHING, ANYTHING, MORE), lambda *values: ibis.coalesce(*alike("beside", *values))),
    "year": Function((MOMENT,), lambda moment: moment.year()),
}
