"""What a formula action costs (rule 6): arithmetic over what the operation reports, and nothing else.

    ceil(output_tokens / 1000) * 4 + (files if files > 3 else 0)

A formula is parsed once into a tree of allowed pieces: numbers, names, ``+ - * / // %``, comparisons, ``if … else``,
``min``, ``max``, ``ceil`` and ``floor``. There is nothing in it that could run code or grow without bound, and nothing
is rounded but the result: figures are fractions, a literal or a reported 0.1 is a tenth.

The names are `tokens` (what the caller names, else input + output), `input_tokens`, `output_tokens`, `cached_tokens`,
`reasoning_tokens`, and any other one for the number of that name in the operation's ``metadata``.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .errors import InvalidRequest
from .operations import Work

COUNTS = ("tokens", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
LONGEST, MOST_PIECES, LARGEST = 500, 100, 2**53

Figures = Callable[[str], Fraction]
Reading = Callable[[Figures], Fraction]
Test = Callable[[Figures], bool]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read. ``names`` are those it uses, ``read`` works it out from the figures of those names."""

    text: str
    names: frozenset[str]
    read: Reading

    @property
    def counts(self) -> frozenset[str]:
        """The model's counts among its names: known only when the work is done."""
        return self.names & frozenset(COUNTS)


def check(text: str) -> None:
    """Raise `InvalidRequest` with the place of the first thing that no formula may have."""
    parse(text)


def price(text: str, tokens: int | None, work: Work) -> int:
    """What an operation costs by this formula in whole tokens, rounded up and never below 0.

    Raises `InvalidRequest` when its metadata lacks a number that the formula asks for, or when it divides by 0.
    """
    counted = {
        "tokens": work.model_tokens if tokens is None else tokens,
        "input_tokens": work.input_tokens,
        "output_tokens": work.output_tokens,
        "cached_tokens": work.cached_tokens,
        "reasoning_tokens": work.reasoning_tokens,
    }
    return _whole(text, counted, work.metadata or {})


def price_beforehand(text: str, metadata: Mapping[str, object] | None) -> int | None:
    """What work will cost before it is done: None for a formula that asks for what only the work can tell."""
    formula = parse(text)
    known = metadata or {}
    if formula.counts or not formula.names <= known.keys():
        return None
    return _whole(text, {}, known)


def _whole(text: str, counted: Mapping[str, int], metadata: Mapping[str, object]) -> int:
    def figure(name: str) -> Fraction:
        return Fraction(counted[name]) if name in COUNTS else _reported(name, metadata)

    try:
        result = math.ceil(parse(text).read(figure))
    except ZeroDivisionError:
        raise InvalidRequest("The price of this work can't be told: its formula divides by 0.") from None
    if result >= LARGEST:
        raise InvalidRequest("By its formula this work costs more tokens than anything has ever used; check its units.")
    return max(0, result)


