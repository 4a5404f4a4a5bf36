"""What is a number in a text and what it says; nothing is guessed."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from pytest_aexp.model.numbers.notation import UnreadableNumber, last_numbers


def read(text: str, count: int = 1, *, starts_line: bool = True) -> list[tuple[str, Fraction]]:
    found = last_numbers(text, count, starts_line=starts_line)
    assert not isinstance(found, UnreadableNumber), found
    for number in found:
        assert text[number.start :].startswith(number.text)
    return [(f"{number.bound}{number.text}", number.value) for number in found]


def refused(text: str, count: int = 1) -> str:
    found = last_numbers(text, count, starts_line=True)
    assert isinstance(found, UnreadableNumber), found
    assert text[found.start :].startswith(found.text)
    return found.reason


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("Mean 0.93", "0.93", "0.93"),
        ("over 5", "5", "5"),
        ("p = .05", ".05", "0.05"),
        ("00.50", "00.50", "0.5"),
        # signs
        ("worse by -0.061", "-0.061", "-0.061"),
        ("worse by −0.061", "−0.061", "-0.061"),
        ("better by +0.061", "+0.061", "0.061"),
        ("(worse) -0.061", "-0.061", "-0.061"),
        ("by − 0.061", "− 0.061", "-0.061"),
        ("= - 0.5", "- 0.5", "-0.5"),
        ("by &minus;0.5", "&minus;0.5", "-0.5"),
        ("- 0.93", "0.93", "0.93"),
        ("a - 0.93", "0.93", "0.93"),
        ("±0.3", "0.3", "0.3"),
        ("+/-0.3", "0.3", "0.3"),
        ("\\pm0.3", "0.3", "0.3"),
        ("5+3", "3", "3"),
        # thousands
        ("124,439,808", "124,439,808", "124439808"),
        ("124\u202f439\u202f808", "124\u202f439\u202f808", "124439808"),
        ("1\u2009234.5", "1\u2009234.5", "1234.5"),
        ("1\u00a0234", "1\u00a0234", "1234"),
        ("124_439_808", "124_439_808", "124439808"),
        ("$124{,}439{,}808$", "124{,}439{,}808", "124439808"),
        ("$124\\,439\\,808$", "124\\,439\\,808", "124439808"),
        ("124&nbsp;439&nbsp;808", "124&nbsp;439&nbsp;808", "124439808"),
        ("5&nbsp;seeds of 1&thinsp;234", "1&thinsp;234", "1234"),
        ("124&#8239;439&#8239;808", "124&#8239;439&#8239;808", "124439808"),
        ("124&#x202F;439&#x202F;808", "124&#x202F;439&#x202F;808", "124439808"),
        ("5&#160;seeds of 1&#xa0;234", "1&#xa0;234", "1234"),
        ("it is&#8239;0.93", "0.93", "0.93"),
        ("&#8776;0.93&#181;s", "0.93", "0.93"),
        ("93.2&percnt;", "93.2&percnt;", "0.932"),
        ("$9.3 {\\times} 10^{-1}$", "9.3 {\\times} 10^{-1}", "0.93"),
        # powers of ten
        ("9.3e-1", "9.3e-1", "0.93"),
        ("1.24E8", "1.24E8", "124000000"),
        ("1.2e−7", "1.2e−7", "1.2e-7"),
        ("9.3×10⁻¹", "9.3×10⁻¹", "0.93"),
        ("9.3 · 10²", "9.3 · 10²", "930"),
        ("$9.3 \\times 10^{-1}$", "9.3 \\times 10^{-1}", "0.93"),
        ("9.3 $\\times$ 10$^{-1}$", "9.3 $\\times$ 10$^{-1}", "0.93"),
        ("$9.3\\cdot10^2$", "9.3\\cdot10^2", "930"),
        ("9.3×10<sup>-1</sup>", "9.3×10<sup>-1</sup>", "0.93"),
        ("$9.3\\,\\times\\,10^{-1}$", "9.3\\,\\times\\,10^{-1}", "0.93"),
        ("9.3&times;10<sup>-1</sup>", "9.3&times;10<sup>-1</sup>", "0.93"),
        # per cent
        ("93.2 %", "93.2 %", "0.932"),
        ("\\textbf{93.2} \\%", "93.2} \\%", "0.932"),
        ("93.2%", "93.2%", "0.932"),
        ("93.2\\%", "93.2\\%", "0.932"),
        ("$93.2\\,\\%$", "93.2\\,\\%", "0.932"),
        ("93.2\u202f%", "93.2\u202f%", "0.932"),
        ("**93.2** %", "93.2** %", "0.932"),
        ("6.1 percent", "6.1 percent", "0.061"),
        ("6.1 per cent", "6.1 per cent", "0.061"),
        ("6.1 PERCENT", "6.1 PERCENT", "0.061"),
        ("6.1 pct", "6.1 pct", "0.061"),
        ("6.1\uff05", "6.1\uff05", "0.061"),
        ("\\SI{6.1}{\\percent}", "6.1}{\\percent", "0.061"),
        ("6.1 percentage points", "6.1", "6.1"),
        ("6.1 points", "6.1", "6.1"),
        # bounds
        ("$p < 0.05$", "<0.05", "0.05"),
        ("p &lt; 0.05", "<0.05", "0.05"),
        ("p &le; 0.05", "≤0.05", "0.05"),
        ("$\\leq 0.05$", "≤0.05", "0.05"),
        ("\\le5", "≤5", "5"),
        ("\\geqslant 0.05", "≥0.05", "0.05"),
        ("\\gt 5", ">5", "5"),
        ("above ≥ **5**", "≥5", "5"),
        ("⩽ 5", "≤5", "5"),
        ("5 ≧ 4", "≥4", "4"),
        ("\\leq{}5", "≤5", "5"),
        ("&geqslant; 5", "≥5", "5"),
        ("| > 0.5", ">0.5", "0.5"),
        ("a <= -0.5", "≤-0.5", "-0.5"),
        ("> 0.93", "0.93", "0.93"),
        ("> > 0.93", "0.93", "0.93"),
        ("better -> 0.93", "0.93", "0.93"),
        ("so => 0.93", "0.93", "0.93"),
        # markup and units
        ("**0.93**", "0.93", "0.93"),
        ("__0.93__", "0.93", "0.93"),
        ("`0.93`", "0.93", "0.93"),
        ("*93 %*", "93 %", "0.93"),
        ("$0.93$", "0.93", "0.93"),
        ("\\textbf{0.93}", "0.93", "0.93"),
        ("<b>0.93</b>", "0.93", "0.93"),
        ('<td class="x1">0.93</td>', "0.93", "0.93"),
        ("[0.93](#fig-3)", "0.93", "0.93"),
        ("0.93[^1]", "0.93", "0.93"),
        ("0.93<sup>*</sup>", "0.93", "0.93"),
        ("$0.93^{\\dagger}$", "0.93", "0.93"),
        ("(0.93)", "0.93", "0.93"),
        ("0.93.", "0.93", "0.93"),
        ("124M", "124", "124"),
        ("5-fold", "5", "5"),
        ("5 m²", "5", "5"),
        ("9.81 m/s^2", "9.81", "9.81"),
        ("12 GPU hours", "12", "12"),
        ("5 kg CO<sub>2</sub>", "5", "5"),
        ("精度0.93", "0.93", "0.93"),
    ],
)
def test_a_number_before_the_comment_is_read(text: str, written: str, value: str) -> None:
    assert read(text) == [(written, Fraction(value))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.9288–0.9349", ["0.9288", "0.9349"]),
        ("0.9288-0.9349", ["0.9288", "0.9349"]),
        ("0.9288--0.9349", ["0.9288", "0.9349"]),
        ("0.9288 − 0.9349", ["0.9288", "0.9349"]),
        ("**0.92**-0.93", ["0.92", "0.93"]),
        ("0.92 -0.93", ["0.92", "-0.93"]),
        ("from 0.9288 to 0.9349", ["0.9288", "0.9349"]),
        ("93.2 ± 0.3 %", ["0.932", "0.003"]),
        ("92.9–93.5 %", ["0.929", "0.935"]),
        ("92.9 to 93.5 %", ["92.9", "0.935"]),
        ("$93.2 \\pm 0.3\\%$", ["0.932", "0.003"]),
        ("(93.2 ± 0.3) %", ["0.932", "0.003"]),
        ("9.2×10⁻¹–9.3×10⁻¹", ["0.92", "0.93"]),
        ("9.2×10⁻¹-9.3×10⁻¹", ["0.92", "0.93"]),
        ("2. From 0.92 to 0.93", ["0.92", "0.93"]),
        ("of 5 seeds 3/5", ["3", "5"]),
        ("0.93 (n = 5)", ["0.93", "5"]),
    ],
)
def test_two_numbers_before_the_comment_are_read(text: str, values: list[str]) -> None:
    assert [value for _, value in read(text, 2)] == [Fraction(value) for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "Mean",
        "E005",
        "GPT-4",
        "F1",
        "x_5",
        "x_{5}",
        "x^2",
        "x^{-2}",
        "7b826479",
        "v1.2",
        "é5",
        "\uff15",
        "1. ",
        "> 2) accuracy",
    ],
)
def test_text_without_a_number_is_refused(text: str) -> None:
    assert refused(text) == "there is no number before it"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0,93", "has a decimal comma"),
        ("0,932", "has a decimal comma"),
        ("12,5 %", "has a decimal comma"),
        ("1,2,3", "cannot be read"),
        ("1,234,56", "cannot be read"),
        ("1,234\u202f567", "cannot be read"),
        ("1.2.3", "cannot be read"),
        ("10^{-3}", "is a power"),
        ("10⁻³", "is a power"),
        ("10<sup>-3</sup>", "is a power"),
        ("9.3 x 10^-1", "is a power"),
        ("-10^2", "is a power"),
        ("–0.5", "follows a dash"),
        ("by –0.5", "follows a dash"),
        ("--0.5", "follows a dash"),
        ("&ndash;0.5", "follows a dash"),
        ("&#8722;0.5", "stands beside a character in digits"),
        ("&#62; 0.5", "stands beside a character in digits"),
        ("93.2&#37;", "stands beside a character in digits"),
        ("0.93 **&#x25;**", "stands beside a character in digits"),
        ("1" * 101, "has more than 100 digits"),
        ("0." + "1" * 100, "has more than 100 digits"),
        ("1e401", "has an exponent beyond 400"),
        ("1e999999999", "has an exponent beyond 400"),
        ("1e" + "9" * 1000, "has an exponent beyond 400"),
        ("0.93 is what we got here", "there is no number directly before it"),
        ("It is 0.93. See above", "there is no number directly before it"),
    ],
)
def test_an_unclear_number_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert refused(text).startswith(reason)


def doubt(text: str, behind: str = "") -> str:
    numbers = last_numbers(text, 1, starts_line=True, behind=behind)
    assert not isinstance(numbers, UnreadableNumber)
    return numbers[-1].doubt.split(";")[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 005", "follows a space or an apostrophe within a number"),
        ("12'439'808", "follows a space or an apostrophe within a number"),
        ("1\u2019005.5", "follows a space or an apostrophe within a number"),
        ("$1\\ 005$", "follows a space or an apostrophe within a number"),
        ("0·93", "follows what may be part of it"),
        ("\uff193", "follows what may be part of it"),
        ("0.932(2)", "stands in brackets behind another number"),
        ("932 ‰", "is per mille"),
        ("in 2026 100", ""),
        ("E005 100", ""),
        ("top-5 100", ""),
        ("1 05", ""),
        ("5, 100", ""),
        ("n (5)", ""),
    ],
)
def test_what_a_reader_takes_for_part_of_another_number(text: str, reason: str) -> None:
    assert doubt(text) == reason


@pytest.mark.parametrize(
    ("before", "behind", "goes_on"),
    [
        ("0.93", "99", True),
        ("5", "0 seeds", True),
        ("5", ".5", True),
        ("5", ",000", True),
        ("5", "\u202f000", True),
        ("**0.93**", "99", True),
        ("0.93", "e-3", True),
        ("0.93", "×10⁻³", True),
        ("9.3e-1", "0", True),
        ("0.93", " %", True),
        ("93 %", " %", False),
        ("0.93", ". 99", False),
        ("0.92", ",0.93", False),
        ("0.92", "–0.93", False),
        ("5", " 100 runs", False),
        ("5", "k", False),
        ("0.93 s", "99", False),
        ("5", "", False),
    ],
)
def test_a_number_may_go_on_behind_the_comment(before: str, behind: str, *, goes_on: bool) -> None:
    assert (doubt(before, behind) == "goes on behind the comment") == goes_on


def test_fewer_numbers_than_expressions_are_refused() -> None:
    assert refused("5", 2) == "there is only one number before it"
    assert refused("5 and 6", 3) == "there are only 2 numbers before it"


def test_one_refused_number_of_several() -> None:
    assert refused("0,93 and 5", 2).startswith("has a decimal comma")
    assert read("0,93 and 5") == [("5", Fraction(5))]


def test_a_bound_at_the_beginning_of_what_is_no_line() -> None:
    assert read("> 0.93", starts_line=False) == [(">0.93", Fraction("0.93"))]


@pytest.mark.parametrize(
    "text",
    ["1" * 2000, "a1 " * 660, "1,234" * 400, "1 " * 1000, "- " * 1000, "*" * 2000, "<a " * 660],
)
def test_hostile_text_costs_little_time(text: str) -> None:
    started = time.process_time()
    for _ in range(50):
        last_numbers(text, 3, starts_line=True)
    assert time.process_time() - started < 2


def test_the_point_is_not_counted_among_the_digits() -> None:
    digits = "0." + "1" * 99
    assert read(digits) == [(digits, Fraction(digits))]
