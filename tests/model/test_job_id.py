"""What makes two runs, or two values, the same."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_aexp.model.job_id import (
    is_job_id,
    is_number,
    job_id_of,
    kind_of,
    statepoint_json,
    value_key,
)

POINTS: list[dict[str, Any]] = [
    {},
    {"a": 1, "b": [1.0, 1e-7, 1e22, None, True]},
    {"b": 1, "a": {"z": "é🎉", "y": "\ud800"}},
    {"seed": 2**64 + 1, "name": "a/b\n\x00"},
    {"nested": [[{"a": []}]]},
]


@pytest.mark.parametrize("statepoint", POINTS, ids=str)
def test_a_job_id_is_signacs(statepoint: dict[str, Any]) -> None:
    calc_id = pytest.importorskip("signac.job").calc_id
    assert job_id_of(statepoint_json(statepoint)) == calc_id(statepoint)


@pytest.mark.parametrize("text", ["0" * 32, "0123456789abcdef" * 2])
def test_32_lower_case_hex_digits_are_a_job_id(text: str) -> None:
    assert is_job_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "0" * 31, "0" * 33, "0" * 32 + "\n", "\n" + "0" * 31, "A" * 32, "g" * 32, "\u0660" * 32],
)
def test_anything_else_is_not_a_job_id(text: str) -> None:
    assert not is_job_id(text)


SAME: list[list[Any]] = [
    [1, 1.0],
    [0, 0.0, -0.0],
    [10**22, 1e22],
    [[1, 2.0], [1.0, 2]],
    [{"a": 1, "b": 2.0}, {"b": 2, "a": 1.0}],
    [{"a": [{"b": 1}]}, {"a": [{"b": 1.0}]}],
]
DIFFERENT: list[Any] = [
    *(1, "1", True, None, "true", "null", 0, False, "", "0", 1.5, "1.0", [], {}, [1], ["1"]),
    *([[1]], [True], [None], {"a": 1}, {"a": "1"}, {"a": None}, {"A": 1}, [1, 2], [2, 1], "a", "A"),
    *("é", "e\u0301", 2**53, 2**53 + 1, math.inf, -math.inf, "Infinity", 10**400),
]


@pytest.mark.parametrize("values", SAME, ids=str)
def test_values_that_are_equal(values: list[Any]) -> None:
    assert len({value_key(value) for value in values}) == 1


def test_values_that_differ() -> None:
    assert len({value_key(value) for value in DIFFERENT}) == len(DIFFERENT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


def equal(left: Any, right: Any) -> bool:
    """JSON equality, said another way."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    return bool(left == right)


@given(JSON, JSON)
def test_keys_are_equal_exactly_if_values_are(left: Any, right: Any) -> None:
    assert (value_key(left) == value_key(right)) == equal(left, right)
    assert value_key(json.loads(json.dumps(left))) == value_key(left)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (False, "true or false"),
        (0, "a number"),
        (0.5, "a number"),
        ("", "text"),
        ([], "a list"),
        ({}, "a mapping"),
    ],
)
def test_the_kind_of_a_value_is_named_in_words(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_true_and_false_are_not_numbers() -> None:
    values = (0, 1.5, float("nan"), True, False, None, "1", [1])
    assert [value for value in values if is_number(value)] == [0, 1.5, values[2]]
