"""Values that are compared exactly: fractions, and what square roots of fractions make.

Floats are never used. A value without roots is a fraction. One with roots is an interval of
decimals that is computed again with more digits until it lies on one side of what it is compared
with; what still touches it after a thousand digits is equal to it, as in ``sd(x) / sd(x)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from math import isqrt
from typing import TypeAlias

ROUGH, FINE = 60, 1000
"""Digits that nearly always decide, and digits after which two values are the same."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Rounding down and up to a number of digits."""

    down: Context
    up: Context

    @classmethod
    @lru_cache
    def of(cls, digits: int) -> Arithmetic:
        """The arithmetic of so many digits."""
        return cls(*(_context(digits, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING)))


def _context(digits: int, rounding: str) -> Context:
    return Context(prec=digits, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


@dataclass(frozen=True, slots=True)
class Interval:
    """Two bounds of a number, both included; ZeroDivisionError where it may be divided by zero."""

    low: Decimal
    high: Decimal
    arithmetic: Arithmetic

    @classmethod
    def around(cls, number: Fraction, arithmetic: Arithmetic) -> Interval:
        """The interval around a fraction."""
        top, bottom = Decimal(number.numerator), Decimal(number.denominator)
        down, up = arithmetic.down, arithmetic.up
        return cls(down.divide(top, bottom), up.divide(top, bottom), arithmetic)

    @classmethod
    def around_root(cls, square: Fraction, arithmetic: Arithmetic) -> Interval:
        """The interval around the square root of a fraction."""
        inner = cls.around(square, arithmetic)
        # `sqrt` rounds to the nearest, whatever the context says.
        low = arithmetic.down.next_minus(arithmetic.down.sqrt(inner.low))
        return cls(low, arithmetic.up.next_plus(arithmetic.up.sqrt(inner.high)), arithmetic)

    def __neg__(self) -> Interval:
        return Interval(self.high.copy_negate(), self.low.copy_negate(), self.arithmetic)

    def __add__(self, other: Interval) -> Interval:
        down, up = self.arithmetic.down, self.arithmetic.up
        low, high = down.add(self.low, other.low), up.add(self.high, other.high)
        return Interval(low, high, self.arithmetic)

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        ends = [(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        down, up = self.arithmetic.down, self.arithmetic.up
        low = min(down.multiply(a, b) for a, b in ends)
        return Interval(low, max(up.multiply(a, b) for a, b in ends), self.arithmetic)

    def __truediv__(self, other: Interval) -> Interval:
        if other.low <= 0 <= other.high:
            raise ZeroDivisionError
        down, up = self.arithmetic.down, self.arithmetic.up
        one = Decimal(1)
        inverse = Interval(down.divide(one, other.high), up.divide(one, other.low), self.arithmetic)
        return self * inverse


@dataclass(frozen=True)
class Rational:
    """A value without roots."""

    approximation: Fraction

    def compare(self, other: Fraction) -> int:
        """-1, 0 or 1 as it is less than, equal to or more than ``other``."""
        return (self.approximation > other) - (self.approximation < other)


@dataclass(frozen=True)
class Irrational:
    """A value with roots, which ``interval`` computes with any number of digits.

    ``rough`` is it with few, None where these do not show whether it divides by zero.
    """

    interval: Callable[[Arithmetic], Interval]
    rough: Interval | None

    @classmethod
    def of(cls, interval: Callable[[Arithmetic], Interval]) -> Irrational:
        """The value; raises ZeroDivisionError if it divides by zero."""
        try:
            return cls(interval, interval(Arithmetic.of(ROUGH)))
        except ZeroDivisionError:
            value = cls(interval, None)
            _ = value._fine
            return value

    def compare(self, other: Fraction) -> int:
        """-1, 0 or 1 as it is less than, equal to or more than ``other``."""
        order = 0 if self.rough is None else _order(self.rough, other)
        return order or _order(self._fine, other)

    @cached_property
    def _fine(self) -> Interval:
        return self.interval(Arithmetic.of(FINE))

    @cached_property
    def approximation(self) -> Fraction:
        """A fraction that is equal to it in nearly a thousand digits."""
        return Fraction(self._fine.low)


def _order(interval: Interval, other: Fraction) -> int:
    """-1 or 1 as all of an interval is less or more than ``other``, else 0."""
    around = Interval.around(other, interval.arithmetic)
    return (interval.low > around.high) - (interval.high < around.low)


Value: TypeAlias = Rational | Irrational


def magnitude(number: Fraction) -> int:
    """The power of ten of the first digit that is not zero; 0 for 0."""
    arithmetic = Arithmetic.of(ROUGH)
    interval = Interval.around(abs(number), arithmetic)
    # Rounded down: 9.99… is not yet 10.
    return interval.low.adjusted() if number else 0


def value_text(value: Value, *, in_percent: bool = False, digits: int = 12) -> str:
    """A value as a message shows it: exactly if it has so many digits at most, else that many."""
    scaled = value.approximation * (100 if in_percent else 1)
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
    quotient = context.divide(Decimal(scaled.numerator), Decimal(scaled.denominator))
    text = f"{quotient.normalize(context):f}" if -7 < quotient.adjusted() < 21 else f"{quotient}"
    more = "" if Fraction(quotient) == scaled and isinstance(value, Rational) else "…"
    return f"{text}{more}{' %' if in_percent else ''}"


def exact_root(square: Fraction) -> Fraction | None:
    """The square root of a fraction that is not negative, if that is a fraction itself."""
    top, bottom = isqrt(square.numerator), isqrt(square.denominator)
    root = Fraction(top, bottom)
    return root if root * root == square else None
