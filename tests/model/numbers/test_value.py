"""A value is never further from what it stands for than it says, however it was computed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.numbers.value import Value, magnitude

FRACTIONS = st.fractions(-1000, 1000, max_denominator=10**6)
ERRORS = st.fractions(0, "1/100", max_denominator=10**6)


@given(FRACTIONS, FRACTIONS, ERRORS, ERRORS, st.fractions(-1, 1), st.fractions(-1, 1))
def test_what_an_operation_makes_is_within_its_error(
    left: Fraction, right: Fraction, e: Fraction, f: Fraction, x: Fraction, y: Fraction
) -> None:
    a, b = Value(left, e), Value(right, f)
    one, two = left + x * e, right + y * f
    assert a.compare(one) == 0
    assert (a + b).compare(one + two) == 0
    assert (a - b).compare(one - two) == 0
    assert (a * b).compare(one * two) == 0
    if abs(right) > f:
        assert (a / b).compare(one / two) == 0


@given(FRACTIONS, FRACTIONS)
def test_what_is_exact_stays_exact(left: Fraction, right: Fraction) -> None:
    assert Value(left) + Value(right) == Value(left + right)
    assert Value(left) * Value(right) == Value(left * right)


@given(st.fractions("1/1000", 1000, max_denominator=10**6), st.integers(-400, 400))
def test_a_root_has_a_thousand_digits(square: Fraction, power: int) -> None:
    square *= Fraction(10) ** (2 * power)
    root = Value.root(square)
    assert (root * root).compare(square) == 0
    assert root.error < root.approximation / 10**1000


def test_what_may_be_zero_is_no_divisor() -> None:
    zero = Value(Fraction(1, 3), Fraction(1, 9)) - Value(Fraction(1, 3))
    with pytest.raises(ZeroDivisionError):
        Value(Fraction(1)) / zero


def test_only_a_square_has_an_exact_root() -> None:
    assert Value.root(Fraction(9, 4)) == Value(Fraction(3, 2))
    assert Value.root(Fraction(0)) == Value(Fraction(0))
    assert Value.root(Fraction(2)).error


@pytest.mark.parametrize(
    ("number", "power"),
    [("1", 0), ("9.99", 0), ("10", 1), ("0.1", -1), ("1/3", -1), ("-123", 2), ("0", 0)],
)
def test_the_power_of_the_first_digit(number: str, power: int) -> None:
    assert magnitude(Fraction(number)) == power


def test_the_power_of_a_number_just_below_the_next() -> None:
    assert magnitude(Fraction(10**100 - 1, 10**99)) == 0
    assert magnitude(Fraction(10) ** 50_000) == 50_000
