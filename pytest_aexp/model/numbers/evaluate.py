"""The exact value of an expression, given the numbers of the runs that it refers to."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias, TypeVar

from pytest_aexp.model.numbers.expression import (
    Aggregate,
    Constant,
    Expression,
    Negated,
    aggregates,
)
from pytest_aexp.model.numbers.notation import DIGITS_LIMIT, EXPONENT_LIMIT
from pytest_aexp.model.numbers.value import (
    Arithmetic,
    Interval,
    Irrational,
    Rational,
    Value,
    exact_root,
)

# Squares of numbers within the limits, and the sums of very many of them, have fewer digits.
_EXACT = Context(prec=5000, traps=[Inexact], Emax=MAX_EMAX, Emin=MIN_EMIN)


class NoValue(ValueError):
    """An expression has no value; the text says why."""


class BeyondLimits(ValueError):
    """An expression makes numbers of more digits than anybody means; the text says so."""


@dataclass(frozen=True, slots=True)
class Root:
    """The square root of a fraction that is not the square of another."""

    square: Fraction


_MOST_BITS = 20_000
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}

Leaf: TypeAlias = Fraction | Root
_Number = TypeVar("_Number", Fraction, Interval)


def within_limits(number: Decimal) -> bool:
    """Whether a number of a run may be computed with."""
    return (
        abs(number.adjusted()) <= EXPONENT_LIMIT and len(number.as_tuple().digits) <= DIGITS_LIMIT
    )


def aggregate(function: str, numbers: Sequence[Decimal]) -> Leaf:
    """A function of one or more numbers that are within the limits; raises NoValue."""
    count = len(numbers)
    if function == "min":
        return Fraction(min(numbers))
    if function == "max":
        return Fraction(max(numbers))
    if function == "median":
        ordered = sorted(numbers)
        return (Fraction(ordered[(count - 1) // 2]) + Fraction(ordered[count // 2])) / 2
    total = reduce(_EXACT.add, numbers)
    if function == "sum":
        return Fraction(total)
    if function == "mean":
        return Fraction(total) / count
    if count < 2:
        raise NoValue("one run has no standard deviation")
    squares = reduce(_EXACT.add, (_EXACT.multiply(number, number) for number in numbers))
    variance = (Fraction(squares) - Fraction(total) ** 2 / count) / (count - 1)
    root = exact_root(variance)
    return Root(variance) if root is None else root


def evaluate(expression: Expression, leaf: Callable[[Aggregate], Leaf]) -> Value:
    """The value of an expression, where ``leaf`` says what its references stand for.

    Raises NoValue, BeyondLimits, and whatever ``leaf`` raises.
    """
    leaves = {reference: leaf(reference) for reference in aggregates(expression)}
    fractions = {key: value for key, value in leaves.items() if isinstance(value, Fraction)}

    def interval(arithmetic: Arithmetic) -> Interval:
        def around(number: Fraction) -> Interval:
            return Interval.around(number, arithmetic)

        inner = {
            reference: Interval.around_root(value.square, arithmetic)
            if isinstance(value, Root)
            else around(value)
            for reference, value in leaves.items()
        }
        return _computed(expression, inner, around)

    try:
        if len(fractions) == len(leaves):
            return Rational(_computed(expression, fractions, lambda number: number))
        return Irrational.of(interval)
    except ZeroDivisionError:
        raise NoValue("it divides by 0") from None


def _computed(
    expression: Expression,
    leaves: Mapping[Aggregate, _Number],
    constant: Callable[[Fraction], _Number],
) -> _Number:
    if isinstance(expression, Constant):
        return constant(expression.value)
    if isinstance(expression, Aggregate):
        return leaves[expression]
    if isinstance(expression, Negated):
        return -_computed(expression.inner, leaves, constant)
    left = _computed(expression.left, leaves, constant)
    right = _computed(expression.right, leaves, constant)
    result: _Number = _OPERATORS[expression.operator](left, right)
    if isinstance(result, Fraction):
        bits = max(result.numerator.bit_length(), result.denominator.bit_length())
        if bits > _MOST_BITS:
            raise BeyondLimits("its values have too many digits")
    return result
