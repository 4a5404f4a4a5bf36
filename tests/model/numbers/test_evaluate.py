"""Values are exact: means in fractions, standard deviations to as many digits as it takes."""

from __future__ import annotations

import math
import statistics
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.numbers.evaluate import (
    BeyondLimits,
    NoValue,
    aggregate,
    evaluate,
    within_limits,
)
from pytest_aexp.model.numbers.expression import Aggregate, parse
from pytest_aexp.model.numbers.value import Value

ACCURACIES = "0.9349 0.9312 0.9288 0.9331 0.9345"


def value(text: str, **metrics: str) -> Value:
    """The value of an expression over metrics whose numbers are separated by spaces."""
    numbers = {name: [Decimal(n) for n in line.split()] for name, line in metrics.items()}

    def leaf(reference: Aggregate) -> Value:
        if reference.function == "n":
            return Value(Fraction(len(numbers[str(reference.name)])))
        return aggregate(reference.function or "max", numbers[reference.metric])

    (written,) = parse(text)
    return evaluate(written.expression, leaf)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean(x)", "0.9325"),
        ("median(x)", "0.9331"),
        ("min(x)", "0.9288"),
        ("max(x)", "0.9349"),
        ("sum(x)", "4.6625"),
        ("n(x)", "5"),
        ("median(y)", "0.15"),
        ("sum(y)", "0.3"),
        ("sd(y)", None),
        ("sd(z)", "1"),
        ("100 * (mean(x) - mean(y))", "78.25"),
        ("sum(x) / n(x)", "0.9325"),
        ("-x / 2", "-0.46745"),
        ("1 / 3 * 3 * max(y)", "0.2"),
    ],
)
def test_an_expression_has_its_exact_value(text: str, expected: str | None) -> None:
    found = value(text, x=ACCURACIES, y="0.1 0.2", z="1 2 3")
    if expected is not None:
        assert found.approximation == Fraction(expected)
        assert found.compare(Fraction(expected)) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / (n(x) - 2)", "it divides by 0"),
        ("1 / (sd(x) - sd(x))", "it divides by 0"),
        ("sd(y)", "one run has no standard deviation"),
    ],
)
def test_some_expressions_have_no_value(text: str, reason: str) -> None:
    with pytest.raises(NoValue, match=reason):
        value(text, x="0.1 0.2", y="1")


@pytest.mark.parametrize(
    ("text", "other", "order"),
    [
        ("sd(x) / sd(x)", "1", 0),
        ("sd(x) * sd(x)", "0.005", 0),
        ("sd(x) - sd(x)", "0", 0),
        ("sd(x) + x - x", "0.0707106781186547524400844362104849", -1 + 2),
        ("sd(x)", "0.0707106781186547524400844362104850", -1),
        ("-sd(x)", "-0.0707106781186547524400844362104850", 1),
        ("1 / sd(x)", "14.1421356237309504880168872420969807", 1),
        ("1 / (sd(x) - 0.07071067811865475244008443621048490392848359376884740365883398)", "0", 1),
    ],
)
def test_what_has_roots_is_compared_exactly(text: str, other: str, order: int) -> None:
    assert value(text, x="0.1 0.2").compare(Fraction(other)) == order


def test_a_standard_deviation_that_is_a_fraction_is_one() -> None:
    assert aggregate("sd", [Decimal(1), Decimal(2), Decimal(3)]) == Value(Fraction(1))
    assert aggregate("sd", [Decimal("0.1"), Decimal("0.2")]).error
    assert aggregate("sd", [Decimal("5.0"), Decimal("5.00")]) == Value(Fraction(0))


NUMBERS = st.decimals(-(10**9), 10**9, places=6, allow_nan=False)


@given(st.lists(NUMBERS, min_size=2, max_size=30))
def test_the_functions_are_those_of_pythons_statistics(numbers: list[Decimal]) -> None:
    exact = [Fraction(number) for number in numbers]
    assert aggregate("mean", numbers) == Value(statistics.mean(exact))
    assert aggregate("median", numbers) == Value(statistics.median(exact))
    assert aggregate("sum", numbers) == Value(Fraction(sum(exact)))
    deviation = aggregate("sd", numbers)
    assert (deviation * deviation).compare(statistics.variance(exact)) == 0


@given(st.lists(NUMBERS, min_size=2, max_size=10), st.integers(0, 12))
def test_the_digits_of_a_standard_deviation_are_right(numbers: list[Decimal], places: int) -> None:
    """Decided with integers: the digits are the whole part of a root of a square."""
    variance = statistics.variance(map(Fraction, numbers))
    line = " ".join(map(str, numbers))
    digits = math.isqrt(variance.numerator * 10 ** (2 * places) // variance.denominator)
    found = value("sd(x)", x=line)
    assert found.compare(Fraction(digits, 10**places)) >= 0
    assert found.compare(Fraction(digits + 1, 10**places)) < 0


@pytest.mark.parametrize(
    ("number", "within"),
    [
        ("0", True),
        ("-1.797e308", True),
        ("5e-324", True),
        ("1e400", True),
        ("1e401", False),
        ("1e999999999", False),
        ("1" * 100, True),
        ("1" * 101, False),
    ],
)
def test_numbers_of_runs_have_limits_as_well(number: str, *, within: bool) -> None:
    assert within_limits(Decimal(number)) is within


def test_numbers_of_any_size_are_added_exactly() -> None:
    assert value("sum(x)", x="1e400 1e-400").approximation == Fraction(10) ** 400 + Fraction(
        "1e-400"
    )
    assert value("sd(x)", x="1e400 1e-400").compare(Fraction(10) ** 400 / 2) == 1


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["1/3/7"] * 80) + "+x",
        "*".join(["sd(x)"] * 32),
        "/".join(["(sd(x)-sd(y))"] * 10),
        "+".join(["sd(x)-sd(x)"] * 16),
        "x" + "+x" * 249,
    ],
)
def test_the_largest_expressions_cost_little_time(text: str) -> None:
    started = time.process_time()
    for _ in range(10):
        found = value(text, x="1e400 1e-400 3.7", y="1e-400 2e-400 7")
        found.compare(Fraction(1))
        found.compare(found.approximation)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("text", ["1e400*" * 80 + "x", "1e-400/" * 70 + "x"])
def test_values_that_grow_without_end_are_refused(text: str) -> None:
    started = time.process_time()
    with pytest.raises(BeyondLimits):
        value(text, x="1e400")
    assert time.process_time() - started < 0.1


def test_many_runs_cost_little_time() -> None:
    line = " ".join(f"0.{number:017d}" for number in range(50_000))
    started = time.process_time()
    value("sd(x) + mean(x) + median(x)", x=line).compare(Fraction(1))
    assert time.process_time() - started < 2
