"""Rounding, decided twice: by the product, and by long division on digits here."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.numbers.notation import UnreadableNumber, last_numbers
from pytest_aexp.model.numbers.number import Number
from pytest_aexp.model.numbers.value import Value


def number(text: str) -> Number:
    found = last_numbers(text, 1, starts_line=False)
    assert not isinstance(found, UnreadableNumber), found
    return found[0]


def follows(text: str, value: str) -> bool:
    return number(text).follows_from(Value(Fraction(value)))


@pytest.mark.parametrize(
    ("value", "right", "wrong"),
    [
        ("0.9325", ["0.932", "0.933", "0.93", "0.9", "1", "0.9325", "0.93250"], ["0.930", "0.94"]),
        ("0.9325", ["93.2 %", "93.3 %", "93 %", "93.25%"], ["93.1 %", "93.20 %", "0.932 %"]),
        ("124439808", ["124,439,808", "1.24e8", "1.244×10⁸", "124439808"], ["124,000,000"]),
        ("124439808", ["124.4e6"], ["1.25e8"]),
        ("0.99", ["1.0", "0.99", "1"], ["0.9", "1.00"]),
        ("-0.061", ["-0.061", "−0.06"], ["0.061", "+0.061", "0.06"]),
        ("-0.001", ["-0.00", "0.00"], ["+0.00"]),
        ("0.001", ["+0.00", "0.00"], ["-0.00", "−0.00"]),
        ("0", ["0", "-0", "+0.0"], ["1"]),
        ("1/3", ["0.333", "0.33"], ["0.334", "0.3334"]),
        ("9007199254740993", ["9007199254740993"], ["9007199254740992"]),
        ("0.05", ["≤ 0.05", "≥ 0.05", "< 0.051"], ["< 0.05", "> 0.05", "≤ 0.049"]),
        ("0.9325", ["< 93.3 %", "> 93 %"], ["> 93.3 %"]),
        ("-0.5", ["< -0.4", "> -0.6"], ["< -0.6"]),
    ],
)
def test_what_follows_from_a_value(value: str, right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if not follows(text, value)] == []
    assert [text for text in wrong if follows(text, value)] == []


@pytest.mark.parametrize(
    ("text", "value", "nearest"),
    [
        ("0.942", "0.9325", ["0.932", "0.933"]),
        ("0.942", "0.93251", ["0.933"]),
        ("94.1 %", "0.9325", ["93.2 %", "93.3 %"]),
        ("94.1\\%", "0.9", ["90.0\\%"]),
        ("1,000", "124439808", ["124,439,808"]),
        ("1{,}000", "999", ["999"]),
        ("1.2e-7", "0.00034", ["3.4e-4"]),
        ("1.2×10⁻⁷", "340", ["3.4×10²"]),
        ("$1.2 \\times 10^{7}", "0.00034", ["3.4 \\times 10^{-4}"]),
        ("1.2e−7", "0.00034", ["3.4e−4"]),
        ("9.9e1", "0.996", ["1.0e0"]),
        ("12e3", "0.00034", ["0e3"]),
        ("0.5", "-0.25", ["-0.2", "-0.3"]),
        ("−0.5", "-0.31", ["−0.3"]),
        ("+0.5", "0.31", ["+0.3"]),
        ("+0.5", "-0.31", ["-0.3"]),
        ("-0.5", "0.01", ["0.0"]),
        (".5", "0.31", [".3"]),
        (".5", "1.31", ["1.3"]),
        ("5", "0.5", ["0", "1"]),
        ("< 0.05", "0.06", []),
        ("1.5e2", "0", ["0.0e2"]),
    ],
)
def test_the_right_number_in_the_same_notation(text: str, value: str, nearest: list[str]) -> None:
    exact = Value(Fraction(value))
    found = number(text).nearest(exact)
    assert sorted(each.text for each in found) == sorted(nearest)
    assert all(each.follows_from(exact) for each in found)


def test_nothing_is_proposed_that_nobody_could_print() -> None:
    assert number("5").nearest(Value(Fraction(10) ** 50_000)) == ()
    assert not number("5").follows_from(Value(Fraction(10) ** 50_000))


# A second implementation: digits as text, division by hand


def allowed(value: Fraction, shift: int, decimals: int) -> set[str]:
    """The digits, without a sign, that ``value`` times ten to ``shift`` may be printed with."""
    top, bottom = abs(value.numerator), value.denominator
    zeros = decimals + shift
    top, bottom = (top * 10**zeros, bottom) if zeros >= 0 else (top, bottom * 10**-zeros)
    digits, rest = "", 0
    for digit in str(top):
        rest = rest * 10 + int(digit)
        times = 0
        while rest >= bottom:
            rest -= bottom
            times += 1
        digits += str(times)
    below = str(int(digits))
    above = str(int(digits) + 1)
    printed = {below} if 2 * rest < bottom else {above} if 2 * rest > bottom else {below, above}
    return {pointed(each, decimals) for each in printed}


def pointed(digits: str, decimals: int) -> str:
    padded = digits.rjust(decimals + 1, "0")
    return f"{padded[:-decimals]}.{padded[-decimals:]}" if decimals else padded


MARKUP = (
    "{}",
    "**{}**",
    "`{}`",
    "${}$",
    "({})",
    "is {}",
    "x = {}",
    "| {}",
    "<b>{}</b>",
    "{} points",
)
PERCENT = (" %", "%", "\\%", " percent", "\u202f%", "\\,\\%")
SEPARATORS = (",", "\u202f", "\u2009", "\u00a0", "_", "{,}", "\\,")
POWERS = ("e{}", "E{}", "×10^{}", " × 10^{{{}}}", " \\times 10^{{{}}}", " $\\cdot$ 10$^{{{}}}")


def generated(chance: random.Random) -> tuple[str, Fraction, bool]:
    """A number as somebody might print it, a value, and whether it follows by hand."""
    decimals = chance.choice((0, 1, 1, 2, 2, 3, 4, 7))
    size = 10 ** chance.randrange(1, 9)
    value = Fraction(
        chance.randrange(-size, size), chance.choice((1, 3, 7, 10, 1000, 10**6, 2**20))
    )
    exponent = chance.choice((0, 0, 0, chance.randrange(-9, 10)))
    percent = chance.choice(("", "", *PERCENT))
    shift = (2 if percent else 0) - exponent
    right = allowed(value, shift, decimals)
    base = chance.choice(sorted(right))
    nudge = chance.choice((0, 0, 0, 1, -1, 10, chance.randrange(-50, 50)))
    digits = pointed(str(abs(int(base.replace(".", "")) + nudge)), decimals)
    is_negative = value < 0 if chance.random() < 0.9 else value >= 0
    sign = chance.choice("-−") if is_negative else chance.choice(("", "", "+"))
    is_zero = not digits.strip("0.")
    sign_fits = is_negative == (value < 0) or (is_zero and not (sign and value))
    whole, point, parts = digits.partition(".")
    if len(whole) > 3 and chance.random() < 0.5:
        whole = f"{int(whole):,}".replace(",", chance.choice(SEPARATORS))
    power = chance.choice(POWERS).format(exponent) if exponent else ""
    text = chance.choice(MARKUP).format(f"{sign}{whole}{point}{parts}{power}{percent}")
    return text, value, digits in right and sign_fits


def compare(count: int, seed: int) -> None:
    chance = random.Random(seed)
    verdicts = set()
    for _ in range(count):
        text, value, expected = generated(chance)
        exact = Value(value)
        printed = number(text)
        assert printed.follows_from(exact) is expected, (text, value)
        verdicts.add(expected)
        for right in printed.nearest(exact):
            again = number(text.replace(printed.text, right.text))
            assert again.follows_from(exact), (text, right.text, value)
    assert verdicts == {True, False}


def test_a_naive_implementation_of_rounding_agrees() -> None:
    compare(3_000, seed=1)


@pytest.mark.slow
def test_a_naive_implementation_of_rounding_agrees_on_very_many() -> None:
    compare(30_000, seed=2)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6), st.integers(0, 8))
def test_the_nearest_number_follows_and_no_other_does(top: int, bottom: int, decimals: int) -> None:
    value = Value(Fraction(top, bottom))
    form = number(pointed("0", decimals))
    nearest = form.nearest(value)
    assert 1 <= len(nearest) <= 2
    for each in nearest:
        count = int(each.value / each.quantum)
        others = [form.with_count(count + step) for step in (-2, -1, 1, 2)]
        assert {o.text for o in others if o.follows_from(value)} == {
            other.text for other in nearest if other.text != each.text
        }
