"""A condition is read as it is typed, and what is written for the user to type is read the same."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.ground.errors import UsageError
from pytest_aexp.model.query.grammar import condition, conditions, written

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAME = re.compile(r"(?!\s)(?:[^=<>!]|!(?!=))+(?<![\s!])")
"""What a condition can name."""
OPERATORS = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))


@pytest.mark.parametrize(
    ("text", "name", "operator", "value"),
    [
        ("seed=3", "seed", "=", 3),
        ('seed="3"', "seed", "=", "3"),
        ("condition=full", "condition", "=", "full"),
        ("condition!=full", "condition", "!=", "full"),
        ("lr<0.1", "lr", "<", 0.1),
        ("lr<=1e-3", "lr", "<=", 0.001),
        ("lr>=.5", "lr", ">=", ".5"),
        ("hp=[0.1,1]", "hp", "=", [0.1, 1]),
        ("hp=[a, b]", "hp", "=", ["a", "b"]),
        ('hp=["a,b", c]', "hp", "=", ["a,b", "c"]),
        ("hp=[]", "hp", "=", []),
        ("hp=[a", "hp", "=", "[a"),
        ("model.C=10.0", "model.C", "=", 10.0),
        ('model={"C": 1}', "model", "=", {"C": 1}),
        ("flag=true", "flag", "=", True),
        ("flag=True", "flag", "=", "True"),
        ("x=null", "x", "=", None),
        ("x=NaN", "x", "=", "NaN"),
        ("x=", "x", "=", ""),
        ("x==1", "x", "=", "=1"),
        ("a!b=1", "a!b", "=", 1),
        (" seed = 3 ", "seed", "=", 3),
        ("ended>2026-05-01", "ended", ">", "2026-05-01"),
        ("x=" + "[" * 100_000, "x", "=", "[" * 100_000),
    ],
)
def test_a_condition_is_read(text: str, name: str, operator: str, value: Any) -> None:
    known = condition(text)
    assert (known.name, known.operator, known.typed.value) == (name, operator, value)
    assert type(known.typed.value) is type(value)


@pytest.mark.parametrize("text", ["", "seed", "=3", "!=3", " = 3"])
def test_what_is_not_a_condition_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a condition: write key=value, key!=value"):
        condition(text)


def test_a_text_is_split_as_a_shell_does() -> None:
    both = conditions("""seed=1 'note=two words' id='"3"'""")
    assert [c.typed.value for c in both] == [1, "two words", "3"]
    assert conditions(["seed=1", "note=two words"]) == both[:2]
    with pytest.raises(UsageError, match="No closing quotation"):
        conditions("note='two words")


def test_words_of_a_list_keep_what_was_typed() -> None:
    words = condition("code_commit=[1234567, 2e5]").words
    assert [word.text for word in words] == ["1234567", "2e5"]
    assert [word.value for word in words] == [1234567, 200000.0]


@given(st.text(min_size=1).filter(NAME.fullmatch), OPERATORS, JSON)
def test_what_is_written_is_read_again(name: str, operator: str, value: Any) -> None:
    text = written(name, operator, value)
    known = condition(text)
    assert (known.name, known.operator) == (name, operator)
    assert json.dumps(known.typed.value, sort_keys=True) == json.dumps(value, sort_keys=True)
    assert conditions(shlex.quote(text)) == [known]


@given(st.text())
def test_no_text_is_worse_than_refused(text: str) -> None:
    try:
        known = condition(text)
    except UsageError:
        return
    assert known.name == known.name.strip() != ""
