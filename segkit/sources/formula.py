"""The small language of formulas in dataset files: `quantity * unit_price`, `starts_with(order_id, 'C')`, `status in ['a', 'b']`.

Arithmetic, comparison, `and`, `or`, `not`, `in`, and the functions below; nothing else can be said, so that nothing else can be done.
A name is a column of the canonical table, or else of the file (a text as it is there, without surrounding space); `column('Customer ID')`
names one with spaces. What is missing, too large or divided by zero makes the result missing, and a test on it finds nothing.
"""

import ast
import keyword
import operator
import re
import warnings
from collections.abc import Mapping
from functools import reduce

import ibis

from segkit.errors import BadInput, nearest
from segkit.sources import terms
from segkit.sources.terms import FUNCTIONS, MORE, WIDEST, WIDTH, Unfit

ROW = "segkit_row"  # the number of a row in the order of its file
RESERVED = "segkit_"  # what gathering adds to the rows begins so
WORD = re.compile(rf"(?!(?:{'|'.join(keyword.kwlist)})$)[A-Za-z_][A-Za-z0-9_]*")  # a name that needs no column('…')
LONGEST, DEEPEST, LARGEST = 10_000, 50, 2**63  # signs of a formula, parts within parts, whole numbers
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
COMPARISON = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
CALLED = [*FUNCTIONS, "row_number", "column"]


def parse(text: str) -> ast.expr:
    """The formula as a tree; ValueError, which names the piece, when it says more than the language can."""
    if len(text) > LONGEST:
        raise ValueError(f"formula {shown(text)} is longer than {LONGEST:,} signs")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a stray backslash is a mistake here, not a warning on somebody's screen
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, Warning, RecursionError, MemoryError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError | MemoryError) else getattr(error, "msg", str(error))
        raise ValueError(f"formula {shown(text)} cannot be read: {why}; odd names are written column('Customer ID')") from None
    _check(tree, text.strip())
    return tree


def shown(text: str) -> str:
    """A formula or a piece of one, as messages quote it."""
    return repr(text if len(text) <= 80 else f"{text[:77]}…")


def _check(node: ast.expr, text: str, depth: int = 0) -> None:
    """Raise ValueError for whatever is not of the language."""
    if depth > DEEPEST:
        raise ValueError(f"formula {shown(text)} has more than {DEEPEST} parts within parts")
    refuse = lambda why: ValueError(f"formula {shown(text)}: {why.format(shown(_piece(node, text)))}")
    match node:
        case ast.Name(name):
            if name.startswith(RESERVED):
                raise refuse(f"names beginning with {RESERVED} are the workbench's own")
            if not text.isascii() and not WORD.fullmatch(_piece(node, text)):
                raise refuse("a name with such letters is written column({})")
            return
        case ast.Constant(bool() | str() | int() | float() as constant):
            if not _is_plain(constant):
                raise refuse("{} is too large, or a text no file could hold")
            return
        case ast.Constant(None):
            raise refuse("there is no None; write missing(x)")
        case ast.BinOp(left, ast.Div(), right):
            parts, depth = [left, right], depth + 9  # each doubles what the engine has to read
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
            parts = [left, right]
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            parts = [operand]
        case ast.BoolOp(_, parts):
            depth += len(parts)
        case ast.Compare(left, [op], [right]) if type(op) in COMPARISON:
            parts = [left, right]
        case ast.Compare(left, [ast.In() | ast.NotIn()], [ast.List(elts) | ast.Tuple(elts)]) if elts and all(map(_is_constant, elts)):
            parts = [left, *elts]
        case ast.Call(ast.Name("column"), [ast.Constant(str() as name)], []) if name and not name.startswith(RESERVED):
            return
        case ast.Call(ast.Name(name), parts, []) if name in FUNCTIONS or name == "row_number":
            _check_call(name, parts, text)
        case ast.Call(ast.Name(name), _, []) if name != "column":
            raise refuse(f"unknown function {name!r}; {nearest(name, CALLED)}")
        case _:
            raise refuse(f"{{}} is not part of the language; functions: {', '.join(CALLED)}")
    if isinstance(node, ast.Compare) and any(isinstance(part, ast.Constant) and _is_padded(part.value) for part in parts):
        raise refuse("{} finds nothing: texts are compared without space around them, and an empty one is missing(x)")
    for part in parts:
        _check(part, text, depth + 1)


