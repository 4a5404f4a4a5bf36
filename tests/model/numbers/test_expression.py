"""The grammar of expressions: what is read, where it stops, and that Python never sees it."""

from __future__ import annotations

import string
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.numbers.expression import (
    Aggregate,
    Expression,
    Malformed,
    aggregates,
    parse,
)


def shape(expression: Expression) -> str:
    """The expression with every bracket written."""
    if isinstance(expression, Fraction):
        return str(expression)
    if isinstance(expression, Aggregate):
        named = ".".join(filter(None, (expression.name, expression.metric)))
        return f"{expression.function}({named})" if expression.function else named
    return f"({shape(expression.left)}{expression.operator}{shape(expression.right)})"


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("mean(full.accuracy)", ["mean(full.accuracy)"]),
        (" n( full )\n", ["n(full)"]),
        ("n()", ["n()"]),
        ("accuracy", ["accuracy"]),
        ("a.x - b.x - c.x", ["((a.x-b.x)-c.x)"]),
        ("a.x / b.x * c.x", ["((a.x/b.x)*c.x)"]),
        ("1 + 2 * x", ["(1+(2*x))"]),
        ("(1 + 2) * x", ["((1+2)*x)"]),
        ("-x * --y", ["((0-x)*y)"]),
        ("+x", ["x"]),
        ("1e-3 * x", ["(1/1000*x)"]),
        (".5 * x + 5. * x", ["((1/2*x)+(5*x))"]),
        ("min(x), max(x)", ["min(x)", "max(x)"]),
        ("min . x", ["min.x"]),
        ("100*(mean(a.x)-mean(b.x))", ["(100*(mean(a.x)-mean(b.x)))"]),
    ],
)
def test_an_expression_is_read_as_people_read_it(text: str, shapes: list[str]) -> None:
    assert [shape(each.expression) for each in parse(text)] == shapes


def test_the_text_of_each_expression_is_kept() -> None:
    assert [each.text for each in parse(" min( x ) ,\n max(x)\n + 1 ")] == [
        "min( x )",
        "max(x) + 1",
    ]


def test_references_are_listed_from_left_to_right() -> None:
    (written,) = parse("sd(a.x) - (2 * n(b) + c.y)")
    assert [(each.function, each.name, each.metric) for each in aggregates(written.expression)] == [
        ("sd", "a", "x"),
        ("n", "b", ""),
        ("", "c", "y"),
    ]


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("", "a number, a name or `(` is expected, not its end", 0),
        ("mean(x", "`)` is expected, not its end", 6),
        ("mean()", 'a name is expected, not ")"', 5),
        ("x,", "a number, a name or `(` is expected, not its end", 2),
        ("x y", 'an operator, a comma or its end is expected, not "y"', 2),
        ("x = 5", 'an operator, a comma or its end is expected, not "="', 2),
        ("9**x", 'a number, a name or `(` is expected, not "*"', 2),
        ("x ^ 2", 'an operator, a comma or its end is expected, not "^"', 2),
        ("5x", 'a number, a name or `(` is expected, not "5x"', 0),
        ("é", 'a number, a name or `(` is expected, not "é"', 0),
        ("xé", 'a number, a name or `(` is expected, not "xé"', 0),
        ("x.y.z", 'an operator, a comma or its end is expected, not ".z"', 3),
        ("max(a.x, b.x)", '`)` is expected, not ","', 7),
        ("mean(x + 1)", '`)` is expected, not "+"', 7),
        ("__import__('os')", '"__import__" is not a function', 0),
        ("1 / 2", "it names no run", 0),
        ("x, 0.93", "it names no run", 3),
        ("1e401 * x", "a number has an exponent beyond 400", 0),
        ("1e999999999999 * x", "a number has an exponent beyond 400", 0),
        ("1" * 101 + " * x", "a number has more than 100 digits", 0),
        ("x" + " " * 500, "it is longer than 500 characters", 0),
        ("(" * 33 + "x" + ")" * 33, "it has more than 32 brackets", 0),
    ],
)
def test_a_malformed_expression_is_refused_at_its_place(
    text: str, message: str, offset: int
) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert caught.value.message.startswith(message)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "(" * 32 + "x" + ")" * 32,
        "-" * 499 + "x",
        "x" + "+x" * 249,
        ",".join(["x" + "+x" * 249] * 50),
        "x" * 500,
        "1e400*" * 80 + "x",
    ],
)
def test_the_largest_expressions_are_read(text: str) -> None:
    started = time.process_time()
    assert parse(text)
    assert time.process_time() - started < 1


@given(
    st.text(st.sampled_from("abx09.eE+-*/(), \n_é'\"[]{}:=") | st.sampled_from(string.printable))
)
def test_whatever_is_written_is_read_or_malformed(text: str) -> None:
    offset = 0
    try:
        parse(text)
    except Malformed as error:
        offset = error.offset
    assert 0 <= offset <= len(text)
