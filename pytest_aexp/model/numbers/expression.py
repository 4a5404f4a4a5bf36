"""Expressions over the numbers of cited runs, as ``100 * (mean(a.accuracy) - mean(b.accuracy))``.

They are read by a grammar of their own and computed by ``evaluate``; Python never sees them.

    expressions = sum { "," sum }
    sum         = product { ("+" | "-") product }
    product     = signed { ("*" | "/") signed }
    signed      = { "+" | "-" } operand
    operand     = number | "(" sum ")" | reference | function "(" reference ")" | "n" "(" [name] ")"
    reference   = [name "."] metric
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from pytest_aexp.ground.settings.metric_names import FUNCTIONS
from pytest_aexp.ground.text import quoted
from pytest_aexp.model.numbers.notation import DIGITS_LIMIT, EXPONENT_LIMIT

LENGTH_LIMIT = 500
BRACKETS_LIMIT = 32


@dataclass(eq=False)
class Malformed(ValueError):
    """An expression that cannot be read; ``offset`` is where, in its text."""

    message: str
    offset: int


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``function`` of a metric of the runs of a citation, or of their count.

    Without a function it is the metric of one run. ``name`` is that of the citation, None where it
    is left out; ``metric`` is empty where runs are counted.
    """

    function: str
    name: str | None
    metric: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands and what is between them."""

    operator: str
    left: Expression
    right: Expression


Expression: TypeAlias = "Fraction | Aggregate | Operation"
"""A number that is written in it, what stands for one, or an operation on two."""


@dataclass(frozen=True, slots=True)
class WrittenExpression:
    """An expression with its text."""

    text: str
    expression: Expression


def parse(text: str) -> tuple[WrittenExpression, ...]:
    """The expressions in the text of a comment, separated by commas; raises Malformed."""
    written, start = [], 0
    # No function has two arguments, so each comma separates expressions.
    for part in text.split(","):
        written.append(_Parser(text, start, start + len(part)).written())
        start += len(part) + 1
    return tuple(written)


def aggregates(expression: Expression) -> Iterator[Aggregate]:
    """What an expression refers to, from left to right."""
    if isinstance(expression, Aggregate):
        yield expression
    elif isinstance(expression, Operation):
        yield from aggregates(expression.left)
        yield from aggregates(expression.right)


_TOKEN = re.compile(
    r"\s*+(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?!\w))|(?P<symbol>[-+*/().]))?",
)


class _Parser:
    """Reads the expression between two offsets of a text."""

    def __init__(self, text: str, start: int, stop: int) -> None:
        self._text = text
        self._begin, self._end, self._stop = start, start, stop
        if stop - start > LENGTH_LIMIT:
            raise Malformed(f"it is longer than {LENGTH_LIMIT} characters", start)
        if text.count("(", start, stop) > BRACKETS_LIMIT:
            at = text.index("(", start)
            raise Malformed(f"it has more than {BRACKETS_LIMIT} brackets", at)
        self._next()

    def written(self) -> WrittenExpression:
        begin = self._start
        expression = self._sum()
        if self._start < self._stop:
            raise self._unexpected("an operator, a comma or its end")
        if not any(aggregates(expression)):
            raise Malformed("it names no run, so nothing ties the number to the ledger", begin)
        return WrittenExpression(" ".join(self._text[self._begin : self._stop].split()), expression)

    def _next(self) -> None:
        """Read the next token, which starts at ``_start``."""
        match = _TOKEN.match(self._text, self._end, self._stop)
        assert match is not None
        self._match = match
        self._symbol = match["symbol"] or ""
        self._end = match.end()
        self._start = match.end() - len(match[0].lstrip())

    def _unexpected(self, expected: str) -> Malformed:
        token = re.match(r"[\w.]+|\S", self._text[self._start :])
        what = quoted(token[0], 20) if token else "its end"
        return Malformed(f"{expected} is expected, not {what}", self._start)

    def _take(self, symbol: str) -> None:
        if self._symbol != symbol:
            raise self._unexpected(f"`{symbol}`")
        self._next()

    def _sum(self) -> Expression:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Expression:
        return self._chain(("*", "/"), self._signed)

    def _chain(self, operators: tuple[str, str], operand: Callable[[], Expression]) -> Expression:
        left = operand()
        while (operator := self._symbol) in operators:
            self._next()
            left = Operation(operator, left, operand())
        return left

    def _signed(self) -> Expression:
        is_negative = False
        while self._symbol in ("+", "-"):
            is_negative ^= self._symbol == "-"
            self._next()
        operand = self._operand()
        return Operation("-", Fraction(0), operand) if is_negative else operand

    def _operand(self) -> Expression:
        if self._symbol == "(":
            self._next()
            inner = self._sum()
            self._take(")")
            return inner
        if self._match["number"]:
            constant = _number(self._match["number"], self._start)
            self._next()
            return constant
        if not self._match["name"]:
            raise self._unexpected("a number, a name or `(`")
        offset, name = self._start, self._name()
        if self._symbol != "(":
            return self._reference("", name)
        return self._call(name, offset)

    def _call(self, function: str, offset: int) -> Expression:
        if function not in FUNCTIONS:
            names = ", ".join(FUNCTIONS)
            message = f"{quoted(function, 20)} is not a function; the functions are {names}"
            raise Malformed(message, offset)
        self._next()
        if function == "n":
            named = self._name() if self._match["name"] else None
            call: Expression = Aggregate("n", named, "")
        else:
            call = self._reference(function, self._name())
        self._take(")")
        return call

    def _reference(self, function: str, name: str) -> Expression:
        if self._symbol != ".":
            return Aggregate(function, None, name)
        self._next()
        return Aggregate(function, name, self._name())

    def _name(self) -> str:
        name = self._match["name"]
        if not name:
            raise self._unexpected("a name")
        self._next()
        return str(name)


def _number(text: str, offset: int) -> Fraction:
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa.replace(".", "")) > DIGITS_LIMIT:
        raise Malformed(f"a number has more than {DIGITS_LIMIT} digits", offset)
    if exponent and (len(exponent) > 9 or abs(int(exponent)) > EXPONENT_LIMIT):
        raise Malformed(f"a number has an exponent beyond {EXPONENT_LIMIT}", offset)
    digits = f"0{mantissa}0" if "." in mantissa else mantissa
    return Fraction(f"{digits}e{exponent or 0}")