def _check_call(name: str, args: list[ast.expr], text: str) -> None:
    """Raise ValueError for a call with too few or too many arguments, or a width that is none."""
    takes = FUNCTIONS[name].takes if name in FUNCTIONS else ()
    enough = len(args) >= len(takes) - 1 if MORE in takes else len(args) == len(takes)
    if not enough:
        raise ValueError(f"formula {shown(text)}: it is {name}({', '.join(takes)}), here are {len(args)} values")
    for want, given in zip(takes, args):
        if want == WIDTH and not (isinstance(given, ast.Constant) and type(given.value) is int and 1 <= given.value <= WIDEST):
            raise ValueError(f"formula {shown(text)}: the width of {name} is a whole number from 1 to {WIDEST}")


def _piece(node: ast.expr, text: str) -> str:
    """The part of the formula that a node stands for."""
    return ast.get_source_segment(text, node) or text


def _is_padded(constant: bool | int | float | str) -> bool:
    return isinstance(constant, str) and constant != (constant.strip() or None)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def _is_plain(constant: bool | int | float | str) -> bool:
    """Whether a file could hold it: a number of the engine's size, a text that can be written down."""
    if isinstance(constant, str):
        return not re.search("[\0\ud800-\udfff]", constant)
    return abs(constant) < (LARGEST if isinstance(constant, int) else float("inf"))


def names(text: str) -> set[str]:
    """The columns a formula speaks of."""
    nodes = list(ast.walk(parse(text)))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    plain = {node.id for node in nodes if isinstance(node, ast.Name) and not any(node is call.func for call in calls)}
    return plain | {call.args[0].value if call.func.id == "column" else ROW for call in calls if call.func.id in ("column", "row_number")}


def value(text: str, columns: Mapping[str, ibis.Value], where: str) -> ibis.Value:
    """The formula as an Ibis expression over `columns`; BadInput, beginning with `where`, for names or types that do not fit."""
    if unknown := sorted(names(text) - set(columns)):
        known = [name for name in columns if not name.startswith(RESERVED)]
        raise BadInput(f"{where}: formula {shown(text)} names {unknown[0]!r}, which is no column", nearest(unknown[0], known))
    try:
        made = _value(parse(text), columns, text.strip())
        return terms.finite(made) if made.type().is_floating() else made
    except Unfit as error:
        do = "number(x) reads a text as a number, text(x) writes a number as text"
        raise BadInput(f"{where}: formula {shown(text)} does not fit the types of its columns", str(error), do) from None


def _value(node: ast.expr, columns: Mapping[str, ibis.Value], text: str) -> ibis.Value:
    """The value of a node; Unfit, which quotes the smallest piece that does not fit."""
    try:
        return _made(node, columns, lambda part: _value(part, columns, text))
    except Unfit as error:
        raise error if error.piece else Unfit(error.what, _piece(node, text)) from None


def _made(node: ast.expr, columns: Mapping[str, ibis.Value], of) -> ibis.Value:
    match node:
        case ast.Call(ast.Name("row_number"), []):
            return columns[ROW]
        case ast.Name(name) | ast.Call(ast.Name("column"), [ast.Constant(name)]):
            return terms.tidy(columns[name])
        case ast.Constant(constant):
            return terms.literal(constant)
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as constant)) if not isinstance(constant, bool):
            return terms.literal(-constant)
        case ast.BinOp(left, ast.Div(), right):
            return terms.divided(of(left), of(right))
        case ast.BinOp(left, op, right):
            return terms.arithmetic(ARITHMETIC[type(op)], of(left), of(right))
        case ast.UnaryOp(ast.USub(), operand):
            return terms.arithmetic(operator.sub, terms.literal(0), of(operand))
        case ast.UnaryOp(ast.Not(), operand):
            return ~terms.all_yes_or_no([of(operand)], "not")[0]
        case ast.BoolOp(op, values):
            joins, word = (operator.and_, "and") if isinstance(op, ast.And) else (operator.or_, "or")
            return reduce(joins, terms.all_yes_or_no([of(each) for each in values], word))
        case ast.Compare(left, [ast.In() | ast.NotIn() as op], [ast.List(elts) | ast.Tuple(elts)]):
            found = terms.one_of(of(left), [of(each) for each in elts])
            return found if isinstance(op, ast.In) else ~found
        case ast.Compare(left, [op], [right]):
            return terms.compared(COMPARISON[type(op)], of(left), of(right))
        case ast.Call(ast.Name(name), args):
            function, beyond = FUNCTIONS[name], [MORE] * len(args)
            return function(name, [arg.value if want == WIDTH else of(arg) for arg, want in zip(args, [*function.takes, *beyond])])