def _reported(name: str, metadata: Mapping[str, object]) -> Fraction:
    if name not in metadata:
        raise InvalidRequest(f"The price of this action goes by “{name}”. Send it as a number in metadata.")
    value = metadata[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        raise InvalidRequest(f"“{name}” in metadata has to be a number: the price of this action goes by it.")
    if abs(value) >= LARGEST:
        raise InvalidRequest(f"“{name}” in metadata is larger than anything that can be counted; check its unit.")
    return _as_written(value)


def _as_written(value: float) -> Fraction:
    """The number that somebody wrote: 0.1 is a tenth and not the nearest binary fraction."""
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


# ---- reading a formula


@lru_cache(maxsize=512)
def parse(text: str) -> Formula:
    """Read a formula. Raises `InvalidRequest` with the place of what is wrong."""
    if not text.strip():
        raise InvalidRequest("A formula can't be empty. Write for example ceil(tokens / 1000).")
    if len(text) > LONGEST:
        raise InvalidRequest(f"A formula has at most {LONGEST} characters; this one has {len(text)}.")
    reader = _Reader(text)
    odd = re.search(r"[^\t\n\r -~]|[#\\;]", text)
    if odd is not None:
        raise reader.wrong(f"“{odd.group()}” has no meaning in a formula", odd.start())
    lead = len(text) - len(text.lstrip())
    try:
        # Blanks keep every place where it was, and a formula may stand on several lines.
        tree = ast.parse(re.sub(r"\s", " ", text).strip(), mode="eval")
    except SyntaxError as error:
        raise reader.wrong("this can't be read", lead + max(0, (error.offset or 1) - 1)) from None
    except (MemoryError, RecursionError, ValueError):
        raise InvalidRequest("The formula can't be read: it is nested too deeply.") from None
    reader.lead = lead
    read = reader.number(tree.body)
    return Formula(text, frozenset(reader.names), read)


_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: Fraction(a // b),
    ast.Mod: lambda a, b: a % b,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
_MANY: dict[str, Callable[[list[Fraction]], Fraction]] = {"min": min, "max": max}
_ONE: dict[str, Callable[[Fraction], int]] = {"ceil": math.ceil, "floor": math.floor}


class _Reader:
    """Turns an expression's tree into functions, piece by piece, and refuses every piece that it does not know."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lead = 0
        self.names: set[str] = set()
        self.pieces = 0

    def wrong(self, what: str, place: int) -> InvalidRequest:
        """The refusal of what stands at this place."""
        rest = self.text[place : place + 20].split("\n")[0].strip()
        near = f" (“{rest}”)" if rest else ""
        return InvalidRequest(f"The formula is wrong at character {place + 1}{near}: {what}.")

    def _at(self, node: ast.expr, what: str) -> InvalidRequest:
        return self.wrong(what, self.lead + node.col_offset)

    def _count(self, node: ast.expr) -> None:
        self.pieces += 1
        if self.pieces > MOST_PIECES:
            raise self._at(node, f"it is too long; {MOST_PIECES} pieces are the most")

    def number(self, node: ast.expr) -> Reading:
        """A piece that has a number as its value."""
        self._count(node)
        match node:
            case ast.Constant():
                return self._literal(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner, sign = self.number(node.operand), -1 if isinstance(node.op, ast.USub) else 1
                return lambda figures: sign * inner(figures)
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return self._operation(node)
            case ast.IfExp():
                test = self._test(node.test)
                then, other = self.number(node.body), self.number(node.orelse)
                return lambda figures: then(figures) if test(figures) else other(figures)
            case ast.Call():
                return self._call(node)
            case ast.Compare():
                raise self._at(node, "a comparison is no number; write 1 if … else 0")
            case ast.BinOp(op=ast.Pow()):
                raise self._at(node, "there are no powers; multiply")
        raise self._at(node, "only numbers, names, + - * / // %, if-else, min, max, ceil and floor may be here")

    def _literal(self, node: ast.Constant) -> Reading:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._at(node, "only numbers may stand here")
        if abs(value) >= LARGEST or 0 < value < 1 / LARGEST:
            raise self._at(node, "the number is too large or too small")
        fixed = _as_written(value)
        return lambda figures: fixed

    def _name(self, node: ast.Name) -> Reading:
        name = node.id
        if name in _MANY or name in _ONE:
            raise self._at(node, f"{name} is a function: write {name}(…)")
        if name.startswith("_"):
            raise self._at(node, "a name begins with a letter")
        if name.endswith(("_tokens", "_token")) and name not in COUNTS:
            raise self._at(node, f"nothing reports {name}. Counts are {', '.join(COUNTS)}")
        self.names.add(name)
        return lambda figures: figures(name)

    def _operation(self, node: ast.BinOp) -> Reading:
        work = _OPERATORS[type(node.op)]
        left, right = self.number(node.left), self.number(node.right)
        divides = isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)
        if divides and isinstance(node.right, ast.Constant) and node.right.value == 0:
            raise self._at(node.right, "nothing can be divided by 0")
        return lambda figures: work(left(figures), right(figures))

    def _call(self, node: ast.Call) -> Reading:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _MANY and name not in _ONE:
            near = difflib.get_close_matches(name, [*_MANY, *_ONE], 1)
            hint = f"; did you mean {near[0]}?" if near else ". There are min, max, ceil and floor"
            raise self._at(node, f"there is no function {name or 'of this kind'}{hint}")
        if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
            raise self._at(node, f"{name} takes plain numbers")
        parts = [self.number(one) for one in node.args]
        if name in _ONE:
            if len(parts) != 1:
                raise self._at(node, f"{name} takes one number")
            rounded, only = _ONE[name], parts[0]
            return lambda figures: Fraction(rounded(only(figures)))
        if len(parts) < 2:
            raise self._at(node, f"{name} takes two numbers or more")
        chosen = _MANY[name]
        return lambda figures: chosen([part(figures) for part in parts])

    def _test(self, node: ast.expr) -> Test:
        """What stands between ``if`` and ``else``: a comparison, a chain of them too."""
        if not isinstance(node, ast.Compare):
            raise self._at(node, "a comparison has to stand here, such as files > 3")
        self._count(node)
        odd = [one for one in node.ops if type(one) not in _COMPARISONS]
        if odd:
            raise self._at(node, "compare with < <= > >= == !=")
        compare = [_COMPARISONS[type(one)] for one in node.ops]
        parts = [self.number(one) for one in (node.left, *node.comparators)]

        def holds(figures: Figures) -> bool:
            values = [part(figures) for part in parts]
            return all(one(a, b) for one, a, b in zip(compare, values, values[1:], strict=False))

        return holds
