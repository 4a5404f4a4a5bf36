"""The exact value of an expression, given the numbers of the runs that it refers to."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact
from fractions import Fraction
from functools import reduce

from pytest_aexp.model.numbers.expression import Aggregate, Expression, aggregates
from pytest_aexp.model.numbers.notation import DIGITS_LIMIT, EXPONENT_LIMIT
from pytest_aexp.model.numbers.value import Value

# Squares of numbers within the limits, and the sums of very many of them, have fewer digits.
_EXACT = Context(prec=5000, traps=[Inexact], Emax=MAX_EMAX, Emin=MIN_EMIN)


class NoValue(ValueError):
    """An expression has no value; the text says why."""


class BeyondLimits(ValueError):
    """An expression makes numbers of more digits than anybody means; the text says so."""


_MOST_BITS = 20_000
_OPERATORS: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def within_limits(number: Decimal) -> bool:
    """Whether a number of a run may be computed with."""
    return (
        abs(number.adjusted()) <= EXPONENT_LIMIT and len(number.as_tuple().digits) <= DIGITS_LIMIT
    )


def aggregate(function: str, numbers: Sequence[Decimal]) -> Value:
    """A function of one or more numbers that are within the limits; raises NoValue."""
    count = len(numbers)
    if function == "min":
        return Value(Fraction(min(numbers)))
    if function == "max":
        return Value(Fraction(max(numbers)))
    if function == "median":
        ordered = sorted(numbers)
        return Value((Fraction(ordered[(count - 1) // 2]) + Fraction(ordered[count // 2])) / 2)
    total = reduce(_EXACT.add, numbers)
    if function == "sum":
        return Value(Fraction(total))
    if function == "mean":
        return Value(Fraction(total) / count)
    if count < 2:
        raise NoValue("one run has no standard deviation")
    squares = reduce(_EXACT.add, (_EXACT.multiply(number, number) for number in numbers))
    return Value.root((Fraction(squares) - Fraction(total) ** 2 / count) / (count - 1))


def evaluate(expression: Expression, leaf: Callable[[Aggregate], Value]) -> Value:
    """The value of an expression, where ``leaf`` says what its references stand for.

    Raises NoValue, BeyondLimits, and whatever ``leaf`` raises.
    """
    leaves = {reference: leaf(reference) for reference in aggregates(expression)}
    try:
        return _computed(expression, leaves)
    except ZeroDivisionError:
        raise NoValue("it divides by 0") from None


def _computed(expression: Expression, leaves: Mapping[Aggregate, Value]) -> Value:
    if isinstance(expression, Fraction):
        return Value(expression)
    if isinstance(expression, Aggregate):
        return leaves[expression]
    left, right = _computed(expression.left, leaves), _computed(expression.right, leaves)
    result = _OPERATORS[expression.operator](left, right)
    exact = result.approximation
    bits = max(exact.numerator.bit_length(), exact.denominator.bit_length())
    if bits > _MOST_BITS and not result.error:
        raise BeyondLimits("its values have too many digits")
    return result
