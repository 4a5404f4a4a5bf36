"""Intervals hold what they stand for, however it was computed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.numbers.value import Arithmetic, Interval, exact_root, magnitude

FEW = Arithmetic.of(5)
FRACTIONS = st.fractions(-1000, 1000, max_denominator=10**6)


def holds(interval: Interval, number: Fraction) -> bool:
    return Fraction(interval.low) <= number <= Fraction(interval.high)


@given(FRACTIONS, FRACTIONS)
def test_every_operation_rounds_outwards(left: Fraction, right: Fraction) -> None:
    a, b = Interval.around(left, FEW), Interval.around(right, FEW)
    assert holds(a, left)
    assert holds(-a, -left)
    assert holds(a + b, left + right)
    assert holds(a - b, left - right)
    assert holds(a * b, left * right)
    if right:
        assert holds(a / b, left / right)


@given(st.fractions("1/1000", 1000, max_denominator=10**6))
def test_a_root_is_rounded_outwards(square: Fraction) -> None:
    root = Interval.around_root(square, FEW)
    assert Fraction(root.low) ** 2 <= square
    assert square <= Fraction(root.high) ** 2


def test_what_may_be_zero_is_no_divisor() -> None:
    zero = Interval.around(Fraction(1, 3), FEW) - Interval.around(Fraction(1, 3), FEW)
    with pytest.raises(ZeroDivisionError):
        Interval.around(Fraction(1), FEW) / zero


def test_only_a_square_has_an_exact_root() -> None:
    assert exact_root(Fraction(9, 4)) == Fraction(3, 2)
    assert exact_root(Fraction(0)) == 0
    assert exact_root(Fraction(2)) is None


@pytest.mark.parametrize(
    ("number", "power"),
    [("1", 0), ("9.99", 0), ("10", 1), ("0.1", -1), ("1/3", -1), ("-123", 2), ("0", 0)],
)
def test_the_power_of_the_first_digit(number: str, power: int) -> None:
    assert magnitude(Fraction(number)) == power


def test_the_power_of_a_number_just_below_the_next() -> None:
    assert magnitude(Fraction(10**100 - 1, 10**99)) == 0
    assert magnitude(Fraction(10) ** 50_000) == 50_000
