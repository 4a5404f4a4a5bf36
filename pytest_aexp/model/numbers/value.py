"""Values that are compared exactly: fractions, and what square roots of fractions make.

Floats are never used. A root is a fraction of a thousand digits with the distance that the root may
have from it, which every operation carries along. What lies within that distance of a number is
equal to it, as ``sd(x) / sd(x)`` is to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, Context, Decimal
from fractions import Fraction
from math import isqrt

_BITS = 3400
"""As long as a thousand digits."""

_ROUNDED_DOWN = Context(prec=60, rounding=ROUND_DOWN, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


@dataclass(frozen=True, slots=True)
class Value:
    """A number at most ``error`` away from ``approximation``, which it is where that is 0."""

    approximation: Fraction
    error: Fraction = Fraction(0)

    @classmethod
    def root(cls, square: Fraction) -> Value:
        """The square root of a fraction that is not negative."""
        exact = Fraction(isqrt(square.numerator), isqrt(square.denominator))
        if exact * exact == square:
            return cls(exact)
        unit = Fraction(2) ** (_length(square) // 2 - _BITS)
        return cls(isqrt(int(square / unit**2)) * unit, unit)

    def compare(self, other: Fraction) -> int:
        """-1, 0 or 1 as it is less than, equal to or more than ``other``."""
        distance = self.approximation - other
        return (distance > self.error) - (distance < -self.error)

    def __add__(self, other: Value) -> Value:
        return _rounded(self.approximation + other.approximation, self.error + other.error)

    def __sub__(self, other: Value) -> Value:
        return _rounded(self.approximation - other.approximation, self.error + other.error)

    def __mul__(self, other: Value) -> Value:
        one, two = self.approximation, other.approximation
        error = abs(one) * other.error + abs(two) * self.error + self.error * other.error
        return _rounded(one * two, error)

    def __truediv__(self, other: Value) -> Value:
        size = abs(other.approximation)
        if size <= other.error:
            raise ZeroDivisionError
        return self * _rounded(1 / other.approximation, other.error / size / (size - other.error))


def _rounded(number: Fraction, error: Fraction) -> Value:
    """The value, with no more digits than tell; one that is exact stays so."""
    if not error:
        return Value(number)
    unit = Fraction(2) ** (_length(number) - _BITS)
    return Value(round(number / unit) * unit, Fraction(2) ** (_length(error + unit) + 1))


def _length(number: Fraction) -> int:
    """The length in bits, give or take one; that of a small fraction is negative."""
    return number.numerator.bit_length() - number.denominator.bit_length()


def magnitude(number: Fraction) -> int:
    """The power of ten of the first digit that is not zero; 0 for 0."""
    # Rounded down: 9.99… is not yet 10.
    top, bottom = Decimal(abs(number.numerator)), Decimal(number.denominator)
    return _ROUNDED_DOWN.divide(top, bottom).adjusted() if number else 0


def value_text(value: Value, *, in_percent: bool = False, digits: int = 12) -> str:
    """A value as a message shows it: exactly if it has so many digits at most, else that many."""
    scaled = value.approximation * (100 if in_percent else 1)
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
    quotient = context.divide(Decimal(scaled.numerator), Decimal(scaled.denominator))
    text = f"{quotient.normalize(context):f}" if -7 < quotient.adjusted() < 21 else f"{quotient}"
    more = "" if Fraction(quotient) == scaled and not value.error else "…"
    return f"{text}{more}{' %' if in_percent else ''}"
