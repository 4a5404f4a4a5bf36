"""A number as it is printed: what it says, what it follows from, and what would be right."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from pytest_aexp.model.numbers.value import Value, magnitude

_MOST_DIGITS = 1000

Bound = Literal["", "<", "≤", ">", "≥"]
_HOLDS: dict[str, tuple[int, ...]] = {"<": (-1,), "≤": (-1, 0), ">": (1,), "≥": (1, 0)}

SPACE = r"&(?:nbsp|thinsp|ensp|\#0*(?:160|8201|8239)|\#[Xx]0*(?:[Aa]0|2009|202[Ff]));"
SEPARATOR = rf"(?:[,_\u00a0\u2009\u202f]|\{{,\}}|\\,|(?!&ensp){SPACE})"
_SEPARATORS = re.compile(SEPARATOR)
RAISED_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED = rf"[⁺⁻]?[{RAISED_DIGITS}]+"
SIGNED = r"[-+−]?[0-9]+"
_RAISE = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LOWER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−", "0123456789-+-")
_EXPONENT = re.compile(rf"(?:{SIGNED}|{RAISED})(?=[^0-9{RAISED_DIGITS}]*\Z)")


def exponent_in(power: str) -> str:
    """The exponent in a power of ten such as ``×10⁻³``, as plain digits; nothing without one."""
    match = _EXPONENT.search(power)
    return match[0].translate(_LOWER) if match else ""


def plain_digits(digits: str) -> str:
    """Digits without the separators of thousands."""
    return _SEPARATORS.sub("", digits)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text, from the offset ``start`` on.

    ``text`` is all of it but a bound before it: ``sign``, ``digits``, ``power`` and ``percent``.
    ``exponent`` is None without a power, which is then empty. ``doubt`` is why a reader may see
    another number there; it completes "005 …".
    """

    start: int
    bound: Bound
    sign: str
    digits: str
    power: str
    exponent: int | None
    percent: str
    is_percent: bool
    doubt: str = ""

    @property
    def text(self) -> str:
        """The number as it is written."""
        return f"{self.sign}{self.digits}{self.power}{self.percent}"

    @property
    def value(self) -> Fraction:
        """What it says."""
        return self._count * self.quantum

    @property
    def _count(self) -> int:
        """How many times its last digit's worth it is."""
        count = int(plain_digits(self.digits).replace(".", ""))
        return -count if self.is_negative else count

    @property
    def is_negative(self) -> bool:
        """Whether it has a minus."""
        return bool(self.sign) and not self.sign.startswith("+")

    @property
    def quantum(self) -> Fraction:
        """What its last digit is worth."""
        power = (self.exponent or 0) - (2 if self.is_percent else 0)
        return Fraction(10) ** (power - self._decimals)

    @property
    def _decimals(self) -> int:
        return len(self.digits.rpartition(".")[2]) if "." in self.digits else 0

    def follows_from(self, value: Value) -> bool:
        """Whether ``value``, rounded to the digits that are printed, is the number.

        Of an exact tie both neighbours are. A bound is one of the exact value.
        """
        if self.bound:
            return value.compare(self.value) in _HOLDS[self.bound]
        count, half = self._count, self.quantum / 2
        if value.compare((2 * count - 1) * half) < 0 or value.compare((2 * count + 1) * half) > 0:
            return False
        # What is printed as −0.00 is not above zero.
        order = value.compare(Fraction(0)) if self.sign and not count else 0
        return order == 0 or (order < 0) == self.is_negative

    def nearest(self, value: Value) -> tuple[Number, ...]:
        """What it should be: ``value`` in the same notation, two numbers where it is a tie.

        Nothing for a bound, since whoever wrote it chose it, nor where nobody could print it.
        """
        if self.bound or abs(magnitude(value.approximation)) > _MOST_DIGITS:
            return ()
        form = self._form_for(value.approximation)
        quantum = form.quantum
        count = round(value.approximation / quantum)
        others = (count - 1, count + 1)
        ties = (other for other in others if value.compare((count + other) * quantum / 2) == 0)
        return tuple(map(form.with_count, sorted([count, *ties])))

    def _form_for(self, value: Fraction) -> Number:
        """The number with the power that ``value`` needs for one digit before the point."""
        whole = self.digits.partition(".")[0]
        if self.exponent is None or not value or len(whole) != 1 or whole == "0":
            return self
        scaled = abs(value) * (100 if self.is_percent else 1)
        exponent = magnitude(scaled)
        # 9.96 with two digits is 10, and so 1.0 of the next power.
        decimals = self._decimals
        exponent += round(scaled / Fraction(10) ** exponent * 10**decimals) >= 10 ** (decimals + 1)
        return self._with_exponent(exponent)

    def _with_exponent(self, exponent: int) -> Number:
        written = _EXPONENT.search(self.power)
        assert written is not None, self.power
        digits = str(exponent)
        if written[0][-1] in RAISED_DIGITS:
            digits = digits.translate(_RAISE)
        elif "−" in written[0]:
            digits = digits.replace("-", "−")
        power = self.power[: written.start()] + digits + self.power[written.end() :]
        return replace(self, power=power, exponent=exponent)

    def with_count(self, count: int) -> Number:
        """The number that is so many times what its last digit is worth."""
        decimals = self._decimals
        digits = str(abs(count)).rjust(decimals + 1, "0")
        whole, parts = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
        separator = _SEPARATORS.search(self.digits)
        if separator is not None:
            whole = f"{int(whole):,}".replace(",", separator[0])
        if self.digits.startswith(".") and whole == "0":
            whole = ""
        sign = ""
        if count < 0:
            sign = self.sign if self.is_negative else "-"
        elif count > 0 and self.sign.startswith("+"):
            sign = self.sign
        return replace(self, sign=sign, digits=f"{whole}.{parts}" if decimals else whole)

    def without_percent(self) -> Number:
        """The same digits without a percent sign."""
        return replace(self, percent="", is_percent=False)

    def in_percent(self) -> Number:
        """The same digits, said to be per cent."""
        return replace(self, percent=" %", is_percent=True)
